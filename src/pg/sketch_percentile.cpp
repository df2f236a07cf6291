// Percentiles with a bounded relative error: approx_percentile_state, _merge, _value, _rank and the
// one-step approx_percentile.
#include "pg/sketch.hpp"
#include "pg/state.hpp"

#include "core/sketch/percentile.hpp"

extern "C" {
#include "catalog/pg_type.h"
#include "utils/array.h"
}

namespace {

using starhouse::pg::compute;
using starhouse::sketch::Percentile;
using States = starhouse::pg::ExpandedState<Percentile>;

using Asked = std::span<const double>;

// A float8[] as plain numbers, NaN for NULL; in the current context.
Asked percentiles_of(ArrayType *array) {
  if (ARR_NDIM(array) > 1) {
    ereport(ERROR, (errcode(ERRCODE_INVALID_PARAMETER_VALUE),
                    errmsg("percentiles must be an array of one dimension"),
                    errhint("For example ARRAY[0.5, 0.95, 0.99].")));
  }
  Datum *elements = nullptr;
  bool *nulls = nullptr;
  int count = 0;
  deconstruct_array(array, FLOAT8OID, sizeof(float8), FLOAT8PASSBYVAL, TYPALIGN_DOUBLE, &elements,
                    &nulls, &count);
  auto *numbers = static_cast<double *>(palloc(sizeof(double) * static_cast<std::size_t>(count)));
  for (int i = 0; i < count; ++i) {
    if (!nulls[i] && std::isnan(DatumGetFloat8(elements[i]))) {
      ereport(ERROR, (errcode(ERRCODE_NUMERIC_VALUE_OUT_OF_RANGE),
                      errmsg("percentile must lie between 0 and 1: NaN"),
                      errhint("The 95th percentile is 0.95.")));
    }
    numbers[i] = nulls[i] ? std::numeric_limits<double>::quiet_NaN() : DatumGetFloat8(elements[i]);
  }
  return {numbers, static_cast<std::size_t>(count)};
}

// The array of the row before: it is the same in all rows of a statement, or nearly so.
struct KeptArray {
  std::size_t size;
  const ArrayType *copy;
  Asked percentiles;
};

Asked percentiles_argument(FunctionCallInfo fcinfo, int index) {
  auto *kept = static_cast<KeptArray *>(fcinfo->flinfo->fn_extra);
  ArrayType *array = PG_GETARG_ARRAYTYPE_P(index);
  const std::size_t size = VARSIZE(array);
  if (kept == nullptr || kept->size != size || std::memcmp(kept->copy, array, size) != 0) {
    MemoryContext old = MemoryContextSwitchTo(fcinfo->flinfo->fn_mcxt);
    auto *copy = static_cast<ArrayType *>(palloc(size));
    std::memcpy(copy, array, size);
    auto *made = static_cast<KeptArray *>(palloc(sizeof(KeptArray)));
    *made = {size, copy, percentiles_of(copy)};
    MemoryContextSwitchTo(old);
    kept = made;
    fcinfo->flinfo->fn_extra = kept;
  }
  return kept->percentiles;
}

double error_argument(FunctionCallInfo fcinfo, int index) {
  return PG_NARGS() > index ? PG_GETARG_FLOAT8(index) : Percentile::default_error;
}

bool row_has_null(FunctionCallInfo fcinfo) {
  for (int i = 1; i < PG_NARGS(); ++i) {
    if (PG_ARGISNULL(i)) {
      return true;
    }
  }
  return false;
}

Datum values_datum(const Percentile &sketch, Asked percentiles) {
  const std::size_t count = percentiles.size();
  auto *values = static_cast<double *>(palloc(sizeof(double) * count));
  compute([&] { sketch.values(percentiles, {values, count}); });
  auto *elements = static_cast<Datum *>(palloc(sizeof(Datum) * count));
  auto *nulls = static_cast<bool *>(palloc(sizeof(bool) * count));
  for (std::size_t i = 0; i < count; ++i) {
    elements[i] = Float8GetDatum(values[i]);
    nulls[i] = std::isnan(percentiles[i]) || sketch.count() == 0;
  }
  int dimension[] = {static_cast<int>(count)};
  int lower_bound[] = {1};
  PG_RETURN_ARRAYTYPE_P(count == 0 ? construct_empty_array(FLOAT8OID)
                                   : construct_md_array(elements, nulls, 1, dimension, lower_bound,
                                                        FLOAT8OID, sizeof(float8), FLOAT8PASSBYVAL,
                                                        TYPALIGN_DOUBLE));
}

Datum value_datum(FunctionCallInfo fcinfo, const Percentile &sketch, double p) {
  if (sketch.count() == 0) {
    PG_RETURN_NULL();
  }
  double value = 0;
  compute([&] { value = sketch.value(p); });
  PG_RETURN_FLOAT8(value);
}

void check_percentiles(Asked percentiles) {
  compute([&] {
    Percentile checked{starhouse::Env{}};
    checked.ask(percentiles);
  });
}

} // namespace

STARHOUSE_STATE_TYPE(percentile_sketch, States)
STARHOUSE_STATE_COMBINE(approx_percentile_combine, States)

// (state, x) and (state, x, relative_error)
STARHOUSE_FUNCTION(starhouse_approx_percentile_add) {
  if (row_has_null(fcinfo)) {
    return States::unchanged(fcinfo);
  }
  const double value = PG_GETARG_FLOAT8(1);
  return States::add(fcinfo, {value, Percentile::no_percentile, error_argument(fcinfo, 2)});
}

// (state, x, p) and (state, x, p, relative_error)
STARHOUSE_FUNCTION(starhouse_approx_percentile_ask) {
  if (row_has_null(fcinfo)) {
    return States::unchanged(fcinfo);
  }
  const double value = PG_GETARG_FLOAT8(1);
  const double p = PG_GETARG_FLOAT8(2);
  if (std::isnan(p)) [[unlikely]] {
    ereport(ERROR, (errcode(ERRCODE_NUMERIC_VALUE_OUT_OF_RANGE),
                    errmsg("percentile must lie between 0 and 1: NaN"),
                    errhint("The 95th percentile is 0.95.")));
  }
  return States::add(fcinfo, {value, p, error_argument(fcinfo, 3)});
}

// (state, x, p[]) and (state, x, p[], relative_error)
STARHOUSE_FUNCTION(starhouse_approx_percentile_ask_many) {
  if (row_has_null(fcinfo)) {
    return States::unchanged(fcinfo);
  }
  const double value = PG_GETARG_FLOAT8(1);
  const Asked percentiles = percentiles_argument(fcinfo, 2);
  const double relative_error = error_argument(fcinfo, 3);
  return States::update(fcinfo, [&](Percentile &sketch) {
    sketch.set_error(relative_error);
    if (!percentiles.empty()) {
      sketch.ask(percentiles);
    }
    sketch.add(value);
  });
}

// Final functions of the one-step forms.
STARHOUSE_FUNCTION(starhouse_approx_percentile_asked) {
  const Percentile &sketch = States::argument(fcinfo, 0);
  if (sketch.asked().empty()) {
    PG_RETURN_NULL();
  }
  return value_datum(fcinfo, sketch, sketch.asked()[0]);
}
STARHOUSE_FUNCTION(starhouse_approx_percentile_asked_many) {
  const Percentile &sketch = States::argument(fcinfo, 0);
  return values_datum(sketch, sketch.asked());
}

STARHOUSE_FUNCTION(starhouse_approx_percentile_value) {
  const Percentile &sketch = States::argument(fcinfo, 0);
  const double p = PG_GETARG_FLOAT8(1);
  if (!(p >= 0 && p <= 1)) {
    ereport(ERROR, (errcode(ERRCODE_NUMERIC_VALUE_OUT_OF_RANGE),
                    errmsg("percentile must lie between 0 and 1: %g", p),
                    errhint("The 95th percentile is 0.95.")));
  }
  return value_datum(fcinfo, sketch, p);
}
STARHOUSE_FUNCTION(starhouse_approx_percentile_values) {
  const Percentile &sketch = States::argument(fcinfo, 0);
  const Asked percentiles = percentiles_of(PG_GETARG_ARRAYTYPE_P(1));
  check_percentiles(percentiles);
  return values_datum(sketch, percentiles);
}

STARHOUSE_FUNCTION(starhouse_approx_percentile_rank) {
  const Percentile &sketch = States::argument(fcinfo, 0);
  const double value = PG_GETARG_FLOAT8(1);
  if (sketch.count() == 0) {
    PG_RETURN_NULL();
  }
  double rank = 0;
  compute([&] { rank = sketch.rank(value); });
  PG_RETURN_FLOAT8(rank);
}

STARHOUSE_FUNCTION(starhouse_percentile_sketch_info) {
  const Percentile &sketch = States::argument(fcinfo, 0);
  std::size_t bytes = 0;
  double error = 0;
  compute([&] {
    bytes = starhouse::stored_size(sketch);
    error = sketch.error();
  });
  return starhouse::pg::sketch::info_row(fcinfo, {.form = "buckets",
                                                  .version = Percentile::format.version,
                                                  .bytes = bytes,
                                                  .rows_or_items = sketch.count(),
                                                  .capacity = sketch.most_buckets(),
                                                  .relative_error = error});
}
