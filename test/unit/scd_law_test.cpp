// The law of the Type-2 core: the history is a function of the set of events. Seeded random keys of
// 1 to 80 events (deletes, copies, empty values, partial rows, snapshots) are merged as one batch,
// as eight shuffled batches and one by one; each has to give the history that the definition gives,
// and merging everything again has to write nothing.
#include "scd_key.hpp"

#include <algorithm>
#include <map>
#include <optional>
#include <random>

namespace scd = starhouse::scd;
using namespace starhouse::scd::test;
using scd::absent;
using scd::forever;
using scd::Index;
using scd::Instant;
using scd::none;
using scd::Operation;
using scd::Outcome;

namespace {

struct Told {
  Said said;
  bool snapshot = false; // told by a complete snapshot of its instant
};

struct Case {
  const char *name;
  scd::Shape shape;
  bool partial;
  bool snapshots;
};

using Line = std::tuple<Instant, Instant, bool, std::vector<Index>>;

// Neighbours with equal content count as one: where partial rows are filled anew there may be two.
std::vector<Line> joined(std::vector<Line> lines) {
  std::sort(lines.begin(), lines.end());
  std::vector<Line> out;
  for (const Line &line : lines) {
    if (!out.empty() && std::get<1>(out.back()) == std::get<0>(line) &&
        std::get<2>(out.back()) == std::get<2>(line) &&
        std::get<3>(out.back()) == std::get<3>(line)) {
      std::get<1>(out.back()) = std::get<1>(line);
    } else {
      out.push_back(line);
    }
  }
  return out;
}

// What the history must be, from the definition: the last event at or before an instant rules it.
std::vector<Line> by_definition(const std::vector<Told> &in_order, const scd::Shape &shape) {
  std::vector<Line> lines;
  std::vector<Index> content(shape.tracked, absent);
  bool open = false;
  for (const Told &told : in_order) {
    const Said &e = told.said;
    if (e.operation == Operation::remove) {
      if (open) {
        std::get<1>(lines.back()) = e.sequence;
        if (shape.flag_deletes) {
          lines.emplace_back(e.sequence, forever, true, content);
        }
      }
      open = false;
      content.assign(shape.tracked, absent);
      continue;
    }
    for (Index s = 0; s < shape.tracked; ++s) {
      content[s] = e.ids[s] != none ? e.ids[s] : content[s];
    }
    if (!lines.empty() && std::get<1>(lines.back()) == forever) {
      std::get<1>(lines.back()) = e.sequence;
    }
    lines.emplace_back(e.sequence, forever, false, content);
    open = true;
  }
  std::vector<Index> shared(shape.version_slots(), absent);
  for (Index s = shape.tracked; s < shape.event_slots(); ++s) {
    const bool oldest =
        s >= shape.tracked + shape.newest && s < shape.tracked + shape.newest + shape.oldest;
    std::vector<Index> values;
    for (const Told &told : in_order) {
      if (told.said.operation == Operation::upsert && told.said.ids[s] != none) {
        values.push_back(told.said.ids[s]);
      }
    }
    if (values.empty()) {
      continue;
    }
    shared[s] = oldest ? values.front() : values.back();
    if (s >= shape.tracked + shape.newest + shape.oldest) {
      const auto before =
          std::find_if(values.rbegin(), values.rend(), [&](Index v) { return v != values.back(); });
      shared[s + shape.alternate] = before != values.rend() ? *before : absent;
    }
  }
  for (Line &line : lines) {
    std::vector<Index> &ids = std::get<3>(line);
    ids.insert(ids.end(), shared.begin() + shape.tracked, shared.end());
  }
  return joined(lines);
}

std::vector<Line> lines_of(const Key &key) {
  std::vector<Line> lines;
  for (const Kept &v : key.versions) {
    lines.emplace_back(v.from, v.to, v.deleted, v.ids);
  }
  return joined(lines);
}

std::vector<Told> random_events(std::mt19937 &random, const Case &what) {
  const int count = std::uniform_int_distribution<>(1, 80)(random);
  std::map<Instant, Told> events;
  for (int i = 0; i < count; ++i) {
    const Instant at = std::uniform_int_distribution<>(1, 400)(random);
    Told told{};
    told.snapshot = what.snapshots && random() % 3 == 0;
    told.said = {at, random() % 6 == 0 ? Operation::remove : Operation::upsert, {}};
    for (Index s = 0; s < what.shape.event_slots(); ++s) {
      const bool silent = what.partial && random() % 2 == 0;
      const Index values = s < what.shape.tracked ? 4 : 3;
      const Index value = random() % 7 == 0 ? absent : static_cast<Index>(random() % values);
      told.said.ids.push_back(silent ? none : value);
    }
    events[at] = told;
  }
  std::vector<Told> list;
  for (const auto &[at, event] : events) {
    list.push_back(event);
  }
  return list;
}

// A fifth of them twice, in any order.
std::vector<Told> shuffled_with_copies(std::mt19937 &random, std::vector<Told> events) {
  for (std::size_t i = 0, n = events.size() / 5; i < n; ++i) {
    const Told copy = events[random() % events.size()];
    events.push_back(copy);
  }
  std::shuffle(events.begin(), events.end(), random);
  return events;
}

// As the server does with a snapshot: what repeats the content in force is not passed on, the
// snapshot's instant is kept instead.
bool in_force_already(const Key &key, const Said &said) {
  for (const Kept &v : key.versions) {
    if (v.from <= said.sequence && said.sequence < v.to && !v.deleted) {
      return said.operation == Operation::upsert &&
             std::equal(said.ids.begin(), said.ids.end(), v.ids.begin());
    }
  }
  return said.operation == Operation::remove;
}

// Snapshots known at and after the oldest event are passed, as the server does.
void merge(Key &key, const std::vector<Told> &batch, std::vector<Instant> &known) {
  std::vector<Said> feed;
  const auto pass = [&](const std::vector<Said> &events) {
    Instant oldest = forever;
    for (const Said &said : events) {
      oldest = std::min(oldest, said.sequence);
    }
    key.snapshots.clear();
    std::copy_if(known.begin(), known.end(), std::back_inserter(key.snapshots),
                 [&](Instant at) { return at >= oldest; });
    key.merge(events);
  };
  for (const Told &told : batch) {
    if (!told.snapshot) {
      feed.push_back(told.said);
    }
  }
  if (!feed.empty()) {
    pass(feed);
  }
  const std::size_t written = key.written;
  std::size_t by_snapshots = 0;
  for (const Told &told : batch) {
    if (!told.snapshot) {
      continue;
    }
    key.written = 0;
    if (!in_force_already(key, told.said)) {
      pass({told.said});
    }
    by_snapshots += key.written;
    if (std::find(known.begin(), known.end(), told.said.sequence) == known.end()) {
      known.push_back(told.said.sequence);
    }
  }
  key.written = (feed.empty() ? 0 : written) + by_snapshots;
}

void check(const Case &what, unsigned seeds) {
  for (unsigned seed = 1; seed <= seeds && !testing::Test::HasFailure(); ++seed) {
    SCOPED_TRACE(seed);
    std::mt19937 random(seed);
    const std::vector<Told> events = random_events(random, what);
    const std::vector<Line> expected = by_definition(events, what.shape);
    for (const std::size_t batches : {std::size_t{1}, std::size_t{8}, std::size_t{0}}) {
      for (int round = 0; round < 3 && !testing::Test::HasFailure(); ++round) {
        SCOPED_TRACE(batches);
        std::vector<Told> told = shuffled_with_copies(random, events);
        if (batches == 1 && round == 0) {
          std::sort(told.begin(), told.end(),
                    [](const Told &a, const Told &b) { return a.said.sequence < b.said.sequence; });
        }
        Key key{{}, what.shape};
        std::vector<Instant> known;
        const std::size_t size =
            batches == 0 ? 1 : (told.size() + batches - 1) / std::max<std::size_t>(batches, 1);
        for (std::size_t at = 0; at < told.size(); at += size) {
          const auto begin = told.begin() + static_cast<std::ptrdiff_t>(at);
          const auto take = static_cast<std::ptrdiff_t>(std::min(size, told.size() - at));
          merge(key, {begin, begin + take}, known);
        }
        EXPECT_EQ(lines_of(key), expected);
        key.outcomes.clear();
        merge(key, told, known);
        EXPECT_EQ(key.written, 0U) << "merging it all again writes";
        EXPECT_EQ(lines_of(key), expected);
        for (const Outcome outcome : key.outcomes) {
          ASSERT_EQ(outcome, Outcome::unchanged);
        }
      }
    }
  }
}

} // namespace

TEST(ScdLaw, Type2) {
  check({"type 2", {1, 0, 0, 0}, false, false}, 150);
}
TEST(ScdLaw, Types1And2) {
  check({"types 1 and 2", {1, 1, 0, 0}, false, false}, 150);
}
TEST(ScdLaw, Types0To3) {
  check({"types 0 to 3", {1, 1, 1, 2}, false, false}, 150);
}
TEST(ScdLaw, FlaggedDeletes) {
  check({"flagged", {1, 1, 1, 1, true}, false, false}, 150);
}
TEST(ScdLaw, PartialRows) {
  check({"partial", {3, 2, 2, 2}, true, false}, 150);
}
TEST(ScdLaw, PartialRowsFlaggedDeletes) {
  check({"partial, flagged", {3, 1, 1, 1, true}, true, false}, 150);
}
TEST(ScdLaw, FeedsAndSnapshots) {
  check({"snapshots", {1, 1, 0, 0}, false, true}, 150);
}
TEST(ScdLaw, FeedsAndSnapshotsFlagged) {
  check({"snapshots, flagged", {1, 1, 1, 1, true}, false, true}, 150);
}

// Without a memory, batches in order of time give the same history all the same.
TEST(ScdLaw, WithoutMemoryInOrderOfTime) {
  for (unsigned seed = 1; seed <= 300 && !HasFailure(); ++seed) {
    SCOPED_TRACE(seed);
    std::mt19937 random(seed);
    const Case what{"no memory", {1, 1, 1, 1}, false, false};
    const std::vector<Told> events = random_events(random, what);
    Key key{{}, what.shape, false};
    std::vector<Instant> known;
    for (std::size_t at = 0; at < events.size();) {
      const std::size_t take = std::min<std::size_t>(events.size() - at, 1 + random() % 20);
      const auto begin = events.begin() + static_cast<std::ptrdiff_t>(at);
      merge(key, {begin, begin + static_cast<std::ptrdiff_t>(take)}, known);
      at += take;
    }
    std::vector<Line> expected = by_definition(events, what.shape);
    EXPECT_EQ(lines_of(key), expected);
  }
}
