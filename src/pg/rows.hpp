// Results of more than one value: rows of a function with OUT arguments, and vectors of the core
// that a set-returning function reads row by row.
#pragma once

#include "pg/boundary.hpp"

extern "C" {
#include "access/htup_details.h"
#include "utils/array.h"
#include "utils/lsyscache.h"
#include "utils/typcache.h"
}

#include <memory_resource>
#include <vector>

namespace starhouse::pg {

// The row type of a function with OUT arguments, looked up once per query.
inline TupleDesc result_row_type(FunctionCallInfo fcinfo) {
  auto *descriptor = static_cast<TupleDesc>(fcinfo->flinfo->fn_extra);
  if (descriptor == nullptr) {
    MemoryContext caller = MemoryContextSwitchTo(fcinfo->flinfo->fn_mcxt);
    if (get_call_result_type(fcinfo, nullptr, &descriptor) != TYPEFUNC_COMPOSITE) {
      ereport(ERROR, (errcode(ERRCODE_FEATURE_NOT_SUPPORTED),
                      errmsg("function returning a row called where none is accepted"),
                      errhint("Call it in FROM, or take one column: (function(...)).column.")));
    }
    descriptor = BlessTupleDesc(CreateTupleDescCopy(descriptor));
    fcinfo->flinfo->fn_extra = descriptor;
    MemoryContextSwitchTo(caller);
  }
  return descriptor;
}

template <class Item>
using Items = std::pmr::vector<Item>;

// Runs `find`, which returns a vector in the memory it is given, and keeps that vector in the
// current context.
template <class Item, class Find>
const Items<Item> &kept_items(Find find) {
  auto *memory = new (palloc(sizeof(ContextMemory))) ContextMemory(CurrentMemoryContext);
  auto *items = static_cast<Items<Item> *>(palloc(sizeof(Items<Item>)));
  compute([&] {
    new (items) Items<Item>(find(Env{.memory = memory, .cancel_requested = cancel_requested}));
  });
  return *items;
}

// An array of rows: `row` makes each from an item and the type of a row. `element` is that type's
// OID.
template <class Item, class Row>
Datum composite_array(Oid element, const Items<Item> &items, Row row) {
  TupleDesc type = lookup_rowtype_tupdesc(element, -1);
  if (items.size() > MaxAllocSize / sizeof(Datum)) {
    ereport(ERROR, (errcode(ERRCODE_PROGRAM_LIMIT_EXCEEDED),
                    errmsg("an array of %zu rows is too large", items.size()),
                    errhint("Ask for rows instead, with the set-returning function.")));
  }
  auto *values =
      static_cast<Datum *>(palloc(std::max<std::size_t>(1, items.size()) * sizeof(Datum)));
  std::size_t count = 0;
  for (const Item &item : items) {
    values[count++] = row(item, type);
  }
  ReleaseTupleDesc(type);
  int16 length = 0;
  bool by_value = false;
  char alignment = 0;
  get_typlenbyvalalign(element, &length, &by_value, &alignment);
  return PointerGetDatum(
      construct_array(values, static_cast<int>(count), element, length, by_value, alignment));
}

// The same as the result of a function that returns such an array.
template <class Item, class Row>
Datum composite_array(FunctionCallInfo fcinfo, const Items<Item> &items, Row row) {
  return composite_array(get_element_type(get_func_rettype(fcinfo->flinfo->fn_oid)), items, row);
}

} // namespace starhouse::pg
