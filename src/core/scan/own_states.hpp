// Starhouse's own aggregates in a scan: the states that their transition functions work on, one for
// each group, which take a batch's rows at a time. What a group has is what the executor's
// aggregate would have after the same rows in the same order, bit by bit; how several processes'
// are put together is up to the state (core/state.hpp), as in the server's parallel plans.
#pragma once

#include "core/scan/aggregates.hpp"
#include "core/scan/columns.hpp"
#include "core/state.hpp"

#include <array>
#include <concepts>
#include <cstddef>
#include <cstdint>
#include <memory_resource>
#include <new>
#include <span>
#include <string_view>
#include <type_traits>

namespace starhouse::scan {

// One of these aggregates with what is the same for all rows, such as the percentile asked for. A
// group's state is an OwnState, which begins as zeros.
class OwnAggregate {
public:
  virtual std::size_t state_bytes() const noexcept = 0;
  // See update() of aggregates.hpp. An Error for a value that the aggregate refuses.
  virtual void update(const Env &env, const Aggregate &aggregate, const Batch &batch,
                      std::size_t rows, char *const *states, bool single,
                      const std::uint8_t *passes) const = 0;

  // The stored form of a state whose count is not 0.
  virtual std::size_t stored_bytes(const char *state) const = 0;
  virtual void store(const char *state, std::span<std::byte> target) const = 0;
  // Adds `count` rows, of which this is the stored form. An Error (22P03) for what is none.
  virtual void merge(const Env &env, std::int64_t count, std::string_view stored,
                     char *state) const = 0;

protected:
  ~OwnAggregate() = default; // plain data: goes with the memory it lies in
};

// `object` is there once a row was added.
template <class State>
struct OwnState {
  static_assert(alignof(State) <= alignof(std::int64_t));

  std::int64_t count;
  alignas(State) std::byte place[sizeof(State)];

  State &object() noexcept { return *std::launder(reinterpret_cast<State *>(place)); }
  const State &object() const noexcept {
    return *std::launder(reinterpret_cast<const State *>(place));
  }
  void begin(const Env &env) {
    if constexpr (std::constructible_from<State, const Env &>) {
      new (place) State(env);
    } else {
      new (place) State();
    }
  }
};

// Memory that says how much of it is in use.
class CountedMemory final : public std::pmr::memory_resource {
public:
  explicit CountedMemory(std::pmr::memory_resource *upstream) noexcept : upstream_(upstream) {}
  std::size_t bytes() const noexcept { return bytes_; }

private:
  void *do_allocate(std::size_t bytes, std::size_t alignment) override {
    void *memory = upstream_->allocate(bytes, alignment);
    bytes_ += bytes;
    return memory;
  }
  void do_deallocate(void *memory, std::size_t bytes, std::size_t alignment) override {
    upstream_->deallocate(memory, bytes, alignment);
    bytes_ -= bytes;
  }
  bool do_is_equal(const std::pmr::memory_resource &other) const noexcept override {
    return this == &other;
  }

  std::pmr::memory_resource *upstream_;
  std::size_t bytes_ = 0;
};

// Rows says of a batch which rows have a value, and what Take puts into a state of them:
//
//   Rows(aggregate, batch)   is_null(row), value(row) of type Value
//   Take                     begin(state) of a new one, add(state, value); fetch(state, value)
//                            where the state has memory of its own that a row needs, and
//                            fetch_more() where that leads to other memory
template <StoredState State, class Rows, class Take>
class OwnStates final : public OwnAggregate {
  using Own = OwnState<State>;
  using Value = typename Rows::Value;

public:
  explicit OwnStates(const Take &take = Take()) : take_(take) {}

  std::size_t state_bytes() const noexcept override { return sizeof(Own); }

  void update(const Env &env, const Aggregate &aggregate, const Batch &batch, std::size_t rows,
              char *const *states, bool single, const std::uint8_t *passes) const override {
    const Rows values(aggregate, batch);
    const auto skips = [&](std::size_t row) {
      return values.is_null(row) || (passes != nullptr && passes[row] == 0);
    };
    if (single) {
      Own &own = own_at(states[0] + aggregate.offset);
      for (std::size_t row = 0; row < rows; ++row) {
        if (!skips(row)) {
          add(env, own, values.value(row));
        }
      }
      return;
    }
    // Of some rows at a time what has to be waited for: first the groups, then what these point to.
    constexpr std::size_t some = 64;
    std::array<Own *, some> owns;
    std::array<Value, some> waiting;
    std::size_t count = 0;
    const auto work_off = [&] {
      if constexpr (requires(const State &state) { take_.fetch(state, waiting[0]); }) {
        for (std::size_t i = 0; i < count; ++i) {
          if (owns[i]->count != 0) {
            take_.fetch(owns[i]->object(), waiting[i]);
          }
        }
      }
      if constexpr (requires(const State &state) { take_.fetch_more(state, waiting[0]); }) {
        for (std::size_t i = 0; i < count; ++i) {
          if (owns[i]->count != 0) {
            take_.fetch_more(owns[i]->object(), waiting[i]);
          }
        }
      }
      for (std::size_t i = 0; i < count; ++i) {
        add(env, *owns[i], waiting[i]);
      }
      count = 0;
    };
    for (std::size_t row = 0; row < rows; ++row) {
      if (skips(row)) {
        continue;
      }
      owns[count] = &own_at(states[row] + aggregate.offset);
      __builtin_prefetch(owns[count], 1);
      waiting[count] = values.value(row);
      if (++count == some) {
        work_off();
      }
    }
    work_off();
  }

  std::size_t stored_bytes(const char *state) const override {
    return stored_size(own_at(state).object());
  }
  void store(const char *state, std::span<std::byte> target) const override {
    write_state(own_at(state).object(), target);
  }

  void merge(const Env &env, std::int64_t count, std::string_view stored,
             char *state) const override {
    Own &own = own_at(state);
    const auto sum = static_cast<std::int64_t>(static_cast<std::uint64_t>(own.count) +
                                               static_cast<std::uint64_t>(count));
    if (own.count == 0) {
      own.begin(env);
      read_state(own.object(), bytes_of(stored));
    } else {
      Own other{};
      other.begin(env);
      struct End {
        State &state;
        ~End() { state.~State(); }
      } end{other.object()};
      read_state(end.state, bytes_of(stored));
      own.object().merge(end.state);
    }
    own.count = sum != 0 ? sum : 1; // it is there
  }

private:
  static Own &own_at(char *state) noexcept { return *reinterpret_cast<Own *>(state); }
  static const Own &own_at(const char *state) noexcept {
    return *reinterpret_cast<const Own *>(state);
  }
  void add(const Env &env, Own &own, const Value &value) const {
    if (own.count == 0) [[unlikely]] {
      own.begin(env);
      take_.begin(own.object());
    }
    ++own.count;
    take_.add(own.object(), value);
  }

  Take take_;
};

} // namespace starhouse::scan
