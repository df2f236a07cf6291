// SQL functions of the score family: engagement of one row, and its weights. The engagement of many
// is in score_engagement_days.cpp.
#include "pg/score_engagement.hpp"

#include "pg/boundary.hpp"

extern "C" {
#include "access/htup_details.h"
#include "catalog/pg_type_d.h"
#include "utils/typcache.h"
}

#include <cstring>
#include <iterator>

namespace {

namespace score = starhouse::score;
using starhouse::pg::compute;

// Columns of the composite type engagement_weights.
constexpr double score::EngagementWeights::*weight_columns[] = {
    &score::EngagementWeights::watch,       &score::EngagementWeights::likes,
    &score::EngagementWeights::shares,      &score::EngagementWeights::comments,
    &score::EngagementWeights::session,     &score::EngagementWeights::likes_half,
    &score::EngagementWeights::shares_half, &score::EngagementWeights::comments_half,
    &score::EngagementWeights::session_half};
constexpr int weight_count = static_cast<int>(std::size(weight_columns));

// What a row of weights was taken apart to; the same row comes with nearly every call.
struct KeptWeights {
  score::EngagementWeights weights;
  uint32 length; // of the row; 0: none yet
  char row[256];
};

void check_columns(TupleDesc descriptor) {
  bool good = descriptor->natts == weight_count;
  for (int i = 0; good && i < weight_count; ++i) {
    good = TupleDescAttr(descriptor, i)->atttypid == FLOAT8OID;
  }
  if (!good) {
    ereport(ERROR, (errcode(ERRCODE_INTERNAL_ERROR),
                    errmsg("starhouse.engagement_weights does not match its library"),
                    errhint("Run ALTER EXTENSION starhouse UPDATE.")));
  }
}

} // namespace

const score::EngagementWeights &starhouse::pg::weights_argument(FunctionCallInfo fcinfo,
                                                                int index) {
  HeapTupleHeader row = PG_GETARG_HEAPTUPLEHEADER(index);
  const uint32 length = HeapTupleHeaderGetDatumLength(row);
  auto *kept = static_cast<KeptWeights *>(fcinfo->flinfo->fn_extra);
  if (kept == nullptr) {
    kept = static_cast<KeptWeights *>(
        MemoryContextAllocZero(fcinfo->flinfo->fn_mcxt, sizeof(KeptWeights)));
    fcinfo->flinfo->fn_extra = kept;
  } else if (kept->length == length && std::memcmp(kept->row, row, length) == 0) {
    return kept->weights;
  }
  TupleDesc descriptor =
      lookup_rowtype_tupdesc(HeapTupleHeaderGetTypeId(row), HeapTupleHeaderGetTypMod(row));
  check_columns(descriptor);
  HeapTupleData tuple{};
  tuple.t_len = length;
  tuple.t_data = row;
  Datum values[weight_count];
  bool nulls[weight_count];
  heap_deform_tuple(&tuple, descriptor, values, nulls);
  score::EngagementWeights weights;
  for (int i = 0; i < weight_count; ++i) {
    if (nulls[i]) {
      ereport(
          ERROR,
          (errcode(ERRCODE_NULL_VALUE_NOT_ALLOWED),
           errmsg("weights: %s must not be NULL", NameStr(TupleDescAttr(descriptor, i)->attname)),
           errhint("Make weights by starhouse.engagement_weights(...), 0 for a part that "
                   "does not count.")));
    }
    weights.*weight_columns[i] = DatumGetFloat8(values[i]);
  }
  ReleaseTupleDesc(descriptor);
  compute([&] { score::validate(weights); });
  kept->weights = weights;
  kept->length = length <= sizeof kept->row ? length : 0;
  std::memcpy(kept->row, row, kept->length);
  return kept->weights;
}

STARHOUSE_FUNCTION(starhouse_engagement_weights) {
  score::EngagementWeights weights;
  Datum values[weight_count];
  bool nulls[weight_count] = {};
  for (int i = 0; i < weight_count; ++i) {
    values[i] = PG_GETARG_DATUM(i);
    weights.*weight_columns[i] = PG_GETARG_FLOAT8(i);
  }
  compute([&] { score::validate(weights); });
  TupleDesc descriptor = nullptr;
  if (get_call_result_type(fcinfo, nullptr, &descriptor) != TYPEFUNC_COMPOSITE) {
    ereport(ERROR, (errcode(ERRCODE_INTERNAL_ERROR),
                    errmsg("starhouse.engagement_weights does not match its library"),
                    errhint("Run ALTER EXTENSION starhouse UPDATE.")));
  }
  check_columns(descriptor);
  PG_RETURN_DATUM(HeapTupleGetDatum(heap_form_tuple(BlessTupleDesc(descriptor), values, nulls)));
}

STARHOUSE_FUNCTION(starhouse_engagement_score) {
  const double watch_percent = PG_GETARG_FLOAT8(0);
  const double likes = PG_GETARG_FLOAT8(1);
  const double shares = PG_GETARG_FLOAT8(2);
  const double comments = PG_GETARG_FLOAT8(3);
  const double session_minutes = PG_GETARG_FLOAT8(4);
  const score::EngagementWeights &weights = starhouse::pg::weights_argument(fcinfo, 5);
  double value = 0;
  compute([&] {
    value =
        score::engagement_score(watch_percent, likes, shares, comments, session_minutes, weights);
  });
  PG_RETURN_FLOAT8(value);
}
