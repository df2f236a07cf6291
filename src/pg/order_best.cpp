// max_by, min_by, first_by, last_by and their states: the values of the best rows of a group, for
// values of ten types by keys of four.
#include "pg/state.hpp"

#include "core/order/best.hpp"
#include "core/order/numeric_form.hpp"

extern "C" {
#include "catalog/pg_type.h"
#include "mb/pg_wchar.h"
#include "utils/array.h"
#include "utils/date.h"
#include "utils/fmgrprotos.h"
#include "utils/jsonb.h"
#include "utils/lsyscache.h"
#include "utils/timestamp.h"
#include "utils/uuid.h"
}

namespace {

using starhouse::Bytes;
using starhouse::Env;
using starhouse::pg::compute;
using starhouse::pg::ContextMemory;
namespace order = starhouse::order;
using order::Best;
using order::BestRule;
using order::Key;
using order::KeyType;
using order::ValueType;
using States = starhouse::pg::ExpandedState<Best>;

// A varlena's content, in the core's byte order for what is made of 16-bit units.
Bytes content(Datum datum) {
  const varlena *stored = PG_DETOAST_DATUM_PACKED(datum);
  return {reinterpret_cast<const std::byte *>(VARDATA_ANY(stored)),
          static_cast<std::size_t>(VARSIZE_ANY_EXHDR(stored))};
}

Bytes swapped_units(Bytes units) {
#ifdef WORDS_BIGENDIAN
  auto *swapped = static_cast<std::byte *>(palloc(units.size()));
  for (std::size_t i = 0; i + 1 < units.size(); i += 2) {
    swapped[i] = units[i + 1];
    swapped[i + 1] = units[i];
  }
  return {swapped, units.size()};
#else
  return units;
#endif
}

Datum varlena_of(Bytes bytes) {
  const std::span<std::byte> made = starhouse::pg::detail::new_varlena(bytes.size());
  std::copy(bytes.begin(), bytes.end(), made.begin());
  return starhouse::pg::detail::varlena_datum(made);
}

// The value argument as the core's bytes, and back. `place` holds what has no bytes of its own.
struct NumberValue {
  static Bytes bytes_of(Key key, std::byte *place) {
    order::put_key(key, place);
    return {place, 8};
  }
  static int64 integer(Bytes bytes) { return order::integer_of(order::get_key(bytes.data())); }
};
struct BooleanValue {
  static constexpr ValueType type = ValueType::boolean;
  static constexpr Oid oid = BOOLOID;
  static Bytes pick(Datum datum, std::byte *place) {
    place[0] = static_cast<std::byte>(DatumGetBool(datum) ? 1 : 0);
    return {place, 1};
  }
  static Datum datum(Bytes bytes) { return BoolGetDatum(std::to_integer<int>(bytes[0]) != 0); }
};
struct IntValue {
  static constexpr ValueType type = ValueType::int4;
  static constexpr Oid oid = INT4OID;
  static Bytes pick(Datum datum, std::byte *place) {
    return NumberValue::bytes_of(order::key_of(static_cast<int64>(DatumGetInt32(datum))), place);
  }
  static Datum datum(Bytes bytes) {
    return Int32GetDatum(static_cast<int32>(NumberValue::integer(bytes)));
  }
};
struct BigintValue {
  static constexpr ValueType type = ValueType::int8;
  static constexpr Oid oid = INT8OID;
  static Bytes pick(Datum datum, std::byte *place) {
    return NumberValue::bytes_of(order::key_of(DatumGetInt64(datum)), place);
  }
  static Datum datum(Bytes bytes) { return Int64GetDatum(NumberValue::integer(bytes)); }
};
struct Float8Value {
  static constexpr ValueType type = ValueType::float8;
  static constexpr Oid oid = FLOAT8OID;
  static Bytes pick(Datum datum, std::byte *place) {
    return NumberValue::bytes_of(order::key_of(DatumGetFloat8(datum)), place);
  }
  static Datum datum(Bytes bytes) {
    return Float8GetDatum(order::float_of(order::get_key(bytes.data())));
  }
};
struct NumericValue {
  static constexpr ValueType type = ValueType::numeric;
  static constexpr Oid oid = NUMERICOID;
  static Bytes pick(Datum datum, std::byte *) { return swapped_units(content(datum)); }
  static Datum datum(Bytes bytes) { return varlena_of(swapped_units(bytes)); }
};
struct DateValue {
  static constexpr ValueType type = ValueType::date;
  static constexpr Oid oid = DATEOID;
  static Bytes pick(Datum datum, std::byte *place) {
    return NumberValue::bytes_of(order::key_of(static_cast<int64>(DatumGetDateADT(datum))), place);
  }
  static Datum datum(Bytes bytes) {
    return DateADTGetDatum(static_cast<DateADT>(NumberValue::integer(bytes)));
  }
};
struct TimeValue {
  static constexpr ValueType type = ValueType::timestamptz;
  static constexpr Oid oid = TIMESTAMPTZOID;
  static Bytes pick(Datum datum, std::byte *place) {
    return NumberValue::bytes_of(order::key_of(static_cast<int64>(DatumGetTimestampTz(datum))),
                                 place);
  }
  static Datum datum(Bytes bytes) { return TimestampTzGetDatum(NumberValue::integer(bytes)); }
};
struct UuidValue {
  static constexpr ValueType type = ValueType::uuid;
  static constexpr Oid oid = UUIDOID;
  static Bytes pick(Datum datum, std::byte *) {
    return {reinterpret_cast<const std::byte *>(DatumGetUUIDP(datum)->data), UUID_LEN};
  }
  static Datum datum(Bytes bytes) {
    auto *uuid = static_cast<pg_uuid_t *>(palloc(sizeof(pg_uuid_t)));
    std::memcpy(uuid->data, bytes.data(), UUID_LEN);
    return UUIDPGetDatum(uuid);
  }
};
struct TextValue {
  static constexpr ValueType type = ValueType::text;
  static constexpr Oid oid = TEXTOID;
  static Bytes pick(Datum datum, std::byte *) { return content(datum); }
  static Datum datum(Bytes bytes) { return varlena_of(bytes); }
};
// As its text: the server's form of jsonb is its own, and not checked when it is read.
struct JsonValue {
  static constexpr ValueType type = ValueType::jsonb;
  static constexpr Oid oid = JSONBOID;
  static Bytes pick(Datum datum, std::byte *) {
    Jsonb *json = DatumGetJsonbP(datum);
    StringInfoData text;
    initStringInfo(&text);
    JsonbToCString(&text, &json->root, VARSIZE(json));
    return {reinterpret_cast<const std::byte *>(text.data), static_cast<std::size_t>(text.len)};
  }
  static Datum datum(Bytes bytes) {
    char *text = pnstrdup(reinterpret_cast<const char *>(bytes.data()), bytes.size());
    return DirectFunctionCall1(jsonb_in, CStringGetDatum(text));
  }
};

struct PickedKey {
  Key key;
  Bytes number; // a numeric's units
};
struct ByFloat8 {
  static constexpr KeyType type = KeyType::float8;
  // -0 is 0.
  static PickedKey pick(Datum datum) { return {order::key_of(DatumGetFloat8(datum) + 0.0), {}}; }
};
struct ByInt8 {
  static constexpr KeyType type = KeyType::int8;
  static PickedKey pick(Datum datum) { return {order::key_of(DatumGetInt64(datum)), {}}; }
};
struct ByNumeric {
  static constexpr KeyType type = KeyType::numeric;
  static PickedKey pick(Datum datum) {
    const Bytes units = swapped_units(content(datum));
    return {order::numeric_prefix(units), units};
  }
};
struct ByTime {
  static constexpr KeyType type = KeyType::timestamptz;
  static PickedKey pick(Datum datum) {
    return {order::key_of(static_cast<int64>(DatumGetTimestampTz(datum))), {}};
  }
};

template <class Value, class By, bool greatest>
Datum add(FunctionCallInfo fcinfo) {
  const bool has_limit = PG_NARGS() > 3;
  if (PG_ARGISNULL(1) || PG_ARGISNULL(2) || (has_limit && PG_ARGISNULL(3))) {
    return States::unchanged(fcinfo);
  }
  const PickedKey key = By::pick(PG_GETARG_DATUM(2));
  const BestRule rule{Value::type, By::type, greatest,
                      has_limit ? static_cast<uint32>(PG_GETARG_INT32(3)) : 1};
  Best *there = States::in_place(fcinfo);
  if (there != nullptr && there->is_out(rule, key.key)) [[likely]] {
    return PG_GETARG_DATUM(0);
  }
  std::byte place[8];
  const Bytes value = Value::pick(PG_GETARG_DATUM(1), place);
  if (there != nullptr && there->replace_at_once(rule, key.key, value)) {
    return PG_GETARG_DATUM(0);
  }
  return States::update(fcinfo, [&](Best &best) { best.add(rule, key.key, key.number, value); });
}

// The values of a state, best first, in the current context.
template <class Value>
std::span<const Bytes> values_of(FunctionCallInfo fcinfo) {
  const Best &best = States::argument(fcinfo, 0);
  if (best.rule().value_type != Value::type) {
    const std::string_view held = order::name_of(best.rule().value_type);
    ereport(ERROR, (errcode(ERRCODE_DATATYPE_MISMATCH),
                    errmsg("this best_state holds values of type %.*s",
                           static_cast<int>(held.size()), held.data()),
                    errhint("Read it by best_%.*s.", static_cast<int>(held.size()), held.data())));
  }
  using List = std::pmr::vector<Bytes>;
  auto *memory = new (palloc(sizeof(ContextMemory))) ContextMemory(CurrentMemoryContext);
  auto *list = static_cast<List *>(palloc(sizeof(List)));
  compute([&] { new (list) List(best.values(Env{.memory = memory})); });
  return {list->data(), list->size()};
}

template <class Value>
Datum one(FunctionCallInfo fcinfo) {
  return Value::datum(values_of<Value>(fcinfo)[0]);
}

template <class Value>
Datum many(FunctionCallInfo fcinfo) {
  const std::span<const Bytes> values = values_of<Value>(fcinfo);
  auto *datums = static_cast<Datum *>(palloc(sizeof(Datum) * values.size()));
  for (std::size_t i = 0; i < values.size(); ++i) {
    CHECK_FOR_INTERRUPTS();
    datums[i] = Value::datum(values[i]);
  }
  int16 length = 0;
  bool by_value = false;
  char alignment = 0;
  get_typlenbyvalalign(Value::oid, &length, &by_value, &alignment);
  return PointerGetDatum(construct_array(datums, static_cast<int>(values.size()), Value::oid,
                                         length, by_value, alignment));
}

// Texts that come from outside have to be of the database's encoding: the server takes that for
// granted of every text.
Datum verified(FunctionCallInfo fcinfo, Datum state, int code) {
  const Best &best = States::state_of(state);
  const ValueType type = best.rule().value_type;
  if (type == ValueType::text || type == ValueType::jsonb) {
    using List = std::pmr::vector<Bytes>;
    auto *memory = new (palloc(sizeof(ContextMemory))) ContextMemory(CurrentMemoryContext);
    auto *list = static_cast<List *>(palloc(sizeof(List)));
    compute([&] { new (list) List(best.values(Env{.memory = memory})); });
    for (const Bytes &value : *list) {
      if (!pg_verify_mbstr(GetDatabaseEncoding(), reinterpret_cast<const char *>(value.data()),
                           static_cast<int>(value.size()), true)) {
        ereport(ERROR, (errcode(code),
                        errmsg("malformed best_state: a text is not in the encoding %s",
                               GetDatabaseEncodingName()),
                        errhint("Give it unchanged, as its output or send function wrote it.")));
      }
    }
  }
  return state;
}

} // namespace

STARHOUSE_FUNCTION(starhouse_best_state_in) {
  return verified(fcinfo, States::in(fcinfo), ERRCODE_INVALID_TEXT_REPRESENTATION);
}
STARHOUSE_FUNCTION(starhouse_best_state_out) {
  return States::out(fcinfo);
}
STARHOUSE_FUNCTION(starhouse_best_state_recv) {
  return verified(fcinfo, States::recv(fcinfo), ERRCODE_INVALID_BINARY_REPRESENTATION);
}
STARHOUSE_FUNCTION(starhouse_best_state_send) {
  return States::send(fcinfo);
}
STARHOUSE_STATE_COMBINE(best_combine, States)

STARHOUSE_FUNCTION(starhouse_best_rows) {
  PG_RETURN_INT64(static_cast<int64>(States::argument(fcinfo, 0).count()));
}

// Everything of one type of values.
#define BEST_BY(value, Value, by, By)                                                              \
  STARHOUSE_FUNCTION(starhouse_max_##value##_by_##by) {                                            \
    return add<Value, By, true>(fcinfo);                                                           \
  }                                                                                                \
  STARHOUSE_FUNCTION(starhouse_min_##value##_by_##by) {                                            \
    return add<Value, By, false>(fcinfo);                                                          \
  }

#define BEST_OF(value, Value)                                                                      \
  BEST_BY(value, Value, float8, ByFloat8)                                                          \
  BEST_BY(value, Value, bigint, ByInt8)                                                            \
  BEST_BY(value, Value, numeric, ByNumeric)                                                        \
  BEST_BY(value, Value, timestamptz, ByTime)                                                       \
  STARHOUSE_FUNCTION(starhouse_best_##value) {                                                     \
    return one<Value>(fcinfo);                                                                     \
  }                                                                                                \
  STARHOUSE_FUNCTION(starhouse_best_##value##_array) {                                             \
    return many<Value>(fcinfo);                                                                    \
  }

BEST_OF(boolean, BooleanValue)
BEST_OF(int, IntValue)
BEST_OF(bigint, BigintValue)
BEST_OF(float8, Float8Value)
BEST_OF(numeric, NumericValue)
BEST_OF(date, DateValue)
BEST_OF(timestamptz, TimeValue)
BEST_OF(uuid, UuidValue)
BEST_OF(text, TextValue)
BEST_OF(jsonb, JsonValue)
