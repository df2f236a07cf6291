// The chain's central stock: every sale takes from it, every return puts back, and a reorder rule
// (order when stock and orders fall to the reorder level, delivered two weeks later) refills it.
// What is not on hand cannot be sold, so snapshots, sales and deliveries always add up.
#pragma once

#include "core/calendar/day.hpp"
#include "core/generate/random.hpp"

#include <cstdint>
#include <span>
#include <vector>

namespace starhouse::generate {

class Stock {
public:
  // `daily_units_milli`: what each product is expected to sell on an ordinary day.
  Stock(std::uint64_t seed, calendar::Day first, std::span<const std::uint64_t> daily_units_milli);

  std::int64_t on_hand(std::size_t product) const noexcept { return items_[product].on_hand; }
  void take(std::size_t product, std::int64_t units) noexcept;
  void give_back(std::size_t product, std::int64_t units) noexcept;

  // Before the day's sales: deliveries arrive.
  void open_day(calendar::Day day) noexcept;
  // After the day's sales: the demand estimate moves on, orders go out.
  void close_day(calendar::Day day) noexcept;

  struct Snapshot {
    std::int64_t on_hand;
    std::int64_t reorder_level;
    std::int64_t units_sold;      // net of returns, since the last snapshot
    std::int64_t units_delivered; // since the last snapshot
  };
  Snapshot snapshot(std::size_t product) noexcept;

private:
  struct Item {
    std::int64_t on_hand = 0;
    std::int64_t on_order = 0;
    std::int64_t sold_today = 0;
    std::int64_t daily_milli = 0; // exponentially smoothed
    std::int64_t sold = 0;
    std::int64_t delivered = 0;
    struct Order {
      calendar::Day due;
      std::int64_t units;
    };
    std::vector<Order> orders; // never more than a few
  };
  static std::int64_t reorder_level(const Item &item) noexcept;
  static std::int64_t order_size(const Item &item) noexcept;

  std::vector<Item> items_;
};

} // namespace starhouse::generate
