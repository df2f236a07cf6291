// The rows of a group that come first by a key: the state behind max_by, min_by, first_by, last_by.
//
// A row is a key and a value. Rows are in order of their keys; of equal keys the smaller value
// comes first: numbers, times and false before true by size, texts, UUIDs and JSON (as text) by
// bytes. Rows alike in both are the same. So the result is a matter of the rows alone, not of their
// order or of how they were split, and so is the stored form:
//
//   u8 type of the values, u8 type of the keys, u8 1 for the greatest first, varint limit, varint
//   rows; each: its key (f64 or i64; numeric: varint bytes, units of 16 bits), its value (numbers
//   and times: f64 or i64, boolean: u8, uuid: 16 bytes, others: varint bytes, content)
#pragma once

#include "core/order/value_list.hpp"
#include "core/state.hpp"

#include <cstdint>
#include <memory_resource>
#include <string_view>
#include <vector>

namespace starhouse::order {

// Numbers are part of stored data.
enum class ValueType : std::uint8_t {
  boolean = 1,
  int4 = 2,
  int8 = 3,
  float8 = 4,
  numeric = 5,
  date = 6,
  timestamptz = 7,
  uuid = 8,
  text = 9,
  jsonb = 10,
};
enum class KeyType : std::uint8_t { float8 = 1, int8 = 2, numeric = 3, timestamptz = 4 };

std::string_view name_of(ValueType type) noexcept;

inline constexpr std::uint32_t most_best_rows = 10'000;

struct BestRule {
  ValueType value_type;
  KeyType key_type;
  bool greatest_first;
  std::uint32_t limit; // how many rows are kept

  friend bool operator==(const BestRule &, const BestRule &) = default;
};

// Values in memory: numbers and times are the 8 bytes of their key (value_list.hpp), the highest
// first, so that bytes compare as they do; others as they are stored.
inline void put_key(Key key, std::byte *target) noexcept {
  for (unsigned shift = 64; shift > 0; shift -= 8) {
    *target++ = static_cast<std::byte>(key >> (shift - 8));
  }
}
inline Key get_key(const std::byte *source) noexcept {
  Key key = 0;
  for (int i = 0; i < 8; ++i) {
    key = key << 8U | std::to_integer<Key>(source[i]);
  }
  return key;
}

class Best {
public:
  static constexpr StateFormat format{"best_state", StateKind::best, 1};

  explicit Best(const Env &env) noexcept : memory_(env.memory) {}

  // What most rows are: true where a row of this key cannot be among the best.
  bool is_out(const BestRule &rule, Key key) const noexcept {
    return rule == rule_ && count_ == rule.limit && ahead(key) < last_ahead_;
  }
  // False, and nothing done, where memory is wanted, keys are equal or several rows are kept.
  bool replace_at_once(const BestRule &rule, Key key, Bytes value) noexcept {
    if (!(rule == rule_) || count_ != 1 || rule.limit != 1 || ahead(key) <= last_ahead_ ||
        value.size() > one_.room() || rule.key_type == KeyType::numeric) {
      return false;
    }
    last_ahead_ = ahead(key);
    one_.set(key, {}, value);
    return true;
  }
  // `number` is the key itself where it is numeric (`key` its prefix), else empty. Error 22023 for
  // a rule that is not that of the rows before, or a limit out of range.
  void add(const BestRule &rule, Key key, Bytes number, Bytes value);
  void merge(const Best &other);

  const BestRule &rule() const noexcept { return rule_; }
  std::size_t count() const noexcept { return count_; }
  // The values, best first.
  std::pmr::vector<Bytes> values(const Env &env) const;

  std::size_t encoded_size() const;
  void encode(ByteWriter &out) const;
  void decode(ByteReader &in, std::uint8_t version);

private:
  // Key and value of one row; small ones in the row itself. All memory goes back with its resource.
  struct Row {
    Key key;
    std::uint32_t number_size;
    std::uint32_t value_size;
    std::uint32_t capacity; // of memory, or 0
    std::byte small[20];
    std::byte *memory;

    std::size_t room() const noexcept { return capacity > 0 ? capacity : sizeof small; }
    const std::byte *data() const noexcept { return capacity > 0 ? memory : small; }
    Bytes number() const noexcept { return {data(), number_size}; }
    Bytes value() const noexcept { return {data() + number_size, value_size}; }
    // Where there is room.
    void set(Key its_key, Bytes its_number, Bytes its_value) noexcept;
  };

  // The key, mirrored where the least come first.
  Key ahead(Key key) const noexcept { return rule_.greatest_first ? key : ~key; }
  bool before(const Row &one, const Row &other) const noexcept {
    return compare(one, other.key, other.number(), other.value()) > 0;
  }
  // Positive where the row comes before the other.
  int compare(const Row &row, Key key, Bytes number, Bytes value) const noexcept;
  void store(Row &row, Key key, Bytes number, Bytes value);
  void adopt(const BestRule &rule);
  Row *rows() noexcept { return many_ != nullptr ? many_ : &one_; }
  const Row *rows() const noexcept { return many_ != nullptr ? many_ : &one_; }
  Row &new_row();
  std::pmr::vector<const Row *> sorted(std::pmr::memory_resource *memory) const;

  BestRule rule_{};
  std::uint32_t count_ = 0;
  Key last_ahead_ = 0; // of the last of the best, once there are as many as are kept
  Row one_{};
  Row *many_ = nullptr; // a heap, the last of the best first, where several are kept
  std::uint32_t capacity_ = 1;
  std::pmr::memory_resource *memory_;
};

} // namespace starhouse::order
