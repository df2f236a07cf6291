// Any bytes as a stored trending_state: an Error with a hint, or a state that stays sound when it
// is written, merged with itself, added to, moved and read at any time.
#include "core/score/trending.hpp"

#include <cmath>
#include <cstdint>
#include <cstdlib>
#include <cstring>
#include <vector>

namespace {

using namespace starhouse;
using score::Trending;

void require(bool holds) {
  if (!holds) {
    std::abort();
  }
}

std::vector<std::byte> stored(const Trending &state) {
  std::vector<std::byte> bytes(stored_size(state));
  write_state(state, bytes);
  return bytes;
}

// The value is a number, or an Error says that there is none.
void read(const Trending &state, std::int64_t as_of) {
  try {
    require(std::isfinite(state.value(as_of)));
  } catch (const starhouse::Error &error) {
    require(!error.hint().empty());
  }
}

} // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t *data, std::size_t size) {
  // The last 16 bytes are a time and a weight to add.
  std::int64_t time = 0;
  double weight = 1;
  if (size > 16) {
    size -= 16;
    std::memcpy(&time, data + size, sizeof time);
    std::memcpy(&weight, data + size + 8, sizeof weight);
  }
  try {
    Trending state;
    read_state(state, std::as_bytes(std::span(data, size)));
    require(stored(state) ==
            std::vector<std::byte>(reinterpret_cast<const std::byte *>(data),
                                   reinterpret_cast<const std::byte *>(data) + size));
    read(state, 0);
    read(state, time);
    Trending twice = state;
    twice.merge(state);
    Trending again;
    read_state(again, stored(twice));
    read(again, time);
    again.add(time, weight, score::HalfLife(again.half_life()));
    Trending grown;
    read_state(grown, stored(again));
    read(grown, time);
    if (grown.remove(time, weight, score::HalfLife(grown.half_life()))) {
      read(grown, time);
      Trending moved;
      read_state(moved, stored(grown));
    }
  } catch (const starhouse::Error &error) {
    require(!error.hint().empty());
  }
  return 0;
}
