// engagement_days(query, weights): playbacks added up by day, region and video, with what follows
// from the sums, in one pass over a query's rows. Follows PostgreSQL's rules only: no object with a
// destructor lives here.
#include "pg/append.hpp"
#include "pg/boundary.hpp"
#include "pg/decimal.hpp"
#include "pg/query_rows.hpp"
#include "pg/score_engagement.hpp"

#include "core/score/engagement_day.hpp"

extern "C" {
#include "catalog/pg_type.h"
#include "miscadmin.h"
#include "utils/date.h"
#include "utils/fmgrprotos.h"
#include "utils/hsearch.h"
}

#include <algorithm>
#include <optional>

namespace starhouse::pg {

namespace {

constexpr int64 most_rows = 10000000;

enum Column : int { day, region, video, minutes, buffering, completion, column_count };

// Without padding, since it is hashed as bytes.
struct Key {
  int64 day;
  uint32 region; // index into the regions
  uint32 video;
};

struct Day {
  Key key; // must be first
  score::EngagementDay sums;
};

struct Adder {
  DestReceiver receiver; // must be first
  append::ValueSet regions;
  append::ValueSet videos;
  HTAB *days;
  MemoryContext scratch;
};

uint32 index_in(append::ValueSet *set, Datum text) {
  append::value_set_add(set, PointerGetDatum(PG_DETOAST_DATUM_PACKED(text)));
  return set->latest;
}

bool receive(TupleTableSlot *slot, DestReceiver *self) {
  auto *adder = reinterpret_cast<Adder *>(self);
  slot_getallattrs(slot);
  const Datum *values = slot->tts_values;
  const bool *nulls = slot->tts_isnull;
  if (nulls[day] || nulls[region] || nulls[video] || nulls[minutes]) {
    return true;
  }
  MemoryContext caller = MemoryContextSwitchTo(adder->scratch);
  const Key key = {DatumGetDateADT(values[day]), index_in(&adder->regions, values[region]),
                   index_in(&adder->videos, values[video])};
  bool found;
  auto *entry = static_cast<Day *>(hash_search(adder->days, &key, HASH_ENTER, &found));
  if (!found) {
    entry->sums = score::EngagementDay{};
    if (hash_get_num_entries(adder->days) > most_rows) {
      ereport(ERROR, (errcode(ERRCODE_PROGRAM_LIMIT_EXCEEDED),
                      errmsg("engagement_days would return more than %lld rows",
                             static_cast<long long>(most_rows)),
                      errhint("Give it fewer days, regions or videos at once.")));
    }
  }
  const exact::Decimal watched = decimal_of(values[minutes]);
  const exact::Decimal waited = nulls[buffering] ? exact::Decimal{} : decimal_of(values[buffering]);
  const exact::Decimal completed =
      nulls[completion] ? exact::Decimal{} : decimal_of(values[completion]);
  score::EngagementDay &sums = entry->sums;
  compute([&] {
    ++sums.views;
    sums.measured += nulls[completion] ? 0 : 1;
    sums.minutes.add(watched);
    sums.buffering.add(waited);
    sums.completion.add(completed);
  });
  MemoryContextSwitchTo(caller);
  MemoryContextReset(adder->scratch);
  return true;
}

void startup(DestReceiver * /*self*/, int /*operation*/, TupleDesc row) {
  constexpr Oid wanted[column_count] = {DATEOID,    TEXTOID,    TEXTOID,
                                        NUMERICOID, NUMERICOID, NUMERICOID};
  bool fits = row->natts == column_count;
  for (int i = 0; fits && i < column_count; ++i) {
    fits = TupleDescAttr(row, i)->atttypid == wanted[i];
  }
  if (!fits) {
    ereport(ERROR, (errcode(ERRCODE_DATATYPE_MISMATCH),
                    errmsg("the query of engagement_days does not return (date, text, text, "
                           "numeric, numeric, numeric)"),
                    errhint("Its columns are: day, region, video, minutes, seconds of buffering, "
                            "completion in percent; cast them.")));
  }
}

// The server's own arithmetic, for what machine numbers cannot settle.
Datum rounded(Datum numeric) {
  return DirectFunctionCall2(numeric_round, numeric, Int32GetDatum(2));
}

Datum mean(const exact::Decimal &sum, int64 count) {
  std::optional<exact::Decimal> quick;
  compute([&] { quick = score::mean_to_hundredths(sum, count); });
  if (quick) {
    return numeric_of(*quick);
  }
  return rounded(DirectFunctionCall2(numeric_div, numeric_of(sum),
                                     DirectFunctionCall1(int8_numeric, Int64GetDatum(count))));
}

double as_double(const exact::Decimal &sum) {
  std::optional<double> quick;
  compute([&] { quick = score::nearest_double(sum); });
  return quick ? *quick : DatumGetFloat8(DirectFunctionCall1(numeric_float8, numeric_of(sum)));
}

Datum engagement(const score::EngagementDay &sums, const score::EngagementWeights &weights) {
  const double watched = as_double(sums.completion) / static_cast<double>(sums.measured);
  const double session = as_double(sums.minutes) / static_cast<double>(sums.views);
  double value = 0;
  std::optional<exact::Decimal> quick;
  compute([&] {
    value = score::engagement_score(watched, 0, 0, 0, session, weights);
    quick = score::to_hundredths(value);
  });
  return quick ? numeric_of(*quick)
               : rounded(DirectFunctionCall1(float8_numeric, Float8GetDatum(value)));
}

int compare_texts(Datum a, Datum b) {
  const auto *left = reinterpret_cast<const varlena *>(DatumGetPointer(a));
  const auto *right = reinterpret_cast<const varlena *>(DatumGetPointer(b));
  const Size left_size = VARSIZE_ANY_EXHDR(left);
  const Size right_size = VARSIZE_ANY_EXHDR(right);
  const int order = std::memcmp(VARDATA_ANY(left), VARDATA_ANY(right), Min(left_size, right_size));
  return order != 0 ? order : static_cast<int>(left_size) - static_cast<int>(right_size);
}

// The place of each value among all in the order of bytes.
uint32 *ranks(const append::ValueSet &set) {
  auto *order = static_cast<uint32 *>(
      MemoryContextAllocHuge(CurrentMemoryContext, sizeof(uint32) * (set.count + 1)));
  auto *result = static_cast<uint32 *>(
      MemoryContextAllocHuge(CurrentMemoryContext, sizeof(uint32) * (set.count + 1)));
  for (uint32 i = 0; i < set.count; ++i) {
    order[i] = i;
  }
  compute([&] {
    std::sort(order, order + set.count,
              [&](uint32 a, uint32 b) { return compare_texts(set.values[a], set.values[b]) < 0; });
  });
  for (uint32 i = 0; i < set.count; ++i) {
    result[order[i]] = i;
  }
  pfree(order);
  return result;
}

// All rows, by day, region and video.
Day **sorted(const Adder *adder, int64 count) {
  const uint32 *region_ranks = ranks(adder->regions);
  const uint32 *video_ranks = ranks(adder->videos);
  auto **result = static_cast<Day **>(
      MemoryContextAllocHuge(CurrentMemoryContext, sizeof(Day *) * static_cast<Size>(count + 1)));
  HASH_SEQ_STATUS all;
  hash_seq_init(&all, adder->days);
  for (int64 i = 0; auto *entry = static_cast<Day *>(hash_seq_search(&all)); ++i) {
    result[i] = entry;
  }
  compute([&] {
    std::sort(result, result + count, [&](const Day *a, const Day *b) {
      if (a->key.day != b->key.day) {
        return a->key.day < b->key.day;
      }
      if (a->key.region != b->key.region) {
        return region_ranks[a->key.region] < region_ranks[b->key.region];
      }
      return video_ranks[a->key.video] < video_ranks[b->key.video];
    });
  });
  return result;
}

} // namespace

} // namespace starhouse::pg

using namespace starhouse::pg;

STARHOUSE_FUNCTION(starhouse_engagement_days) {
  const char *query = text_to_cstring(PG_GETARG_TEXT_PP(0));
  const auto &weights = weights_argument(fcinfo, 1);
  InitMaterializedSRF(fcinfo, 0);
  auto *result = reinterpret_cast<ReturnSetInfo *>(fcinfo->resultinfo);
  MemoryContext own = CurrentMemoryContext;
  auto *adder = static_cast<Adder *>(palloc0(sizeof(Adder)));
  init_receiver(&adder->receiver, receive, startup);
  HASHCTL control;
  std::memset(&control, 0, sizeof control);
  control.keysize = sizeof(Key);
  control.entrysize = sizeof(Day);
  control.hcxt = own;
  adder->days =
      hash_create("starhouse days", 16384, &control, HASH_ELEM | HASH_BLOBS | HASH_CONTEXT);
  adder->scratch = AllocSetContextCreate(own, "starhouse playbacks", ALLOCSET_SMALL_SIZES);
  append::value_set_init(&adder->regions, false, -1, own);
  append::value_set_init(&adder->videos, false, -1, own);
  read_query("engagement_days", query, &adder->receiver);

  const int64 count = hash_get_num_entries(adder->days);
  Day **days = sorted(adder, count);
  MemoryContextSwitchTo(adder->scratch);
  for (int64 i = 0; i < count; ++i) {
    CHECK_FOR_INTERRUPTS();
    const Key &key = days[i]->key;
    const starhouse::score::EngagementDay &sums = days[i]->sums;
    const bool measured = sums.measured > 0;
    Datum values[] = {DateADTGetDatum(static_cast<DateADT>(key.day)),
                      adder->regions.values[key.region],
                      adder->videos.values[key.video],
                      Int64GetDatum(sums.views),
                      numeric_of(sums.minutes),
                      numeric_of(sums.buffering),
                      Int64GetDatum(sums.measured),
                      numeric_of(sums.completion),
                      measured ? mean(sums.completion, sums.measured) : Datum{0},
                      mean(sums.minutes, sums.views),
                      measured ? engagement(sums, weights) : Datum{0}};
    bool nulls[] = {false, false, false,     false, false,    false,
                    false, false, !measured, false, !measured};
    tuplestore_putvalues(result->setResult, result->setDesc, values, nulls);
    MemoryContextReset(adder->scratch);
  }
  MemoryContextSwitchTo(own);
  return Datum{0};
}
