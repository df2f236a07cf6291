// Public holidays by rules: fixed dates, n-th and last weekdays, Easter offsets, one-off days,
// festival tables, and what happens when a holiday meets a weekend. docs/calendar.md lists the laws
// the rules encode. No allocation: a year's holidays fit a fixed array, names are literals.
#pragma once

#include "core/calendar/day.hpp"

#include <array>
#include <cstdint>
#include <span>
#include <string_view>

namespace starhouse::calendar {

enum class Country : std::uint8_t {
  none, // weekends only
  india,
  united_states,
  england_and_wales,
  scotland,
  northern_ireland,
};

// ISO 3166 codes, any case: IN, US, GB (England and Wales), GB-ENG, GB-WLS, GB-SCT, GB-NIR.
// `none` for any other.
Country find_country(std::string_view code) noexcept;

struct Holiday {
  Day day;
  std::string_view name;
  bool observed;  // a day off in lieu: the holiday itself fell on a weekend
  bool estimated; // computed where no official date is at hand; may be a day off
};

// Holidays of one calendar year, by day; several may share a day.
class HolidayYear {
public:
  static constexpr std::size_t capacity = 48;

  HolidayYear() = default;
  HolidayYear(Country country, int year) noexcept;

  std::span<const Holiday> all() const &noexcept { return {holidays_.data(), size_}; }
  std::span<const Holiday> all() const && = delete; // it would view into a dead object

private:
  void add(const Holiday &holiday) noexcept;
  bool holds(Day day) const noexcept;

  std::array<Holiday, capacity> holidays_{};
  std::size_t size_ = 0;
};

} // namespace starhouse::calendar
