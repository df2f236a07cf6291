// The server's numerics (numeric_bytes.hpp) as keys, the same bytes for those that are equal, and
// as floats.
#pragma once

#include "core/scan/numeric_bytes.hpp"

#include <cstddef>
#include <string_view>

namespace starhouse::scan {

// A key begins with so many bytes, which say sign, weight or that it is no finite number; its
// digits follow, none of them 0 at either end.
inline constexpr std::size_t numeric_key_head = 4;

// At `to` there is room for the number's bytes and the head. Returns the key's length.
std::size_t write_numeric_key(std::string_view numeric, char *to) noexcept;

// The number that a key is, with `scale` digits after the point, as the server stores it; `to` has
// room for the key. Returns its length.
std::size_t write_numeric_of_key(std::string_view key, unsigned scale, char *to) noexcept;

// The float8 nearest to it, as the server's cast gives it: Error 22003 for what is too large, or
// too small to be told from 0.
double numeric_float(std::string_view numeric);

} // namespace starhouse::scan
