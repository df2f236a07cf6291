#include "core/score/engagement.hpp"
#include "core/score/playback.hpp"
#include "core/score/ranking.hpp"
#include "core/score/rating.hpp"
#include "core/score/rfm.hpp"
#include "core/error.hpp"

#include <gtest/gtest.h>

#include <array>
#include <cmath>
#include <limits>
#include <string>
#include <utility>
#include <vector>

namespace {

using namespace starhouse;
using namespace starhouse::score;

constexpr double infinity = std::numeric_limits<double>::infinity();
constexpr double most = std::numeric_limits<double>::max();
constexpr double least = std::numeric_limits<double>::denorm_min();

std::string code_of(auto &&action) {
  try {
    action();
  } catch (const Error &error) {
    EXPECT_FALSE(error.hint().empty());
    return error.code().data();
  }
  return "none";
}

double rounded(double value, int places) {
  const double scale = std::pow(10, places);
  return std::round(value * scale) / scale;
}

TEST(Playback, CompletionRate) {
  EXPECT_EQ(completion_rate(45, 60), 75);
  EXPECT_EQ(completion_rate(90, 60), 100) << "a replay";
  EXPECT_EQ(completion_rate(0, 60), 0);
  EXPECT_EQ(completion_rate(0, 0), std::nullopt);
  EXPECT_EQ(completion_rate(most, most), 100);
  EXPECT_EQ(completion_rate(most / 2, most), 50);
}

TEST(Playback, Skip) {
  EXPECT_EQ(skip(29.9, 600, 30), true);
  EXPECT_EQ(skip(30, 600, 30), false);
  EXPECT_EQ(skip(15, 15, 30), false) << "a short clip seen to its end";
  EXPECT_EQ(skip(14, 15, 30), true);
  EXPECT_EQ(skip(0, 15, 0), false);
  EXPECT_EQ(skip(0, 0, 30), std::nullopt);
}

TEST(Playback, RebufferRatioLeavesOutStartupAndSeeks) {
  EXPECT_EQ(rebuffer_ratio(5, 95, 0, 0), 0.05);
  EXPECT_EQ(rebuffer_ratio(12, 95, 4, 3), 0.05);
  EXPECT_EQ(rebuffer_ratio(7, 95, 4, 3), 0);
  EXPECT_EQ(rebuffer_ratio(0.3, 95, 0.1, 0.2), 0) << "a difference of rounding";
  EXPECT_EQ(rebuffer_ratio(5, 0, 0, 0), 1);
  EXPECT_EQ(rebuffer_ratio(0, 0, 0, 0), std::nullopt);
  EXPECT_EQ(rebuffer_ratio(4, 0, 4, 0), std::nullopt);
  EXPECT_EQ(rebuffer_ratio(most, most, 0, 0), 0.5);
  EXPECT_EQ(code_of([] { rebuffer_ratio(5, 95, 4, 3); }), "22023");
}

// The examples on Mux's page.
TEST(Playback, MuxStartupScores) {
  EXPECT_EQ(rounded(startup_score(0.4), 0), 95);
  EXPECT_EQ(startup_score(2), 80);
  EXPECT_EQ(startup_score(8), 50);
  EXPECT_EQ(rounded(startup_score(20), 0), 29);
  EXPECT_EQ(startup_score(0), 100);
}

TEST(Playback, SmoothnessScore) {
  EXPECT_EQ(smoothness_score(0, 0), 100);
  EXPECT_DOUBLE_EQ(smoothness_score(0.1, 2), 50 / std::sqrt(2.0) + 50 / std::exp(1.0));
  EXPECT_EQ(smoothness_score(0, most), 50);
  EXPECT_EQ(code_of([] { smoothness_score(1.1, 1); }), "22023");
  EXPECT_EQ(code_of([] { smoothness_score(-0.1, 1); }), "22023");
  EXPECT_EQ(code_of([] { smoothness_score(std::nan(""), 1); }), "22023");
}

// Tables of the normal distribution, and erf as its inverse over the whole range.
TEST(Rating, NormalQuantile) {
  for (const auto &[confidence, z] :
       std::vector<std::pair<double, double>>{{0.5, 0.6744897501960817},
                                              {0.8, 1.2815515655446004},
                                              {0.9, 1.6448536269514722},
                                              {0.95, 1.959963984540054},
                                              {0.99, 2.5758293035489004},
                                              {0.999, 3.2905267314919255}}) {
    // 1 - confidence is what counts, and the literal is off by half a bit.
    EXPECT_NEAR(normal_quantile(confidence), z, 2e-16 / (1 - confidence)) << confidence;
  }
  for (int i = 1; i < 1000; ++i) {
    const double confidence = i / 1000.0;
    EXPECT_NEAR(std::erf(normal_quantile(confidence) / std::sqrt(2.0)), confidence,
                1e-15 + confidence * 1e-15);
  }
  EXPECT_NEAR(normal_quantile(1e-12), 1.2533141373155003e-12, 1e-26);
  EXPECT_NEAR(std::erfc(normal_quantile(1 - 0x1p-53) / std::sqrt(2.0)) / 0x1p-53, 1, 1e-12);
  for (const double bad : {0.0, 1.0, -0.5, 1.5, infinity, std::nan("")}) {
    EXPECT_EQ(code_of([&] { normal_quantile(bad); }), "22023");
  }
}

// R. G. Newcombe, "Two-sided confidence intervals for the single proportion", Statistics in
// Medicine 17 (1998), table I, method 3 (score, without continuity correction), 95 %.
TEST(Rating, NewcombesTable) {
  const double z = normal_quantile(0.95);
  const auto interval = [&](double positive, double total) {
    const Interval bounds = wilson_interval(positive, total, z);
    return std::pair(rounded(bounds.lower, 4), rounded(bounds.upper, 4));
  };
  EXPECT_EQ(interval(81, 263), std::pair(0.2553, 0.3662));
  EXPECT_EQ(interval(15, 148), std::pair(0.0624, 0.1605));
  EXPECT_EQ(interval(0, 20), std::pair(0.0, 0.1611));
  EXPECT_EQ(interval(1, 29), std::pair(0.0061, 0.1718));
}

TEST(Rating, WilsonAtItsEnds) {
  const double z = normal_quantile(0.95);
  EXPECT_EQ(wilson_interval(0, 0, z).lower, 0);
  EXPECT_EQ(wilson_interval(0, 0, z).upper, 1);
  EXPECT_EQ(wilson_interval(0, 7, z).lower, 0);
  EXPECT_EQ(wilson_interval(7, 7, z).upper, 1);
  EXPECT_EQ(wilson_interval(least, least, z).upper, 1);
  for (const double total : {1e-300, 1e-3, 1.0, 3.0, 1e6, 1e15, 1e300}) {
    for (const double share : {0.0, 1e-9, 0.25, 0.5, 0.999, 1.0}) {
      const Interval bounds = wilson_interval(share * total, total, z);
      EXPECT_GE(bounds.lower, 0);
      EXPECT_LE(bounds.upper, 1);
      EXPECT_LE(bounds.lower, share * (1 + 1e-12));
      EXPECT_GE(bounds.upper, share * (1 - 1e-12));
      // Symmetric: failures are the successes of the other side.
      EXPECT_NEAR(wilson_interval((1 - share) * total, total, z).lower, 1 - bounds.upper, 1e-12);
    }
  }
  EXPECT_EQ(code_of([&] { wilson_interval(2, 1, z); }), "22023");
  EXPECT_EQ(code_of([&] { wilson_interval(-1, 1, z); }), "22023");
  EXPECT_EQ(code_of([&] { wilson_interval(0, infinity, z); }), "22023");
}

// IMDb's weighted rating with its figures of 2007 (1300 votes, mean 6.7) and of later (25000, 7.0).
TEST(Rating, BayesianAverage) {
  EXPECT_DOUBLE_EQ(*bayesian_average(9.1, 1300, 6.7, 1300), 7.9);
  EXPECT_DOUBLE_EQ(*bayesian_average(9.2, 2'000'000, 7.0, 25'000),
                   (2'000'000 * 9.2 + 25'000 * 7.0) / 2'025'000);
  EXPECT_DOUBLE_EQ(*bayesian_average(8, 5, 7.0, 25'000), (5 * 8 + 25'000 * 7.0) / 25'005);
  EXPECT_EQ(bayesian_average(0, 0, 7, 100), 7);
  EXPECT_EQ(bayesian_average(5, 3, 7, 0), 5);
  EXPECT_EQ(bayesian_average(0, 0, 7, 0), std::nullopt);
  EXPECT_EQ(bayesian_average(2, most, 4, most), 3);
  EXPECT_EQ(code_of([] { bayesian_average(1, -1, 1, 1); }), "22023");
  EXPECT_EQ(code_of([] { bayesian_average(std::nan(""), 1, 1, 1); }), "22023");
}

constexpr std::int64_t micros = 1'000'000;

TEST(Ranking, RedditsHot) {
  // 2005-12-08 07:46:43 UTC, where the scale begins.
  const std::int64_t epoch = (1'134'028'003 - 946'684'800) * micros;
  EXPECT_EQ(hot_score(0, 0, epoch), 0);
  EXPECT_EQ(hot_score(1, 0, epoch), 0);
  EXPECT_EQ(hot_score(10, 0, epoch), 1);
  EXPECT_EQ(hot_score(0, 100, epoch), -2);
  EXPECT_EQ(hot_score(1010, 10, epoch), 3);
  // Ten times the votes weigh as much as twelve and a half hours.
  EXPECT_EQ(hot_score(10, 0, epoch), hot_score(1, 0, epoch + 45'000 * micros));
  EXPECT_EQ(hot_score(20, 10, 347'155'200 * micros), 3552.3777111) << "2011-01-01";
  EXPECT_EQ(hot_score(INT64_MAX, 0, epoch), 18.9648897);
  EXPECT_EQ(hot_score(0, INT64_MAX, epoch), -18.9648897);
  EXPECT_EQ(code_of([] { hot_score(-1, 0, 0); }), "22023");
  EXPECT_EQ(code_of([] { hot_score(0, INT64_MIN, 0); }), "22023");
}

TEST(Ranking, HackerNewsGravity) {
  // The short form, (P - 1) / (T + 2)^G, at the points of the plot in A. Salihefendic, "How Hacker
  // News ranking algorithm works" (2010).
  for (const double points : {30.0, 60.0, 200.0}) {
    for (const double hours : {0.0, 5.0, 24.0}) {
      EXPECT_DOUBLE_EQ(gravity_score(points, hours, 1.8, 1),
                       (points - 1) / std::pow(hours + 2, 1.8));
    }
  }
  EXPECT_EQ(rounded(gravity_score(200, 24, 1.8, 1), 4), 0.5648);
  // news.arc: the exponent for points above the submitter's own only.
  EXPECT_DOUBLE_EQ(gravity_score(33, 0, 1, 0.8), 8);
  EXPECT_EQ(gravity_score(1, 3, 1.8, 0.8), 0);
  EXPECT_EQ(gravity_score(-3, 0, 1, 0.8), -2);
  EXPECT_EQ(gravity_score(5, -7, 1, 1), 2) << "posted later counts as just posted";
  EXPECT_EQ(code_of([] { gravity_score(most, 0, 1.8, 2); }), "22003");
  EXPECT_EQ(code_of([] { gravity_score(std::nan(""), 0, 1.8, 0.8); }), "22023");
  EXPECT_EQ(code_of([] { gravity_score(1, 0, -1, 0.8); }), "22023");
  EXPECT_EQ(code_of([] { gravity_score(1, 0, 1, infinity); }), "22023");
}

TEST(Engagement, StaysOnItsScaleAndGrowsWithEachPart) {
  const EngagementWeights weights;
  EXPECT_EQ(engagement_score(0, 0, 0, 0, 0, weights), 0);
  EXPECT_EQ(engagement_score(100, 0, 0, 0, 0, weights), 50);
  EXPECT_EQ(engagement_score(250, 0, 0, 0, 0, weights), 50);
  // Every part at its half, the video half watched: 50 whatever the weights.
  EXPECT_DOUBLE_EQ(engagement_score(50, 1, 1, 2, 30, weights), 50);
  EXPECT_EQ(engagement_score(most, most, most, most, most, weights), 100);
  EXPECT_EQ(engagement_score(0, least, least, least, least, weights), 0);
  double before = -1;
  for (int i = 0; i < 60; ++i) {
    const double now = engagement_score(10, i, i, i, i, weights);
    EXPECT_GT(now, before);
    EXPECT_LT(now, 100);
    before = now;
  }
}

TEST(Engagement, OnlyProportionsOfWeightsMatter) {
  EngagementWeights one{.watch = 1, .likes = 2, .shares = 3, .comments = 4, .session = 5};
  EngagementWeights thousand{
      .watch = 1000, .likes = 2000, .shares = 3000, .comments = 4000, .session = 5000};
  EXPECT_DOUBLE_EQ(engagement_score(70, 3, 1, 4, 12, one),
                   engagement_score(70, 3, 1, 4, 12, thousand));
  EngagementWeights likes_alone{
      .watch = 0, .likes = 1, .shares = 0, .comments = 0, .session = 0, .likes_half = 9};
  EXPECT_EQ(engagement_score(100, 9, 9, 9, 9, likes_alone), 50);
  EXPECT_EQ(engagement_score(100, 27, 9, 9, 9, likes_alone), 75);
}

TEST(Engagement, RefusesWeightsWithoutMeaning) {
  const std::array all{&EngagementWeights::watch,       &EngagementWeights::likes,
                       &EngagementWeights::shares,      &EngagementWeights::comments,
                       &EngagementWeights::session,     &EngagementWeights::likes_half,
                       &EngagementWeights::shares_half, &EngagementWeights::comments_half,
                       &EngagementWeights::session_half};
  for (const auto column : all) {
    for (const double bad : {-1.0, infinity, std::nan("")}) {
      EngagementWeights weights;
      weights.*column = bad;
      EXPECT_EQ(code_of([&] { validate(weights); }), "22023");
    }
  }
  EXPECT_EQ(code_of([] { validate({.likes_half = 0}); }), "22023");
  EXPECT_EQ(
      code_of([] { validate({.watch = 0, .likes = 0, .shares = 0, .comments = 0, .session = 0}); }),
      "22023");
  EXPECT_EQ(code_of([] { validate({.watch = most, .likes = most}); }), "22023")
      << "the sum overflows";
  EXPECT_EQ(code_of([] { validate({}); }), "none");
  for (const double bad : {-1.0, infinity, std::nan("")}) {
    EXPECT_EQ(code_of([&] { engagement_score(bad, 0, 0, 0, 0, {}); }), "22023");
    EXPECT_EQ(code_of([&] { engagement_score(0, bad, 0, 0, 0, {}); }), "22023");
    EXPECT_EQ(code_of([&] { engagement_score(0, 0, bad, 0, 0, {}); }), "22023");
    EXPECT_EQ(code_of([&] { engagement_score(0, 0, 0, bad, 0, {}); }), "22023");
    EXPECT_EQ(code_of([&] { engagement_score(0, 0, 0, 0, bad, {}); }), "22023");
  }
}

TEST(Rfm, ClassesAndDigits) {
  const std::vector<double> days{30, 60, 90, 180};
  const std::vector<double> orders{1, 2, 4, 8};
  const std::vector<double> money{100, 200, 500, 1000};
  EXPECT_EQ(rfm_score(5, 20, 5000, days, orders, money), 555);
  EXPECT_EQ(rfm_score(400, 1, 50, days, orders, money), 111);
  EXPECT_EQ(rfm_score(30, 2, 100, days, orders, money), 521)
      << "a limit belongs to the class below it";
  EXPECT_EQ(rfm_score(30.5, 2.5, 100.5, days, orders, money), 432);
  EXPECT_EQ(
      rfm_score(5, 1, 1, std::vector<double>{10}, std::vector<double>{10}, std::vector<double>{10}),
      211);
  EXPECT_EQ(rfm_class("frequency", 3, std::vector<double>{2, 2, 2, 4}), 4)
      << "equal limits leave a class empty";
  EXPECT_EQ(code_of([] { rfm_class("frequency", 3, std::vector<double>{}); }), "22023");
  EXPECT_EQ(code_of([] { rfm_class("frequency", 3, std::vector<double>(9, 1.0)); }), "22023");
  EXPECT_EQ(code_of([] { rfm_class("frequency", 3, std::vector<double>{2, 1}); }), "22023");
  EXPECT_EQ(code_of([] {
              rfm_class("frequency", 3, std::vector<double>{2, std::nan("")});
            }),
            "22023");
  EXPECT_EQ(code_of([] { rfm_class("frequency", std::nan(""), std::vector<double>{2}); }), "22023");
}

} // namespace
