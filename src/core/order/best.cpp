#include "core/order/best.hpp"

#include "core/order/numeric_form.hpp"

#include <algorithm>
#include <array>
#include <bit>
#include <cstring>
#include <string>

namespace starhouse::order {

namespace {

constexpr std::array<std::string_view, 11> names{"",       "boolean", "int",  "bigint",
                                                 "float8", "numeric", "date", "timestamptz",
                                                 "uuid",   "text",    "jsonb"};

bool is_number_key(ValueType type) noexcept {
  return type == ValueType::int4 || type == ValueType::int8 || type == ValueType::float8 ||
         type == ValueType::date || type == ValueType::timestamptz;
}

// Bytes of a value, 0 where they differ.
std::size_t fixed_size(ValueType type) noexcept {
  switch (type) {
  case ValueType::boolean:
    return 1;
  case ValueType::uuid:
    return 16;
  default:
    return is_number_key(type) ? 8 : 0;
  }
}

int compare_bytes(Bytes one, Bytes other) noexcept {
  const std::size_t common = std::min(one.size(), other.size());
  const int order = common == 0 ? 0 : std::memcmp(one.data(), other.data(), common);
  if (order != 0) {
    return order;
  }
  return one.size() == other.size() ? 0 : one.size() < other.size() ? -1 : 1;
}

int compare_values(ValueType type, Bytes one, Bytes other) noexcept {
  if (type == ValueType::numeric) {
    if (const int order = compare_numeric(one, other); order != 0) {
      return order;
    }
  }
  return compare_bytes(one, other);
}

} // namespace

std::string_view name_of(ValueType type) noexcept {
  return names[static_cast<std::size_t>(type)];
}

void Best::Row::set(Key its_key, Bytes its_number, Bytes its_value) noexcept {
  key = its_key;
  number_size = static_cast<std::uint32_t>(its_number.size());
  value_size = static_cast<std::uint32_t>(its_value.size());
  std::byte *to = capacity > 0 ? memory : small;
  if (!its_number.empty()) {
    std::memcpy(to, its_number.data(), its_number.size());
  }
  if (!its_value.empty()) {
    std::memcpy(to + its_number.size(), its_value.data(), its_value.size());
  }
}

int Best::compare(const Row &row, Key key, Bytes number, Bytes value) const noexcept {
  if (row.key != key) {
    return ahead(row.key) > ahead(key) ? 1 : -1;
  }
  if (rule_.key_type == KeyType::numeric) {
    if (const int order = compare_numeric(row.number(), number); order != 0) {
      return rule_.greatest_first ? order : -order;
    }
  }
  const int values = compare_values(rule_.value_type, row.value(), value);
  // 1.0 and 1.00 are one key, but not the same bytes.
  return values != 0 ? -values : -compare_bytes(row.number(), number);
}

void Best::adopt(const BestRule &rule) {
  if (rule.limit < 1 || rule.limit > most_best_rows) {
    throw Error(sqlstate::invalid_parameter_value,
                "n must be between 1 and " + std::to_string(most_best_rows) + ": " +
                    std::to_string(static_cast<std::int32_t>(rule.limit)),
                "It is the number of rows kept of each group.");
  }
  if (count_ == 0) {
    rule_ = rule;
  } else if (rule.value_type != rule_.value_type || rule.key_type != rule_.key_type ||
             rule.greatest_first != rule_.greatest_first) {
    throw Error(sqlstate::invalid_parameter_value,
                "states of different aggregates cannot be one: the best of " +
                    std::string(name_of(rule.value_type)) + " and of " +
                    std::string(name_of(rule_.value_type)) + " values, or of other keys",
                "Merge states that the same function made of the same types.");
  } else {
    throw Error(sqlstate::invalid_parameter_value,
                "n differs: " + std::to_string(rule.limit) + " and " + std::to_string(rule_.limit),
                "Give the same to all rows, and to all states that are merged.");
  }
}

void Best::store(Row &row, Key key, Bytes number, Bytes value) {
  const std::size_t size = number.size() + value.size();
  if (size > row.room()) {
    const std::size_t room = std::bit_ceil(size);
    if (room > (std::size_t{1} << 30U)) {
      throw Error(sqlstate::program_limit_exceeded, "a value is too large for a best_state",
                  "Keep its key, and fetch the value by it.");
    }
    auto *memory = static_cast<std::byte *>(memory_->allocate(room, 1));
    if (row.capacity > 0) {
      memory_->deallocate(row.memory, row.capacity, 1);
    }
    row.memory = memory;
    row.capacity = static_cast<std::uint32_t>(room);
  }
  row.set(key, number, value);
}

Best::Row &Best::new_row() {
  if (rule_.limit == 1) {
    return one_;
  }
  if (many_ == nullptr || count_ == capacity_) {
    const std::uint32_t capacity = std::min(rule_.limit, std::max(capacity_ * 2, 4U));
    auto *rows = static_cast<Row *>(memory_->allocate(capacity * sizeof(Row), alignof(Row)));
    if (many_ != nullptr) {
      std::memcpy(static_cast<void *>(rows), many_, count_ * sizeof(Row));
      memory_->deallocate(many_, capacity_ * sizeof(Row), alignof(Row));
    }
    many_ = rows;
    capacity_ = capacity;
  }
  return *new (&many_[count_]) Row{};
}

void Best::add(const BestRule &rule, Key key, Bytes number, Bytes value) {
  if (count_ == 0 || !(rule == rule_)) {
    adopt(rule);
  }
  const auto later = [this](const Row &one, const Row &other) { return before(one, other); };
  if (count_ < rule_.limit) {
    store(new_row(), key, number, value);
    ++count_;
  } else {
    if (compare(rows()[0], key, number, value) >= 0) {
      return;
    }
    std::pop_heap(rows(), rows() + count_, later);
    store(rows()[count_ - 1], key, number, value);
  }
  std::push_heap(rows(), rows() + count_, later);
  last_ahead_ = ahead(rows()[0].key);
}

void Best::merge(const Best &other) {
  for (std::size_t i = 0; i < other.count_; ++i) {
    const Row &row = other.rows()[i];
    add(other.rule_, row.key, row.number(), row.value());
  }
}

std::pmr::vector<const Best::Row *> Best::sorted(std::pmr::memory_resource *memory) const {
  std::pmr::vector<const Row *> order(memory);
  for (std::size_t i = 0; i < count_; ++i) {
    order.push_back(&rows()[i]);
  }
  std::ranges::sort(order,
                    [this](const Row *one, const Row *other) { return before(*one, *other); });
  return order;
}

std::pmr::vector<Bytes> Best::values(const Env &env) const {
  std::pmr::vector<Bytes> values(env.memory);
  for (const Row *row : sorted(env.memory)) {
    values.push_back(row->value());
  }
  return values;
}

// Stored form
// --------------------------------------------------------------------------------------

namespace {

template <class Sink>
void put_sized(Sink &out, Bytes bytes) {
  out.varint(bytes.size());
  out.put(bytes);
}

std::size_t sized(Bytes bytes) {
  return ByteWriter::varint_size(bytes.size()) + bytes.size();
}

} // namespace

std::size_t Best::encoded_size() const {
  std::size_t size = 3 + ByteWriter::varint_size(rule_.limit) + ByteWriter::varint_size(count_);
  const std::size_t fixed = fixed_size(rule_.value_type);
  for (std::size_t i = 0; i < count_; ++i) {
    const Row &row = rows()[i];
    size += rule_.key_type == KeyType::numeric ? sized(row.number()) : sizeof(Key);
    size += fixed > 0 ? fixed : sized(row.value());
  }
  return size;
}

void Best::encode(ByteWriter &out) const {
  out.put(static_cast<std::uint8_t>(rule_.value_type));
  out.put(static_cast<std::uint8_t>(rule_.key_type));
  out.put(static_cast<std::uint8_t>(rule_.greatest_first ? 1 : 0));
  out.varint(rule_.limit);
  out.varint(count_);
  for (const Row *row : sorted(memory_)) {
    switch (rule_.key_type) {
    case KeyType::float8:
      out.put(float_of(row->key));
      break;
    case KeyType::numeric:
      put_sized(out, row->number());
      break;
    default:
      out.put(integer_of(row->key));
    }
    if (rule_.value_type == ValueType::float8) {
      out.put(float_of(get_key(row->value().data())));
    } else if (is_number_key(rule_.value_type)) {
      out.put(integer_of(get_key(row->value().data())));
    } else if (fixed_size(rule_.value_type) > 0) {
      out.put(row->value());
    } else {
      put_sized(out, row->value());
    }
  }
}

void Best::decode(ByteReader &in, std::uint8_t /*version*/) {
  BestRule rule{};
  const auto value_type = in.get<std::uint8_t>();
  in.require(value_type >= 1 && value_type <= 10, "its type of values is unknown");
  rule.value_type = static_cast<ValueType>(value_type);
  const auto key_type = in.get<std::uint8_t>();
  in.require(key_type >= 1 && key_type <= 4, "its type of keys is unknown");
  rule.key_type = static_cast<KeyType>(key_type);
  const auto greatest = in.get<std::uint8_t>();
  in.require(greatest <= 1, "which rows come first is unknown");
  rule.greatest_first = greatest == 1;
  const std::uint64_t limit = in.varint();
  in.require(limit >= 1 && limit <= most_best_rows, "its number of rows to keep is out of range");
  rule.limit = static_cast<std::uint32_t>(limit);
  const std::size_t count = in.count(3, rule.limit);
  in.require(count > 0, "it holds no row");

  struct {
    Key key;
    Bytes number;
    Bytes value;
    std::byte fixed[8];
  } rows[2]; // this one and the one before
  for (std::size_t i = 0; i < count; ++i) {
    auto &row = rows[i % 2];
    row.number = {};
    switch (rule.key_type) {
    case KeyType::float8:
      row.key = key_of(in.get<double>() + 0.0);
      break;
    case KeyType::numeric:
      row.number = in.take(in.count(1));
      in.require(is_numeric(row.number), "a key is no numeric");
      row.key = numeric_prefix(row.number);
      break;
    default:
      row.key = key_of(in.get<std::int64_t>());
    }
    const std::size_t fixed = fixed_size(rule.value_type);
    if (rule.value_type == ValueType::float8) {
      put_key(key_of(in.get<double>()), row.fixed);
      row.value = row.fixed;
    } else if (is_number_key(rule.value_type)) {
      const auto value = in.get<std::int64_t>();
      const bool narrow = rule.value_type == ValueType::int4 || rule.value_type == ValueType::date;
      in.require(!narrow || (value >= INT32_MIN && value <= INT32_MAX), "a value is out of range");
      put_key(key_of(value), row.fixed);
      row.value = row.fixed;
    } else {
      row.value = in.take(fixed > 0 ? fixed : in.count(1));
      in.require(rule.value_type != ValueType::numeric || is_numeric(row.value),
                 "a value is no numeric");
      in.require(rule.value_type != ValueType::boolean ||
                     std::to_integer<unsigned>(row.value[0]) <= 1,
                 "a value is no boolean");
    }
    if (i > 0) {
      const auto &last = rows[(i - 1) % 2];
      const int numbers =
          rule.key_type == KeyType::numeric ? compare_numeric(last.number, row.number) : 0;
      const int keys = last.key != row.key ? (last.key > row.key ? 1 : -1) : numbers;
      const int order = rule.greatest_first ? keys : -keys;
      const int values = compare_values(rule.value_type, last.value, row.value);
      in.require(order > 0 ||
                     (order == 0 &&
                      (values < 0 || (values == 0 && compare_bytes(last.number, row.number) <= 0))),
                 "its rows are not in order");
    }
    add(rule, row.key, row.number, row.value);
  }
}

} // namespace starhouse::order
