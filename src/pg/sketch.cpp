#include "pg/sketch.hpp"

extern "C" {
#include "access/htup_details.h"
}

namespace starhouse::pg::sketch {

Datum info_row(FunctionCallInfo fcinfo, const Info &info) {
  TupleDesc row = nullptr;
  if (get_call_result_type(fcinfo, nullptr, &row) != TYPEFUNC_COMPOSITE) {
    ereport(ERROR, (errcode(ERRCODE_FEATURE_NOT_SUPPORTED),
                    errmsg("sketch_info was called where no row is wanted")));
  }
  Datum values[] = {CStringGetTextDatum(info.form),
                    Int32GetDatum(info.version),
                    Int64GetDatum(static_cast<int64>(info.bytes)),
                    Int64GetDatum(static_cast<int64>(info.rows_or_items)),
                    Int64GetDatum(static_cast<int64>(info.capacity)),
                    Float8GetDatum(info.relative_error)};
  bool nulls[] = {false, false, false, false, info.capacity == 0, std::isnan(info.relative_error)};
  return HeapTupleGetDatum(heap_form_tuple(BlessTupleDesc(row), values, nulls));
}

} // namespace starhouse::pg::sketch
