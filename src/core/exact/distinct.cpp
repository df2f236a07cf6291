#include "core/exact/distinct.hpp"

namespace starhouse::exact {

namespace {

using Map = DistinctSet::Map;

template <class Table>
constexpr bool is_text = std::is_same_v<Table, Map::Texts>;

// The other set's table of the same kind; null before its first row, an Error for another kind.
template <class Table>
const Table *counterpart(const Table &table, KeyKind kind, const Map &other) {
  const Table *found = nullptr;
  other.visit([&](const auto &others) {
    if constexpr (std::is_same_v<decltype(others), const Table &>) {
      if (kind == other.kind()) {
        found = &others;
      }
    }
  });
  if (found == nullptr && other.kind() != KeyKind{}) {
    refuse_kinds(kind, other.kind());
  }
  if constexpr (is_text<Table>) {
    if (found != nullptr && found->collation() != table.collation()) {
      refuse_collations();
    }
  }
  return found;
}

// Calls use(entry, whether the other set has it) for the entries of `table`, numbers in order.
template <class Table, class Use>
void each_with(const Table &table, const Table *other, const Env &env, Use use) {
  std::size_t count = 0;
  if constexpr (is_text<Table>) {
    table.each([&](const auto &entry) {
      if (count++ % 1024 == 0) {
        env.poll();
      }
      use(entry, other != nullptr && other->find(entry.key()) != nullptr);
    });
  } else {
    const auto empty = table.new_entries();
    const auto &others = other != nullptr ? other->sorted() : empty;
    auto at = others.begin();
    for (const auto &entry : table.sorted()) {
      if (count++ % 4096 == 0) {
        env.poll();
      }
      while (at != others.end() && at->key < entry.key) {
        ++at;
      }
      use(entry, at != others.end() && at->key == entry.key);
    }
  }
}

} // namespace

void DistinctSet::select(const DistinctSet &one, const DistinctSet &other, bool in) {
  one.map_.visit([&](const auto &table) {
    using Table = std::remove_cvref_t<decltype(table)>;
    const Table *others = counterpart(table, one.map_.kind(), other.map_);
    Table &own = map_.same_as(table, one.map_.kind());
    if constexpr (is_text<Table>) {
      each_with(table, others, env_, [&](const auto &entry, bool both) {
        if (both == in) {
          own.add({entry.key(), entry.text(table.collation()), table.collation()}, entry.value);
        }
      });
    } else {
      typename Table::Entries entries(env_.memory);
      each_with(table, others, env_, [&](const auto &entry, bool both) {
        if (both == in) {
          entries.push_back(entry);
        }
      });
      own.take_sorted(std::move(entries));
    }
  });
}

std::size_t DistinctSet::overlap(const DistinctSet &other) const {
  std::size_t count = 0;
  map_.visit([&](const auto &table) {
    const auto *others = counterpart(table, map_.kind(), other.map_);
    each_with(table, others, env_, [&](const auto &, bool both) { count += both ? 1 : 0; });
  });
  return count;
}

} // namespace starhouse::exact
