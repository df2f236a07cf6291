// What approx_top_k makes of its state.
#pragma once

#include "pg/postgres.hpp"

#include "core/sketch/top_k.hpp"

namespace starhouse::pg {

// The items asked for, an array of what `function` is called for: a top_k_item[].
Datum top_k_items(const starhouse::sketch::TopK &sketch, FmgrInfo *function);

} // namespace starhouse::pg
