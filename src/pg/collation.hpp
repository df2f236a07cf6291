// Collations whose equality is not that of bytes (nondeterministic ones, of ICU).
#pragma once

#include "pg/postgres.hpp"

#include <cstdint>
#include <string_view>

namespace starhouse::pg {

// Bytes that are equal for equal texts, in the current memory context.
std::string_view sort_key(std::string_view text, Oid collation);

// A number, not 0, that tells collations and their versions apart: by what they are, not by Oid,
// so that it means the same in another database. Stored: it must not change.
std::uint64_t collation_mark(Oid collation);

} // namespace starhouse::pg
