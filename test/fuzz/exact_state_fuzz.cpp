// Any bytes as a stored distinct_state or sum_map, whichever their first byte names: an Error with
// a hint, or a state that writes itself back the same, can be merged, read and worked with.
#include "core/exact/distinct.hpp"
#include "core/exact/sum_map.hpp"

#include <cstdint>
#include <cstdlib>
#include <vector>

namespace {

using namespace starhouse;
using exact::DistinctSet;
using exact::SumMap;

const Env env;

void require(bool holds) {
  if (!holds) {
    std::abort();
  }
}

template <class State>
std::vector<std::byte> stored(const State &state) {
  std::vector<std::byte> bytes(stored_size(state));
  write_state(state, bytes);
  return bytes;
}

void use(const DistinctSet &set, DistinctSet &again) {
  require(set.overlap(again) == set.size());
  DistinctSet both(env);
  both.select(set, again, true);
  require(both.size() == set.size());
  DistinctSet none(env);
  none.select(set, again, false);
  require(none.size() == 0);
  again.merge(set);
  require(stored(again) == stored(set));
}

void use(const SumMap &map, SumMap &again) {
  map.visit([&]<class Value>(const exact::KeyMap<Value> &keys) {
    if constexpr (std::is_same_v<Value, exact::Count>) {
      if (keys.kind() != KeyKind{}) {
        bool found = false;
        exact::mode(map, keys.kind(), [&](const auto &key) {
          found = true;
          require(keys.find(keys.kind(), key) != nullptr);
        });
        require(found == (map.size() > 0));
      }
    }
    keys.visit([&](const auto &table) {
      table.each([&](const auto &entry) {
        if constexpr (std::is_same_v<Value, exact::Decimal>) {
          require(!entry.value.text().empty());
        }
      });
    });
  });
  again.merge(map); // sums may overflow
  require(again.size() == map.size());
}

template <class State>
void check(Bytes bytes) {
  State state(env);
  read_state(state, bytes);
  const std::vector<std::byte> once = stored(state);
  State again(env);
  read_state(again, once);
  require(stored(again) == once);
  State merged(env);
  merged.merge(state);
  require(stored(merged) == once);
  use(state, again);
}

} // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t *data, std::size_t size) {
  const Bytes bytes = std::as_bytes(std::span(data, size));
  try {
    if (size > 0 && data[0] == static_cast<std::uint8_t>(StateKind::distinct)) {
      check<DistinctSet>(bytes);
    } else if (size > 0 && data[0] == static_cast<std::uint8_t>(StateKind::sum_map)) {
      check<SumMap>(bytes);
    }
  } catch (const Error &error) {
    require(!error.hint().empty());
  }
  return 0;
}
