// Names of days, months and the like in several languages, as UTF-8 literals. Days and months are
// those of the Unicode CLDR, stand-alone forms (test/t/calendar_languages.t compares them); the
// rest is ours.
#pragma once

#include <array>
#include <string_view>

namespace starhouse::calendar {

// What the names of holidays are translated from.
inline constexpr std::size_t translated_holidays = 19;
extern const std::array<std::string_view, translated_holidays> holiday_keys;

// Plain data, so that a host whose texts are not UTF-8 can make a copy in its own encoding.
struct Words {
  std::string_view code; // ISO 639-1, "en"
  std::array<std::string_view, 7> days;
  std::array<std::string_view, 7> days_short;
  std::array<std::string_view, 12> months;
  std::array<std::string_view, 12> months_short;
  std::array<std::string_view, 4> seasons;        // winter, spring, summer, autumn
  std::array<std::string_view, 4> indian_seasons; // winter, summer, monsoon, post-monsoon
  std::array<std::string_view, 4> day_parts;      // night, morning, afternoon, evening
  std::array<std::string_view, 5> meals;          // breakfast, lunch, snack, dinner, late night
  std::string_view estimated;                     // appended to the name of an estimated holiday
  std::array<std::string_view, translated_holidays> holidays; // empty: as in English

  // Calls `change` with a reference to every text.
  template <class Change>
  void for_each(Change change) {
    const auto all = [&change](auto &texts) {
      for (std::string_view &text : texts) {
        change(text);
      }
    };
    all(days), all(days_short), all(months), all(months_short), all(seasons);
    all(indian_seasons), all(day_parts), all(meals), all(holidays);
    change(estimated);
  }

  // The holiday's name in this language where it is known, else as given.
  std::string_view holiday(std::string_view english) const noexcept;
};

// By language code, any case: en, hi, mr, bn, de, fr, es. Throws Error 22023 for any other.
const Words &words_of(std::string_view language);

} // namespace starhouse::calendar
