// Steps over floats: powers, seconds between times, the greatest and the least, against what the
// server's functions are defined to give.
#include "core/scan/steps.hpp"

#include <gtest/gtest.h>

#include <cmath>
#include <cstdint>
#include <limits>
#include <memory_resource>
#include <optional>

namespace starhouse::scan {
namespace {

constexpr double infinity = std::numeric_limits<double>::infinity();
constexpr double nan = std::numeric_limits<double>::quiet_NaN();

class StarScanFloats : public ::testing::Test {
protected:
  StarScanFloats() {
    for (int i = 0; i < 3; ++i) {
      batch_.add_column(false);
    }
  }

  static void put(Column &column, std::optional<std::int64_t> word) {
    column.any_null = !word;
    column.nulls[0] = word ? 0 : 1;
    column.words[0] = word.value_or(0);
  }
  std::optional<double> run(Step step, std::optional<std::int64_t> left,
                            std::optional<std::int64_t> right) {
    step.left = 0;
    step.right = 1;
    step.out = 2;
    put(batch_[0], left);
    put(batch_[1], right);
    run_step(step, batch_, 1, clock_, nullptr);
    return batch_[2].is_null(0) ? std::nullopt : std::optional(as_double(batch_[2].words[0]));
  }
  std::optional<double> of_floats(Step::Operation operation, std::optional<double> left,
                                  std::optional<double> right) {
    const auto word = [](std::optional<double> value) {
      return value ? std::optional(as_word(*value)) : std::nullopt;
    };
    return run({.operation = operation}, word(left), word(right));
  }
  std::optional<double> seconds(std::optional<std::int64_t> later,
                                std::optional<std::int64_t> earlier, bool infinite_too = true) {
    Step step{.operation = Step::Operation::seconds_between};
    step.infinite_too = infinite_too;
    return run(step, later, earlier);
  }

  std::pmr::monotonic_buffer_resource memory_;
  Env env_{.memory = &memory_};
  Batch batch_{env_, 4};
  LocalClock clock_{env_, {}};
};

TEST_F(StarScanFloats, PowersAreTheLibrarys) {
  constexpr auto power = Step::Operation::power;
  EXPECT_EQ(of_floats(power, 2.0, -0.75), std::pow(2.0, -0.75));
  EXPECT_EQ(of_floats(power, 2.0, -1074.0), std::numeric_limits<double>::denorm_min());
  EXPECT_EQ(of_floats(power, 0.5, 0.0), 1.0);
  EXPECT_EQ(of_floats(power, 2.0, -infinity), 0.0);
  EXPECT_EQ(of_floats(power, 2.0, infinity), infinity);
  EXPECT_EQ(of_floats(power, 0.5, infinity), 0.0);
  EXPECT_EQ(of_floats(power, 0.5, -infinity), infinity);
  EXPECT_EQ(of_floats(power, 1.0, infinity), 1.0);
  EXPECT_EQ(of_floats(power, 1.0, nan), 1.0);
  EXPECT_TRUE(std::isnan(of_floats(power, 2.0, nan).value_or(0)));
  EXPECT_EQ(of_floats(power, 2.0, std::nullopt), std::nullopt);
  EXPECT_THROW(of_floats(power, 2.0, 1024.0), Error);
  EXPECT_THROW(of_floats(power, 2.0, -1100.0), Error);
}

TEST_F(StarScanFloats, SecondsAreThoseOfWholeDaysAndTheRest) {
  EXPECT_EQ(seconds(1'500'000, 0), 1.5);
  EXPECT_EQ(seconds(0, 1'500'000), -1.5);
  EXPECT_EQ(seconds(day_length * 3 + 1, day_length), 86'400.0 * 2 + 1 / 1'000'000.0);
  EXPECT_EQ(seconds(-day_length, 1), -86'400.0 + -1 / 1'000'000.0);
  EXPECT_EQ(seconds(7, 7), 0.0);
  EXPECT_EQ(seconds(std::nullopt, 7), std::nullopt);
  EXPECT_EQ(seconds(7, std::nullopt), std::nullopt);
}

TEST_F(StarScanFloats, InfiniteTimesAreAnErrorOrInfinitelyFar) {
  EXPECT_EQ(seconds(infinite_time, 7), infinity);
  EXPECT_EQ(seconds(7, infinite_time), -infinity);
  EXPECT_EQ(seconds(minus_infinite_time, 7), -infinity);
  EXPECT_EQ(seconds(7, minus_infinite_time), infinity);
  EXPECT_EQ(seconds(infinite_time, minus_infinite_time), infinity);
  EXPECT_EQ(seconds(minus_infinite_time, infinite_time), -infinity);
  EXPECT_THROW(seconds(infinite_time, infinite_time), Error);
  EXPECT_THROW(seconds(minus_infinite_time, minus_infinite_time), Error);
  EXPECT_THROW(seconds(end_of_time - 1, first_time), Error);
  EXPECT_THROW(seconds(infinite_time, 7, false), Error);
  EXPECT_THROW(seconds(7, minus_infinite_time, false), Error);
  EXPECT_EQ(seconds(8, 7, false), 0.000001);
}

TEST_F(StarScanFloats, TheGreatestAndTheLeastLeaveNullsOut) {
  constexpr auto greatest = Step::Operation::greatest_float;
  constexpr auto least = Step::Operation::least_float;
  EXPECT_EQ(of_floats(greatest, 1.0, 2.0), 2.0);
  EXPECT_EQ(of_floats(least, 1.0, 2.0), 1.0);
  EXPECT_EQ(of_floats(greatest, std::nullopt, -2.0), -2.0);
  EXPECT_EQ(of_floats(greatest, -2.0, std::nullopt), -2.0);
  EXPECT_EQ(of_floats(least, std::nullopt, 2.0), 2.0);
  EXPECT_EQ(of_floats(least, 2.0, std::nullopt), 2.0);
  EXPECT_EQ(of_floats(least, std::nullopt, std::nullopt), std::nullopt);
  EXPECT_TRUE(std::isnan(of_floats(greatest, nan, infinity).value_or(0)));
  EXPECT_TRUE(std::isnan(of_floats(greatest, infinity, nan).value_or(0)));
  EXPECT_EQ(of_floats(least, nan, infinity), infinity);
  // Of equals the first.
  EXPECT_TRUE(std::signbit(of_floats(greatest, -0.0, 0.0).value_or(1)));
  EXPECT_FALSE(std::signbit(of_floats(least, 0.0, -0.0).value_or(-1)));
}

} // namespace
} // namespace starhouse::scan
