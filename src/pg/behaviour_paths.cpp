// Paths of events, and the most frequent of them.
#include "pg/rows.hpp"
#include "pg/state.hpp"

#include "core/behaviour/paths.hpp"

extern "C" {
#include "catalog/pg_type_d.h"
#include "mb/pg_wchar.h"
#include "utils/timestamp.h"
#include "utils/tuplestore.h"
}

namespace {

using namespace starhouse::pg;
using starhouse::behaviour::EventPath;
using starhouse::behaviour::next_path_step;
using starhouse::behaviour::path_step;
using starhouse::behaviour::path_step_size;
using starhouse::behaviour::PathCounts;
using PathStates = ExpandedState<EventPath>;
using CountStates = ExpandedState<PathCounts>;
using Frequent = PathCounts::Frequent;

// A state may come from elsewhere: its bytes have to be text of this database.
Datum text_datum(std::string_view bytes) {
  pg_verifymbstr(bytes.data(), static_cast<int>(bytes.size()), false);
  return PointerGetDatum(cstring_to_text_with_len(bytes.data(), static_cast<int>(bytes.size())));
}

Datum text_array(Datum *values, std::size_t count) {
  return PointerGetDatum(
      construct_array(values, static_cast<int>(count), TEXTOID, -1, false, TYPALIGN_INT));
}

// The steps of a text[] as bytes, in the current context.
std::string_view path_argument(FunctionCallInfo fcinfo, int index) {
  Datum *values = nullptr;
  bool *nulls = nullptr;
  int count = 0;
  deconstruct_array(PG_GETARG_ARRAYTYPE_P(index), TEXTOID, -1, false, TYPALIGN_INT, &values, &nulls,
                    &count);
  std::size_t size = 0;
  for (int i = 0; i < count; ++i) {
    if (nulls[i]) {
      ereport(ERROR, (errcode(ERRCODE_NULL_VALUE_NOT_ALLOWED), errmsg("a step of a path is NULL"),
                      errhint("Take such steps out by array_remove(path, NULL).")));
    }
    values[i] = PointerGetDatum(PG_DETOAST_DATUM_PACKED(values[i]));
    const auto *step = reinterpret_cast<const varlena *>(DatumGetPointer(values[i]));
    size += path_step_size({VARDATA_ANY(step), static_cast<std::size_t>(VARSIZE_ANY_EXHDR(step))});
  }
  auto *bytes = static_cast<char *>(palloc(std::max<std::size_t>(1, size)));
  char *end = bytes;
  for (int i = 0; i < count; ++i) {
    const auto *step = reinterpret_cast<const varlena *>(DatumGetPointer(values[i]));
    end = path_step(end, {VARDATA_ANY(step), static_cast<std::size_t>(VARSIZE_ANY_EXHDR(step))});
  }
  return {bytes, size};
}

Datum path_datum(std::string_view path) {
  // A step takes a byte at least.
  auto *values =
      static_cast<Datum *>(palloc(sizeof(Datum) * std::max<std::size_t>(1, path.size())));
  std::size_t count = 0;
  while (!path.empty()) {
    values[count++] = text_datum(next_path_step(path));
  }
  const Datum array = text_array(values, count);
  pfree(values);
  return array;
}

void fill_row(const Frequent &frequent, Datum (&values)[3]) {
  values[0] = path_datum(frequent.path);
  values[1] = Int64GetDatum(static_cast<int64>(frequent.count));
  values[2] = Float8GetDatum(frequent.share);
}

} // namespace

STARHOUSE_STATE_TYPE(event_path, PathStates)
STARHOUSE_STATE_COMBINE(event_path_combine, PathStates)

// (state, ts, event)
STARHOUSE_FUNCTION(starhouse_event_path_add) {
  if (PG_ARGISNULL(1) || PG_ARGISNULL(2)) {
    return PathStates::unchanged(fcinfo);
  }
  const TimestampTz at = PG_GETARG_TIMESTAMPTZ(1);
  const text *event = PG_GETARG_TEXT_PP(2);
  const std::string_view name(VARDATA_ANY(event),
                              static_cast<std::size_t>(VARSIZE_ANY_EXHDR(event)));
  if (name.size() > EventPath::Row::most) {
    return PathStates::update(fcinfo, [&](EventPath &path) { path.add(at, name); });
  }
  EventPath::Row row;
  row.at = at;
  row.size = static_cast<std::uint16_t>(name.size());
  std::memcpy(row.name, name.data(), name.size());
  return PathStates::add(fcinfo, row);
}

// (path, most steps, collapse)
STARHOUSE_FUNCTION(starhouse_event_path_steps) {
  const EventPath &path = PathStates::argument(fcinfo, 0);
  const int32 most = PG_GETARG_INT32(1);
  const bool collapse = PG_GETARG_BOOL(2);
  const auto &steps = kept_items<std::string_view>([&](const starhouse::Env &env) {
    std::pmr::vector<std::string_view> list(env.memory);
    path.each_step(most, collapse, [&](std::string_view step) { list.push_back(step); });
    return list;
  });
  auto *values =
      static_cast<Datum *>(palloc(sizeof(Datum) * std::max<std::size_t>(1, steps.size())));
  for (std::size_t i = 0; i < steps.size(); ++i) {
    values[i] = text_datum(steps[i]);
  }
  return text_array(values, steps.size());
}

STARHOUSE_STATE_TYPE(path_top_k_state, CountStates)
STARHOUSE_STATE_COMBINE(path_top_k_combine, CountStates)

// (state, path [, k])
STARHOUSE_FUNCTION(starhouse_path_top_k_add) {
  if (PG_ARGISNULL(1) || (PG_NARGS() > 2 && PG_ARGISNULL(2))) {
    return CountStates::unchanged(fcinfo);
  }
  const bool asked = PG_NARGS() > 2;
  const int32 wanted = asked ? PG_GETARG_INT32(2) : 0;
  const std::string_view path = path_argument(fcinfo, 1);
  return CountStates::update(fcinfo, [&](PathCounts &counts) {
    if (asked) {
      PathCounts::check_wanted(wanted);
    }
    counts.add(path, wanted);
  });
}

// (state, k)
STARHOUSE_FUNCTION(starhouse_path_top_k_value) {
  InitMaterializedSRF(fcinfo, 0);
  auto *result = reinterpret_cast<ReturnSetInfo *>(fcinfo->resultinfo);
  const PathCounts &counts = CountStates::argument(fcinfo, 0);
  const int32 wanted = PG_GETARG_INT32(1);
  for (const Frequent &frequent :
       kept_items<Frequent>([&](const starhouse::Env &env) { return counts.top(wanted, env); })) {
    CHECK_FOR_INTERRUPTS();
    Datum values[3];
    fill_row(frequent, values);
    bool nulls[std::size(values)] = {};
    tuplestore_putvalues(result->setResult, result->setDesc, values, nulls);
  }
  return static_cast<Datum>(0);
}

STARHOUSE_FUNCTION(starhouse_path_top_k_final) {
  const PathCounts &counts = CountStates::argument(fcinfo, 0);
  const auto &list =
      kept_items<Frequent>([&](const starhouse::Env &env) { return counts.top(env); });
  return composite_array(fcinfo, list, [](const Frequent &frequent, TupleDesc type) {
    Datum values[3];
    fill_row(frequent, values);
    bool nulls[std::size(values)] = {};
    return HeapTupleGetDatum(heap_form_tuple(type, values, nulls));
  });
}
