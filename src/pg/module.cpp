// Library load: the magic block and the version function.
#include "pg/boundary.hpp"

_Pragma("GCC visibility push(default)") extern "C" {
  PG_MODULE_MAGIC;
}
_Pragma("GCC visibility pop")

namespace {
constexpr char library_version[] = STARHOUSE_VERSION;
}

STARHOUSE_FUNCTION(starhouse_version) {
  PG_RETURN_TEXT_P(cstring_to_text(library_version));
}
