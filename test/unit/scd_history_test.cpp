// The Type-2 core: single situations by name, then the law over seeded random histories.
#include "core/scd/history.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <map>
#include <memory_resource>
#include <new>
#include <random>
#include <tuple>
#include <vector>

namespace scd = starhouse::scd;
using scd::beginning;
using scd::Event;
using scd::forever;
using scd::Index;
using scd::Instant;
using scd::none;
using scd::Operation;
using scd::Outcome;
using scd::Version;

namespace {

Event upsert(Instant at, Index content, Index overwrite = 0) {
  return {at, Operation::upsert, content, overwrite, false};
}
Event remove(Instant at) {
  return {at, Operation::remove, none, none, false};
}
Version version(Instant from, Instant to, Index content, Index overwrite = 0) {
  return {from, to, content, overwrite, false};
}

using Rows = std::vector<std::tuple<Instant, Instant, Index, Index>>;

// A dimension of one key in memory: applies plans as the server does.
struct Key {
  std::vector<Version> versions;
  std::vector<Event> memory{};
  bool remembers = false;
  std::vector<Outcome> outcomes{};

  void merge(const std::vector<Event> &batch) {
    std::pmr::monotonic_buffer_resource arena;
    const starhouse::Env env{&arena, nullptr};
    std::vector<Event> events = memory;
    const std::size_t known = events.size();
    events.insert(events.end(), batch.begin(), batch.end());
    const scd::Plan plan = scd::plan_merge(versions, events, env);
    ASSERT_EQ(plan.corrupt_version, none);
    ASSERT_EQ(plan.outcomes.size(), events.size());
    outcomes.assign(plan.outcomes.begin() + static_cast<std::ptrdiff_t>(known),
                    plan.outcomes.end());
    Index newest = 0;
    if (plan.newest_event != none) {
      newest = events[plan.newest_event].overwrite;
    } else if (plan.newest_version != none) {
      newest = versions[plan.newest_version].overwrite;
    }
    std::vector<Event> remembered;
    for (const scd::Memory &m : plan.remember) {
      const Index content = m.event != none ? events[m.event].content : versions[m.version].content;
      const Index overwrite =
          m.event != none ? events[m.event].overwrite : versions[m.version].overwrite;
      remembered.push_back({m.sequence, m.operation, content, overwrite, true});
    }
    for (const Index v : plan.overwrite) {
      versions[v].overwrite = newest;
    }
    for (const scd::Move &move : plan.moves) {
      versions[move.version].from = move.from;
      versions[move.version].to = move.to;
    }
    for (const scd::Opening &opening : plan.openings) {
      const Version row{opening.from, opening.to, events[opening.event].content, newest, false};
      if (opening.version != none) {
        versions[opening.version] = row;
      } else {
        versions.push_back(row);
      }
    }
    if (remembers) {
      memory = remembered; // the whole of it: the plan names old memories again
    }
  }

  Rows history() const {
    Rows rows;
    for (const Version &v : versions) {
      rows.emplace_back(v.from, v.to, v.content, v.overwrite);
    }
    std::sort(rows.begin(), rows.end());
    return rows;
  }
};

} // namespace

TEST(ScdHistory, FirstEventOpensAVersion) {
  Key key{};
  key.merge({upsert(10, 1)});
  EXPECT_EQ(key.history(), (Rows{{10, forever, 1, 0}}));
  EXPECT_EQ(key.outcomes, std::vector{Outcome::inserted});
}

TEST(ScdHistory, ChangeClosesAndOpens) {
  Key key{{version(10, forever, 1)}};
  key.merge({upsert(20, 2)});
  EXPECT_EQ(key.history(), (Rows{{10, 20, 1, 0}, {20, forever, 2, 0}}));
  EXPECT_EQ(key.outcomes, std::vector{Outcome::changed});
}

TEST(ScdHistory, RepeatedContentChangesNothing) {
  Key key{{version(10, forever, 1)}};
  key.merge({upsert(10, 1), upsert(20, 1), upsert(20, 1)});
  EXPECT_EQ(key.history(), (Rows{{10, forever, 1, 0}}));
  EXPECT_EQ(key.outcomes,
            (std::vector{Outcome::unchanged, Outcome::unchanged, Outcome::unchanged}));
}

TEST(ScdHistory, SeveralChangesInOneBatch) {
  Key key{{version(10, forever, 1)}};
  key.merge({upsert(40, 1), upsert(20, 2), upsert(30, 3)});
  EXPECT_EQ(key.history(),
            (Rows{{10, 20, 1, 0}, {20, 30, 2, 0}, {30, 40, 3, 0}, {40, forever, 1, 0}}));
}

TEST(ScdHistory, LateEventSplitsAVersion) {
  Key key{{version(10, 30, 1), version(30, forever, 2)}};
  key.merge({upsert(20, 3)});
  EXPECT_EQ(key.history(), (Rows{{10, 20, 1, 0}, {20, 30, 3, 0}, {30, forever, 2, 0}}));
  EXPECT_EQ(key.outcomes, std::vector{Outcome::late});
}

TEST(ScdHistory, LateEventWithTheNextContentBringsItForward) {
  Key key{{version(10, 30, 1), version(30, forever, 2)}};
  key.merge({upsert(20, 2)});
  EXPECT_EQ(key.history(), (Rows{{10, 20, 1, 0}, {20, forever, 2, 0}}));
  EXPECT_EQ(key.versions[1].from, 20); // the stored version moved, none was added
  EXPECT_EQ(key.outcomes, std::vector{Outcome::late});
}

TEST(ScdHistory, EventBeforeTheFirstVersion) {
  Key key{{version(10, forever, 1)}};
  key.merge({upsert(5, 2)});
  EXPECT_EQ(key.history(), (Rows{{5, 10, 2, 0}, {10, forever, 1, 0}}));
}

TEST(ScdHistory, DeleteClosesAndReappearanceLeavesAGap) {
  Key key{{version(10, forever, 1)}};
  key.merge({remove(20)});
  EXPECT_EQ(key.history(), (Rows{{10, 20, 1, 0}}));
  EXPECT_EQ(key.outcomes, std::vector{Outcome::deleted});
  key.merge({upsert(30, 1)});
  EXPECT_EQ(key.history(), (Rows{{10, 20, 1, 0}, {30, forever, 1, 0}}));
  EXPECT_EQ(key.outcomes, std::vector{Outcome::inserted});
}

TEST(ScdHistory, LateEventEndsAtTheStoredDelete) {
  Key key{{version(10, 30, 1)}};
  key.merge({upsert(20, 2)});
  EXPECT_EQ(key.history(), (Rows{{10, 20, 1, 0}, {20, 30, 2, 0}}));
}

TEST(ScdHistory, LateDeleteCutsAHole) {
  Key key{{version(10, 30, 1), version(30, forever, 2)}};
  key.merge({remove(20)});
  EXPECT_EQ(key.history(), (Rows{{10, 20, 1, 0}, {30, forever, 2, 0}}));
  EXPECT_EQ(key.outcomes, std::vector{Outcome::late});
}

TEST(ScdHistory, DeleteOfWhatIsNotThereIsUnchanged) {
  Key key{};
  key.merge({remove(20)});
  EXPECT_TRUE(key.history().empty());
  EXPECT_EQ(key.outcomes, std::vector{Outcome::unchanged});
}

TEST(ScdHistory, TwoContentsOfOneInstantAreBothRejected) {
  Key key{};
  key.merge({upsert(10, 1), upsert(10, 2), upsert(20, 3)});
  EXPECT_EQ(key.history(), (Rows{{20, forever, 3, 0}}));
  EXPECT_EQ(key.outcomes, (std::vector{Outcome::conflict, Outcome::conflict, Outcome::inserted}));
}

TEST(ScdHistory, TwoTypeOneContentsOfOneInstantAreBothRejected) {
  Key key{};
  key.merge({upsert(10, 1, 1), upsert(10, 1, 2)});
  EXPECT_EQ(key.outcomes, (std::vector{Outcome::conflict, Outcome::conflict}));
}

TEST(ScdHistory, UpsertAndDeleteOfOneInstantAreAConflict) {
  Key key{{version(10, forever, 1)}};
  key.merge({upsert(20, 2), remove(20)});
  EXPECT_EQ(key.outcomes, (std::vector{Outcome::conflict, Outcome::conflict}));
  key.merge({remove(10)});
  EXPECT_EQ(key.outcomes, std::vector{Outcome::conflict});
}

TEST(ScdHistory, ConflictWithAStoredVersionLeavesItAlone) {
  Key key{{version(10, forever, 1)}};
  key.merge({upsert(10, 2)});
  EXPECT_EQ(key.history(), (Rows{{10, forever, 1, 0}}));
  EXPECT_EQ(key.outcomes, std::vector{Outcome::conflict});
}

TEST(ScdHistory, InfiniteSequenceIsRefused) {
  Key key{};
  key.merge({upsert(forever, 1), upsert(beginning, 1)});
  EXPECT_EQ(key.outcomes, (std::vector{Outcome::not_finite, Outcome::not_finite}));
  EXPECT_TRUE(key.history().empty());
}

TEST(ScdHistory, InferredVersionIsCompletedInPlaceByTheEarliestEvent) {
  Key key{{{beginning, forever, 7, 7, true}}};
  key.merge({upsert(20, 2), upsert(10, 1)});
  ASSERT_EQ(key.versions.size(), 2U);
  EXPECT_EQ(key.versions[0].from, 10); // the inferred row itself
  EXPECT_EQ(key.versions[0].content, 1U);
  EXPECT_FALSE(key.versions[0].inferred);
  EXPECT_EQ(key.history(), (Rows{{10, 20, 1, 0}, {20, forever, 2, 0}}));
}

TEST(ScdHistory, DeleteLeavesAnInferredVersion) {
  Key key{{{beginning, forever, 7, 7, true}}};
  key.merge({remove(20)});
  ASSERT_EQ(key.versions.size(), 1U);
  EXPECT_TRUE(key.versions[0].inferred);
}

TEST(ScdHistory, NewestEventOverwritesTypeOneEverywhere) {
  Key key{{version(10, 30, 1, 5), version(30, forever, 2, 5)}};
  key.merge({upsert(40, 2, 6)});
  EXPECT_EQ(key.history(), (Rows{{10, 30, 1, 6}, {30, forever, 2, 6}}));
  EXPECT_EQ(key.outcomes, std::vector{Outcome::changed});
}

TEST(ScdHistory, LateEventDoesNotOverwriteTypeOne) {
  Key key{{version(10, 30, 1, 5), version(30, forever, 2, 5)}};
  key.merge({upsert(20, 3, 6)});
  EXPECT_EQ(key.history(), (Rows{{10, 20, 1, 5}, {20, 30, 3, 5}, {30, forever, 2, 5}}));
}

TEST(ScdHistory, ReplayOfAnOldBatchDoesNotRevertTypeOne) {
  Key key{};
  key.merge({upsert(10, 1, 5)});
  key.merge({upsert(20, 1, 6)});
  key.merge({upsert(10, 1, 5)});
  EXPECT_EQ(key.history(), (Rows{{10, forever, 1, 6}}));
}

TEST(ScdHistory, AdjacentEqualVersionsMadeByHandStay) {
  Key key{{version(10, 20, 1), version(20, forever, 1)}};
  key.merge({upsert(30, 1)});
  EXPECT_EQ(key.history(), (Rows{{10, 20, 1, 0}, {20, forever, 1, 0}}));
}

TEST(ScdHistory, OverlapIsReportedAndNothingPlanned) {
  const std::vector<Version> versions{version(10, forever, 1), version(20, forever, 2)};
  const std::vector<Event> events{upsert(30, 3)};
  std::pmr::monotonic_buffer_resource arena;
  const scd::Plan plan = scd::plan_merge(versions, events, {&arena, nullptr});
  EXPECT_EQ(plan.corrupt_version, 0U);
  EXPECT_TRUE(plan.moves.empty());
  EXPECT_TRUE(plan.openings.empty());
}

TEST(ScdHistory, StopsWhenAsked) {
  std::pmr::monotonic_buffer_resource arena;
  const std::vector<Event> events{upsert(30, 3)};
  const starhouse::Env env{&arena, []() noexcept { return true; }};
  EXPECT_THROW(scd::plan_merge({}, events, env), starhouse::Cancelled);
}

namespace {

// Fails at the nth allocation.
class Scarce final : public std::pmr::memory_resource {
public:
  explicit Scarce(int left) : left_(left) {}

private:
  void *do_allocate(std::size_t bytes, std::size_t alignment) override {
    if (left_-- == 0) {
      throw std::bad_alloc();
    }
    return arena_.allocate(bytes, alignment);
  }
  void do_deallocate(void * /*p*/, std::size_t /*n*/, std::size_t /*a*/) override {}
  bool do_is_equal(const memory_resource &other) const noexcept override { return this == &other; }
  std::pmr::monotonic_buffer_resource arena_;
  int left_;
};

} // namespace

TEST(ScdHistory, EveryFailingAllocationIsReported) {
  const std::vector<Version> versions{version(10, forever, 1)};
  const std::vector<Event> events{upsert(30, 3)};
  int failures = 0;
  for (int n = 0;; ++n) {
    Scarce memory(n);
    try {
      scd::plan_merge(versions, events, {&memory, nullptr});
      break;
    } catch (const std::bad_alloc &) {
      ++failures;
    }
  }
  EXPECT_GE(failures, 5);
}

namespace {

// What the history must be, from the definition: the last event at or before an instant rules it.
Rows naive(const std::vector<Event> &in_order) {
  Rows rows;
  bool open = false;
  Index newest = 0;
  for (const Event &e : in_order) {
    if (e.operation == Operation::remove) {
      if (open) {
        std::get<1>(rows.back()) = e.sequence;
      }
      open = false;
      continue;
    }
    newest = e.overwrite;
    if (open && std::get<2>(rows.back()) == e.content) {
      continue;
    }
    if (open) {
      std::get<1>(rows.back()) = e.sequence;
    }
    rows.emplace_back(e.sequence, forever, e.content, 0);
    open = true;
  }
  for (auto &row : rows) {
    std::get<3>(row) = newest;
  }
  return rows;
}

// 1 to 80 events of one key in order of time, one per instant.
std::vector<Event> random_events(std::mt19937 &random) {
  const int count = std::uniform_int_distribution<>(1, 80)(random);
  std::map<Instant, Event> events;
  for (int i = 0; i < count; ++i) {
    const Instant at = std::uniform_int_distribution<>(1, 400)(random);
    events[at] = random() % 6 == 0 ? remove(at)
                                   : upsert(at, static_cast<Index>(random() % 4),
                                            static_cast<Index>(random() % 3));
  }
  std::vector<Event> list;
  for (const auto &[at, event] : events) {
    list.push_back(event);
  }
  return list;
}

// A fifth of them twice, in any order.
std::vector<Event> shuffle_with_copies(std::mt19937 &random, std::vector<Event> events) {
  for (std::size_t i = 0, n = events.size() / 5; i < n; ++i) {
    const Event copy = events[random() % events.size()];
    events.push_back(copy);
  }
  std::shuffle(events.begin(), events.end(), random);
  return events;
}

void merge_in_batches(Key &key, const std::vector<Event> &events, std::mt19937 &random,
                      bool one_by_one) {
  for (std::size_t at = 0; at < events.size();) {
    const std::size_t take =
        one_by_one ? 1 : std::min<std::size_t>(events.size() - at, 1 + random() % 20);
    const auto begin = events.begin() + static_cast<std::ptrdiff_t>(at);
    key.merge({begin, begin + static_cast<std::ptrdiff_t>(take)});
    at += take;
  }
}

void expect_replay_changes_nothing(Key &key, const std::vector<Event> &events) {
  const Rows before = key.history();
  key.merge(events);
  EXPECT_EQ(key.history(), before);
  for (const Outcome outcome : key.outcomes) {
    ASSERT_EQ(outcome, Outcome::unchanged);
  }
}

} // namespace

// With the memory of what the versions do not show, neither order nor batching matters.
TEST(ScdLaw, AnyOrderAndBatchingWithMemory) {
  for (unsigned seed = 1; seed <= 400 && !HasFailure(); ++seed) {
    SCOPED_TRACE(seed);
    std::mt19937 random(seed);
    const std::vector<Event> events = random_events(random);
    const Rows expected = naive(events);
    for (int round = 0; round < 9 && !HasFailure(); ++round) {
      SCOPED_TRACE(round);
      const std::vector<Event> shuffled = shuffle_with_copies(random, events);
      Key key{};
      key.remembers = true;
      merge_in_batches(key, shuffled, random, round == 8);
      EXPECT_EQ(key.history(), expected);
      expect_replay_changes_nothing(key, shuffled);
    }
  }
}

// Without it, one batch in any order gives the same history, and so do batches in order of time.
TEST(ScdLaw, OneBatchInAnyOrderAndBatchesInOrderOfTime) {
  for (unsigned seed = 1; seed <= 400 && !HasFailure(); ++seed) {
    SCOPED_TRACE(seed);
    std::mt19937 random(seed);
    const std::vector<Event> events = random_events(random);
    const Rows expected = naive(events);
    Key once{};
    once.merge(shuffle_with_copies(random, events));
    EXPECT_EQ(once.history(), expected);
    for (const bool one_by_one : {false, true}) {
      Key in_order{};
      merge_in_batches(in_order, events, random, one_by_one);
      EXPECT_EQ(in_order.history(), expected);
    }
  }
}

// Without it, also any order and batching of events that each leave a mark: contents that never
// come back, no delete of what is not there, no type-1 change.
TEST(ScdLaw, AnyOrderAndBatchingOfEventsThatShow) {
  for (unsigned seed = 1; seed <= 400 && !HasFailure(); ++seed) {
    SCOPED_TRACE(seed);
    std::mt19937 random(seed);
    std::vector<Event> events;
    for (const Event &event : random_events(random)) {
      if (event.operation == Operation::upsert) {
        events.push_back(upsert(event.sequence, static_cast<Index>(events.size())));
      }
    }
    const Rows expected = naive(events);
    for (int round = 0; round < 9 && !HasFailure(); ++round) {
      SCOPED_TRACE(round);
      const std::vector<Event> shuffled = shuffle_with_copies(random, events);
      Key key{};
      merge_in_batches(key, shuffled, random, round == 8);
      EXPECT_EQ(key.history(), expected);
      expect_replay_changes_nothing(key, shuffled);
    }
  }
}
