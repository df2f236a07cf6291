#include "pg/state.hpp"

#include "core/base64.hpp"

extern "C" {
#include "access/htup_details.h"
#include "catalog/pg_aggregate.h"
#include "lib/stringinfo.h"
#include "libpq/pqformat.h"
#include "utils/syscache.h"
}

namespace starhouse::pg {

void *StateMemory::do_allocate(std::size_t bytes, std::size_t alignment) {
  if (bytes > left_) {
    throw Error(sqlstate::program_limit_exceeded,
                std::string(type_) + " grew past " + std::to_string(limit >> 20U) + " MB",
                "Aggregate fewer rows at a time, or by more groups.");
  }
  void *memory = ContextMemory::do_allocate(bytes, alignment);
  left_ -= bytes;
  return memory;
}

void StateMemory::do_deallocate(void *pointer, std::size_t bytes, std::size_t alignment) {
  ContextMemory::do_deallocate(pointer, bytes, alignment);
  left_ += bytes;
}

namespace {

void refuse_size(std::size_t bytes) {
  if (bytes > MaxAllocSize) {
    ereport(ERROR, (errcode(ERRCODE_PROGRAM_LIMIT_EXCEEDED),
                    errmsg("an aggregate state of %zu bytes is too large to be a value", bytes),
                    errhint("Aggregate fewer rows at a time, or by more groups.")));
  }
}

} // namespace

namespace detail {

MemoryContext aggregate_context(FunctionCallInfo fcinfo) {
  MemoryContext context = nullptr;
  if (AggCheckCallContext(fcinfo, &context) == 0) {
    ereport(ERROR, (errcode(ERRCODE_FEATURE_NOT_SUPPORTED),
                    errmsg("a transition function was called outside an aggregate"),
                    errhint("Call the aggregate instead.")));
  }
  return context;
}

// Found by its name's address among the few children there are; kept nowhere, since the executor
// resets the aggregate's context, and with it drops this one, whenever it likes.
MemoryContext states_context(MemoryContext aggregate) {
  static constexpr char name[] = "starhouse states";
  for (MemoryContext child = aggregate->firstchild; child != nullptr; child = child->nextchild) {
    if (child->name == name) {
      return child;
    }
  }
  return AllocSetContextCreateInternal(aggregate, name, ALLOCSET_DEFAULT_SIZES);
}

namespace {

// Hangs on the context as a callback, which the server drops when it resets the context, and with
// it the memory this lies in.
struct SharedObject {
  MemoryContextCallback callback;
  const void *tag;
};
void nothing_to_do(void * /*object*/) {}

} // namespace

void *shared_object(MemoryContext states, const void *tag, std::size_t size,
                    void (*make)(void *object, MemoryContext states)) {
  constexpr std::size_t offset = MAXALIGN(sizeof(SharedObject));
  for (const MemoryContextCallback *callback = states->reset_cbs; callback != nullptr;
       callback = callback->next) {
    if (callback->func == nothing_to_do &&
        static_cast<const SharedObject *>(callback->arg)->tag == tag) {
      return static_cast<char *>(callback->arg) + offset;
    }
  }
  auto *made = static_cast<SharedObject *>(MemoryContextAlloc(states, offset + size));
  make(reinterpret_cast<char *>(made) + offset, states);
  made->callback.func = nothing_to_do;
  made->callback.arg = made;
  made->tag = tag;
  MemoryContextRegisterResetCallback(states, &made->callback);
  return reinterpret_cast<char *>(made) + offset;
}

namespace {

// Whether a state argument of the call, where it is not NULL, is what the function returned before:
// the executor calls it as the transition function of an aggregate that begins without a state.
bool is_native(FunctionCallInfo fcinfo) {
  const Aggref *aggref = IsA(fcinfo->context, AggState) ? AggGetAggref(fcinfo) : nullptr;
  if (aggref == nullptr || DO_AGGSPLIT_COMBINE(aggref->aggsplit)) {
    return false;
  }
  HeapTuple tuple = SearchSysCache1(AGGFNOID, ObjectIdGetDatum(aggref->aggfnoid));
  if (!HeapTupleIsValid(tuple)) {
    return false;
  }
  const auto *aggregate = reinterpret_cast<Form_pg_aggregate>(GETSTRUCT(tuple));
  bool no_initial = false;
  SysCacheGetAttr(AGGFNOID, tuple, Anum_pg_aggregate_agginitval, &no_initial);
  const bool own = aggregate->aggtransfn == fcinfo->flinfo->fn_oid;
  ReleaseSysCache(tuple);
  return own && no_initial;
}

// The plan's memory, where the site lies, outlives that of its states.
struct SiteCallback {
  MemoryContextCallback callback;
  RowSite *site;
  void *waiting;
};
void close_row_site(void *argument) {
  const auto *closed = static_cast<SiteCallback *>(argument);
  if (closed->site->waiting == closed->waiting) {
    *closed->site = {nullptr, nullptr, closed->site->native};
  }
}

} // namespace

void open_row_site(FunctionCallInfo fcinfo, MemoryContext states, void *waiting) {
  auto *site = static_cast<RowSite *>(fcinfo->flinfo->fn_extra);
  if (site == nullptr) {
    site = static_cast<RowSite *>(MemoryContextAllocZero(fcinfo->flinfo->fn_mcxt, sizeof(RowSite)));
    site->native = is_native(fcinfo);
    fcinfo->flinfo->fn_extra = site;
  }
  if (!site->native || site->waiting == waiting) {
    return;
  }
  auto *closing = static_cast<SiteCallback *>(MemoryContextAlloc(states, sizeof(SiteCallback)));
  closing->callback.func = close_row_site;
  closing->callback.arg = closing;
  closing->site = site;
  closing->waiting = waiting;
  MemoryContextRegisterResetCallback(states, &closing->callback);
  site->aggregate = MemoryContextGetParent(states);
  site->waiting = waiting;
}

Datum unchanged(FunctionCallInfo fcinfo) {
  if (PG_ARGISNULL(0)) {
    PG_RETURN_NULL();
  }
  return PG_GETARG_DATUM(0);
}

Bytes stored_bytes(Datum value) {
  const varlena *stored = PG_DETOAST_DATUM_PACKED(value);
  return {reinterpret_cast<const std::byte *>(VARDATA_ANY(stored)),
          static_cast<std::size_t>(VARSIZE_ANY_EXHDR(stored))};
}

Bytes bytes_from_text(const char *text, std::string_view type) {
  const std::size_t length = std::strlen(text);
  const std::size_t capacity = base64_most_bytes(length);
  auto *bytes = static_cast<std::byte *>(palloc(capacity));
  std::size_t size = 0;
  compute([&] { size = base64_decode({text, length}, {bytes, capacity}, type); });
  return {bytes, size};
}

char *text_from_bytes(Bytes bytes) {
  const std::size_t length = base64_size(bytes.size());
  refuse_size(length + 1);
  auto *text = static_cast<char *>(palloc(length + 1));
  base64_encode(bytes, {text, length});
  text[length] = '\0';
  return text;
}

Bytes bytes_from_message(Datum message) {
  auto *buffer = reinterpret_cast<StringInfo>(DatumGetPointer(message));
  const int size = buffer->len - buffer->cursor;
  return {reinterpret_cast<const std::byte *>(pq_getmsgbytes(buffer, size)),
          static_cast<std::size_t>(size)};
}

std::span<std::byte> new_varlena(std::size_t size) {
  refuse_size(VARHDRSZ + size);
  auto *made = static_cast<char *>(palloc(VARHDRSZ + size));
  SET_VARSIZE(made, VARHDRSZ + size);
  return {reinterpret_cast<std::byte *>(made) + VARHDRSZ, size};
}

Datum varlena_datum(std::span<std::byte> bytes) {
  return PointerGetDatum(bytes.data() - VARHDRSZ);
}

} // namespace detail

} // namespace starhouse::pg
