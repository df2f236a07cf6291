#include "pg/collation.hpp"

extern "C" {
#include "catalog/pg_collation.h"
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

// FNV-1a.
std::uint64_t mixed(std::uint64_t mark, const char *text) noexcept {
  for (; *text != '\0'; ++text) {
    mark = (mark ^ static_cast<unsigned char>(*text)) * 0x100000001B3U;
  }
  return (mark ^ 0xFFU) * 0x100000001B3U; // where one part ends: no text has this byte
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
  std::uint64_t mark = mixed(0xCBF29CE484222325U, locale);
#if PG_VERSION_NUM >= 160000
  mark = mixed(mark, text_attribute(tuple, Anum_pg_collation_collicurules));
#endif
  ReleaseSysCache(tuple);
  const char *version = get_collation_actual_version(provider, locale);
  return mixed(mark, version != nullptr ? version : "") | 1U;
}

} // namespace starhouse::pg
