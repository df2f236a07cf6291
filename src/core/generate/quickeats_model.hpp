// The model behind QuickEats' files: cities with restaurants and drivers, customers who come back,
// and what becomes of an order. Whole numbers only: metres, seconds, paisa.
#pragma once

#include "core/generate/quickeats.hpp"

#include <cstdint>
#include <optional>
#include <span>
#include <string_view>
#include <vector>

namespace starhouse::generate::quickeats {

// Seconds of the local clock since 1970-01-01 00:00.
using Moment = std::int64_t;
constexpr Moment day_seconds = 86'400;

struct CityPlan {
  std::string_view id;
  std::string_view region;
  std::int64_t population;
  std::int32_t latitude; // of the centre, in hundred-thousandths of a degree
  std::int32_t longitude;
  std::int32_t cos_permille;  // of the latitude: a degree of longitude is that much shorter
  std::uint32_t traffic;      // index, percent
  std::uint32_t size_percent; // orders against the average city
};
std::span<const CityPlan> city_plans() noexcept;

struct Point { // metres east and north of the centre
  std::int32_t x = 0;
  std::int32_t y = 0;
};
std::int32_t latitude_of(const CityPlan &city, Point point) noexcept;
std::int32_t longitude_of(const CityPlan &city, Point point) noexcept;
// Along streets that run east-west and north-south.
std::int32_t street_metres(Point a, Point b) noexcept;
// After so many metres of the way from a to b: first east or west, then north or south.
Point along(Point a, Point b, std::int32_t metres) noexcept;

inline constexpr std::array<std::string_view, 8> cuisines{"North Indian", "South Indian", "Chinese",
                                                          "Pizza",        "Biryani",      "Burgers",
                                                          "Desserts",     "Healthy"};
inline constexpr std::array<std::string_view, 4> modes{"UPI", "Card", "Cash", "Wallet"};
inline constexpr std::array<std::string_view, 4> vehicles{"Motorcycle", "Scooter",
                                                          "Electric scooter", "Bicycle"};
inline constexpr std::array<std::string_view, 3> levels{"Junior", "Regular", "Senior"};
inline constexpr std::array<std::string_view, 4> traffic_levels{"Low", "Medium", "High", "Jam"};

struct Restaurant {
  std::uint32_t city = 0;
  Point at;
  std::uint32_t cuisine = 0;
  std::int32_t preparation = 0; // seconds on an ordinary day
  std::int32_t price = 0;       // of an average order, paisa
  std::uint32_t weight = 0;
  std::int32_t rating = 0; // tenths
};

struct Driver {
  std::uint32_t city = 0;
  std::uint32_t vehicle = 0;
  std::uint32_t level = 0;
  Point at;
  Moment free_at = 0;   // end of the last order
  Moment last_ping = 0; // no later one was sent
  Moment riding_from = 0;
};

struct Order {
  std::uint64_t number = 0;
  std::uint32_t city = 0;
  std::uint32_t restaurant = 0;
  std::uint32_t customer = 0;
  std::optional<std::uint32_t> driver;
  bool stacked = false;
  Point door;
  Moment placed = 0, accepted = 0, assigned = 0, prepared = 0, picked_up = 0, delivered = 0;
  Moment cancelled = 0;
  Moment arrives = 0; // at the restaurant
  std::uint32_t traffic = 0;
  bool rain = false;
  std::int32_t promised = 0;   // minutes
  std::int32_t eta_pickup = 0; // minutes from order to door as estimated at pick-up
  std::int64_t amount = 0;     // paisa, after discount
  std::int64_t discount = 0;
  std::uint32_t mode = 0;
  std::uint32_t failures = 0; // payments that failed
  bool paid = false;
  std::int64_t refund = 0; // paisa
};

class Town {
public:
  Town(std::uint64_t seed, std::uint32_t city, std::uint32_t scale_ppm, Moment start,
       std::vector<Restaurant> &restaurants, std::vector<Driver> &drivers);

  // The orders of a day in the order of time, without payment and customer.
  std::vector<Order> day(calendar::Day day, const Restaurant *restaurants, Driver *drivers);

private:
  Order place(Moment placed, bool rain, Random &random, const Restaurant *restaurants,
              Driver *drivers);
  std::uint32_t choose_driver(const Order &order, Point from, Random &random,
                              const Driver *drivers) const;

  std::uint64_t seed_;
  std::uint32_t city_;
  std::uint32_t scale_ppm_;
  std::uint32_t first_restaurant_;
  std::uint32_t first_driver_;
  std::uint32_t driver_count_;
  Weighted restaurant_pick_;
  Weighted hour_pick_;
};

} // namespace starhouse::generate::quickeats
