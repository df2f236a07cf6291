#include "core/generate/shopsmart.hpp"

#include "core/generate/geography.hpp"
#include "core/generate/sales.hpp"
#include "core/generate/sales_writer.hpp"
#include "core/generate/text.hpp"
#include "core/generate/truth_json.hpp"

#include <algorithm>
#include <limits>
#include <utility>

namespace starhouse::generate {

namespace {

using calendar::Day;

enum Purpose : std::uint64_t { purpose_dirt = 600, purpose_manager = 601, purpose_crm_dirt = 602 };

constexpr std::uint32_t late_share = 50; // per mille of dirty_ppm: whole orders

// From the month of one day to that of a later one.
std::size_t months(const calendar::Civil &from, const calendar::Civil &to) {
  const int count = (to.year - from.year) * 12 + to.month - from.month;
  return static_cast<std::size_t>(count);
}

enum Feed : std::size_t { stores, products, promotions, customers, pos, online, inventory, feeds };

class Generator {
public:
  Generator(const ShopsmartOptions &options, Output &output, const Env &env)
      : options_(options), output_(output), env_(env),
        catalog_(make_catalog(options.seed, options.from, options.to)),
        sales_(options.seed, options.scale_ppm, options.from, options.to,
               make_stores(options.seed, options.stores), catalog_.products,
               make_promotions(options.seed, options.from, options.to)),
        writer_(sales_.promotions(), options.time_zone), unknown_seen_(unknown_products) {
    const calendar::Civil first = calendar::civil_from_day(options.from);
    const calendar::Civil last = calendar::civil_from_day(options.to);
    truth_.first_year = first.year;
    truth_.first_month = first.month;
    truth_.by_month_location.assign(months(first, last) + 1,
                                    std::vector<Measures>(options.stores + 1));
    truth_.by_product.resize(catalog_.products.size() + 1);
    truth_.by_category.resize(category_count + 1);
    truth_.by_payment.resize(payment_modes.size());
    truth_.by_promotion.resize(sales_.promotions().size() + 1);
    for (const std::string_view name : {"stores", "products", "promotions", "customers",
                                        "pos_sales", "online_orders", "inventory"}) {
      truth_.feeds.push_back({std::string(name), 0, 0, {}});
    }
  }

  Truth run();

private:
  Table open(Feed feed, const std::string &path) {
    ++truth_.feeds[feed].files;
    order_.emplace_back(feed, path);
    return {output_, path, truth_.feeds[feed].name};
  }

  void write_stores();
  void write_promotions();
  void write_products(Day day, const std::vector<std::uint32_t> &which);
  void revise_products(Day day);
  void write_customers(Day extract_day);
  void write_inventory(Day day);
  void sell_day(Day day);
  void write_line(const Line &line, std::string &out, std::string &next_day, bool last_day,
                  Random &random, bool &reaches, bool &names_customer);
  void count(const Line &line, Dirt dirt, std::uint32_t unknown_product);
  void finish();

  const ShopsmartOptions &options_;
  Output &output_;
  const Env &env_;
  Catalog catalog_;
  Sales sales_;
  SalesWriter writer_;
  Truth truth_;
  std::vector<std::pair<Feed, std::string>> order_;
  std::vector<bool> unknown_seen_;
  std::size_t next_revision_ = 0;
  std::uint32_t extract_ = 0;
  std::unique_ptr<Table> online_;
  std::string pos_tomorrow_;
  std::string online_tomorrow_;
};

void Generator::write_stores() {
  Table table = open(stores, "stores.csv");
  table.row() += "store_id,store_name,city,city_tier,state,region,store_manager,opened_on\n";
  for (std::uint32_t i = 0; i < sales_.stores(); ++i) {
    const City &city = city_of_store(i);
    Random random(options_.seed, purpose_manager, i);
    const bool female = random.chance(500'000);
    const auto names = female ? female_names() : male_names();
    std::string &row = table.row();
    row += store_id(i) + ",ShopSmart " + std::string(city.name) + ' ';
    append_number(row, i + 1);
    row += ',' + std::string(city.name) + ",Tier ";
    append_number(row, city.tier);
    row += ',' + std::string(city.state) + ',' + std::string(city.region) + ',';
    row += names[random.below(static_cast<std::uint32_t>(names.size()))];
    row += ' ';
    row += last_names()[random.below(static_cast<std::uint32_t>(last_names().size()))];
    row += ',';
    append_date(row, calendar::day_from_civil(2008, 1, 1) + random.between(0, 15 * 365));
    row += '\n';
    ++truth_.feeds[stores].records;
  }
  table.close();
}

void Generator::write_promotions() {
  Table table = open(promotions, "promotions.csv");
  table.row() += "promotion_id,promotion_name,start_date,end_date,discount_percent\n";
  for (const Promotion &promotion : sales_.promotions()) {
    std::string &row = table.row();
    row += promotion.id + ',';
    append_csv(row, promotion.name);
    row += ',';
    append_date(row, promotion.start);
    row += ',';
    append_date(row, promotion.end);
    row += ',';
    append_number(row, promotion.percent);
    row += '\n';
    ++truth_.feeds[promotions].records;
  }
  table.close();
}

void Generator::write_products(Day day, const std::vector<std::uint32_t> &which) {
  std::string path = "products/products_";
  append_date(path, day);
  Table table = open(products, path + ".csv");
  table.row() += "product_id,product_name,category,subcategory,brand,supplier_id,price,unit_cost,"
                 "effective_at\n";
  for (const std::uint32_t i : which) {
    const Product &product = sales_.products()[i];
    std::string &row = table.row();
    row += product_id(i) + ',';
    append_csv(row, product.name);
    row += ',';
    row += category_name(product.category);
    row += ',';
    append_csv(row, product.subcategory);
    row += ',';
    append_csv(row, product.brand);
    row += ',' + numbered("SUP", product.supplier, 3) + ',';
    append_money(row, product.price);
    row += ',';
    append_money(row, product.unit_cost);
    row += ',';
    append_date(row, day);
    row += " 00:00:00\n";
    ++truth_.feeds[products].records;
    ++truth_.product_versions;
  }
  table.close();
}

void Generator::revise_products(Day day) {
  std::vector<std::uint32_t> changed;
  for (; next_revision_ < catalog_.revisions.size() &&
         catalog_.revisions[next_revision_].effective == day;
       ++next_revision_) {
    const Revision &revision = catalog_.revisions[next_revision_];
    if (apply(revision, sales_.products()[static_cast<std::size_t>(revision.product)])) {
      changed.push_back(static_cast<std::uint32_t>(revision.product));
    }
  }
  if (!changed.empty()) {
    std::sort(changed.begin(), changed.end());
    changed.erase(std::unique(changed.begin(), changed.end()), changed.end());
    write_products(day, changed);
  }
}

// Everybody who has joined, as of the beginning of `extract_day`.
void Generator::write_customers(Day extract_day) {
  std::string path = "crm/customers_";
  append_date(path, extract_day);
  Table table = open(customers, path + ".csv");
  table.row() +=
      "customer_id,first_name,last_name,gender,birth_date,loyalty_level,city,state,region,"
      "extract_date\n";
  Customers &people = sales_.customers();
  FeedCounts &counts = truth_.feeds[customers];
  Random random(options_.seed, purpose_crm_dirt, extract_);
  for (std::uint32_t i = 0; i < people.size(); ++i) {
    if (i % 4'096 == 0) {
      env_.poll();
    }
    const Person person = people.person(i);
    Customer &customer = people[i];
    Dirt dirt = Dirt::none;
    if (random.chance(options_.dirty_ppm / 5)) {
      const std::uint32_t kind = random.below(10);
      dirt = kind < 5 ? Dirt::odd_code : kind < 9 ? Dirt::odd_date : Dirt::no_birth_date;
    }
    const City &city = city_of_store(customer.home);
    std::string &row = table.row();
    row += dirt == Dirt::odd_code ? odd_letters(customer_id(i), random) : customer_id(i);
    row += ',';
    // The typing error: the first two letters after the capital are swapped.
    std::string first_name(person.first_name);
    if (extract_ < person.misspelled_until) {
      std::swap(first_name[1], first_name[2]);
    }
    row += first_name + ',' + std::string(person.last_name) + (person.female ? ",F," : ",M,");
    if (dirt == Dirt::no_birth_date) {
      append_date(row, calendar::civil_from_day(person.birth_date).year, 2, 31);
    } else {
      append_date(row, person.birth_date,
                  dirt == Dirt::odd_date ? DateStyle::slashes : DateStyle::iso);
    }
    row += ',';
    row += loyalty_name(customer.level);
    row += ',' + std::string(city.name) + ',' + std::string(city.state) + ',' +
           std::string(city.region) + ',';
    append_date(row, extract_day);
    row += '\n';

    ++counts.records;
    ++counts.dirt[static_cast<std::size_t>(dirt)];
    if (!customer.known) {
      truth_.by_loyalty[static_cast<std::size_t>(customer.level)] += customer.unattributed;
      customer.unattributed = 0;
      ++truth_.customer_members;
      ++truth_.customer_versions;
    } else if (customer.level != customer.known_level ||
               &city != &city_of_store(customer.known_home)) {
      ++truth_.customer_versions;
    }
    customer.known = true;
    customer.known_level = customer.level;
    customer.known_home = customer.home;
  }
  ++extract_;
  table.close();
}

// The stock as counted on the evening of `day`.
void Generator::write_inventory(Day day) {
  const calendar::IsoWeek week = calendar::iso_week(day);
  std::string path = "inventory/inventory_";
  append_number(path, week.year, 4);
  path += "-W";
  append_number(path, week.week, 2);
  Table table = open(inventory, path + ".csv");
  table.row() += "snapshot_date,product_id,stock_on_hand,reorder_level,supplier_id,units_sold\n";
  for (std::uint32_t i = 0; i < sales_.products().size(); ++i) {
    const Stock::Snapshot snapshot = sales_.stock().snapshot(i);
    std::string &row = table.row();
    append_date(row, day);
    row += ',' + product_id(i) + ',';
    append_number(row, snapshot.on_hand);
    row += ',';
    append_number(row, snapshot.reorder_level);
    row += ',' + numbered("SUP", sales_.products()[i].supplier, 3) + ',';
    append_number(row, snapshot.units_sold);
    row += '\n';
    ++truth_.feeds[inventory].records;
    ++truth_.stock_rows;
    truth_.stock_units_sold += snapshot.units_sold;
    truth_.stock_sum += snapshot.on_hand;
  }
  truth_.stock_units_known = 0;
  for (std::size_t i = 0; i + 1 < truth_.by_product.size(); ++i) {
    truth_.stock_units_known += truth_.by_product[i].units;
  }
  table.close();
}

void Generator::count(const Line &line, Dirt dirt, std::uint32_t unknown_product) {
  const calendar::Civil civil = calendar::civil_from_day(line.day);
  const auto month = months({truth_.first_year, truth_.first_month, 1}, civil);
  const Paisa amount = line.amount();
  const auto add = [&](Measures &measures) { measures.add(line.quantity, amount, line.discount); };
  add(truth_.all);
  add(truth_.by_month_location[month][line.location]);
  add(truth_.by_payment[line.payment]);
  add(truth_.by_promotion[line.promotion.value_or(
      static_cast<std::uint32_t>(truth_.by_promotion.size() - 1))]);
  if (line.quantity < 0) {
    add(truth_.returns);
  }
  if (dirt == Dirt::unknown_product) {
    unknown_seen_[unknown_product] = true;
    add(truth_.by_product.back());
    add(truth_.by_category.back());
  } else {
    const Product &product = sales_.products()[line.product];
    add(truth_.by_product[line.product]);
    add(truth_.by_category[static_cast<std::size_t>(product.category)]);
    truth_.profit += amount - product.unit_cost * line.quantity;
  }
  if (!line.customer || dirt == Dirt::missing_customer) {
    truth_.by_loyalty[3] += amount;
    return;
  }
  Customer &customer = sales_.customers()[*line.customer];
  customer.sold = true;
  if (customer.known) {
    truth_.by_loyalty[static_cast<std::size_t>(customer.known_level)] += amount;
  } else {
    customer.unattributed += amount;
  }
}

void Generator::write_line(const Line &line, std::string &out, std::string &next_day, bool last_day,
                           Random &random, bool &reaches, bool &names_customer) {
  const bool web = line.location == sales_.online();
  const Dirt dirt = choose_dirt(random, line, web, options_.dirty_ppm);
  const std::uint32_t unknown_product = random.below(unknown_products);
  FeedCounts &counts = truth_.feeds[web ? online : pos];
  ++counts.records;
  ++counts.dirt[static_cast<std::size_t>(dirt)];

  const std::size_t start = out.size();
  if (web) {
    writer_.online(out, line, dirt, unknown_product, random);
  } else {
    writer_.pos(out, line, dirt, unknown_product, random);
  }
  if (dirt == Dirt::duplicate) {
    ++counts.records;
    const std::string again = out.substr(start);
    (last_day || random.below(5) != 0 ? out : next_day) += again;
  }
  if (!is_rejected(dirt)) {
    count(line, dirt, unknown_product);
    if (line.quantity > 0) {
      reaches = true;
      names_customer = names_customer || (line.customer && dirt != Dirt::missing_customer);
    }
  }
}

void Generator::sell_day(Day day) {
  const bool last_day = day == options_.to;
  const calendar::Civil civil = calendar::civil_from_day(day);
  if (online_ == nullptr || civil.day == 1) {
    if (online_ != nullptr) {
      online_->close();
    }
    std::string path = "online/orders_";
    append_number(path, civil.year, 4);
    path += '-';
    append_number(path, civil.month, 2);
    online_ = std::make_unique<Table>(open(online, path + ".jsonl"));
  }
  std::string path = "pos/pos_";
  append_date(path, day);
  Table pos_table = open(pos, path + ".csv");
  pos_table.row() += pos_header;
  pos_table.row() += std::exchange(pos_tomorrow_, {});
  online_->row() += std::exchange(online_tomorrow_, {});

  std::vector<Line> lines;
  sales_.begin_day(day);
  for (std::uint32_t location = 0; location <= sales_.online(); ++location) {
    env_.poll();
    const bool web = location == sales_.online();
    Random random(options_.seed, purpose_dirt,
                  std::uint64_t{location} << 32 | static_cast<std::uint32_t>(day));
    lines.clear();
    sales_.sell(location, lines);
    for (std::size_t i = 0; i < lines.size();) {
      const std::uint32_t order = lines[i].order;
      const std::optional<std::uint32_t> customer = lines[i].customer;
      bool reaches = false;
      bool names_customer = false;
      const bool late = !web && !last_day && random.chance(options_.dirty_ppm * late_share / 1'000);
      std::string &next_day = web ? online_tomorrow_ : pos_tomorrow_;
      std::string &out = late ? pos_tomorrow_ : web ? online_->row() : pos_table.row();
      for (; i < lines.size() && lines[i].order == order; ++i) {
        write_line(lines[i], out, next_day, last_day, random, reaches, names_customer);
        truth_.late_lines += late ? 1 : 0;
      }
      truth_.orders += reaches ? 1 : 0;
      if (names_customer) {
        ++sales_.customers()[*customer].orders;
      }
    }
  }
  sales_.end_day();
  pos_table.close();
}

void Generator::finish() {
  online_->close();
  const Customers &people = sales_.customers();
  for (std::uint32_t i = 0; i < people.size(); ++i) {
    const Customer &customer = people[i];
    truth_.customers += customer.orders >= 1 ? 1 : 0;
    truth_.repeat_customers += customer.orders >= 2 ? 1 : 0;
    if (customer.sold && !customer.known) {
      ++truth_.inferred_customers;
      truth_.by_loyalty[4] += customer.unattributed;
    }
  }
  truth_.inferred_products = std::count(unknown_seen_.begin(), unknown_seen_.end(), true);

  // Dimensions first, so that facts find their members; within a feed in the order of time.
  std::stable_sort(order_.begin(), order_.end(),
                   [](const auto &a, const auto &b) { return a.first < b.first; });
  Table manifest(output_, "LOAD_ORDER");
  for (const auto &[feed, path] : order_) {
    manifest.row() += truth_.feeds[feed].name + '\t' + path + '\n';
  }
  manifest.close();
  Table truth(output_, "TRUTH.json");
  append_truth_json(truth.row(), options_, truth_, catalog_, sales_.promotions());
  truth.close();
}

Truth Generator::run() {
  write_stores();
  write_promotions();
  std::vector<std::uint32_t> every(catalog_.products.size());
  for (std::uint32_t i = 0; i < every.size(); ++i) {
    every[i] = i;
  }
  write_products(options_.from, every);
  write_customers(options_.from);
  for (Day day = options_.from; day <= options_.to; ++day) {
    revise_products(day);
    sell_day(day);
    if (calendar::iso_weekday(day) == 7) {
      write_inventory(day);
    }
    if (day == options_.to || calendar::civil_from_day(day + 1).day == 1) {
      sales_.customers().end_month(extract_);
      write_customers(day + 1);
    }
  }
  finish();
  return std::move(truth_);
}

} // namespace

void check(const ShopsmartOptions &options) {
  const auto refuse = [](const std::string &message, const std::string &hint) {
    throw Error(sqlstate::invalid_parameter_value, message, hint);
  };
  if (options.stores < 1 || options.stores > 5'000) {
    refuse("number of stores out of range: " + std::to_string(options.stores),
           "Give a number from 1 to 5000.");
  }
  if (options.from > options.to) {
    refuse("the first day lies after the last one", "Give --from and --to in order.");
  }
  if (options.from < calendar::day_from_civil(2001, 1, 1) ||
      options.to > calendar::day_from_civil(2035, 12, 31)) {
    refuse("dates out of range", "Choose days between 2001-01-01 and 2035-12-31: the festivals of "
                                 "other years are not known.");
  }
  if (options.scale_ppm < 1'000 || options.scale_ppm > 1'000 * million) {
    refuse("scale out of range", "Give a scale from 0.001 to 1000.");
  }
  if (options.dirty_ppm > million / 2) {
    refuse("share of dirty rows out of range", "Give a share from 0 to 0.5.");
  }
}

Truth generate_shopsmart(const ShopsmartOptions &options, Output &output, const Env &env) {
  check(options);
  return Generator(options, output, env).run();
}

} // namespace starhouse::generate
