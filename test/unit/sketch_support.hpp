// What the tests of sketches share.
#pragma once

#include "core/error.hpp"
#include "core/hash.hpp"
#include "core/state.hpp"

#include <cstdint>
#include <gtest/gtest.h>
#include <string>
#include <vector>

namespace starhouse::sketch {

inline const Env test_env;

template <class State>
std::vector<std::byte> stored(const State &state) {
  std::vector<std::byte> bytes(stored_size(state));
  write_state(state, bytes);
  return bytes;
}

template <class State>
State restored(const std::vector<std::byte> &bytes) {
  State state(test_env);
  read_state(state, bytes);
  return state;
}

template <class Do>
std::string error_code(Do act) {
  try {
    act();
  } catch (const Error &error) {
    EXPECT_FALSE(error.hint().empty());
    return error.code().data();
  }
  return "none";
}

// Every way to cut a stored form short, and single bytes changed: an Error or a sound state.
template <class State>
void expect_sound_under_damage(const std::vector<std::byte> &bytes) {
  for (std::size_t size = 0; size < bytes.size(); size += 1 + size / 50) {
    EXPECT_EQ(error_code([&] {
                restored<State>({bytes.begin(), bytes.begin() + static_cast<std::ptrdiff_t>(size)});
              }),
              "22P03")
        << "cut to " << size;
  }
  std::uint64_t seed = 3;
  for (int i = 0; i < 2000; ++i) {
    seed = hash64(seed);
    std::vector<std::byte> damaged = bytes;
    damaged[seed % damaged.size()] = static_cast<std::byte>(seed >> 40U);
    try {
      const State state = restored<State>(damaged);
      EXPECT_EQ(stored(restored<State>(stored(state))), stored(state));
    } catch (const Error &error) {
      EXPECT_STREQ(error.code().data(), "22P03");
    }
  }
}

// SplitMix64.
class Random {
public:
  explicit Random(std::uint64_t seed) : state_(hash64(seed)) {}
  std::uint64_t operator()() noexcept { return hash64(state_++ * 0x9E3779B97F4A7C15U); }
  double unit() noexcept { return static_cast<double>((*this)() >> 11U) * 0x1p-53; }
  std::uint64_t below(std::uint64_t limit) noexcept { return (*this)() % limit; }

private:
  std::uint64_t state_;
};

} // namespace starhouse::sketch
