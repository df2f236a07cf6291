#include "core/generate/json.hpp"
#include "core/generate/quickeats.hpp"

#include <numeric>

namespace starhouse::generate {

std::string_view dirt_name(QuickeatsDirt dirt) noexcept {
  constexpr std::array<std::string_view, quickeats_dirt_count> names{
      "none",           "odd_status",   "odd_date",       "missing_customer", "duplicate",
      "text_in_number", "no_such_date", "unknown_status", "negative_amount",  "far_future",
      "outside_earth",  "no_fix",       "broken_json"};
  return names[static_cast<std::size_t>(dirt)];
}

std::int64_t QuickeatsFeed::rejected() const noexcept {
  return std::accumulate(dirt.begin() + static_cast<std::ptrdiff_t>(QuickeatsDirt::text_in_number),
                         dirt.end(), std::int64_t{0});
}

QuickeatsTruth::City QuickeatsTruth::all() const {
  City sum;
  for (const City &city : cities) {
    sum.orders += city.orders;
    sum.delivered += city.delivered;
    sum.seconds += city.seconds;
    sum.on_time += city.on_time;
    sum.amount += city.amount;
  }
  return sum;
}

void append_truth_json(std::string &out, const QuickeatsOptions &options,
                       const QuickeatsTruth &truth) {
  const QuickeatsTruth::City all = truth.all();
  Json json(out);
  json.open({}, '{');
  json.number("seed", static_cast<std::int64_t>(options.seed));
  json.open("orders", '{');
  json.number("all", all.orders);
  json.number("delivered", all.delivered);
  json.number("cancelled", truth.cancelled);
  json.number("delivery_seconds", all.seconds);
  json.number("on_time", all.on_time);
  json.money("amount", all.amount);
  json.number("late_events", truth.late_events);
  json.number("stacked", truth.stacked);
  json.close();
  json.open("payments", '{');
  json.number("attempts", truth.payment_attempts);
  json.number("failed_attempts", truth.failed_attempts);
  json.number("paid_orders", truth.paid_orders);
  json.number("refunds", truth.refunds);
  json.money("refunded", truth.refunded);
  json.close();
  json.open("customers", '{');
  json.number("active", truth.customers);
  json.number("repeat", truth.repeat_customers);
  json.close();
  json.open("dimensions", '{');
  json.number("cities", static_cast<std::int64_t>(truth.cities.size()));
  json.number("restaurants", truth.restaurants);
  json.number("restaurant_versions", truth.restaurant_versions);
  json.number("drivers", truth.drivers);
  json.number("driver_versions", truth.driver_versions);
  json.number("customers", truth.customer_members);
  json.number("customer_versions", truth.customer_versions);
  json.close();
  json.open("pings", '{');
  json.number("all", truth.pings);
  json.number("available", truth.available_pings);
  json.close();
  json.open("voice", '{');
  json.number("feedback", truth.feedbacks);
  json.number("score_sum", truth.score_sum);
  json.number("complaints", truth.complaints);
  json.number("app_events", truth.app_events);
  json.close();
  json.open("by_city", '{');
  for (const QuickeatsTruth::City &city : truth.cities) {
    json.open(city.id, '{');
    json.number("orders", city.orders);
    json.number("delivered", city.delivered);
    json.number("delivery_seconds", city.seconds);
    json.number("on_time", city.on_time);
    json.money("amount", city.amount);
    json.close();
  }
  json.close();
  json.open("by_hour", '[');
  for (const std::int64_t hour : truth.by_hour) {
    json.number({}, hour);
  }
  json.close();
  json.open("feeds", '{');
  for (const QuickeatsFeed &feed : truth.feeds) {
    json.open(feed.name, '{');
    json.number("files", feed.files);
    json.number("records", feed.records);
    json.number("duplicates", feed.duplicates());
    json.number("rejected", feed.rejected());
    for (std::size_t i = 1; i < quickeats_dirt_count; ++i) {
      if (feed.dirt[i] > 0) {
        json.number(dirt_name(static_cast<QuickeatsDirt>(i)), feed.dirt[i]);
      }
    }
    json.close();
  }
  json.close();
  json.close();
  out += '\n';
}

} // namespace starhouse::generate
