// How busy each geohash cell is: counts (Heatmap), or counts that fade (DecayedHeatmap), as maps
// from cell to value that grow with the cells, not with the pings.
//
// A ping of a decayed heatmap weighs 1 at its own time and half as much each half_life later. A
// cell keeps its sum as of its own newest ping, so no power of two in it grows or vanishes whatever
// the range of times; adding in another order or merging parts changes a sum by rounding alone (a
// relative 2^-52 or so per ping).
//
// Stored form (after the header of all states): u8 precision (0: empty), varint cells; each: varint
// difference of its number on the grid to the one before (the first: to 0), then
//   Heatmap          varint pings
//   DecayedHeatmap   f64 weight, i64 microseconds as of which; i64 half_life in front of the cells
#pragma once

#include "core/geo/geohash.hpp"
#include "core/geo/stretches.hpp"
#include "core/state.hpp"

#include <cstdint>
#include <memory_resource>
#include <utility>
#include <vector>

namespace starhouse::geo {

// Open addressing with linear probing; cells are positive, so 0 marks a free place.
template <class Value>
class CellMap {
public:
  explicit CellMap(std::pmr::memory_resource *memory) : places_(memory) {}

  // The value of a cell, fresh if it is new.
  Value &operator[](Cell cell) {
    // Half full at most: probes stay short.
    if (2 * (size_ + 1) > places_.size()) {
      grow();
    }
    Place &place = places_[find(cell)];
    if (place.cell == 0) {
      place.cell = cell;
      ++size_;
    }
    return place.value;
  }

  // The value of a cell that is known or fits in; otherwise nullptr.
  Value *at_once(Cell cell) noexcept {
    if (2 * (size_ + 1) > places_.size()) {
      return nullptr;
    }
    Place &place = places_[find(cell)];
    if (place.cell == 0) {
      place.cell = cell;
      ++size_;
    }
    return &place.value;
  }

  std::size_t size() const noexcept { return size_; }

  template <class Use>
  void each(Use use) const {
    for (const Place &place : places_) {
      if (place.cell != 0) {
        use(place.cell, place.value);
      }
    }
  }

  // By cell.
  std::pmr::vector<std::pair<Cell, Value>> sorted() const;

private:
  struct Place {
    Cell cell = 0;
    Value value{};
  };

  std::size_t find(Cell cell) const noexcept {
    const std::size_t mask = places_.size() - 1;
    auto at =
        static_cast<std::size_t>((static_cast<std::uint64_t>(cell) * 0x9E3779B97F4A7C15U) >> 32) &
        mask;
    while (places_[at].cell != 0 && places_[at].cell != cell) {
      at = (at + 1) & mask;
    }
    return at;
  }
  void grow();

  std::pmr::vector<Place> places_; // a power of two of them
  std::size_t size_ = 0;
};

class Heatmap {
public:
  static constexpr StateFormat format{"heatmap", StateKind::heatmap, 1};

  explicit Heatmap(const Env &env) : env_(env), cells_(env.memory) {}

  // Error 22023 for a cell of another precision than the first one's.
  void add(Cell cell, std::uint64_t pings = 1);
  // One ping, where that takes neither memory nor an error: nearly always. False otherwise.
  bool add_at_once(Cell cell) noexcept {
    if (precision_ == 0 || (cell & -cell) != Cell{1} << sentinel_shift(precision_)) {
      return false;
    }
    std::uint64_t *pings = cells_.at_once(cell);
    if (pings == nullptr || *pings >= static_cast<std::uint64_t>(INT64_MAX)) {
      return false;
    }
    ++*pings;
    return true;
  }
  void merge(const Heatmap &other);

  std::pmr::vector<std::pair<Cell, std::uint64_t>> cells() const { return cells_.sorted(); }

  std::size_t encoded_size() const;
  void encode(ByteWriter &out) const;
  void decode(ByteReader &in, std::uint8_t version);

private:
  Env env_;
  int precision_ = 0;
  CellMap<std::uint64_t> cells_;
};

class DecayedHeatmap {
public:
  static constexpr StateFormat format{"decayed_heatmap", StateKind::decayed_heatmap, 1};

  explicit DecayedHeatmap(const Env &env) : env_(env), cells_(env.memory) {}

  // Error 22023 for another precision or half-life (microseconds) than the first one, 22008 for an
  // infinite time.
  void add(Cell cell, Instant at, std::int64_t half_life);
  void merge(const DecayedHeatmap &other);

  // Weights as of a time, by cell. What has faded to nothing is 0; later pings than `as_of` weigh
  // more than 1.
  std::pmr::vector<std::pair<Cell, double>> cells(Instant as_of) const;

  std::size_t encoded_size() const;
  void encode(ByteWriter &out) const;
  void decode(ByteReader &in, std::uint8_t version);

private:
  struct Sum {
    double weight = 0;
    Instant as_of = 0;
  };

  void adopt(Cell cell, std::int64_t half_life);
  double faded(double weight, Instant from, Instant to) const noexcept;
  void join(Sum &sum, double weight, Instant as_of) const noexcept;

  Env env_;
  int precision_ = 0;
  std::int64_t half_life_ = 0;
  CellMap<Sum> cells_;
};

} // namespace starhouse::geo
