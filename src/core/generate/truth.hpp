// What a warehouse must show after loading the generated files, counted while they are written.
//
// The generator knows which rows it spoiled and how, so these are figures of the accepted rows:
// revenue to the paisa, rejects by reason, duplicates, versions. Tests compare a warehouse with
// them exactly.
#pragma once

#include "core/generate/catalog.hpp"
#include "core/generate/customers.hpp"

#include <array>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace starhouse::generate {

// Ways a row is spoiled. The first ones are mended while loading, the others must be rejected.
enum class Dirt : std::uint8_t {
  none,
  odd_code,         // s-7, " p0042"
  odd_date,         // 14/03/2025, 14-Mar-2025
  missing_customer, // becomes the unknown member
  unknown_product,  // becomes an inferred member
  no_birth_date,    // a customer born on 31 February: the date becomes unknown
  duplicate,        // the same line again, at once or in the next day's rows
  text_in_number,   // rejected from here on
  no_such_date,     // sold on 31 February
  zero_quantity,
  negative_price,
  broken_json,
};
inline constexpr std::size_t dirt_count = 12;

constexpr bool is_rejected(Dirt dirt) noexcept {
  return dirt >= Dirt::text_in_number;
}
std::string_view dirt_name(Dirt dirt) noexcept;

// Sums of accepted sales lines.
struct Measures {
  std::int64_t lines = 0;
  std::int64_t units = 0;
  Paisa revenue = 0;
  Paisa discount = 0;

  void add(std::int64_t line_units, Paisa line_revenue, Paisa line_discount) noexcept {
    ++lines;
    units += line_units;
    revenue += line_revenue;
    discount += line_discount;
  }
  void add(const Measures &other) noexcept {
    lines += other.lines;
    units += other.units;
    revenue += other.revenue;
    discount += other.discount;
  }
};

struct FeedCounts {
  std::string name;
  std::int64_t files = 0;
  std::int64_t records = 0; // read from the files, headers not counted
  std::array<std::int64_t, dirt_count> dirt{};

  std::int64_t duplicates() const noexcept {
    return dirt[static_cast<std::size_t>(Dirt::duplicate)];
  }
  std::int64_t rejected() const noexcept;
  std::int64_t loaded() const noexcept { return records - duplicates() - rejected(); }
};

struct Truth {
  std::vector<FeedCounts> feeds;

  Measures all;
  Measures returns;
  Paisa profit = 0;            // a line of an unknown product has none
  std::int64_t late_lines = 0; // in the file of the day after

  int first_year = 0; // of by_month_location
  int first_month = 0;
  std::vector<std::vector<Measures>> by_month_location; // [month][store, the online shop last]
  std::vector<Measures> by_product;                     // unknown products together last
  std::vector<Measures> by_category;                    // as it was; unknown last
  std::vector<Measures> by_payment;
  std::vector<Measures> by_promotion; // no promotion last
  std::array<Paisa, 5> by_loyalty{};  // as it was: Silver, Gold, Platinum, '?', never extracted

  std::int64_t orders = 0;    // order ids with at least one accepted sale line
  std::int64_t customers = 0; // known by id in at least one such order
  std::int64_t repeat_customers = 0;

  std::int64_t product_versions = 0;
  std::int64_t customer_members = 0;
  std::int64_t customer_versions = 0;
  std::int64_t inferred_products = 0;
  std::int64_t inferred_customers = 0;

  std::int64_t stock_rows = 0;
  std::int64_t stock_units_sold = 0;  // net, rejected lines included: what left the shelves
  std::int64_t stock_units_known = 0; // net, accepted lines only: what a warehouse can know
  std::int64_t stock_sum = 0;         // of stock_on_hand over all rows
};

inline constexpr std::array<std::string_view, 4> payment_modes{"UPI", "Card", "Cash", "Wallet"};

} // namespace starhouse::generate
