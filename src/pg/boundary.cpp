#include "pg/boundary.hpp"

extern "C" {
#include "mb/pg_wchar.h"
}

#include <algorithm>
#include <cstring>
#include <string_view>

namespace starhouse::pg {

namespace {

// Copies without NUL bytes, which would end the text early. What does not fit is cut at a character
// boundary, since the server refuses half a UTF-8 sequence, and the cut is shown.
void copy_text(char *target, std::size_t capacity, std::string_view source) noexcept {
  constexpr std::string_view cut = "...";
  std::size_t length = source.size();
  if (length > capacity - 1) {
    length = capacity - 1 - cut.size();
    while (length > 0 && (static_cast<unsigned char>(source[length]) & 0xC0U) == 0x80U) {
      --length;
    }
  }
  std::replace_copy(source.begin(), source.begin() + static_cast<std::ptrdiff_t>(length), target,
                    '\0', '?');
  if (length < source.size()) {
    std::memcpy(target + length, cut.data(), cut.size());
    length += cut.size();
  }
  target[length] = '\0';
}

// A message may quote bytes that are no text at all; sending those would fail a second time, inside
// the error's own report. They become question marks.
void make_valid(char *text) noexcept {
  int encoding = GetDatabaseEncoding();
  int length = static_cast<int>(std::strlen(text));
  while (length > 0) {
    int valid = pg_encoding_verifymbstr(encoding, text, length);
    if (valid >= length) {
      return;
    }
    text += valid;
    *text++ = '?';
    length -= valid + 1;
  }
}

// An error's code has five digits or upper-case letters and is none of the classes that mean
// success.
bool is_error_code(const char *code) noexcept {
  std::string_view view(code, 5);
  return std::all_of(view.begin(), view.end(),
                     [](char c) { return (c >= '0' && c <= '9') || (c >= 'A' && c <= 'Z'); }) &&
         !(view[0] == '0' && view[1] <= '2');
}

} // namespace

bool interrupt_caught = false;

void Failure::capture(Kind what) noexcept {
  kind = what;
  std::memcpy(sqlstate, "XX000", sizeof sqlstate);
  message[0] = detail[0] = hint[0] = '\0';
}

void Failure::capture(const Error &error) noexcept {
  capture(Kind::error);
  if (is_error_code(error.code().data())) {
    std::memcpy(sqlstate, error.code().data(), sizeof sqlstate);
  }
  copy_text(message, sizeof message, error.message());
  copy_text(detail, sizeof detail, error.detail());
  copy_text(hint, sizeof hint, error.hint());
}

void Failure::capture_internal(const char *what) noexcept {
  capture(Kind::internal);
  copy_text(message, sizeof message, what);
}

void raise(const Failure &failure) {
  if (interrupt_caught) {
    // Whatever the computation made of being stopped, the interrupt's own error is the one to see.
    interrupt_caught = false;
    PG_RE_THROW();
  }
  Failure shown = failure;
  make_valid(shown.message);
  make_valid(shown.detail);
  make_valid(shown.hint);
  switch (shown.kind) {
  case Failure::Kind::cancelled:
    // Stopped by something else than an interrupt of ours.
    ereport(ERROR, (errcode(ERRCODE_QUERY_CANCELED), errmsg("canceling statement on request")));
    break;
  case Failure::Kind::out_of_memory:
    ereport(ERROR, (errcode(ERRCODE_OUT_OF_MEMORY), errmsg("out of memory"),
                    errdetail("Failed in a starhouse computation.")));
    break;
  case Failure::Kind::too_large:
    ereport(ERROR, (errcode(ERRCODE_PROGRAM_LIMIT_EXCEEDED),
                    errmsg("a starhouse computation grew past the size a container can have"),
                    errhint("Work on fewer or smaller values at a time.")));
    break;
  case Failure::Kind::internal:
    ereport(ERROR,
            (errcode(ERRCODE_INTERNAL_ERROR), errmsg("internal error: %s", shown.message),
             errhint("This is a defect of starhouse: please report the statement and message.")));
    break;
  case Failure::Kind::none:
  case Failure::Kind::error:
    break;
  }
  const char *s = shown.sqlstate;
  ereport(ERROR, (errcode(MAKE_SQLSTATE(s[0], s[1], s[2], s[3], s[4])), errmsg("%s", shown.message),
                  shown.detail[0] != '\0' ? errdetail("%s", shown.detail) : 0,
                  shown.hint[0] != '\0' ? errhint("%s", shown.hint) : 0));
  pg_unreachable();
}

// palloc aligns to MAXIMUM_ALIGNOF. For more, the block is made larger and the pointer that palloc
// gave is kept in front of the aligned one.
void *ContextMemory::do_allocate(std::size_t bytes, std::size_t alignment) {
  const bool over_aligned = alignment > MAXIMUM_ALIGNOF;
  const std::size_t extra = over_aligned ? alignment + sizeof(void *) : 0;
  if (bytes > MaxAllocHugeSize - extra) {
    throw std::bad_alloc();
  }
  const std::size_t size = std::max<std::size_t>(bytes + extra, 1);
  void *block = MemoryContextAllocExtended(context_, size, MCXT_ALLOC_NO_OOM | MCXT_ALLOC_HUGE);
  if (block == nullptr) {
    throw std::bad_alloc();
  }
  if (!over_aligned) {
    return block;
  }
  auto address = reinterpret_cast<std::uintptr_t>(block) + sizeof(void *);
  address = (address + alignment - 1) & ~(static_cast<std::uintptr_t>(alignment) - 1);
  void **aligned = reinterpret_cast<void **>(address);
  aligned[-1] = block;
  return aligned;
}

void ContextMemory::do_deallocate(void *pointer, std::size_t /*bytes*/, std::size_t alignment) {
  pfree(alignment > MAXIMUM_ALIGNOF ? static_cast<void **>(pointer)[-1] : pointer);
}

bool cancel_requested() noexcept {
  if (!INTERRUPTS_PENDING_CONDITION() || interrupt_caught) {
    return interrupt_caught;
  }
  // Which flags mean "stop" differs by version (17 keeps recovery conflicts to itself, and adds a
  // transaction time-out), so the server decides: it serves what is pending, and if that raises,
  // the error stays on its stack until raise() goes on with it. Only C frames lie in between.
  MemoryContext caller = CurrentMemoryContext;
  PG_TRY();
  { CHECK_FOR_INTERRUPTS(); }
  PG_CATCH();
  { interrupt_caught = true; }
  PG_END_TRY();
  MemoryContextSwitchTo(caller);
  return interrupt_caught;
}

} // namespace starhouse::pg
