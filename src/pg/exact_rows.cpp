#include "pg/exact_rows.hpp"

extern "C" {
#include "catalog/pg_type.h"
#include "mb/pg_wchar.h"
}

namespace starhouse::pg::exact {

ReturnSetInfo *begin_rows(FunctionCallInfo fcinfo, int columns) {
  InitMaterializedSRF(fcinfo, MAT_SRF_USE_EXPECTED_DESC);
  auto *result = reinterpret_cast<ReturnSetInfo *>(fcinfo->resultinfo);
  if (result->setDesc->natts != columns) {
    ereport(
        ERROR,
        (errcode(ERRCODE_DATATYPE_MISMATCH),
         errmsg("%d columns are named where there are %d", result->setDesc->natts, columns),
         errhint(columns == 1 ? "Name it with its type: AS m(member bigint)."
                              : "Name them with their types: AS r(key bigint, value bigint).")));
  }
  return result;
}

Oid check_key_column(const ReturnSetInfo *result, KeyKind kind) {
  const Oid type = TupleDescAttr(result->setDesc, 0)->atttypid;
  const bool fits = kind == KeyKind::integer       ? type == INT8OID || type == INT4OID
                    : kind == KeyKind::date        ? type == DATEOID
                    : kind == KeyKind::timestamptz ? type == TIMESTAMPTZOID
                    : kind == KeyKind::uuid        ? type == UUIDOID
                                                   : type == TEXTOID;
  if (!fits) {
    ereport(
        ERROR,
        (errcode(ERRCODE_DATATYPE_MISMATCH),
         errmsg("the keys are of type %s, not %s", name_of(kind).data(), format_type_be(type)),
         errhint("Give the column that type; keys of type bigint may be asked for as integer.")));
  }
  return type;
}

Datum key_datum(std::int64_t number, Oid type) {
  switch (type) {
  case INT4OID:
    if (number < PG_INT32_MIN || number > PG_INT32_MAX) {
      ereport(ERROR,
              (errcode(ERRCODE_NUMERIC_VALUE_OUT_OF_RANGE),
               errmsg("key %lld is out of range for type integer", static_cast<long long>(number)),
               errhint("Ask for the keys as bigint.")));
    }
    return Int32GetDatum(static_cast<int32>(number));
  case DATEOID:
    return DateADTGetDatum(static_cast<DateADT>(number));
  default:
    return Int64GetDatum(number);
  }
}

Datum key_datum(const UuidKey &key) {
  auto *uuid = static_cast<pg_uuid_t *>(palloc(sizeof(pg_uuid_t)));
  for (int i = 0; i < 8; ++i) {
    uuid->data[i] = static_cast<unsigned char>(key.high >> (56 - 8 * i));
    uuid->data[8 + i] = static_cast<unsigned char>(key.low >> (56 - 8 * i));
  }
  return UUIDPGetDatum(uuid);
}

Datum key_datum(std::string_view text) {
  pg_verify_mbstr(GetDatabaseEncoding(), text.data(), static_cast<int>(text.size()), false);
  return PointerGetDatum(cstring_to_text_with_len(text.data(), static_cast<int>(text.size())));
}

} // namespace starhouse::pg::exact
