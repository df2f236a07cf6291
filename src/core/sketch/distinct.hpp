// How many distinct values there are, in at most 8 kilobytes.
//
// Few values are kept as their hashes, so their number is exact. From the 1,025th on the sketch is
// an UltraLogLog of 2^13 registers (O. Ertl, "UltraLogLog: A Practical and More Space-Efficient
// Alternative to HyperLogLog for Approximate Distinct Counting", PVLDB 17, 2024): a hash's first 13
// bits choose a register, the number k of the first 1 in the rest is its update value, and the
// register keeps the largest k, and whether the two before it occurred, in one byte:
//
//   register = 4 * u + 2 * [u - 1 occurred] + [u - 2 occurred]; 0: nothing yet
//
// The estimate is the maximum of the likelihood of the registers (section 3.4 there). It is a
// function of the registers alone, and they are a function of the set of hashes: neither order nor
// repetition nor the way rows were split into merged sketches makes any difference, to the last
// bit.
//
// Error law: up to 1,024 values exact (numbers, dates and times without a condition, as their hash
// is a bijection; others unless two 64-bit hashes collide, which 1,024 values do once in 10^13
// sets). Beyond, the estimate has no bias and a relative standard error of 0.761 / sqrt(2^13) =
// 0.84 % at most, up to 10^15 values.
//
// Stored form (version 1, after the header of all states): u8 form; form 0: varint hashes, each a
// u64, in ascending order; form 1: 8,192 registers, a byte each.
#pragma once

#include "core/hash.hpp"
#include "core/state.hpp"

#include <algorithm>
#include <bit>
#include <cstdint>
#include <memory_resource>
#include <vector>

namespace starhouse::sketch {

class Distinct {
public:
  static constexpr StateFormat format{"distinct_sketch", StateKind::distinct_sketch, 1};
  static constexpr unsigned precision = 13;
  static constexpr std::size_t registers = std::size_t{1} << precision;
  static constexpr std::size_t most_exact = 1024;
  static constexpr double relative_error = 0.0084;

  explicit Distinct(const Env &env) : places_(env.memory), registers_(env.memory) {}

  struct Row {
    std::uint64_t hash;
  };
  bool add_at_once(const Row &row) noexcept {
    if (is_exact()) {
      return false;
    }
    add_dense(row.hash);
    return true;
  }
  void add(const Row &row) { add(row.hash); }
  // Begins to fetch what add() looks at beside this object.
  void fetch(const Row &row) const noexcept {
    if (!is_exact()) {
      __builtin_prefetch(registers_.data() + (row.hash >> (64 - precision)), 1);
    } else if (!places_.empty()) {
      __builtin_prefetch(places_.data() + (row.hash & (places_.size() - 1)), 1);
    }
  }

  // `hash` is hash64 of the value.
  void add(std::uint64_t hash) {
    if (is_exact_) {
      add_exact(hash);
    } else {
      add_dense(hash);
    }
  }
  // The same, for a sketch that is not exact.
  void add_dense(std::uint64_t hash) noexcept {
    std::uint8_t &place = registers_[hash >> (64 - precision)];
    // The bit set below the hash's own stops the count at the last value.
    const auto value = static_cast<unsigned>(
        std::countl_zero(hash << precision | std::uint64_t{1} << (precision - 1)) + 1);
    // In a register that is full, few values come close to the largest.
    if (value + 2 >= place >> 2U) {
      place = with(place, value);
    }
  }
  void merge(const Distinct &other);

  bool is_exact() const noexcept { return is_exact_; }
  std::uint64_t count() const noexcept;

  // What a sketch of so many values refers to, in bytes.
  static constexpr std::size_t memory_of(std::size_t values) noexcept {
    if (values > most_exact) {
      return registers;
    }
    return values == 0 ? 0
                       : sizeof(std::uint64_t) * std::bit_ceil(std::max(2 * values, least_places));
  }

  std::size_t encoded_size() const noexcept;
  void encode(ByteWriter &out) const;
  void decode(ByteReader &in, std::uint8_t version);

private:
  static constexpr std::size_t least_places = 8;
  static constexpr unsigned last_value = 64 - precision + 1; // all bits after the register's are 0

  static std::uint8_t with(unsigned held, unsigned value) noexcept;
  static std::uint8_t joined(unsigned one, unsigned other) noexcept;

  void add_exact(std::uint64_t hash);
  bool insert(std::uint64_t hash) noexcept;
  void grow();
  void become_dense();
  template <class Use>
  void each_exact(Use use) const;
  double estimate() const noexcept;

  // Exact: open addressing with linear probing, at most half full, 0 marks a free place.
  std::uint32_t size_ = 0; // hashes in places_
  bool has_zero_ = false;  // the hash 0 is among the values
  bool is_exact_ = true;
  std::pmr::vector<std::uint64_t> places_;
  std::pmr::vector<std::uint8_t> registers_; // empty while exact
};

} // namespace starhouse::sketch
