// The server's numerics as keys and as floats.
#include "core/scan/numeric_value.hpp"

#include "core/error.hpp"

#include <gtest/gtest.h>

#include <cmath>
#include <cstdint>
#include <string>
#include <vector>

namespace starhouse::scan {
namespace {

std::string units(std::initializer_list<std::uint16_t> values) {
  std::string bytes;
  for (const std::uint16_t value : values) {
    bytes.append(reinterpret_cast<const char *>(&value), sizeof value);
  }
  return bytes;
}

std::string key_of(const std::string &numeric) {
  std::string key(numeric.size() + numeric_key_head, '\0');
  key.resize(write_numeric_key(numeric, key.data()));
  return key;
}

std::string numeric_of(const std::string &key, unsigned scale) {
  std::string numeric(key.size(), '\0');
  numeric.resize(write_numeric_of_key(key, scale, numeric.data()));
  return numeric;
}

const std::string zero = units({0x8000});
const std::string zero_00 = units({0x8000 | 2 << 7});
const std::string one_0 = units({0x8000 | 1 << 7, 1});
const std::string one_00 = units({0x8000 | 2 << 7, 1});
const std::string one_long = units({70, 0, 1}); // 70 digits after the point
const std::string minus_one = units({0x8000 | 0x2000, 1});
const std::string ten_thousand = units({0x8000 | 1, 1});
const std::string tenth = units({0x8000 | 1 << 7 | 0x7F, 1000});
const std::string large = units({0, 100, 12, 3456, 7});
const std::string small = units({0x4000 | 900, static_cast<std::uint16_t>(-100), 5});
const std::string not_a_number = units({0xC000});
const std::string infinity = units({0xD000});
const std::string minus_infinity = units({0xF000});

TEST(StarScanNumeric, WhatIsEqualIsOneKey) {
  EXPECT_EQ(key_of(one_0), key_of(one_00));
  EXPECT_EQ(key_of(one_0), key_of(one_long));
  EXPECT_EQ(key_of(zero), key_of(zero_00));
  EXPECT_EQ(key_of(units({0x8000, 1, 0})), key_of(one_0));     // a 0 behind
  EXPECT_EQ(key_of(units({0x8000 | 1, 0, 1})), key_of(one_0)); // and in front
  EXPECT_EQ(key_of(units({0x8000 | 0x2000})), key_of(zero));   // -0 is 0
  const std::vector<std::string> different{zero,     one_0,         minus_one, ten_thousand,
                                           tenth,    large,         small,     not_a_number,
                                           infinity, minus_infinity};
  for (std::size_t i = 0; i < different.size(); ++i) {
    for (std::size_t j = 0; j < i; ++j) {
      EXPECT_NE(key_of(different[i]), key_of(different[j])) << i << " " << j;
    }
  }
}

TEST(StarScanNumeric, AKeyIsTheNumberAgain) {
  for (const std::string &numeric :
       {zero, zero_00, one_0, one_00, one_long, minus_one, ten_thousand, tenth, large, small}) {
    EXPECT_EQ(numeric_of(key_of(numeric), numeric_view(numeric).scale), numeric);
  }
  for (const std::string &special : {not_a_number, infinity, minus_infinity}) {
    EXPECT_EQ(numeric_of(key_of(special), 0), special);
  }
}

TEST(StarScanNumeric, Floats) {
  EXPECT_EQ(numeric_float(zero_00), 0);
  EXPECT_EQ(numeric_float(one_00), 1);
  EXPECT_EQ(numeric_float(minus_one), -1);
  EXPECT_EQ(numeric_float(tenth), 0.1);
  EXPECT_TRUE(std::isnan(numeric_float(not_a_number)));
  EXPECT_EQ(numeric_float(infinity), HUGE_VAL);
  EXPECT_EQ(numeric_float(minus_infinity), -HUGE_VAL);
  // 123456789012345678901.0625, of more digits than a float has
  EXPECT_EQ(numeric_float(units({0x8000 | 4 << 7 | 5, 1, 2345, 6789, 123, 4567, 8901, 625})),
            123456789012345678901.0625);
}

TEST(StarScanNumeric, WhatNoFloatIsIsAnError) {
  EXPECT_THROW(numeric_float(large), Error);
  EXPECT_THROW(numeric_float(small), Error);
}

} // namespace
} // namespace starhouse::scan
