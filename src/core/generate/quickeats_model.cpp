#include "core/generate/quickeats_model.hpp"

#include <algorithm>
#include <cstdlib>

namespace starhouse::generate::quickeats {

namespace {

enum Purpose : std::uint64_t { purpose_town = 700, purpose_day = 701 };

// The figures that make QuickEats what it is; docs/generate.md says how they were found.
constexpr std::uint64_t orders_per_city_milli = 180'000; // a day
constexpr std::uint32_t restaurants_per_city = 40;
constexpr std::uint32_t drivers_per_city = 26;
constexpr std::int32_t street_speed = 430; // metres a minute with low traffic
constexpr std::int32_t slack_minutes = 9;  // of the promise beyond the estimate
constexpr std::uint32_t never_accepted = 22'000;
constexpr std::uint32_t stacked_share = 90'000;
constexpr std::uint32_t rainy_day = 220'000;
constexpr Moment rain_lasts = 28'800; // a third of the day

// Per mille of orders by hour of the day: lunch and dinner.
constexpr std::array<std::uint32_t, 24> hours{8,   4,   2,  1,  1,  2,  6,  14,  22,  24,  26, 50,
                                              110, 115, 95, 40, 30, 35, 50, 105, 125, 110, 50, 20};
constexpr std::array<std::int32_t, 4> traffic_speed{1'000, 880, 740, 600}; // per mille
constexpr std::array<std::int32_t, 4> vehicle_speed{1'000, 960, 900, 720};

constexpr std::array<CityPlan, 12> plans{{
    {"Mumbai", "West", 12'442'000, 1'907'600, 7'287'770, 945, 145, 150},
    {"Delhi", "North", 16'788'000, 2'863'600, 7'722'440, 878, 135, 150},
    {"Bengaluru", "South", 8'443'000, 1'297'160, 7'759'460, 974, 150, 140},
    {"Hyderabad", "South", 6'993'000, 1'738'500, 7'848'670, 954, 115, 110},
    {"Chennai", "South", 4'646'000, 1'308'270, 8'027'070, 974, 110, 90},
    {"Kolkata", "East", 4'496'000, 2'257'260, 8'836'390, 923, 125, 80},
    {"Pune", "West", 3'124'000, 1'852'040, 7'385'670, 948, 105, 80},
    {"Jaipur", "North", 3'046'000, 2'691'240, 7'578'730, 892, 90, 50},
    {"Ahmedabad", "West", 5'577'000, 2'302'250, 7'257'140, 920, 95, 60},
    {"Lucknow", "North", 2'817'000, 2'684'670, 8'094'620, 892, 95, 50},
    {"Indore", "West", 1'964'000, 2'271'960, 7'585'770, 922, 85, 40},
    {"Kochi", "South", 677'000, 993'120, 7'626'730, 985, 90, 40},
}};

bool is_peak(Moment moment) noexcept {
  const auto hour = (moment % day_seconds) / 3'600;
  return hours[static_cast<std::size_t>(hour)] >= 95;
}

std::int32_t ride_seconds(std::int32_t metres, std::uint32_t traffic, bool rain,
                          std::uint32_t vehicle) noexcept {
  const std::int64_t speed = static_cast<std::int64_t>(street_speed) * traffic_speed[traffic] *
                             vehicle_speed[vehicle] / million * (rain ? 850 : 1'000) / 1'000;
  return static_cast<std::int32_t>(static_cast<std::int64_t>(metres) * 60 /
                                   std::max<std::int64_t>(1, speed));
}

std::uint32_t scaled_count(std::uint32_t count, std::uint32_t ppm) {
  return std::max<std::uint32_t>(
      2, static_cast<std::uint32_t>(static_cast<std::uint64_t>(count) * ppm / million));
}

} // namespace

std::span<const CityPlan> city_plans() noexcept {
  return plans;
}

// A metre is 0.89932 hundred-thousandths of a degree on the sphere of 6371 km.
std::int32_t latitude_of(const CityPlan &city, Point point) noexcept {
  return city.latitude +
         static_cast<std::int32_t>(static_cast<std::int64_t>(point.y) * 89'932 / 100'000);
}
std::int32_t longitude_of(const CityPlan &city, Point point) noexcept {
  return city.longitude + static_cast<std::int32_t>(static_cast<std::int64_t>(point.x) * 89'932 /
                                                    (std::int64_t{100} * city.cos_permille));
}

std::int32_t street_metres(Point a, Point b) noexcept {
  return std::abs(a.x - b.x) + std::abs(a.y - b.y);
}

Point along(Point a, Point b, std::int32_t metres) noexcept {
  const std::int32_t east = std::abs(b.x - a.x);
  if (metres <= east) {
    return {a.x + (b.x > a.x ? metres : -metres), a.y};
  }
  const std::int32_t north = std::min(metres - east, std::abs(b.y - a.y));
  return {b.x, a.y + (b.y > a.y ? north : -north)};
}

Town::Town(std::uint64_t seed, std::uint32_t city, std::uint32_t scale_ppm, Moment start,
           std::vector<Restaurant> &restaurants, std::vector<Driver> &drivers)
    : seed_(seed), city_(city), scale_ppm_(scale_ppm),
      first_restaurant_(static_cast<std::uint32_t>(restaurants.size())),
      first_driver_(static_cast<std::uint32_t>(drivers.size())), hour_pick_(hours) {
  const CityPlan &plan = plans[city];
  const auto share =
      static_cast<std::uint32_t>(static_cast<std::uint64_t>(scale_ppm) * plan.size_percent / 100);
  Random random(seed, purpose_town, city);
  std::vector<std::uint32_t> weights;
  for (std::uint32_t i = 0; i < scaled_count(restaurants_per_city, share); ++i) {
    Restaurant r;
    r.city = city;
    r.at = {random.between(-25, 25) * 200, random.between(-25, 25) * 200};
    r.cuisine = random.below(static_cast<std::uint32_t>(cuisines.size()));
    r.preparation = random.between(590, 1'030);
    r.price = random.between(22'000, 62'000);
    r.weight = 5 + random.skewed_below(100);
    r.rating = random.between(32, 49);
    weights.push_back(r.weight);
    restaurants.push_back(r);
  }
  restaurant_pick_ = Weighted(weights);
  driver_count_ = scaled_count(drivers_per_city, share);
  for (std::uint32_t i = 0; i < driver_count_; ++i) {
    Driver d;
    d.city = city;
    const std::uint32_t vehicle = random.below(100);
    d.vehicle = vehicle < 55 ? 0 : vehicle < 80 ? 1 : vehicle < 93 ? 2 : 3;
    d.level = random.below(10) < 3 ? 0 : random.below(10) < 7 ? 1 : 2;
    d.at = {random.between(-20, 20) * 200, random.between(-20, 20) * 200};
    d.free_at = d.last_ping = start;
    drivers.push_back(d);
  }
}

// The one who can be at the restaurant first, of eight asked.
std::uint32_t Town::choose_driver(const Order &order, Point from, Random &random,
                                  const Driver *drivers) const {
  std::uint32_t best = 0;
  Moment best_there = 0;
  for (int asked = 0; asked < 8; ++asked) {
    const std::uint32_t candidate = first_driver_ + random.below(driver_count_);
    const Driver &driver = drivers[candidate];
    const Moment there =
        std::max(driver.free_at, order.accepted) +
        ride_seconds(street_metres(driver.at, from), order.traffic, order.rain, driver.vehicle);
    if (asked == 0 || there < best_there) {
      best = candidate;
      best_there = there;
    }
  }
  return best;
}

Order Town::place(Moment placed, bool rain, Random &random, const Restaurant *restaurants,
                  Driver *drivers) {
  const CityPlan &plan = plans[city_];
  Order order;
  order.city = city_;
  order.placed = placed;
  order.rain = rain;
  order.restaurant = first_restaurant_ + static_cast<std::uint32_t>(restaurant_pick_.pick(random));
  const Restaurant &restaurant = restaurants[order.restaurant];
  const bool peak = is_peak(placed);
  const std::int32_t jam = random.between(0, 99) + (peak ? 32 : 0) + (rain ? 10 : 0) +
                           (static_cast<std::int32_t>(plan.traffic) - 100) / 2;
  order.traffic = jam < 50 ? 0 : jam < 88 ? 1 : jam < 118 ? 2 : 3;
  order.door = {restaurant.at.x + random.between(-1'700, 1'700),
                restaurant.at.y + random.between(-1'700, 1'700)};
  const std::int32_t metres = std::max(200, street_metres(restaurant.at, order.door));
  order.amount =
      static_cast<std::int64_t>(restaurant.price) * random.between(55, 170) / 100 / 100 * 100;
  if (random.chance(300'000)) {
    order.discount = order.amount * random.between(5, 25) / 100 / 100 * 100;
    order.amount -= order.discount;
  }

  const std::int32_t usual = restaurant.preparation * (peak ? 118 : 100) / 100;
  order.accepted = placed + random.between(30, 150);
  order.prepared = order.accepted + usual * random.between(84, 134) / 100;
  if (random.chance(62'000)) { // now and then the kitchen is late
    order.prepared += random.between(300, 1'200);
  }
  // The promise knows the usual preparation, the way and the hour, not the day's luck.
  const std::int32_t estimate = 90 + usual + 60 + ride_seconds(metres, peak ? 2 : 1, false, 0) + 60;
  order.promised = (estimate / 60 + slack_minutes + 4) / 5 * 5;
  if (random.chance(never_accepted)) {
    order.cancelled = placed + random.between(60, 600);
    order.accepted = 0;
    return order;
  }
  const std::uint32_t chosen = choose_driver(order, restaurant.at, random, drivers);
  Driver &driver = drivers[chosen];
  order.driver = chosen;
  order.assigned = std::max(order.accepted + random.between(20, 90), driver.free_at);
  // A driver on the way to a door nearby takes a second order along: it begins before the first
  // ends.
  order.stacked = driver.free_at > order.accepted + 60 && random.chance(stacked_share * 5);
  if (order.stacked) {
    order.assigned = order.accepted + random.between(20, 90);
  }
  order.arrives =
      std::max(order.assigned, driver.free_at) +
      ride_seconds(street_metres(driver.at, restaurant.at), order.traffic, rain, driver.vehicle);
  order.picked_up = std::max(order.prepared, order.arrives) + random.between(20, 110);
  const std::int32_t ride = ride_seconds(metres, order.traffic, rain, driver.vehicle) *
                            (driver.level == 0   ? 106
                             : driver.level == 2 ? 95
                                                 : 100) /
                            100;
  order.delivered = order.picked_up + ride + random.between(50, 200);
  order.eta_pickup = static_cast<std::int32_t>((order.picked_up + ride + 90 - placed + 59) / 60);
  driver.riding_from = order.picked_up;
  driver.free_at = order.delivered;
  driver.at = order.door;
  return order;
}

std::vector<Order> Town::day(calendar::Day day, const Restaurant *restaurants, Driver *drivers) {
  const CityPlan &plan = plans[city_];
  Random random(seed_, purpose_day, std::uint64_t{city_} << 32 | static_cast<std::uint32_t>(day));
  const int weekday = calendar::iso_weekday(day);
  const std::uint64_t mean = orders_per_city_milli * plan.size_percent / 100 *
                             (weekday >= 6   ? 118
                              : weekday == 5 ? 108
                                             : 91) /
                             100 * scale_ppm_ / million;
  std::vector<Moment> moments(random.count(mean));
  const Moment midnight = static_cast<Moment>(day) * day_seconds;
  for (Moment &moment : moments) {
    moment =
        midnight + static_cast<Moment>(hour_pick_.pick(random)) * 3'600 + random.between(0, 3'599);
  }
  std::sort(moments.begin(), moments.end());
  const bool rainy = random.chance(rainy_day);
  const Moment rain_from = midnight + static_cast<Moment>(random.between(8, 20)) * 3'600;
  std::vector<Order> orders;
  orders.reserve(moments.size());
  for (const Moment moment : moments) {
    const bool rain = rainy && moment >= rain_from && moment < rain_from + rain_lasts;
    orders.push_back(place(moment, rain, random, restaurants, drivers));
  }
  return orders;
}

} // namespace starhouse::generate::quickeats
