// An SQL argument as a key (core/key.hpp). One template for all types, chosen at compile time: an
// aggregate has one declaration for each type, none of them polymorphic.
#pragma once

#include "pg/postgres.hpp"

#include "core/key.hpp"

extern "C" {
#include "utils/date.h"
#include "utils/timestamp.h"
#include "utils/uuid.h"
}

namespace starhouse::pg {

enum class SqlKey { bigint, integer, date, timestamptz, uuid, text };

constexpr KeyKind kind_of(SqlKey type) noexcept {
  switch (type) {
  case SqlKey::bigint:
  case SqlKey::integer:
    return KeyKind::integer;
  case SqlKey::date:
    return KeyKind::date;
  case SqlKey::timestamptz:
    return KeyKind::timestamptz;
  case SqlKey::uuid:
    return KeyKind::uuid;
  case SqlKey::text:
    return KeyKind::text;
  }
  return KeyKind::integer;
}

UuidKey uuid_key(const pg_uuid_t *uuid) noexcept;

// In the current memory context, or inside the argument. An undetermined collation is an error
// (42P22) as it is for `=`.
TextKey text_key(Datum value, Oid collation);

// Not NULL. int64 for all that fit, else UuidKey or TextKey; a text is compared by the collation of
// the call.
template <SqlKey type>
auto key_argument(FunctionCallInfo fcinfo, int index) {
  if constexpr (type == SqlKey::bigint) {
    return static_cast<std::int64_t>(PG_GETARG_INT64(index));
  } else if constexpr (type == SqlKey::integer) {
    return static_cast<std::int64_t>(PG_GETARG_INT32(index));
  } else if constexpr (type == SqlKey::date) {
    return static_cast<std::int64_t>(PG_GETARG_DATEADT(index));
  } else if constexpr (type == SqlKey::timestamptz) {
    return static_cast<std::int64_t>(PG_GETARG_TIMESTAMPTZ(index));
  } else if constexpr (type == SqlKey::uuid) {
    return uuid_key(PG_GETARG_UUID_P(index));
  } else {
    return text_key(PG_GETARG_DATUM(index), PG_GET_COLLATION());
  }
}

} // namespace starhouse::pg
