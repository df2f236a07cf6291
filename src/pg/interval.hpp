// Arguments of type interval that mean a length of time.
#pragma once

#include "pg/boundary.hpp"

namespace starhouse::pg {

// Microseconds of an interval without months, a day being 24 hours; an error (22023) otherwise.
int64 interval_argument(FunctionCallInfo fcinfo, int index, const char *name);

} // namespace starhouse::pg
