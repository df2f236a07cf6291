#include "core/scd/history.hpp"

#include <algorithm>
#include <cstddef>
#include <cstring>
#include <type_traits>

namespace starhouse::scd {

namespace {

template <class T>
T *allocate(std::size_t count, const Env &env) {
  static_assert(std::is_trivially_destructible_v<T> && std::is_trivially_copyable_v<T>);
  return static_cast<T *>(
      env.memory->allocate(std::max<std::size_t>(count, 1) * sizeof(T), alignof(T)));
}

// A growing list in arena memory whose capacity is known before.
template <class T>
class List {
public:
  List(std::size_t capacity, const Env &env) : data_(allocate<T>(capacity, env)) {}
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

enum class Origin : std::uint8_t {
  stored,     // the start or the end of a version
  remembered, // by an earlier merge
  implied,    // by a complete snapshot
  incoming,
};

// Something known to have happened.
struct Point {
  Instant at;
  Operation operation;
  Origin origin;
  Index version;    // whose start or end it is
  Index event;      // the first event that said so
  const Index *ids; // event_slots(), `none` where nothing is said; null for a remove
  const Row *rows;  // the row of each value: the version that shows it, or an event

  bool incoming() const { return origin == Origin::incoming; }
};

// A stretch of the replayed history. At most one of its origins is a stored version.
struct Stretch {
  Instant from;
  Instant to;
  const Index *content; // tracked slots
  const Row *source;
  Index version;
  bool deleted;
};

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
        writes_(limit_, env) {}

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
    find_known_registers();
    read_events();
    admit();
    fold();
    settle_registers(plan);
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
  Index first_register() const { return shape_.tracked; }

  // --- what is stored and remembered, as points -------------------------------------------------

  const Row *rows_of(Row row) {
    Row *rows = allocate<Row>(slots_, env_);
    std::fill_n(rows, slots_, row);
    return rows;
  }
  bool is_event(Row row) const { return row != none && row >= in_.versions.size(); }
  Index event_of(Row row) const { return row - static_cast<Row>(in_.versions.size()); }

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

  bool gives(const Point &point, Index slot) const {
    return point.operation == Operation::upsert && point.ids[slot] != none;
  }

  // Which known points the stored register values are from.
  void find_known_registers() {
    known_since_ = allocate<Instant>(slots_, env_);
    std::fill_n(known_since_, slots_, beginning);
    for (Index s = first_register(); s < slots_; ++s) {
      const bool oldest = is_oldest(s);
      for (const Point &point : known_) {
        if (gives(point, s)) {
          known_since_[s] = point.at;
          if (oldest) {
            break;
          }
        }
      }
    }
  }

  bool is_oldest(Index slot) const {
    return slot >= shape_.tracked + shape_.newest &&
           slot < shape_.tracked + shape_.newest + shape_.oldest;
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
          s < first_register() || is_event(known.rows[s]) || known_since_[s] == known.at;
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

  // --- values that all versions share -----------------------------------------------------------

  // A stored version that shows the register values.
  Index showing() const {
    return inferred_ != none || order_.size() == 0 ? none : order_.end()[-1];
  }

  // Marks an event that changed nothing but a register.
  void settle_register(Index event, Instant at) {
    if (event != none && outcomes_[event] == Outcome::unchanged) {
      outcomes_[event] = at < newest_known_ ? Outcome::late : Outcome::changed;
    }
  }

  // The row that has a register's value: of the newest (or oldest) point that gives it.
  Row register_row(Index slot, bool oldest) {
    const Point *chosen = nullptr;
    const Point *other = nullptr; // the one it took over from
    for (const Point &point : points_) {
      if (!gives(point, slot)) {
        continue;
      }
      if (chosen == nullptr || !oldest) {
        other = chosen;
        chosen = &point;
      } else if (other == nullptr) {
        other = &point;
      }
    }
    if (chosen == nullptr) {
      return showing() == none ? none : static_cast<Row>(showing());
    }
    const Row row = chosen->rows[slot];
    if (!is_event(row)) {
      return showing();
    }
    if (other != nullptr && value_of(*other, slot) != value_of(*chosen, slot)) {
      settle_register(event_of(row), chosen->at);
    }
    return row;
  }

  // A point's value of a register: of a known point, what is stored.
  Index value_of(const Point &point, Index slot) const {
    const Row row = point.rows[slot];
    return is_event(row) ? id_at(row, slot) : version_ids(showing())[slot];
  }

  struct Dated {
    Instant at;
    Index id;
    Row row;    // none: there is no such value
    bool shown; // the row's own value of the slot, not its previous one
  };

  // The newest value, and the last one before that differs from it. Both and their instants are all
  // that counts of the past: taking in values in any order gives the same two.
  void settle_alternate(Index alternate, Row *rows, Row *previous, bool *shown) {
    const Index slot = shape_.tracked + shape_.newest + shape_.oldest + alternate;
    const Index stored = showing();
    Dated newest{beginning, absent, none, true};
    Dated before{beginning, absent, none, true};
    if (stored != none) {
      const Index *ids = version_ids(stored);
      newest = {known_since_[slot], ids[slot], stored, true};
      const Instant since = previous_since(alternate);
      if (ids[slots_ + alternate] != absent || since != beginning) {
        before = {since, ids[slots_ + alternate], stored, false};
      }
    }
    for (const Point &point : points_) {
      if (!gives(point, slot) || !is_event(point.rows[slot])) {
        continue;
      }
      const Dated next{point.at, point.ids[slot], point.rows[slot], true};
      if (newest.row == none || next.at >= newest.at) {
        if (newest.row != none && newest.id != next.id) {
          before = newest;
          settle_register(event_of(next.row), next.at);
        }
        newest = next;
      } else if (next.id != newest.id && (before.row == none || next.at > before.at)) {
        before = next;
      }
    }
    rows[alternate] = newest.row;
    previous[alternate] = before.row;
    shown[alternate] = before.shown;
    if (before.row != none && before.at != beginning) {
      new_memory_.push({before.at, Kind::previous, alternate, nullptr});
    }
  }

  Instant previous_since(Index alternate) const {
    for (const Memory &memory : in_.memory) {
      if (memory.kind == Kind::previous && memory.slot == alternate) {
        return memory.sequence;
      }
    }
    return beginning;
  }

  void settle_registers(Plan &plan) {
    Row *newest = allocate<Row>(shape_.newest, env_);
    for (Index s = 0; s < shape_.newest; ++s) {
      newest[s] = register_row(shape_.tracked + s, false);
    }
    Row *oldest = allocate<Row>(shape_.oldest, env_);
    for (Index s = 0; s < shape_.oldest; ++s) {
      oldest[s] = register_row(shape_.tracked + shape_.newest + s, true);
    }
    Row *alternate = allocate<Row>(shape_.alternate, env_);
    Row *previous = allocate<Row>(shape_.alternate, env_);
    bool *shown = allocate<bool>(shape_.alternate, env_);
    for (Index s = 0; s < shape_.alternate; ++s) {
      settle_alternate(s, alternate, previous, shown);
    }
    plan.newest = newest;
    plan.oldest = oldest;
    plan.alternate = alternate;
    plan.previous = previous;
    plan.previous_shown = shown;
  }

  Index id_at(Row row, Index slot) const {
    if (row == none) {
      return absent;
    }
    const auto versions = static_cast<Row>(in_.versions.size());
    return row < versions ? in_.versions[row].ids[slot] : in_.events[row - versions].ids[slot];
  }

  bool registers_differ(const Version &version, const Plan &plan) const {
    Index slot = shape_.tracked;
    for (Index s = 0; s < shape_.newest; ++s, ++slot) {
      if (version.ids[slot] != id_at(plan.newest[s], slot)) {
        return true;
      }
    }
    for (Index s = 0; s < shape_.oldest; ++s, ++slot) {
      if (version.ids[slot] != id_at(plan.oldest[s], slot)) {
        return true;
      }
    }
    for (Index s = 0; s < shape_.alternate; ++s, ++slot) {
      const Index before = id_at(plan.previous[s], plan.previous_shown[s] ? slot : slots_ + s);
      if (version.ids[slot] != id_at(plan.alternate[s], slot) ||
          version.ids[slots_ + s] != before) {
        return true;
      }
    }
    return false;
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
      const bool registers = registers_differ(stored, plan);
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
  Instant *known_since_ = nullptr; // per slot: since when the stored register value is known
  Index inferred_ = none;
  Instant newest_known_ = beginning;
};

} // namespace

Plan plan_merge(const Input &input, const Env &env) {
  return Replay(input, env).run();
}

} // namespace starhouse::scd
