#include "core/generate/geography.hpp"
#include "core/generate/json.hpp"
#include "core/generate/sales_writer.hpp"
#include "core/generate/text.hpp"
#include "core/generate/truth_json.hpp"

#include <algorithm>
#include <map>

namespace starhouse::generate {

namespace {

void append_measures(Json &json, std::string_view key, const Measures &m) {
  std::string text = R"({"lines": )";
  append_number(text, m.lines);
  text += R"(, "units": )";
  append_number(text, m.units);
  text += R"(, "revenue": ")";
  append_money(text, m.revenue);
  text += R"(", "discount": ")";
  append_money(text, m.discount);
  text += R"("})";
  json.raw(key, text);
}

void write_months(Json &json, const Truth &truth) {
  std::map<std::string, Measures> regions;
  std::map<std::string, Measures> channels;
  json.open("by_month", '{');
  for (std::size_t i = 0; i < truth.by_month_location.size(); ++i) {
    const auto &locations = truth.by_month_location[i];
    const int index = truth.first_month - 1 + static_cast<int>(i);
    Measures month;
    std::map<std::string, Measures> in_month;
    for (std::size_t l = 0; l < locations.size(); ++l) {
      const bool web = l + 1 == locations.size();
      const std::string region = web ? "Online" : std::string(city_of_store(l).region);
      month.add(locations[l]);
      in_month[region].add(locations[l]);
      regions[region].add(locations[l]);
      channels[web ? "Online" : "Store"].add(locations[l]);
    }
    std::string name;
    append_number(name, truth.first_year + index / 12, 4);
    name += '-';
    append_number(name, index % 12 + 1, 2);
    json.open(name, '{');
    append_measures(json, "all", month);
    for (const auto &[region, measures] : in_month) {
      append_measures(json, region, measures);
    }
    json.close();
  }
  json.close();
  json.open("by_region", '{');
  for (const auto &[region, measures] : regions) {
    append_measures(json, region, measures);
  }
  json.close();
  json.open("by_channel", '{');
  for (const auto &[channel, measures] : channels) {
    append_measures(json, channel, measures);
  }
  json.close();
}

void write_feeds(Json &json, const Truth &truth) {
  json.open("feeds", '{');
  for (const FeedCounts &feed : truth.feeds) {
    json.open(feed.name, '{');
    json.number("files", feed.files);
    json.number("records", feed.records);
    json.number("loaded", feed.loaded());
    json.number("duplicates", feed.duplicates());
    json.number("rejected", feed.rejected());
    json.open("rejected_for", '{');
    for (std::size_t i = 0; i < dirt_count; ++i) {
      if (is_rejected(static_cast<Dirt>(i)) && feed.dirt[i] > 0) {
        json.number(dirt_name(static_cast<Dirt>(i)), feed.dirt[i]);
      }
    }
    json.close();
    json.open("mended", '{');
    for (std::size_t i = 1; i < dirt_count; ++i) {
      const auto dirt = static_cast<Dirt>(i);
      if (!is_rejected(dirt) && dirt != Dirt::duplicate && feed.dirt[i] > 0) {
        json.number(dirt_name(dirt), feed.dirt[i]);
      }
    }
    json.close();
    json.close();
  }
  json.close();
}

void write_breakdowns(Json &json, const Truth &truth, const Catalog &catalog,
                      const std::vector<Promotion> &promotions) {
  json.open("by_category_as_was", '{');
  for (std::size_t c = 0; c < category_count; ++c) {
    append_measures(json, category_name(static_cast<Category>(c)), truth.by_category[c]);
  }
  append_measures(json, "unknown", truth.by_category.back());
  json.close();
  json.open("by_payment_mode", '{');
  for (std::size_t i = 0; i < payment_modes.size(); ++i) {
    append_measures(json, payment_modes[i], truth.by_payment[i]);
  }
  json.close();
  json.open("by_loyalty_as_was", '{');
  constexpr std::array<std::string_view, 5> levels{"Silver", "Gold", "Platinum", "?", "inferred"};
  for (std::size_t i = 0; i < levels.size(); ++i) {
    json.money(levels[i], truth.by_loyalty[i]);
  }
  json.close();
  json.open("by_promotion", '{');
  for (std::size_t i = 0; i < promotions.size(); ++i) {
    append_measures(json, promotions[i].id, truth.by_promotion[i]);
  }
  append_measures(json, "-", truth.by_promotion.back());
  json.close();

  std::vector<std::size_t> order(catalog.products.size());
  for (std::size_t i = 0; i < order.size(); ++i) {
    order[i] = i;
  }
  std::stable_sort(order.begin(), order.end(), [&](std::size_t a, std::size_t b) {
    return truth.by_product[a].revenue > truth.by_product[b].revenue;
  });
  json.open("top_products", '[');
  for (std::size_t i = 0; i < std::min<std::size_t>(10, order.size()); ++i) {
    json.open("", '{');
    json.text("product_id", product_id(static_cast<std::uint32_t>(order[i])));
    json.money("revenue", truth.by_product[order[i]].revenue);
    json.close();
  }
  json.close();
}

} // namespace

std::string_view dirt_name(Dirt dirt) noexcept {
  constexpr std::array<std::string_view, dirt_count> names{
      "none",           "odd_code",   "odd_date",       "missing_customer", "unknown_product",
      "no_birth_date",  "duplicate",  "text_in_number", "no_such_date",     "zero_quantity",
      "negative_price", "broken_json"};
  return names[static_cast<std::size_t>(dirt)];
}

std::int64_t FeedCounts::rejected() const noexcept {
  std::int64_t sum = 0;
  for (std::size_t i = 0; i < dirt_count; ++i) {
    sum += is_rejected(static_cast<Dirt>(i)) ? dirt[i] : 0;
  }
  return sum;
}

void append_truth_json(std::string &out, const ShopsmartOptions &options, const Truth &truth,
                       const Catalog &catalog, const std::vector<Promotion> &promotions) {
  Json json(out);
  json.open("", '{');
  json.open("options", '{');
  json.text("warehouse", "shopsmart");
  json.number("seed", static_cast<std::int64_t>(options.seed));
  json.number("stores", options.stores);
  std::string day;
  append_date(day, options.from);
  json.text("from", day);
  day.clear();
  append_date(day, options.to);
  json.text("to", day);
  json.number("scale_per_million", options.scale_ppm);
  json.number("dirty_per_million", options.dirty_ppm);
  json.text("time_zone", options.time_zone);
  json.close();

  json.open("sales", '{');
  append_measures(json, "all", truth.all);
  append_measures(json, "returns", truth.returns);
  json.money("profit", truth.profit);
  json.number("orders", truth.orders);
  json.number("late_lines", truth.late_lines);
  json.close();
  json.open("customers", '{');
  json.number("active", truth.customers);
  json.number("repeat", truth.repeat_customers);
  json.close();
  json.open("dimensions", '{');
  json.number("stores", options.stores);
  json.number("promotions", static_cast<std::int64_t>(promotions.size()));
  json.number("products", static_cast<std::int64_t>(catalog.products.size()));
  json.number("product_versions", truth.product_versions);
  json.number("inferred_products", truth.inferred_products);
  json.number("customers", truth.customer_members);
  json.number("customer_versions", truth.customer_versions);
  json.number("inferred_customers", truth.inferred_customers);
  json.close();
  json.open("inventory", '{');
  json.number("rows", truth.stock_rows);
  json.number("units_sold", truth.stock_units_known);
  json.number("stock_on_hand_sum", truth.stock_sum);
  json.close();
  write_feeds(json, truth);
  write_months(json, truth);
  write_breakdowns(json, truth, catalog, promotions);
  json.close();
  out += '\n';
}

} // namespace starhouse::generate
