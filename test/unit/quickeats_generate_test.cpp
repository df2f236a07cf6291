#include "core/generate/quickeats.hpp"
#include "core/generate/quickeats_model.hpp"

#include <gtest/gtest.h>

#include <cstdint>
#include <map>
#include <memory>
#include <sstream>
#include <string>

namespace {

using namespace starhouse::generate;
using starhouse::Env;
using starhouse::Error;
using starhouse::calendar::day_from_civil;

class Memory final : public Output {
public:
  std::unique_ptr<OutputFile> create(std::string_view path, std::string_view /*feed*/) override {
    EXPECT_EQ(files.count(std::string(path)), 0U) << path;
    return std::make_unique<File>(files[std::string(path)]);
  }
  std::map<std::string, std::string> files;

private:
  class File final : public OutputFile {
  public:
    explicit File(std::string &content) : content_(content) {}
    void write(std::string_view bytes) override { content_ += bytes; }
    void close() override {}

  private:
    std::string &content_;
  };
};

class Nowhere final : public Output {
public:
  std::unique_ptr<OutputFile> create(std::string_view, std::string_view) override {
    return std::make_unique<File>();
  }

private:
  class File final : public OutputFile {
  public:
    void write(std::string_view) override {}
    void close() override {}
  };
};

QuickeatsOptions small() {
  QuickeatsOptions options;
  options.cities = 3;
  options.to = day_from_civil(2025, 3, 9);
  options.scale_ppm = 300'000;
  options.dirty_ppm = 50'000;
  return options;
}

std::int64_t lines_of(const std::string &content) {
  std::int64_t lines = 0;
  for (const char c : content) {
    lines += c == '\n' ? 1 : 0;
  }
  return lines;
}

TEST(GenerateQuickeats, SameOptionsSameBytes) {
  Memory a;
  Memory b;
  Memory c;
  QuickeatsOptions options = small();
  generate_quickeats(options, a, Env{});
  generate_quickeats(options, b, Env{});
  EXPECT_TRUE(a.files == b.files);
  options.seed = 7;
  generate_quickeats(options, c, Env{});
  EXPECT_FALSE(a.files == c.files);
}

TEST(GenerateQuickeats, CountsWhatItWrites) {
  Memory output;
  const QuickeatsTruth truth = generate_quickeats(small(), output, Env{});
  std::map<std::string, std::int64_t> records;
  std::map<std::string, std::int64_t> files;
  std::istringstream order(output.files.at("LOAD_ORDER"));
  for (std::string line; std::getline(order, line);) {
    const std::string feed = line.substr(0, line.find('\t'));
    const std::string path = line.substr(line.find('\t') + 1);
    const std::string &content = output.files.at(path);
    records[feed] += lines_of(content) - (path.ends_with(".csv") ? 1 : 0);
    ++files[feed];
  }
  for (const QuickeatsFeed &feed : truth.feeds) {
    EXPECT_EQ(records[feed.name], feed.records) << feed.name;
    EXPECT_EQ(files[feed.name], feed.files) << feed.name;
  }
  EXPECT_EQ(truth.all().orders, truth.all().delivered + truth.cancelled);
  std::int64_t hours = 0;
  for (const std::int64_t hour : truth.by_hour) {
    hours += hour;
  }
  EXPECT_EQ(hours, truth.all().orders);
  EXPECT_GT(truth.late_events, 0);
  EXPECT_GT(truth.stacked, 0);
  for (const QuickeatsFeed &feed : truth.feeds) {
    if (feed.name == "orders" || feed.name == "payments" || feed.name == "pings") {
      EXPECT_GT(feed.duplicates(), 0) << feed.name;
      EXPECT_GT(feed.rejected(), 0) << feed.name;
    }
  }
}

// The published figures come out of the model: 28 minutes, 96.5 % paid, 42 % repeat, 89 % on time,
// peaks from 12 to 15 and from 19 to 22.
TEST(GenerateQuickeats, DefaultMonthShowsThePublishedFigures) {
  for (const std::uint64_t seed : {42U, 1U, 7U}) {
    QuickeatsOptions options;
    options.seed = seed;
    Nowhere output;
    const QuickeatsTruth truth = generate_quickeats(options, output, Env{});
    const QuickeatsTruth::City all = truth.all();
    const auto delivered = static_cast<double>(all.delivered);
    EXPECT_NEAR(static_cast<double>(all.seconds) / 60 / delivered, 28.0, 1.0) << seed;
    EXPECT_NEAR(100 * static_cast<double>(all.on_time) / delivered, 89.0, 2.0) << seed;
    EXPECT_NEAR(100 * static_cast<double>(truth.paid_orders) / static_cast<double>(all.orders),
                96.5, 0.5)
        << seed;
    EXPECT_NEAR(100 * static_cast<double>(truth.repeat_customers) /
                    static_cast<double>(truth.customers),
                42.0, 1.5)
        << seed;
    for (std::size_t hour = 0; hour < 24; ++hour) {
      const bool peak = (hour >= 12 && hour < 15) || (hour >= 19 && hour < 22);
      EXPECT_EQ(truth.by_hour[hour] * 24 * 100 >= all.orders * 125, peak) << seed << ' ' << hour;
    }
  }
}

TEST(GenerateQuickeats, RoutesFollowStreets) {
  using quickeats::Point;
  const Point a{0, 0};
  const Point b{-300, 500};
  EXPECT_EQ(quickeats::street_metres(a, b), 800);
  const auto at = [&](std::int32_t metres) { return quickeats::along(a, b, metres); };
  EXPECT_EQ(at(100).x, -100);
  EXPECT_EQ(at(100).y, 0);
  EXPECT_EQ(at(300).x, -300);
  EXPECT_EQ(at(450).y, 150);
  EXPECT_EQ(at(5'000).y, 500);
  // A kilometre north is 0.00899 degrees.
  const quickeats::CityPlan &mumbai = quickeats::city_plans()[0];
  EXPECT_EQ(quickeats::latitude_of(mumbai, {0, 1'000}) - mumbai.latitude, 899);
  EXPECT_EQ(quickeats::longitude_of(mumbai, {1'000, 0}) - mumbai.longitude, 951);
}

TEST(GenerateQuickeats, RefusesWhatIsOutOfRange) {
  const auto refused = [](auto &&change) {
    QuickeatsOptions options = small();
    change(options);
    Nowhere output;
    EXPECT_THROW(generate_quickeats(options, output, Env{}), Error);
  };
  refused([](QuickeatsOptions &o) { o.cities = 0; });
  refused([](QuickeatsOptions &o) { o.cities = 13; });
  refused([](QuickeatsOptions &o) { o.to = o.from - 1; });
  refused([](QuickeatsOptions &o) { o.scale_ppm = 999; });
  refused([](QuickeatsOptions &o) { o.dirty_ppm = 500'001; });
}

} // namespace
