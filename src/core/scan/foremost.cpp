#include "core/scan/foremost.hpp"

#include "core/scan/columns.hpp"
#include "core/scan/numeric_bytes.hpp"

#include <algorithm>
#include <bit>
#include <cmath>
#include <cstring>
#include <limits>

namespace starhouse::scan {

namespace {

using Kind = ForemostKey::Kind;

constexpr std::uint64_t last = std::numeric_limits<std::uint64_t>::max();
constexpr std::uint64_t middle = std::uint64_t{1} << 63U;

// -0 is 0, and all that are not numbers are one, the last.
double plain(std::int64_t word) noexcept {
  const double value = as_double(word);
  return std::isnan(value) ? std::numeric_limits<double>::quiet_NaN() : value + 0.0;
}

std::uint64_t order_of_float(std::int64_t word) noexcept {
  const auto bits = std::bit_cast<std::uint64_t>(plain(word));
  return (bits & middle) != 0 ? ~bits : bits | middle;
}

// Seven bytes, and how many there are: 8 for more. No text has a byte 0.
constexpr std::size_t told = 7;

std::uint64_t order_of_text(std::string_view text) noexcept {
  std::uint64_t word = 0;
  for (std::size_t i = 0; i < told; ++i) {
    word = word << 8U | (i < text.size() ? static_cast<unsigned char>(text[i]) : 0U);
  }
  return word << 8U | std::min(text.size(), told + 1);
}

// The place of the first digit to the base of 10,000, and three of them.
std::uint64_t order_of_numeric(std::string_view bytes) noexcept {
  constexpr unsigned digit_bits = 14;
  constexpr std::uint64_t beyond = std::uint64_t{1} << 60U;
  const NumericView view = numeric_view(bytes);
  switch (view.kind) {
  case NumericView::Kind::minus_infinity:
    return middle - beyond;
  case NumericView::Kind::plus_infinity:
    return middle + beyond;
  case NumericView::Kind::not_a_number:
    return middle + 2 * beyond;
  case NumericView::Kind::finite:
    break;
  }
  if (view.count == 0) {
    return middle;
  }
  auto word = static_cast<std::uint64_t>(view.weight - std::numeric_limits<std::int16_t>::min());
  for (int i = 0; i < 3; ++i) {
    word = word << digit_bits | static_cast<std::uint64_t>(i < view.count ? view.digit(i) : 0);
  }
  return view.negative ? middle - 1 - word : middle + 1 + word;
}

struct OrderWord {
  std::uint64_t word;
  bool is_value; // equal ones are of equal values
};

OrderWord order_of(Kind kind, const ForemostValue &value) noexcept {
  std::uint64_t word = 0;
  bool is_value = true;
  switch (kind) {
  case Kind::integer:
    word = static_cast<std::uint64_t>(value.word) ^ middle;
    break;
  case Kind::floating:
    word = order_of_float(value.word);
    break;
  case Kind::text:
    word = order_of_text(value.bytes);
    is_value = value.bytes.size() <= told;
    break;
  case Kind::numeric:
    word = order_of_numeric(value.bytes);
    is_value = false;
    break;
  }
  // Both ends are for NULL.
  if (word <= 1) {
    return {1, false};
  }
  if (word >= last - 1) {
    return {last - 1, false};
  }
  return {word, is_value};
}

} // namespace

Foremost::Foremost(const Env &env, std::span<const ForemostKey> partition,
                   std::span<const ForemostKey> order, std::size_t most)
    : env_(env), partition_(partition.begin(), partition.end(), env.memory),
      order_(order.begin(),
             order.begin() + static_cast<std::ptrdiff_t>(std::min(order.size(), most_words)),
             env.memory),
      most_(most), texts_(env.memory), key_(partition.size() + 1, 0, env.memory),
      partitions_(env, partition.size(), sizeof(std::int64_t)), all_(env.memory),
      rows_(env.memory) {
  texts_.reserve(partition.size());
  for (std::size_t i = 0; i < partition.size(); ++i) {
    texts_.emplace_back(env);
  }
}

std::size_t Foremost::partition_of(std::span<const ForemostValue> values) {
  const std::size_t keys = partition_.size();
  if (keys == 0) {
    if (all_.empty()) {
      all_.emplace_back(env_.memory);
    }
    return 0;
  }
  key_[keys] = 0;
  for (std::size_t k = 0; k < keys; ++k) {
    const ForemostValue &value = values[k];
    key_[keys] |= static_cast<std::int64_t>(value.null) << k;
    key_[k] = value.null                             ? 0
              : partition_[k].kind == Kind::text     ? texts_[k].number_of(value.bytes)
              : partition_[k].kind == Kind::floating ? as_word(plain(value.word))
                                                     : value.word;
  }
  char *state = nullptr;
  std::uint8_t is_new = 0;
  partitions_.find(key_.data(), 1, &state, &is_new);
  std::int64_t number = 0;
  if (is_new != 0) {
    number = static_cast<std::int64_t>(all_.size());
    std::memcpy(state, &number, sizeof number);
    all_.emplace_back(env_.memory);
    memory_ += sizeof(Partition);
  } else {
    std::memcpy(&number, state, sizeof number);
  }
  return static_cast<std::size_t>(number);
}

namespace {

// In the order that is asked for.
OrderWord placed(const ForemostKey &key, const ForemostValue &value) noexcept {
  if (value.null) {
    return {key.nulls_first ? 0 : last, true};
  }
  const OrderWord own = order_of(key.kind, value);
  return {key.descending ? ~own.word : own.word, own.is_value};
}

} // namespace

Foremost::Words Foremost::words_of(std::span<const ForemostValue> values) const noexcept {
  Words words{};
  for (std::size_t k = 0; k < order_.size(); ++k) {
    const OrderWord own = placed(order_[k], values[k]);
    words[k] = own.word;
    if (!own.is_value) {
      break;
    }
  }
  return words;
}

bool Foremost::may_be(std::span<const ForemostValue> values) {
  const std::size_t keys = partition_.size();
  current_ = partition_of(values.first(keys));
  const std::pmr::vector<Words> &first = all_[current_].first;
  return first.size() < most_ || placed(order_.front(), values[keys]).word <= first.front().front();
}

void Foremost::add(std::uint32_t row, std::span<const ForemostValue> values) {
  constexpr std::size_t some = 64;
  Partition &partition = all_[current_];
  const Words words = words_of(values.subspan(partition_.size()));
  std::pmr::vector<Words> &first = partition.first;
  if (is_behind(partition, words)) {
    return;
  }
  if (first.size() < most_) {
    first.push_back(words);
    std::push_heap(first.begin(), first.end());
    memory_ += sizeof(Words);
  } else if (words < first.front()) {
    std::pop_heap(first.begin(), first.end());
    first.back() = words;
    std::push_heap(first.begin(), first.end());
  }
  partition.candidates.push_back({words, row});
  memory_ += sizeof(Candidate);
  if (partition.candidates.size() > partition.to_look_at) {
    const std::size_t dropped =
        std::erase_if(partition.candidates, [&](const Candidate &candidate) {
          return is_behind(partition, candidate.words);
        });
    memory_ -= dropped * sizeof(Candidate);
    partition.to_look_at = 2 * partition.candidates.size() + some;
  }
}

std::size_t Foremost::memory() const noexcept {
  std::size_t bytes = memory_ + partitions_.memory();
  for (const Dictionary &texts : texts_) {
    bytes += texts.memory();
  }
  return bytes;
}

std::size_t Foremost::finish() {
  for (const Partition &partition : all_) {
    for (const Candidate &candidate : partition.candidates) {
      if (!is_behind(partition, candidate.words)) {
        rows_.push_back(candidate.row);
      }
    }
  }
  std::sort(rows_.begin(), rows_.end());
  return rows_.size();
}

} // namespace starhouse::scan
