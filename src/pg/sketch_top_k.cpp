// The most frequent items: approx_top_k_state, _merge, _value and the one-step approx_top_k.
#include "pg/sketch_top_k.hpp"

#include "pg/exact_rows.hpp"
#include "pg/sketch.hpp"
#include "pg/state.hpp"

extern "C" {
#include "access/htup_details.h"
#include "utils/array.h"
#include "utils/lsyscache.h"
#include "utils/tuplestore.h"
#include "utils/typcache.h"
}

namespace {

using starhouse::KeyKind;
using starhouse::pg::compute;
using starhouse::pg::SqlKey;
using starhouse::sketch::TopK;
using States = starhouse::pg::ExpandedState<TopK>;
using Items = std::pmr::vector<TopK::Item>;

// (state, item) and (state, item, capacity); with k between them for the one-step forms.
template <SqlKey type, bool asks>
Datum transition(FunctionCallInfo fcinfo) {
  constexpr int capacity_at = asks ? 3 : 2;
  for (int i = 1; i < PG_NARGS(); ++i) {
    if (PG_ARGISNULL(i)) {
      return States::unchanged(fcinfo);
    }
  }
  const std::int64_t k = asks ? PG_GETARG_INT32(2) : 0;
  const std::int64_t capacity =
      PG_NARGS() > capacity_at ? PG_GETARG_INT32(capacity_at) : TopK::default_capacity;
  const auto key = starhouse::pg::key_argument<type>(fcinfo, 1);
  constexpr KeyKind kind = starhouse::pg::kind_of(type);
  TopK *there = States::in_place(fcinfo);
  if (likely(there != nullptr && there->add_waiting(kind, key, k, capacity))) {
    return PG_GETARG_DATUM(0);
  }
  return States::update(fcinfo, [&](TopK &sketch) {
    sketch.set_capacity(capacity);
    if (asks) {
      sketch.ask(k);
    }
    sketch.add(kind, key);
  });
}

// Outlives the computation, in the state's memory.
Items *top(const TopK &sketch, std::size_t k) {
  auto *items = static_cast<Items *>(palloc(sizeof(Items)));
  compute([&] { new (items) Items(sketch.top(k)); });
  return items;
}

Datum item_text(KeyKind kind, const TopK::Item &item) {
  switch (kind) {
  case KeyKind::uuid:
    return CStringGetTextDatum(
        DatumGetCString(DirectFunctionCall1(uuid_out, starhouse::pg::exact::key_datum(item.uuid))));
  case KeyKind::text:
    return starhouse::pg::exact::key_datum(item.text);
  default:
    return CStringGetTextDatum(
        DatumGetCString(DirectFunctionCall1(int8out, Int64GetDatum(item.number))));
  }
}

struct Row {
  Datum values[3];
  bool nulls[3];
};

Row row_of(const TopK &sketch, const TopK::Item &item, std::uint64_t undercount) {
  return {{item_text(sketch.kind(), item), Int64GetDatum(item.count),
           Int64GetDatum(item.count + static_cast<int64>(undercount))},
          {false, false, false}};
}

std::uint64_t undercount_of(const TopK &sketch) {
  std::uint64_t undercount = 0;
  compute([&] { undercount = sketch.undercount(); });
  return undercount;
}

} // namespace

STARHOUSE_STATE_TYPE(top_k_sketch, States)
STARHOUSE_STATE_COMBINE(approx_top_k_combine, States)

STARHOUSE_FUNCTION(starhouse_approx_top_k_add_bigint) {
  return transition<SqlKey::bigint, false>(fcinfo);
}
STARHOUSE_FUNCTION(starhouse_approx_top_k_add_int) {
  return transition<SqlKey::integer, false>(fcinfo);
}
STARHOUSE_FUNCTION(starhouse_approx_top_k_add_text) {
  return transition<SqlKey::text, false>(fcinfo);
}
STARHOUSE_FUNCTION(starhouse_approx_top_k_add_uuid) {
  return transition<SqlKey::uuid, false>(fcinfo);
}
STARHOUSE_FUNCTION(starhouse_approx_top_k_ask_bigint) {
  return transition<SqlKey::bigint, true>(fcinfo);
}
STARHOUSE_FUNCTION(starhouse_approx_top_k_ask_int) {
  return transition<SqlKey::integer, true>(fcinfo);
}
STARHOUSE_FUNCTION(starhouse_approx_top_k_ask_text) {
  return transition<SqlKey::text, true>(fcinfo);
}
STARHOUSE_FUNCTION(starhouse_approx_top_k_ask_uuid) {
  return transition<SqlKey::uuid, true>(fcinfo);
}

Datum starhouse::pg::top_k_items(const TopK &sketch, FmgrInfo *function) {
  const Oid element = get_element_type(get_fn_expr_rettype(function));
  if (!OidIsValid(element)) {
    ereport(ERROR, (errcode(ERRCODE_FEATURE_NOT_SUPPORTED),
                    errmsg("approx_top_k was called where no array is wanted")));
  }
  const TupleDesc description = lookup_rowtype_tupdesc(element, -1);
  Items *items = top(sketch, sketch.asked());
  const std::uint64_t undercount = undercount_of(sketch);
  auto *elements =
      static_cast<Datum *>(palloc(sizeof(Datum) * std::max<std::size_t>(items->size(), 1)));
  for (std::size_t i = 0; i < items->size(); ++i) {
    CHECK_FOR_INTERRUPTS();
    Row row = row_of(sketch, (*items)[i], undercount);
    elements[i] = HeapTupleGetDatum(heap_form_tuple(description, row.values, row.nulls));
  }
  ReleaseTupleDesc(description);
  const auto count = static_cast<int>(items->size());
  items->~Items(); // it is in the state's memory
  return PointerGetDatum(construct_array(elements, count, element, -1, false, TYPALIGN_DOUBLE));
}

// Final function of approx_top_k.
STARHOUSE_FUNCTION(starhouse_approx_top_k_asked) {
  return starhouse::pg::top_k_items(States::argument(fcinfo, 0), fcinfo->flinfo);
}

STARHOUSE_FUNCTION(starhouse_approx_top_k_value) {
  const TopK &sketch = States::argument(fcinfo, 0);
  const int32 k = PG_GETARG_INT32(1);
  if (k < 1) {
    ereport(ERROR, (errcode(ERRCODE_INVALID_PARAMETER_VALUE), errmsg("k must be at least 1: %d", k),
                    errhint("It is the number of items wanted.")));
  }
  InitMaterializedSRF(fcinfo, 0);
  auto *result = reinterpret_cast<ReturnSetInfo *>(fcinfo->resultinfo);
  const Items *items = top(sketch, static_cast<std::size_t>(k));
  const std::uint64_t undercount = undercount_of(sketch);
  for (const TopK::Item &item : *items) {
    CHECK_FOR_INTERRUPTS();
    Row row = row_of(sketch, item, undercount);
    tuplestore_putvalues(result->setResult, result->setDesc, row.values, row.nulls);
  }
  return static_cast<Datum>(0);
}

STARHOUSE_FUNCTION(starhouse_top_k_sketch_info) {
  const TopK &sketch = States::argument(fcinfo, 0);
  std::size_t bytes = 0;
  compute([&] { bytes = starhouse::stored_size(sketch); });
  const std::uint64_t undercount = undercount_of(sketch);
  return starhouse::pg::sketch::info_row(
      fcinfo, {.form = undercount == 0 ? "exact" : "counters",
               .version = TopK::format.version,
               .bytes = bytes,
               .rows_or_items = sketch.rows(),
               .capacity = sketch.capacity(),
               .relative_error = static_cast<double>(undercount) /
                                 static_cast<double>(std::max<std::uint64_t>(sketch.rows(), 1))});
}
