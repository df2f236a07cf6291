// window_funnel: how far along the steps of a funnel.
#include "pg/interval.hpp"
#include "pg/state.hpp"

#include "core/behaviour/funnel.hpp"

extern "C" {
#include "catalog/pg_type_d.h"
#include "utils/array.h"
#include "utils/timestamp.h"
}

namespace {

using starhouse::behaviour::Funnel;
using starhouse::behaviour::FunnelRule;
using starhouse::behaviour::most_steps;
using starhouse::pg::compute;
using starhouse::pg::interval_argument;
using States = starhouse::pg::ExpandedState<Funnel>;

struct Steps {
  std::uint32_t fulfilled;
  std::uint8_t count;
};

// Booleans from argument 3 on; NULL is false.
Steps steps_of_arguments(FunctionCallInfo fcinfo) {
  Steps steps{0, static_cast<std::uint8_t>(PG_NARGS() - 3)};
  for (int i = 0; i < steps.count; ++i) {
    if (!PG_ARGISNULL(3 + i) && PG_GETARG_BOOL(3 + i)) {
      steps.fulfilled |= std::uint32_t{1} << i;
    }
  }
  return steps;
}

// Argument 3 is an array of them.
Steps steps_of_array(FunctionCallInfo fcinfo) {
  ArrayType *array = PG_GETARG_ARRAYTYPE_P(3);
  const int count = ArrayGetNItems(ARR_NDIM(array), ARR_DIMS(array));
  if (count < 1 || count > most_steps) {
    ereport(ERROR, (errcode(ERRCODE_INVALID_PARAMETER_VALUE), errmsg("a funnel of %d steps", count),
                    errhint("Give 1 to %d steps.", most_steps)));
  }
  Steps steps{0, static_cast<std::uint8_t>(count)};
  // Elements of one byte; those that are NULL take none.
  const char *value = ARR_DATA_PTR(array);
  const bits8 *present = ARR_NULLBITMAP(array);
  for (int i = 0; i < count; ++i) {
    if (present == nullptr || (present[i / 8] & (1 << (i % 8))) != 0) {
      steps.fulfilled |= std::uint32_t{*value++ != 0} << i;
    }
  }
  return steps;
}

// The modes of the previous row: they are the same in all of a statement.
struct KeptModes {
  std::size_t length = 0;
  std::uint8_t modes = 0;
  char text[128];
};
KeptModes kept;

std::uint8_t modes_argument(FunctionCallInfo fcinfo, int index) {
  const text *value = PG_GETARG_TEXT_PP(index);
  const std::string_view names(VARDATA_ANY(value),
                               static_cast<std::size_t>(VARSIZE_ANY_EXHDR(value)));
  if (names == std::string_view(kept.text, kept.length)) {
    return kept.modes;
  }
  std::uint8_t modes = 0;
  compute([&] { modes = starhouse::behaviour::funnel_modes(names); });
  if (names.size() <= sizeof kept.text) {
    std::memcpy(kept.text, names.data(), names.size());
    kept.length = names.size();
    kept.modes = modes;
  }
  return modes;
}

Datum add(FunctionCallInfo fcinfo, const Steps &steps, std::uint8_t modes) {
  const TimestampTz at = PG_GETARG_TIMESTAMPTZ(2);
  const FunnelRule rule{interval_argument(fcinfo, 1, "the window"), modes, steps.count};
  return States::add(fcinfo, {at, rule, steps.fulfilled});
}

// Window and time; steps that are NULL are false.
bool row_has_null(FunctionCallInfo fcinfo) {
  return PG_ARGISNULL(1) || PG_ARGISNULL(2);
}

} // namespace

STARHOUSE_STATE_TYPE(window_funnel_state, States)
STARHOUSE_STATE_COMBINE(window_funnel_combine, States)

// (state, window, ts, step1, step2, ...)
STARHOUSE_FUNCTION(starhouse_window_funnel_add) {
  if (row_has_null(fcinfo)) {
    return States::unchanged(fcinfo);
  }
  return add(fcinfo, steps_of_arguments(fcinfo), 0);
}

// (state, window, ts, steps [, mode])
STARHOUSE_FUNCTION(starhouse_window_funnel_add_array) {
  if (row_has_null(fcinfo) || PG_ARGISNULL(3) || (PG_NARGS() > 4 && PG_ARGISNULL(4))) {
    return States::unchanged(fcinfo);
  }
  const std::uint8_t modes = PG_NARGS() > 4 ? modes_argument(fcinfo, 4) : 0;
  return add(fcinfo, steps_of_array(fcinfo), modes);
}

// (state [, window])
STARHOUSE_FUNCTION(starhouse_window_funnel_value) {
  const bool own_window = PG_NARGS() == 1;
  const int64 window = own_window ? 0 : interval_argument(fcinfo, 1, "the window");
  const Funnel &funnel = States::argument(fcinfo, 0);
  int level = 0;
  compute([&] { level = own_window ? funnel.level() : funnel.level(window); });
  PG_RETURN_INT32(level);
}
