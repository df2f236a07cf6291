// A map from keys of one type, chosen by the first row, to values: the state behind exact distinct
// counts (values of no size), counts and sums per key.
//
// Its stored form is in order of keys, so that it depends on the rows alone, not on their order or
// how they were split; neighbouring keys are stored by their difference:
//
//   u8 kind of key (KeyKind; 0: no row yet, nothing follows)
//   numbers   varint count, varint unit, zigzag first key; of the others varint (difference to the
//             one before) / unit - 1; the unit divides all differences
//   uuid      varint count; u64 high, u64 low
//   text      u64 collation (0: by bytes), varint count; varint bytes shared with the key before,
//             varint bytes that follow, these; if collation is not 0: varint size, text shown
//
// each key followed by its value (core/exact/values.hpp).
#pragma once

#include "core/exact/number_table.hpp"
#include "core/exact/text_table.hpp"

#include <cstdint>
#include <numeric>
#include <string>
#include <type_traits>
#include <variant>

namespace starhouse::exact {

// Numbers as they are in tables: in order as unsigned ones.
constexpr std::uint64_t to_table(std::int64_t number) noexcept {
  return static_cast<std::uint64_t>(number) ^ std::uint64_t{1} << 63U;
}
constexpr std::int64_t from_table(std::uint64_t number) noexcept {
  return static_cast<std::int64_t>(number ^ std::uint64_t{1} << 63U);
}

// Whether a number is a value of the type that the server can have.
bool is_value(KeyKind kind, std::int64_t number) noexcept;

[[noreturn]] void refuse_kinds(KeyKind one, KeyKind other);
[[noreturn]] void refuse_collations();

template <class Value>
class KeyMap {
public:
  using Numbers = NumberTable<std::uint64_t, Value>;
  using Uuids = NumberTable<UuidKey, Value>;
  using Texts = TextTable<Value>;

  // Rows on their way into the maps of one aggregate.
  struct Shared {
    explicit Shared(const Env &env) : numbers(env), uuids(env), texts(env) {}
    template <class Key>
    auto &rows() noexcept {
      if constexpr (std::is_same_v<Key, TextKey>) {
        return texts;
      } else if constexpr (std::is_same_v<Key, UuidKey>) {
        return uuids;
      } else {
        return numbers;
      }
    }
    void work_off() {
      numbers.work_off();
      uuids.work_off();
      texts.work_off();
    }
    Pending<std::uint64_t, Value> numbers;
    Pending<UuidKey, Value> uuids;
    PendingTexts<Value> texts;
  };

  // `shared`, which may be null, outlives the map.
  KeyMap(const Env &env, Shared *shared) : shared_(shared), env_(env) {}

  // Key is std::int64_t for all kinds that are numbers, UuidKey or TextKey.
  template <class Key>
  void add(KeyKind kind, const Key &key, const Value &value) {
    if constexpr (std::is_same_v<Key, TextKey>) {
      if (kind != kind_ || key.collation != table<Texts>().collation()) [[unlikely]] {
        adopt(kind, key.collation);
      }
    } else if (kind != kind_) [[unlikely]] {
      adopt(kind, 0);
    }
    Table<Key> &own = table<Table<Key>>();
    shared_ != nullptr ? shared_->template rows<Key>().add(own, in_table(key), value)
                       : own.add(in_table(key), value);
  }

  // The same without waiting; and what begins to fetch the memory for it.
  template <class Key>
  void add_now(KeyKind kind, const Key &key, const Value &value) {
    if (kind != kind_) [[unlikely]] {
      adopt(kind, 0);
    }
    table<Table<Key>>().add(in_table(key), value);
  }
  template <class Key>
  void fetch(KeyKind kind, const Key &key) const noexcept {
    if (kind != kind_) {
      return;
    }
    const Table<Key> &own = table<Table<Key>>();
    if constexpr (std::is_same_v<Key, TextKey>) {
      own.prefetch(own.hash(key.key));
    } else {
      own.prepare(in_table(key));
    }
  }
  // Then, of a text, the bytes that it will be compared with.
  void fetch_bytes(KeyKind kind, const TextKey &key) const noexcept {
    if (kind == kind_) {
      const Texts &own = table<Texts>();
      own.prefetch_bytes(own.hash(key.key));
    }
  }

  // The same for the rows that only have to wait: false, and nothing done, where it may fail.
  template <class Key>
  bool add_waiting(KeyKind kind, const Key &key, const Value &value) noexcept {
    return kind == kind_ && shared_ != nullptr &&
           shared_->template rows<Key>().add_waiting(table<Table<Key>>(), in_table(key), value);
  }

  // 0 before the first row.
  KeyKind kind() const noexcept { return kind_; }

  std::size_t size() const {
    std::size_t size = 0;
    visit([&](const auto &table) { size = table.size(); });
    return size;
  }

  // The value of a key, or null. An Error if keys of this kind cannot be there.
  template <class Key>
  const Value *find(KeyKind kind, const Key &key) const {
    if (kind_ == KeyKind{}) {
      return nullptr;
    }
    if (kind != kind_) {
      refuse_kinds(kind_, kind);
    }
    settle();
    const Table<Key> &own = table<Table<Key>>();
    if constexpr (std::is_same_v<Key, TextKey>) {
      if (own.collation() != key.collation) {
        refuse_collations();
      }
    }
    return own.find(in_table(key));
  }

  // Calls use(const Numbers &), use(const Uuids &) or use(const Texts &); nothing before the first
  // row.
  template <class Use>
  void visit(Use use) const {
    settle();
    if (const auto *numbers = std::get_if<Numbers>(&table_)) {
      use(*numbers);
    } else if (const auto *uuids = std::get_if<Uuids>(&table_)) {
      use(*uuids);
    } else if (const auto *texts = std::get_if<Texts>(&table_)) {
      use(*texts);
    }
  }

  void merge(const KeyMap &other) {
    settle();
    other.visit([&](const auto &table) { same_as(table, other.kind_).merge(table); });
  }

  // The table that belongs to one of another map: of the same kind and collation, or an Error;
  // made if there is none yet.
  template <class Own>
  Own &same_as(const Own &other, KeyKind kind) {
    if constexpr (std::is_same_v<Own, Texts>) {
      if (kind != kind_ || other.collation() != table<Texts>().collation()) {
        adopt(kind, other.collation());
      }
    } else if (kind != kind_) {
      adopt(kind, 0);
    }
    return table<Own>();
  }

  template <class Out>
  void encode(Out &out) const {
    out.put(static_cast<std::uint8_t>(kind_));
    visit([&](const auto &table) { write(table, out); });
  }
  void decode(ByteReader &in);

private:
  template <class Key>
  using Table =
      std::conditional_t<std::is_same_v<Key, TextKey>, Texts,
                         std::conditional_t<std::is_same_v<Key, UuidKey>, Uuids, Numbers>>;

  static std::uint64_t in_table(std::int64_t key) noexcept { return to_table(key); }
  static const UuidKey &in_table(const UuidKey &key) noexcept { return key; }
  static const TextKey &in_table(const TextKey &key) noexcept { return key; }

  // After kind_ was seen to be that of these tables.
  template <class Own>
  Own &table() const noexcept {
    return *static_cast<Own *>(current_);
  }

  // The rows that wait may be some of this map.
  void settle() const {
    if (shared_ != nullptr) {
      shared_->work_off();
    }
  }

  void adopt(KeyKind kind, std::uint64_t collation) {
    if (kind_ != KeyKind{}) {
      kind_ == kind ? refuse_collations() : refuse_kinds(kind_, kind);
    }
    if (kind == KeyKind::text) {
      current_ = &table_.template emplace<Texts>(env_, collation);
    } else if (kind == KeyKind::uuid) {
      current_ = &table_.template emplace<Uuids>(env_);
    } else {
      current_ = &table_.template emplace<Numbers>(env_);
    }
    kind_ = kind;
  }

  template <class Out>
  void write(const Numbers &numbers, Out &out) const {
    const auto &entries = numbers.sorted();
    out.varint(entries.size());
    if (entries.empty()) {
      return;
    }
    std::uint64_t unit = 0;
    for (std::size_t i = 1; i < entries.size() && unit != 1; ++i) {
      unit = std::gcd(unit, entries[i].key - entries[i - 1].key);
    }
    unit = unit == 0 ? 1 : unit;
    out.varint(unit);
    out.zigzag(from_table(entries[0].key));
    entries[0].value.encode(out);
    for (std::size_t i = 1; i < entries.size(); ++i) {
      const std::uint64_t step = entries[i].key - entries[i - 1].key;
      out.varint((unit == 1 ? step : step / unit) - 1);
      entries[i].value.encode(out);
    }
  }

  template <class Out>
  void write(const Uuids &uuids, Out &out) const {
    const auto &entries = uuids.sorted();
    out.varint(entries.size());
    for (const auto &entry : entries) {
      out.put(entry.key.high);
      out.put(entry.key.low);
      entry.value.encode(out);
    }
  }

  template <class Out>
  void write(const Texts &texts, Out &out) const {
    out.put(texts.collation());
    const auto entries = texts.sorted();
    out.varint(entries.size());
    std::string_view last;
    for (const auto *entry : entries) {
      const std::string_view key = entry->key();
      const auto differ = std::mismatch(key.begin(), key.end(), last.begin(), last.end()).first;
      const auto shared = static_cast<std::size_t>(differ - key.begin());
      out.varint(shared);
      out.varint(key.size() - shared);
      out.put(key.substr(shared));
      if (texts.collation() != 0) {
        const std::string_view text = entry->text(texts.collation());
        out.varint(text.size());
        out.put(text);
      }
      entry->value.encode(out);
      last = key;
    }
  }

  void read(Numbers &numbers, ByteReader &in);
  void read(Uuids &uuids, ByteReader &in);
  void read(Texts &texts, ByteReader &in);

  // First what every row needs: with many groups it is not in the cache.
  void *current_ = nullptr; // the table in table_
  KeyKind kind_{};
  std::variant<std::monostate, Numbers, Uuids, Texts> table_;
  Shared *shared_;
  Env env_;
};

template <class Value>
void KeyMap<Value>::decode(ByteReader &in) {
  const auto kind = in.get<std::uint8_t>();
  in.require(kind <= static_cast<std::uint8_t>(KeyKind::text), "an unknown type of keys");
  if (kind == 0) {
    return;
  }
  adopt(static_cast<KeyKind>(kind),
        static_cast<KeyKind>(kind) == KeyKind::text ? in.get<std::uint64_t>() : 0);
  if (auto *numbers = std::get_if<Numbers>(&table_)) {
    read(*numbers, in);
  } else if (auto *uuids = std::get_if<Uuids>(&table_)) {
    read(*uuids, in);
  } else {
    read(*std::get_if<Texts>(&table_), in);
  }
}

template <class Value>
void KeyMap<Value>::read(Numbers &numbers, ByteReader &in) {
  const std::size_t count = in.count(1 + Value::least_bytes);
  auto entries = numbers.new_entries();
  if (count > 0) {
    entries.reserve(count);
    const std::uint64_t unit = in.varint();
    in.require(unit > 0, "the unit of keys is 0");
    std::uint64_t key = to_table(in.zigzag());
    for (std::size_t i = 0; i < count; ++i) {
      if (i % 4096 == 0) {
        env_.poll();
      }
      if (i > 0) {
        const std::uint64_t step = in.varint();
        in.require(step < (UINT64_MAX - key) / unit, "a key is out of range");
        key += (step + 1) * unit;
      }
      in.require(is_value(kind_, from_table(key)), "a key is out of range of its type");
      entries.push_back({key, Value::decode(in)});
    }
  }
  numbers.take_sorted(std::move(entries));
}

template <class Value>
void KeyMap<Value>::read(Uuids &uuids, ByteReader &in) {
  const std::size_t count = in.count(16 + Value::least_bytes);
  auto entries = uuids.new_entries();
  entries.reserve(count);
  UuidKey key;
  for (std::size_t i = 0; i < count; ++i) {
    if (i % 4096 == 0) {
      env_.poll();
    }
    const UuidKey last = key;
    key.high = in.get<std::uint64_t>();
    key.low = in.get<std::uint64_t>();
    in.require(i == 0 || last < key, "keys are not in order");
    entries.push_back({key, Value::decode(in)});
  }
  uuids.take_sorted(std::move(entries));
}

template <class Value>
void KeyMap<Value>::read(Texts &texts, ByteReader &in) {
  const std::size_t count = in.count(2 + Value::least_bytes);
  std::pmr::string key(env_.memory);
  std::pmr::string last(env_.memory);
  for (std::size_t i = 0; i < count; ++i) {
    if (i % 1024 == 0) {
      env_.poll();
    }
    const std::uint64_t shared = in.varint();
    in.require(shared <= last.size(), "a key shares more than the one before has");
    const std::size_t rest = in.count(1);
    key.assign(last, 0, static_cast<std::size_t>(shared));
    key.append(in.text(rest));
    in.require(i == 0 || last < key, "keys are not in order");
    std::string_view text = key;
    if (texts.collation() != 0) {
      const std::size_t size = in.count(1);
      text = in.text(size);
    }
    texts.add({key, text, texts.collation()}, Value::decode(in));
    key.swap(last);
  }
}

} // namespace starhouse::exact
