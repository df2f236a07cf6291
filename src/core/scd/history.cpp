#include "core/scd/history.hpp"
#include "core/scd/points.hpp"
#include "core/scd/registers.hpp"

#include <algorithm>
#include <cstddef>
#include <cstring>

namespace starhouse::scd {

namespace {

class Replay {
public:
  Replay(const Input &input, const Env &env)
      : in_(input), shape_(input.shape), env_(env), slots_(shape_.event_slots()),
        limit_(2 * in_.versions.size() + in_.events.size() + in_.memory.size() +
               in_.snapshots.size()),
        outcomes_(in_.events.size(), env), known_(limit_, env), incoming_(in_.events.size(), env),
        points_(limit_, env), stretches_(limit_, env), order_(in_.versions.size(), env),
        new_memory_(2 * limit_ + shape_.alternate, env),
        remember_(2 * limit_ + shape_.alternate, env), forget_(in_.memory.size(), env),
        writes_(limit_, env), registers_(input, env) {}

  Plan run() {
    Plan plan;
    for (std::size_t i = 0; i < in_.events.size(); ++i) {
      outcomes_.push(Outcome::unchanged);
    }
    plan.corrupt_version = read_versions();
    if (plan.corrupt_version != none) {
      return plan;
    }
    read_memory();
    registers_.know(known_.view());
    read_events();
    admit();
    fold();
    registers_.settle({points_.view(), showing(), newest_known_}, plan, outcomes_, new_memory_);
    compare(plan);
    compare_memory();
    plan.outcomes = outcomes_.view();
    plan.writes = writes_.view();
    plan.remember = remember_.view();
    plan.forget = forget_.view();
    return plan;
  }

private:
  Row event_row(Index event) const { return static_cast<Row>(in_.versions.size()) + event; }
  const Index *version_ids(Index version) const { return in_.versions[version].ids; }

  // --- what is stored and remembered, as points -------------------------------------------------

  const Row *rows_of(Row row) {
    Row *rows = allocate<Row>(slots_, env_);
    std::fill_n(rows, slots_, row);
    return rows;
  }

  // What an event said that is known by the version showing it: its ids where `given` says so.
  const Index *said(Index version, const std::uint8_t *given) {
    const Index *ids = version_ids(version);
    if (given == nullptr) {
      return ids;
    }
    Index *some = allocate<Index>(slots_, env_);
    for (Index s = 0; s < slots_; ++s) {
      some[s] = given[s] != 0 ? ids[s] : none;
    }
    return some;
  }

  const std::uint8_t *given_at(Instant at) const {
    for (const Memory &memory : in_.memory) {
      if (memory.kind == Kind::partial && memory.sequence == at) {
        return memory.given;
      }
    }
    return nullptr;
  }

  // The stored versions as points, in order of time. Returns a version that contradicts another.
  Index read_versions() {
    for (std::size_t i = 0; i < in_.versions.size(); ++i) {
      order_.push(static_cast<Index>(i));
    }
    std::sort(order_.begin(), order_.end(), [this](Index a, Index b) {
      return in_.versions[a].from != in_.versions[b].from
                 ? in_.versions[a].from < in_.versions[b].from
                 : a < b;
    });
    // An inferred version stands for nothing known: it waits for the first real row. It does so
    // only where it is alone; next to real versions it is an ordinary version.
    if (in_.versions.size() == 1 && in_.versions[0].inferred) {
      inferred_ = 0;
      return none;
    }
    for (std::size_t i = 0; i < order_.size(); ++i) {
      const Version &version = in_.versions[order_[i]];
      const bool last = i + 1 == order_.size();
      if (version.from >= version.to || (!last && in_.versions[order_[i + 1]].from < version.to)) {
        return order_[i];
      }
      if (version.deleted) {
        known_.push(
            {version.from, Operation::remove, Origin::stored, order_[i], none, nullptr, nullptr});
      } else {
        known_.push({version.from, Operation::upsert, Origin::stored, order_[i], none,
                     said(order_[i], given_at(version.from)), rows_of(order_[i])});
      }
      newest_known_ = version.from;
      if (version.to != forever && (last || in_.versions[order_[i + 1]].from != version.to)) {
        known_.push(
            {version.to, Operation::remove, Origin::stored, order_[i], none, nullptr, nullptr});
        newest_known_ = version.to;
      }
    }
    return none;
  }

  // The version whose interval holds the instant, or none.
  Index in_force(Instant at) const {
    const Index *after =
        std::upper_bound(order_.begin(), order_.end(), at,
                         [this](Instant t, Index v) { return t < in_.versions[v].from; });
    if (inferred_ != none || after == order_.begin()) {
      return none;
    }
    const Version &version = in_.versions[after[-1]];
    return at < version.to && !version.deleted ? after[-1] : none;
  }

  void add_known(Instant at, Operation operation, Origin origin, const std::uint8_t *given) {
    if (operation == Operation::remove) {
      known_.push({at, operation, origin, none, none, nullptr, nullptr});
    } else {
      const Index version = in_force(at);
      if (version == none) {
        return; // the table was changed by hand: there is nothing left of it to remember
      }
      known_.push({at, operation, origin, none, none, said(version, given), rows_of(version)});
    }
    newest_known_ = std::max(newest_known_, at);
  }

  void read_memory() {
    for (const Memory &memory : in_.memory) {
      if (memory.kind == Kind::repeat || memory.kind == Kind::removal) {
        add_known(memory.sequence,
                  memory.kind == Kind::repeat ? Operation::upsert : Operation::remove,
                  Origin::remembered, memory.given);
      }
    }
    for (const Instant at : in_.snapshots) {
      add_known(at, in_force(at) != none ? Operation::upsert : Operation::remove, Origin::implied,
                nullptr);
    }
    // One point for each instant: a stored one says most, an implied one least.
    std::stable_sort(known_.begin(), known_.end(), [](const Point &a, const Point &b) {
      return a.at != b.at ? a.at < b.at : a.origin < b.origin;
    });
    List<Point> distinct(known_.size(), env_);
    for (const Point &point : known_) {
      if (distinct.size() == 0 || distinct.back().at != point.at) {
        distinct.push(point);
      }
    }
    known_ = distinct;
  }

  // --- the events -------------------------------------------------------------------------------

  void read_events() {
    for (std::size_t i = 0; i < in_.events.size(); ++i) {
      const Event &event = in_.events[i];
      if (event.sequence == beginning || event.sequence == forever) {
        outcomes_[i] = Outcome::not_finite;
        continue;
      }
      const auto index = static_cast<Index>(i);
      const bool upsert = event.operation == Operation::upsert;
      incoming_.push({event.sequence, event.operation, Origin::incoming, none, index,
                      upsert ? event.ids : nullptr, upsert ? rows_of(event_row(index)) : nullptr});
    }
    std::sort(incoming_.begin(), incoming_.end(), [](const Point &a, const Point &b) {
      return a.at != b.at ? a.at < b.at : a.event < b.event;
    });
  }

  // Whether an event contradicts what is known for its instant. Of a known point the register
  // values are at hand only where it is the one that they are from.
  bool contradicts(const Point &known, const Point &event) const {
    if (known.operation != event.operation) {
      return true;
    }
    if (known.operation == Operation::remove) {
      return false;
    }
    for (Index s = 0; s < slots_; ++s) {
      const bool comparable =
          s < shape_.tracked || is_event(in_, known.rows[s]) || registers_.since(s) == known.at;
      if (comparable && known.ids[s] != none && event.ids[s] != none &&
          known.ids[s] != event.ids[s]) {
        return true;
      }
    }
    return false;
  }

  // Adds to a point what another of its instant says besides.
  void join(Point &point, const Point &other) {
    if (point.operation == Operation::remove) {
      return;
    }
    Index *ids = nullptr;
    Row *rows = nullptr;
    for (Index s = 0; s < slots_; ++s) {
      if (point.ids[s] != none || other.ids[s] == none) {
        continue;
      }
      if (ids == nullptr) {
        ids = allocate<Index>(slots_, env_);
        rows = allocate<Row>(slots_, env_);
        std::copy_n(point.ids, slots_, ids);
        std::copy_n(point.rows, slots_, rows);
      }
      ids[s] = other.ids[s];
      rows[s] = other.rows[s];
    }
    if (ids != nullptr) {
      point.ids = ids;
      point.rows = rows;
      if (point.event == none) {
        point.event = other.event;
      }
    }
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
      if (k < known_.size() && known_[k].at == at) {
        Point point = known_[k++];
        for (; i < end; ++i) {
          if (contradicts(point, incoming_[i])) {
            outcomes_[incoming_[i].event] = Outcome::conflict;
          } else {
            join(point, incoming_[i]);
          }
        }
        points_.push(point);
        continue;
      }
      if (at < in_.cutoff) {
        for (; i < end; ++i) {
          outcomes_[incoming_[i].event] = Outcome::too_late;
        }
        continue;
      }
      Point point = incoming_[i];
      bool agreed = true;
      for (std::size_t other = i + 1; other < end && agreed; ++other) {
        agreed = !contradicts(point, incoming_[other]);
        if (agreed) {
          join(point, incoming_[other]);
        }
      }
      if (agreed) {
        points_.push(point);
        i = end;
      }
      for (; i < end; ++i) {
        outcomes_[incoming_[i].event] = Outcome::conflict;
      }
    }
  }

  void settle(const Point &point, Outcome outcome) {
    if (point.event != none) {
      outcomes_[point.event] = point.at < newest_known_ ? Outcome::late : outcome;
    }
  }

  // --- the replay -------------------------------------------------------------------------------

  const std::uint8_t *given_of(const Point &point) {
    bool all = true;
    for (Index s = 0; s < slots_; ++s) {
      all = all && point.ids[s] != none;
    }
    if (all) {
      return nullptr;
    }
    auto *given = allocate<std::uint8_t>(slots_, env_);
    for (Index s = 0; s < slots_; ++s) {
      given[s] = point.ids[s] != none ? 1 : 0;
    }
    return given;
  }

  void remember(const Point &point) {
    if (point.origin == Origin::implied && point.event == none) {
      return; // the snapshot itself is on record
    }
    const bool upsert = point.operation == Operation::upsert;
    new_memory_.push(
        {point.at, upsert ? Kind::repeat : Kind::removal, 0, upsert ? given_of(point) : nullptr});
  }

  void open(const Point &point, const Index *content, const Row *source, bool deleted) {
    stretches_.push({point.at, forever, content, source, point.version, deleted});
    if (!deleted) {
      if (const std::uint8_t *given = given_of(point); given != nullptr) {
        new_memory_.push({point.at, Kind::partial, 0, given});
      }
    }
  }

  // The event's values, and what was in force where it says nothing.
  void fill(const Point &point, const Stretch *before, const Index *&content, const Row *&source) {
    const Index n = shape_.tracked;
    if (std::find(point.ids, point.ids + n, none) == point.ids + n) {
      content = point.ids;
      source = point.rows;
      return;
    }
    Index *ids = allocate<Index>(n, env_);
    Row *rows = allocate<Row>(n, env_);
    for (Index s = 0; s < n; ++s) {
      if (point.ids[s] != none) {
        ids[s] = point.ids[s];
        rows[s] = point.rows[s];
      } else {
        ids[s] = before != nullptr ? before->content[s] : absent;
        rows[s] = before != nullptr ? before->source[s] : none;
      }
    }
    content = ids;
    source = rows;
  }

  void fold() {
    bool is_open = false;
    for (const Point &point : points_) {
      env_.poll();
      Stretch *last = is_open ? &stretches_.back() : nullptr;
      if (point.operation == Operation::remove) {
        is_open = fold_remove(point, last);
      } else {
        fold_upsert(point, last);
        is_open = true;
      }
    }
  }

  // A late event that says the same brought a stored version forward: it starts earlier.
  static bool takes_over(const Point &point, Stretch *last) {
    if (point.version == none || last->version != none) {
      return false;
    }
    last->version = point.version;
    return true;
  }

  // Returns whether something is open after it.
  bool fold_remove(const Point &point, Stretch *last) {
    if (last == nullptr) {
      remember(point);
      return false;
    }
    if (!shape_.flag_deletes) {
      last->to = point.at;
      settle(point, Outcome::deleted);
      return false;
    }
    // Where deletes are flagged, a stored version that ends and is followed by none was closed by
    // hand, or before deletes were flagged: it stays closed.
    if (point.version != none && point.at != in_.versions[point.version].from) {
      last->to = point.at;
      return false;
    }
    if (last->deleted && (point.version == none || takes_over(point, last))) {
      remember(point);
      return true;
    }
    settle(point, Outcome::deleted);
    last->to = point.at;
    open(point, last->content, last->source, true);
    return true;
  }

  void fold_upsert(const Point &point, Stretch *last) {
    const Stretch *before = last != nullptr && !last->deleted ? last : nullptr;
    const Index *content = nullptr;
    const Row *source = nullptr;
    fill(point, before, content, source);
    if (before != nullptr && std::equal(content, content + shape_.tracked, before->content)) {
      if (point.version == none || takes_over(point, last)) {
        remember(point);
        return;
      }
      // Two stored versions in a row with one content: not ours to remove.
    }
    settle(point,
           before != nullptr || point.version != none ? Outcome::changed : Outcome::inserted);
    if (last != nullptr) {
      last->to = point.at;
    }
    open(point, content, source, false);
  }

  // A stored version that shows the register values.
  Index showing() const {
    return inferred_ != none || order_.size() == 0 ? none : order_.end()[-1];
  }

  // --- the difference ---------------------------------------------------------------------------

  void compare(const Plan &plan) {
    for (const Stretch &stretch : stretches_) {
      if (stretch.version == none) {
        // The first real stretch completes an inferred member.
        writes_.push({inferred_, stretch.from, stretch.to, stretch.deleted, inferred_ != none, true,
                      true, stretch.source});
        inferred_ = none;
        continue;
      }
      const Version &stored = in_.versions[stretch.version];
      const bool fills = !std::equal(stretch.content, stretch.content + shape_.tracked, stored.ids);
      const bool registers = registers_.differ(stored, plan);
      if (stored.from != stretch.from || stored.to != stretch.to || fills || registers) {
        writes_.push({stretch.version, stretch.from, stretch.to, stretch.deleted, false, fills,
                      registers, stretch.source});
      }
    }
  }

  bool same_given(const std::uint8_t *a, const std::uint8_t *b) const {
    return a == b || (a != nullptr && b != nullptr && std::memcmp(a, b, slots_) == 0);
  }

  static bool earlier(const Memory &a, const Memory &b) {
    if (a.sequence != b.sequence) {
      return a.sequence < b.sequence;
    }
    return a.kind != b.kind ? a.kind < b.kind : a.slot < b.slot;
  }

  // What is to be remembered now against what was.
  void compare_memory() {
    List<Memory> old(in_.memory.size(), env_);
    for (const Memory &memory : in_.memory) {
      old.push(memory);
    }
    std::sort(old.begin(), old.end(), earlier);
    std::sort(new_memory_.begin(), new_memory_.end(), earlier);
    std::size_t o = 0;
    std::size_t n = 0;
    while (o < old.size() || n < new_memory_.size()) {
      const bool is_old =
          n == new_memory_.size() || (o < old.size() && !earlier(new_memory_[n], old[o]));
      const bool is_new =
          o == old.size() || (n < new_memory_.size() && !earlier(old[o], new_memory_[n]));
      const bool equal = is_old && is_new && same_given(old[o].given, new_memory_[n].given);
      if (!equal) {
        if (is_old) {
          forget_.push(old[o]);
        }
        if (is_new) {
          remember_.push(new_memory_[n]);
        }
      }
      o += is_old ? 1 : 0;
      n += is_new ? 1 : 0;
    }
  }

  const Input &in_;
  const Shape shape_;
  const Env &env_;
  const Index slots_;
  const std::size_t limit_;
  List<Outcome> outcomes_;
  List<Point> known_;
  List<Point> incoming_;
  List<Point> points_;
  List<Stretch> stretches_;
  List<Index> order_; // versions by start
  List<Memory> new_memory_;
  List<Memory> remember_;
  List<Memory> forget_;
  List<Write> writes_;
  Registers registers_;
  Index inferred_ = none;
  Instant newest_known_ = beginning;
};

} // namespace

Plan plan_merge(const Input &input, const Env &env) {
  return Replay(input, env).run();
}

} // namespace starhouse::scd
