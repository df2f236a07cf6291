// The server's numeric as it is stored, read without the server: units of 16 bits, here always
// little-endian. The first holds sign and scale (and, in the short form, the weight), then come
// digits to the base 10,000, neither the first nor the last of them 0
// (src/backend/utils/adt/numeric.c; pg_upgrade keeps tables as they are, so the form does not
// change).
#pragma once

#include "core/bytes.hpp"

#include <cstdint>

namespace starhouse::order {

// A number as the server would have made it.
bool is_numeric(Bytes units) noexcept;

// -infinity, ..., infinity, NaN; scales do not count: 1.0 is 1.
int compare_numeric(Bytes one, Bytes other) noexcept;

// Never descends where the numbers ascend; tells most numbers apart.
std::uint64_t numeric_prefix(Bytes units) noexcept;

} // namespace starhouse::order
