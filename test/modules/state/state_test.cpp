// A state that grows, bound as any sketch is: the bag of all numbers seen, in order. Its value says
// at once whether a row was lost, doubled or changed on any way through the server.
#include "pg/state.hpp"

#include <algorithm>
#include <vector>

#pragma GCC visibility push(default)
extern "C" {
PG_MODULE_MAGIC;
}
#pragma GCC visibility pop

namespace {

using namespace starhouse;

class Bag {
public:
  static constexpr StateFormat format{"bag_state", StateKind::test, 1};

  explicit Bag(const Env &env) : env_(env), numbers_(env.memory) {}

  void add(std::int64_t number) {
    if (number == 1'000'000) {
      throw Error(sqlstate::invalid_parameter_value, "1000000 is refused");
    }
    numbers_.push_back(number);
  }
  void grow(std::size_t bytes) { numbers_.reserve(bytes / sizeof(std::int64_t)); }
  void spin() const {
    for (;;) {
      env_.poll();
    }
  }
  void merge(const Bag &other) {
    numbers_.insert(numbers_.end(), other.numbers_.begin(), other.numbers_.end());
  }

  std::size_t count() const { return numbers_.size(); }
  std::uint64_t digest() const {
    std::uint64_t sum = 0;
    for (const std::int64_t number : numbers_) {
      sum += (static_cast<std::uint64_t>(number) + 1) * 0x9E37'79B9'7F4A'7C15U;
    }
    return sum;
  }

  std::size_t encoded_size() const {
    std::size_t size = ByteWriter::varint_size(numbers_.size());
    for (const std::int64_t number : numbers_) {
      size += ByteWriter::zigzag_size(number);
    }
    return size;
  }
  void encode(ByteWriter &out) const {
    std::pmr::vector<std::int64_t> sorted(numbers_, numbers_.get_allocator());
    std::sort(sorted.begin(), sorted.end());
    out.varint(sorted.size());
    for (const std::int64_t number : sorted) {
      out.zigzag(number);
    }
  }
  void decode(ByteReader &in, std::uint8_t /*version*/) {
    const std::size_t count = in.count(1);
    numbers_.reserve(count);
    for (std::size_t i = 0; i < count; ++i) {
      numbers_.push_back(in.zigzag());
      in.require(i == 0 || numbers_[i - 1] <= numbers_[i], "its numbers are not in order");
    }
  }

private:
  Env env_;
  std::pmr::vector<std::int64_t> numbers_;
};

using Bags = starhouse::pg::ExpandedState<Bag>;
using starhouse::pg::compute;

} // namespace

STARHOUSE_STATE_TYPE(bag_state, Bags)
STARHOUSE_STATE_COMBINE(bag_combine, Bags)

STARHOUSE_FUNCTION(starhouse_bag_transition) {
  if (PG_ARGISNULL(1)) {
    return Bags::unchanged(fcinfo);
  }
  const int64 number = PG_GETARG_INT64(1);
  return Bags::update(fcinfo, [&](Bag &bag) { bag.add(number); });
}

// What the executor's round trip alone costs.
STARHOUSE_FUNCTION(starhouse_bag_nothing) {
  return Bags::update(fcinfo, [](Bag &) {});
}

STARHOUSE_FUNCTION(starhouse_bag_grow) {
  const int64 bytes = PG_GETARG_INT64(1);
  return Bags::update(fcinfo, [&](Bag &bag) { bag.grow(static_cast<std::size_t>(bytes)); });
}

STARHOUSE_FUNCTION(starhouse_bag_spin) {
  return Bags::update(fcinfo, [](Bag &bag) { bag.spin(); });
}

STARHOUSE_FUNCTION(starhouse_bag_count) {
  const Bag &bag = Bags::argument(fcinfo, 0);
  PG_RETURN_INT64(static_cast<int64>(bag.count()));
}

STARHOUSE_FUNCTION(starhouse_bag_digest) {
  const Bag &bag = Bags::argument(fcinfo, 0);
  PG_RETURN_INT64(static_cast<int64>(bag.digest()));
}

// The same value as an expanded object that is no aggregate's.
STARHOUSE_FUNCTION(starhouse_bag_expand) {
  return Bags::expanded(PG_GETARG_DATUM(0));
}
