#include "core/generate/quickeats_writer.hpp"

#include "core/generate/text.hpp"

#include <array>
#include <string_view>

namespace starhouse::generate::quickeats {

namespace {

constexpr std::array<std::string_view, 7> statuses{"placed",    "accepted",  "assigned", "prepared",
                                                   "picked_up", "delivered", "cancelled"};
constexpr std::array<std::string_view, 7> odd_statuses{
    "Placed",           " ACCEPTED",  "Driver Assigned", "READY",
    "Out For Delivery", "Completed ", "canceled"};

void append_key(std::string &out, std::string_view key) {
  out += ", \"";
  out += key;
  out += "\": ";
}
void append_quoted(std::string &out, std::string_view text) {
  out += '"';
  out += text;
  out += '"';
}

// Ends the record. A broken one loses its end instead.
void finish(std::string &out, std::size_t start, QuickeatsDirt dirt) {
  if (dirt == QuickeatsDirt::broken_json) {
    out.resize(start + (out.size() - start) * 3 / 5);
    while (out.back() == ' ') {
      out.pop_back();
    }
  } else {
    out += '}';
  }
  out += '\n';
}

void append_time(std::string &out, std::string_view key, Moment moment, QuickeatsDirt dirt) {
  append_key(out, key);
  out += '"';
  if (dirt == QuickeatsDirt::no_such_date) {
    out += "2025-02-31T10:00:00";
  } else if (dirt == QuickeatsDirt::far_future) {
    out += "2119-01-01T00:00:00";
  } else {
    append_moment(out, moment, dirt == QuickeatsDirt::odd_date);
  }
  out += '"';
}

void append_amount(std::string &out, std::string_view key, std::int64_t paisa, QuickeatsDirt dirt) {
  append_key(out, key);
  if (dirt == QuickeatsDirt::text_in_number) {
    out += "\"Rs four hundred\"";
  } else {
    append_money(out, dirt == QuickeatsDirt::negative_amount ? -paisa - 100 : paisa);
  }
}

Moment moment_of(const Order &order, Milestone milestone) noexcept {
  const std::array<Moment, 7> moments{order.placed,   order.accepted,  order.assigned,
                                      order.prepared, order.picked_up, order.delivered,
                                      order.cancelled};
  return moments[static_cast<std::size_t>(milestone)];
}

} // namespace

void append_moment(std::string &out, Moment moment, bool odd) {
  const auto day = static_cast<calendar::Day>(moment / day_seconds);
  append_date(out, day, odd ? DateStyle::slashes : DateStyle::iso);
  out += odd ? ' ' : 'T';
  generate::append_time(out, static_cast<std::int32_t>(moment % day_seconds));
}

void append_id(std::string &out, char letter, std::uint64_t number, int width) {
  out += letter;
  append_number(out, static_cast<std::int64_t>(number), width);
}

void append_order_event(std::string &out, const Order &order, Milestone milestone,
                        QuickeatsDirt dirt) {
  const std::size_t start = out.size();
  const bool placed = milestone == Milestone::placed;
  out += "{\"order_id\": \"";
  append_id(out, 'Q', order.number, 8);
  out += '"';
  append_key(out, "status");
  append_quoted(out, dirt == QuickeatsDirt::unknown_status ? "vanished"
                     : dirt == QuickeatsDirt::odd_status
                         ? odd_statuses[static_cast<std::size_t>(milestone)]
                         : statuses[static_cast<std::size_t>(milestone)]);
  append_time(out, placed ? "order_time" : "event_time", moment_of(order, milestone), dirt);
  if (placed) {
    append_key(out, "city");
    append_quoted(out, city_plans()[order.city].id);
    append_key(out, "restaurant_id");
    out += '"';
    append_id(out, 'R', order.restaurant + 1, 5);
    out += '"';
    if (dirt != QuickeatsDirt::missing_customer) {
      append_key(out, "customer_id");
      out += '"';
      append_id(out, 'C', order.customer + 1, 7);
      out += '"';
    }
    append_amount(out, "amount", order.amount, dirt);
    append_key(out, "discount");
    append_money(out, order.discount);
    append_key(out, "commission");
    append_money(out, order.amount * 18 / 100);
    append_key(out, "payment_type");
    append_quoted(out, modes[order.mode]);
    append_key(out, "promised_minutes");
    append_number(out, order.promised);
    append_key(out, "traffic");
    append_quoted(out, traffic_levels[order.traffic]);
    append_key(out, "weather");
    append_quoted(out, order.rain ? "Rain" : "Clear");
  } else if (dirt == QuickeatsDirt::text_in_number || dirt == QuickeatsDirt::negative_amount) {
    append_amount(out, "amount", order.amount, dirt);
  }
  if (milestone == Milestone::assigned || milestone == Milestone::delivered) {
    append_key(out, "driver_id");
    out += '"';
    append_id(out, 'D', *order.driver + 1, 5);
    out += '"';
  }
  if (milestone == Milestone::picked_up) {
    append_key(out, "eta_minutes");
    append_number(out, order.eta_pickup);
  }
  finish(out, start, dirt);
}

void append_payment(std::string &out, const Payment &payment, QuickeatsDirt dirt) {
  const std::size_t start = out.size();
  out += "{\"transaction_id\": \"";
  append_id(out, 'T', payment.number, 9);
  out += "\", \"order_id\": \"";
  append_id(out, 'Q', payment.order, 8);
  out += '"';
  append_amount(out, "amount", payment.amount, dirt);
  append_key(out, "payment_mode");
  append_quoted(out, modes[payment.mode]);
  append_key(out, "success_flag");
  out += payment.success ? "true" : "false";
  if (payment.refund) {
    append_key(out, "transaction_type");
    append_quoted(out, "Refund");
  }
  if (!payment.success) {
    append_key(out, "failure_reason");
    append_quoted(out, payment.mode == 0   ? "bank did not answer"
                       : payment.mode == 1 ? "declined by issuer"
                       : payment.mode == 2 ? "not paid at the door"
                                           : "balance too low");
  }
  append_time(out, "timestamp", payment.at, dirt);
  finish(out, start, dirt);
}

void append_ping(std::string &out, std::uint32_t driver, const CityPlan &city, Point at,
                 Moment moment, bool available, QuickeatsDirt dirt) {
  const std::size_t start = out.size();
  const auto degrees = [&](std::string_view key, std::int32_t value) {
    append_key(out, key);
    append_number(out, value / 100'000);
    out += '.';
    append_number(out, value % 100'000, 5);
  };
  out += "{\"driver_id\": \"";
  append_id(out, 'D', driver + 1, 5);
  out += '"';
  if (dirt == QuickeatsDirt::no_fix) {
    out += R"(, "latitude": 0.0, "longitude": 0.0)";
  } else {
    degrees("latitude", dirt == QuickeatsDirt::outside_earth ? 9'512'345 : latitude_of(city, at));
    degrees("longitude", longitude_of(city, at));
  }
  append_time(out, "timestamp", moment, dirt);
  append_key(out, "availability_status");
  append_quoted(out, available ? "AVAILABLE" : "BUSY");
  finish(out, start, dirt);
}

} // namespace starhouse::generate::quickeats
