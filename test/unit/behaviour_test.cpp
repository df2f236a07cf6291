// States over events: the list they share, and each against its definition worked out plainly, on
// seeded random data, in any order and split.
#include "core/behaviour/concurrency.hpp"
#include "core/behaviour/funnel.hpp"
#include "core/behaviour/retention.hpp"
#include "core/behaviour/spans.hpp"

#include <algorithm>
#include <gtest/gtest.h>

#include <map>
#include <random>
#include <set>
#include <vector>

namespace starhouse::behaviour {
namespace {

template <class State>
std::vector<std::byte> stored(const State &state) {
  std::vector<std::byte> bytes(stored_size(state));
  write_state(state, bytes);
  return bytes;
}

template <class State>
State restored(const std::vector<std::byte> &bytes) {
  State state{Env{}};
  read_state(state, bytes);
  return state;
}

// What `add` makes of `rows` in order, shuffled, and in parts that are stored, restored and merged:
// the same bytes. Returns the state of the rows in order.
template <class State, class Row, class Add>
State any_way(std::vector<Row> rows, std::mt19937 &random, Add add) {
  State plain{Env{}};
  for (const Row &row : rows) {
    add(plain, row);
  }
  const auto bytes = stored(plain);
  for (int way = 0; way < 3; ++way) {
    std::shuffle(rows.begin(), rows.end(), random);
    State shuffled{Env{}};
    std::vector<State> parts;
    for (int i = 0; i <= way; ++i) {
      parts.emplace_back(Env{});
    }
    for (const Row &row : rows) {
      add(shuffled, row);
      add(parts[random() % parts.size()], row);
    }
    EXPECT_EQ(stored(shuffled), bytes);
    State merged{Env{}};
    for (const State &part : parts) {
      merged.merge(restored<State>(stored(part)));
    }
    EXPECT_EQ(stored(merged), bytes);
  }
  return plain;
}

template <class Call>
SqlState code_of(Call call) {
  try {
    call();
  } catch (const Error &error) {
    EXPECT_FALSE(error.hint().empty());
    return error.code();
  }
  return SqlState{"00000"};
}

TEST(EventList, SetsAreOneAndTheSameHoweverTheyGrow) {
  std::mt19937 random(1);
  for (int round = 0; round < 200; ++round) {
    const std::size_t size = random() % 500;
    const int range = 1 + static_cast<int>(random() % 400);
    EventList<int, DropEqual> list{Env{}};
    EventList<int, DropEqual> other{Env{}};
    std::set<int> expected;
    for (std::size_t i = 0; i < size; ++i) {
      const int value = static_cast<int>(random() % static_cast<unsigned>(range));
      expected.insert(value);
      (random() % 4 == 0 ? other : list).add(value);
      if (random() % 50 == 0) {
        list.merge(other);
      }
      if (random() % 50 == 0) {
        list.sorted();
      }
    }
    list.merge(other);
    const auto sorted = list.sorted();
    EXPECT_TRUE(std::equal(sorted.begin(), sorted.end(), expected.begin(), expected.end()));
  }
}

TEST(EventList, SortsManyAndCanBeStoppedWhileItDoes) {
  static int polls;
  polls = 0;
  const Env env{.cancel_requested = []() noexcept { return ++polls > 2; }};
  EventList<int> list{env};
  std::mt19937 random(2);
  for (int i = 0; i < 1'000'000; ++i) {
    list.add(static_cast<int>(random() % 1'000'000));
  }
  EXPECT_THROW(list.sorted(), Cancelled);
}

TEST(EventList, KeepsItsMemoryNearWhatItFoldsTo) {
  // 1,000,000 rows of 100 values.
  struct Limited final : std::pmr::memory_resource {
    std::size_t used = 0;
    std::size_t most = 0;
    void *do_allocate(std::size_t bytes, std::size_t alignment) override {
      used += bytes;
      most = std::max(most, used);
      return std::pmr::new_delete_resource()->allocate(bytes, alignment);
    }
    void do_deallocate(void *pointer, std::size_t bytes, std::size_t alignment) override {
      used -= bytes;
      std::pmr::new_delete_resource()->deallocate(pointer, bytes, alignment);
    }
    bool do_is_equal(const memory_resource &other) const noexcept override {
      return this == &other;
    }
  } memory;
  EventList<int, DropEqual> list{Env{.memory = &memory}};
  std::mt19937 random(3);
  for (int i = 0; i < 1'000'000; ++i) {
    list.add(static_cast<int>(random() % 100));
  }
  EXPECT_EQ(list.sorted().size(), 100U);
  EXPECT_LT(memory.most, 8000U);
}

struct Click {
  Instant at;
  std::uint32_t steps;
};

// The longest chain by trying every event as the next one.
int longest(const std::vector<Click> &clicks, const FunnelRule &rule, Instant start, Instant last,
            int level) {
  int best = level;
  if (level == rule.steps) {
    return best;
  }
  for (const Click &click : clicks) {
    const bool increases = (rule.modes & strict_increase) != 0 ? click.at > last : click.at >= last;
    if (((click.steps >> level) & 1U) != 0 && (level == 0 || increases) &&
        (level == 0 || click.at - start <= rule.window)) {
      best =
          std::max(best, longest(clicks, rule, level == 0 ? click.at : start, click.at, level + 1));
    }
  }
  return best;
}

TEST(Funnel, IsTheLongestChain) {
  std::mt19937 random(4);
  for (int round = 0; round < 2000; ++round) {
    const auto steps = static_cast<std::uint8_t>(1 + random() % 5);
    const FunnelRule rule{static_cast<std::int64_t>(random() % 12),
                          random() % 2 == 0 ? std::uint8_t{strict_increase} : std::uint8_t{0},
                          steps};
    std::vector<Click> clicks(random() % 9);
    for (Click &click : clicks) {
      click = {static_cast<Instant>(random() % 15),
               static_cast<std::uint32_t>(random() % 3 == 0 ? random() % (1U << steps)
                                                            : 1U << (random() % steps))};
    }
    const Funnel funnel = any_way<Funnel>(clicks, random, [&](Funnel &state, const Click &click) {
      state.add(click.at, click.steps, rule);
    });
    const int expected = longest(clicks, rule, 0, 0, 0);
    EXPECT_EQ(clicks.empty() ? 0 : funnel.level(), expected);
  }
}

TEST(Funnel, SpansAllOfTime) {
  const FunnelRule rule{INT64_MAX, 0, 2};
  Funnel funnel{Env{}};
  funnel.add(after_all - 1, 2, rule);
  funnel.add(before_all + 1, 1, rule);
  EXPECT_EQ(funnel.level(), 1);
  EXPECT_EQ(restored<Funnel>(stored(funnel)).level(), 1);
  funnel.add(-1, 1, rule);
  EXPECT_EQ(funnel.level(), 2);
  EXPECT_EQ(funnel.level(0), 1);
}

TEST(Funnel, RefusesWhatMakesNoSense) {
  const FunnelRule rule{10, 0, 2};
  Funnel funnel{Env{}};
  funnel.add(0, 1, rule);
  EXPECT_EQ(code_of([&] { funnel.add(after_all, 1, rule); }), sqlstate::datetime_field_overflow);
  EXPECT_EQ(code_of([&] { funnel.add(0, 1, {11, 0, 2}); }), sqlstate::invalid_parameter_value);
  EXPECT_EQ(code_of([&] {
              Funnel(Env{}).add(0, 1, {1, 0, 33});
            }),
            sqlstate::invalid_parameter_value);
  EXPECT_EQ(code_of([&] {
              Funnel(Env{}).add(0, 1, {-1, 0, 1});
            }),
            sqlstate::invalid_parameter_value);
  EXPECT_EQ(code_of([&] { funnel_modes("strict_order,"); }), SqlState{"00000"});
  EXPECT_EQ(code_of([&] { funnel_modes("strict"); }), sqlstate::invalid_parameter_value);
  EXPECT_EQ(funnel_modes(" strict_once , strict_order"), strict_once | strict_order);
  Funnel other{Env{}};
  other.add(0, 1, {10, strict_once, 2});
  EXPECT_EQ(code_of([&] { funnel.merge(other); }), sqlstate::invalid_parameter_value);
}

TEST(Sessions, AreTheRunsOfTheSortedEvents) {
  std::mt19937 random(5);
  for (int round = 0; round < 500; ++round) {
    const auto gap = static_cast<std::int64_t>(random() % 20);
    std::vector<Instant> times(1 + random() % 60);
    for (Instant &at : times) {
      at = static_cast<Instant>(random() % 500) - 250;
    }
    const Sessions sessions =
        any_way<Sessions>(times, random, [&](Sessions &state, Instant at) { state.add(at, gap); });
    std::sort(times.begin(), times.end());
    std::vector<Span> expected;
    for (const Instant at : times) {
      if (expected.empty() || at - expected.back().end > gap) {
        expected.push_back({at, at, 0});
      }
      expected.back().end = at;
      ++expected.back().events;
    }
    const auto list = sessions.list();
    ASSERT_EQ(list.size(), expected.size());
    for (std::size_t i = 0; i < list.size(); ++i) {
      EXPECT_EQ(list[i].start, expected[i].start);
      EXPECT_EQ(list[i].end, expected[i].end);
      EXPECT_EQ(list[i].events, expected[i].events);
    }
    EXPECT_EQ(sessions.summary().events, times.size());
  }
}

TEST(Intervals, UnionAndPeakAreThoseOfEveryInstant) {
  std::mt19937 random(6);
  for (int round = 0; round < 500; ++round) {
    std::vector<std::pair<Instant, Instant>> rows(1 + random() % 40);
    std::array<std::int64_t, 300> running{};
    for (auto &[start, end] : rows) {
      start = static_cast<Instant>(random() % 200);
      end = start + static_cast<Instant>(random() % 100);
      for (Instant at = start; at < end; ++at) {
        ++running[static_cast<std::size_t>(at)];
      }
    }
    const auto whole =
        any_way<IntervalUnion>(rows, random, [](IntervalUnion &state, const auto &row) {
          state.add(row.first, row.second);
        });
    EXPECT_EQ(whole.length(), static_cast<std::uint64_t>(std::count_if(
                                  running.begin(), running.end(), [](auto n) { return n > 0; })));
    EXPECT_EQ(whole.length(50, 120),
              static_cast<std::uint64_t>(std::count_if(running.begin() + 50, running.begin() + 120,
                                                       [](auto n) { return n > 0; })));
    const auto counted =
        any_way<Concurrency>(rows, random, [](Concurrency &state, const auto &row) {
          state.add(row.first, row.second);
        });
    Concurrency::Stretch peak{};
    const auto *most = std::max_element(running.begin(), running.end());
    EXPECT_EQ(counted.peak(peak), *most > 0);
    EXPECT_EQ(peak.running, *most);
    if (*most > 0) {
      EXPECT_EQ(peak.from, most - running.begin());
      EXPECT_EQ(running[static_cast<std::size_t>(peak.until - 1)], *most);
      EXPECT_NE(running[static_cast<std::size_t>(peak.until)], *most);
    }
    counted.each_stretch([&](const Concurrency::Stretch &stretch) {
      for (Instant at = stretch.from; at < stretch.until; ++at) {
        EXPECT_EQ(running[static_cast<std::size_t>(at)], stretch.running);
      }
    });
  }
}

TEST(Intervals, MayHaveNoEndWherePeaksAreCounted) {
  Concurrency counted{Env{}};
  counted.add(before_all, after_all);
  counted.add(5, after_all);
  counted.add(3, 5);
  Concurrency::Stretch peak{};
  EXPECT_TRUE(restored<Concurrency>(stored(counted)).peak(peak));
  EXPECT_EQ(peak.running, 2);
  EXPECT_EQ(peak.from, 3);
  EXPECT_EQ(peak.until, after_all);
  IntervalUnion whole{Env{}};
  whole.add(before_all + 1, after_all - 1);
  EXPECT_EQ(whole.length(), UINT64_MAX - 2);
  EXPECT_EQ(stored(restored<IntervalUnion>(stored(whole))), stored(whole));
  EXPECT_EQ(code_of([&] { whole.add(0, after_all); }), sqlstate::datetime_field_overflow);
  EXPECT_EQ(code_of([&] { whole.add(1, 0); }), sqlstate::invalid_parameter_value);
  EXPECT_EQ(code_of([&] { counted.add(1, 0); }), sqlstate::invalid_parameter_value);
}

TEST(Retention, CountsEveryUserOnceInEachPeriod) {
  std::mt19937 random(7);
  for (int round = 0; round < 200; ++round) {
    const auto period = static_cast<Period>(1 + random() % 3);
    struct User {
      Day cohort;
      std::vector<Day> days;
    };
    std::vector<User> users(1 + random() % 30);
    std::map<std::int64_t, std::uint64_t> sizes;
    std::map<std::pair<std::int64_t, std::int64_t>, std::uint64_t> active;
    std::int64_t last = INT64_MIN;
    for (User &user : users) {
      user.cohort = static_cast<Day>(random() % 200) - 100;
      std::set<Day> days;
      std::set<std::int64_t> periods;
      const std::int64_t first = period_number(user.cohort, period);
      for (std::size_t i = random() % 20; i > 0; --i) {
        const Day day = static_cast<Day>(random() % 400) - 150;
        days.insert(day);
        if (period_number(day, period) >= first) {
          periods.insert(period_number(day, period));
          last = std::max(last, period_number(day, period));
        }
      }
      user.days.assign(days.begin(), days.end());
      ++sizes[first];
      for (const std::int64_t number : periods) {
        ++active[{first, number - first}];
      }
    }
    const auto retention =
        any_way<Retention>(users, random, [&](Retention &state, const User &user) {
          state.add(user.cohort, user.days, period);
        });
    std::size_t cells = 0;
    retention.each_cell([&](const Retention::Cell &cell) {
      const std::int64_t number = period_number(cell.cohort, period);
      EXPECT_EQ(period_start(number, period), cell.cohort);
      EXPECT_EQ(cell.users, sizes[number]);
      const auto found = active.find({number, cell.after});
      EXPECT_EQ(cell.active, found == active.end() ? 0 : found->second);
      cells += cell.active > 0 ? 1 : 0;
      EXPECT_TRUE(cell.after == 0 || number + cell.after <= last);
    });
    EXPECT_EQ(cells, active.size());
  }
}

TEST(Behaviour, FailedAllocationsLeaveAnExceptionAlone) {
  struct Failing final : std::pmr::memory_resource {
    int left = 0;
    void *do_allocate(std::size_t bytes, std::size_t alignment) override {
      if (left-- == 0) {
        throw std::bad_alloc();
      }
      return std::pmr::new_delete_resource()->allocate(bytes, alignment);
    }
    void do_deallocate(void *pointer, std::size_t bytes, std::size_t alignment) override {
      std::pmr::new_delete_resource()->deallocate(pointer, bytes, alignment);
    }
    bool do_is_equal(const memory_resource &other) const noexcept override {
      return this == &other;
    }
  };
  for (int allowed = 0; allowed < 12; ++allowed) {
    Failing memory;
    memory.left = allowed;
    Concurrency counted{Env{.memory = &memory}};
    EXPECT_THROW(
        for (int i = 0; i < 100'000; ++i) { counted.add(i * 7919 % 100'003, 200'000 + i); },
        std::bad_alloc);
  }
}

} // namespace
} // namespace starhouse::behaviour
