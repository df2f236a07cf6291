#include "core/sketch/top_k.hpp"

#include <algorithm>
#include <functional>

namespace starhouse::sketch {

namespace {

constexpr std::uint64_t most_rows = std::uint64_t{1} << 62U;

// An entry's key as the map takes it.
template <class Table>
auto key_of(const Table &table, const typename Table::Entry &entry) {
  if constexpr (std::is_same_v<Table, TopK::Counts::Texts>) {
    return TextKey{entry.key(), entry.text(table.collation()), table.collation()};
  } else if constexpr (std::is_same_v<Table, TopK::Counts::Uuids>) {
    return entry.key;
  } else {
    return exact::from_table(entry.key);
  }
}

} // namespace

void TopK::choose_capacity(std::int64_t capacity) {
  if (capacity < least_capacity || capacity > most_capacity) {
    throw Error(sqlstate::invalid_parameter_value,
                "capacity must lie between 16 and 1048576: " + std::to_string(capacity),
                "It is the number of items up to which counts are exact.");
  }
  if (rows_ > 0) {
    throw Error(sqlstate::invalid_parameter_value,
                "capacities differ: " + std::to_string(capacity) + " and " +
                    std::to_string(capacity_),
                "One sketch has one: give the same to all rows, and merge sketches of the same.");
  }
  capacity_ = static_cast<std::uint32_t>(capacity);
}

void TopK::ask(std::int64_t k) {
  if (k < 1 || k > most_asked) {
    throw Error(sqlstate::invalid_parameter_value,
                "k must lie between 1 and 1000000: " + std::to_string(k),
                "It is the number of items wanted.");
  }
  if (asked_ != 0 && asked_ != k) {
    throw Error(sqlstate::invalid_parameter_value,
                "k differs between rows: " + std::to_string(k) + " and " + std::to_string(asked_),
                "Give the same to all rows of a group.");
  }
  asked_ = static_cast<std::uint32_t>(k);
}

void TopK::make_room() {
  settle();
  // A quarter past the capacity at most, so that looking costs little.
  room_ = std::max(capacity_ - static_cast<std::uint32_t>(counts_->size()), capacity_ / 4);
}

void TopK::settle() const {
  if (counts_->size() > capacity_) {
    lower();
  }
}

void TopK::lower() const {
  std::pmr::vector<std::int64_t> numbers(env_.memory);
  numbers.reserve(counts_->size());
  counts_->visit([&](const auto &table) {
    table.each([&](const auto &entry) { numbers.push_back(entry.value.number); });
  });
  auto middle = numbers.begin() + capacity_ / 2;
  std::nth_element(numbers.begin(), middle, numbers.end(), std::greater<>());
  const std::int64_t less = *middle;
  env_.poll();
  Counts kept(env_, nullptr);
  const KeyKind kind = counts_->kind();
  counts_->visit([&](const auto &table) {
    table.each([&](const auto &entry) {
      if (entry.value.number > less) {
        kept.add(kind, key_of(table, entry), exact::Count{entry.value.number - less});
      }
    });
  });
  // The same type and collation, even when none is left.
  counts_.emplace(env_, shared_);
  kept.visit([&](const auto &table) { counts_->same_as(table, kind).merge(table); });
  undercount_ += static_cast<std::uint64_t>(less);
}

void TopK::merge(const TopK &other) {
  if (other.asked_ != 0) {
    ask(other.asked_);
  }
  if (other.rows_ == 0) {
    if (rows_ == 0) {
      set_capacity(other.capacity_);
    }
    return;
  }
  set_capacity(other.capacity_);
  if (other.rows_ > most_rows - rows_) {
    throw Error(sqlstate::numeric_value_out_of_range, "a top_k_sketch counts past 2^62",
                "Merge fewer sketches.");
  }
  other.settle();
  counts_->merge(*other.counts_);
  rows_ += other.rows_;
  undercount_ += other.undercount_;
  make_room();
}

std::pmr::vector<TopK::Item> TopK::top(std::size_t k) const {
  settle();
  std::pmr::vector<Item> items(env_.memory);
  items.reserve(counts_->size());
  counts_->visit([&]<class Table>(const Table &table) {
    table.each([&](const auto &entry) {
      const auto key = key_of(table, entry);
      Item item{.number = 0, .uuid = {}, .text = {}, .count = entry.value.number};
      if constexpr (std::is_same_v<Table, Counts::Texts>) {
        item.text = key.text;
      } else if constexpr (std::is_same_v<Table, Counts::Uuids>) {
        item.uuid = key;
      } else {
        item.number = key;
      }
      items.push_back(item);
    });
  });
  env_.poll();
  const auto end = items.begin() + static_cast<std::ptrdiff_t>(std::min(k, items.size()));
  std::partial_sort(items.begin(), end, items.end(), [](const Item &a, const Item &b) {
    if (a.count != b.count) {
      return a.count > b.count;
    }
    if (a.number != b.number) {
      return a.number < b.number;
    }
    return a.uuid != b.uuid ? a.uuid < b.uuid : a.text < b.text;
  });
  items.erase(end, items.end());
  return items;
}

std::size_t TopK::encoded_size() const {
  settle();
  ByteCounter counter;
  counter.varint(capacity_);
  counter.varint(asked_);
  counter.varint(rows_);
  counter.varint(undercount_);
  counts_->encode(counter);
  return counter.size();
}

void TopK::encode(ByteWriter &out) const {
  settle();
  out.varint(capacity_);
  out.varint(asked_);
  out.varint(rows_);
  out.varint(undercount_);
  counts_->encode(out);
}

void TopK::decode(ByteReader &in, std::uint8_t /*version*/) {
  const std::uint64_t capacity = in.varint();
  in.require(capacity >= least_capacity && capacity <= most_capacity,
             "its capacity is out of range");
  capacity_ = static_cast<std::uint32_t>(capacity);
  const std::uint64_t asked = in.varint();
  in.require(asked <= most_asked, "the number of items asked for is out of range");
  asked_ = static_cast<std::uint32_t>(asked);
  rows_ = in.varint();
  undercount_ = in.varint();
  in.require(rows_ <= most_rows && undercount_ <= rows_, "its number of rows is out of range");
  counts_->decode(in);
  in.require(rows_ > 0 || counts_->kind() == KeyKind{}, "it has items without rows");
  in.require(counts_->size() <= capacity_, "it has more counters than it may have");
  std::uint64_t left = rows_;
  counts_->visit([&](const auto &table) {
    table.each([&](const auto &entry) {
      const auto count = static_cast<std::uint64_t>(entry.value.number);
      in.require(count <= left, "its counts are more than its rows");
      left -= count;
    });
  });
  in.require(undercount_ > 0 || left == 0, "its counts are not all of its rows");
}

} // namespace starhouse::sketch
