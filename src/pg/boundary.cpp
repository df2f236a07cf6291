#include "pg/boundary.hpp"

#include <algorithm>
#include <string_view>

namespace starhouse::pg {

namespace {

// Copies and truncates at a character boundary: the server refuses half a UTF-8 sequence.
void copy_text(char *target, std::size_t capacity, std::string_view source) noexcept {
  std::size_t length = std::min(source.size(), capacity - 1);
  if (length < source.size()) {
    while (length > 0 && (static_cast<unsigned char>(source[length]) & 0xC0U) == 0x80U) {
      --length;
    }
  }
  std::memcpy(target, source.data(), length);
  target[length] = '\0';
}

} // namespace

void Failure::capture(const Error &error) noexcept {
  kind = Kind::error;
  std::memcpy(sqlstate, error.code().data(), sizeof sqlstate);
  copy_text(message, sizeof message, error.message());
  copy_text(detail, sizeof detail, error.detail());
  copy_text(hint, sizeof hint, error.hint());
}

void Failure::capture_internal(const char *what) noexcept {
  kind = Kind::internal;
  copy_text(message, sizeof message, what);
}

void raise(const Failure &failure) {
  switch (failure.kind) {
  case Failure::Kind::cancelled:
    CHECK_FOR_INTERRUPTS();
    // The interrupt was held off or already served elsewhere: stop all the same.
    ereport(ERROR, (errcode(ERRCODE_QUERY_CANCELED), errmsg("canceling statement on request")));
    break;
  case Failure::Kind::out_of_memory:
    ereport(ERROR, (errcode(ERRCODE_OUT_OF_MEMORY), errmsg("out of memory"),
                    errdetail("Failed in a starhouse computation.")));
    break;
  case Failure::Kind::internal:
    ereport(ERROR,
            (errcode(ERRCODE_INTERNAL_ERROR), errmsg("internal error: %s", failure.message),
             errhint("This is a defect of starhouse: please report the statement and message.")));
    break;
  case Failure::Kind::none:
  case Failure::Kind::error:
    break;
  }
  const char *s = failure.sqlstate;
  ereport(ERROR, (errcode(MAKE_SQLSTATE(s[0], s[1], s[2], s[3], s[4])),
                  errmsg("%s", failure.message),
                  failure.detail[0] != '\0' ? errdetail("%s", failure.detail) : 0,
                  failure.hint[0] != '\0' ? errhint("%s", failure.hint) : 0));
  pg_unreachable();
}

void *ContextMemory::do_allocate(std::size_t bytes, std::size_t alignment) {
  // palloc aligns to MAXIMUM_ALIGNOF; nothing in the core asks for more.
  if (alignment > MAXIMUM_ALIGNOF || bytes > MaxAllocHugeSize) {
    throw std::bad_alloc();
  }
  void *pointer = MemoryContextAllocExtended(context_, bytes == 0 ? 1 : bytes,
                                             MCXT_ALLOC_NO_OOM | MCXT_ALLOC_HUGE);
  if (pointer == nullptr) {
    throw std::bad_alloc();
  }
  return pointer;
}

void ContextMemory::do_deallocate(void *pointer, std::size_t /*bytes*/, std::size_t /*alignment*/) {
  pfree(pointer);
}

bool cancel_requested() noexcept {
  return QueryCancelPending != 0 || ProcDiePending != 0;
}

} // namespace starhouse::pg
