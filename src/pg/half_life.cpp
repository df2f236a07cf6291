#include "pg/half_life.hpp"

extern "C" {
#include "utils/fmgrprotos.h"
#include "utils/timestamp.h"
}

namespace starhouse::pg {

using score::HalfLife;

namespace {

// Months differ in length, so a half-life has none; a day counts 24 hours. An infinite interval
// (17) has its mark in the months.
int64 half_life_micros(const Interval *half_life) {
  int64 micros = 0;
  if (half_life->month != 0 ||
      __builtin_mul_overflow(static_cast<int64>(half_life->day), USECS_PER_DAY, &micros) ||
      __builtin_add_overflow(micros, half_life->time, &micros)) {
    ereport(
        ERROR,
        (errcode(ERRCODE_INVALID_PARAMETER_VALUE),
         errmsg("half_life must be a finite length without months or years: %s",
                DatumGetCString(DirectFunctionCall1(interval_out, IntervalPGetDatum(half_life)))),
         errhint("Months differ in length: give days or hours, for example interval '30 days'.")));
  }
  return micros;
}

// The half-life of the previous row: it is the same in all rows of a statement, or nearly so.
struct KeptHalfLife {
  Interval interval;
  HalfLife half_life;
};

} // namespace

const HalfLife &half_life_argument(FunctionCallInfo fcinfo, int index) {
  const Interval *interval = PG_GETARG_INTERVAL_P(index);
  auto *kept = static_cast<KeptHalfLife *>(fcinfo->flinfo->fn_extra);
  if (kept == nullptr || kept->interval.time != interval->time ||
      kept->interval.day != interval->day || kept->interval.month != interval->month) {
    const int64 micros = half_life_micros(interval);
    void *memory =
        kept != nullptr ? kept : MemoryContextAlloc(fcinfo->flinfo->fn_mcxt, sizeof(KeptHalfLife));
    compute([&] {
      const HalfLife half_life(micros);
      kept = new (memory) KeptHalfLife{*interval, half_life};
    });
    fcinfo->flinfo->fn_extra = kept;
  }
  return kept->half_life;
}

} // namespace starhouse::pg
