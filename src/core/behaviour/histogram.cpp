#include "core/behaviour/histogram.hpp"

#include <algorithm>
#include <cmath>

namespace starhouse::behaviour {

namespace {

using Kind = HistogramScale::Kind;

constexpr std::uint64_t most_rows = std::uint64_t{1} << 48U;

[[noreturn]] void refuse_place(const char *what) {
  throw Error(sqlstate::numeric_value_out_of_range,
              std::string(what) + " has no place in a histogram", "Leave such rows out by FILTER.");
}

void check_buckets(std::int32_t buckets, std::int32_t most) {
  if (buckets < 1 || buckets > most) {
    throw Error(sqlstate::invalid_parameter_value,
                "a histogram of " + std::to_string(buckets) + " buckets",
                "Give 1 to " + std::to_string(most) + ".");
  }
}

[[noreturn]] void refuse_difference() {
  throw Error(sqlstate::invalid_parameter_value,
              "the buckets differ between rows or states of one histogram",
              "Give the same bounds and number of buckets for all of them.");
}

} // namespace

void Histogram::adopt(const HistogramScale &scale) {
  if (scale_.kind != Kind::none) {
    refuse_difference();
  }
  if (scale.kind == Kind::linear) {
    check_buckets(scale.buckets, most_buckets);
    if (!(scale.low < scale.high) || !std::isfinite(scale.high - scale.low)) {
      throw Error(sqlstate::invalid_parameter_value,
                  "the bounds of a histogram do not enclose anything that can be parted",
                  "Give two finite numbers, the lower one first.");
    }
    counts_.resize(static_cast<std::size_t>(scale.buckets) + 2);
  } else {
    check_buckets(scale.buckets, most_buckets_per_decade);
  }
  scale_ = scale;
}

double Histogram::linear_bound(std::int32_t number) const noexcept {
  if (number == scale_.buckets) {
    return scale_.high;
  }
  const double width = scale_.high - scale_.low;
  const double times = width * number;
  // A width near the largest double does not bear to be multiplied first.
  return scale_.low +
         (std::isfinite(times) ? times / scale_.buckets : width / scale_.buckets * number);
}

std::size_t Histogram::linear_place(double value) const {
  if (value >= scale_.high) {
    return static_cast<std::size_t>(scale_.buckets) + 1;
  }
  if (value < scale_.low) {
    return 0;
  }
  if (std::isnan(value)) {
    refuse_place("NaN");
  }
  auto number =
      static_cast<std::int32_t>((value - scale_.low) / (scale_.high - scale_.low) * scale_.buckets);
  number = std::min(number, scale_.buckets - 1);
  // Rounding may have put it next to its bucket, further where bounds are hardly apart.
  while (value < linear_bound(number)) {
    --number;
  }
  while (value >= linear_bound(number + 1)) {
    ++number;
  }
  return static_cast<std::size_t>(number) + 1;
}

double Histogram::logarithmic_bound(std::int32_t number) const noexcept {
  return std::pow(10.0, static_cast<double>(number) / scale_.buckets);
}

std::uint64_t &Histogram::logarithmic_count(double value) {
  if (value == 0) {
    return zeros_;
  }
  if (!std::isfinite(value)) {
    refuse_place(std::isnan(value) ? "NaN" : "an infinite value");
  }
  const double amount = std::abs(value);
  const double place = std::log10(amount) * scale_.buckets;
  const double whole = std::floor(place);
  auto number = static_cast<std::int32_t>(whole);
  // The logarithm is off by far less than this: only near a bound does rounding matter.
  constexpr double near = 1e-9;
  if (place - whole < near && amount < logarithmic_bound(number)) {
    --number;
  } else if (place - whole > 1 - near && amount >= logarithmic_bound(number + 1)) {
    ++number;
  }
  return (value > 0 ? above_ : below_).at(number);
}

std::uint64_t &Histogram::Stretch::at(std::int32_t number) {
  if (counts.empty()) {
    first = number;
    counts.resize(1);
  } else if (number < first) {
    counts.insert(counts.begin(), static_cast<std::size_t>(first - number), 0);
    first = number;
  } else if (static_cast<std::size_t>(number - first) >= counts.size()) {
    counts.resize(static_cast<std::size_t>(number - first) + 1);
  }
  return counts[static_cast<std::size_t>(number - first)];
}

void Histogram::merge(const Histogram &other) {
  if (other.scale_.kind == Kind::none) {
    return;
  }
  if (other.scale_ != scale_) {
    adopt(other.scale_);
  }
  rows_ += other.rows_;
  zeros_ += other.zeros_;
  for (std::size_t i = 0; i < other.counts_.size(); ++i) {
    counts_[i] += other.counts_[i];
  }
  const auto add_stretch = [](Stretch &into, const Stretch &from) {
    for (std::size_t i = 0; i < from.counts.size(); ++i) {
      if (from.counts[i] > 0) {
        into.at(from.first + static_cast<std::int32_t>(i)) += from.counts[i];
      }
    }
  };
  add_stretch(above_, other.above_);
  add_stretch(below_, other.below_);
}

std::pmr::vector<HistogramBucket> Histogram::buckets(const Env &env) const {
  std::pmr::vector<HistogramBucket> list(env.memory);
  if (scale_.kind == Kind::linear) {
    constexpr double infinity = std::numeric_limits<double>::infinity();
    list.reserve(counts_.size());
    for (std::int32_t number = 0; number <= scale_.buckets + 1; ++number) {
      list.push_back({number, number == 0 ? -infinity : linear_bound(number - 1),
                      number > scale_.buckets ? infinity : linear_bound(number),
                      counts_[static_cast<std::size_t>(number)]});
    }
    return list;
  }
  const auto put = [&](double low, double high, std::uint64_t count) {
    if (count > 0) {
      list.push_back({static_cast<std::int32_t>(list.size()) + 1, low, high, count});
    }
  };
  for (std::size_t i = below_.counts.size(); i-- > 0;) {
    const std::int32_t number = below_.first + static_cast<std::int32_t>(i);
    put(-logarithmic_bound(number + 1), -logarithmic_bound(number), below_.counts[i]);
  }
  put(0, 0, zeros_);
  for (std::size_t i = 0; i < above_.counts.size(); ++i) {
    const std::int32_t number = above_.first + static_cast<std::int32_t>(i);
    put(logarithmic_bound(number), logarithmic_bound(number + 1), above_.counts[i]);
  }
  return list;
}

template <class Out>
void Histogram::write(Out &out) const {
  out.put(static_cast<std::uint8_t>(scale_.kind));
  out.varint(static_cast<std::uint64_t>(scale_.buckets));
  if (scale_.kind == Kind::linear) {
    out.put(scale_.low);
    out.put(scale_.high);
    for (const std::uint64_t count : counts_) {
      out.varint(count);
    }
    return;
  }
  out.varint(zeros_);
  for (const Stretch *stretch : {&above_, &below_}) {
    out.varint(static_cast<std::uint64_t>(std::count_if(
        stretch->counts.begin(), stretch->counts.end(), [](std::uint64_t n) { return n > 0; })));
    bool first = true;
    std::size_t previous = 0;
    for (std::size_t i = 0; i < stretch->counts.size(); ++i) {
      if (stretch->counts[i] == 0) {
        continue;
      }
      if (first) {
        out.zigzag(stretch->first + static_cast<std::int64_t>(i));
      } else {
        out.varint(i - previous - 1);
      }
      first = false;
      previous = i;
      out.varint(stretch->counts[i]);
    }
  }
}

std::size_t Histogram::encoded_size() const {
  ByteCounter counter;
  write(counter);
  return counter.size();
}

void Histogram::encode(ByteWriter &out) const {
  write(out);
}

std::uint64_t Histogram::read_count(ByteReader &in, std::uint64_t least) {
  const std::uint64_t count = in.varint();
  in.require(count >= least && count <= most_rows - rows_, "a count is out of range");
  rows_ += count;
  return count;
}

void Histogram::read_stretch(ByteReader &in, Stretch &stretch) {
  // Powers of ten that a double can have.
  const std::int64_t lowest = std::int64_t{-324} * scale_.buckets - 1;
  const std::int64_t highest = std::int64_t{309} * scale_.buckets;
  const std::size_t filled = in.count(2);
  std::int64_t number = 0;
  for (std::size_t i = 0; i < filled; ++i) {
    if (i == 0) {
      number = in.zigzag();
      in.require(number >= lowest && number <= highest, "a bucket is out of range");
    } else {
      const std::uint64_t step = in.varint();
      in.require(step < static_cast<std::uint64_t>(highest - number), "a bucket is out of range");
      number += static_cast<std::int64_t>(step) + 1;
    }
    stretch.at(static_cast<std::int32_t>(number)) = read_count(in, 1);
  }
}

void Histogram::decode(ByteReader &in, std::uint8_t /*version*/) {
  HistogramScale scale;
  const auto kind = in.get<std::uint8_t>();
  in.require(kind <= static_cast<std::uint8_t>(Kind::logarithmic), "an unknown scale");
  scale.kind = static_cast<Kind>(kind);
  const std::uint64_t buckets = in.varint();
  in.require(buckets <= most_buckets, "the number of buckets is out of range");
  scale.buckets = static_cast<std::int32_t>(buckets);
  if (scale.kind == Kind::linear) {
    scale.low = in.get<double>();
    scale.high = in.get<double>();
    in.require(buckets > 0 && buckets + 2 <= in.remaining() && scale.low < scale.high &&
                   std::isfinite(scale.high - scale.low),
               "the bounds are out of range");
    adopt(scale);
    for (std::uint64_t &count : counts_) {
      count = read_count(in, 0);
    }
    return;
  }
  if (scale.kind == Kind::logarithmic) {
    in.require(buckets > 0 && buckets <= most_buckets_per_decade,
               "the number of buckets is out of range");
    adopt(scale);
  }
  zeros_ = read_count(in, 0);
  read_stretch(in, above_);
  read_stretch(in, below_);
  in.require(scale.kind != Kind::none || (rows_ == 0 && buckets == 0), "counts without a scale");
}

void QuantileHistogram::adopt(std::int32_t buckets) {
  if (buckets_ != 0) {
    refuse_difference();
  }
  check_buckets(buckets, most_buckets);
  buckets_ = buckets;
}

void QuantileHistogram::add(double value, std::int32_t buckets) {
  if (buckets != buckets_) {
    adopt(buckets);
  }
  if (std::isnan(value)) {
    refuse_place("NaN");
  }
  values_.add({sort_key(value), 1});
}

void QuantileHistogram::merge(const QuantileHistogram &other) {
  if (other.buckets_ == 0) {
    return;
  }
  if (other.buckets_ != buckets_) {
    adopt(other.buckets_);
  }
  values_.merge(other.values_);
}

std::pmr::vector<HistogramBucket> QuantileHistogram::buckets(std::int32_t buckets,
                                                             const Env &env) const {
  check_buckets(buckets, most_buckets);
  std::pmr::vector<HistogramBucket> list(env.memory);
  const auto values = values_.sorted();
  std::uint64_t size = 0;
  for (const Value &value : values) {
    size += value.count;
  }
  // Rank at which a bucket is full: ceiling of part / parts of the values, without overflow.
  const auto parts = static_cast<std::uint64_t>(buckets);
  const auto full = [&](std::uint64_t part) {
    return size / parts * part + (size % parts * part + parts - 1) / parts;
  };
  std::uint64_t rank = 0;
  std::uint64_t part = 1;
  HistogramBucket bucket{0, 0, 0, 0};
  for (const Value &value : values) {
    const double number = from_sort_key(value.key);
    if (bucket.count == 0) {
      bucket = {static_cast<std::int32_t>(list.size()) + 1, number, number, 0};
    }
    bucket.high = number;
    bucket.count += value.count;
    rank += value.count;
    if (rank >= full(part)) {
      list.push_back(bucket);
      bucket.count = 0;
      while (part < parts && full(part) <= rank) {
        ++part;
      }
    }
  }
  return list;
}

template <class Out>
void QuantileHistogram::write(Out &out) const {
  const auto values = values_.sorted();
  out.varint(static_cast<std::uint64_t>(buckets_));
  out.varint(values.size());
  const Value *previous = nullptr;
  for (const Value &value : values) {
    if (previous == nullptr) {
      out.zigzag(value.key);
    } else {
      out.varint(static_cast<std::uint64_t>(value.key) - static_cast<std::uint64_t>(previous->key));
    }
    out.varint(value.count);
    previous = &value;
  }
}

std::size_t QuantileHistogram::encoded_size() const {
  ByteCounter counter;
  write(counter);
  return counter.size();
}

void QuantileHistogram::encode(ByteWriter &out) const {
  write(out);
}

void QuantileHistogram::decode(ByteReader &in, std::uint8_t /*version*/) {
  const std::uint64_t buckets = in.varint();
  in.require(buckets <= most_buckets, "the number of buckets is out of range");
  buckets_ = static_cast<std::int32_t>(buckets);
  const std::size_t distinct = in.count(2);
  in.require(distinct == 0 || buckets_ > 0, "values without buckets");
  std::uint64_t rows = 0;
  std::int64_t key = 0;
  for (std::size_t i = 0; i < distinct; ++i) {
    if ((i & 0xFFFFU) == 0) {
      values_.env().poll();
    }
    if (i == 0) {
      key = in.zigzag();
    } else {
      const std::uint64_t step = in.varint();
      in.require(step > 0 && step <= static_cast<std::uint64_t>(INT64_MAX) -
                                         static_cast<std::uint64_t>(key),
                 "values are not in order");
      key = static_cast<std::int64_t>(static_cast<std::uint64_t>(key) + step);
    }
    in.require(is_sort_key(key) && !std::isnan(from_sort_key(key)), "a value is out of range");
    const std::uint64_t count = in.varint();
    in.require(count > 0 && count <= most_rows - rows, "a count is out of range");
    rows += count;
    values_.append({key, count});
  }
}

} // namespace starhouse::behaviour
