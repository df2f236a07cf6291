#include "pg/interval.hpp"

extern "C" {
#include "common/int.h"
}

namespace starhouse::pg {

int64 interval_micros(const Interval *interval, const char *name) {
  int64 micros = 0;
  if (interval->month != 0 || pg_mul_s64_overflow(interval->day, USECS_PER_DAY, &micros) ||
      pg_add_s64_overflow(micros, interval->time, &micros)) {
    ereport(
        ERROR,
        (errcode(ERRCODE_INVALID_PARAMETER_VALUE),
         errmsg("%s has months, or is too long: %s", name,
                DatumGetCString(DirectFunctionCall1(interval_out, IntervalPGetDatum(interval)))),
         errhint("Give it in days (of 24 hours), hours, minutes or seconds.")));
  }
  return micros;
}

} // namespace starhouse::pg
