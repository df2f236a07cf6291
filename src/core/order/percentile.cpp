#include "core/order/percentile.hpp"

#include "core/order/selection.hpp"
#include "core/score/arguments.hpp"

#include <algorithm>
#include <cmath>
#include <cstring>
#include <utility>

namespace starhouse::order {

void check_fraction(double fraction) {
  if (!(fraction >= 0 && fraction <= 1) && !std::isnan(fraction)) {
    throw Error(sqlstate::numeric_value_out_of_range,
                "a fraction must be between 0 and 1: " + score::text_of(fraction),
                "The 95th percentile has the fraction 0.95.");
  }
}

// Fractions
// ---------------------------------------------------------------------------------------

namespace {

bool same_fraction(double one, double other) noexcept {
  return one == other || (std::isnan(one) && std::isnan(other));
}

} // namespace

void Fractions::adopt(std::span<const double> fractions, std::pmr::memory_resource *memory) {
  if (asked_ != 0) {
    if (!std::ranges::equal(all(), fractions, same_fraction)) {
      throw Error(sqlstate::invalid_parameter_value, "fractions differ between rows",
                  "Give the same to all rows; for several percentiles of the same rows, an array.");
    }
    return;
  }
  for (const double fraction : fractions) {
    check_fraction(fraction);
  }
  if (fractions.size() == 1) {
    only_ = fractions[0];
  } else if (!fractions.empty()) {
    auto *kept = static_cast<double *>(memory->allocate(fractions.size_bytes(), alignof(double)));
    std::ranges::copy(fractions, kept);
    more_ = kept;
  }
  asked_ = fractions.size() + 1;
}

std::size_t Fractions::encoded_size() const noexcept {
  return ByteWriter::varint_size(asked_) + all().size_bytes();
}

void Fractions::encode(ByteWriter &out) const {
  out.varint(asked_);
  for (const double fraction : all()) {
    out.put(fraction);
  }
}

void Fractions::decode(ByteReader &in, std::pmr::memory_resource *memory) {
  const std::uint64_t asked = in.varint();
  if (asked == 0) {
    return;
  }
  in.require(asked - 1 <= in.remaining() / sizeof(double), "it ends before its fractions do");
  std::pmr::vector<double> fractions(memory);
  for (std::uint64_t i = 0; i < asked - 1; ++i) {
    const auto fraction = in.get<double>();
    in.require((fraction >= 0 && fraction <= 1) || std::isnan(fraction),
               "a fraction is not between 0 and 1");
    fractions.push_back(std::isnan(fraction) ? std::numeric_limits<double>::quiet_NaN() : fraction);
  }
  adopt(fractions, memory);
}

// Interpolation
// -----------------------------------------------------------------------------------

double Floats::between(Key low, Key high, double share) noexcept {
  const double from = float_of(low);
  const double to = float_of(high);
  if (from == to || share == 0) {
    return from;
  }
  if (std::isinf(from) && std::isfinite(to)) {
    return from;
  }
  const double distance = to - from;
  return std::isinf(distance) && std::isfinite(from) && std::isfinite(to)
             ? from * (1 - share) + to * share
             : from + share * distance;
}

double Integers::between(Key low, Key high, double share) noexcept {
  return static_cast<double>(integer_of(low)) + share * static_cast<double>(high - low);
}

std::int64_t Times::between(Key low, Key high, double share) {
  const std::int64_t from = integer_of(low);
  const std::int64_t to = integer_of(high);
  const bool endless_from = from == INT64_MIN;
  const bool endless_to = to == INT64_MAX;
  if (from == to || share == 0) {
    return from;
  }
  if (endless_from && endless_to) {
    throw Error(sqlstate::datetime_field_overflow,
                "a percentile lies between -infinity and infinity",
                "Leave infinite times out by FILTER, or take the discrete percentile.");
  }
  if (endless_from || endless_to) {
    return endless_from ? from : to;
  }
  // Rounded to the microsecond.
  const Key distance = high - low;
  const long double step = std::round(share * static_cast<long double>(distance));
  return integer_of(low + std::min(static_cast<Key>(step), distance));
}

// Percentile
// --------------------------------------------------------------------------------------

namespace {

struct Position {
  std::size_t rank;
  double share; // of the way to the next rank
};

Position continuous_position(double fraction, std::size_t count) noexcept {
  const double position = fraction * static_cast<double>(count - 1);
  const double whole = std::floor(position);
  return {std::min(static_cast<std::size_t>(whole), count - 1), position - whole};
}

std::size_t discrete_rank(double fraction, std::size_t count) noexcept {
  const double position = std::ceil(fraction * static_cast<double>(count));
  return std::min(static_cast<std::size_t>(std::max(position, 1.0)), count) - 1;
}

// Keys of the ranks, which come in any order and more than once.
class Selected {
public:
  Selected(const ValueList &values, std::pmr::vector<std::size_t> ranks, const Env &env)
      : ranks_(std::move(ranks)), keys_(env.memory) {
    std::ranges::sort(ranks_);
    ranks_.erase(std::unique(ranks_.begin(), ranks_.end()), ranks_.end());
    keys_ = select(values, ranks_, env);
  }
  Key operator[](std::size_t rank) const noexcept {
    return keys_[static_cast<std::size_t>(std::ranges::lower_bound(ranks_, rank) - ranks_.begin())];
  }

private:
  std::pmr::vector<std::size_t> ranks_;
  std::pmr::vector<Key> keys_;
};

} // namespace

template <class Numbers>
void Percentile<Numbers>::continuous(std::span<const double> fractions, std::span<Between> results,
                                     const Env &env) const {
  std::pmr::vector<std::size_t> ranks(env.memory);
  for (const double fraction : fractions) {
    const Position at = continuous_position(fraction, count());
    ranks.push_back(at.rank);
    if (at.share > 0) {
      ranks.push_back(at.rank + 1);
    }
  }
  const Selected selected(values_, std::move(ranks), env);
  for (std::size_t i = 0; i < fractions.size(); ++i) {
    const Position at = continuous_position(fractions[i], count());
    const Key low = selected[at.rank];
    results[i] = Numbers::between(low, at.share > 0 ? selected[at.rank + 1] : low, at.share);
  }
}

template <class Numbers>
void Percentile<Numbers>::discrete(std::span<const double> fractions, std::span<Value> results,
                                   const Env &env) const {
  std::pmr::vector<std::size_t> ranks(env.memory);
  for (const double fraction : fractions) {
    ranks.push_back(discrete_rank(fraction, count()));
  }
  const Selected selected(values_, std::move(ranks), env);
  for (std::size_t i = 0; i < fractions.size(); ++i) {
    results[i] = Numbers::value_of(selected[discrete_rank(fractions[i], count())]);
  }
}

template <class Numbers>
std::size_t Percentile<Numbers>::encoded_size() const noexcept {
  return fractions_.encoded_size() + ByteWriter::varint_size(count()) + count() * sizeof(Value);
}

template <class Numbers>
void Percentile<Numbers>::encode(ByteWriter &out) const {
  fractions_.encode(out);
  out.varint(count());
  values_.each([&](std::span<const Key> keys) {
    for (const Key key : keys) {
      out.put(Numbers::value_of(key));
    }
  });
}

template <class Numbers>
void Percentile<Numbers>::decode(ByteReader &in, std::uint8_t /*version*/) {
  fractions_.decode(in, values_.memory());
  const std::size_t count = in.count(sizeof(Value));
  const Bytes bytes = in.take(count * sizeof(Value));
  if (count == 0) {
    return;
  }
  const std::span<Key> keys = values_.extend(count);
  for (std::size_t i = 0; i < count; ++i) {
    Value value;
    std::memcpy(&value, bytes.data() + i * sizeof(Value), sizeof value);
    keys[i] = key_of(detail::little_endian(value));
  }
}

template class Percentile<Floats>;
template class Percentile<Integers>;
template class Percentile<Times>;
template class Percentile<Durations>;

} // namespace starhouse::order
