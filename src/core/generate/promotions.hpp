// ShopSmart's promotions: what is discounted when, by how much, and what it does to demand.
#pragma once

#include "core/calendar/day.hpp"
#include "core/generate/season.hpp"

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace starhouse::generate {

struct Promotion {
  std::string id;
  std::string name;
  calendar::Day start;
  calendar::Day end; // last day
  int percent;
  Category category;
  std::uint32_t uplift; // the category's demand in a store that takes part, per mille more
  bool in_store(std::size_t store) const noexcept;
};

// Every promotion that begins between the first and the last day, by start.
std::vector<Promotion> make_promotions(std::uint64_t seed, calendar::Day from, calendar::Day to);

} // namespace starhouse::generate
