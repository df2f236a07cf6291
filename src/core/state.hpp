// What an aggregate state of the core offers, and the stored form all of them share:
//
//   byte 0   kind, which state this is (StateKind: bytes of another type are refused)
//   byte 1   version of the form, from 1
//   then     what State::encode wrote (core/bytes.hpp: little-endian, counts checked)
//
// On disk, in COPY and between servers it is these bytes; as text, their base64.
#pragma once

#include "core/bytes.hpp"
#include "core/error.hpp"

#include <concepts>
#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <string_view>

namespace starhouse {

// Numbers are part of stored data: never reuse or change one.
enum class StateKind : std::uint8_t {
  test = 0,
  trending = 1,
  zone_index = 2,
  path = 10,
  trace = 11,
  activity = 12,
  heatmap = 13,
  decayed_heatmap = 14,
  distinct = 20,
  sum_map = 21,
  percentile = 30,
  percentile_bigint = 31,
  percentile_time = 32,
  percentile_interval = 33,
  best = 34,
  ratio = 35,
  weighted_average = 36,
  geometric_mean = 37,
  variance = 38,
  sum = 39,
  distinct_sketch = 40,
  percentile_sketch = 41,
  top_k_sketch = 42,
  theta_sketch = 43,
  funnel = 50,
  day_set = 51,
  retention = 52,
  sessions = 53,
  interval_union = 54,
  histogram = 55,
  quantile_histogram = 56,
  concurrency = 57,
  time_series = 58,
  ewma = 59,
  event_path = 60,
  path_counts = 61,
};

struct StateFormat {
  std::string_view type; // SQL name of the type, for messages
  StateKind kind;
  std::uint8_t version; // the one written; those before it are still read
};

// encoded_size and encode agree to the byte. decode fills a fresh state from what a version of
// encode wrote, or throws through the reader; it believes nothing it has not checked.
template <class State>
concept StoredState = requires(State &state, const State &other, ByteReader &in, ByteWriter &out,
                               std::uint8_t version) {
  { State::format } -> std::convertible_to<StateFormat>;
  { other.encoded_size() } -> std::same_as<std::size_t>;
  other.encode(out);
  state.decode(in, version);
  state.merge(other);
};

inline constexpr std::size_t state_header_size = 2;

template <StoredState State>
std::size_t stored_size(const State &state) {
  return state_header_size + state.encoded_size();
}

// `target` has stored_size(state) bytes.
template <StoredState State>
void write_state(const State &state, std::span<std::byte> target) {
  ByteWriter out(target);
  out.put(static_cast<std::uint8_t>(State::format.kind));
  out.put(State::format.version);
  state.encode(out);
  out.finish();
}

// `state` is fresh. `code` is 22P03, or 22P02 for bytes that came as text.
template <StoredState State>
void read_state(State &state, Bytes bytes,
                SqlState code = sqlstate::invalid_binary_representation) {
  ByteReader in(bytes, State::format.type, code);
  const auto kind = in.get<std::uint8_t>();
  if (kind != static_cast<std::uint8_t>(State::format.kind)) {
    in.fail("kind " + std::to_string(kind) + " is that of another type");
  }
  const auto version = in.get<std::uint8_t>();
  if (version < 1 || version > State::format.version) {
    in.fail("version " + std::to_string(version) + " is not known here (1 to " +
            std::to_string(State::format.version) + " are)");
  }
  state.decode(in, version);
  in.finish();
}

} // namespace starhouse
