#include "core/score/trending.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <limits>
#include <random>
#include <vector>

namespace {

using namespace starhouse;
using score::HalfLife;
using score::Trending;

constexpr std::int64_t second = 1'000'000;
constexpr std::int64_t hour = 3600 * second;
constexpr std::int64_t day = 24 * hour;
const HalfLife an_hour(hour);

struct Event {
  std::int64_t time;
  double weight;
};

Trending state_of(const std::vector<Event> &events, std::int64_t half_life_micros) {
  const HalfLife half_life(half_life_micros);
  Trending state;
  for (const Event &event : events) {
    state.add(event.time, event.weight, half_life);
  }
  return state;
}

// The definition, term by term in extended precision, smallest first.
long double expected(const std::vector<Event> &events, std::int64_t half_life, std::int64_t as_of) {
  std::vector<long double> terms;
  for (const Event &event : events) {
    const auto age = static_cast<__int128>(event.time) - as_of;
    const auto whole = static_cast<long>(age / half_life);
    const auto rest =
        static_cast<long double>(static_cast<std::int64_t>(age % half_life)) / half_life;
    terms.push_back(std::ldexp(event.weight * std::exp2(rest), static_cast<int>(whole)));
  }
  std::sort(terms.begin(), terms.end(),
            [](long double a, long double b) { return std::abs(a) < std::abs(b); });
  long double sum = 0;
  for (const long double term : terms) {
    sum += term;
  }
  return sum;
}

std::int64_t ulps_between(double a, double b) {
  std::int64_t x = 0;
  std::int64_t y = 0;
  std::memcpy(&x, &a, sizeof a);
  std::memcpy(&y, &b, sizeof b);
  return std::abs(x - y);
}

std::vector<std::byte> stored(const Trending &state) {
  std::vector<std::byte> bytes(stored_size(state));
  write_state(state, bytes);
  return bytes;
}

Trending restored(const std::vector<std::byte> &bytes) {
  Trending state;
  read_state(state, bytes);
  return state;
}

std::string code_of(auto &&action) {
  try {
    action();
  } catch (const Error &error) {
    EXPECT_FALSE(error.hint().empty());
    return error.code().data();
  }
  return "none";
}

TEST(Trending, ValuesKnownByHand) {
  EXPECT_EQ(state_of({{0, 1}}, hour).value(0), 1);
  EXPECT_EQ(state_of({{0, 1}}, hour).value(hour), 0.5) << "half after one half-life";
  EXPECT_EQ(state_of({{0, 1}}, hour).value(10 * hour), 0x1p-10);
  EXPECT_EQ(state_of({{0, 8}, {hour, 4}, {2 * hour, 2}}, hour).value(2 * hour), 6) << "2 + 2 + 2";
  EXPECT_EQ(state_of({{hour, 1}}, hour).value(0), 2) << "seen from before the event";
  EXPECT_EQ(state_of({{-hour, 1}}, hour).value(0), 0.5) << "times before the epoch";
  EXPECT_DOUBLE_EQ(state_of({{0, 1}}, 2 * hour).value(hour), std::sqrt(0.5));
  EXPECT_EQ(state_of({{0, 3}, {0, -1}}, hour).value(0), 2) << "weights of both signs";
  EXPECT_EQ(state_of({{0, 3}, {hour, -3}, {2 * hour, 0.0}, {3 * hour, -0.0}}, hour).value(2 * hour),
            -0.75);
}

TEST(Trending, IsWithinItsBoundAndTheSameInAnyOrder) {
  std::mt19937_64 random(20260102);
  for (int round = 0; round < 60; ++round) {
    const std::int64_t half_life =
        std::vector<std::int64_t>{1000,     second,   7 * second + 1, hour,
                                  6 * hour, 30 * day, 40000 * day}[static_cast<std::size_t>(round) %
                                                                   7];
    const std::int64_t start =
        static_cast<std::int64_t>(random() % (60000 * static_cast<std::uint64_t>(day))) -
        30000 * day;
    std::vector<Event> events(2000);
    for (Event &event : events) {
      event.time =
          start + static_cast<std::int64_t>(
                      random() % static_cast<std::uint64_t>(std::min(40 * half_life, 80000 * day)));
      event.weight = std::exp2(static_cast<double>(random() % 2000) / 100 - 10);
    }
    const std::int64_t as_of = start + std::min(40 * half_life, 80000 * day);
    const auto exact = expected(events, half_life, as_of);
    const double forward = state_of(events, half_life).value(as_of);
    ASSERT_LE(std::abs(forward - exact) / exact, 0x1p-50L);
    for (int shuffle = 0; shuffle < 4; ++shuffle) {
      std::shuffle(events.begin(), events.end(), random);
      // Shuffled, split at random, some parts taken through the stored form, merged.
      Trending total;
      for (std::size_t begin = 0; begin < events.size();) {
        const std::size_t end = std::min(events.size(), begin + 1 + random() % 700);
        const Trending part = state_of({events.begin() + static_cast<std::ptrdiff_t>(begin),
                                        events.begin() + static_cast<std::ptrdiff_t>(end)},
                                       half_life);
        total.merge(random() % 2 == 0 ? part : restored(stored(part)));
        begin = end;
      }
      ASSERT_EQ(total.count(), 2000);
      ASSERT_LE(ulps_between(total.value(as_of), forward), 1);
    }
    std::sort(events.begin(), events.end(),
              [](const Event &a, const Event &b) { return a.time > b.time; });
    ASSERT_LE(ulps_between(state_of(events, half_life).value(as_of), forward), 1);
  }
}

TEST(Trending, AnyRangeOfTimesAndWeights) {
  // Half a million years apart, at a half-life of a millisecond.
  const std::vector<Event> far{{-211'813'488'000'000'000, 5}, {9'223'371'331'199'999'999, 7}};
  for (const auto &events : {far, std::vector<Event>{far[1], far[0]}}) {
    const Trending state = state_of(events, 1000);
    EXPECT_DOUBLE_EQ(state.value(far[1].time), 7);
    EXPECT_EQ(state.value(score::latest_micros), 0) << "too small for a double";
  }
  // The old event outweighs the new one: 2^1000 * 2^-900 against 1.
  const std::vector<Event> heavy{{0, 0x1p1000}, {900 * hour, 1}, {900 * hour, 0x1p80}};
  EXPECT_EQ(state_of(heavy, hour).value(900 * hour), 0x1p100 + 0x1p80 + 1);
  EXPECT_EQ(state_of({heavy[2], heavy[1], heavy[0]}, hour).value(900 * hour), 0x1p100 + 0x1p80 + 1);
  // Largest and smallest weights there are.
  constexpr double most = std::numeric_limits<double>::max();
  constexpr double least = std::numeric_limits<double>::denorm_min();
  EXPECT_DOUBLE_EQ(state_of({{hour / 2, most}}, hour).value(hour / 2 + hour), most / 2);
  EXPECT_EQ(code_of([&] { state_of({{0, most}, {0, most}}, hour).value(0); }), "22003");
  EXPECT_EQ(state_of({{0, most}, {0, most}}, hour).value(2 * hour), most / 2)
      << "a sum past the range of a double";
  EXPECT_EQ(state_of({{hour / 3, least}}, hour).value(hour / 3 - 40 * hour), 0x1p40 * least);
  EXPECT_EQ(state_of({{0, least}, {0, most}}, hour).value(hour), most / 2);
  EXPECT_EQ(state_of({{0, most}, {0, -most}, {0, 1}}, hour).value(0), 1) << "cancelled, then small";
  EXPECT_EQ(state_of({{0, 1}}, hour).value(1074 * hour), least);
  EXPECT_EQ(state_of({{0, 1}}, hour).value(1076 * hour), 0);
  EXPECT_EQ(code_of([&] { state_of({{0, 1}}, hour).value(-1100 * hour); }), "22003");
}

// 2^54 as many terms of equal size are lost one by one in plain doubles; here none is.
TEST(Trending, SmallTermsAddUp) {
  Trending state;
  state.add(0, 0x1p60, an_hour);
  for (int i = 0; i < 1 << 20; ++i) {
    state.add(0, 0x1p-20, an_hour);
  }
  state.add(0, -0x1p60, an_hour);
  EXPECT_EQ(state.value(0), 1);
}

TEST(Trending, RemovesExactlyOrSaysThatItCannot) {
  std::mt19937_64 random(20260103);
  std::vector<Event> events;
  Trending moving;
  int inverted = 0;
  for (int i = 0; i < 20000; ++i) {
    events.push_back({static_cast<std::int64_t>(i) * 60 * second,
                      i % 997 == 0 ? 1e12 : static_cast<double>(random() % 1000) / 10});
    moving.add(events.back().time, events.back().weight, an_hour);
    if (events.size() > 100) {
      const Event oldest = events.front();
      events.erase(events.begin());
      if (moving.remove(oldest.time, oldest.weight, an_hour)) {
        ++inverted;
      } else {
        moving = state_of(events, hour);
      }
    }
    ASSERT_EQ(moving.count(), static_cast<std::int64_t>(events.size()));
    if (i % 10 == 0) {
      const double direct = state_of(events, hour).value(events.back().time);
      ASSERT_LE(ulps_between(moving.value(events.back().time), direct), 1);
    }
  }
  EXPECT_GT(inverted, 19800) << "rarely anew";
  // A giant that leaves takes the small ones' digits with it: refused.
  Trending state = state_of({{0, 1e300}, {0, 1}}, hour);
  EXPECT_FALSE(state.remove(0, 1e300, an_hour));
  Trending last = state_of({{0, 1}}, hour);
  EXPECT_FALSE(last.remove(0, 1, an_hour));
}

TEST(Trending, RefusesWhatHasNoMeaning) {
  Trending state;
  constexpr double infinity = std::numeric_limits<double>::infinity();
  EXPECT_EQ(code_of([&] { state.add(0, std::nan(""), an_hour); }), "22023");
  EXPECT_EQ(code_of([&] { state.add(0, infinity, an_hour); }), "22023");
  EXPECT_EQ(code_of([&] { state.add(INT64_MAX, 1, an_hour); }), "22008");
  EXPECT_EQ(code_of([&] { state.add(INT64_MIN, 1, an_hour); }), "22008");
  EXPECT_EQ(code_of([&] { HalfLife(999); }), "22023");
  EXPECT_EQ(code_of([&] { HalfLife(0); }), "22023");
  EXPECT_EQ(code_of([&] { HalfLife(-hour); }), "22023");
  EXPECT_EQ(state.count(), 0) << "a refused event changes nothing";
  state.add(0, 1, an_hour);
  EXPECT_EQ(code_of([&] { state.add(0, 1, HalfLife(2 * hour)); }), "22023");
  EXPECT_EQ(code_of([&] { state.merge(state_of({{0, 1}}, 2 * hour)); }), "22023");
  EXPECT_EQ(code_of([&] { state.value(INT64_MAX); }), "22008");
  EXPECT_EQ(state.value(0), 1);
}

TEST(Trending, StoredFormIsStable) {
  const Trending state = state_of({{hour, 2}, {3 * hour, 1}}, hour);
  const auto bytes = stored(state);
  ASSERT_EQ(bytes.size(), 42U);
  EXPECT_EQ(stored(restored(bytes)), bytes);
  EXPECT_EQ(restored(bytes).value(3 * hour), state.value(3 * hour));
  // Version 1, byte by byte: kind, version, half-life, count, scale, high, low.
  std::vector<std::byte> first(42);
  ByteWriter out(first);
  out.put(std::uint8_t{1});
  out.put(std::uint8_t{1});
  out.put(hour);
  out.put(std::int64_t{2});
  out.put(std::int64_t{3});
  out.put(1.5);
  out.put(0.0);
  EXPECT_EQ(restored(first).value(3 * hour), 1.5);
}

TEST(Trending, HostileBytesAreRefused) {
  const auto good = stored(state_of({{hour, 2}, {3 * hour, 1}}, hour));
  const auto changed = [&](std::size_t at, auto value) {
    auto bytes = good;
    std::memcpy(bytes.data() + at, &value, sizeof value);
    return code_of([&] { restored(bytes); });
  };
  EXPECT_EQ(changed(2, std::int64_t{999}), "22P03");
  EXPECT_EQ(changed(2, std::int64_t{-1}), "22P03");
  EXPECT_EQ(changed(10, std::int64_t{0}), "22P03");
  EXPECT_EQ(changed(10, INT64_MAX), "22P03");
  EXPECT_EQ(changed(18, INT64_MAX), "22P03");
  EXPECT_EQ(changed(18, INT64_MIN), "22P03");
  EXPECT_EQ(changed(26, std::nan("")), "22P03");
  EXPECT_EQ(changed(26, std::numeric_limits<double>::infinity()), "22P03");
  EXPECT_EQ(changed(26, 1e300), "22P03");
  EXPECT_EQ(changed(34, 1.0), "22P03");
  EXPECT_EQ(changed(34, std::nan("")), "22P03");
  for (std::size_t size = 0; size < good.size(); ++size) {
    EXPECT_EQ(code_of([&] {
                restored({good.begin(), good.begin() + static_cast<std::ptrdiff_t>(size)});
              }),
              "22P03");
  }
}

} // namespace
