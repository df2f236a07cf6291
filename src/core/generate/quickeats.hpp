// QuickEats' source files: order events, payments, drivers' pings, feedback and app events of some
// Indian cities, day by day, with cities, restaurants, drivers and customers; dirt included, truth
// beside it.
//
// The same options give the same bytes on any machine. Memory depends on the number of restaurants,
// drivers and customers and on a day's orders in one city, not on their sum. docs/generate.md
// describes the model.
#pragma once

#include "core/calendar/day.hpp"
#include "core/error.hpp"
#include "core/generate/output.hpp"
#include "core/generate/random.hpp"

#include <array>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace starhouse::generate {

struct QuickeatsOptions {
  std::uint64_t seed = 42;
  std::uint32_t cities = 8; // 1 to 12
  calendar::Day from = calendar::day_from_civil(2025, 3, 1);
  calendar::Day to = calendar::day_from_civil(2025, 3, 31);
  std::uint32_t scale_ppm = million; // orders, restaurants and drivers per city
  std::uint32_t dirty_ppm = 10'000;  // of the records
};

// Ways a record is spoiled. The first are mended while loading. The others must be rejected; each
// stands beside the good record, as sources that try again leave it.
enum class QuickeatsDirt : std::uint8_t {
  none,
  odd_status,       // "Out For Delivery", " DELIVERED"
  odd_date,         // 14/03/2025 17:05:09, epoch seconds
  missing_customer, // the placed event names nobody
  duplicate,        // the same record again, at once or in the next day's file
  text_in_number,   // rejected from here on
  no_such_date,
  unknown_status,
  negative_amount,
  far_future,
  outside_earth,
  no_fix,
  broken_json,
};
inline constexpr std::size_t quickeats_dirt_count = 13;
std::string_view dirt_name(QuickeatsDirt dirt) noexcept;

struct QuickeatsFeed {
  std::string name;
  std::int64_t files = 0;
  std::int64_t records = 0;
  std::array<std::int64_t, quickeats_dirt_count> dirt{};

  std::int64_t duplicates() const noexcept {
    return dirt[static_cast<std::size_t>(QuickeatsDirt::duplicate)];
  }
  std::int64_t rejected() const noexcept;
};

// What a warehouse must show after loading the files, counted while they are written.
struct QuickeatsTruth {
  struct City {
    std::string id;
    std::int64_t orders = 0;
    std::int64_t delivered = 0;
    std::int64_t seconds = 0; // from order to door, of the delivered ones
    std::int64_t on_time = 0;
    std::int64_t amount = 0; // paisa, of all orders
  };
  std::vector<QuickeatsFeed> feeds;
  std::vector<City> cities;
  std::array<std::int64_t, 24> by_hour{};
  std::int64_t cancelled = 0;
  std::int64_t stacked = 0; // orders that a driver carried beside another
  std::int64_t payment_attempts = 0;
  std::int64_t failed_attempts = 0;
  std::int64_t paid_orders = 0;
  std::int64_t refunds = 0;
  std::int64_t refunded = 0;  // paisa
  std::int64_t customers = 0; // known, with an order that was not cancelled
  std::int64_t repeat_customers = 0;
  std::int64_t customer_members = 0;
  std::int64_t customer_versions = 0;
  std::int64_t restaurants = 0;
  std::int64_t restaurant_versions = 0;
  std::int64_t drivers = 0;
  std::int64_t driver_versions = 0;
  std::int64_t pings = 0;
  std::int64_t available_pings = 0;
  std::int64_t feedbacks = 0;
  std::int64_t score_sum = 0;
  std::int64_t complaints = 0;
  std::int64_t app_events = 0;
  std::int64_t late_events = 0; // in the file of the day after

  City all() const;
};

// TRUTH.json.
void append_truth_json(std::string &out, const QuickeatsOptions &options,
                       const QuickeatsTruth &truth);

// Throws Error 22023 when an option is out of range.
void check(const QuickeatsOptions &options);

// Writes every file, then LOAD_ORDER and TRUTH.json. Checks the options first.
QuickeatsTruth generate_quickeats(const QuickeatsOptions &options, Output &output, const Env &env);

} // namespace starhouse::generate
