// Words that users write: the first line is a calendar's name, the second a grain, the third a
// retail pattern, the fourth a language; each is an Error with a hint, or means something that a
// time dimension can be made from. The rest of the bytes are a user's days.
#include "core/calendar/calendar_name.hpp"
#include "core/calendar/time_dimension.hpp"
#include "core/error.hpp"

#include <algorithm>
#include <cstdint>
#include <cstdlib>
#include <cstring>
#include <memory>
#include <string_view>
#include <vector>

namespace {

void expect(bool holds) {
  if (!holds) {
    std::abort();
  }
}

// Calls `use` with the word; an Error must say how to mend it.
template <class Use>
void try_word(Use use) {
  try {
    use();
  } catch (const starhouse::Error &error) {
    expect(!error.message().empty() && !error.hint().empty());
  }
}

} // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t *data, std::size_t size) {
  using namespace starhouse::calendar;
  std::string_view rest(reinterpret_cast<const char *>(data), size);
  const auto next_line = [&rest] {
    const std::size_t end = std::min(rest.find('\n'), rest.size());
    const std::string_view line = rest.substr(0, end);
    rest.remove_prefix(std::min(end + 1, rest.size()));
    return line;
  };

  TimeDimensionOptions options;
  const std::string_view calendar = next_line();
  try_word([&] {
    const CalendarName name = parse_calendar_name(calendar);
    expect(name.country_count + name.table_count >= 1);
    for (std::size_t i = 0; i < name.table_count; ++i) {
      const std::size_t length = std::strlen(name.tables[i].table.bytes.data());
      expect(length >= 1 && length <= Identifier::capacity);
      expect(name.tables[i].text.data() >= calendar.data() &&
             name.tables[i].text.data() + name.tables[i].text.size() <=
                 calendar.data() + calendar.size());
    }
    options.calendar.countries = name.countries;
    options.calendar.country_count = name.country_count;
  });
  const std::string_view grain = next_line();
  try_word([&] {
    options.grain = grain_from_name(grain);
    expect(options.grain.minutes > 0 && 1'440 % options.grain.minutes == 0);
  });
  const std::string_view pattern = next_line();
  try_word([&] { options.retail.pattern = retail_pattern_from(pattern); });
  const std::string_view language = next_line();
  try_word([&] { options.words = &words_of(language); });

  std::vector<UserDay> days;
  const Day first = day_from_civil(2024, 2, 27);
  for (const char byte : rest.substr(0, 512)) {
    const auto value = static_cast<unsigned char>(byte);
    days.push_back({first + value % 8, value % 3 == 0,
                    rest.substr(value % rest.size(), std::min<std::size_t>(value, 200) + 1)});
  }
  std::sort(days.begin(), days.end(),
            [](const UserDay &a, const UserDay &b) { return a.day < b.day; });
  options.calendar.user_days = days;
  options.start = first;
  options.end = first + 5;
  const auto dimension = std::make_unique<TimeDimension>(options);
  int rows = 0;
  while (const TimeRow *row = dimension->next()) {
    expect(row->holiday_name.size() <= 1'000);
    expect(!row->is_holiday || !row->is_business_day);
    expect(row->retail.period_start <= row->date && row->date <= row->retail.period_end);
    ++rows;
  }
  expect(rows == 6 * 1'440 / options.grain.minutes);
  const auto business = std::make_unique<BusinessCalendar>(options.calendar);
  for (Day day = first; day < first + 8; ++day) {
    const auto there = business->add(day, 5);
    expect(there.has_value() && business->count(day + 1, *there) == 5);
  }
  return 0;
}
