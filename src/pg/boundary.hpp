// The boundary between C++ and PostgreSQL, in one place.
//
// ereport longjmps over destructors; an exception may not cross a C frame. So an SQL function has
// three phases: unpack (PostgreSQL rules: plain data only, may ereport), compute (C++ rules: may
// throw, calls nothing that can ereport), pack (PostgreSQL rules again). boundary::compute runs the
// middle one and turns whatever it throws into a plain record, which is raised only after the catch
// block is left: raising inside it leaks the exception object.
#pragma once

#include "pg/postgres.hpp"
#include "core/error.hpp"

#include <memory_resource>
#include <new>
#include <type_traits>

namespace starhouse::pg {

// Plain data, so that a longjmp over it loses nothing. Texts are truncated, never allocated.
struct Failure {
  enum class Kind : unsigned char { none, error, out_of_memory, cancelled, internal };
  Kind kind = Kind::none;
  char sqlstate[6] = "XX000";
  char message[1024] = "";
  char detail[512] = "";
  char hint[512] = "";

  void capture(const Error &error) noexcept;
  void capture_internal(const char *what) noexcept;
};

// Raises the failure as an SQL error (or serves the pending interrupt). Does not return.
[[noreturn]] void raise(const Failure &failure);

// Allocates in a memory context without ereport: exhaustion is std::bad_alloc, which compute()
// reports as 53200. Trivially destructible; what it hands out dies with the context.
class ContextMemory final : public std::pmr::memory_resource {
public:
  explicit ContextMemory(MemoryContext context) noexcept : context_(context) {}

private:
  void *do_allocate(std::size_t bytes, std::size_t alignment) override;
  void do_deallocate(void *pointer, std::size_t bytes, std::size_t alignment) override;
  bool do_is_equal(const std::pmr::memory_resource &other) const noexcept override {
    return this == &other;
  }
  MemoryContext context_;
};

// True when the statement should stop; safe to call from core code.
bool cancel_requested() noexcept;

// Runs the compute phase. The callable may throw; its captures and everything alive in the caller
// must be plain data, which the assertions check as far as a compiler can.
template <class Compute>
void compute(Compute &&body) {
  static_assert(std::is_trivially_destructible_v<std::remove_reference_t<Compute>>,
                "captures live across ereport: capture references or plain data");
  Failure failure;
  try {
    body();
  } catch (const Error &error) {
    failure.capture(error);
  } catch (const Cancelled &) {
    failure.kind = Failure::Kind::cancelled;
  } catch (const std::bad_alloc &) {
    failure.kind = Failure::Kind::out_of_memory;
  } catch (const std::exception &error) {
    failure.capture_internal(error.what());
  } catch (...) {
    failure.capture_internal("unknown exception");
  }
  if (failure.kind != Failure::Kind::none) {
    raise(failure);
  }
}

} // namespace starhouse::pg
