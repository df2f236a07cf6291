#include "core/geo/activity.hpp"
#include "core/geo/path.hpp"
#include "core/geo/trace.hpp"

#include <algorithm>
#include <cmath>
#include <gtest/gtest.h>
#include <string>
#include <vector>

namespace {

using namespace starhouse::geo;
using starhouse::Env;
using starhouse::Error;

const Env env;
constexpr std::int64_t second = 1'000'000;
// One degree along a meridian of the sphere.
const double degree = mean_radius * radians_per_degree;

template <class State>
std::vector<std::byte> stored(const State &state) {
  std::vector<std::byte> bytes(starhouse::stored_size(state));
  starhouse::write_state(state, bytes);
  return bytes;
}

template <class State>
State restored(const std::vector<std::byte> &bytes) {
  State state(env);
  starhouse::read_state(state, bytes);
  return state;
}

template <class Do>
std::string error_code(Do act) {
  try {
    act();
  } catch (const Error &error) {
    EXPECT_FALSE(error.hint().empty());
    return error.code().data();
  }
  return "none";
}

// A walk with pauses and spikes, the same on every machine.
std::vector<Ping> walk(std::size_t count, std::uint64_t seed) {
  std::vector<Ping> pings;
  Ping at{0, 12.97, 77.59};
  for (std::size_t i = 0; i < count; ++i) {
    seed = seed * 6364136223846793005U + 1442695040888963407U;
    at.at += static_cast<std::int64_t>(seed >> 60) * second;
    if ((seed >> 32) % 5 != 0) {
      at.lat += (static_cast<double>((seed >> 40) % 200) - 100) * 1e-5;
      at.lon += (static_cast<double>((seed >> 50) % 200) - 100) * 1e-5;
    }
    pings.push_back(at);
    if ((seed >> 20) % 50 == 0) {
      pings.back().lat += 1;
    }
  }
  return pings;
}

Path path_of(const std::vector<Ping> &pings, std::size_t from, std::size_t to, LegRule rule = {}) {
  Path path(env);
  for (std::size_t i = from; i < to; ++i) {
    path.add(pings[i], rule);
  }
  return path;
}

TEST(Path, AddsLegsAlongGreatCircles) {
  Path path(env);
  EXPECT_EQ(path.metres(), 0);
  path.add({0, 0, 10}, {});
  EXPECT_EQ(path.metres(), 0);
  path.add({10 * second, 1, 10}, {});
  path.add({20 * second, 1, 10}, {});
  path.add({30 * second, -1, 10}, {});
  EXPECT_NEAR(path.metres(), 3 * degree, 1e-6);
}

TEST(Path, LegsTooLongOrTooFastAddNothing) {
  const std::vector<Ping> pings{{0, 0, 0},
                                {second, 0.001, 0},
                                {2 * second, 1, 0},
                                {3 * second, 0.002, 0},
                                {4 * second, 0.003, 0}};
  LegRule jump;
  jump.max_jump = 1000;
  EXPECT_NEAR(path_of(pings, 0, 5, jump).metres(), 0.002 * degree, 1e-6);
  LegRule speed;
  speed.max_speed = 200;
  EXPECT_NEAR(path_of(pings, 0, 5, speed).metres(), 0.002 * degree, 1e-6);
  speed.max_speed = 100; // the legs of 111 metres in a second too
  EXPECT_EQ(path_of(pings, 0, 5, speed).metres(), 0);
  // Two places at one instant: infinitely fast.
  const std::vector<Ping> split{{0, 0, 0}, {0, 0.001, 0}, {0, 0.001, 0}};
  EXPECT_EQ(path_of(split, 0, 3, speed).metres(), 0);
  EXPECT_NEAR(path_of(split, 0, 3).metres(), 0.001 * degree, 1e-6);
}

TEST(Path, PartsMergeInAnyOrder) {
  const auto pings = walk(1000, 3);
  LegRule rule;
  rule.max_speed = 50;
  const double whole = path_of(pings, 0, 1000, rule).metres();
  EXPECT_GT(whole, 1000);
  EXPECT_NEAR(path_length(pings, rule), whole, whole * 1e-12);
  const std::vector<std::size_t> cuts{0, 1, 2, 300, 301, 640, 1000};
  std::vector<std::size_t> order{0, 1, 2, 3, 4, 5};
  do {
    Path sum(env);
    for (const std::size_t part : order) {
      sum.merge(restored<Path>(stored(path_of(pings, cuts[part], cuts[part + 1], rule))));
    }
    ASSERT_NEAR(sum.metres(), whole, whole * 1e-12);
    ASSERT_EQ(stored(restored<Path>(stored(sum))), stored(sum));
  } while (std::next_permutation(order.begin(), order.end()));
}

TEST(Path, DisorderIsRefusedNotMiscounted) {
  const auto pings = walk(100, 4);
  Path path = path_of(pings, 10, 90);
  EXPECT_EQ(error_code([&] { path.add(pings[50], {}); }), "22023");
  EXPECT_EQ(error_code([&] { path.merge(path_of(pings, 0, 20)); }), "22023");
  EXPECT_EQ(error_code([&] { path.merge(path_of(pings, 0, 100)); }), "22023");
  // A later stretch first, then the earlier one in order: both are whole.
  Path late = path_of(pings, 50, 100);
  for (std::size_t i = 0; i < 50; ++i) {
    late.add(pings[i], {});
  }
  EXPECT_NEAR(late.metres(), path_length(pings, {}), 1e-6);
  // From the newest to the oldest: given up, not a list of thousands.
  Path back(env);
  EXPECT_EQ(error_code([&] {
              for (std::int64_t i = 100'000; i > 0; --i) {
                back.add({i * second, 0, 0}, {});
              }
            }),
            "22023");
}

TEST(Path, ArgumentsAreChecked) {
  Path path(env);
  EXPECT_EQ(error_code([&] { path.add({0, 91, 0}, {}); }), "22003");
  EXPECT_EQ(error_code([&] { path.add({0, 0, NAN}, {}); }), "22003");
  EXPECT_EQ(error_code([&] { path.add({INT64_MAX, 0, 0}, {}); }), "22008");
  LegRule rule;
  rule.max_speed = -1;
  EXPECT_EQ(error_code([&] { path.add({0, 0, 0}, rule); }), "22023");
  rule.max_speed = 10;
  path.add({0, 0, 0}, rule);
  rule.max_speed = 11;
  EXPECT_EQ(error_code([&] { path.add({0, 0, 0}, rule); }), "22023");
}

ActivityTimes seconds(ActivityTimes times) {
  return {times.busy / second, times.idle / second, times.offline / second};
}

TEST(Activity, ReportsAreGoodForTheGapAtMost) {
  Activity activity(env);
  const std::int64_t gap = 60 * second;
  activity.add({0, false}, gap);
  activity.add({50 * second, true}, gap);   // 50 idle
  activity.add({110 * second, true}, gap);  // 60 busy
  activity.add({180 * second, false}, gap); // 60 busy, 10 offline
  activity.add({200 * second, true}, gap);  // 20 idle
  const ActivityTimes times = seconds(activity.times());
  EXPECT_EQ(times.busy, 120U);
  EXPECT_EQ(times.idle, 70U);
  EXPECT_EQ(times.offline, 10U);
}

TEST(Activity, PartsMergeInAnyOrder) {
  const auto pings = walk(500, 8);
  const std::int64_t gap = 7 * second;
  const auto part = [&](std::size_t from, std::size_t to) {
    Activity activity(env);
    for (std::size_t i = from; i < to; ++i) {
      activity.add({pings[i].at, i % 3 == 0}, gap);
    }
    return activity;
  };
  const ActivityTimes whole = part(0, 500).times();
  EXPECT_GT(whole.offline, 0U);
  EXPECT_EQ(whole.busy + whole.idle + whole.offline,
            static_cast<std::uint64_t>(pings.back().at - pings.front().at));
  Activity sum(env);
  for (const auto &[from, to] : {std::pair{200, 201}, {350, 500}, {0, 200}, {201, 350}}) {
    sum.merge(restored<Activity>(
        stored(part(static_cast<std::size_t>(from), static_cast<std::size_t>(to)))));
  }
  EXPECT_EQ(sum.times().busy, whole.busy);
  EXPECT_EQ(sum.times().idle, whole.idle);
  EXPECT_EQ(sum.times().offline, whole.offline);
  EXPECT_EQ(error_code([&] { sum.merge(part(3, 5)); }), "22023");
  EXPECT_EQ(error_code([&] { sum.add({0, true}, gap + 1); }), "22023");
  Activity other(env);
  EXPECT_EQ(error_code([&] { other.add({0, true}, 0); }), "22023");
  EXPECT_EQ(error_code([&] { other.add({INT64_MIN, true}, gap); }), "22008");
}

TEST(Activity, AnyRangeOfTimes) {
  Activity activity(env);
  activity.add({INT64_MIN + 1, true}, second);
  activity.add({INT64_MAX - 1, false}, second);
  EXPECT_EQ(activity.times().busy, static_cast<std::uint64_t>(second));
  EXPECT_EQ(activity.times().offline, UINT64_MAX - 2 - static_cast<std::uint64_t>(second));
}

TEST(Trace, IsASetOfPings) {
  const auto pings = walk(300, 6);
  Trace forward(env);
  Trace backward(env);
  Trace twice(env);
  for (std::size_t i = 0; i < pings.size(); ++i) {
    forward.add(pings[i]);
    backward.add(pings[pings.size() - 1 - i]);
    twice.add(pings[i * 7 % pings.size()]);
    twice.add(pings[i]);
  }
  EXPECT_EQ(stored(forward), stored(backward));
  EXPECT_EQ(stored(forward), stored(twice));
  Trace merged(env);
  for (const std::size_t part : {2U, 0U, 1U}) {
    Trace third(env);
    for (std::size_t i = part; i < pings.size(); i += 3) {
      third.add(pings[i]);
    }
    merged.merge(restored<Trace>(stored(third)));
  }
  EXPECT_EQ(stored(merged), stored(forward));
  const Trace back = restored<Trace>(stored(forward));
  EXPECT_TRUE(std::equal(back.pings().begin(), back.pings().end(), forward.pings().begin(),
                         forward.pings().end()));
  EXPECT_EQ(restored<Trace>(stored(Trace(env))).pings().size(), 0U);
}

TEST(Trace, TwoPlacesAtOneInstantAreBothKept) {
  Trace trace(env);
  trace.add({5, 1, 2});
  trace.add({5, 1, 1});
  trace.add({5, 1, 2});
  ASSERT_EQ(trace.pings().size(), 2U);
  EXPECT_EQ(trace.pings()[0].lon, 1);
  trace.add({5, -0.0, 1}); // -0 is 0
  trace.add({5, 0.0, 1});
  EXPECT_EQ(trace.pings().size(), 3U);
}

// Pings every 10 seconds, at multiples of 10 metres north of a place.
std::vector<Ping> line(const std::vector<int> &places) {
  std::vector<Ping> pings;
  for (std::size_t i = 0; i < places.size(); ++i) {
    pings.push_back({static_cast<Instant>(i) * 10 * second, places[i] * 10 / degree, 179.9999});
  }
  return pings;
}

TEST(Stops, StayPoints) {
  const auto pings = line({0, 10, 20, 20, 21, 20, 22, 30, 40, 40, 40, 50});
  const auto stops = find_stops(pings, 25, 30 * second, env);
  ASSERT_EQ(stops.size(), 1U);
  EXPECT_EQ(stops[0].arrived, 20 * second);
  EXPECT_EQ(stops[0].left, 60 * second);
  EXPECT_EQ(stops[0].pings, 5U);
  EXPECT_NEAR(stops[0].lat * degree, 206, 1e-6);
  EXPECT_EQ(find_stops(pings, 25, 20 * second, env).size(), 2U);
  EXPECT_EQ(find_stops(pings, 25, 41 * second, env).size(), 0U);
  EXPECT_EQ(find_stops({}, 25, second, env).size(), 0U);
}

TEST(Stops, StartWhereTheyCan) {
  // From the first ping the third one is out of reach; a stop starts at the second one.
  const auto stops = find_stops(line({0, 2, 4, 3, 4, 3, 90}), 25, 40 * second, env);
  ASSERT_EQ(stops.size(), 1U);
  EXPECT_EQ(stops[0].arrived, 10 * second);
  EXPECT_EQ(stops[0].left, 50 * second);
}

TEST(Stops, LastToTheEndAndCrossTheDateLine) {
  std::vector<Ping> pings;
  for (int i = 0; i < 10; ++i) {
    pings.push_back({i * 10 * second, 0, i % 2 == 0 ? 179.9999 : -179.9997});
  }
  const auto stops = find_stops(pings, 100, 60 * second, env);
  ASSERT_EQ(stops.size(), 1U);
  EXPECT_EQ(stops[0].pings, 10U);
  EXPECT_NEAR(stops[0].lon, -179.9999, 1e-9);
  EXPECT_EQ(error_code([&] { find_stops(pings, 0, 1, env); }), "22023");
  EXPECT_EQ(error_code([&] { find_stops(pings, NAN, 1, env); }), "22023");
  EXPECT_EQ(error_code([&] { find_stops(pings, 1, 0, env); }), "22023");
}

// Visits of a row of zones, a letter for every 10 seconds ('.' is none), as "zone from-to", '>' for
// one that lasts.
std::string visits(const std::string &zones, std::int64_t min_dwell) {
  std::vector<int> places(zones.size());
  std::string text;
  const auto pings = line(places);
  for (const Visit &visit : find_visits(
           std::span<const Ping>(pings),
           [&](const Ping &ping) {
             const char zone = zones[static_cast<std::size_t>(ping.at / second / 10)];
             return zone == '.' ? no_zone : static_cast<std::uint32_t>(zone);
           },
           min_dwell * second, env)) {
    text += static_cast<char>(visit.zone);
    text += std::to_string(visit.entered / second) + (visit.still_inside ? ">" : "-") +
            std::to_string(visit.left / second) + "(" + std::to_string(visit.pings) + ") ";
  }
  return text;
}

TEST(Visits, EnterAndLeave) {
  EXPECT_EQ(visits("", 0), "");
  EXPECT_EQ(visits("...", 0), "");
  EXPECT_EQ(visits("A", 0), "A0>0(1) ");
  EXPECT_EQ(visits("..AAA.", 0), "A20-50(3) ");
  EXPECT_EQ(visits("AABB", 0), "A0-20(2) B20>30(2) ");
  EXPECT_EQ(visits("ABAB", 0), "A0-10(1) B10-20(1) A20-30(1) B30>30(1) ");
}

TEST(Visits, WhatIsShorterThanTheDwellIsPassedOver) {
  // A short way out does not end a visit; a short visit is none.
  EXPECT_EQ(visits("AAA.AAA...", 20), "A0-70(6) ");
  EXPECT_EQ(visits("AAABAAA...", 20), "A0-70(6) ");
  EXPECT_EQ(visits("...A...AAA", 20), "A70>90(3) ");
  EXPECT_EQ(visits("AAA..AAA", 20), "A0-30(3) A50>70(3) ");
  EXPECT_EQ(visits("AAAABABABBBBB", 20), "A0-40(4) B80>120(5) ");
  EXPECT_EQ(visits("ABABAB", 20), "");
  // Left for good, then too short elsewhere to count at the end.
  EXPECT_EQ(visits("AAAA.", 20), "A0-40(4) ");
  EXPECT_EQ(error_code([] { visits("A", -1); }), "22023");
}

} // namespace
