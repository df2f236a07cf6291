// Which groups may be among the first few of their partition, in an order of several keys: those
// that a LIMIT, or a condition on a window's row_number(), leaves. Whoever sorts them afterwards
// decides; here it is enough to know for certain that `most` others come before one.
//
// A value of the order is a word of 64 bits that is not larger where the value does not come later.
// Where equal words do not say that values are equal (long texts, numbers of many digits) what
// follows in the order is not looked at: such groups are neither before nor behind one another.
#pragma once

#include "core/error.hpp"
#include "core/scan/groups.hpp"

#include <array>
#include <cstddef>
#include <cstdint>
#include <span>
#include <string_view>
#include <vector>

namespace starhouse::scan {

struct ForemostKey {
  enum class Kind : std::uint8_t {
    integer,
    floating,
    text,   // ordered by its bytes
    numeric // of an order alone
  };
  Kind kind = Kind::integer;
  bool descending = false;
  bool nulls_first = false;
};

struct ForemostValue {
  bool null = false;
  std::int64_t word = 0;  // of numbers
  std::string_view bytes; // of the others; a numeric's without its varlena head
};

class Foremost {
public:
  // More keys of the order than these are not looked at.
  static constexpr std::size_t most_words = 4;
  // Keys that tell partitions: each has a bit of a word for NULL.
  static constexpr std::size_t most_keys = 63;

  Foremost(const Env &env, std::span<const ForemostKey> partition,
           std::span<const ForemostKey> order, std::size_t most);

  // Of a row's values of the partition, and its first of the order: false if no other is needed to
  // know that it is not among them.
  bool may_be(std::span<const ForemostValue> values);
  // Its values of both, one behind the other, after may_be(). Rows come in ascending order.
  void add(std::uint32_t row, std::span<const ForemostValue> values);
  // How many rows are left of all that were added, and which, in the order they came.
  std::size_t finish();
  const std::uint32_t *rows() const noexcept { return rows_.data(); }
  std::size_t memory() const noexcept;

private:
  using Words = std::array<std::uint64_t, most_words>;
  struct Candidate {
    Words words;
    std::uint32_t row;
  };
  struct Partition {
    explicit Partition(std::pmr::memory_resource *memory) : first(memory), candidates(memory) {}
    std::pmr::vector<Words> first; // a heap, the last of them on top
    std::pmr::vector<Candidate> candidates;
    std::size_t to_look_at = 0; // candidates that are not yet behind enough others
  };

  std::size_t partition_of(std::span<const ForemostValue> values);
  Words words_of(std::span<const ForemostValue> values) const noexcept;
  bool is_behind(const Partition &partition, const Words &words) const noexcept {
    return partition.first.size() == most_ && words > partition.first.front();
  }

  Env env_;
  std::pmr::vector<ForemostKey> partition_;
  std::pmr::vector<ForemostKey> order_;
  std::size_t most_;
  std::pmr::vector<Dictionary> texts_; // by key of the partition
  std::pmr::vector<std::int64_t> key_;
  GroupTable partitions_;
  std::pmr::vector<Partition> all_;
  std::size_t current_ = 0; // of all_: that of the row which may be
  std::pmr::vector<std::uint32_t> rows_;
  std::size_t memory_ = 0;
};

} // namespace starhouse::scan
