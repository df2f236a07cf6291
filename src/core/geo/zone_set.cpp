#include "core/geo/zone_set.hpp"

#include "core/decimal_form.hpp"
#include "core/polled.hpp"
#include "core/stream/encoding.hpp"

#include <algorithm>
#include <bit>

namespace starhouse::geo {

namespace {

// Where encode() writes to when only the size, or the digest, is wanted.
class Measure {
public:
  template <class Number>
  void put(Number value) {
    size_ += sizeof value;
    if constexpr (std::same_as<Number, double>) {
      mix(std::bit_cast<std::uint64_t>(value));
    } else {
      mix(static_cast<std::uint64_t>(value));
    }
  }
  void put(std::string_view text) {
    size_ += text.size();
    for (const char c : text) {
      mix(static_cast<unsigned char>(c));
    }
  }
  void varint(std::uint64_t value) {
    size_ += ByteWriter::varint_size(value);
    mix(value);
  }
  void zigzag(std::int64_t value) {
    size_ += ByteWriter::zigzag_size(value);
    mix(static_cast<std::uint64_t>(value));
  }

  std::size_t size() const noexcept { return size_; }
  std::uint64_t digest() const noexcept { return digest_; }

private:
  // Steele and others' splitmix64, one round for each item.
  void mix(std::uint64_t value) noexcept {
    std::uint64_t z = (digest_ ^ value) + 0x9E3779B97F4A7C15U;
    z = (z ^ (z >> 30)) * 0xBF58476D1CE4E5B9U;
    z = (z ^ (z >> 27)) * 0x94D049BB133111EBU;
    digest_ = z ^ (z >> 31);
  }

  std::size_t size_ = 0;
  std::uint64_t digest_ = 0;
};

template <class Out>
void write_shape(const Shape &shape, Out &out) {
  DecimalForm form;
  shape.each_edge([&](Vertex from, Vertex) {
    form.show(from.lon);
    form.show(from.lat);
  });
  out.put(form.code());
  std::int64_t last_lon = 0;
  std::int64_t last_lat = 0;
  out.varint(shape.polygon_count());
  for (std::size_t p = 0; p < shape.polygon_count(); ++p) {
    const std::size_t end = shape.first_ring(p + 1);
    out.varint(end - shape.first_ring(p));
    for (std::size_t r = shape.first_ring(p); r < end; ++r) {
      const auto ring = shape.ring(r);
      const auto open = ring.first(ring.size() - 1);
      out.varint(open.size());
      for (const Vertex vertex : open) {
        form.write(out, vertex.lon, last_lon);
        form.write(out, vertex.lat, last_lat);
      }
    }
  }
}

// All but the digest.
template <class Out>
void write_zones(const ZoneSet &set, Out &out, const Env &env) {
  out.put(static_cast<std::uint8_t>(set.kind()));
  const auto zones = set.sorted();
  out.varint(zones.size());
  polled_each(env, zones, [&](const Zone *zone) {
    if (set.kind() == ZoneSet::Kind::number) {
      out.zigzag(zone->number);
    } else {
      out.varint(zone->text.size());
      out.put(std::string_view(zone->text));
    }
    write_shape(zone->shape, out);
  });
}

Shape read_shape(ByteReader &in, const Env &env) {
  const DecimalForm form = DecimalForm::read(in);
  std::int64_t last_lon = 0;
  std::int64_t last_lat = 0;
  ShapeBuilder builder(env);
  const auto check = [&](Flaw flaw) {
    in.require(flaw != Flaw::too_wide, "a ring is wider than 360 degrees");
    in.require(flaw == Flaw::none, "a ring is invalid");
  };
  for (std::size_t polygons = in.count(2); polygons > 0; --polygons) {
    builder.begin_polygon();
    const std::size_t rings = in.count(1);
    in.require(rings > 0, "a polygon has no ring");
    for (std::size_t r = 0; r < rings; ++r) {
      builder.begin_ring();
      const std::size_t size = in.count(2 * form.least_size());
      for (std::size_t i = 0; i < size; ++i) {
        const double lon = form.read(in, last_lon);
        const double lat = form.read(in, last_lat);
        check(builder.add({lon, lat}));
      }
      check(builder.end_ring(ShapeBuilder::Closing::appended));
    }
    builder.end_polygon();
  }
  return std::move(builder).take();
}

} // namespace

void ZoneSet::become(Kind kind) {
  if (kind_ != kind && kind_ != Kind::none) {
    throw Error(sqlstate::invalid_parameter_value,
                "zones with ids that are numbers and others with texts cannot be put together",
                "Cast the ids of one of them.");
  }
  kind_ = kind;
}

void ZoneSet::add(std::int64_t id, const Shape &shape) {
  become(Kind::number);
  zones_.push_back({id, std::pmr::string(env_.memory), Shape(shape, env_.memory)});
}

void ZoneSet::add(std::string_view id, const Shape &shape) {
  if (!stream::valid_text(id)) {
    throw Error(sqlstate::character_not_in_repertoire, "the id of a zone is not valid UTF-8",
                "Ids are texts without NUL characters.");
  }
  become(Kind::text);
  zones_.push_back({0, std::pmr::string(id, env_.memory), Shape(shape, env_.memory)});
}

void ZoneSet::merge(const ZoneSet &other) {
  if (other.kind_ == Kind::none) {
    return;
  }
  become(other.kind_);
  for (const Zone &zone : other.zones_) {
    env_.poll();
    zones_.push_back(
        {zone.number, std::pmr::string(zone.text, env_.memory), Shape(zone.shape, env_.memory)});
  }
}

std::pmr::vector<const Zone *> ZoneSet::sorted() const {
  std::pmr::vector<const Zone *> order(env_.memory);
  order.reserve(zones_.size());
  for (const Zone &zone : zones_) {
    order.push_back(&zone);
  }
  polled_stable_sort(env_, order.begin(), order.end(), [this](const Zone *a, const Zone *b) {
    return kind_ == Kind::number ? a->number < b->number : a->text < b->text;
  });
  return order;
}

std::size_t ZoneSet::encoded_size() const {
  Measure measure;
  write_zones(*this, measure, env_);
  return sizeof(std::uint64_t) + measure.size();
}

void ZoneSet::encode(ByteWriter &out) const {
  Measure measure;
  write_zones(*this, measure, env_);
  out.put(measure.digest());
  write_zones(*this, out, env_);
}

void ZoneSet::decode(ByteReader &in, std::uint8_t /*version*/) {
  const auto digest = in.get<std::uint64_t>();
  const auto kind = in.get<std::uint8_t>();
  in.require(kind <= static_cast<std::uint8_t>(Kind::text), "an unknown kind of ids");
  kind_ = static_cast<Kind>(kind);
  const std::size_t size = in.count(3);
  in.require((size == 0) == (kind_ == Kind::none), "zones without a kind of ids");
  for (std::size_t i = 0; i < size; ++i) {
    if ((i & 0xFFFU) == 0) {
      env_.poll();
    }
    if (kind_ == Kind::number) {
      const std::int64_t id = in.zigzag();
      add(id, read_shape(in, env_));
    } else {
      const std::string_view id = in.text(in.count(1));
      in.require(stream::valid_text(id), "an id is not valid UTF-8");
      add(id, read_shape(in, env_));
    }
  }
  Measure measure;
  write_zones(*this, measure, env_);
  in.require(measure.digest() == digest, "its digest is wrong");
}

} // namespace starhouse::geo
