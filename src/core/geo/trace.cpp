#include "core/geo/trace.hpp"

#include "core/decimal_form.hpp"
#include "core/polled.hpp"

#include <algorithm>

namespace starhouse::geo {

void Trace::merge(const Trace &other) {
  const std::span<const Ping> more = other.pings();
  if (more.empty()) {
    return;
  }
  settled_ = settled_ && (pings_.empty() || before(pings_.back(), more.front()));
  pings_.insert(pings_.end(), more.begin(), more.end());
}

std::span<const Ping> Trace::pings() const {
  if (!settled_) {
    polled_sort(env_, pings_.begin(), pings_.end(), before);
    pings_.erase(std::unique(pings_.begin(), pings_.end()), pings_.end());
    settled_ = true;
  }
  return pings_;
}

namespace {

DecimalForm form_of(std::span<const Ping> pings, const Env &env) {
  DecimalForm form;
  polled_each(env, pings, [&](const Ping &ping) {
    form.show(ping.lat);
    form.show(ping.lon);
  });
  return form;
}

template <class Out>
void write_pings(std::span<const Ping> pings, const Env &env, Out &out) {
  const DecimalForm form = form_of(pings, env);
  out.varint(pings.size());
  out.put(form.code());
  std::int64_t last_lat = 0;
  std::int64_t last_lon = 0;
  const Ping *previous = nullptr;
  polled_each(env, pings, [&](const Ping &ping) {
    if (previous == nullptr) {
      out.zigzag(ping.at);
    } else {
      out.varint(micros_between(previous->at, ping.at));
    }
    form.write(out, ping.lat, last_lat);
    form.write(out, ping.lon, last_lon);
    previous = &ping;
  });
}

} // namespace

std::size_t Trace::encoded_size() const {
  ByteCounter counter;
  write_pings(pings(), env_, counter);
  return counter.size();
}

void Trace::encode(ByteWriter &out) const {
  write_pings(pings(), env_, out);
}

void Trace::decode(ByteReader &in, std::uint8_t /*version*/) {
  const std::size_t size = in.count(3);
  const DecimalForm form = DecimalForm::read(in);
  std::int64_t last_lat = 0;
  std::int64_t last_lon = 0;
  Ping ping{};
  for (std::size_t i = 0; i < size; ++i) {
    if ((i & 0xFFFFU) == 0) {
      env_.poll();
    }
    if (i == 0) {
      ping.at = in.zigzag();
    } else {
      const std::uint64_t step = in.varint();
      in.require(step <= micros_between(ping.at, INT64_MAX), "a time is out of range");
      ping.at = static_cast<Instant>(static_cast<std::uint64_t>(ping.at) + step);
    }
    ping.lat = form.read(in, last_lat) + 0.0;
    ping.lon = form.read(in, last_lon) + 0.0;
    in.require(is_ping(ping), "a ping is out of range");
    in.require(pings_.empty() || before(pings_.back(), ping), "pings are not in order");
    pings_.push_back(ping);
  }
}

std::pmr::vector<Stop> find_stops(std::span<const Ping> pings, double radius,
                                  std::int64_t min_duration, const Env &env) {
  if (!(radius > 0)) {
    throw Error(sqlstate::invalid_parameter_value, "radius is not positive", "It is in metres.");
  }
  if (min_duration <= 0) {
    throw Error(sqlstate::invalid_parameter_value, "min_duration is not positive",
                "It is an interval such as '5 minutes'.");
  }
  const auto enough = static_cast<std::uint64_t>(min_duration);
  std::pmr::vector<Stop> stops(env.memory);
  std::size_t steps = 0;
  for (std::size_t anchor = 0; anchor < pings.size();) {
    const Ping &first = pings[anchor];
    std::size_t end = anchor + 1;
    double lat = 0;
    double lon = 0;
    while (end < pings.size() &&
           sphere_distance({first.lat, first.lon}, {pings[end].lat, pings[end].lon}) <= radius) {
      // Differences, so that the mean is right across the date line too.
      lat += pings[end].lat - first.lat;
      const double east = pings[end].lon - first.lon;
      lon += east > 180 ? east - 360 : east < -180 ? east + 360 : east;
      ++end;
      if ((++steps & 0xFFFU) == 0) {
        env.poll();
      }
    }
    if (micros_between(first.at, pings[end - 1].at) < enough) {
      ++anchor;
      continue;
    }
    const auto count = static_cast<double>(end - anchor);
    double mean_lon = first.lon + lon / count;
    mean_lon += mean_lon > 180 ? -360 : mean_lon < -180 ? 360 : 0;
    stops.push_back({first.at, pings[end - 1].at, first.lat + lat / count, mean_lon, end - anchor});
    anchor = end;
  }
  return stops;
}

VisitFinder::VisitFinder(std::int64_t min_dwell, const Env &env)
    : min_dwell_(static_cast<std::uint64_t>(min_dwell)), visits_(env.memory) {
  if (min_dwell < 0) {
    throw Error(sqlstate::invalid_parameter_value, "min_dwell is negative",
                "It is an interval such as '2 minutes', or zero.");
  }
}

// The run has ended at `at`. Until another one that is long enough follows, the trace stays where
// it was: `left` is set at each end and stands once no further run of the zone comes.
void VisitFinder::end_run(Instant at, bool last) {
  if (pings_ == 0 || micros_between(start_, at) < min_dwell_) {
    return;
  }
  if (!settled_ || zone_ != current_) {
    settled_ = true;
    current_ = zone_;
    if (zone_ != no_zone) {
      visits_.push_back({zone_, start_, at, false, 0});
    }
  }
  if (zone_ != no_zone) {
    visits_.back().left = at;
    visits_.back().still_inside = last;
    visits_.back().pings += pings_;
  }
}

void VisitFinder::add(const Ping &ping, std::uint32_t zone) {
  if (pings_ > 0 && zone != zone_) {
    end_run(ping.at, false);
    pings_ = 0;
  }
  if (pings_ == 0) {
    zone_ = zone;
    start_ = ping.at;
  }
  last_ = ping.at;
  ++pings_;
}

std::pmr::vector<Visit> VisitFinder::finish() && {
  end_run(last_, true);
  return std::move(visits_);
}

} // namespace starhouse::geo
