#include "core/behaviour/retention.hpp"

#include "core/calendar/day.hpp"

namespace starhouse::behaviour {

namespace {

constexpr Day first_day = INT32_MIN;
constexpr Day last_day = INT32_MAX;

void check_finite_day(Day day) {
  if (day == first_day || day == last_day) {
    throw Error(sqlstate::datetime_field_overflow, "a day is infinite",
                "Give the date of each activity, or leave the row out by FILTER.");
  }
}

// The days that PostgreSQL's date can hold lie well within.
constexpr std::int64_t most_number = std::int64_t{1} << 32U;

} // namespace

void DaySet::add(Day day) {
  check_finite_day(day);
  days_.add(day);
}

template <class Out>
void DaySet::write(Out &out) const {
  const auto list = days();
  out.varint(list.size());
  std::int64_t previous = 0;
  for (std::size_t i = 0; i < list.size(); ++i) {
    if (i == 0) {
      out.zigzag(list[i]);
    } else {
      out.varint(static_cast<std::uint64_t>(list[i] - previous - 1));
    }
    previous = list[i];
  }
}

std::size_t DaySet::encoded_size() const {
  ByteCounter counter;
  write(counter);
  return counter.size();
}

void DaySet::encode(ByteWriter &out) const {
  write(out);
}

void DaySet::decode(ByteReader &in, std::uint8_t /*version*/) {
  const std::size_t count = in.count(1);
  std::int64_t day = 0;
  for (std::size_t i = 0; i < count; ++i) {
    if ((i & 0xFFFFU) == 0) {
      days_.env().poll();
    }
    if (i == 0) {
      day = in.zigzag();
      in.require(day > first_day && day < last_day, "a day is out of range");
    } else {
      const std::uint64_t step = in.varint();
      in.require(step < static_cast<std::uint64_t>(last_day - day - 1), "a day is out of range");
      day += static_cast<std::int64_t>(step) + 1;
    }
    days_.append(static_cast<Day>(day));
  }
}

Period period_of(std::string_view name) {
  if (name == "day") {
    return Period::day;
  }
  if (name == "week") {
    return Period::week;
  }
  if (name == "month") {
    return Period::month;
  }
  throw Error(sqlstate::invalid_parameter_value, "unknown period: \"" + std::string(name) + "\"",
              "Choose from day, week and month.");
}

std::int64_t period_number(Day day, Period period) noexcept {
  switch (period) {
  case Period::week: {
    // 2000-01-03 was a Monday.
    const std::int64_t from_monday = std::int64_t{day} - 2;
    return from_monday >= 0 ? from_monday / 7 : (from_monday - 6) / 7;
  }
  case Period::month: {
    const calendar::Civil civil = calendar::civil_from_day(day);
    return std::int64_t{civil.year} * 12 + civil.month - 1;
  }
  default:
    return day;
  }
}

Day period_start(std::int64_t number, Period period) noexcept {
  switch (period) {
  case Period::week:
    return static_cast<Day>(number * 7 + 2);
  case Period::month: {
    const std::int64_t year = number >= 0 ? number / 12 : (number - 11) / 12;
    return calendar::day_from_civil(static_cast<int>(year),
                                    static_cast<int>(number - year * 12) + 1, 1);
  }
  default:
    return static_cast<Day>(number);
  }
}

void Retention::adopt(Period period) {
  if (period_ != Period::none) {
    throw Error(sqlstate::invalid_parameter_value,
                "the period differs between rows or states of one retention",
                "Give the same period for all of them.");
  }
  period_ = period;
}

Retention::Cohort &Retention::cohort_at(std::int64_t period) {
  return cohorts_.try_emplace(period, env_.memory).first->second;
}

void Retention::add(Day cohort, std::span<const Day> days, Period period) {
  if (period != period_) {
    adopt(period);
  }
  check_finite_day(cohort);
  const std::int64_t first = period_number(cohort, period_);
  Cohort &counts = cohort_at(first);
  std::int64_t counted = INT64_MIN;
  for (const Day day : days) {
    const std::int64_t number = period_number(day, period_);
    if (number == counted || number < first) {
      continue;
    }
    counted = number;
    const std::int64_t after = number - first;
    if (after > most_periods) {
      throw Error(sqlstate::program_limit_exceeded,
                  "activity " + std::to_string(after) + " periods after its cohort",
                  "At most " + std::to_string(most_periods) +
                      " are counted: mend the dates, or take a longer period.");
    }
    const auto place = static_cast<std::size_t>(after);
    if (place >= counts.active.size()) {
      counts.active.resize(place + 1);
    }
    ++counts.active[place];
    last_active_ = std::max(last_active_, number);
  }
  ++counts.users;
}

void Retention::merge(const Retention &other) {
  if (other.period_ == Period::none) {
    return;
  }
  if (other.period_ != period_) {
    adopt(other.period_);
  }
  last_active_ = std::max(last_active_, other.last_active_);
  for (const auto &[number, theirs] : other.cohorts_) {
    Cohort &counts = cohort_at(number);
    counts.users += theirs.users;
    counts.active.resize(std::max(counts.active.size(), theirs.active.size()));
    for (std::size_t i = 0; i < theirs.active.size(); ++i) {
      counts.active[i] += theirs.active[i];
    }
  }
}

// A cohort without any activity in sight has its own period alone.
std::int64_t Retention::last_after(std::int64_t cohort) const noexcept {
  return last_active_ <= cohort ? 0 : std::min(last_active_ - cohort, most_periods);
}

std::pmr::vector<double> Retention::curve(const Env &env) const {
  // Users of the cohorts that have come as far, first by the last period each has come to.
  std::pmr::vector<std::uint64_t> users(env.memory);
  std::pmr::vector<std::uint64_t> active(env.memory);
  for (const auto &[number, cohort] : cohorts_) {
    const auto last = static_cast<std::size_t>(last_after(number));
    if (users.size() <= last) {
      users.resize(last + 1);
      active.resize(last + 1);
    }
    users[last] += cohort.users;
    for (std::size_t i = 0; i < cohort.active.size(); ++i) {
      active[i] += cohort.active[i];
    }
  }
  std::pmr::vector<double> shares(users.size(), env.memory);
  std::uint64_t come = 0;
  for (std::size_t i = users.size(); i-- > 0;) {
    come += users[i];
    shares[i] = static_cast<double>(active[i]) / static_cast<double>(come);
  }
  return shares;
}

template <class Out>
void Retention::write(Out &out) const {
  out.put(static_cast<std::uint8_t>(period_));
  out.zigzag(last_active_);
  out.varint(cohorts_.size());
  bool first = true;
  std::int64_t previous = 0;
  for (const auto &[number, cohort] : cohorts_) {
    if (first) {
      out.zigzag(number);
    } else {
      out.varint(static_cast<std::uint64_t>(number - previous - 1));
    }
    first = false;
    previous = number;
    out.varint(cohort.users);
    out.varint(cohort.active.size());
    for (const std::uint64_t users : cohort.active) {
      out.varint(users);
    }
  }
}

std::size_t Retention::encoded_size() const {
  ByteCounter counter;
  write(counter);
  return counter.size();
}

void Retention::encode(ByteWriter &out) const {
  write(out);
}

void Retention::decode(ByteReader &in, std::uint8_t /*version*/) {
  const auto period = in.get<std::uint8_t>();
  in.require(period <= static_cast<std::uint8_t>(Period::month), "an unknown period");
  period_ = static_cast<Period>(period);
  last_active_ = in.zigzag();
  const std::size_t count = in.count(3);
  in.require((period_ == Period::none) == (count == 0), "cohorts without a period");
  std::int64_t number = 0;
  std::int64_t last_seen = INT64_MIN;
  for (std::size_t i = 0; i < count; ++i) {
    if (i == 0) {
      number = in.zigzag();
      in.require(number > -most_number && number < most_number, "a cohort is out of range");
    } else {
      const std::uint64_t step = in.varint();
      in.require(step < static_cast<std::uint64_t>(most_number - number - 1),
                 "a cohort is out of range");
      number += static_cast<std::int64_t>(step) + 1;
    }
    const Day start = period_start(number, period_);
    in.require(period_number(start, period_) == number && start != first_day && start != last_day,
               "a cohort is out of range");
    Cohort &cohort = cohort_at(number);
    cohort.users = in.varint();
    in.require(cohort.users > 0 && cohort.users <= std::uint64_t{1} << 48U,
               "a number of users is out of range");
    cohort.active.resize(in.count(1, most_periods + 1));
    for (std::uint64_t &users : cohort.active) {
      users = in.varint();
      in.require(users <= cohort.users, "more users are active than there are");
    }
    in.require(cohort.active.empty() || cohort.active.back() > 0, "a count ends in zeros");
    if (!cohort.active.empty()) {
      last_seen = std::max(last_seen, number + static_cast<std::int64_t>(cohort.active.size()) - 1);
    }
  }
  in.require(last_active_ == last_seen, "the last period does not fit the counts");
}

} // namespace starhouse::behaviour
