#include "core/scan/aggregates.hpp"

#include "core/scan/own_states.hpp"
#include "core/scan/tests.hpp"

#include <cmath>
#include <compare>
#include <cstring>
#include <limits>

namespace starhouse::scan {

namespace {

template <class State>
State &state_at(char *states, const Aggregate &aggregate) noexcept {
  return *reinterpret_cast<State *>(states + aggregate.offset);
}

// take(state, row) for each row that passes and has a value. A single group's state is kept in
// registers the while.
template <class State, class Take>
void each_row(const Aggregate &aggregate, const Column *column, std::size_t rows,
              char *const *states, bool single, const std::uint8_t *passes, Take &&take) {
  const std::uint8_t *nulls = column != nullptr && column->any_null ? column->nulls : nullptr;
  const bool every = nulls == nullptr && passes == nullptr;
  const auto skips = [&](std::size_t row) {
    return (nulls != nullptr && nulls[row] != 0) || (passes != nullptr && passes[row] == 0);
  };
  if (single) {
    State &kept = state_at<State>(states[0], aggregate);
    State state = kept;
    if (every) {
      for (std::size_t row = 0; row < rows; ++row) {
        take(state, row);
      }
    } else {
      for (std::size_t row = 0; row < rows; ++row) {
        if (!skips(row)) {
          take(state, row);
        }
      }
    }
    kept = state;
    return;
  }
  if (every) {
    for (std::size_t row = 0; row < rows; ++row) {
      take(state_at<State>(states[row], aggregate), row);
    }
    return;
  }
  for (std::size_t row = 0; row < rows; ++row) {
    if (!skips(row)) {
      take(state_at<State>(states[row], aggregate), row);
    }
  }
}

std::int64_t wrapping_sum(std::int64_t a, std::int64_t b) noexcept {
  return static_cast<std::int64_t>(static_cast<std::uint64_t>(a) + static_cast<std::uint64_t>(b));
}

[[noreturn]] void refuse_overflow() {
  throw Error(sqlstate::numeric_value_out_of_range, "value out of range: overflow");
}

// As the server adds floats: infinite only where one of them is.
template <class Float>
Float float_sum(Float a, Float b) {
  const Float sum = a + b;
  if (std::isinf(sum) && !std::isinf(a) && !std::isinf(b)) [[unlikely]] {
    refuse_overflow();
  }
  return sum;
}

// False where the sum does not fit any more; the state is as it was then.
bool add_decimal(NumericState &state, Int128 term, std::int64_t scale) noexcept {
  Int128 sum = state.sum.value();
  if (scale != state.scale) {
    const std::int64_t difference = scale > state.scale ? scale - state.scale : state.scale - scale;
    const Int128 power = powers_of_ten[static_cast<std::size_t>(difference)];
    Int128 &narrow = scale > state.scale ? sum : term;
    if (__builtin_mul_overflow(narrow, power, &narrow)) {
      return false;
    }
  }
  if (__builtin_add_overflow(sum, term, &sum)) {
    return false;
  }
  state.sum.set(sum);
  state.scale = scale > state.scale ? scale : state.scale;
  return true;
}

void keep_bytes(const Env &env, BytesState &state, std::string_view bytes) {
  if (bytes.size() > state.room) {
    // What was there before is not given back: it is little, and goes with the groups.
    state.room = static_cast<std::uint32_t>(bytes.size() * 2);
    state.bytes = static_cast<char *>(env.memory->allocate(state.room, 1));
  }
  if (!bytes.empty()) {
    std::memcpy(state.bytes, bytes.data(), bytes.size());
  }
  state.size = static_cast<std::uint32_t>(bytes.size());
}

} // namespace

std::size_t state_bytes(const Aggregate &aggregate) noexcept {
  switch (aggregate.kind) {
  case AggregateKind::count_rows:
  case AggregateKind::count:
  case AggregateKind::count_distinct:
    return sizeof(CountState);
  case AggregateKind::sum_wide:
    return sizeof(WideState);
  case AggregateKind::sum_numeric:
  case AggregateKind::sum_decimal:
    return sizeof(NumericState);
  case AggregateKind::min_numeric:
  case AggregateKind::max_numeric:
    return sizeof(BytesState);
  case AggregateKind::own:
    return aggregate.own->state_bytes();
  default:
    return sizeof(IntState);
  }
}

bool can_be_left(const Aggregate &aggregate) noexcept {
  switch (aggregate.kind) {
  case AggregateKind::own:
  case AggregateKind::min_numeric:
  case AggregateKind::max_numeric:
  case AggregateKind::count_distinct:
    return false;
  default:
    return true;
  }
}

void update(const Env &env, const Aggregate &aggregate, const Batch &batch, std::size_t rows,
            char *const *states, bool single, const std::uint8_t *passes,
            std::pmr::vector<Handed> &handed) {
  using Kind = AggregateKind;
  const Column *column = aggregate.kind == Kind::count_rows ? nullptr : &batch[aggregate.column];
  const std::int64_t *words = column != nullptr ? column->words : nullptr;
  const auto with = [&]<class State>(auto &&take) {
    each_row<State>(aggregate, column, rows, states, single, passes, take);
  };
  switch (aggregate.kind) {
  case Kind::count_rows:
  case Kind::count:
    if (single && passes == nullptr && (column == nullptr || !column->any_null)) {
      state_at<CountState>(states[0], aggregate).count += static_cast<std::int64_t>(rows);
      return;
    }
    with.operator()<CountState>([](CountState &state, std::size_t) { ++state.count; });
    return;
  case Kind::sum_int:
    with.operator()<IntState>([words](IntState &state, std::size_t row) {
      ++state.count;
      state.value = wrapping_sum(state.value, words[row]);
    });
    return;
  case Kind::sum_wide:
    with.operator()<WideState>([words](WideState &state, std::size_t row) {
      ++state.count;
      state.set(state.value() + words[row]);
    });
    return;
  case Kind::sum_float:
    with.operator()<FloatState>([words](FloatState &state, std::size_t row) {
      const double value = as_double(words[row]);
      state.value = state.count++ == 0 ? value : float_sum(state.value, value);
    });
    return;
  case Kind::sum_float32:
    with.operator()<FloatState>([words](FloatState &state, std::size_t row) {
      const double value = as_double(words[row]);
      state.value = state.count++ == 0
                        ? value
                        : static_cast<double>(float_sum(static_cast<float>(state.value),
                                                        static_cast<float>(value)));
    });
    return;
  case Kind::avg_float:
    with.operator()<FloatState>([words](FloatState &state, std::size_t row) {
      ++state.count;
      state.value = float_sum(state.value, as_double(words[row]));
    });
    return;
  case Kind::min_int:
    with.operator()<IntState>([words](IntState &state, std::size_t row) {
      state.value = state.count++ == 0 || words[row] < state.value ? words[row] : state.value;
    });
    return;
  case Kind::max_int:
    with.operator()<IntState>([words](IntState &state, std::size_t row) {
      state.value = state.count++ == 0 || words[row] > state.value ? words[row] : state.value;
    });
    return;
  case Kind::min_float:
    with.operator()<FloatState>([words](FloatState &state, std::size_t row) {
      const double value = as_double(words[row]);
      state.value = state.count++ == 0 || float_order(value) <= float_order(state.value)
                        ? value
                        : state.value;
    });
    return;
  case Kind::max_float:
    with.operator()<FloatState>([words](FloatState &state, std::size_t row) {
      const double value = as_double(words[row]);
      state.value = state.count++ == 0 || float_order(value) >= float_order(state.value)
                        ? value
                        : state.value;
    });
    return;
  case Kind::sum_numeric:
    with.operator()<NumericState>([&](NumericState &state, std::size_t row) {
      SmallDecimal value;
      ++state.count;
      if (!small_decimal(column->bytes[row], value) ||
          !add_decimal(state, value.digits, value.scale)) [[unlikely]] {
        // `state` may be a copy in registers.
        handed.push_back({.state = &state_at<NumericState>(states[single ? 0 : row], aggregate),
                          .bytes = column->bytes[row]});
      }
    });
    return;
  case Kind::sum_decimal:
    with.operator()<NumericState>([&](NumericState &state, std::size_t row) {
      ++state.count;
      const std::int64_t word = words[row];
      const std::uint8_t scale = column->scales[row];
      if (scale == wide_scale) [[unlikely]] {
        handed.push_back({.state = &state_at<NumericState>(states[single ? 0 : row], aggregate),
                          .bytes = {},
                          .column = static_cast<std::int32_t>(word),
                          .row = static_cast<std::uint32_t>(row)});
      } else if (!add_decimal(state, word, scale)) [[unlikely]] {
        WideState digits{};
        digits.set(word);
        handed.push_back({.state = &state_at<NumericState>(states[single ? 0 : row], aggregate),
                          .bytes = {},
                          .digits = digits,
                          .scale = scale});
      }
    });
    return;
  case Kind::min_numeric:
  case Kind::max_numeric: {
    const bool least = aggregate.kind == Kind::min_numeric;
    with.operator()<BytesState>([&](BytesState &state, std::size_t row) {
      const std::string_view bytes = column->bytes[row];
      if (state.count++ == 0) {
        keep_bytes(env, state, bytes);
        return;
      }
      const std::strong_ordering order = compare_numeric(bytes, state.view());
      if (least ? std::is_lteq(order) : std::is_gteq(order)) {
        keep_bytes(env, state, bytes);
      }
    });
    return;
  }
  case Kind::count_distinct:
    return; // its set counts
  case Kind::own:
    aggregate.own->update(env, aggregate, batch, rows, states, single, passes);
    return;
  }
}

std::string_view outer_bytes(const Aggregate &aggregate, const char *states,
                             OthersBytes others) noexcept {
  const char *place = states + aggregate.offset;
  switch (aggregate.kind) {
  case AggregateKind::sum_numeric:
  case AggregateKind::sum_decimal: {
    const auto *state = reinterpret_cast<const NumericState *>(place);
    return state->others == nullptr ? std::string_view() : others(state->others);
  }
  case AggregateKind::min_numeric:
  case AggregateKind::max_numeric:
    return reinterpret_cast<const BytesState *>(place)->view();
  default:
    return {};
  }
}

namespace {

// Bytes from elsewhere may count to any number.
template <class State>
void add_count(State &state, const State &other) noexcept {
  state.count = wrapping_sum(state.count, other.count);
}

Int128 wrapping_sum(Int128 a, Int128 b) noexcept {
  __extension__ using Unsigned = unsigned __int128;
  return static_cast<Int128>(static_cast<Unsigned>(a) + static_cast<Unsigned>(b));
}

void merge_numeric(const NumericState &from, std::string_view outer, NumericState &into,
                   std::pmr::vector<Handed> &handed) {
  if (from.scale < 0 || from.scale > 18) {
    throw Error(sqlstate::invalid_binary_representation, "malformed state of a sum",
                "Give it unchanged, as another process of the scan wrote it.");
  }
  add_count(into, from);
  if (!add_decimal(into, from.sum.value(), from.scale)) {
    handed.push_back({.state = &into, .bytes = {}, .digits = from.sum, .scale = from.scale});
  }
  if (!outer.empty()) {
    handed.push_back({.state = &into, .bytes = outer});
  }
}

} // namespace

void merge(const Env &env, const Aggregate &aggregate, const char *from, std::string_view outer,
           char *states, std::pmr::vector<Handed> &handed) {
  using Kind = AggregateKind;
  const auto with = [&]<class State>(auto &&combine) {
    State other;
    std::memcpy(&other, from + aggregate.offset, sizeof other);
    if (other.count != 0) {
      combine(state_at<State>(states, aggregate), other);
    }
  };
  // Of the values of a group the one that `better` prefers.
  const auto best = [&]<class State>(auto &&better) {
    with.operator()<State>([&](State &state, const State &other) {
      state.value =
          state.count == 0 || better(other.value, state.value) ? other.value : state.value;
      add_count(state, other);
    });
  };
  switch (aggregate.kind) {
  case Kind::count_rows:
  case Kind::count:
    with.operator()<CountState>(
        [](CountState &state, const CountState &other) { add_count(state, other); });
    return;
  case Kind::sum_int:
    with.operator()<IntState>([](IntState &state, const IntState &other) {
      add_count(state, other);
      state.value = wrapping_sum(state.value, other.value);
    });
    return;
  case Kind::sum_wide:
    with.operator()<WideState>([](WideState &state, const WideState &other) {
      add_count(state, other);
      state.set(wrapping_sum(state.value(), other.value()));
    });
    return;
  case Kind::sum_float:
  case Kind::avg_float:
    with.operator()<FloatState>([](FloatState &state, const FloatState &other) {
      state.value = state.count == 0 ? other.value : float_sum(state.value, other.value);
      add_count(state, other);
    });
    return;
  case Kind::sum_float32:
    with.operator()<FloatState>([](FloatState &state, const FloatState &other) {
      state.value = state.count == 0
                        ? other.value
                        : static_cast<double>(float_sum(static_cast<float>(state.value),
                                                        static_cast<float>(other.value)));
      add_count(state, other);
    });
    return;
  case Kind::min_int:
    best.operator()<IntState>([](std::int64_t a, std::int64_t b) { return a < b; });
    return;
  case Kind::max_int:
    best.operator()<IntState>([](std::int64_t a, std::int64_t b) { return a > b; });
    return;
  case Kind::min_float:
    best.operator()<FloatState>(
        [](double a, double b) { return float_order(a) <= float_order(b); });
    return;
  case Kind::max_float:
    best.operator()<FloatState>(
        [](double a, double b) { return float_order(a) >= float_order(b); });
    return;
  case Kind::sum_numeric:
  case Kind::sum_decimal:
    with.operator()<NumericState>([&](NumericState &state, const NumericState &other) {
      merge_numeric(other, outer, state, handed);
    });
    return;
  case Kind::min_numeric:
  case Kind::max_numeric:
    with.operator()<BytesState>([&](BytesState &state, const BytesState &other) {
      const std::strong_ordering order =
          state.count == 0 ? std::strong_ordering::equal : compare_numeric(outer, state.view());
      if (aggregate.kind == Kind::min_numeric ? std::is_lteq(order) : std::is_gteq(order)) {
        keep_bytes(env, state, outer);
      }
      add_count(state, other);
    });
    return;
  case Kind::count_distinct:
    return; // its set counts
  case Kind::own: {
    CountState other{};
    std::memcpy(&other, from + aggregate.offset, sizeof other);
    if (other.count != 0) {
      aggregate.own->merge(env, other.count, outer, states + aggregate.offset);
    }
    return;
  }
  }
}

} // namespace starhouse::scan
