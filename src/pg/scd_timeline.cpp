// starhouse.scd_place: the version in force, from the arrays of a key's starts and ends.
#include "pg/postgres.hpp"

#include "core/scd/timeline.hpp"

extern "C" {
#include "catalog/pg_type.h"
#include "utils/array.h"
#include "utils/timestamp.h"
}

namespace {

struct Instants {
  const char *values;
  int count;
};

// The values of a one-dimensional array without NULLs. It may lie packed, that is unaligned, in a
// tuple: its header is copied instead of the whole, which this is called for millions of times.
Instants read_instants(struct varlena *array, const char *name) {
  constexpr size_t header = sizeof(ArrayType) - VARHDRSZ;
  struct {
    int32 length;
    int32 dimensions;
    int32 null_offset;
    Oid type;
  } head = {};
  static_assert(sizeof(head) == sizeof(ArrayType));
  const char *data = VARDATA_ANY(array);
  const size_t size = VARSIZE_ANY_EXHDR(array);
  if (size < header) {
    ereport(ERROR, (errcode(ERRCODE_DATA_CORRUPTED), errmsg("array %s is cut short", name)));
  }
  memcpy(&head.dimensions, data, header);
  if (head.dimensions == 0) {
    return {data, 0};
  }
  int32 bounds[2] = {};
  if (head.dimensions == 1 && size >= header + sizeof(bounds)) {
    memcpy(bounds, data + header, sizeof(bounds));
  }
  const size_t values = ARR_OVERHEAD_NONULLS(1) - VARHDRSZ;
  if (head.dimensions != 1 || head.null_offset != 0 || head.type != TIMESTAMPTZOID ||
      bounds[0] < 0 || bounds[1] != 1 ||
      size < values + sizeof(TimestampTz) * static_cast<size_t>(bounds[0])) {
    ereport(ERROR, (errcode(ERRCODE_ARRAY_SUBSCRIPT_ERROR),
                    errmsg("array %s is not a list of instants without NULLs", name),
                    errhint("Give the starts and ends of a key's versions, in order of time.")));
  }
  return {data + values, bounds[0]};
}

} // namespace

STARHOUSE_FUNCTION(starhouse_scd_place) {
  const Instants starts = read_instants(PG_GETARG_VARLENA_PP(0), "starts");
  const Instants ends = read_instants(PG_GETARG_VARLENA_PP(1), "ends");
  if (starts.count != ends.count) {
    ereport(ERROR, (errcode(ERRCODE_ARRAY_SUBSCRIPT_ERROR),
                    errmsg("%d versions start and %d end", starts.count, ends.count)));
  }
  const int place = starhouse::scd::in_force({starts.values, ends.values, starts.count},
                                             PG_GETARG_TIMESTAMPTZ(2));
  if (place < 0) {
    PG_RETURN_NULL();
  }
  PG_RETURN_INT32(place + 1);
}
