// Library load: the magic block, the settings and the version function.
#include "pg/boundary.hpp"
#include "pg/scd.hpp"
#include "pg/star_scan.hpp"

extern "C" {
#include "utils/guc.h"
}

#pragma GCC visibility push(default)
extern "C" {
#ifdef PG_MODULE_MAGIC_EXT // from 18 on
PG_MODULE_MAGIC_EXT(.name = "starhouse", .version = STARHOUSE_VERSION);
#else
PG_MODULE_MAGIC;
#endif
void _PG_init(void);
}
#pragma GCC visibility pop

void _PG_init(void) {
  // No prefix is reserved: starhouse.claimed_source and the like are variables of our SQL.
  DefineCustomBoolVariable("starhouse.scd_portable",
                           "Merges into every dimension as into one that is distributed.",
                           "For tests: a dimension that Citus distributes is found without it.",
                           &starhouse::pg::scd::always_portable, false, PGC_USERSET,
                           GUC_NOT_IN_SAMPLE, nullptr, nullptr, nullptr);
  starhouse::pg::star_scan::install();
}

namespace {
constexpr char library_version[] = STARHOUSE_VERSION;
}

STARHOUSE_FUNCTION(starhouse_version) {
  PG_RETURN_TEXT_P(cstring_to_text(library_version));
}
