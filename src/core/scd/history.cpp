#include "core/scd/history.hpp"

#include <algorithm>
#include <cstddef>
#include <type_traits>

namespace starhouse::scd {

namespace {

// A growing list in arena memory whose capacity is known before.
template <class T>
class List {
  static_assert(std::is_trivially_destructible_v<T> && std::is_trivially_copyable_v<T>);

public:
  List(std::size_t capacity, const Env &env)
      : data_(static_cast<T *>(
            env.memory->allocate(std::max<std::size_t>(capacity, 1) * sizeof(T), alignof(T)))) {}
  void push(const T &value) { data_[size_++] = value; }
  T &operator[](std::size_t i) { return data_[i]; }
  const T &operator[](std::size_t i) const { return data_[i]; }
  T *begin() const { return data_; }
  T *end() const { return data_ + size_; }
  T &back() { return data_[size_ - 1]; }
  std::size_t size() const { return size_; }
  std::span<const T> view() const { return {data_, size_}; }

private:
  T *data_;
  std::size_t size_ = 0;
};

// Something known to have happened: the start or the end of a stored version, or an event.
struct Point {
  Instant at;
  Operation operation;
  Index version;
  Index event;
  Index content;
  Index overwrite;

  bool stored() const { return version != none; }
};

// A stretch of the replayed history. At most one of its origins is a stored version.
struct Stretch {
  Instant from;
  Instant to;
  Index content;
  Index version;
  Index event;
};

// Whether an event says again what is known for its instant. What is known has only its type-2
// columns left to compare: its type-1 columns may have been overwritten since.
bool repeats(const Point &known, const Point &event) {
  return known.operation == event.operation &&
         (known.operation == Operation::remove || known.content == event.content);
}

// Whether two incoming events of one instant say the same.
bool same(const Point &a, const Point &b) {
  return repeats(a, b) && (a.operation == Operation::remove || a.overwrite == b.overwrite);
}

class Replay {
public:
  Replay(std::span<const Version> versions, std::span<const Event> events, const Env &env)
      : versions_(versions), events_(events), env_(env), outcomes_(events.size(), env),
        known_(2 * versions.size(), env), incoming_(events.size(), env),
        points_(2 * versions.size() + events.size(), env),
        stretches_(versions.size() + events.size(), env),
        remember_(2 * versions.size() + events.size(), env), moves_(versions.size(), env),
        openings_(events.size(), env), overwrite_(versions.size(), env) {}

  Plan run() {
    Plan plan;
    for (std::size_t i = 0; i < events_.size(); ++i) {
      outcomes_.push(Outcome::unchanged);
    }
    plan.corrupt_version = read_versions();
    if (plan.corrupt_version != none) {
      return plan;
    }
    read_events();
    admit();
    fold();
    compare();
    take_type1(plan);
    plan.outcomes = outcomes_.view();
    plan.moves = moves_.view();
    plan.openings = openings_.view();
    plan.remember = remember_.view();
    plan.overwrite = overwrite_.view();
    return plan;
  }

private:
  // The stored versions as points, in order of time. Returns a version that contradicts another.
  Index read_versions() {
    List<Index> order(versions_.size(), env_);
    for (std::size_t i = 0; i < versions_.size(); ++i) {
      order.push(static_cast<Index>(i));
    }
    std::sort(order.begin(), order.end(), [this](Index a, Index b) {
      return versions_[a].from != versions_[b].from ? versions_[a].from < versions_[b].from : a < b;
    });
    // An inferred version stands for nothing known: it waits for the first real row. It does so
    // only where it is alone; next to real versions it is an ordinary version.
    if (versions_.size() == 1 && versions_[0].inferred) {
      inferred_ = 0;
      return none;
    }
    for (std::size_t i = 0; i < order.size(); ++i) {
      const Version &version = versions_[order[i]];
      const bool last = i + 1 == order.size();
      if (version.from >= version.to || (!last && versions_[order[i + 1]].from < version.to)) {
        return order[i];
      }
      known_.push(
          {version.from, Operation::upsert, order[i], none, version.content, version.overwrite});
      newest_known_ = version.from;
      if (version.to != forever && (last || versions_[order[i + 1]].from != version.to)) {
        known_.push({version.to, Operation::remove, order[i], none, none, none});
        newest_known_ = version.to;
      }
    }
    return none;
  }

  void read_events() {
    for (std::size_t i = 0; i < events_.size(); ++i) {
      const Event &event = events_[i];
      if (event.sequence == beginning || event.sequence == forever) {
        outcomes_[i] = Outcome::not_finite;
        continue;
      }
      if (event.remembered) {
        newest_known_ = std::max(newest_known_, event.sequence);
      }
      incoming_.push({event.sequence, event.operation, none, static_cast<Index>(i), event.content,
                      event.overwrite});
    }
    // Remembered events come first of their instant: they were here before.
    std::sort(incoming_.begin(), incoming_.end(), [this](const Point &a, const Point &b) {
      if (a.at != b.at) {
        return a.at < b.at;
      }
      const bool a_first = events_[a.event].remembered;
      const bool b_first = events_[b.event].remembered;
      return a_first != b_first ? a_first : a.event < b.event;
    });
  }

  // Joins what is known and what comes, one point per instant: repeats collapse, contradictions are
  // conflicts.
  void admit() {
    std::size_t k = 0;
    std::size_t i = 0;
    while (k < known_.size() || i < incoming_.size()) {
      env_.poll();
      if (i == incoming_.size() || (k < known_.size() && known_[k].at < incoming_[i].at)) {
        points_.push(known_[k++]);
        continue;
      }
      const Instant at = incoming_[i].at;
      std::size_t end = i + 1;
      while (end < incoming_.size() && incoming_[end].at == at) {
        ++end;
      }
      const bool stored = k < known_.size() && known_[k].at == at;
      if (stored || events_[incoming_[i].event].remembered) {
        const Point &point = stored ? known_[k++] : incoming_[i++];
        points_.push(point);
        for (; i < end; ++i) {
          settle_repeat(incoming_[i], repeats(point, incoming_[i]));
        }
        continue;
      }
      const Point &first = incoming_[i];
      const bool agreed = std::all_of(incoming_.begin() + i, incoming_.begin() + end,
                                      [&first](const Point &other) { return same(first, other); });
      if (agreed) {
        points_.push(first);
      }
      for (; i < end; ++i) {
        settle_repeat(incoming_[i], agreed);
      }
    }
  }

  void settle_repeat(const Point &event, bool agrees) {
    if (!events_[event.event].remembered) {
      outcomes_[event.event] = agrees ? Outcome::unchanged : Outcome::conflict;
    }
  }

  void settle(const Point &point, Outcome outcome) {
    if (point.event == none || events_[point.event].remembered) {
      return;
    }
    outcomes_[point.event] = point.at < newest_known_ ? Outcome::late : outcome;
  }

  void forget(const Point &point) {
    remember_.push({point.at, point.operation, point.event, point.version});
  }

  // Replays the points.
  void fold() {
    bool open = false;
    for (const Point &point : points_) {
      env_.poll();
      if (point.operation == Operation::remove) {
        if (open) {
          stretches_.back().to = point.at;
          open = false;
          settle(point, Outcome::deleted);
        } else {
          forget(point);
        }
        continue;
      }
      if (open && stretches_.back().content == point.content) {
        Stretch &stretch = stretches_.back();
        if (!point.stored()) {
          forget(point);
          continue;
        }
        if (stretch.version == none) {
          // A late event brought this stored version forward: it starts earlier.
          stretch.version = point.version;
          stretch.event = none;
          forget(point);
          continue;
        }
        // Two stored versions in a row with one content: not ours to remove.
      }
      settle(point, open ? Outcome::changed : Outcome::inserted);
      if (open) {
        stretches_.back().to = point.at;
      }
      stretches_.push({point.at, forever, point.content, point.version, point.event});
      open = true;
    }
  }

  // The difference between the replayed history and the stored one.
  void compare() {
    for (const Stretch &stretch : stretches_) {
      if (stretch.version == none) {
        openings_.push({stretch.event, inferred_, stretch.from, stretch.to});
        inferred_ = none; // the first real stretch completes it
        continue;
      }
      const Version &stored = versions_[stretch.version];
      if (stored.from != stretch.from || stored.to != stretch.to) {
        moves_.push({stretch.version, stretch.from, stretch.to});
      }
    }
  }

  // The newest upsert rules the type-1 columns of every version.
  void take_type1(Plan &plan) {
    const Point *newest = nullptr;
    const Point *before = nullptr;
    for (const Point &point : points_) {
      if (point.operation == Operation::upsert) {
        before = newest;
        newest = &point;
      }
    }
    if (newest == nullptr) {
      return;
    }
    plan.newest_event = newest->event;
    plan.newest_version = newest->version;
    if (newest->stored()) {
      return;
    }
    for (const Point &point : known_) {
      if (point.operation == Operation::upsert && point.overwrite != newest->overwrite) {
        overwrite_.push(point.version);
      }
    }
    const bool differs = overwrite_.size() > 0 || (known_.size() == 0 && before != nullptr &&
                                                   before->overwrite != newest->overwrite);
    if (differs && outcomes_[newest->event] == Outcome::unchanged &&
        !events_[newest->event].remembered) {
      outcomes_[newest->event] = newest->at < newest_known_ ? Outcome::late : Outcome::changed;
    }
  }

  std::span<const Version> versions_;
  std::span<const Event> events_;
  const Env &env_;
  List<Outcome> outcomes_;
  List<Point> known_;
  List<Point> incoming_;
  List<Point> points_;
  List<Stretch> stretches_;
  List<Memory> remember_;
  List<Move> moves_;
  List<Opening> openings_;
  List<Index> overwrite_;
  Index inferred_ = none;
  Instant newest_known_ = beginning;
};

} // namespace

Plan plan_merge(std::span<const Version> versions, std::span<const Event> events, const Env &env) {
  return Replay(versions, events, env).run();
}

} // namespace starhouse::scd
