#include "pg/key.hpp"

#include "pg/collation.hpp"

extern "C" {
#include "utils/lsyscache.h"
}

namespace starhouse::pg {

namespace {

// What is known of the collation of the last call. A collation cannot become (non)deterministic
// later, and the server too keeps one as it opened it until the session's end.
struct Known {
  Oid collation = InvalidOid;
  std::uint64_t mark = 0; // 0: equal means equal bytes
};
Known known;

void look_up(Oid collation) {
  if (!OidIsValid(collation)) {
    ereport(ERROR, (errcode(ERRCODE_INDETERMINATE_COLLATION),
                    errmsg("could not determine which collation to use for a text key"),
                    errhint("Use the COLLATE clause to set the collation explicitly.")));
  }
  const bool deterministic = get_collation_isdeterministic(collation);
  const std::uint64_t mark = deterministic ? 0 : collation_mark(collation);
  known = {collation, mark};
}

} // namespace

UuidKey uuid_key(const pg_uuid_t *uuid) noexcept {
  UuidKey key;
  for (int i = 0; i < 8; ++i) {
    key.high = key.high << 8U | uuid->data[i];
    key.low = key.low << 8U | uuid->data[8 + i];
  }
  return key;
}

TextKey text_key(Datum value, Oid collation) {
  const text *packed = DatumGetTextPP(value);
  const std::string_view shown(VARDATA_ANY(packed), VARSIZE_ANY_EXHDR(packed));
  if (unlikely(collation != known.collation)) {
    look_up(collation);
  }
  if (likely(known.mark == 0)) {
    return {shown, shown, 0};
  }
  return {sort_key(shown, collation), shown, known.mark};
}

} // namespace starhouse::pg
