#include "core/scd/registers.hpp"

namespace starhouse::scd {

namespace {

// One run over the points of a key.
class Settling {
public:
  Settling(const Input &input, const Registers &registers, const Registers::Settled &settled,
           List<Outcome> &outcomes)
      : in_(input), registers_(registers), settled_(settled), outcomes_(outcomes) {}

  // The row that has a slot's value: of the newest (or oldest) point that gives it.
  Row ruling(Index slot, bool oldest) {
    const Point *chosen = nullptr;
    const Point *other = nullptr; // the one it took over from
    for (const Point &point : settled_.points) {
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
    if (chosen == nullptr || !is_event(in_, chosen->rows[slot])) {
      return settled_.showing;
    }
    const Row row = chosen->rows[slot];
    if (other != nullptr && value_of(*other, slot) != id_at(in_, row, slot)) {
      mark(row, chosen->at);
    }
    return row;
  }

  struct Alternate {
    Row newest;
    Row previous;
    bool shown;    // the previous value is its row's own value of the slot
    Instant since; // when the previous value was the newest
  };

  // The newest value, and the last one before that differs from it. Both and their instants are all
  // that counts of the past: taking in values in any order gives the same two.
  Alternate alternate(Index slot, Index previous_slot, Instant previous_since) {
    Dated newest{beginning, absent, none, true};
    Dated before{beginning, absent, none, true};
    if (settled_.showing != none) {
      const Index *ids = in_.versions[settled_.showing].ids;
      newest = {registers_.since(slot), ids[slot], settled_.showing, true};
      if (ids[previous_slot] != absent || previous_since != beginning) {
        before = {previous_since, ids[previous_slot], settled_.showing, false};
      }
    }
    for (const Point &point : settled_.points) {
      if (!gives(point, slot) || !is_event(in_, point.rows[slot])) {
        continue;
      }
      const Dated next{point.at, point.ids[slot], point.rows[slot], true};
      if (newest.row == none || next.at >= newest.at) {
        if (newest.row != none && newest.id != next.id) {
          before = newest;
          mark(next.row, next.at);
        }
        newest = next;
      } else if (next.id != newest.id && (before.row == none || next.at > before.at)) {
        before = next;
      }
    }
    return {newest.row, before.row, before.shown, before.row != none ? before.at : beginning};
  }

private:
  struct Dated {
    Instant at;
    Index id;
    Row row;    // none: there is no such value
    bool shown; // the row's own value of the slot, not its previous one
  };

  // A point's value: of a known point, what is stored.
  Index value_of(const Point &point, Index slot) const {
    const Row row = point.rows[slot];
    return is_event(in_, row) ? id_at(in_, row, slot) : in_.versions[settled_.showing].ids[slot];
  }

  // Marks an event that changed a value and nothing else.
  void mark(Row row, Instant at) {
    Outcome &outcome = outcomes_[event_of(in_, row)];
    if (outcome == Outcome::unchanged) {
      outcome = at < settled_.newest_known ? Outcome::late : Outcome::changed;
    }
  }

  const Input &in_;
  const Registers &registers_;
  const Registers::Settled &settled_;
  List<Outcome> &outcomes_;
};

} // namespace

Registers::Registers(const Input &input, const Env &env)
    : in_(input), shape_(input.shape), env_(env), slots_(shape_.event_slots()),
      since_(allocate<Instant>(slots_, env)) {
  std::fill_n(since_, slots_, beginning);
}

void Registers::know(std::span<const Point> known) {
  const Index oldest_from = shape_.tracked + shape_.newest;
  for (Index s = shape_.tracked; s < slots_; ++s) {
    const bool oldest = s >= oldest_from && s < oldest_from + shape_.oldest;
    for (const Point &point : known) {
      if (gives(point, s)) {
        since_[s] = point.at;
        if (oldest) {
          break;
        }
      }
    }
  }
}

void Registers::settle(const Settled &settled, Plan &plan, List<Outcome> &outcomes,
                       List<Memory> &memory) {
  Settling settling(in_, *this, settled, outcomes);
  Index slot = shape_.tracked;
  Row *newest = allocate<Row>(shape_.newest, env_);
  for (Index s = 0; s < shape_.newest; ++s) {
    newest[s] = settling.ruling(slot++, false);
  }
  Row *oldest = allocate<Row>(shape_.oldest, env_);
  for (Index s = 0; s < shape_.oldest; ++s) {
    oldest[s] = settling.ruling(slot++, true);
  }
  Row *alternate = allocate<Row>(shape_.alternate, env_);
  Row *previous = allocate<Row>(shape_.alternate, env_);
  bool *shown = allocate<bool>(shape_.alternate, env_);
  for (Index s = 0; s < shape_.alternate; ++s) {
    Instant since = beginning;
    for (const Memory &known : in_.memory) {
      if (known.kind == Kind::previous && known.slot == s) {
        since = known.sequence;
      }
    }
    const Settling::Alternate values = settling.alternate(slot++, slots_ + s, since);
    alternate[s] = values.newest;
    previous[s] = values.previous;
    shown[s] = values.shown;
    if (values.since != beginning) {
      memory.push({values.since, Kind::previous, s, nullptr});
    }
  }
  plan.newest = newest;
  plan.oldest = oldest;
  plan.alternate = alternate;
  plan.previous = previous;
  plan.previous_shown = shown;
}

bool Registers::differ(const Version &version, const Plan &plan) const {
  Index slot = shape_.tracked;
  for (Index s = 0; s < shape_.newest; ++s, ++slot) {
    if (version.ids[slot] != id_at(in_, plan.newest[s], slot)) {
      return true;
    }
  }
  for (Index s = 0; s < shape_.oldest; ++s, ++slot) {
    if (version.ids[slot] != id_at(in_, plan.oldest[s], slot)) {
      return true;
    }
  }
  for (Index s = 0; s < shape_.alternate; ++s, ++slot) {
    const Index before = id_at(in_, plan.previous[s], plan.previous_shown[s] ? slot : slots_ + s);
    if (version.ids[slot] != id_at(in_, plan.alternate[s], slot) ||
        version.ids[slots_ + s] != before) {
      return true;
    }
  }
  return false;
}

} // namespace starhouse::scd
