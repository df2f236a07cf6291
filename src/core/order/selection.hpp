// Values of given ranks out of many, without sorting them.
//
// A few thousand values are copied and selected from (introselect, std::nth_element). More are
// counted in 16,384 steps between the least and the greatest; only what shares a step with a rank
// asked for is copied. A step that still holds much is counted again, in finer steps. Time grows
// with the number of values alone, whatever their distribution: each count narrows the range at
// least 8,192 times, so five see to the end of 64 bits. The list stays as it is.
#pragma once

#include "core/order/value_list.hpp"

#include <algorithm>
#include <memory_resource>
#include <span>
#include <vector>

namespace starhouse::order {

// The keys at `ranks`, which ascend from 0 and lie below values.size(). Scratch memory, at most as
// much as the values take, comes from `env`.
std::pmr::vector<Key> select(const ValueList &values, std::span<const std::size_t> ranks,
                             const Env &env);

} // namespace starhouse::order
