// Results of more than one value: rows of a function with OUT arguments, and vectors of the core
// that a set-returning function reads row by row.
#pragma once

#include "pg/boundary.hpp"

extern "C" {
#include "access/htup_details.h"
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

} // namespace starhouse::pg
