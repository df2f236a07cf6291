#include "pg/collation.hpp"

#include "core/hash.hpp"

extern "C" {
#include "catalog/pg_collation.h"
#include "lib/stringinfo.h"
#include "utils/pg_locale.h"
#include "utils/syscache.h"
}

namespace starhouse::pg {

namespace {

#if PG_VERSION_NUM >= 170000
constexpr AttrNumber locale_attribute = Anum_pg_collation_colllocale;
#else
constexpr AttrNumber locale_attribute = Anum_pg_collation_colliculocale;
#endif

const char *text_attribute(HeapTuple tuple, AttrNumber attribute) {
  bool null = false;
  const Datum value = SysCacheGetAttr(COLLOID, tuple, attribute, &null);
  return null ? "" : TextDatumGetCString(value);
}

} // namespace

std::string_view sort_key(std::string_view text, Oid collation) {
  pg_locale_t locale = pg_newlocale_from_collation(collation);
#if PG_VERSION_NUM >= 160000
  const std::size_t size = pg_strnxfrm(nullptr, 0, text.data(), text.size(), locale);
  auto *key = static_cast<char *>(palloc(size + 1));
  // The second call may find it shorter.
  return {key, std::min(size, pg_strnxfrm(key, size + 1, text.data(), text.size(), locale))};
#elif defined(USE_ICU)
  UChar *wide = nullptr;
  const int32_t length = icu_to_uchar(&wide, text.data(), text.size());
  const UCollator *collator = locale->info.icu.ucol;
  const int32_t size = ucol_getSortKey(collator, wide, length, nullptr, 0);
  auto *key = static_cast<std::uint8_t *>(palloc(size));
  ucol_getSortKey(collator, wide, length, key, size);
  pfree(wide);
  return {reinterpret_cast<char *>(key), static_cast<std::size_t>(size - 1)}; // without its NUL
#else
  (void)locale;
  return text; // a server without ICU has no such collations
#endif
}

std::uint64_t collation_mark(Oid collation) {
  HeapTuple tuple = SearchSysCache1(COLLOID, ObjectIdGetDatum(collation));
  if (!HeapTupleIsValid(tuple)) {
    elog(ERROR, "cache lookup failed for collation %u", collation);
  }
  const char provider = reinterpret_cast<Form_pg_collation>(GETSTRUCT(tuple))->collprovider;
  const char *locale = text_attribute(tuple, locale_attribute);
  StringInfoData described;
  initStringInfo(&described);
  appendStringInfoString(&described, locale);
#if PG_VERSION_NUM >= 160000
  appendStringInfo(&described, "\n%s", text_attribute(tuple, Anum_pg_collation_collicurules));
#endif
  ReleaseSysCache(tuple);
  const char *version = get_collation_actual_version(provider, locale);
  appendStringInfo(&described, "\n%s", version != nullptr ? version : "");
  return hash64(std::string_view(described.data, described.len)) | 1U;
}

} // namespace starhouse::pg
