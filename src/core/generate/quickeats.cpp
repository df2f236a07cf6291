#include "core/generate/quickeats.hpp"

#include "core/generate/geography.hpp"
#include "core/generate/quickeats_model.hpp"
#include "core/generate/quickeats_writer.hpp"
#include "core/generate/text.hpp"

#include <algorithm>
#include <utility>

namespace starhouse::generate {

using calendar::Day;
using quickeats::Milestone;
using quickeats::Moment;
using quickeats::Order;

namespace {

enum Purpose : std::uint64_t { purpose_people = 720, purpose_dirt = 721, purpose_changes = 722 };

// Customers and payments; docs/generate.md says how the figures were found.
constexpr std::uint32_t new_customer = 470'000; // of the orders
constexpr std::array<std::uint32_t, 4> mode_share{460, 250, 180, 110};
constexpr std::array<std::uint32_t, 4> mode_fails{70'000, 76'000, 5'000, 58'000}; // an attempt
constexpr std::uint32_t tries_again = 480'000;
constexpr std::uint32_t cancelled_later = 12'000;
constexpr std::uint32_t gives_feedback = 250'000;
constexpr std::uint32_t searches_before = 300'000;
constexpr std::uint32_t late_share = 20'000; // placed events that come with the next day's file
constexpr Moment ping_every = 75;
constexpr Moment idle_ping_every = 240;
constexpr int idle_pings = 5;

enum Feed : std::size_t {
  cities,
  restaurants,
  drivers,
  customers,
  orders,
  payments,
  pings,
  feedback,
  app_events,
  feeds
};
constexpr std::array<std::string_view, feeds> feed_names{"cities",    "restaurants", "drivers",
                                                         "customers", "orders",      "payments",
                                                         "pings",     "feedback",    "app_events"};

struct Customer {
  std::uint32_t orders = 0; // not cancelled, naming the customer
  std::uint32_t city = 0;
  Day joined = 0;
};

constexpr std::array<QuickeatsDirt, 9> order_dirt{
    QuickeatsDirt::odd_status,       QuickeatsDirt::odd_date,       QuickeatsDirt::duplicate,
    QuickeatsDirt::missing_customer, QuickeatsDirt::text_in_number, QuickeatsDirt::unknown_status,
    QuickeatsDirt::negative_amount,  QuickeatsDirt::far_future,     QuickeatsDirt::broken_json};
constexpr std::array<QuickeatsDirt, 5> payment_dirt{
    QuickeatsDirt::odd_date, QuickeatsDirt::duplicate, QuickeatsDirt::text_in_number,
    QuickeatsDirt::negative_amount, QuickeatsDirt::no_such_date};
constexpr std::array<QuickeatsDirt, 5> ping_dirt{
    QuickeatsDirt::duplicate, QuickeatsDirt::outside_earth, QuickeatsDirt::no_fix,
    QuickeatsDirt::far_future, QuickeatsDirt::broken_json};

constexpr bool is_rejected(QuickeatsDirt dirt) noexcept {
  return dirt >= QuickeatsDirt::text_in_number;
}

class Generator {
public:
  Generator(const QuickeatsOptions &options, Output &output, const Env &env)
      : options_(options), output_(output), env_(env), mode_pick_(mode_share) {
    const Moment start = static_cast<Moment>(options.from) * quickeats::day_seconds;
    for (std::uint32_t city = 0; city < options.cities; ++city) {
      towns_.emplace_back(options.seed, city, options.scale_ppm, start, restaurants_, drivers_);
      truth_.cities.push_back({});
      truth_.cities.back().id = quickeats::city_plans()[city].id;
    }
    customers_of_.resize(options.cities);
    for (const std::string_view name : feed_names) {
      truth_.feeds.push_back({std::string(name), 0, 0, {}});
    }
  }

  QuickeatsTruth run();

private:
  Table open(Feed feed, std::string_view stem, Day day, std::string_view ending);
  Table open(Feed feed, const std::string &path) {
    ++truth_.feeds[feed].files;
    order_.emplace_back(feed, path);
    return {output_, path, truth_.feeds[feed].name};
  }
  // Writes one record through `write(out, dirt)`, spoiled, doubled or beside a bad copy as the draw
  // has it. Returns the dirt of the record that counts.
  template <std::size_t Kinds, typename Write>
  QuickeatsDirt put(Feed feed, const std::array<QuickeatsDirt, Kinds> &kinds, std::uint32_t ppm,
                    std::string &out, Random &random, const Write &write);

  void write_cities();
  void write_restaurants(Day day);
  void write_drivers();
  void write_customers();
  void serve(Order &order, Random &random);
  void write_order(const Order &order, Random &random, std::string &out, std::string &late);
  void write_pings(const Order &order, Random &random, std::string &out);
  void idle_until(std::uint32_t driver, Moment until, Random &random, std::string &out);
  void ping(std::uint32_t driver, quickeats::Point at, Moment moment, bool available,
            Random &random, std::string &out);
  void write_payments(const Order &order, Random &random, std::string &out);
  void write_voice(const Order &order, Random &random, std::string &feedback_out,
                   std::string &app_out);
  void run_day(Day day);
  void finish();

  const QuickeatsOptions &options_;
  Output &output_;
  const Env &env_;
  QuickeatsTruth truth_;
  std::vector<quickeats::Restaurant> restaurants_;
  std::vector<quickeats::Driver> drivers_;
  std::vector<quickeats::Point> stood_; // where each driver was after the last order
  std::vector<quickeats::Town> towns_;
  std::vector<Customer> customers_;
  std::vector<std::vector<std::uint32_t>> customers_of_;
  Weighted mode_pick_;
  std::vector<std::pair<Feed, std::string>> order_;
  std::string orders_tomorrow_;
  std::uint64_t order_number_ = 0;
  std::uint64_t payment_number_ = 0;
  std::uint64_t feedback_number_ = 0;
  std::uint64_t app_number_ = 0;
};

Table Generator::open(Feed feed, std::string_view stem, Day day, std::string_view ending) {
  std::string path(stem);
  append_date(path, day);
  path += ending;
  return open(feed, path);
}

template <std::size_t Kinds, typename Write>
QuickeatsDirt Generator::put(Feed feed, const std::array<QuickeatsDirt, Kinds> &kinds,
                             std::uint32_t ppm, std::string &out, Random &random,
                             const Write &write) {
  QuickeatsFeed &counts = truth_.feeds[feed];
  const QuickeatsDirt dirt = random.chance(ppm) ? kinds[random.below(Kinds)] : QuickeatsDirt::none;
  if (dirt != QuickeatsDirt::none) {
    ++counts.dirt[static_cast<std::size_t>(dirt)];
  }
  if (is_rejected(dirt)) {
    write(out, dirt);
    ++counts.records;
  }
  const QuickeatsDirt kept =
      is_rejected(dirt) || dirt == QuickeatsDirt::duplicate ? QuickeatsDirt::none : dirt;
  write(out, kept);
  ++counts.records;
  if (dirt == QuickeatsDirt::duplicate) {
    write(out, kept);
    ++counts.records;
  }
  return kept;
}

void Generator::write_cities() {
  Table table = open(cities, "cities.csv");
  table.row() += "city_id,city_name,region,population,traffic_index,latitude,longitude\n";
  for (std::uint32_t i = 0; i < options_.cities; ++i) {
    const quickeats::CityPlan &city = quickeats::city_plans()[i];
    std::string &row = table.row();
    row += std::string(city.id) + ',' + std::string(city.id) + ',' + std::string(city.region) + ',';
    append_number(row, city.population);
    row += ',';
    append_money(row, city.traffic);
    row += ',';
    append_number(row, city.latitude / 100'000);
    row += '.';
    append_number(row, city.latitude % 100'000, 5);
    row += ',';
    append_number(row, city.longitude / 100'000);
    row += '.';
    append_number(row, city.longitude % 100'000, 5);
    row += '\n';
    ++truth_.feeds[cities].records;
  }
  table.close();
}

// Everybody, every week: ratings drift; now and then a kitchen changes its cuisine.
void Generator::write_restaurants(Day day) {
  Table table = open(restaurants, "restaurants/restaurants_", day, ".csv");
  table.row() +=
      "restaurant_id,name,cuisine_type,city,avg_rating,latitude,longitude,effective_at\n";
  const bool first = day == options_.from;
  for (std::uint32_t i = 0; i < restaurants_.size(); ++i) {
    quickeats::Restaurant &r = restaurants_[i];
    Random random(options_.seed, purpose_changes,
                  std::uint64_t{i} << 32 | static_cast<std::uint32_t>(day));
    if (!first) {
      r.rating = std::clamp(r.rating + random.between(-1, 1), 25, 50);
      if (random.chance(4'000)) {
        r.cuisine = (r.cuisine + 1) % static_cast<std::uint32_t>(quickeats::cuisines.size());
        ++truth_.restaurant_versions;
      }
    }
    const quickeats::CityPlan &city = quickeats::city_plans()[r.city];
    const std::int32_t latitude = quickeats::latitude_of(city, r.at);
    const std::int32_t longitude = quickeats::longitude_of(city, r.at);
    std::string &row = table.row();
    quickeats::append_id(row, 'R', i + 1, 5);
    row += ',' + std::string(last_names()[i % last_names().size()]) + "'s " +
           std::string(quickeats::cuisines[r.cuisine]) + ' ';
    append_number(row, i + 1);
    row += ',' + std::string(quickeats::cuisines[r.cuisine]) + ',' + std::string(city.id) + ',';
    append_number(row, r.rating / 10);
    row += '.';
    append_number(row, r.rating % 10);
    for (const std::int32_t degrees : {latitude, longitude}) {
      row += ',';
      append_number(row, degrees / 100'000);
      row += '.';
      append_number(row, degrees % 100'000, 5);
    }
    row += ',';
    append_date(row, day);
    row += '\n';
    ++truth_.feeds[restaurants].records;
  }
  if (first) {
    truth_.restaurants = static_cast<std::int64_t>(restaurants_.size());
    truth_.restaurant_versions += truth_.restaurants;
  }
  table.close();
}

// All on the first day; with each later month some have learnt.
void Generator::write_drivers() {
  Table table = open(drivers, "drivers.csv");
  table.row() += "driver_id,name,vehicle_type,city,join_date,experience_level,effective_at\n";
  std::vector<std::uint32_t> level(drivers_.size());
  for (Day day = options_.from; day <= options_.to; ++day) {
    if (day != options_.from && calendar::civil_from_day(day).day != 1) {
      continue;
    }
    for (std::uint32_t i = 0; i < drivers_.size(); ++i) {
      const quickeats::Driver &d = drivers_[i];
      Random random(options_.seed, purpose_changes,
                    std::uint64_t{i} << 33 | static_cast<std::uint32_t>(day));
      if (day == options_.from) {
        level[i] = d.level;
      } else if (level[i] == 2 || !random.chance(80'000)) {
        continue;
      } else {
        ++level[i];
      }
      std::string &row = table.row();
      quickeats::append_id(row, 'D', i + 1, 5);
      row += ',' + std::string(male_names()[i % male_names().size()]) + ' ' +
             std::string(last_names()[i / 7 % last_names().size()]) + ',';
      row += std::string(quickeats::vehicles[d.vehicle]) + ',' +
             std::string(quickeats::city_plans()[d.city].id) + ',';
      append_date(row, options_.from - static_cast<Day>(i * 37 % 1'500) - 1);
      row += ',' + std::string(quickeats::levels[level[i]]) + ',';
      append_date(row, day);
      row += '\n';
      ++truth_.feeds[drivers].records;
      ++truth_.driver_versions;
    }
  }
  truth_.drivers = static_cast<std::int64_t>(drivers_.size());
  table.close();
}

// Who joined when; a few change their phone ten days later.
void Generator::write_customers() {
  Table table = open(customers, "customers.csv");
  table.row() += "customer_id,name,gender,city,signup_date,device_type,effective_at\n";
  for (std::uint32_t i = 0; i < customers_.size(); ++i) {
    const Customer &customer = customers_[i];
    Random random(options_.seed, purpose_people, i);
    const bool female = random.chance(480'000);
    const auto names = female ? female_names() : male_names();
    const std::string_view name = names[random.below(static_cast<std::uint32_t>(names.size()))];
    const std::string_view family =
        last_names()[random.below(static_cast<std::uint32_t>(last_names().size()))];
    const bool apple = random.chance(220'000);
    const bool changes = random.chance(20'000);
    for (int version = 0; version <= (changes ? 1 : 0); ++version) {
      std::string &row = table.row();
      quickeats::append_id(row, 'C', i + 1, 7);
      row += ',' + std::string(name) + ' ' + std::string(family) + (female ? ",Female," : ",Male,");
      row += std::string(quickeats::city_plans()[customer.city].id) + ',';
      append_date(row, customer.joined);
      row += apple != (version == 1) ? ",iOS," : ",Android,";
      append_date(row, customer.joined + 10 * version);
      row += '\n';
      ++truth_.feeds[customers].records;
      ++truth_.customer_versions;
    }
  }
  truth_.customer_members = static_cast<std::int64_t>(customers_.size());
  table.close();
}

// Who orders, and how it is paid.
void Generator::serve(Order &order, Random &random) {
  std::vector<std::uint32_t> &known = customers_of_[order.city];
  if (known.empty() || random.chance(new_customer)) {
    order.customer = static_cast<std::uint32_t>(customers_.size());
    customers_.push_back({0, order.city, static_cast<Day>(order.placed / quickeats::day_seconds)});
    known.push_back(order.customer);
  } else {
    order.customer = known[random.skewed_below(static_cast<std::uint32_t>(known.size()))];
  }
  order.mode = static_cast<std::uint32_t>(mode_pick_.pick(random));
  order.paid = !random.chance(mode_fails[order.mode]);
  if (!order.paid) {
    order.failures = 1;
    if (random.chance(tries_again)) {
      order.paid = !random.chance(150'000);
      order.failures += order.paid ? 0 : 1;
    }
  }
  if (order.delivered != 0 && order.paid && random.chance(cancelled_later)) {
    order.cancelled = order.accepted + random.between(20, 300);
  }
  if (!order.paid && order.cancelled == 0) {
    order.cancelled = order.placed + 300;
  }
  if (order.cancelled != 0) { // whatever was planned after it does not happen
    order.delivered = order.picked_up = 0;
    for (Moment *moment : {&order.accepted, &order.assigned, &order.prepared}) {
      *moment = *moment > order.cancelled ? 0 : *moment;
    }
    order.refund = order.paid ? order.amount : 0;
  } else if (order.delivered - order.placed > (static_cast<Moment>(order.promised) + 10) * 60 &&
             random.chance(350'000)) {
    order.refund = order.amount * 30 / 100 / 100 * 100;
  }
}

void Generator::write_order(const Order &order, Random &random, std::string &out,
                            std::string &late) {
  const std::array<std::pair<Milestone, Moment>, 7> milestones{
      {{Milestone::placed, order.placed},
       {Milestone::accepted, order.accepted},
       {Milestone::assigned, order.assigned},
       {Milestone::prepared, order.prepared},
       {Milestone::picked_up, order.picked_up},
       {Milestone::delivered, order.delivered},
       {Milestone::cancelled, order.cancelled}}};
  bool named = true;
  const bool backwards = random.chance(30'000);
  for (std::size_t i = 0; i < milestones.size(); ++i) {
    const auto [milestone, moment] = milestones[backwards ? milestones.size() - 1 - i : i];
    if (moment == 0) {
      continue;
    }
    const bool is_late = milestone == Milestone::placed && random.chance(late_share);
    truth_.late_events += is_late ? 1 : 0;
    // A customer can only be missing where the record names one.
    auto kinds = order_dirt;
    if (milestone != Milestone::placed) {
      kinds[3] = QuickeatsDirt::duplicate;
    }
    const Milestone which = milestone;
    const QuickeatsDirt dirt = put(orders, kinds, options_.dirty_ppm, is_late ? late : out, random,
                                   [&](std::string &text, QuickeatsDirt spoilt) {
                                     append_order_event(text, order, which, spoilt);
                                   });
    named = named && dirt != QuickeatsDirt::missing_customer;
  }

  QuickeatsTruth::City &city = truth_.cities[order.city];
  ++city.orders;
  city.amount += order.amount;
  ++truth_.by_hour[static_cast<std::size_t>(order.placed % quickeats::day_seconds / 3'600)];
  if (order.delivered != 0) {
    ++city.delivered;
    city.seconds += order.delivered - order.placed;
    city.on_time +=
        order.delivered - order.placed <= static_cast<Moment>(order.promised) * 60 ? 1 : 0;
    truth_.stacked += order.stacked ? 1 : 0;
  } else {
    ++truth_.cancelled;
  }
  if (named && order.cancelled == 0) {
    ++customers_[order.customer].orders;
  }
}

void Generator::ping(std::uint32_t driver, quickeats::Point at, Moment moment, bool available,
                     Random &random, std::string &out) {
  put(pings, ping_dirt, options_.dirty_ppm / 10, out, random,
      [&](std::string &text, QuickeatsDirt dirt) {
        append_ping(text, driver, quickeats::city_plans()[drivers_[driver].city], at, moment,
                    available, dirt);
      });
  ++truth_.pings;
  truth_.available_pings += available ? 1 : 0;
  drivers_[driver].last_ping = moment;
}

void Generator::idle_until(std::uint32_t driver, Moment until, Random &random, std::string &out) {
  const Moment since =
      std::max(drivers_[driver].last_ping, until - (idle_pings + 1) * idle_ping_every);
  for (Moment moment = since + idle_ping_every; moment < until; moment += idle_ping_every) {
    ping(driver, stood_[driver], moment, true, random, out);
  }
}

// Waits where the last order ended, drives to the restaurant, then to the door. An order taken
// along with another one is on the way already when the first ends: only what comes later is sent.
void Generator::write_pings(const Order &order, Random &random, std::string &out) {
  const std::uint32_t driver = *order.driver;
  const quickeats::Point from = restaurants_[order.restaurant].at;
  idle_until(driver, order.assigned, random, out);
  const auto leg = [&](quickeats::Point a, quickeats::Point b, Moment start, Moment end) {
    const std::int32_t metres = quickeats::street_metres(a, b);
    for (Moment moment = start; moment <= end; moment += ping_every) {
      if (moment > drivers_[driver].last_ping && end > start) {
        const auto gone = static_cast<std::int32_t>(static_cast<std::int64_t>(metres) *
                                                    (moment - start) / (end - start));
        ping(driver, quickeats::along(a, b, gone), moment, false, random, out);
      }
    }
  };
  leg(stood_[driver], from, order.assigned, order.arrives);
  leg(from, order.door, order.picked_up, order.delivered);
  stood_[driver] = order.door;
}

void Generator::write_payments(const Order &order, Random &random, std::string &out) {
  const auto pay = [&](bool success, bool refund, std::int64_t amount, Moment at) {
    const quickeats::Payment payment{++payment_number_, order.number, amount, order.mode,
                                     success,           refund,       at};
    put(payments, payment_dirt, options_.dirty_ppm, out, random,
        [&](std::string &text, QuickeatsDirt dirt) { append_payment(text, payment, dirt); });
  };
  // Cash changes hands at the door.
  Moment at = order.mode == 2 && order.delivered != 0 ? order.delivered : order.placed + 5;
  for (std::uint32_t i = 0; i < order.failures; ++i, at += 40) {
    pay(false, false, order.amount, at);
  }
  if (order.paid) {
    pay(true, false, order.amount, at);
  }
  truth_.payment_attempts += order.failures + (order.paid ? 1 : 0);
  truth_.failed_attempts += order.failures;
  truth_.paid_orders += order.paid ? 1 : 0;
  if (order.refund > 0) {
    pay(true, true, order.refund,
        std::max(order.delivered, order.cancelled) + random.between(600, 86'400));
    ++truth_.refunds;
    truth_.refunded += order.refund;
  }
}

// What the customer says, and what the app saw before.
void Generator::write_voice(const Order &order, Random &random, std::string &feedback_out,
                            std::string &app_out) {
  if (order.delivered != 0 && random.chance(gives_feedback)) {
    const Moment delay = (order.delivered - order.placed) / 60 - order.promised;
    const std::int32_t score = delay > 10  ? random.between(1, 3)
                               : delay > 0 ? random.between(3, 5)
                                           : random.between(4, 5);
    const bool complains = score <= 2;
    std::string &row = feedback_out;
    row += "{\"feedback_id\": \"";
    quickeats::append_id(row, 'F', ++feedback_number_, 8);
    row += "\", \"order_id\": \"";
    quickeats::append_id(row, 'Q', order.number, 8);
    row += "\", \"feedback_score\": ";
    append_number(row, score);
    row += ", \"complaints\": ";
    append_number(row, complains ? 1 : 0);
    if (complains) {
      row += ", \"complaint_type\": \"late\", \"response_time\": ";
      append_number(row, random.between(3, 180));
    }
    row += ", \"timestamp\": \"";
    quickeats::append_moment(row, order.delivered + random.between(300, 7'200));
    row += "\"}\n";
    ++truth_.feeds[feedback].records;
    ++truth_.feedbacks;
    truth_.score_sum += score;
    truth_.complaints += complains ? 1 : 0;
  }
  if (random.chance(searches_before)) {
    const std::string_view cuisine = quickeats::cuisines[restaurants_[order.restaurant].cuisine];
    std::string &row = app_out;
    row += "{\"event_id\": \"";
    quickeats::append_id(row, 'E', ++app_number_, 9);
    row += "\", \"user_id\": \"";
    quickeats::append_id(row, 'C', order.customer + 1, 7);
    row += "\", \"city\": \"" + std::string(quickeats::city_plans()[order.city].id) +
           "\", \"device_type\": \"Android\", \"event_type\": \"search\", \"search_history\": [\"";
    row += cuisine;
    if (random.chance(400'000)) {
      row += "\", {\"query\": \"" + std::string(quickeats::cuisines[random.below(8)]) + "\"}";
    } else {
      row += '"';
    }
    row += "], \"timestamp\": \"";
    quickeats::append_moment(row, order.placed - random.between(60, 500));
    row += "\"}\n";
    ++truth_.feeds[app_events].records;
    ++truth_.app_events;
  }
}

void Generator::run_day(Day day) {
  Table order_table = open(orders, "orders/orders_", day, ".jsonl");
  Table payment_table = open(payments, "payments/payments_", day, ".jsonl");
  Table ping_table = open(pings, "pings/pings_", day, ".jsonl");
  Table feedback_table = open(feedback, "feedback/feedback_", day, ".jsonl");
  Table app_table = open(app_events, "app/app_events_", day, ".jsonl");
  order_table.row() += std::exchange(orders_tomorrow_, {});
  for (std::uint32_t city = 0; city < options_.cities; ++city) {
    env_.poll();
    Random random(options_.seed, purpose_dirt,
                  std::uint64_t{city} << 32 | static_cast<std::uint32_t>(day));
    std::vector<Order> served = towns_[city].day(day, restaurants_.data(), drivers_.data());
    for (Order &order : served) {
      order.number = ++order_number_;
      serve(order, random);
      std::string &late = day == options_.to ? order_table.row() : orders_tomorrow_;
      write_order(order, random, order_table.row(), late);
      if (order.delivered != 0) {
        write_pings(order, random, ping_table.row());
      } else if (order.driver) { // left it somewhere on the way
        stood_[*order.driver] = order.door;
      }
      write_payments(order, random, payment_table.row());
      write_voice(order, random, feedback_table.row(), app_table.row());
    }
  }
  for (Table *table : {&order_table, &payment_table, &ping_table, &feedback_table, &app_table}) {
    table->close();
  }
}

void Generator::finish() {
  write_drivers();
  write_customers();
  for (const Customer &customer : customers_) {
    truth_.customers += customer.orders >= 1 ? 1 : 0;
    truth_.repeat_customers += customer.orders >= 2 ? 1 : 0;
  }
  // Dimensions first, so that facts find their members; within a feed in the order of time.
  std::stable_sort(order_.begin(), order_.end(),
                   [](const auto &a, const auto &b) { return a.first < b.first; });
  Table manifest(output_, "LOAD_ORDER");
  for (const auto &[feed, path] : order_) {
    manifest.row() += truth_.feeds[feed].name + '\t' + path + '\n';
  }
  manifest.close();
  Table table(output_, "TRUTH.json");
  append_truth_json(table.row(), options_, truth_);
  table.close();
}

QuickeatsTruth Generator::run() {
  for (const quickeats::Driver &driver : drivers_) {
    stood_.push_back(driver.at);
  }
  write_cities();
  for (Day day = options_.from; day <= options_.to; ++day) {
    if ((day - options_.from) % 7 == 0) {
      write_restaurants(day);
    }
    run_day(day);
  }
  finish();
  return std::move(truth_);
}

} // namespace

void check(const QuickeatsOptions &options) {
  const auto refuse = [](const std::string &message, const std::string &hint) {
    throw Error(sqlstate::invalid_parameter_value, message, hint);
  };
  if (options.cities < 1 || options.cities > quickeats::city_plans().size()) {
    refuse("number of cities out of range: " + std::to_string(options.cities),
           "Give a number from 1 to 12.");
  }
  if (options.from > options.to) {
    refuse("the first day lies after the last one", "Give --from and --to in order.");
  }
  if (options.from < calendar::day_from_civil(2001, 1, 1) ||
      options.to > calendar::day_from_civil(2099, 12, 31)) {
    refuse("dates out of range", "Choose days between 2001-01-01 and 2099-12-31.");
  }
  if (options.scale_ppm < 1'000 || options.scale_ppm > 1'000 * million) {
    refuse("scale out of range", "Give a scale from 0.001 to 1000.");
  }
  if (options.dirty_ppm > million / 2) {
    refuse("share of dirty records out of range", "Give a share from 0 to 0.5.");
  }
}

QuickeatsTruth generate_quickeats(const QuickeatsOptions &options, Output &output, const Env &env) {
  check(options);
  return Generator(options, output, env).run();
}

} // namespace starhouse::generate
