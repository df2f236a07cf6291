#include "core/generate/sales.hpp"

#include "core/generate/geography.hpp"

#include <algorithm>

namespace starhouse::generate {

namespace {

using calendar::Day;

enum Purpose : std::uint64_t { purpose_store = 500, purpose_sales = 501 };

// The figures that make ShopSmart what it is; docs/generate.md says how they were found.
constexpr std::uint64_t baskets_per_store_milli = 7'000; // on an ordinary day
constexpr std::uint64_t online_per_store_milli = 1'750;  // the web shop's, for each store there is
constexpr std::uint32_t members_per_store = 180;         // at the start
constexpr std::uint32_t walk_in = 620'000;               // store baskets without a customer
constexpr std::uint32_t joining_in_store = 172'000;      // of the baskets with one
constexpr std::uint32_t joining_online = 125'000;
constexpr std::uint32_t same_category = 450'000;   // a further line stays in the category
constexpr std::uint32_t promotion_reach = 920'000; // lines in scope that get the discount
constexpr std::uint32_t returned = 26'000;
constexpr std::array<std::uint32_t, 8> lines_per_basket{380, 240, 160, 100, 60, 30, 20, 10};
constexpr std::uint64_t mean_lines_milli = 2'440;

// Per mille of baskets by hour of the day.
constexpr std::array<std::uint32_t, 24> store_hours{
    0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 45, 70, 80, 75, 60, 60, 75, 95, 120, 130, 110, 80, 0, 0};
constexpr std::array<std::uint32_t, 24> online_hours{
    25, 12, 6, 4, 3, 5, 10, 18, 30, 42, 50, 52, 52, 50, 48, 46, 48, 52, 58, 70, 88, 95, 86, 50};
constexpr std::array<std::uint32_t, 4> store_payments{500, 240, 190, 70};
constexpr std::array<std::uint32_t, 4> online_payments{520, 280, 90, 110};

std::uint32_t store_size(int tier, Random &random) {
  const std::int32_t size = random.between(650, 1'450);
  return static_cast<std::uint32_t>(tier == 1   ? size * 125 / 100
                                    : tier == 2 ? size * 95 / 100
                                                : size * 75 / 100);
}

Weighted weights_of(const std::vector<Store> &stores) {
  std::vector<std::uint32_t> weights;
  weights.reserve(stores.size());
  for (const Store &store : stores) {
    weights.push_back(store.weight);
  }
  return Weighted(weights);
}

std::uint64_t scaled(std::uint64_t value, std::uint32_t ppm) {
  return value * ppm / million;
}

} // namespace

std::vector<Store> make_stores(std::uint64_t seed, std::uint32_t stores) {
  std::vector<Store> result;
  std::uint64_t total = 0;
  for (std::uint32_t i = 0; i < stores; ++i) {
    Random random(seed, purpose_store, i);
    const std::uint32_t weight = store_size(city_of_store(i).tier, random);
    total += weight;
    result.push_back({weight, 0});
  }
  // The average store sells what the model says, whichever sizes were drawn.
  for (Store &store : result) {
    store.baskets_milli = static_cast<std::uint32_t>(baskets_per_store_milli * store.weight *
                                                     stores / std::max<std::uint64_t>(1, total));
  }
  return result;
}

Sales::Sales(std::uint64_t seed, std::uint32_t scale_ppm, Day from, Day to,
             std::vector<Store> stores, std::vector<Product> products,
             std::vector<Promotion> promotions)
    : seed_(seed), scale_ppm_(scale_ppm), from_(from), to_(to), stores_(std::move(stores)),
      products_(std::move(products)), promotions_(std::move(promotions)),
      store_pick_(weights_of(stores_)),
      customers_(seed, store_pick_, stores_.size(),
                 static_cast<std::uint32_t>(scaled(members_per_store * stores_.size(), scale_ppm))),
      stock_(seed, from, expected_daily_units()) {
  for (std::size_t c = 0; c < category_count; ++c) {
    std::vector<std::uint32_t> weights;
    for (std::uint32_t i = 0; i < products_.size(); ++i) {
      if (products_[i].demand == static_cast<Category>(c)) {
        product_of_[c].push_back(i);
        weights.push_back(products_[i].popularity);
      }
    }
    product_pick_[c] = Weighted(weights);
  }
}

std::vector<std::uint64_t> Sales::expected_daily_units() const {
  const std::uint64_t baskets_milli =
      scaled((baskets_per_store_milli + online_per_store_milli) * stores_.size(), scale_ppm_);
  std::array<std::uint64_t, category_count> popularity{};
  for (const Product &product : products_) {
    popularity[static_cast<std::size_t>(product.demand)] += product.popularity;
  }
  std::vector<std::uint64_t> units;
  units.reserve(products_.size());
  for (const Product &product : products_) {
    const std::uint64_t lines_milli =
        baskets_milli * mean_lines_milli / 1'000 * category_demand(product.demand) / 1'000;
    units.push_back(lines_milli * mean_quantity_milli(product.demand) / 1'000 * product.popularity /
                    popularity[static_cast<std::size_t>(product.demand)]);
  }
  return units;
}

void Sales::begin_day(Day day) {
  day_ = day;
  const int year = calendar::civil_from_day(day).year;
  if (festivals_.year != year) {
    festivals_ = festivals_of(year);
  }
  for (std::size_t c = 0; c < category_count; ++c) {
    season_[c] = season_factor(static_cast<Category>(c), day, festivals_);
  }
  running_.clear();
  for (std::uint32_t i = 0; i < promotions_.size(); ++i) {
    if (promotions_[i].start <= day && day <= promotions_[i].end) {
      running_.push_back(i);
    }
  }
  stock_.open_day(day);
}

Sales::Demand Sales::demand_at(std::uint32_t location) const {
  Demand demand{};
  for (const std::uint32_t i : running_) {
    const Promotion &promotion = promotions_[i];
    std::optional<std::uint32_t> &best =
        demand.promotion[static_cast<std::size_t>(promotion.category)];
    if ((location == online() || promotion.in_store(location)) &&
        (!best || promotions_[*best].percent < promotion.percent)) {
      best = i;
    }
  }
  std::array<std::uint32_t, category_count> weights{};
  for (std::size_t c = 0; c < category_count; ++c) {
    weights[c] = category_demand(static_cast<Category>(c)) * season_[c];
    if (demand.promotion[c]) {
      weights[c] = static_cast<std::uint32_t>(
          std::uint64_t{weights[c]} * (1'000 + promotions_[*demand.promotion[c]].uplift) / 1'000);
    }
  }
  demand.categories = Weighted(weights);
  demand.total = demand.categories.total() / 1'000;
  return demand;
}

void Sales::sell(std::uint32_t location, std::vector<Line> &lines) {
  const bool web = location == online();
  Random random(seed_, purpose_sales,
                std::uint64_t{location} << 32 | static_cast<std::uint32_t>(day_));
  const Demand demand = demand_at(location);
  std::uint64_t mean =
      web ? online_per_store_milli * stores_.size() : stores_[location].baskets_milli;
  mean = mean * demand.total / 1'000 * weekday_factor(day_, web) / 1'000;
  mean =
      mean * (970 + 60 * static_cast<std::uint64_t>((day_ - from_) % 365) / 365) / 1'000; // growth
  const std::uint64_t baskets = random.count(scaled(mean, scale_ppm_));

  static const Weighted hours[2] = {Weighted(store_hours), Weighted(online_hours)};
  static const Weighted payments[2] = {Weighted(store_payments), Weighted(online_payments)};
  std::vector<std::int32_t> times(baskets);
  for (std::int32_t &time : times) {
    time = static_cast<std::int32_t>(hours[web ? 1 : 0].pick(random)) * 3'600 +
           random.between(0, 3'599);
  }
  std::sort(times.begin(), times.end());

  Line line;
  line.location = location;
  line.day = day_;
  for (const std::int32_t time : times) {
    ++line.order;
    line.second = time;
    line.payment = static_cast<std::uint32_t>(payments[web ? 1 : 0].pick(random));
    line.customer.reset();
    if (web) {
      const auto home = static_cast<std::uint32_t>(store_pick_.pick(random));
      line.customer = customers_.pick(random, home, joining_online);
    } else if (!random.chance(walk_in)) {
      line.customer = customers_.pick(random, location, joining_in_store);
    }
    fill_basket(random, demand, line, lines);
  }

  for (const Line &due : returns_[static_cast<std::size_t>(day_) % returns_.size()]) {
    if (due.location == location) {
      Line back = due;
      back.order = ++line.order;
      back.day = day_;
      stock_.give_back(back.product, -back.quantity);
      if (back.customer) {
        customers_[*back.customer].spent += back.amount();
      }
      lines.push_back(back);
    }
  }
}

void Sales::fill_basket(Random &random, const Demand &demand, Line line, std::vector<Line> &lines) {
  static const Weighted sizes{lines_per_basket};
  const std::size_t first = lines.size();
  const std::size_t wanted = sizes.pick(random) + 1;
  std::size_t category = 0;
  for (std::size_t n = 0; n < wanted; ++n) {
    if (n == 0 || !random.chance(same_category)) {
      category = demand.categories.pick(random);
    }
    // A product that lies in the basket already or is sold out makes room for another one.
    for (int attempt = 0; attempt < 6; ++attempt) {
      const std::uint32_t product = product_of_[category][product_pick_[category].pick(random)];
      const int quantity = draw_quantity(static_cast<Category>(category), random);
      const bool taken =
          std::any_of(lines.begin() + static_cast<std::ptrdiff_t>(first), lines.end(),
                      [&](const Line &l) { return l.product == product; });
      if (taken || stock_.on_hand(product) < quantity) {
        continue;
      }
      line.product = product;
      line.quantity = quantity;
      line.price = products_[product].price;
      line.discount = 0;
      line.promotion.reset();
      if (demand.promotion[category] && random.chance(promotion_reach)) {
        line.promotion = demand.promotion[category];
        line.discount = line.price * quantity * promotions_[*line.promotion].percent / 100;
      }
      ++line.number;
      stock_.take(product, quantity);
      if (line.customer) {
        customers_[*line.customer].spent += line.amount();
      }
      lines.push_back(line);
      schedule_return(random, line);
      break;
    }
  }
}

// One unit comes back within two weeks, at the price paid for it.
void Sales::schedule_return(Random &random, const Line &line) {
  if (!random.chance(returned)) {
    return;
  }
  const Day day = line.day + random.between(1, static_cast<std::int32_t>(returns_.size()) - 1);
  if (day > to_) {
    return;
  }
  Line back = line;
  back.number = 1;
  back.quantity = -1;
  back.price = line.amount() / line.quantity;
  back.discount = 0;
  back.promotion.reset();
  back.second = 11 * 3'600 + random.between(0, 9 * 3'600);
  returns_[static_cast<std::size_t>(day) % returns_.size()].push_back(back);
}

void Sales::end_day() {
  returns_[static_cast<std::size_t>(day_) % returns_.size()].clear();
  stock_.close_day(day_);
}

} // namespace starhouse::generate
