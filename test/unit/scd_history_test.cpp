// The Type-2 core: single situations by name. scd_law_test.cpp has the law over random histories.
#include "scd_key.hpp"

#include <new>

namespace scd = starhouse::scd;
using namespace starhouse::scd::test;
using scd::absent;
using scd::beginning;
using scd::forever;
using scd::Index;
using scd::Kind;
using scd::none;
using scd::Outcome;

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
  Key key{{{beginning, forever, {7, 7}, true}}};
  key.merge({upsert(20, 2), upsert(10, 1)});
  ASSERT_EQ(key.versions.size(), 2U);
  EXPECT_EQ(key.versions[0].from, 10); // the inferred row itself
  EXPECT_EQ(key.versions[0].ids[0], 1U);
  EXPECT_FALSE(key.versions[0].inferred);
  EXPECT_EQ(key.history(), (Rows{{10, 20, 1, 0}, {20, forever, 2, 0}}));
}

TEST(ScdHistory, DeleteLeavesAnInferredVersion) {
  Key key{{{beginning, forever, {7, 7}, true}}};
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
  Key key{{version(10, forever, 1), version(20, forever, 2)}};
  std::pmr::monotonic_buffer_resource arena;
  const scd::Plan plan = key.plan({upsert(30, 3)}, {&arena, nullptr});
  EXPECT_EQ(plan.corrupt_version, 0U);
  EXPECT_TRUE(plan.writes.empty());
}

TEST(ScdHistory, StopsWhenAsked) {
  std::pmr::monotonic_buffer_resource arena;
  Key key{};
  EXPECT_THROW(key.plan({upsert(30, 3)}, {&arena, []() noexcept { return true; }}),
               starhouse::Cancelled);
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
  int failures = 0;
  for (int n = 0;; ++n) {
    Scarce memory(n);
    Key key{{version(10, forever, 1)}};
    try {
      key.plan({upsert(30, 3)}, {&memory, nullptr});
      break;
    } catch (const std::bad_alloc &) {
      ++failures;
    }
  }
  EXPECT_GE(failures, 5);
}

// --- what is remembered
// ---------------------------------------------------------------------------

TEST(ScdHistory, ARepeatIsRememberedAndComesToLightWhenALateEventSeparatesIt) {
  Key key{{version(10, forever, 1)}};
  key.merge({upsert(30, 1)});
  EXPECT_EQ(key.history(), (Rows{{10, forever, 1, 0}}));
  ASSERT_EQ(key.memory.size(), 1U);
  key.merge({upsert(20, 2)});
  EXPECT_EQ(key.history(), (Rows{{10, 20, 1, 0}, {20, 30, 2, 0}, {30, forever, 1, 0}}));
  EXPECT_TRUE(key.memory.empty());
}

TEST(ScdHistory, ATombstoneEndsWhatComesBeforeIt) {
  Key key{};
  key.merge({remove(20)});
  EXPECT_EQ(key.memory.size(), 1U);
  key.merge({upsert(10, 1)});
  EXPECT_EQ(key.history(), (Rows{{10, 20, 1, 0}}));
  EXPECT_TRUE(key.memory.empty());
}

TEST(ScdHistory, AConflictWithARememberedEvent) {
  Key key{{version(10, forever, 1)}};
  key.merge({upsert(20, 1)});
  key.merge({upsert(20, 2)});
  EXPECT_EQ(key.outcomes, std::vector{Outcome::conflict});
  key.merge({upsert(20, 1, 9)}); // the type-1 value of the newest event is known as well
  EXPECT_EQ(key.outcomes, std::vector{Outcome::conflict});
}

TEST(ScdHistory, WhatIsOlderThanTheCutoffIsReportedUnlessItRepeatsWhatIsShown) {
  Key key{{version(10, forever, 1)}};
  key.cutoff = 50;
  key.merge({upsert(10, 1), upsert(20, 2), upsert(50, 3)});
  EXPECT_EQ(key.outcomes, (std::vector{Outcome::unchanged, Outcome::too_late, Outcome::changed}));
  EXPECT_EQ(key.history(), (Rows{{10, 50, 1, 0}, {50, forever, 3, 0}}));
}

TEST(ScdHistory, ASnapshotConfirmsWhatIsShownAtItsInstant) {
  Key key{{version(10, forever, 1)}};
  key.snapshots = {30};
  key.merge({upsert(20, 2)});
  EXPECT_EQ(key.history(), (Rows{{10, 20, 1, 0}, {20, 30, 2, 0}, {30, forever, 1, 0}}));
}

TEST(ScdHistory, ASnapshotWithoutTheKeyEndsWhatComesBeforeIt) {
  Key key{};
  key.snapshots = {30};
  key.merge({upsert(20, 2)});
  EXPECT_EQ(key.history(), (Rows{{20, 30, 2, 0}}));
}

// --- types 0 and 3, partial rows, flagged deletes
// ---------------------------------------------------

TEST(ScdHistory, TypeZeroKeepsTheFirstValueWheneverItComes) {
  Key key{{}, {1, 0, 1, 0}};
  key.merge({say(20, {1, 5})});
  key.merge({say(30, {2, 6})});
  EXPECT_EQ(key.history(), (Rows{{20, 30, 1, 5}, {30, forever, 2, 5}}));
  key.merge({say(10, {1, 4})});
  EXPECT_EQ(key.history(), (Rows{{10, 30, 1, 4}, {30, forever, 2, 4}}));
}

TEST(ScdHistory, TypeThreeKeepsTheValueBefore) {
  Key key{{}, {1, 0, 0, 1}};
  key.merge({say(10, {1, 5})});
  EXPECT_EQ(key.versions[0].ids, (std::vector<Index>{1, 5, absent}));
  key.merge({say(20, {1, 6})});
  EXPECT_EQ(key.outcomes, std::vector{Outcome::changed});
  EXPECT_EQ(key.versions[0].ids, (std::vector<Index>{1, 6, 5}));
  key.merge({say(15, {1, 7})}); // late, between the two
  EXPECT_EQ(key.versions[0].ids, (std::vector<Index>{1, 6, 7}));
  key.merge({say(12, {1, 8})}); // later still, but older than 7
  EXPECT_EQ(key.versions[0].ids, (std::vector<Index>{1, 6, 7}));
  key.merge({say(30, {1, 6})}); // 6 again: 7 stays the last that differs
  EXPECT_EQ(key.versions[0].ids, (std::vector<Index>{1, 6, 7}));
}

TEST(ScdHistory, APartialRowKeepsTheRest) {
  Key key{{}, {2, 0, 0, 0}};
  key.merge({say(10, {1, 5})});
  key.merge({say(30, {2, none})});
  EXPECT_EQ(key.history(), (Rows{{10, 30, 1, 5}, {30, forever, 2, 5}}));
  // a late event fills what the later one left out
  key.merge({say(20, {none, 6})});
  EXPECT_EQ(key.history(), (Rows{{10, 20, 1, 5}, {20, 30, 1, 6}, {30, forever, 2, 6}}));
}

TEST(ScdHistory, TwoPartialRowsOfOneInstantJoinUnlessTheyContradict) {
  Key key{{}, {2, 0, 0, 0}};
  key.merge({say(10, {1, none})});
  key.merge({say(10, {none, 5})});
  EXPECT_EQ(key.history(), (Rows{{10, forever, 1, 5}}));
  key.merge({say(10, {2, none})});
  EXPECT_EQ(key.outcomes, std::vector{Outcome::conflict});
  key.merge({say(10, {1, 5})});
  EXPECT_EQ(key.outcomes, std::vector{Outcome::unchanged});
}

TEST(ScdHistory, AFlaggedDeleteOpensAVersionThatFollowsTheContentBeforeIt) {
  Key key{{}, {1, 1, 0, 0, true}};
  key.merge({upsert(10, 1), remove(30)});
  ASSERT_EQ(key.history(), (Rows{{10, 30, 1, 0}, {30, forever, 1, 0}}));
  EXPECT_TRUE(key.versions[1].deleted);
  key.merge({upsert(20, 2)}); // late: the deleted version shows what was deleted
  EXPECT_EQ(key.history(), (Rows{{10, 20, 1, 0}, {20, 30, 2, 0}, {30, forever, 2, 0}}));
  key.merge({upsert(40, 2)});
  EXPECT_EQ(key.outcomes, std::vector{Outcome::inserted});
  EXPECT_EQ(key.history().back(), (std::tuple{40, forever, 2U, 0U}));
}
