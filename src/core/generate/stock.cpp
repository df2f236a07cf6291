#include "core/generate/stock.hpp"

#include <algorithm>

namespace starhouse::generate {

namespace {

using calendar::Day;

enum Purpose : std::uint64_t { purpose_stock = 400 };

// A product is ordered when it covers the delivery time and the safety margin, for ten weeks'
// sales. In a steady state the average stock is the safety margin plus half an order: near 60 days
// of sales, that is about six turns a year.
constexpr Day delivery_days = 14;
constexpr std::int64_t safety_days = 28;
constexpr std::int64_t order_days = 70;

} // namespace

Stock::Stock(std::uint64_t seed, Day first, std::span<const std::uint64_t> daily_units_milli) {
  Random random(seed, purpose_stock);
  items_.resize(daily_units_milli.size());
  for (std::size_t i = 0; i < items_.size(); ++i) {
    Item &item = items_[i];
    item.daily_milli = std::max<std::int64_t>(1, static_cast<std::int64_t>(daily_units_milli[i]));
    // Anywhere in the cycle between two deliveries; the next one is on its way where it is due.
    item.on_hand =
        1 + item.daily_milli * safety_days / 1'000 + order_size(item) * random.below(1'000) / 1'000;
    if (item.on_hand <= reorder_level(item)) {
      item.on_order = order_size(item);
      item.orders.push_back({first + random.between(1, delivery_days), item.on_order});
    }
  }
}

std::int64_t Stock::reorder_level(const Item &item) noexcept {
  return (item.daily_milli * (delivery_days + safety_days) + 999) / 1'000;
}

std::int64_t Stock::order_size(const Item &item) noexcept {
  return (item.daily_milli * order_days + 999) / 1'000;
}

void Stock::take(std::size_t product, std::int64_t units) noexcept {
  items_[product].on_hand -= units;
  items_[product].sold_today += units;
}

void Stock::give_back(std::size_t product, std::int64_t units) noexcept {
  items_[product].on_hand += units;
  items_[product].sold_today -= units;
}

void Stock::open_day(Day day) noexcept {
  for (Item &item : items_) {
    std::erase_if(item.orders, [&](const Item::Order &order) {
      if (order.due > day) {
        return false;
      }
      item.on_hand += order.units;
      item.on_order -= order.units;
      item.delivered += order.units;
      return true;
    });
  }
}

void Stock::close_day(Day day) noexcept {
  for (Item &item : items_) {
    // A month's memory.
    item.daily_milli +=
        (std::max<std::int64_t>(0, item.sold_today) * 1'000 - item.daily_milli) / 30;
    item.daily_milli = std::max<std::int64_t>(1, item.daily_milli);
    item.sold += item.sold_today;
    item.sold_today = 0;
    if (item.on_hand + item.on_order <= reorder_level(item)) {
      const std::int64_t units = order_size(item);
      item.orders.push_back({day + delivery_days, units});
      item.on_order += units;
    }
  }
}

Stock::Snapshot Stock::snapshot(std::size_t product) noexcept {
  Item &item = items_[product];
  const Snapshot result{item.on_hand, reorder_level(item), item.sold, item.delivered};
  item.sold = 0;
  item.delivered = 0;
  return result;
}

} // namespace starhouse::generate
