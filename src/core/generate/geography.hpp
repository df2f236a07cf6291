// Indian cities and names the ShopSmart generator draws from.
#pragma once

#include <cstddef>
#include <span>
#include <string_view>

namespace starhouse::generate {

struct City {
  std::string_view name;
  std::string_view state;
  std::string_view region; // North, South, East, West
  int tier;                // 1 metropolis, 2 large city, 3 smaller city
};

// Ordered by tier.
std::span<const City> cities() noexcept;

// Cities in the order in which a chain opens its stores: one in each, then a second and further
// ones in the larger cities (five per tier-1 city, two per tier-2 city, one per tier-3 city, 120 in
// all), then the same round again.
const City &city_of_store(std::size_t store) noexcept;

std::span<const std::string_view> female_names() noexcept;
std::span<const std::string_view> male_names() noexcept;
std::span<const std::string_view> last_names() noexcept;

} // namespace starhouse::generate
