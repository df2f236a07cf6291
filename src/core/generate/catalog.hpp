// ShopSmart's products: about 500 in eight categories, and what happens to their master data during
// the year: price revisions, moves to another category, a brand's new name.
#pragma once

#include "core/calendar/day.hpp"
#include "core/generate/random.hpp"
#include "core/generate/season.hpp"

#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace starhouse::generate {

inline constexpr int product_count = 500;

// Money is in paisa (1/100 rupee) everywhere.
using Paisa = std::int64_t;

struct Product {
  std::string name;
  Category demand;   // what shoppers want it for; never changes
  Category category; // what the master data says; may change
  std::string_view subcategory;
  std::string brand;
  int supplier; // 1 ..
  Paisa price;
  Paisa unit_cost;          // constant: a Type-1 attribute, so profit does not depend on load order
  std::uint32_t popularity; // weight among the products of its category
};

struct Revision {
  calendar::Day effective;
  int product;
  enum class Kind : std::uint8_t { price, category, brand } kind;
  Paisa price;           // price
  Category category;     // category
  std::string_view text; // brand; for category the new subcategory
};

struct Catalog {
  std::vector<Product> products;   // as of the first day
  std::vector<Revision> revisions; // by effective day
};

Catalog make_catalog(std::uint64_t seed, calendar::Day from, calendar::Day to);

// False when the product already was so.
bool apply(const Revision &revision, Product &product);

std::string_view category_name(Category category) noexcept;

// Share of an ordinary day's basket lines, per mille.
std::uint32_t category_demand(Category category) noexcept;

// Units on one basket line.
std::uint32_t mean_quantity_milli(Category category) noexcept;
int draw_quantity(Category category, Random &random) noexcept;

} // namespace starhouse::generate
