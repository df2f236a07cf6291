#include "core/behaviour/time_series.hpp"

#include "core/decimal_form.hpp"

#include <algorithm>
#include <cmath>

namespace starhouse::behaviour {

namespace {

[[noreturn]] void refuse_name(const char *what, std::string_view name, const char *choices) {
  throw Error(sqlstate::invalid_parameter_value,
              "unknown " + std::string(what) + ": \"" + std::string(name) + "\"",
              std::string("Choose from ") + choices + ".");
}

// A sum that loses almost nothing to rounding (A. Neumaier, 1974). What is not finite stays so.
class Sum {
public:
  void add(double term) noexcept {
    const double sum = sum_ + term;
    if (std::isfinite(sum)) {
      lost_ += std::abs(sum_) >= std::abs(term) ? (sum_ - sum) + term : (term - sum) + sum_;
    }
    sum_ = sum;
  }
  double value() const noexcept { return std::isfinite(sum_) ? sum_ + lost_ : sum_; }

private:
  double sum_ = 0;
  double lost_ = 0;
};

double length_of(Instant from, Instant to) noexcept {
  return static_cast<double>(micros_between(from, to));
}

// On the line from one point to another, at a time between.
double value_between(const Point &from, const Point &to, Instant at) noexcept {
  const double part = at == from.at ? 0 : length_of(from.at, at) / length_of(from.at, to.at);
  const double rise = to.value - from.value;
  return part == 0             ? from.value
         : std::isfinite(rise) ? from.value + rise * part
                               : from.value * (1 - part) + to.value * part;
}

constexpr double largest = DecimalForm::most_exact;

} // namespace

Method method_of(std::string_view name) {
  if (name == "step" || name == "locf") {
    return Method::step;
  }
  if (name == "linear") {
    return Method::linear;
  }
  refuse_name("method", name, "step (or locf) and linear");
}

Fill fill_of(std::string_view name) {
  if (name == "null") {
    return Fill::none;
  }
  if (name == "zero") {
    return Fill::zero;
  }
  if (name == "step" || name == "locf") {
    return Fill::step;
  }
  if (name == "linear") {
    return Fill::linear;
  }
  refuse_name("way to fill gaps", name, "null, zero, step (or locf) and linear");
}

void TimeSeries::adopt(std::uint32_t option) {
  if (option_ != 0 || !points_.empty()) {
    throw Error(sqlstate::invalid_parameter_value,
                "the method or the number of points differs between rows or states of one series",
                "Give the same for all of them.");
  }
  option_ = option;
}

void TimeSeries::merge(const TimeSeries &other) {
  if (other.points_.empty()) {
    return;
  }
  if (other.option_ != option_) {
    adopt(other.option_);
  }
  points_.merge(other.points_);
}

std::size_t TimeSeries::place_of(Instant at) const {
  const auto points = points_.sorted();
  return static_cast<std::size_t>(
      std::lower_bound(points.begin(), points.end(), at,
                       [](const Stored &point, Instant time) { return point.at < time; }) -
      points.begin());
}

bool TimeSeries::average(Method method, double &average) const {
  const std::size_t count = size();
  if (count == 0) {
    return false;
  }
  const Point first = (*this)[0];
  const Point last = (*this)[count - 1];
  if (first.at == last.at) {
    average = last.value;
    return true;
  }
  return this->average(method, first.at, last.at, average);
}

bool TimeSeries::average(Method method, Instant from, Instant until, double &average) const {
  check_finite(from);
  check_finite(until);
  if (from >= until) {
    throw Error(sqlstate::invalid_parameter_value, "the time to average over is empty",
                "Give its start before its end.");
  }
  const Weighed plain = weigh(method, from, until, 1);
  average = plain.sum / plain.length;
  if (!std::isfinite(average) && plain.length > 0) {
    // Products of values and microseconds may pass the range of a double where the average does
    // not; as parts of 2^64, which is longer than any time, they cannot.
    const Weighed scaled = weigh(method, from, until, 0x1p-64);
    average = scaled.sum / scaled.length;
  }
  return plain.length > 0;
}

TimeSeries::Weighed TimeSeries::weigh(Method method, Instant from, Instant until,
                                      double scale) const {
  Sum sum;
  Sum length;
  const std::size_t count = size();
  // From the point that holds at `from` on.
  std::size_t place = place_of(from);
  place -= place > 0 ? 1 : 0;
  for (; place < count; ++place) {
    if ((place & 0xFFFFU) == 0) {
      points_.env().poll();
    }
    const Point here = (*this)[place];
    const bool is_last = place + 1 == count;
    if (here.at >= until || (is_last && method == Method::linear)) {
      break;
    }
    const Point next = is_last ? Point{until, here.value} : (*this)[place + 1];
    const Instant start = std::max(here.at, from);
    const Instant end = std::min(next.at, until);
    if (start >= end) {
      continue;
    }
    const double lasts = length_of(start, end) * scale;
    length.add(lasts);
    if (method == Method::step) {
      sum.add(here.value * lasts);
    } else {
      sum.add((value_between(here, next, start) / 2 + value_between(here, next, end) / 2) * lasts);
    }
  }
  return {sum.value(), length.value()};
}

std::pmr::vector<Point> TimeSeries::lttb(std::int64_t wanted, const Env &env) const {
  if (wanted < 3) {
    throw Error(sqlstate::invalid_parameter_value,
                "a series cannot be shown by " + std::to_string(wanted) + " points",
                "Give 3 or more, such as the width of the chart in pixels.");
  }
  std::pmr::vector<Point> all(env.memory);
  const std::size_t count = size();
  for (std::size_t i = 0; i < count; ++i) {
    if (const Point point = (*this)[i]; std::isfinite(point.value)) {
      all.push_back(point);
    }
  }
  if (static_cast<std::uint64_t>(wanted) >= all.size()) {
    return all;
  }
  const auto buckets = static_cast<std::size_t>(wanted) - 2;
  const Instant origin = all.front().at;
  // Bucket i of the points between the first and the last.
  const auto start_of = [&](std::size_t bucket) {
    const std::size_t inner = all.size() - 2;
    return 1 + inner / buckets * bucket + inner % buckets * bucket / buckets;
  };
  std::pmr::vector<Point> chosen(env.memory);
  chosen.reserve(static_cast<std::size_t>(wanted));
  chosen.push_back(all.front());
  for (std::size_t bucket = 0; bucket < buckets; ++bucket) {
    env.poll();
    const std::size_t start = start_of(bucket);
    const std::size_t end = start_of(bucket + 1);
    const std::size_t after = bucket + 1 == buckets ? all.size() : start_of(bucket + 2);
    double mean_time = 0;
    double mean_value = 0;
    for (std::size_t i = end; i < after; ++i) {
      const auto others = static_cast<double>(after - end);
      mean_time += length_of(origin, all[i].at) / others;
      mean_value += all[i].value / others;
    }
    const double from_time = length_of(origin, chosen.back().at);
    const double from_value = chosen.back().value;
    std::size_t best = start;
    double largest_area = -1;
    for (std::size_t i = start; i < end; ++i) {
      const double area =
          std::abs((from_time - mean_time) * (all[i].value - from_value) -
                   (from_time - length_of(origin, all[i].at)) * (mean_value - from_value));
      if (area > largest_area) {
        largest_area = area;
        best = i;
      }
    }
    chosen.push_back(all[best]);
  }
  chosen.push_back(all.back());
  return chosen;
}

GapFiller::Bucket GapFiller::next(Instant from, Instant until) {
  if (!begun_) {
    begun_ = true;
    place_ = series_.place_of(from);
  }
  std::size_t end = place_;
  const std::size_t count = series_.size();
  while (end < count && series_[end].at < until) {
    ++end;
  }
  Bucket bucket{0, true, end == place_};
  if (!bucket.filled || (fill_ == Fill::step && end > 0)) {
    bucket.value = series_[end - 1].value;
  } else if (fill_ == Fill::linear && end > 0 && end < count) {
    bucket.value = value_between(series_[end - 1], series_[end], from);
  } else {
    bucket.known = fill_ == Fill::zero;
  }
  place_ = end;
  return bucket;
}

template <class Out>
void TimeSeries::write(Out &out) const {
  const auto points = points_.sorted();
  DecimalForm form(largest);
  // Large values may not have as many decimals as small ones need: again, until one form does.
  for (int before = -1; before != form.code();) {
    before = form.code();
    polled_each(points_.env(), points,
                [&](const Stored &point) { form.show(from_sort_key(point.key)); });
  }
  out.varint(option_);
  out.varint(points.size());
  out.put(form.code());
  std::int64_t last_value = 0;
  const Stored *previous = nullptr;
  for (const Stored &point : points) {
    if (previous == nullptr) {
      out.zigzag(point.at);
    } else {
      out.varint(micros_between(previous->at, point.at));
    }
    form.write(out, from_sort_key(point.key), last_value);
    previous = &point;
  }
}

std::size_t TimeSeries::encoded_size() const {
  ByteCounter counter;
  write(counter);
  return counter.size();
}

void TimeSeries::encode(ByteWriter &out) const {
  write(out);
}

void TimeSeries::decode(ByteReader &in, std::uint8_t /*version*/) {
  const std::uint64_t option = in.varint();
  in.require(option <= UINT32_MAX, "the option is out of range");
  option_ = static_cast<std::uint32_t>(option);
  const std::size_t count = in.count(2);
  in.require(count > 0 || option == 0, "an option without points");
  const DecimalForm form = DecimalForm::read(in, largest);
  std::int64_t last_value = 0;
  Stored point{};
  for (std::size_t i = 0; i < count; ++i) {
    if ((i & 0xFFFFU) == 0) {
      points_.env().poll();
    }
    point.at = i == 0 ? in.zigzag() : read_later(in, point.at);
    point.key = sort_key(form.read(in, last_value));
    in.require(is_finite(point.at) && points_.append(point), "points are not in order");
  }
}

} // namespace starhouse::behaviour
