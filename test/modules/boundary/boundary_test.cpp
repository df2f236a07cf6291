// Functions that fail on purpose, one kind of failure each. `live` counts objects that are alive in
// a compute phase: whatever the failure, it is zero afterwards, or a destructor was jumped over.
#include "pg/boundary.hpp"

extern "C" {
#include "utils/timestamp.h"
}

#include <algorithm>
#include <memory>
#include <new>
#include <stdexcept>
#include <vector>

#pragma GCC visibility push(default)
extern "C" {
PG_MODULE_MAGIC;
}
#pragma GCC visibility pop

namespace {

int live = 0;

struct Counted {
  Counted() { ++live; }
  Counted(const Counted &) = delete;
  Counted &operator=(const Counted &) = delete;
  ~Counted() { --live; }
  std::vector<char> payload = std::vector<char>(4096);
};

std::string_view view(text *value) {
  return {VARDATA_ANY(value), static_cast<std::size_t>(VARSIZE_ANY_EXHDR(value))};
}

starhouse::SqlState code_of(std::string_view source) {
  starhouse::SqlState code{};
  std::copy_n(source.begin(), std::min<std::size_t>(source.size(), 5), code.begin());
  return code;
}

} // namespace

// boundary_error(code, message, detail, hint)
STARHOUSE_FUNCTION(boundary_error) {
  std::string_view code = view(PG_GETARG_TEXT_PP(0));
  std::string_view message = view(PG_GETARG_TEXT_PP(1));
  std::string_view detail = view(PG_GETARG_TEXT_PP(2));
  std::string_view hint = view(PG_GETARG_TEXT_PP(3));
  starhouse::pg::compute([&] {
    Counted object;
    throw starhouse::Error(code_of(code), std::string(message), std::string(hint),
                           std::string(detail));
  });
  PG_RETURN_VOID();
}

// boundary_bytes(bytea): an error whose message quotes raw bytes.
STARHOUSE_FUNCTION(boundary_bytes) {
  std::string_view bytes = view(reinterpret_cast<text *>(PG_GETARG_BYTEA_PP(0)));
  starhouse::pg::compute([&] {
    Counted object;
    throw starhouse::Error(starhouse::sqlstate::invalid_text_representation,
                           "bad bytes: \"" + std::string(bytes) + "\"");
  });
  PG_RETURN_VOID();
}

// boundary_throw(kind): exceptions that are not ours.
STARHOUSE_FUNCTION(boundary_throw) {
  std::string_view kind = view(PG_GETARG_TEXT_PP(0));
  MemoryContext context = CurrentMemoryContext;
  starhouse::pg::compute([&] {
    Counted object;
    starhouse::pg::ContextMemory memory(context);
    if (kind == "bad_alloc") {
      throw std::bad_alloc();
    }
    if (kind == "context") {
      // 256 TB: past what any context can give.
      (void)memory.allocate(std::size_t{1} << 48U, 8);
    }
    if (kind == "context huge") {
      (void)memory.allocate(std::size_t{1} << 62U, 64);
    }
    if (kind == "container") {
      std::pmr::vector<char> grown(&memory);
      grown.resize(std::size_t{1} << 46U);
    }
    if (kind == "length_error") {
      std::vector<int> grown;
      grown.reserve(grown.max_size() + 1);
    }
    if (kind == "runtime_error") {
      throw std::runtime_error("disk on fire");
    }
    if (kind == "unknown") {
      throw 42;
    }
    if (kind == "cancelled") {
      throw starhouse::Cancelled{};
    }
  });
  PG_RETURN_VOID();
}

// boundary_spin(seconds, swallow): computes until an interrupt stops it, and says 'finished' if
// none did. With `swallow` the computation hides being stopped, as careless code might.
STARHOUSE_FUNCTION(boundary_spin) {
  const double seconds = PG_GETARG_FLOAT8(0);
  const bool swallow = PG_GETARG_BOOL(1);
  const TimestampTz end = TimestampTzPlusMilliseconds(GetCurrentTimestamp(), seconds * 1000);
  std::uint64_t steps = 0;
  starhouse::pg::compute([&] {
    Counted object;
    const starhouse::Env env{.cancel_requested = starhouse::pg::cancel_requested};
    try {
      while (GetCurrentTimestamp() < end) {
        ++steps;
        env.poll();
      }
    } catch (const starhouse::Cancelled &) {
      if (!swallow) {
        throw;
      }
    }
  });
  PG_RETURN_TEXT_P(cstring_to_text(steps > 0 ? "finished" : "not begun"));
}

// boundary_aligned(alignment, blocks): true when every block is aligned and keeps its content.
STARHOUSE_FUNCTION(boundary_aligned) {
  const auto alignment = static_cast<std::size_t>(PG_GETARG_INT32(0));
  const int blocks = PG_GETARG_INT32(1);
  MemoryContext context = CurrentMemoryContext;
  bool good = true;
  starhouse::pg::compute([&] {
    starhouse::pg::ContextMemory memory(context);
    std::vector<std::pair<unsigned char *, std::size_t>> kept;
    for (int i = 0; i < blocks; ++i) {
      const std::size_t size = static_cast<std::size_t>(i) * 7 % 300;
      auto *block = static_cast<unsigned char *>(memory.allocate(size, alignment));
      good = good && reinterpret_cast<std::uintptr_t>(block) % alignment == 0;
      std::fill_n(block, size, static_cast<unsigned char>(i));
      kept.emplace_back(block, size);
    }
    for (int i = 0; i < blocks; ++i) {
      const auto &[block, size] = kept[static_cast<std::size_t>(i)];
      good = good && std::all_of(block, block + size, [i](unsigned char byte) {
               return byte == static_cast<unsigned char>(i);
             });
      memory.deallocate(block, size, alignment);
    }
  });
  PG_RETURN_BOOL(good);
}

// boundary_live(): objects whose destructor did not run.
STARHOUSE_FUNCTION(boundary_live) {
  PG_RETURN_INT32(live);
}
