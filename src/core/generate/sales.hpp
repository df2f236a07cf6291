// One day's sales lines, before anything is written: baskets, products, prices, promotions,
// returns.
#pragma once

#include "core/calendar/day.hpp"
#include "core/generate/catalog.hpp"
#include "core/generate/customers.hpp"
#include "core/generate/promotions.hpp"
#include "core/generate/random.hpp"
#include "core/generate/season.hpp"
#include "core/generate/stock.hpp"

#include <array>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

namespace starhouse::generate {

struct Line {
  std::uint32_t location = 0; // store; the number of stores means the online shop
  std::uint32_t order = 0;    // of the day and location, from 1
  std::uint32_t number = 0;   // of the order, from 1
  std::optional<std::uint32_t> customer;
  std::uint32_t product = 0;
  std::int32_t quantity = 0; // negative: returned
  Paisa price = 0;           // list price of one unit (what is paid back, on a return)
  Paisa discount = 0;        // of the line
  std::optional<std::uint32_t> promotion;
  std::uint32_t payment = 0;
  calendar::Day day = 0;
  std::int32_t second = 0; // of the day

  Paisa amount() const noexcept { return price * quantity - discount; }
};

// A store's place in the chain. `weight` is per mille of an average store's sales.
struct Store {
  std::uint32_t weight;
  std::uint32_t baskets_milli; // on an ordinary day
};

std::vector<Store> make_stores(std::uint64_t seed, std::uint32_t stores);

class Sales {
public:
  Sales(std::uint64_t seed, std::uint32_t scale_ppm, calendar::Day from, calendar::Day to,
        std::vector<Store> stores, std::vector<Product> products,
        std::vector<Promotion> promotions);

  std::uint32_t stores() const noexcept { return static_cast<std::uint32_t>(stores_.size()); }
  std::uint32_t online() const noexcept { return stores(); }
  const std::vector<Store> &store_list() const noexcept { return stores_; }
  std::vector<Product> &products() noexcept { return products_; }
  const std::vector<Promotion> &promotions() const noexcept { return promotions_; }
  Customers &customers() noexcept { return customers_; }
  Stock &stock() noexcept { return stock_; }

  // Days come in order, without gaps: begin, every location once, end.
  void begin_day(calendar::Day day);
  // Appends the lines of one location, order by order in time, the day's returns last.
  void sell(std::uint32_t location, std::vector<Line> &lines);
  void end_day();

private:
  struct Demand {
    Weighted categories;
    std::uint64_t total; // 1,000 is an ordinary day
    std::array<std::optional<std::uint32_t>, category_count> promotion;
  };
  Demand demand_at(std::uint32_t location) const;
  void fill_basket(Random &random, const Demand &demand, Line line, std::vector<Line> &lines);
  void schedule_return(Random &random, const Line &line);
  std::vector<std::uint64_t> expected_daily_units() const;

  std::uint64_t seed_;
  std::uint32_t scale_ppm_;
  calendar::Day from_;
  calendar::Day to_;
  std::vector<Store> stores_;
  std::vector<Product> products_;
  std::vector<Promotion> promotions_;
  Weighted store_pick_;
  std::array<Weighted, category_count> product_pick_;
  std::array<std::vector<std::uint32_t>, category_count> product_of_; // pick -> product
  Customers customers_;
  Stock stock_;
  calendar::Day day_ = 0;
  Festivals festivals_{};
  std::array<std::uint32_t, category_count> season_{};
  std::vector<std::uint32_t> running_;        // promotions of the day
  std::array<std::vector<Line>, 15> returns_; // by day modulo its size
};

} // namespace starhouse::generate
