// Library load: the magic block and the version function.
#include "pg/boundary.hpp"

#pragma GCC visibility push(default)
extern "C" {
#ifdef PG_MODULE_MAGIC_EXT // from 18 on
PG_MODULE_MAGIC_EXT(.name = "starhouse", .version = STARHOUSE_VERSION);
#else
PG_MODULE_MAGIC;
#endif
}
#pragma GCC visibility pop

namespace {
constexpr char library_version[] = STARHOUSE_VERSION;
}

STARHOUSE_FUNCTION(starhouse_version) {
  PG_RETURN_TEXT_P(cstring_to_text(library_version));
}
