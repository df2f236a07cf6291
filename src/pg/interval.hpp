// Arguments of type interval that mean a length of time.
#pragma once

#include "pg/boundary.hpp"

extern "C" {
#include "utils/timestamp.h"
}

namespace starhouse::pg {

// Microseconds of an interval without months, a day being 24 hours; an error (22023) otherwise.
int64 interval_micros(const Interval *interval, const char *name);

inline int64 interval_argument(FunctionCallInfo fcinfo, int index, const char *name) {
  return interval_micros(PG_GETARG_INTERVAL_P(index), name);
}

} // namespace starhouse::pg
