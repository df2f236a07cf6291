// Decimals and their binary images; the images come from numeric_send of a PostgreSQL 15 server.
#include "core/stream/copy_buffer.hpp"

#include <gtest/gtest.h>

#include <cstdio>
#include <limits>
#include <string>

namespace {

using namespace starhouse::stream;

std::string hex(std::string_view bytes) {
  std::string out;
  for (const char c : bytes) {
    char digits[3];
    std::snprintf(digits, sizeof digits, "%02x", static_cast<unsigned char>(c));
    out += digits;
  }
  return out;
}

// The payload of the numeric that `text` becomes, or its status.
std::string image(std::string_view text) {
  std::string scratch;
  Decimal value;
  switch (parse_decimal(text, scratch, value)) {
  case DecimalStatus::not_a_number:
    return "not a number";
  case DecimalStatus::out_of_range:
    return "out of range";
  case DecimalStatus::ok:
    break;
  }
  CopyBuffer buffer;
  buffer.put_numeric(value);
  EXPECT_EQ(buffer.view().substr(0, 4),
            std::string({0, 0, 0, static_cast<char>(buffer.size() - 4)}));
  return hex(buffer.view().substr(4));
}

TEST(CopyBuffer, NumericImages) {
  EXPECT_EQ(image("0"), "0000000000000000");
  EXPECT_EQ(image("-0"), "0000000000000000");
  EXPECT_EQ(image("0.00"), "0000000000000002");
  EXPECT_EQ(image("1"), "00010000000000000001");
  EXPECT_EQ(image("+1"), "00010000000000000001");
  EXPECT_EQ(image("-1"), "00010000400000000001");
  EXPECT_EQ(image("0009999"), "0001000000000000270f");
  EXPECT_EQ(image("10000"), "00010001000000000001");
  EXPECT_EQ(image("10001"), "000200010000000000010001");
  EXPECT_EQ(image("100000000"), "00010002000000000001");
  EXPECT_EQ(image("123456789.123456789"), "0006000200000009000109291a8504d2162e2328");
  EXPECT_EQ(image("0.0001"), "0001ffff000000040001");
  EXPECT_EQ(image(".00001"), "0001fffe0000000503e8");
  EXPECT_EQ(image("0.00012345"), "0002ffff0000000800010929");
  EXPECT_EQ(image("-0.5"), "0001ffff400000011388");
  EXPECT_EQ(image("2.50"), "000200000000000200021388");
  EXPECT_EQ(image("12345678901234567890123456789.000000001"),
            "000b000700000009000109291a85007b11d722c509291a850000000003e8");
  EXPECT_EQ(image("1e20"), "00010005000000000001");
  EXPECT_EQ(image("100.0100"), "000200000000000400640064");
  EXPECT_EQ(image("0.00000000"), "0000000000000008");
  EXPECT_EQ(image("99990000.0000"), "0001000100000004270f");
  EXPECT_EQ(image("7E-5"), "0001fffe000000051b58");
  EXPECT_EQ(image("0.0007e-1"), "0001fffe000000051b58");
  EXPECT_EQ(image("12.5e1"), image("125"));
  EXPECT_EQ(image("12.5e0"), image("12.5"));
  EXPECT_EQ(image("1.25e1"), image("12.5"));
  EXPECT_EQ(image("0e100000"), "0000000000000000");
}

TEST(CopyBuffer, NumericFromInteger) {
  CopyBuffer buffer;
  buffer.put_numeric(std::int64_t{42});
  EXPECT_EQ(hex(buffer.view()), "0000000a0001000000000000002a");
  buffer.clear();
  buffer.put_numeric(std::numeric_limits<std::int64_t>::min());
  EXPECT_EQ(hex(buffer.view().substr(4)), "0005000440000000039a0d2c0170156516b0");
  buffer.clear();
  buffer.put_numeric(std::int64_t{0});
  EXPECT_EQ(hex(buffer.view()), "000000080000000000000000");
}

TEST(CopyBuffer, FixedWidthImages) {
  CopyBuffer buffer;
  buffer.begin_tuple(3);
  buffer.put_int8(-2);
  buffer.put_null();
  buffer.put_bool(true);
  EXPECT_EQ(hex(buffer.view()), "0003"
                                "00000008fffffffffffffffe"
                                "ffffffff"
                                "0000000101");
  buffer.clear();
  buffer.put_float8(-1.5);
  buffer.put_date(-1);
  buffer.put_timestamptz(1);
  EXPECT_EQ(hex(buffer.view()), "00000008bff8000000000000"
                                "00000004ffffffff"
                                "000000080000000000000001");
  buffer.clear();
  buffer.put_text("hé");
  buffer.put_jsonb("{}");
  buffer.put_text("");
  EXPECT_EQ(hex(buffer.view()), "0000000368c3a9"
                                "00000003017b7d"
                                "00000000");
}

TEST(CopyBuffer, HeaderAndTrailer) {
  CopyBuffer buffer;
  buffer.put_header();
  buffer.put_trailer();
  EXPECT_EQ(hex(buffer.view()), "5047434f50590aff0d0a00"
                                "00000000"
                                "00000000"
                                "ffff");
}

TEST(CopyBuffer, TruncateConsumeAndGrow) {
  CopyBuffer buffer;
  for (int i = 0; i < 10'000; ++i) {
    buffer.put_int8(i);
  }
  EXPECT_EQ(buffer.size(), 120'000U);
  buffer.truncate(24);
  buffer.truncate(1'000'000);
  EXPECT_EQ(hex(buffer.view()), "000000080000000000000000"
                                "000000080000000000000001");
  buffer.consume(12);
  EXPECT_EQ(hex(buffer.view()), "000000080000000000000001");
  buffer.patch_int64(4, 255);
  EXPECT_EQ(hex(buffer.view()), "0000000800000000000000ff");
  buffer.consume(100);
  EXPECT_TRUE(buffer.empty());
}

TEST(Decimal, WhatIsNoNumber) {
  for (const char *text :
       {"",     "+",   "-",        ".",  "-.", "1.2.3", "1,000", "1e",  "1e+",  "e5",
        "0x10", "NaN", "Infinity", " 1", "1 ", "1_000", "12a",   "--1", "1e5x", "$5"}) {
    EXPECT_EQ(image(text), "not a number") << text;
  }
}

TEST(Decimal, LimitsOfNumeric) {
  EXPECT_EQ(image("1e131072"), "out of range");
  EXPECT_EQ(image("1e-16384"), "out of range");
  EXPECT_EQ(image("1e99999999999999999999"), "out of range");
  EXPECT_EQ(image("1e-99999999999999999999"), "out of range");
  EXPECT_EQ(image(std::string(131'073, '1')), "out of range");
  EXPECT_EQ(image("0." + std::string(16'384, '1')), "out of range");
  std::string scratch;
  Decimal value;
  EXPECT_EQ(parse_decimal("1e131071", scratch, value), DecimalStatus::ok);
  EXPECT_EQ(value.whole.size(), 131'072U);
  EXPECT_EQ(parse_decimal("1e-16383", scratch, value), DecimalStatus::ok);
}

Decimal decimal(std::string_view text) {
  static std::string scratch; // none of these has an exponent
  Decimal value;
  EXPECT_EQ(parse_decimal(text, scratch, value), DecimalStatus::ok) << text;
  return value;
}

TEST(Decimal, Compare) {
  const std::vector<const char *> ascending{"-100", "-99.9", "-1",   "-0.5", "-0.05", "0",  "0.001",
                                            "0.01", "0.1",   "0.11", "1",    "9",     "10", "10.5"};
  for (std::size_t i = 0; i < ascending.size(); ++i) {
    for (std::size_t j = 0; j < ascending.size(); ++j) {
      EXPECT_EQ(compare(decimal(ascending[i]), decimal(ascending[j])), i < j   ? -1
                                                                       : i > j ? 1
                                                                               : 0)
          << ascending[i] << " " << ascending[j];
    }
  }
  EXPECT_EQ(compare(decimal("1.50"), decimal("01.5")), 0);
  EXPECT_EQ(compare(decimal("-0.0"), decimal("0")), 0);
}

TEST(Decimal, Round) {
  auto rounded = [](std::string_view text, std::size_t scale) {
    std::string scratch;
    const Decimal value = round_decimal(decimal(text), scale, scratch);
    return (value.negative ? "-" : "") + std::string(value.whole) + "." +
           std::string(value.fraction);
  };
  EXPECT_EQ(rounded("1.005", 2), "1.01");
  EXPECT_EQ(rounded("1.004", 2), "1.00");
  EXPECT_EQ(rounded("-1.005", 2), "-1.01");
  EXPECT_EQ(rounded("9.999", 2), "10.00");
  EXPECT_EQ(rounded("0.5", 0), "1.");
  EXPECT_EQ(rounded("-0.004", 2), ".00");
  EXPECT_EQ(rounded("99.5", 0), "100.");
  EXPECT_EQ(rounded("1.5", 4), "1.5");
}

TEST(Decimal, ToInt64) {
  auto whole = [](std::string_view text) {
    std::int64_t value = 0;
    const DecimalStatus status = to_int64(decimal(text), value);
    return status == DecimalStatus::ok             ? std::to_string(value)
           : status == DecimalStatus::not_a_number ? "fraction"
                                                   : "range";
  };
  EXPECT_EQ(whole("17850.0"), "17850");
  EXPECT_EQ(whole("-9223372036854775808"), "-9223372036854775808");
  EXPECT_EQ(whole("9223372036854775807"), "9223372036854775807");
  EXPECT_EQ(whole("9223372036854775808"), "range");
  EXPECT_EQ(whole("-9223372036854775809"), "range");
  EXPECT_EQ(whole("10000000000000000000"), "range");
  EXPECT_EQ(whole("1.5"), "fraction");
}

} // namespace
