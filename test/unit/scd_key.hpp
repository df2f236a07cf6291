// A dimension of one key in memory, for the tests of the Type-2 core: applies plans as the server
// does.
#pragma once

#include "core/scd/history.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <memory_resource>
#include <tuple>
#include <utility>
#include <vector>

namespace starhouse::scd::test {

// The simple shape of most tests: one slot for the type-2 columns, one for the type-1 columns.
struct Said {
  Instant sequence;
  Operation operation;
  std::vector<Index> ids;
};
struct Kept {
  Instant from;
  Instant to;
  std::vector<Index> ids;
  bool inferred = false;
  bool deleted = false;
};

inline Said upsert(Instant at, Index content, Index overwrite = 0) {
  return {at, Operation::upsert, {content, overwrite}};
}
inline Said say(Instant at, std::vector<Index> ids) {
  return {at, Operation::upsert, std::move(ids)};
}
inline Said remove(Instant at) {
  return {at, Operation::remove, {}};
}
inline Kept version(Instant from, Instant to, Index content, Index overwrite = 0) {
  return {from, to, {content, overwrite}};
}

using Rows = std::vector<std::tuple<Instant, Instant, Index, Index>>;

// A dimension of one key in memory: applies plans as the server does.
struct Key {
  explicit Key(std::vector<Kept> stored = {}, Shape slots = {1, 1, 0, 0, false},
               bool remembering = true)
      : versions(std::move(stored)), shape(slots), remembers(remembering) {}

  std::vector<Kept> versions;
  Shape shape;
  bool remembers;
  Instant cutoff = beginning;
  std::vector<Instant> snapshots{};
  std::vector<std::pair<Memory, std::vector<std::uint8_t>>> memory{};
  std::vector<Outcome> outcomes{};
  std::size_t written = 0;

  Plan plan(const std::vector<Said> &batch, const Env &env) {
    stored_.clear();
    for (const Kept &v : versions) {
      stored_.push_back({v.from, v.to, v.ids.data(), v.inferred, v.deleted});
    }
    events_.clear();
    for (const Said &s : batch) {
      events_.push_back({s.sequence, s.operation, s.ids.data()});
    }
    remembered_.clear();
    for (const auto &[m, given] : memory) {
      remembered_.push_back({m.sequence, m.kind, m.slot, given.empty() ? nullptr : given.data()});
    }
    return plan_merge({shape, stored_, events_, remembered_, snapshots, cutoff}, env);
  }

  void merge(const std::vector<Said> &batch) {
    std::pmr::monotonic_buffer_resource arena;
    const Env env{&arena, nullptr};
    const Plan done = plan(batch, env);
    ASSERT_EQ(done.corrupt_version, none);
    ASSERT_EQ(done.outcomes.size(), batch.size());
    outcomes.assign(done.outcomes.begin(), done.outcomes.end());
    const auto id = [&](Row row, Index slot) {
      if (row == none) {
        return absent;
      }
      return row < stored_.size() ? stored_[row].ids[slot]
                                  : events_[row - stored_.size()].ids[slot];
    };
    std::vector<Kept> after = versions;
    for (const Write &write : done.writes) {
      Kept row{write.from, write.to, std::vector<Index>(shape.version_slots()), false,
               write.deleted};
      Index slot = 0;
      for (Index s = 0; s < shape.tracked; ++s, ++slot) {
        row.ids[slot] = id(write.source[s], slot);
      }
      for (Index s = 0; s < shape.newest; ++s, ++slot) {
        row.ids[slot] = id(done.newest[s], slot);
      }
      for (Index s = 0; s < shape.oldest; ++s, ++slot) {
        row.ids[slot] = id(done.oldest[s], slot);
      }
      for (Index s = 0; s < shape.alternate; ++s, ++slot) {
        row.ids[slot] = id(done.alternate[s], slot);
        row.ids[shape.event_slots() + s] =
            id(done.previous[s], done.previous_shown[s] ? slot : shape.event_slots() + s);
      }
      if (write.version == none) {
        after.push_back(row);
        continue;
      }
      Kept &changed = after[write.version];
      // What the plan says did not change must not.
      if (!write.fills && !write.completes) {
        ASSERT_TRUE(
            std::equal(row.ids.begin(), row.ids.begin() + shape.tracked, changed.ids.begin()));
      }
      if (!write.registers && !write.completes) {
        ASSERT_TRUE(std::equal(row.ids.begin() + shape.tracked, row.ids.end(),
                               changed.ids.begin() + shape.tracked));
      }
      changed = row;
    }
    written = done.writes.size() + done.remember.size() + done.forget.size();
    if (remembers) {
      for (const Memory &gone : done.forget) {
        const auto at = std::find_if(memory.begin(), memory.end(), [&](const auto &m) {
          return m.first.sequence == gone.sequence && m.first.kind == gone.kind &&
                 m.first.slot == gone.slot;
        });
        ASSERT_NE(at, memory.end());
        memory.erase(at);
      }
      for (const Memory &m : done.remember) {
        std::vector<std::uint8_t> given;
        if (m.given != nullptr) {
          given.assign(m.given, m.given + shape.event_slots());
        }
        memory.emplace_back(m, given);
      }
    }
    versions = std::move(after);
  }

  Rows history() const {
    Rows rows;
    for (const Kept &v : versions) {
      rows.emplace_back(v.from, v.to, v.ids[0], v.ids[1]);
    }
    std::sort(rows.begin(), rows.end());
    return rows;
  }

private:
  std::vector<Version> stored_{};
  std::vector<Event> events_{};
  std::vector<Memory> remembered_{};
};

} // namespace starhouse::scd::test
