// Who comes back: the days on which a user was active (DaySet), and how many users of each cohort
// were active in each period after it (Retention).
//
// Cohorts and days are put into periods of the calendar: days, ISO weeks (from Monday) or months.
// A user counts once in each period; periods are numbered from that of the cohort, which is 0.
// Activity before the cohort's period does not count.
//
// Stored forms (after the header of all states): DaySet varint days; each: varint difference to the
// one before less 1 (the first: zigzag day). Retention u8 period (0: no row yet), zigzag last
// period with activity, varint cohorts; each: varint difference of its period to the one before
// less 1 (the first: zigzag), varint users, varint counts, then as many varint users by period
// (the last not 0).
#pragma once

#include "core/behaviour/event_list.hpp"
#include "core/state.hpp"

#include <map>
#include <string_view>

namespace starhouse::behaviour {

// Days since 2000-01-01, as PostgreSQL's date; the extreme numbers are infinite.
using Day = std::int32_t;

class DaySet {
public:
  static constexpr StateFormat format{"day_set", StateKind::day_set, 1};

  explicit DaySet(const Env &env) : days_(env) {}

  // Error 22008 for an infinite day.
  void add(Day day);

  struct Row {
    Day day;
  };
  void add(const Row &row) { add(row.day); }
  void fetch(const Row &) const noexcept { days_.fetch(); }

  void merge(const DaySet &other) { days_.merge(other.days_); }

  // Ascending.
  std::span<const Day> days() const { return days_.sorted(); }

  std::size_t encoded_size() const;
  void encode(ByteWriter &out) const;
  void decode(ByteReader &in, std::uint8_t version);

private:
  template <class Out>
  void write(Out &out) const;

  EventList<Day, DropEqual> days_;
};

enum class Period : std::uint8_t { none = 0, day = 1, week = 2, month = 3 };

// 'day', 'week' or 'month'; error 22023 for another.
Period period_of(std::string_view name);

class Retention {
public:
  static constexpr StateFormat format{"retention_state", StateKind::retention, 1};
  // Periods after its cohort in which a user may be active: activity centuries later is a mistake,
  // and would make every state large.
  static constexpr std::int64_t most_periods = 65'535;

  explicit Retention(const Env &env) : env_(env), cohorts_(env.memory) {}

  // One user: `days` ascending. Errors 22008 for an infinite cohort, 22023 for a period that
  // differs from the first one, 54000 for activity too long after the cohort.
  void add(Day cohort, std::span<const Day> days, Period period);
  void merge(const Retention &other);

  struct Cell {
    Day cohort;         // first day of its period
    std::int64_t after; // periods
    std::uint64_t users;
    std::uint64_t active;
  };
  // By cohort and period: from 0 to the last period with activity of any cohort.
  template <class Use>
  void each_cell(Use use) const;

  // By periods after: the share of users active then, of all cohorts that have come that far (that
  // is, whose period is no later than the last with activity).
  std::pmr::vector<double> curve(const Env &env) const;

  std::size_t encoded_size() const;
  void encode(ByteWriter &out) const;
  void decode(ByteReader &in, std::uint8_t version);

private:
  struct Cohort {
    explicit Cohort(std::pmr::memory_resource *memory) : active(memory) {}
    std::uint64_t users = 0;
    std::pmr::vector<std::uint64_t> active; // by periods after
  };

  void adopt(Period period);
  Cohort &cohort_at(std::int64_t period);
  std::int64_t last_after(std::int64_t cohort) const noexcept;
  template <class Out>
  void write(Out &out) const;

  Env env_;
  Period period_ = Period::none;
  std::int64_t last_active_ = INT64_MIN; // period; INT64_MIN: none
  std::pmr::map<std::int64_t, Cohort> cohorts_;
};

// Number of the period that holds a day, and the first day of a period.
std::int64_t period_number(Day day, Period period) noexcept;
Day period_start(std::int64_t number, Period period) noexcept;

template <class Use>
void Retention::each_cell(Use use) const {
  for (const auto &[number, cohort] : cohorts_) {
    const std::int64_t last = last_after(number);
    for (std::int64_t after = 0; after <= last; ++after) {
      const auto place = static_cast<std::size_t>(after);
      use(Cell{period_start(number, period_), after, cohort.users,
               place < cohort.active.size() ? cohort.active[place] : 0});
    }
  }
}

} // namespace starhouse::behaviour
