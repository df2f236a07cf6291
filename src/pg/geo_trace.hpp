// Arguments that the bindings of traces and heatmaps share.
#pragma once

#include "pg/boundary.hpp"

namespace starhouse::pg::geo {

// Microseconds of an interval without months, a day being 24 hours; an error (22023) otherwise.
int64 interval_argument(FunctionCallInfo fcinfo, int index, const char *name);

} // namespace starhouse::pg::geo
