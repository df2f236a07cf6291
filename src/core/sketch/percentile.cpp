#include "core/sketch/percentile.hpp"

#include <algorithm>
#include <array>
#include <charconv>
#include <cmath>

namespace starhouse::sketch {

namespace {

constexpr unsigned most_levels = 27; // as many bits as an index has
constexpr std::size_t most_asked = 10'000;

std::string text_of(double number) {
  std::array<char, 32> text;
  const auto end = std::to_chars(text.data(), text.data() + text.size(), number);
  return {text.data(), end.ptr};
}

bool equal(double one, double other) noexcept {
  return one == other || (std::isnan(one) && std::isnan(other));
}

} // namespace

// Buckets
// ----------------------------------------------------------------------------------------

Percentile::Bucket &Percentile::Buckets::place_of(std::int32_t key) noexcept {
  // Keys come in runs; a golden ratio apart they do not collide.
  std::size_t at = (static_cast<std::uint32_t>(key) * 0x9E3779B1U) >> shift_;
  while (places_[at].count != 0 && places_[at].key != key) {
    at = (at + 1) & (places_.size() - 1);
  }
  return places_[at];
}

void Percentile::Buckets::add(std::int32_t key, std::uint64_t count) {
  if (2 * (std::size_t{size_} + 1) > places_.size()) {
    grow();
  }
  Bucket &place = place_of(key);
  size_ += place.count == 0 ? 1 : 0;
  place.key = key;
  place.count += count;
}

void Percentile::Buckets::grow() {
  Buckets larger(memory());
  const std::size_t places = std::max<std::size_t>(64, 2 * places_.size());
  larger.places_.resize(places);
  larger.shift_ = 32 - static_cast<unsigned>(std::countr_zero(places));
  each([&](std::int32_t key, std::uint64_t count) { larger.place_of(key) = {key, count}; });
  larger.size_ = size_;
  swap(larger);
}

// Settings
// ---------------------------------------------------------------------------------------

void Percentile::choose_error(double relative_error) {
  if (!(relative_error >= LogIndex::least_error && relative_error <= LogIndex::most_error)) {
    throw Error(sqlstate::invalid_parameter_value,
                "relative_error must lie between 0.00001 and 0.5: " + text_of(relative_error),
                "0.01 means that results are within 1 % of the exact ones.");
  }
  if (count() > 0) {
    throw Error(sqlstate::invalid_parameter_value,
                "relative errors differ: " + text_of(relative_error) + " and " + text_of(error_),
                "One sketch has one: give the same to all rows, and merge sketches of the same.");
  }
  error_ = relative_error;
  index_ = LogIndex(relative_error);
}

void Percentile::ask(std::span<const double> percentiles) {
  if (const auto before = asked(); !before.empty()) {
    if (!std::equal(before.begin(), before.end(), percentiles.begin(), percentiles.end(), equal)) {
      throw Error(
          sqlstate::invalid_parameter_value, "percentiles differ between rows",
          "Give the same for all rows of a group, or take approx_percentile_state() and ask "
          "approx_percentile_value() for each.");
    }
    return;
  }
  for (const double p : percentiles) {
    if (!std::isnan(p) && !(p >= 0 && p <= 1)) {
      throw Error(sqlstate::numeric_value_out_of_range,
                  "percentile must lie between 0 and 1: " + text_of(p),
                  "The 95th percentile is 0.95.");
    }
  }
  if (percentiles.size() > most_asked) {
    throw Error(sqlstate::program_limit_exceeded,
                "too many percentiles: " + std::to_string(percentiles.size()),
                "At most 10000 can be asked for at once.");
  }
  if (percentiles.size() == 1 && !std::isnan(percentiles[0])) {
    asked_alone_ = percentiles[0];
  } else {
    asked_.assign(percentiles.begin(), percentiles.end());
  }
}

// Adding
// -----------------------------------------------------------------------------------------

std::int32_t Percentile::special_key(double value) noexcept {
  if (value == 0) {
    return 0;
  }
  if (std::isnan(value)) {
    return nan_key;
  }
  return value > 0 ? infinity_key : -infinity_key;
}

std::int32_t Percentile::collapsed(std::int32_t key) noexcept {
  if (!is_finite_key(key)) {
    return key;
  }
  const std::int32_t magnitude = ((std::abs(key) - bias) >> 1U) + bias;
  return key < 0 ? -magnitude : magnitude;
}

void Percentile::make_room() {
  if (capacity_ == most_buffered) {
    flush();
    return;
  }
  const std::uint32_t capacity = capacity_ == 0 ? 8 : 2 * capacity_;
  std::pmr::vector<std::int32_t> larger(capacity, 0, buffer_.get_allocator());
  std::copy(buffer_.begin(), buffer_.end(), larger.begin());
  buffer_.swap(larger);
  capacity_ = static_cast<std::uint16_t>(capacity);
}

void Percentile::flush() const {
  // One at a time out of the buffer: whatever fails, each value is counted once.
  while (buffered_ > 0) {
    buckets_.add(buffer_[buffered_ - 1], 1);
    --buffered_;
    ++counted_;
    if (buckets_.size() > most_buckets()) [[unlikely]] {
      collapse_to(level_ + 1);
    }
  }
}

void Percentile::collapse_to(unsigned level) const {
  while (level_ < level) {
    Buckets fewer(buckets_.memory());
    buckets_.each([&](std::int32_t key, std::uint64_t count) { fewer.add(collapsed(key), count); });
    // Nothing fails from here on.
    buckets_.swap(fewer);
    for (std::uint32_t i = 0; i < buffered_; ++i) {
      buffer_[i] = collapsed(buffer_[i]);
    }
    ++level_;
  }
}

void Percentile::merge(const Percentile &other) {
  if (const auto also = other.asked(); !also.empty()) {
    ask(also);
  }
  if (other.count() == 0) {
    if (count() == 0) {
      set_error(other.error_);
    }
    return;
  }
  set_error(other.error_);
  if (other.least_ <= other.greatest_) { // else it has NaN alone
    note(other.least_);
    note(other.greatest_);
  }
  flush();
  if (other.level_ > level_) {
    collapse_to(other.level_);
  }
  const auto take = [&](std::int32_t key, std::uint64_t count) {
    for (unsigned level = other.level_; level < level_; ++level) {
      key = collapsed(key);
    }
    if (count > (std::uint64_t{1} << 62U) - counted_) {
      throw Error(sqlstate::numeric_value_out_of_range, "a percentile_sketch counts past 2^62",
                  "Merge fewer sketches.");
    }
    buckets_.add(key, count);
    counted_ += count;
    if (buckets_.size() > most_buckets()) {
      collapse_to(level_ + 1);
    }
  };
  other.buckets_.each(take);
  for (std::uint32_t i = 0; i < other.buffered_; ++i) {
    take(other.buffer_[i], 1);
  }
}

// Reading
// ----------------------------------------------------------------------------------------

double Percentile::value_of(std::int32_t key) const noexcept {
  if (!is_finite_key(key)) {
    return key == 0 ? 0 : (key == nan_key ? std::nan("") : std::copysign(HUGE_VAL, key));
  }
  const double magnitude = index_.midpoint(std::abs(key) - bias, level_);
  return std::clamp(key < 0 ? -magnitude : magnitude, least_, greatest_);
}

std::pmr::vector<Percentile::Bucket> Percentile::sorted() const {
  flush();
  std::pmr::vector<Bucket> list(buckets_.memory());
  list.reserve(buckets_.size());
  buckets_.each([&](std::int32_t key, std::uint64_t count) { list.push_back({key, count}); });
  std::sort(list.begin(), list.end(),
            [](const Bucket &a, const Bucket &b) { return a.key < b.key; });
  return list;
}

double Percentile::value(double p) const {
  double value = 0;
  values({&p, 1}, {&value, 1});
  return value;
}

void Percentile::values(std::span<const double> percentiles, std::span<double> values) const {
  const std::uint64_t all = count();
  // As the server works it out in percentile_disc.
  const auto rank = [&](double p) {
    return std::clamp<std::uint64_t>(
        static_cast<std::uint64_t>(std::ceil(p * static_cast<double>(all))), 1, all);
  };
  // The ends are known exactly.
  const auto shown = [&](std::int32_t key, std::uint64_t at) {
    if (key != nan_key && (at == 1 || at == all)) {
      return (at == 1 ? least_ : greatest_) + 0.0;
    }
    return value_of(key);
  };
  const auto each = [&](auto value_at) {
    for (std::size_t i = 0; i < percentiles.size(); ++i) {
      const double p = percentiles[i];
      values[i] = all == 0 || std::isnan(p) ? std::nan("") : value_at(rank(p));
    }
  };
  if (counted_ == 0 && buffered_ <= most_buckets()) {
    // Few values: no need to count them, and for one percentile none to sort them.
    std::array<std::int32_t, most_buffered> keys;
    auto *end = std::copy_n(buffer_.data(), buffered_, keys.data());
    if (percentiles.size() > 1) {
      std::sort(keys.data(), end);
    }
    each([&](std::uint64_t wanted) {
      auto *at = keys.data() + (wanted - 1);
      if (percentiles.size() == 1) {
        std::nth_element(keys.data(), at, end);
      }
      return shown(*at, wanted);
    });
    return;
  }
  auto list = sorted();
  for (std::size_t i = 1; i < list.size(); ++i) {
    list[i].count += list[i - 1].count;
  }
  each([&](std::uint64_t wanted) {
    const auto bucket =
        std::lower_bound(list.begin(), list.end(), wanted,
                         [](const Bucket &one, std::uint64_t at) { return one.count < at; });
    return shown(bucket->key, wanted);
  });
}

double Percentile::rank(double value) const {
  flush();
  const std::int32_t key = key_of(value);
  std::uint64_t below = 0;
  buckets_.each([&](std::int32_t own, std::uint64_t count) { below += own <= key ? count : 0; });
  return static_cast<double>(below) / static_cast<double>(count());
}

double Percentile::error() const {
  flush();
  return level_ == 0 ? error_ : LogIndex::error_at(error_, level_);
}

std::size_t Percentile::bucket_count() const {
  flush();
  return buckets_.size();
}

// Stored form
// ------------------------------------------------------------------------------------

std::size_t Percentile::encoded_size() const {
  const auto list = sorted();
  const std::size_t asked = this->asked().size();
  std::size_t size = 8 + 1 + ByteWriter::varint_size(asked) + 8 * asked +
                     ByteWriter::varint_size(list.size()) + (list.empty() ? 0 : 16);
  std::int64_t previous = 0;
  for (const Bucket &bucket : list) {
    const std::int64_t step = bucket.key - previous;
    size += &bucket == list.data() ? ByteWriter::zigzag_size(step)
                                   : ByteWriter::varint_size(static_cast<std::uint64_t>(step));
    size += ByteWriter::varint_size(bucket.count);
    previous = bucket.key;
  }
  return size;
}

void Percentile::encode(ByteWriter &out) const {
  const auto list = sorted();
  out.put(error_);
  out.put(static_cast<std::uint8_t>(level_));
  out.varint(asked().size());
  for (const double p : asked()) {
    out.put(p);
  }
  out.varint(list.size());
  if (list.empty()) {
    return;
  }
  const bool any = least_ <= greatest_;
  out.put(any ? least_ + 0.0 : 0.0);
  out.put(any ? greatest_ + 0.0 : 0.0);
  std::int64_t previous = 0;
  for (const Bucket &bucket : list) {
    const std::int64_t step = bucket.key - previous;
    if (&bucket == list.data()) {
      out.zigzag(step);
    } else {
      out.varint(static_cast<std::uint64_t>(step));
    }
    out.varint(bucket.count);
    previous = bucket.key;
  }
}

void Percentile::decode(ByteReader &in, std::uint8_t /*version*/) {
  const auto relative_error = in.get<double>();
  in.require(relative_error >= LogIndex::least_error && relative_error <= LogIndex::most_error,
             "its relative error is out of range");
  set_error(relative_error);
  level_ = in.get<std::uint8_t>();
  in.require(level_ <= most_levels, "its level is out of range");
  const std::size_t asked = in.count(sizeof(double), most_asked);
  std::pmr::vector<double> list(asked_.get_allocator());
  list.reserve(asked);
  for (std::size_t i = 0; i < asked; ++i) {
    const auto p = in.get<double>();
    in.require(std::isnan(p) || (p >= 0 && p <= 1), "a percentile is out of range");
    list.push_back(std::isnan(p) ? std::nan("") : p);
  }
  if (asked > 0) {
    ask(list);
  }
  const std::size_t size = in.count(2, most_buckets());
  in.require(size > 0 || level_ == 0, "its level is out of range");
  if (size == 0) {
    return;
  }
  const auto least = in.get<double>();
  const auto greatest = in.get<double>();
  in.require(least <= greatest, "its range is none");
  std::int64_t key = 0;
  std::int32_t last_number = nan_key;
  for (std::size_t i = 0; i < size; ++i) {
    if (i == 0) {
      key = in.zigzag();
    } else {
      const std::uint64_t step = in.varint();
      in.require(step > 0 && step <= UINT32_MAX, "its buckets are not in order");
      key += static_cast<std::int64_t>(step);
    }
    in.require(key >= -infinity_key && key <= nan_key, "a bucket is out of range");
    const auto own = static_cast<std::int32_t>(key);
    in.require(!is_finite_key(own) || (std::abs(own) > 0 && std::abs(own) < 2 * bias),
               "a bucket is out of range");
    if (i == 0 && own != nan_key) {
      in.require(key_of(least) == own, "its range does not begin at its first bucket");
    }
    last_number = own == nan_key ? last_number : own;
    const std::uint64_t count = in.varint();
    in.require(count > 0 && count <= (std::uint64_t{1} << 62U) - counted_,
               "a count is out of range");
    buckets_.add(own, count);
    counted_ += count;
  }
  if (last_number == nan_key) {
    in.require(least == 0 && greatest == 0, "it has a range without numbers");
    return;
  }
  in.require(key_of(greatest) == last_number, "its range does not end at its last bucket");
  least_ = least;
  greatest_ = greatest;
}

} // namespace starhouse::sketch
