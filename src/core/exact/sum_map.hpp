// Counts or sums per key in one value: state of count_map, sum_map and mode_fast.
//
// Stored form (version 1): u8 kind of values (0: no row yet, nothing follows; 1 counts, 2 decimal
// sums, 3 sums of float8), then that of core/exact/key_map.hpp.
#pragma once

#include "core/exact/key_map.hpp"
#include "core/exact/values.hpp"
#include "core/state.hpp"

#include <variant>

namespace starhouse::exact {

enum class ValueKind : std::uint8_t { none = 0, count = 1, decimal = 2, real = 3 };

template <class Value>
inline constexpr ValueKind value_kind = ValueKind::none;
template <>
inline constexpr ValueKind value_kind<Count> = ValueKind::count;
template <>
inline constexpr ValueKind value_kind<Decimal> = ValueKind::decimal;
template <>
inline constexpr ValueKind value_kind<Real> = ValueKind::real;

std::string_view name_of(ValueKind kind) noexcept;

class SumMap {
public:
  static constexpr StateFormat format{"sum_map", StateKind::sum_map, 1};

  struct Shared {
    explicit Shared(const Env &env) : counts(env), decimals(env), reals(env) {}
    KeyMap<Count>::Shared counts;
    KeyMap<Decimal>::Shared decimals;
    KeyMap<Real>::Shared reals;
  };

  explicit SumMap(const Env &env, Shared *shared = nullptr) : shared_(shared), env_(env) {}

  template <class Value, class Key>
  void add(KeyKind kind, const Key &key, const Value &value) {
    same_as<Value>().add(kind, key, value);
  }
  // The same for the rows that only have to wait: false, and nothing done, where it may fail.
  template <class Value, class Key>
  bool add_waiting(KeyKind kind, const Key &key, const Value &value) noexcept {
    return kind_ == value_kind<Value> &&
           static_cast<KeyMap<Value> *>(current_)->add_waiting(kind, key, value);
  }

  void merge(const SumMap &other) {
    other.visit([&]<class Value>(const KeyMap<Value> &map) { same_as<Value>().merge(map); });
  }

  ValueKind value_kind_of() const noexcept { return kind_; }
  std::size_t size() const;

  // Calls use(const KeyMap<Value> &); nothing before the first row.
  template <class Use>
  void visit(Use use) const {
    if (const auto *counts = std::get_if<KeyMap<Count>>(&map_)) {
      use(*counts);
    } else if (const auto *decimals = std::get_if<KeyMap<Decimal>>(&map_)) {
      use(*decimals);
    } else if (const auto *reals = std::get_if<KeyMap<Real>>(&map_)) {
      use(*reals);
    }
  }

  std::size_t encoded_size() const {
    ByteCounter counter;
    write(counter);
    return counter.size();
  }
  void encode(ByteWriter &out) const { write(out); }
  void decode(ByteReader &in, std::uint8_t version);

private:
  template <class Value>
  KeyMap<Value> &same_as() {
    return kind_ == value_kind<Value> ? *static_cast<KeyMap<Value> *>(current_) : begin<Value>();
  }
  template <class Value>
  KeyMap<Value> &begin();

  template <class Out>
  void write(Out &out) const {
    out.put(static_cast<std::uint8_t>(value_kind_of()));
    visit([&](const auto &map) { map.encode(out); });
  }

  // First what every row needs: with many groups it is not in the cache.
  Shared *shared_;
  void *current_ = nullptr; // the map in map_
  ValueKind kind_ = ValueKind::none;
  Env env_;
  std::variant<std::monostate, KeyMap<Count>, KeyMap<Decimal>, KeyMap<Real>> map_;
};

// The key with the largest count, of several the first in order (texts: in order of bytes), passed
// to use(std::int64_t), use(UuidKey) or use(TextKey); nothing for an empty map. Its keys are of
// `kind`, its values counts, else an Error.
template <class Use>
void mode(const SumMap &map, KeyKind kind, Use use);

[[noreturn]] void refuse_values(ValueKind one, ValueKind other);

template <class Value>
KeyMap<Value> &SumMap::begin() {
  if (kind_ != ValueKind::none) {
    refuse_values(kind_, value_kind<Value>);
  }
  typename KeyMap<Value>::Shared *shared = nullptr;
  if (shared_ != nullptr) {
    if constexpr (std::is_same_v<Value, Count>) {
      shared = &shared_->counts;
    } else if constexpr (std::is_same_v<Value, Decimal>) {
      shared = &shared_->decimals;
    } else {
      shared = &shared_->reals;
    }
  }
  auto &map = map_.emplace<KeyMap<Value>>(env_, shared);
  current_ = &map;
  kind_ = value_kind<Value>;
  return map;
}

template <class Use>
void mode(const SumMap &map, KeyKind kind, Use use) {
  map.visit([&]<class Value>(const KeyMap<Value> &keys) {
    if constexpr (!std::is_same_v<Value, Count>) {
      refuse_values(value_kind<Value>, ValueKind::count);
    } else {
      if (keys.kind() != KeyKind{} && keys.kind() != kind) {
        refuse_kinds(keys.kind(), kind);
      }
      keys.visit([&]<class Table>(const Table &table) {
        typename Table::Entry best{};
        const auto key_of = [](const auto &entry) {
          if constexpr (std::is_same_v<Table, KeyMap<Count>::Texts>) {
            return entry.key();
          } else {
            return entry.key;
          }
        };
        table.each([&](const auto &entry) {
          if (entry.value.number > best.value.number ||
              (entry.value.number == best.value.number && key_of(entry) < key_of(best))) {
            best = entry;
          }
        });
        if (best.value.number == 0) {
          return;
        }
        if constexpr (std::is_same_v<Table, KeyMap<Count>::Texts>) {
          use(TextKey{best.key(), best.text(table.collation()), table.collation()});
        } else if constexpr (std::is_same_v<Table, KeyMap<Count>::Uuids>) {
          use(best.key);
        } else {
          use(from_table(best.key));
        }
      });
    }
  });
}

} // namespace starhouse::exact
