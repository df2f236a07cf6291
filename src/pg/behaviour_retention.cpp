// The days a user was active, and how many users of a cohort come back.
#include "pg/rows.hpp"
#include "pg/state.hpp"

#include "core/behaviour/retention.hpp"

extern "C" {
#include "catalog/pg_type_d.h"
#include "utils/array.h"
#include "utils/date.h"
#include "utils/tuplestore.h"
}

namespace {

using namespace starhouse::pg;
using starhouse::behaviour::Day;
using starhouse::behaviour::DaySet;
using starhouse::behaviour::Period;
using starhouse::behaviour::Retention;
using Sets = ExpandedState<DaySet>;
using States = ExpandedState<Retention>;

std::span<const Day> days_argument(FunctionCallInfo fcinfo, int index) {
  const DaySet &set = Sets::argument(fcinfo, index);
  std::span<const Day> days;
  compute([&] { days = set.days(); });
  return days;
}

Period period_argument(FunctionCallInfo fcinfo, int index) {
  const text *value = PG_GETARG_TEXT_PP(index);
  const std::string_view name(VARDATA_ANY(value),
                              static_cast<std::size_t>(VARSIZE_ANY_EXHDR(value)));
  Period period = Period::none;
  compute([&] { period = starhouse::behaviour::period_of(name); });
  return period;
}

} // namespace

STARHOUSE_STATE_TYPE(day_set, Sets)
STARHOUSE_STATE_COMBINE(day_set_combine, Sets)

STARHOUSE_FUNCTION(starhouse_day_set_add) {
  if (PG_ARGISNULL(1)) {
    return Sets::unchanged(fcinfo);
  }
  const DateADT day = PG_GETARG_DATEADT(1);
  return Sets::add(fcinfo, {day});
}

STARHOUSE_FUNCTION(starhouse_day_set_count) {
  PG_RETURN_INT32(static_cast<int32>(days_argument(fcinfo, 0).size()));
}

STARHOUSE_FUNCTION(starhouse_day_set_first) {
  const std::span<const Day> days = days_argument(fcinfo, 0);
  if (days.empty()) {
    PG_RETURN_NULL();
  }
  PG_RETURN_DATEADT(days.front());
}

STARHOUSE_FUNCTION(starhouse_day_set_has) {
  const std::span<const Day> days = days_argument(fcinfo, 0);
  PG_RETURN_BOOL(std::binary_search(days.begin(), days.end(), PG_GETARG_DATEADT(1)));
}

STARHOUSE_FUNCTION(starhouse_day_set_list) {
  InitMaterializedSRF(fcinfo, MAT_SRF_USE_EXPECTED_DESC);
  auto *result = reinterpret_cast<ReturnSetInfo *>(fcinfo->resultinfo);
  for (const Day day : days_argument(fcinfo, 0)) {
    CHECK_FOR_INTERRUPTS();
    Datum values[] = {DateADTGetDatum(day)};
    bool nulls[] = {false};
    tuplestore_putvalues(result->setResult, result->setDesc, values, nulls);
  }
  return static_cast<Datum>(0);
}

STARHOUSE_STATE_TYPE(retention_state, States)
STARHOUSE_STATE_COMBINE(retention_combine, States)

// (state, cohort, days, period)
STARHOUSE_FUNCTION(starhouse_retention_add) {
  if (PG_ARGISNULL(1) || PG_ARGISNULL(2) || PG_ARGISNULL(3)) {
    return States::unchanged(fcinfo);
  }
  const DateADT cohort = PG_GETARG_DATEADT(1);
  const std::span<const Day> days = days_argument(fcinfo, 2);
  const Period period = period_argument(fcinfo, 3);
  return States::update(fcinfo, [&](Retention &retention) { retention.add(cohort, days, period); });
}

STARHOUSE_FUNCTION(starhouse_retention_matrix) {
  InitMaterializedSRF(fcinfo, 0);
  auto *result = reinterpret_cast<ReturnSetInfo *>(fcinfo->resultinfo);
  const Retention &retention = States::argument(fcinfo, 0);
  for (const Retention::Cell &cell : kept_items<Retention::Cell>([&](const starhouse::Env &env) {
         std::pmr::vector<Retention::Cell> list(env.memory);
         retention.each_cell([&](const Retention::Cell &each) {
           if (list.size() % 65536 == 65535) {
             env.poll();
           }
           list.push_back(each);
         });
         return list;
       })) {
    CHECK_FOR_INTERRUPTS();
    Datum values[] = {
        DateADTGetDatum(cell.cohort), Int32GetDatum(static_cast<int32>(cell.after)),
        Int64GetDatum(static_cast<int64>(cell.users)),
        Int64GetDatum(static_cast<int64>(cell.active)),
        Float8GetDatum(static_cast<double>(cell.active) / static_cast<double>(cell.users))};
    bool nulls[std::size(values)] = {};
    tuplestore_putvalues(result->setResult, result->setDesc, values, nulls);
  }
  return static_cast<Datum>(0);
}

STARHOUSE_FUNCTION(starhouse_retention_curve) {
  const Retention &retention = States::argument(fcinfo, 0);
  const auto &shares =
      kept_items<double>([&](const starhouse::Env &env) { return retention.curve(env); });
  auto *values =
      static_cast<Datum *>(palloc(sizeof(Datum) * std::max<std::size_t>(1, shares.size())));
  for (std::size_t i = 0; i < shares.size(); ++i) {
    values[i] = Float8GetDatum(shares[i]);
  }
  PG_RETURN_ARRAYTYPE_P(construct_array(values, static_cast<int>(shares.size()), FLOAT8OID,
                                        sizeof(float8), FLOAT8PASSBYVAL, TYPALIGN_DOUBLE));
}
