#include "core/geo/heatmap.hpp"

#include "core/decimal_form.hpp"

#include <algorithm>
#include <cmath>
#include <string>

namespace starhouse::geo {

template <class Value>
void CellMap<Value>::grow() {
  std::pmr::vector<Place> old(std::max<std::size_t>(16, 2 * places_.size()),
                              places_.get_allocator());
  old.swap(places_);
  for (const Place &place : old) {
    if (place.cell != 0) {
      places_[find(place.cell)] = place;
    }
  }
}

template <class Value>
std::pmr::vector<std::pair<Cell, Value>> CellMap<Value>::sorted() const {
  std::pmr::vector<std::pair<Cell, Value>> list(places_.get_allocator().resource());
  list.reserve(size_);
  each([&](Cell cell, const Value &value) { list.emplace_back(cell, value); });
  std::sort(list.begin(), list.end(),
            [](const auto &a, const auto &b) { return a.first < b.first; });
  return list;
}

namespace {

void check_same_precision(Cell cell, int precision) {
  if (precision_of(cell) != precision) {
    throw Error(sqlstate::invalid_parameter_value,
                "cells of precision " + std::to_string(precision_of(cell)) + " and of " +
                    std::to_string(precision) + " are in one heatmap",
                "Give the same precision for all rows and states.");
  }
}

// Number of a cell among those of its precision.
std::uint64_t number_of(Cell cell, int precision) noexcept {
  return static_cast<std::uint64_t>(cell) >> (sentinel_shift(precision) + 1);
}

template <class List, class Out, class Write>
void write_cells(const List &list, int precision, Out &out, Write write) {
  out.varint(list.size());
  std::uint64_t last = 0;
  for (const auto &[cell, value] : list) {
    const std::uint64_t number = number_of(cell, precision);
    out.varint(number - last);
    last = number;
    write(value);
  }
}

template <class Read>
void read_cells(ByteReader &in, int precision, std::size_t least_value, Read read) {
  const std::size_t count = in.count(1 + least_value);
  in.require((count == 0) == (precision == 0), "cells without a precision");
  std::uint64_t number = 0;
  for (std::size_t i = 0; i < count; ++i) {
    const std::uint64_t step = in.varint();
    in.require(i == 0 || step > 0, "cells are not in order");
    const std::uint64_t end = std::uint64_t{1} << (5 * precision);
    in.require(step < end - number, "a cell is out of range");
    number += step;
    read(static_cast<Cell>(((number << 1) | 1) << sentinel_shift(precision)));
  }
}

int read_precision(ByteReader &in) {
  const auto precision = in.get<std::uint8_t>();
  in.require(precision <= max_precision, "a precision is out of range");
  return precision;
}

} // namespace

void Heatmap::add(Cell cell, std::uint64_t pings) {
  if (precision_ == 0) {
    precision_ = precision_of(cell);
  }
  check_same_precision(cell, precision_);
  std::uint64_t &count = cells_[cell];
  if (pings > static_cast<std::uint64_t>(INT64_MAX) - count) {
    throw Error(sqlstate::numeric_value_out_of_range, "a cell's count does not fit into a bigint",
                "Keep heatmaps of fewer pings.");
  }
  count += pings;
}

void Heatmap::merge(const Heatmap &other) {
  other.cells_.each([&](Cell cell, std::uint64_t pings) { add(cell, pings); });
}

std::size_t Heatmap::encoded_size() const {
  ByteCounter counter;
  write_cells(cells_.sorted(), precision_, counter,
              [&](std::uint64_t pings) { counter.varint(pings); });
  return 1 + counter.size();
}

void Heatmap::encode(ByteWriter &out) const {
  out.put(static_cast<std::uint8_t>(precision_));
  write_cells(cells_.sorted(), precision_, out, [&](std::uint64_t pings) { out.varint(pings); });
}

void Heatmap::decode(ByteReader &in, std::uint8_t /*version*/) {
  const int precision = read_precision(in);
  read_cells(in, precision, 1, [&](Cell cell) {
    const std::uint64_t pings = in.varint();
    in.require(pings > 0 && pings <= static_cast<std::uint64_t>(INT64_MAX),
               "a count is out of range");
    add(cell, pings);
  });
}

void DecayedHeatmap::adopt(Cell cell, std::int64_t half_life) {
  if (precision_ != 0) {
    throw Error(sqlstate::invalid_parameter_value,
                "the half-life differs between rows or states of one heatmap",
                "Give the same half-life for all of them.");
  }
  if (half_life < 1000) {
    throw Error(sqlstate::invalid_parameter_value, "the half-life is shorter than a millisecond",
                "It is the time after which a ping counts half, such as '1 hour'.");
  }
  precision_ = precision_of(cell);
  half_life_ = half_life;
}

double DecayedHeatmap::faded(double weight, Instant from, Instant to) const noexcept {
  return weight * std::exp2(-static_cast<double>(micros_between(from, to)) /
                            static_cast<double>(half_life_));
}

void DecayedHeatmap::join(Sum &sum, double weight, Instant as_of) const noexcept {
  if (sum.weight == 0) {
    sum = {weight, as_of};
  } else if (as_of >= sum.as_of) {
    sum = {faded(sum.weight, sum.as_of, as_of) + weight, as_of};
  } else {
    sum.weight += faded(weight, as_of, sum.as_of);
  }
}

void DecayedHeatmap::add(Cell cell, Instant at, std::int64_t half_life) {
  if (half_life != half_life_ || precision_ == 0) {
    adopt(cell, half_life);
  }
  check_same_precision(cell, precision_);
  check_instant(at);
  join(cells_[cell], 1, at);
}

void DecayedHeatmap::merge(const DecayedHeatmap &other) {
  if (other.precision_ != 0 && (precision_ == 0 || other.half_life_ != half_life_)) {
    // Only the precision of the cell counts here.
    adopt(std::int64_t{1} << sentinel_shift(other.precision_), other.half_life_);
  }
  other.cells_.each([&](Cell cell, const Sum &sum) {
    check_same_precision(cell, precision_);
    join(cells_[cell], sum.weight, sum.as_of);
  });
}

std::pmr::vector<std::pair<Cell, double>> DecayedHeatmap::cells(Instant as_of) const {
  check_instant(as_of);
  std::pmr::vector<std::pair<Cell, double>> list(env_.memory);
  for (const auto &[cell, sum] : cells_.sorted()) {
    const double weight =
        as_of >= sum.as_of
            ? faded(sum.weight, sum.as_of, as_of)
            : sum.weight * std::exp2(static_cast<double>(micros_between(as_of, sum.as_of)) /
                                     static_cast<double>(half_life_));
    if (!std::isfinite(weight)) {
      throw Error(sqlstate::numeric_value_out_of_range,
                  "a weight is too large: its pings are far later than the time asked for",
                  "Ask for a time not long before the newest ping.");
    }
    list.emplace_back(cell, weight);
  }
  return list;
}

namespace {
constexpr std::size_t sum_size = sizeof(double) + sizeof(Instant);
} // namespace

std::size_t DecayedHeatmap::encoded_size() const {
  ByteCounter counter;
  write_cells(cells_.sorted(), precision_, counter, [](const Sum &) {});
  return 1 + sizeof half_life_ + counter.size() + cells_.size() * sum_size;
}

void DecayedHeatmap::encode(ByteWriter &out) const {
  out.put(static_cast<std::uint8_t>(precision_));
  out.put(half_life_);
  write_cells(cells_.sorted(), precision_, out, [&](const Sum &sum) {
    out.put(sum.weight);
    out.put(sum.as_of);
  });
}

void DecayedHeatmap::decode(ByteReader &in, std::uint8_t /*version*/) {
  const int precision = read_precision(in);
  const auto half_life = in.get<std::int64_t>();
  in.require(precision == 0 ? half_life == 0 : half_life >= 1000, "the half-life is out of range");
  precision_ = precision;
  half_life_ = half_life;
  read_cells(in, precision, sum_size, [&](Cell cell) {
    Sum sum;
    sum.weight = in.get<double>();
    sum.as_of = in.get<Instant>();
    in.require(std::isfinite(sum.weight) && sum.weight > 0, "a weight is out of range");
    in.require(sum.as_of != INT64_MIN && sum.as_of != INT64_MAX, "a time is out of range");
    cells_[cell] = sum;
  });
}

template class CellMap<std::uint64_t>;

} // namespace starhouse::geo
