// Exponentially decayed sum of weights: at time T it is the sum of w * 2^((t - T) / half_life) over
// all events (t, w). What is trending now is the largest of these.
//
// The sum is kept as if T were the epoch, as a number with a very large exponent, so one state
// serves every T, and adding an event never touches what was added before (forward decay: G.
// Cormode, V. Shkapenyuk, D. Srivastava, B. Xu, "Forward decay", ICDE 2009):
//
//   t = k * half_life + r, 0 <= r < half_life, in integers;  the event's term is (w *
//   2^(r/half_life)) * 2^k
//
// The bracket is computed once and alike whatever came before; 2^k is exact. Terms are added in
// double-double arithmetic (T. J. Dekker, "A floating-point technique for extending the available
// precision", 1971), about 2^-104 of the sum lost per term.
//
// Error bound: for weights of one sign, value() differs from the exact sum by less than 2^-50 of
// it; any two orders or splits of the same events agree within 1 ulp. With both signs the same
// holds relative to the sum of the absolute terms. The range of times does not matter: events
// thousands of half-lives apart are added as exactly as neighbours.
//
// Stored form (version 1, after the header): half_life i64, count i64, scale i64, high f64, low
// f64.
#pragma once

#include "core/bytes.hpp"
#include "core/state.hpp"

#include <cstdint>

namespace starhouse::score {

// Times are microseconds from any fixed epoch; they have to be finite, that is, between these.
inline constexpr std::int64_t earliest_micros = -(std::int64_t{1} << 62);
inline constexpr std::int64_t latest_micros = INT64_MAX - 1;

// A half-life with its reciprocal, worked out once for many events: a division costs as much as the
// rest of an addition.
class HalfLife {
public:
  // At least a millisecond (shorter ones have no use, and k stays below 2^54), else an Error.
  explicit HalfLife(std::int64_t micros);

  std::int64_t micros() const noexcept { return micros_; }
  double inverse() const noexcept { return inverse_; }

private:
  std::int64_t micros_;
  double inverse_;
};

class Trending {
public:
  static constexpr StateFormat format{"trending_state", StateKind::trending, 1};

  // An Error for a half-life that is not that of the state, an infinite time, or a weight that is
  // not finite.
  void add(std::int64_t time_micros, double weight, const HalfLife &half_life);

  // Takes an event off again, for frames that move. False when rounding could show in the result,
  // or nothing is left: then the state has to be made anew.
  [[nodiscard]] bool remove(std::int64_t time_micros, double weight, const HalfLife &half_life);

  void merge(const Trending &other);

  // Decayed to `as_of`; events after it weigh more than their weight. 0 when it is too small for a
  // double, an Error (22003) when too large.
  double value(std::int64_t as_of_micros) const;

  std::int64_t half_life() const noexcept { return half_life_; }
  std::int64_t count() const noexcept { return count_; }

  std::size_t encoded_size() const noexcept { return 40; }
  void encode(ByteWriter &out) const;
  void decode(ByteReader &in, std::uint8_t version);

private:
  void accept(std::int64_t time_micros, double weight, std::int64_t half_life) const;
  void add_term(std::int64_t time_micros, double weight, const HalfLife &half_life);
  void add_scaled(double term, std::int64_t exponent);
  void add_far(double term, std::int64_t exponent);
  void rescale(std::int64_t scale);

  std::int64_t half_life_ = 0; // 0: no event yet
  std::int64_t count_ = 0;
  std::int64_t scale_ = 0; // the sum is (high_ + low_) * 2^scale_
  double high_ = 0;
  double low_ = 0;
  double doubt_ = 0; // bound of the absolute error so far, in units of 2^scale_
};

} // namespace starhouse::score
