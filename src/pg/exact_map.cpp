// SQL functions of counts and sums per key: count_map, sum_map, map_merge, map_rows and their
// sisters, and mode_fast.
#include "pg/decimal.hpp"
#include "pg/exact_rows.hpp"
#include "pg/state.hpp"

#include "core/exact/sum_map.hpp"

extern "C" {
#include "catalog/pg_type.h"
#include "utils/fmgrprotos.h"
#include "utils/tuplestore.h"
}

namespace {

namespace exact = starhouse::exact;
using exact::Count;
using exact::Decimal;
using exact::Real;
using exact::SumMap;
using exact::ValueKind;
using starhouse::pg::compute;
using starhouse::pg::kind_of;
using starhouse::pg::SqlKey;
using States = starhouse::pg::ExpandedState<SumMap>;

template <SqlKey type, class Value>
Datum add(FunctionCallInfo fcinfo, const Value &value) {
  const auto key = starhouse::pg::key_argument<type>(fcinfo, 1);
  SumMap *there = States::in_place(fcinfo);
  if (likely(there != nullptr && there->add_waiting(kind_of(type), key, value))) {
    return PG_GETARG_DATUM(0);
  }
  return States::update(fcinfo, [&](SumMap &map) { map.add(kind_of(type), key, value); });
}

template <SqlKey type>
Datum add_count(FunctionCallInfo fcinfo) {
  if (PG_ARGISNULL(1)) {
    return States::unchanged(fcinfo);
  }
  return add<type>(fcinfo, Count{1});
}

enum class SqlValue { integer, bigint, numeric, float8 };

template <SqlKey type, SqlValue value>
Datum add_sum(FunctionCallInfo fcinfo) {
  if (PG_ARGISNULL(1) || PG_ARGISNULL(2)) {
    return States::unchanged(fcinfo);
  }
  if constexpr (value == SqlValue::integer) {
    return add<type>(fcinfo, Decimal(PG_GETARG_INT32(2)));
  } else if constexpr (value == SqlValue::bigint) {
    return add<type>(fcinfo, Decimal(PG_GETARG_INT64(2)));
  } else if constexpr (value == SqlValue::numeric) {
    return add<type>(fcinfo, starhouse::pg::decimal_of(PG_GETARG_DATUM(2)));
  } else {
    return add<type>(fcinfo, Real{PG_GETARG_FLOAT8(2), 0});
  }
}

// A value as one of a column's type, which check_value_column let pass.
Datum value_datum(const Count &count, Oid type) {
  switch (type) {
  case FLOAT8OID:
    return Float8GetDatum(static_cast<double>(count.number));
  case NUMERICOID:
    return DirectFunctionCall1(int8_numeric, Int64GetDatum(count.number));
  default:
    return Int64GetDatum(count.number);
  }
}
Datum value_datum(const Decimal &sum, Oid type) {
  if (type == NUMERICOID) {
    return starhouse::pg::numeric_of(sum);
  }
  if (type == FLOAT8OID) {
    return DirectFunctionCall1(numeric_float8, starhouse::pg::numeric_of(sum));
  }
  std::int64_t number = 0;
  compute([&] { number = sum.whole(); });
  return Int64GetDatum(number);
}
Datum value_datum(const Real &sum, Oid type) {
  if (type == FLOAT8OID) {
    return Float8GetDatum(sum.sum());
  }
  // By its shortest decimal form, which is exact when it is read back.
  const Datum text = DirectFunctionCall1(float8out, Float8GetDatum(sum.sum()));
  return DirectFunctionCall3(numeric_in, text, ObjectIdGetDatum(InvalidOid), Int32GetDatum(-1));
}

Oid check_value_column(const ReturnSetInfo *result, ValueKind kind) {
  const Oid type = TupleDescAttr(result->setDesc, 1)->atttypid;
  const bool fits =
      type == FLOAT8OID || type == NUMERICOID || (type == INT8OID && kind != ValueKind::real);
  if (!fits) {
    ereport(ERROR, (errcode(ERRCODE_DATATYPE_MISMATCH),
                    errmsg("the values are %s, which cannot be given as %s",
                           exact::name_of(kind).data(), format_type_be(type)),
                    errhint("Give the column the type bigint, numeric or float8; sums of float8 "
                            "are no bigint.")));
  }
  return type;
}

template <SqlKey type>
Datum value_of_key(FunctionCallInfo fcinfo) {
  const SumMap &map = States::argument(fcinfo, 0);
  const auto key = starhouse::pg::key_argument<type>(fcinfo, 1);
  const Count *count = nullptr;
  const Decimal *decimal = nullptr;
  const Real *real = nullptr;
  compute([&] {
    map.visit([&]<class Value>(const exact::KeyMap<Value> &keys) {
      const Value *found = keys.find(kind_of(type), key);
      if constexpr (std::is_same_v<Value, Count>) {
        count = found;
      } else if constexpr (std::is_same_v<Value, Decimal>) {
        decimal = found;
      } else {
        real = found;
      }
    });
  });
  if (count != nullptr) {
    return value_datum(*count, NUMERICOID);
  }
  if (decimal != nullptr) {
    return value_datum(*decimal, NUMERICOID);
  }
  if (real != nullptr) {
    return value_datum(*real, NUMERICOID);
  }
  PG_RETURN_NULL();
}

// NULL for a map without keys.
template <SqlKey type>
Datum mode(FunctionCallInfo fcinfo) {
  using Key = decltype(starhouse::pg::key_argument<type>(fcinfo, 0));
  const SumMap &map = States::argument(fcinfo, 0);
  Key found{};
  bool any = false;
  compute([&] {
    exact::mode(map, kind_of(type), [&]<class Own>(const Own &key) {
      if constexpr (std::is_same_v<Own, Key>) {
        found = key;
        any = true;
      }
    });
  });
  if (!any) {
    PG_RETURN_NULL();
  }
  using starhouse::pg::exact::key_datum;
  if constexpr (type == SqlKey::text) {
    return key_datum(found.text);
  } else if constexpr (type == SqlKey::uuid) {
    return key_datum(found);
  } else {
    return key_datum(found, type == SqlKey::integer ? INT4OID
                            : type == SqlKey::date  ? DATEOID
                                                    : INT8OID);
  }
}

} // namespace

STARHOUSE_STATE_TYPE(sum_map, States)
STARHOUSE_STATE_COMBINE(map_combine, States)

// Everything that has a function for each type of keys.
#define STARHOUSE_MAP_OF(name, type)                                                               \
  STARHOUSE_FUNCTION(starhouse_count_map_##name) {                                                 \
    return add_count<type>(fcinfo);                                                                \
  }                                                                                                \
  STARHOUSE_FUNCTION(starhouse_sum_map_##name##_int) {                                             \
    return add_sum<type, SqlValue::integer>(fcinfo);                                               \
  }                                                                                                \
  STARHOUSE_FUNCTION(starhouse_sum_map_##name##_bigint) {                                          \
    return add_sum<type, SqlValue::bigint>(fcinfo);                                                \
  }                                                                                                \
  STARHOUSE_FUNCTION(starhouse_sum_map_##name##_numeric) {                                         \
    return add_sum<type, SqlValue::numeric>(fcinfo);                                               \
  }                                                                                                \
  STARHOUSE_FUNCTION(starhouse_sum_map_##name##_float8) {                                          \
    return add_sum<type, SqlValue::float8>(fcinfo);                                                \
  }                                                                                                \
  STARHOUSE_FUNCTION(starhouse_map_value_##name) {                                                 \
    return value_of_key<type>(fcinfo);                                                             \
  }                                                                                                \
  STARHOUSE_FUNCTION(starhouse_map_mode_##name) {                                                  \
    return mode<type>(fcinfo);                                                                     \
  }

STARHOUSE_MAP_OF(bigint, SqlKey::bigint)
STARHOUSE_MAP_OF(int, SqlKey::integer)
STARHOUSE_MAP_OF(text, SqlKey::text)
STARHOUSE_MAP_OF(uuid, SqlKey::uuid)
STARHOUSE_MAP_OF(date, SqlKey::date)
STARHOUSE_MAP_OF(timestamptz, SqlKey::timestamptz)

STARHOUSE_FUNCTION(starhouse_map_size) {
  const SumMap &map = States::argument(fcinfo, 0);
  std::size_t size = 0;
  compute([&] { size = map.size(); });
  PG_RETURN_INT64(static_cast<int64>(size));
}

STARHOUSE_FUNCTION(starhouse_map_rows) {
  using namespace starhouse::pg::exact;
  const SumMap &map = States::argument(fcinfo, 0);
  const ReturnSetInfo *result = begin_rows(fcinfo, 2);
  const Oid value_type = check_value_column(result, map.value_kind_of());
  map.visit([&](const auto &keys) {
    if (keys.kind() == starhouse::KeyKind{}) {
      return;
    }
    const Oid key_type = check_key_column(result, keys.kind());
    each_row(keys, key_type, [&](Datum key, const auto &value) {
      Datum values[] = {key, value_datum(value, value_type)};
      bool nulls[std::size(values)] = {};
      tuplestore_putvalues(result->setResult, result->setDesc, values, nulls);
    });
  });
  return static_cast<Datum>(0);
}
