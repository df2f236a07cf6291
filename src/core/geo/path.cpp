#include "core/geo/path.hpp"

#include "core/geo/geohash.hpp"
#include "core/geo/shape.hpp"

namespace starhouse::geo {

void check_ping(const Ping &ping) {
  check_latitude(ping.lat);
  check_longitude(ping.lon);
  check_instant(ping.at);
}

void LegRule::check() const {
  if (!(max_speed > 0)) {
    throw Error(sqlstate::invalid_parameter_value, "max_speed is not positive: " + shown(max_speed),
                "It is in metres per second; NULL sets no limit.");
  }
  if (!(max_jump > 0)) {
    throw Error(sqlstate::invalid_parameter_value, "max_jump is not positive: " + shown(max_jump),
                "It is in metres; NULL sets no limit.");
  }
}

void Path::adopt(const LegRule &rule) {
  if (!stretches_.empty()) {
    throw Error(sqlstate::invalid_parameter_value,
                "max_speed or max_jump differ between rows or states of one path",
                "Give the same limits for all of them.");
  }
  rule.check();
  rule_ = rule;
}

void Path::merge(const Path &other) {
  if (other.stretches_.empty()) {
    return;
  }
  if (stretches_.empty() || other.rule_ != rule_) {
    adopt(other.rule_);
  }
  for (const Stretch &stretch : other.stretches_.list()) {
    stretches_.insert(stretch);
  }
}

double Path::metres() const noexcept {
  double sum = 0;
  const Stretch *previous = nullptr;
  for (const Stretch &stretch : stretches_.list()) {
    if (previous != nullptr) {
      sum += rule_.length(previous->last, stretch.first);
    }
    sum += stretch.metres;
    previous = &stretch;
  }
  return sum;
}

namespace {
constexpr std::size_t ping_size = 24;
constexpr std::size_t stretch_size = 2 * ping_size + sizeof(double);

void write_ping(ByteWriter &out, const Ping &ping) {
  out.put(ping.at);
  out.put(ping.lat);
  out.put(ping.lon);
}

Ping read_ping(ByteReader &in) {
  Ping ping{};
  ping.at = in.get<std::int64_t>();
  ping.lat = in.get<double>();
  ping.lon = in.get<double>();
  in.require(is_ping(ping), "a ping is out of range");
  return ping;
}
} // namespace

std::size_t Path::encoded_size() const noexcept {
  const std::size_t count = stretches_.list().size();
  return 2 * sizeof(double) + ByteWriter::varint_size(count) + count * stretch_size;
}

void Path::encode(ByteWriter &out) const {
  out.put(rule_.max_speed);
  out.put(rule_.max_jump);
  out.varint(stretches_.list().size());
  for (const Stretch &stretch : stretches_.list()) {
    write_ping(out, stretch.first);
    write_ping(out, stretch.last);
    out.put(stretch.metres);
  }
}

void Path::decode(ByteReader &in, std::uint8_t /*version*/) {
  LegRule rule;
  rule.max_speed = in.get<double>();
  rule.max_jump = in.get<double>();
  in.require(rule.max_speed > 0 && rule.max_jump > 0, "a limit is not positive");
  rule_ = rule;
  Instant end = INT64_MIN;
  const std::size_t size = in.count(stretch_size);
  in.require(size > 0 || rule == LegRule{}, "limits without pings");
  for (std::size_t i = 0; i < size; ++i) {
    Stretch stretch(read_ping(in));
    stretch.last = read_ping(in);
    stretch.metres = in.get<double>();
    in.require(stretch.first.at >= end && stretch.last.at >= stretch.first.at,
               "stretches are not in order");
    in.require(stretch.metres >= 0 && stretch.metres < std::numeric_limits<double>::infinity(),
               "a length is out of range");
    end = stretch.last.at;
    stretches_.insert(stretch);
  }
}

double path_length(std::span<const Ping> pings, const LegRule &rule) noexcept {
  double sum = 0;
  for (std::size_t i = 1; i < pings.size(); ++i) {
    sum += rule.length(pings[i - 1], pings[i]);
  }
  return sum;
}

} // namespace starhouse::geo
