// Dates of the Indian festivals that follow the moon.
//
// Hindu, Jain, Buddhist and Sikh festivals fall on a tithi (a thirtieth of the lunation) of a lunar
// month, on the day when that tithi holds at the hour the rite asks for. Dates come from the tithi
// as computed (moon.hpp), put right by a list of the years whose published date differs. Muslim
// festivals wait for the new crescent to be seen, which is estimated, and put right likewise.
#pragma once

#include "core/calendar/day.hpp"

#include <array>
#include <cstddef>

namespace starhouse::calendar {

struct FestivalDay {
  Day day;
  bool estimated;
};

// What falls into one Gregorian year: one day as a rule, none or two of the Muslim year, which is
// shorter; none outside the years computed.
class FestivalDays {
public:
  constexpr void add(FestivalDay day) noexcept { days_[size_++] = day; }
  constexpr std::size_t size() const noexcept { return size_; }
  constexpr const FestivalDay *begin() const noexcept { return days_.data(); }
  constexpr const FestivalDay *end() const noexcept { return days_.data() + size_; }

private:
  std::array<FestivalDay, 2> days_{};
  std::size_t size_ = 0;
};

// The computation holds for these years; the dates of the official ones have been checked one by
// one against published holiday lists.
inline constexpr int first_festival_year = 1900;
inline constexpr int last_festival_year = 2199;
inline constexpr int first_official_festival_year = 2001;
inline constexpr int last_official_festival_year = 2035;
inline constexpr int last_official_muslim_year = 2026;

FestivalDays maha_shivaratri(int year) noexcept;
FestivalDays holi(int year) noexcept;
FestivalDays ram_navami(int year) noexcept;
FestivalDays mahavir_jayanti(int year) noexcept;
FestivalDays buddha_purnima(int year) noexcept;
FestivalDays janmashtami(int year) noexcept;
FestivalDays dussehra(int year) noexcept;
FestivalDays diwali(int year) noexcept;
FestivalDays guru_nanak_jayanti(int year) noexcept;

FestivalDays muharram(int year) noexcept;
FestivalDays milad_un_nabi(int year) noexcept;
FestivalDays id_ul_fitr(int year) noexcept;
FestivalDays id_ul_zuha(int year) noexcept;

} // namespace starhouse::calendar
