// Groups from one process of a scan to another, and into its groups. A group is
//
//   NULLs of its keys, a bit each    8 bytes, if there are keys
//   each key that is not NULL        8 bytes: a number, or a place in written_codes();
//                                    4 bytes of length, and a text; behind each 8 of what is
//                                    shown for it, where that is another value
//   its states                       as they lie in memory: it is the same program
//   what each state refers to        4 bytes of length, and the bytes: of starhouse's own its
//   stored
//                                    form, of count(DISTINCT) some of the values: a byte that tells
//                                    how, and each 8 bytes, or 4 of length and a text; of a single
//                                    group whose values lie close the first bit's number, the step
//                                    from each to the next, and words of bits
//
// A group of many different values comes several times, with states of no rows but the first time.
#include "core/bytes.hpp"
#include "core/scan/scan.hpp"

#include <algorithm>
#include <bit>
#include <cstring>
#include <limits>

namespace starhouse::scan {

namespace {

// What comes before different values, a byte.
constexpr std::uint8_t each_form = 0;
constexpr std::uint8_t bits_form = 1;

} // namespace

void Scan::put(const void *bytes, std::size_t size) {
  const auto *from = static_cast<const char *>(bytes);
  written_.insert(written_.end(), from, from + size);
}

// Where a dimension's number is among those that were written.
std::uint32_t Scan::place_of_code(std::size_t join, std::int64_t code) {
  constexpr std::uint32_t none = std::numeric_limits<std::uint32_t>::max();
  std::pmr::vector<std::uint32_t> &places = code_places_[join];
  const auto index = static_cast<std::size_t>(code);
  if (index >= places.size()) {
    places.resize(std::max(index + 1, places.size() * 2), none);
  }
  if (places[index] == none) {
    places[index] = static_cast<std::uint32_t>(written_codes_[join].size());
    written_codes_[join].push_back(static_cast<std::uint32_t>(code));
  }
  return places[index];
}

// A state of starhouse's in its stored form.
void Scan::put_own(const OwnAggregate &own, const char *state) {
  std::int64_t count = 0;
  std::memcpy(&count, state, sizeof count);
  const std::size_t bytes = count == 0 ? 0 : own.stored_bytes(state);
  const auto size = static_cast<std::uint32_t>(bytes);
  put(&size, sizeof size);
  if (bytes > 0) {
    written_.resize(written_.size() + bytes);
    own.store(state, std::as_writable_bytes(std::span(written_)).last(bytes));
  }
}

// The next of a group's different values.
void Scan::put_values(std::size_t aggregate, const char *states) {
  constexpr std::size_t enough = 16384;
  const std::size_t at = written_.size();
  std::uint32_t size = 0;
  put(&size, sizeof size);
  const DistinctSet &set = sets_[aggregate];
  std::size_t &written = written_values_[aggregate];
  std::size_t count = 0;
  bool all = false;
  if (set.as_bits()) {
    const auto left = set.bits().subspan(written);
    count = std::min(left.size(), enough / sizeof left[0]);
    all = count == left.size();
    put(&bits_form, sizeof bits_form);
    const std::int64_t first = set.range().number(64 * written);
    const std::uint64_t step = set.range().step();
    put(&first, sizeof first);
    put(&step, sizeof step);
    put(left.data(), count * sizeof left[0]);
  } else {
    const auto left = set.values(states).subspan(written);
    put(&each_form, sizeof each_form);
    while (count < left.size() && count < batch_.capacity() && written_.size() - at < enough) {
      const std::int64_t word = left[count++].word;
      if (set.of_bytes()) {
        const std::string_view text = set.text(word);
        const auto length = static_cast<std::uint32_t>(text.size());
        put(&length, sizeof length);
        put(text.data(), text.size());
      } else {
        put(&word, sizeof word);
      }
    }
    all = count == left.size();
  }
  written += count;
  continues_ = continues_ || !all;
  size = static_cast<std::uint32_t>(written_.size() - at - sizeof size);
  std::memcpy(written_.data() + at, &size, sizeof size);
}

// False where there is more of it.
bool Scan::write_group(std::size_t group, OthersBytes others) {
  const auto put_text = [this](std::string_view text) {
    const auto size = static_cast<std::uint32_t>(text.size());
    put(&size, sizeof size);
    put(text.data(), text.size());
  };
  if (groups_) {
    const std::int64_t *key = groups_->key(group);
    const std::size_t count = program_.keys.size();
    put(&key[count], sizeof key[count]);
    for (std::size_t k = 0; k < count; ++k) {
      if (key_is_null(group, k)) {
        continue;
      }
      const std::int32_t join = join_of(program_.keys[k]);
      if (batch_[program_.keys[k].column].bytes != nullptr) {
        put_text(key_bytes(group, k));
      } else {
        const std::int64_t word =
            join < 0 ? key[k] : place_of_code(static_cast<std::size_t>(join), key[k]);
        put(&word, sizeof word);
      }
      if (program_.keys[k].source >= 0) {
        const std::int64_t shown = key_word(group, k);
        put(&shown, sizeof shown);
      }
    }
  }
  const bool first = !continues_;
  continues_ = false;
  const char *own = states(group);
  if (first) {
    put(own, state_bytes_);
  } else {
    written_.resize(written_.size() + state_bytes_);
  }
  for (std::size_t i = 0; i < program_.aggregates.size(); ++i) {
    const Aggregate &aggregate = program_.aggregates[i];
    if (aggregate.kind == AggregateKind::count_distinct) {
      put_values(i, own);
    } else if (!first) {
      put_text({});
    } else if (aggregate.own != nullptr) {
      put_own(*aggregate.own, own + aggregate.offset);
    } else {
      put_text(outer_bytes(aggregate, own, others));
    }
  }
  if (!continues_) {
    std::fill(written_values_.begin(), written_values_.end(), 0);
  }
  return !continues_;
}

std::size_t Scan::write(std::size_t from, std::size_t enough, OthersBytes others) {
  written_.clear();
  while (written_codes_.size() < program_.joins.size()) {
    written_codes_.emplace_back();
    code_places_.emplace_back();
  }
  for (std::size_t j = 0; j < written_codes_.size(); ++j) {
    for (const std::uint32_t code : written_codes_[j]) {
      code_places_[j][code] = std::numeric_limits<std::uint32_t>::max();
    }
    written_codes_[j].clear();
  }
  for (DistinctSet &set : sets_) {
    if (!set.is_ordered()) {
      set.order();
    }
  }
  while (from < groups() && written_.size() < enough) {
    from += write_group(from, others) ? 1 : 0;
  }
  return from;
}

void Scan::absorb(std::string_view bytes, std::span<const std::span<const std::uint32_t>> codes) {
  ByteReader in(bytes_of(bytes), "groups of a star scan");
  const std::size_t key_count = program_.keys.size();
  while (in.remaining() > 0) {
    env_.poll();
    incoming_.clear();
    for (const Key &key : program_.keys) {
      batch_[key.column].any_null = true;
    }
    while (in.remaining() > 0 && incoming_.size() < batch_.capacity()) {
      const std::size_t row = incoming_.size();
      const auto nulls = key_count == 0 ? 0 : in.get<std::uint64_t>();
      for (std::size_t k = 0; k < key_count; ++k) {
        const Key &key = program_.keys[k];
        Column &column = batch_[key.column];
        const std::int32_t join = join_of(key);
        column.nulls[row] = (nulls >> k) & 1;
        if (column.nulls[row] != 0) {
          continue;
        }
        if (column.bytes != nullptr) {
          column.bytes[row] = in.text(in.get<std::uint32_t>());
        } else {
          column.words[row] = in.get<std::int64_t>();
        }
        if (join >= 0) {
          const std::span<const std::uint32_t> known = codes[static_cast<std::size_t>(join)];
          const auto place = static_cast<std::uint64_t>(column.words[row]);
          in.require(place < known.size(), "a dimension's row is not there");
          column.words[row] = known[place];
        }
        if (key.source >= 0) {
          batch_[static_cast<std::size_t>(key.source)].words[row] = in.get<std::int64_t>();
        }
      }
      Incoming group{.states = in.text(state_bytes_).data(), .outer = {}};
      const std::size_t left = in.remaining();
      const char *outer = group.states + state_bytes_;
      for (std::size_t i = 0; i < program_.aggregates.size(); ++i) {
        in.text(in.get<std::uint32_t>());
      }
      group.outer = {outer, left - in.remaining()};
      incoming_.push_back(group);
    }
    const std::size_t rows = incoming_.size();
    if (groups_) {
      group_rows(rows);
    }
    const std::uint8_t *members =
        part_.bits == 0 || !groups_ ? nullptr
                                    : passes_.data() + program_.filters.size() * batch_.capacity();
    for (std::size_t row = 0; row < rows; ++row) {
      if (members != nullptr && members[row] == 0) {
        continue;
      }
      ByteReader outer(bytes_of(incoming_[row].outer), "groups of a star scan");
      char *states = groups_ ? states_[row] : single_;
      for (std::size_t i = 0; i < program_.aggregates.size(); ++i) {
        const std::string_view own = outer.text(outer.get<std::uint32_t>());
        if (program_.aggregates[i].kind == AggregateKind::count_distinct) {
          absorb_values(i, own, states);
        } else {
          merge(outer_env_, program_.aggregates[i], incoming_[row].states, own, states, handed_);
        }
      }
    }
  }
}

void Scan::absorb_values(std::size_t aggregate, std::string_view bytes, char *states) {
  if (bytes.empty()) {
    return;
  }
  ByteReader in(bytes_of(bytes), "groups of a star scan");
  const bool texts = batch_[program_.aggregates[aggregate].column].bytes != nullptr;
  const Column &values = (*incoming_values_)[texts ? 1 : 0];
  Aggregate own = program_.aggregates[aggregate];
  own.is_float = false; // the words are those of the other's set
  std::size_t count = 0;
  const auto add = [&] {
    if (count == 0) {
      return;
    }
    std::fill_n(incoming_states_.begin(), count, states);
    sets_[aggregate].add(own, values, count, incoming_states_.data(), !groups_.has_value(),
                         nullptr);
    count = 0;
  };
  const auto form = in.get<std::uint8_t>();
  in.require(form == each_form || (form == bits_form && !texts), "its values have no known form");
  if (form == bits_form) {
    auto number = in.get<std::uint64_t>();
    const auto step = in.get<std::uint64_t>();
    for (; in.remaining() > 0; number += 64 * step) {
      for (auto left = in.get<std::uint64_t>(); left != 0; left &= left - 1) {
        if (count == incoming_values_->capacity()) {
          add();
        }
        const auto place = static_cast<std::uint64_t>(std::countr_zero(left));
        values.words[count++] = static_cast<std::int64_t>(number + place * step);
      }
    }
  }
  while (in.remaining() > 0) {
    in.require(count < incoming_values_->capacity(), "it has too many values at once");
    if (texts) {
      values.bytes[count++] = in.text(in.get<std::uint32_t>());
    } else {
      values.words[count++] = in.get<std::int64_t>();
    }
  }
  add();
}

} // namespace starhouse::scan
