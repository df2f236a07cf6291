// The weights of an engagement score as an SQL argument.
#pragma once

#include "core/score/engagement.hpp"
#include "pg/postgres.hpp"

namespace starhouse::pg {

// The row of type engagement_weights in this argument, checked; kept in fn_extra, since the same
// row comes with nearly every call.
const score::EngagementWeights &weights_argument(FunctionCallInfo fcinfo, int index);

} // namespace starhouse::pg
