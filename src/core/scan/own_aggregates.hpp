// Which of starhouse's own aggregates a scan knows: what rows they take, and how.
#pragma once

#include "core/hash.hpp"
#include "core/key.hpp"
#include "core/order/moments.hpp"
#include "core/order/percentile.hpp"
#include "core/scan/own_states.hpp"
#include "core/score/trending.hpp"
#include "core/sketch/distinct.hpp"
#include "core/sketch/percentile.hpp"
#include "core/sketch/theta.hpp"
#include "core/sketch/top_k.hpp"

#include <bit>
#include <cmath>
#include <limits>

namespace starhouse::scan {

// Rows of one column.
class OneColumn {
public:
  OneColumn(const Aggregate &aggregate, const Batch &batch) noexcept
      : column_(batch[aggregate.column]) {}
  bool is_null(std::size_t row) const noexcept { return column_.is_null(row); }

protected:
  const Column &column_;
};

// Hashes of values, the same as those of the transition functions: core/hash.hpp.
struct HashedWords : OneColumn {
  using OneColumn::OneColumn;
  using Value = std::uint64_t;
  Value value(std::size_t row) const noexcept {
    return hash64(static_cast<std::uint64_t>(column_.words[row]));
  }
};
struct HashedTexts : OneColumn {
  using OneColumn::OneColumn;
  using Value = std::uint64_t;
  Value value(std::size_t row) const noexcept { return hash64(column_.bytes[row]); }
};
struct Uuids : OneColumn {
  using OneColumn::OneColumn;
  using Value = UuidKey;
  Value value(std::size_t row) const noexcept {
    const char *bytes = column_.bytes[row].data();
    return {number(bytes), number(bytes + sizeof(std::uint64_t))};
  }

private:
  static std::uint64_t number(const char *bytes) noexcept {
    std::uint64_t value = 0;
    for (std::size_t i = 0; i < sizeof value; ++i) {
      value = value << 8U | static_cast<unsigned char>(bytes[i]);
    }
    return value;
  }
};
struct HashedUuids : Uuids {
  using Uuids::Uuids;
  using Value = std::uint64_t;
  Value value(std::size_t row) const noexcept {
    const UuidKey key = Uuids::value(row);
    return hash64(key.high, key.low);
  }
};
// -0 equals 0, all NaN are one.
struct HashedFloats : OneColumn {
  using OneColumn::OneColumn;
  using Value = std::uint64_t;
  Value value(std::size_t row) const noexcept {
    const double value = as_double(column_.words[row]);
    return hash64(std::bit_cast<std::uint64_t>(
        std::isnan(value) ? std::numeric_limits<double>::quiet_NaN() : value + 0.0));
  }
};

struct Numbers : OneColumn {
  using OneColumn::OneColumn;
  using Value = std::int64_t;
  Value value(std::size_t row) const noexcept { return column_.words[row]; }
};
// Of a deterministic collation, so that bytes are what is equal.
struct Texts : OneColumn {
  using OneColumn::OneColumn;
  using Value = TextKey;
  Value value(std::size_t row) const noexcept { return {column_.bytes[row], column_.bytes[row]}; }
};
struct Floats : OneColumn {
  using OneColumn::OneColumn;
  using Value = double;
  Value value(std::size_t row) const noexcept { return as_double(column_.words[row]); }
};
struct Flags : OneColumn {
  using OneColumn::OneColumn;
  using Value = bool;
  Value value(std::size_t row) const noexcept { return column_.words[row] != 0; }
};

// Rows of a word, or a float, and a float.
class TwoColumns {
public:
  TwoColumns(const Aggregate &aggregate, const Batch &batch) noexcept
      : first_(batch[aggregate.column]), second_(batch[aggregate.second]) {}
  bool is_null(std::size_t row) const noexcept {
    return first_.is_null(row) || second_.is_null(row);
  }

  struct Value {
    std::int64_t word;
    double weight;
  };
  Value value(std::size_t row) const noexcept {
    return {first_.words[row], as_double(second_.words[row])};
  }

private:
  const Column &first_;
  const Column &second_;
};

// What goes into a state as it is.
struct TakeValue {
  template <class State>
  void begin(State &) const noexcept {}
  template <class State, class Value>
  void add(State &state, const Value &value) const {
    state.add(value);
  }
};

struct TakeHash : TakeValue {
  void fetch(const sketch::Distinct &state, std::uint64_t hash) const noexcept {
    state.fetch({hash});
  }
};

struct TakePercentile {
  std::span<const double> asked{}; // none: whoever reads the state asks
  double relative_error = sketch::Percentile::default_error;

  void begin(sketch::Percentile &state) const {
    state.set_error(relative_error);
    if (!asked.empty()) {
      state.ask(asked);
    }
  }
  void add(sketch::Percentile &state, double value) const { state.add(value); }
  void fetch(const sketch::Percentile &state, double value) const noexcept {
    state.fetch({value, 0, 0});
  }
};

struct TakeItem {
  KeyKind kind = KeyKind::integer;
  std::int64_t asked = no_k; // no_k: whoever reads the state asks
  std::int64_t capacity = sketch::TopK::default_capacity;
  static constexpr std::int64_t no_k = std::numeric_limits<std::int64_t>::min();

  void begin(sketch::TopK &state) const {
    state.set_capacity(capacity);
    if (asked != no_k) {
      state.ask(asked);
    }
  }
  template <class Key>
  void add(sketch::TopK &state, const Key &key) const {
    state.add(kind, key);
  }
  template <class Key>
  void fetch(const sketch::TopK &state, const Key &key) const noexcept {
    state.fetch(kind, key);
  }
  void fetch_more(const sketch::TopK &state, const TextKey &key) const noexcept {
    state.fetch_bytes(kind, key);
  }
};

struct TakeExact {
  bool asks = false; // for these; else whoever reads the state does
  std::span<const double> asked{};

  template <class State>
  void begin(State &state) const {
    if (asks) {
      state.ask(asked);
    }
  }
  template <class State, class Value>
  void add(State &state, const Value &value) const {
    state.add(value);
  }
};

struct TakeWeighted : TakeValue {
  void add(order::WeightedAverage &state, const TwoColumns::Value &value) const {
    state.add(as_double(value.word), value.weight);
  }
};

struct TakeEvent : TakeValue {
  explicit TakeEvent(const score::HalfLife &the_half_life) : half_life(the_half_life) {}
  score::HalfLife half_life;
  void add(score::Trending &state, const TwoColumns::Value &value) const {
    state.add(value.word, value.weight, half_life);
  }
};

template <class Rows>
using DistinctSketches = OwnStates<sketch::Distinct, Rows, TakeHash>;
template <class Rows>
using ThetaSketches = OwnStates<sketch::Theta, Rows, TakeValue>;
using PercentileSketches = OwnStates<sketch::Percentile, Floats, TakePercentile>;
template <class Rows>
using TopKSketches = OwnStates<sketch::TopK, Rows, TakeItem>;
template <class Of, class Rows>
using ExactPercentiles = OwnStates<order::Percentile<Of>, Rows, TakeExact>;
using TrendingStates = OwnStates<score::Trending, TwoColumns, TakeEvent>;
using WeightedAverages = OwnStates<order::WeightedAverage, TwoColumns, TakeWeighted>;
template <class State>
using Moments = OwnStates<State, Floats, TakeValue>; // Sum, Variance, GeometricMean
using Ratios = OwnStates<order::Ratio, Flags, TakeValue>;

} // namespace starhouse::scan
