// A series of values over time, collected in any order, and what is read off it: averages weighted
// by time, fewer points that look the same, buckets without gaps.
//
// Points are a set, ordered by time, then value (NaN last): one that comes twice is in it once.
// Several values at one time are the several points of a vertical step, from the least to the
// greatest.
//
// Stored form (after the header of all states): varint option (what a one-step aggregate was asked
// for, else 0), varint points, form of the values (decimal_form.hpp); each point: varint difference
// of its time to the one before (the first: zigzag time), then the value in that form.
#pragma once

#include "core/behaviour/event_list.hpp"
#include "core/behaviour/sort_key.hpp"
#include "core/state.hpp"

#include <string_view>

namespace starhouse::behaviour {

struct Point {
  Instant at;
  double value;
};

// How a series is meant between its points.
enum class Method : std::uint8_t {
  step = 1,  // a value holds until the next one (last observation carried forward)
  linear = 2 // straight lines
};

// 'step' (or 'locf') and 'linear'; error 22023 for another name.
Method method_of(std::string_view name);

class TimeSeries {
public:
  static constexpr StateFormat format{"time_series", StateKind::time_series, 1};

  explicit TimeSeries(const Env &env) : points_(env) {}

  struct Row {
    Instant at;
    double value;
    std::uint32_t option;
  };
  void add(const Row &row) { add(row.at, row.value, row.option); }
  void fetch(const Row &) const noexcept { points_.fetch(); }

  // Errors 22023 for an option that differs from the first one, 22008 for an infinite time.
  void add(Instant at, double value, std::uint32_t option = 0) {
    if (option != option_) {
      adopt(option);
    }
    if (!is_finite(at)) {
      refuse_infinite_time();
    }
    points_.add({at, sort_key(value)});
  }
  void merge(const TimeSeries &other);

  std::uint32_t option() const noexcept { return option_; }
  std::size_t size() const { return points_.sorted().size(); }
  Point operator[](std::size_t place) const {
    const Stored &point = points_.sorted()[place];
    return {point.at, from_sort_key(point.key)};
  }
  // The first place whose time is not before `at`.
  std::size_t place_of(Instant at) const;

  // Average between the first and the last point; that of a single instant is its last value.
  // False without points.
  bool average(Method method, double &average) const;
  // Of the part of [from, until) where a value is known: step: from the first point on, the last
  // one holds for ever; linear: between the first and the last. False where none is. Error 22023
  // unless from < until, both finite.
  bool average(Method method, Instant from, Instant until, double &average) const;

  // Largest Triangle Three Buckets (S. Steinarsson, Downsampling Time Series for Visual
  // Representation, 2013): `wanted` of the points, at least 3 (else an error 22023), chosen so that
  // a line through them looks like one through all: the first, the last, and of each of wanted - 2
  // buckets with the same number of points the one that makes the largest triangle with the one
  // chosen before and the mean of the bucket after; of equal ones the first. Points that are not
  // finite are passed over.
  std::pmr::vector<Point> lttb(std::int64_t wanted, const Env &env) const;

  std::size_t encoded_size() const;
  void encode(ByteWriter &out) const;
  void decode(ByteReader &in, std::uint8_t version);

private:
  struct Stored {
    Instant at;
    std::int64_t key;
    friend bool operator<(const Stored &a, const Stored &b) noexcept {
      return a.at != b.at ? a.at < b.at : a.key < b.key;
    }
  };

  // Sum of values times the microseconds they hold, and those, both times `scale`.
  struct Weighed {
    double sum;
    double length;
  };

  void adopt(std::uint32_t option);
  Weighed weigh(Method method, Instant from, Instant until, double scale) const;
  template <class Out>
  void write(Out &out) const;

  std::uint32_t option_ = 0;
  EventList<Stored, DropEqual> points_;
};

enum class Fill : std::uint8_t { none = 0, zero = 1, step = 2, linear = 3 };

// 'null', 'zero', 'step' (or 'locf') and 'linear'; error 22023 for another name.
Fill fill_of(std::string_view name);

// Buckets of a series one after the other, in order of time.
class GapFiller {
public:
  GapFiller(const TimeSeries &series, Fill fill) : series_(series), fill_(fill) {}

  struct Bucket {
    double value;
    bool known;
    bool filled; // no point lies in it
  };
  // Of [from, until): the value of the last point in it, or else by the way of filling: that of the
  // last point before it; or at `from` on the line from that to the next one after.
  Bucket next(Instant from, Instant until);

private:
  const TimeSeries &series_;
  Fill fill_;
  std::size_t place_ = 0; // first point not before the bucket
  bool begun_ = false;
};

} // namespace starhouse::behaviour
