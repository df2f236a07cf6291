// The figures of a video's day: what machine numbers settle has to be what decimal arithmetic
// gives, and what they cannot settle has to be said.
#include "core/score/engagement_day.hpp"

#include <cmath>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <gtest/gtest.h>
#include <random>
#include <string>

namespace {

using namespace starhouse;
using exact::Decimal;

std::string mean(Decimal::Digits digits, unsigned scale, std::int64_t count) {
  const auto found = score::mean_to_hundredths(Decimal(digits, scale), count);
  return found ? found->text() : "the server's";
}

std::string hundredths(double x) {
  const auto found = score::to_hundredths(x);
  return found ? found->text() : "the server's";
}

TEST(EngagementDay, MeansAreRoundedHalfAwayFromZero) {
  EXPECT_EQ(mean(100, 2, 8), "0.13"); // 0.125
  EXPECT_EQ(mean(-100, 2, 8), "-0.13");
  EXPECT_EQ(mean(99, 2, 8), "0.12"); // 0.12375
  EXPECT_EQ(mean(200, 0, 3), "66.67");
  EXPECT_EQ(mean(0, 6, 5), "0.00");
  EXPECT_EQ(mean(1, 9, 1), "0.00");
  EXPECT_EQ(mean(5000000, 9, 1), "0.01"); // 0.005
  EXPECT_EQ(mean(4999999, 9, 1), "0.00");
}

TEST(EngagementDay, LargeMeansAreLeftToTheServer) {
  EXPECT_EQ(mean(Decimal::Digits{10000000000}, 2, 1), "the server's"); // 10^8
  EXPECT_EQ(mean(Decimal::Digits{9999999999}, 2, 1), "99999999.99");
  EXPECT_EQ(mean(1, 10, 1), "the server's");
  EXPECT_EQ(mean(1, 2, 10000001), "the server's");
  EXPECT_EQ(mean(1, 2, 0), "the server's");
  EXPECT_EQ(score::mean_to_hundredths(Decimal(Decimal::not_a_number), 1), std::nullopt);
  EXPECT_EQ(score::mean_to_hundredths(Decimal(Decimal::plus_infinity), 1), std::nullopt);
}

// The quotient in long division, digit by digit.
TEST(EngagementDay, MeansEqualLongDivision) {
  std::mt19937_64 random(7);
  for (int i = 0; i < 20000; ++i) {
    const unsigned scale = static_cast<unsigned>(random() % 7);
    const auto count = static_cast<std::int64_t>(1 + random() % 900);
    const auto digits = static_cast<std::int64_t>(random() % 100000000);
    std::int64_t divisor = count;
    for (unsigned n = 0; n < scale; ++n) {
      divisor *= 10;
    }
    std::int64_t rest = digits % divisor;
    std::int64_t wanted = digits / divisor;
    for (int place = 0; place < 2; ++place) {
      rest *= 10;
      wanted = wanted * 10 + rest / divisor;
      rest %= divisor;
    }
    wanted += 2 * rest >= divisor ? 1 : 0;
    ASSERT_EQ(mean(digits, scale, count), Decimal(wanted, 2).text()) << digits << " " << scale;
  }
}

TEST(EngagementDay, PercentsEqualLongDivision) {
  const auto percent = [](const Decimal &part, const Decimal &whole) {
    const auto found = score::percent_to_hundredths(part, whole);
    return found ? found->text() : "the server's";
  };
  EXPECT_EQ(percent(Decimal(1), Decimal(8)), "12.50");
  EXPECT_EQ(percent(Decimal(1), Decimal(3)), "33.33");
  EXPECT_EQ(percent(Decimal(125, 5), Decimal(10)), "0.01"); // 0.0125
  EXPECT_EQ(percent(Decimal(5, 4), Decimal(10)), "0.01");   // 0.005
  EXPECT_EQ(percent(Decimal(499, 6), Decimal(10)), "0.00");
  EXPECT_EQ(percent(Decimal(0), Decimal(10)), "0.00");
  EXPECT_EQ(percent(Decimal(10), Decimal(10)), "the server's");
  EXPECT_EQ(percent(Decimal(1), Decimal(0)), "the server's");
  EXPECT_EQ(percent(Decimal(-1), Decimal(1)), "the server's");
  EXPECT_EQ(percent(Decimal(1, 10), Decimal(1)), "the server's");
  EXPECT_EQ(percent(Decimal(1), Decimal(Decimal::Digits{10000000000001}, 0)), "the server's");
  EXPECT_EQ(percent(Decimal(1), Decimal(Decimal::plus_infinity)), "the server's");
  std::mt19937_64 random(17);
  for (int i = 0; i < 20000; ++i) {
    const auto whole = static_cast<std::int64_t>(1 + random() % 1000000);
    const auto part = static_cast<std::int64_t>(random()) & 0xFFFFF;
    if (part >= whole) {
      continue;
    }
    const std::int64_t wanted = (20000 * part + whole) / (2 * whole);
    ASSERT_EQ(percent(Decimal(part, 2), Decimal(whole, 2)), Decimal(wanted, 2).text());
    ASSERT_EQ(percent(Decimal(part, 0), Decimal(whole, 0)), Decimal(wanted, 2).text());
  }
}

TEST(EngagementDay, DoublesAreTheNearestOrNone) {
  std::mt19937_64 random(11);
  for (int i = 0; i < 20000; ++i) {
    const Decimal sum(static_cast<std::int64_t>(random() >> (11 + random() % 40)),
                      static_cast<unsigned>(random() % 23));
    const auto found = score::nearest_double(sum);
    ASSERT_TRUE(found);
    ASSERT_EQ(*found, std::strtod(sum.text().c_str(), nullptr)) << sum.text();
  }
  EXPECT_FALSE(score::nearest_double(Decimal((Decimal::Digits{1} << 53U) + 1, 0)));
  EXPECT_FALSE(score::nearest_double(Decimal(1, 23)));
  EXPECT_FALSE(score::nearest_double(Decimal(Decimal::minus_infinity)));
}

TEST(EngagementDay, ScoresAreRoundedAsTheirFifteenDigits) {
  EXPECT_EQ(hundredths(0), "0.00");
  EXPECT_EQ(hundredths(100), "100.00");
  EXPECT_EQ(hundredths(12.34), "12.34");
  EXPECT_EQ(hundredths(99.994999), "99.99");
  EXPECT_EQ(hundredths(99.996), "100.00");
  EXPECT_EQ(hundredths(1.005), "the server's");
  EXPECT_EQ(hundredths(0.125), "the server's");
  EXPECT_EQ(hundredths(-0.01), "the server's");
  EXPECT_EQ(hundredths(std::nan("")), "the server's");
  std::mt19937_64 random(13);
  for (int i = 0; i < 20000; ++i) {
    const double x = std::uniform_real_distribution<double>(0, 100)(random);
    const std::string found = hundredths(x);
    if (found == "the server's") {
      continue;
    }
    char digits[32];
    std::snprintf(digits, sizeof digits, "%.12f", x);
    const std::string text = digits;
    const std::size_t point = text.find('.');
    std::int64_t wanted = std::stoll(text.substr(0, point) + text.substr(point + 1, 2));
    wanted += text[point + 3] >= '5' ? 1 : 0;
    ASSERT_EQ(found, Decimal(wanted, 2).text()) << text;
  }
}

} // namespace
