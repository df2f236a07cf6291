// Numbers that lie close to each other, or in steps, as the starts of minutes do: what is kept for
// each of them is found by place.
#pragma once

#include <algorithm>
#include <bit>
#include <cstdint>
#include <limits>
#include <numeric>

namespace starhouse::scan {

// Least and most of some numbers, and the greatest step that leads from each to each.
struct Spread {
  bool any = false;
  std::int64_t least = 0;
  std::int64_t most = 0;
  std::uint64_t step = 0; // 0: it is one number

  void add(std::int64_t number) noexcept {
    const std::uint64_t distance =
        static_cast<std::uint64_t>(number) - static_cast<std::uint64_t>(least);
    if (!any) {
      *this = {.any = true, .least = number, .most = number, .step = 0};
      return;
    }
    if (step != 1 && distance != 0) {
      // As a distance without a sign.
      const std::uint64_t apart = number < least ? 0 - distance : distance;
      step = step != 0 && apart % step == 0 ? step : std::gcd(step, apart);
    }
    least = std::min(least, number);
    most = std::max(most, number);
  }
};

// `size` numbers from `base` on, `step` from each to the next.
class CloseRange {
public:
  CloseRange() = default;
  explicit CloseRange(const Spread &spread) noexcept : spread_(spread) {
    if (!spread.any) {
      return;
    }
    base_ = static_cast<std::uint64_t>(spread.least);
    step_ = std::max<std::uint64_t>(spread.step, 1);
    const std::uint64_t last = (static_cast<std::uint64_t>(spread.most) - base_) / step_;
    size_ = std::max(last, last + 1); // 2^64 count as one less
    shift_ = std::countr_zero(step_);
    const std::uint64_t odd = step_ >> static_cast<unsigned>(shift_);
    inverse_ = odd; // right in three bits, then in twice as many each time
    for (int bits = 3; bits < 64; bits *= 2) {
      inverse_ *= 2 - odd * inverse_;
    }
  }

  std::uint64_t size() const noexcept { return size_; }
  const Spread &spread() const noexcept { return spread_; }
  std::uint64_t step() const noexcept { return step_; }

  // Below size() for the numbers that have a place: the product with the inverse of the step is the
  // quotient of what it divides, and larger than any for the rest (H. S. Warren, "Hacker's
  // Delight", 10-17).
  std::uint64_t place(std::int64_t number) const noexcept {
    return std::rotr((static_cast<std::uint64_t>(number) - base_) * inverse_, shift_);
  }
  bool holds(std::int64_t number) const noexcept { return place(number) < size_; }
  std::int64_t number(std::uint64_t place) const noexcept {
    return static_cast<std::int64_t>(base_ + place * step_);
  }

  // With half as many more on the sides on which it goes beyond `before`: who makes room at each
  // step as numbers come does so a few times in all.
  CloseRange with_room(const CloseRange &before) const noexcept {
    Spread wider = spread_;
    std::int64_t room = std::numeric_limits<std::int64_t>::max();
    if (spread_.step == 0 || __builtin_mul_overflow(size_ / 2 + 1, step_, &room)) {
      return *this;
    }
    std::int64_t end = 0;
    const Spread &narrow = before.spread_;
    if ((!narrow.any || spread_.least < narrow.least) &&
        !__builtin_sub_overflow(spread_.least, room, &end)) {
      wider.least = end;
    }
    if ((!narrow.any || spread_.most > narrow.most) &&
        !__builtin_add_overflow(spread_.most, room, &end)) {
      wider.most = end;
    }
    wider.step = step_;
    return CloseRange(wider);
  }

private:
  Spread spread_{};
  std::uint64_t base_ = 0;
  std::uint64_t size_ = 0;
  std::uint64_t step_ = 1;
  std::uint64_t inverse_ = 1; // of the step's odd part, modulo 2^64
  int shift_ = 0;             // and how often 2 divides the step
};

} // namespace starhouse::scan
