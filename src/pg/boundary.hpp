// The boundary between C++ and PostgreSQL, in one place.
//
// ereport longjmps over destructors; an exception may not cross a C frame. So an SQL function has
// three phases: unpack (PostgreSQL rules: plain data only, may ereport), compute (C++ rules: may
// throw, calls nothing that can ereport), pack (PostgreSQL rules again). compute() runs the middle
// one and turns whatever it throws into a plain record, which is raised only after the catch block
// is left: raising inside it leaks the exception object.
#pragma once

#include "pg/postgres.hpp"
#include "core/error.hpp"

#include <memory_resource>
#include <new>
#include <stdexcept>
#include <type_traits>

namespace starhouse::pg {

// Plain data, so that a longjmp over it loses nothing. Texts are truncated at a character boundary
// (and end in "..." then), never allocated.
struct Failure {
  enum class Kind : unsigned char { none, error, out_of_memory, too_large, cancelled, internal };
  Kind kind = Kind::none;
  char sqlstate[6];
  char message[1024];
  char detail[512];
  char hint[512];

  // The texts mean nothing until a capture: compute() is called once per row and touches no more
  // of these two kilobytes than it needs.
  Failure() noexcept {} // NOLINT(modernize-use-equals-default): `= default` would zero them

  void capture(Kind what) noexcept;
  void capture(const Error &error) noexcept;
  void capture_internal(const char *what) noexcept;
};

// Raises the failure as an SQL error, or goes on with the interrupt that the poll served. Does not
// return.
[[noreturn]] void raise(const Failure &failure);

// Allocates in a memory context without ereport: exhaustion is std::bad_alloc, which compute()
// reports as 53200. Trivially destructible; what it hands out dies with the context.
class ContextMemory : public std::pmr::memory_resource {
public:
  explicit ContextMemory(MemoryContext context) noexcept : context_(context) {}

protected:
  void *do_allocate(std::size_t bytes, std::size_t alignment) override;
  void do_deallocate(void *pointer, std::size_t bytes, std::size_t alignment) override;
  bool do_is_equal(const std::pmr::memory_resource &other) const noexcept override {
    return this == &other;
  }

private:
  MemoryContext context_;
};

// The poll handed to core code: serves whatever interrupt is pending (cancel, statement and
// transaction time-outs, recovery conflicts, a request to log memory use, ...) and returns true
// when the statement has to stop. A flag test while nothing is pending.
bool cancel_requested() noexcept;

// True while an interrupt that cancel_requested() served waits to be raised: the server works off
// an error after its longjmp was caught as after any other, until then its record stays on the
// server's stack.
extern bool interrupt_caught;
inline bool interrupt_waits() noexcept {
  return interrupt_caught;
}

// Runs the compute phase. The callable may throw; its captures and everything alive in the caller
// must be plain data, which the assertion checks as far as a compiler can.
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
    failure.capture(Failure::Kind::cancelled);
  } catch (const std::bad_alloc &) {
    failure.capture(Failure::Kind::out_of_memory);
  } catch (const std::length_error &) {
    failure.capture(Failure::Kind::too_large);
  } catch (const std::exception &error) {
    failure.capture_internal(error.what());
  } catch (...) {
    failure.capture_internal("unknown exception");
  }
  if (failure.kind != Failure::Kind::none || interrupt_waits()) [[unlikely]] {
    raise(failure);
  }
}

} // namespace starhouse::pg
