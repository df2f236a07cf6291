// Doubles in a stored form, such as coordinates: as whole multiples of a power of ten where that
// gives every bit of them back, which takes two to four bytes for one near the one before, as
// doubles otherwise.
#pragma once

#include "core/bytes.hpp"

#include <algorithm>
#include <array>
#include <cmath>
#include <cstddef>
#include <cstdint>

namespace starhouse {

// Stored as one byte: 0..9 decimals, 255 for doubles.
class DecimalForm {
public:
  static constexpr std::uint8_t doubles = 255;
  static constexpr double most_degrees = 360;
  // The largest whole number up to which doubles hold each one.
  static constexpr double most_exact = 9007199254740992;

  // `most`: no value is larger in amount, unless the form is that of doubles.
  explicit DecimalForm(double most = most_degrees) : most_(most) {}

  // While writing: show() every value first, the form is then the shortest one that holds them all.
  // Dividing a whole number by a power of ten rounds correctly, so a form with more decimals holds
  // what one with fewer does.
  void show(double value) noexcept {
    while (decimals_ < powers.size() && !is_multiple(value, powers[decimals_])) {
      ++decimals_;
    }
  }
  std::uint8_t code() const noexcept {
    return decimals_ < powers.size() ? static_cast<std::uint8_t>(decimals_) : doubles;
  }

  // While reading.
  static DecimalForm read(ByteReader &in, double most = most_degrees) {
    const auto code = in.get<std::uint8_t>();
    in.require(code < powers.size() || code == doubles, "an unknown form of numbers");
    DecimalForm form(most);
    form.decimals_ = code;
    return form;
  }

  bool whole() const noexcept { return decimals_ < powers.size(); }
  std::size_t least_size() const noexcept { return whole() ? 1 : sizeof(double); }

  // One value; `last` carries the whole number before it on, starting at 0.
  template <class Out>
  void write(Out &out, double value, std::int64_t &last) const {
    if (!whole()) {
      out.put(value);
      return;
    }
    const std::int64_t number = std::llround(value * powers[decimals_]);
    out.zigzag(number - last);
    last = number;
  }
  double read(ByteReader &in, std::int64_t &last) const {
    if (!whole()) {
      return in.get<double>();
    }
    const auto limit = static_cast<std::int64_t>(std::min(most_ * powers[decimals_], most_exact));
    const std::int64_t step = in.zigzag();
    in.require(step >= -2 * limit && step <= 2 * limit, "a number is out of range");
    last += step;
    in.require(last >= -limit && last <= limit, "a number is out of range");
    return static_cast<double>(last) / powers[decimals_];
  }

private:
  static constexpr std::array powers{1.0, 1e1, 1e2, 1e3, 1e4, 1e5, 1e6, 1e7, 1e8, 1e9};

  static bool is_multiple(double value, double power) noexcept {
    return std::abs(value * power) <= most_exact &&
           static_cast<double>(std::llround(value * power)) / power == value;
  }

  double most_;
  std::size_t decimals_ = 0;
};

} // namespace starhouse
