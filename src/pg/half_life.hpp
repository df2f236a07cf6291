// The argument half_life of decayed sums and averages.
#pragma once

#include "pg/boundary.hpp"

#include "core/score/trending.hpp"

namespace starhouse::pg {

// Kept from row to row: it is the same in all of a statement, or nearly so. Uses fn_extra. Error
// 22023 for one with months, an infinite one, or one below a millisecond.
const score::HalfLife &half_life_argument(FunctionCallInfo fcinfo, int index);

} // namespace starhouse::pg
