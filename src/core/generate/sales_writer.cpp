#include "core/generate/sales_writer.hpp"

#include <algorithm>
#include <array>

namespace starhouse::generate {

namespace {

using calendar::Day;

// Shares among the spoiled lines, per mille, in the order of Dirt.
constexpr std::array<std::uint32_t, dirt_count> store_dirt{0,   230, 180, 100, 80, 0,
                                                           240, 70,  40,  60,  0,  0};
constexpr std::array<std::uint32_t, dirt_count> online_dirt{0,   200, 170, 100, 80, 0,
                                                            240, 70,  40,  0,   60, 40};

std::string lower(std::string text) {
  std::transform(text.begin(), text.end(), text.begin(),
                 [](char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c + 32) : c; });
  return text;
}

// 31 February of the line's year.
void append_no_such_date(std::string &out, const Line &line, DateStyle style) {
  append_date(out, calendar::civil_from_day(line.day).year, 2, 31, style);
  out += ' ';
  append_time(out, line.second);
}

void append_moment(std::string &out, Day day, std::int32_t second, DateStyle style, char between) {
  append_date(out, day, style);
  out += between;
  append_time(out, second);
}

} // namespace

std::string store_id(std::uint32_t store) {
  return numbered("S", store + 1, 3);
}
std::string product_id(std::uint32_t product) {
  return numbered("P", product + 1, 4);
}

std::string odd_spelling(std::string_view code, Random &random) {
  const std::string letter(code.substr(0, 1));
  std::string number(code.substr(1));
  switch (random.below(4)) {
  case 0:
    number.erase(0, std::min(number.find_first_not_of('0'), number.size() - 1));
    return lower(letter) + '-' + number;
  case 1:
    return lower(std::string(code));
  case 2:
    return ' ' + std::string(code) + ' ';
  default:
    return letter + ' ' + number;
  }
}

std::string odd_letters(std::string_view code, Random &random) {
  return random.below(2) == 0 ? lower(std::string(code)) : ' ' + lower(std::string(code)) + ' ';
}

Dirt choose_dirt(Random &random, const Line &line, bool online, std::uint32_t dirty_ppm) {
  if (!random.chance(dirty_ppm)) {
    return Dirt::none;
  }
  static const Weighted store_pick{store_dirt};
  static const Weighted online_pick{online_dirt};
  const auto dirt = static_cast<Dirt>((online ? online_pick : store_pick).pick(random));
  if ((dirt == Dirt::missing_customer && !line.customer) ||
      ((dirt == Dirt::negative_price || dirt == Dirt::zero_quantity) && line.quantity < 0)) {
    return Dirt::odd_code;
  }
  return dirt;
}

SalesWriter::SalesWriter(const std::vector<Promotion> &promotions, std::string_view time_zone)
    : promotions_(promotions) {
  // Zones whose offset has been the same for decades; elsewhere online times are written as local
  // times, and the feed reads them in the warehouse's zone.
  if (time_zone == "Asia/Kolkata" || time_zone == "Asia/Calcutta") {
    offset_ = "+05:30";
    offset_seconds_ = 19'800;
  } else if (time_zone == "UTC" || time_zone == "Etc/UTC") {
    offset_ = "+00:00";
  }
}

void SalesWriter::pos(std::string &out, const Line &line, Dirt dirt, std::uint32_t unknown_product,
                      Random &random) const {
  std::string store = store_id(line.location);
  std::string product =
      product_id(dirt == Dirt::unknown_product ? 9'000 + unknown_product : line.product);
  std::string customer =
      line.customer && dirt != Dirt::missing_customer ? customer_id(*line.customer) : std::string();
  if (dirt == Dirt::odd_code) {
    const std::uint32_t which = random.below(customer.empty() ? 2 : 3);
    if (which == 0) {
      store = odd_spelling(store, random);
    } else {
      std::string &code = which == 1 ? product : customer;
      code = odd_letters(code, random);
    }
  }
  out += store;
  out += ",T";
  const calendar::Civil civil = calendar::civil_from_day(line.day);
  append_number(out, (civil.year % 100) * 10'000 + civil.month * 100 + civil.day, 6);
  out += '-';
  append_number(out, line.location + 1, 3);
  out += '-';
  append_number(out, line.order, 4);
  out += ',';
  append_number(out, line.number);
  out += ',';
  out += customer;
  out += ',';
  out += product;
  out += ',';
  const bool odd_quantity = dirt == Dirt::text_in_number && random.below(2) == 0;
  if (odd_quantity) {
    out += line.quantity == 1 ? "one" : "2 pcs";
  } else {
    append_number(out, dirt == Dirt::zero_quantity ? 0 : line.quantity);
  }
  out += ',';
  if (dirt == Dirt::text_in_number && !odd_quantity) {
    out += "N/A?";
  } else {
    append_money(out, line.amount());
  }
  out += ',';
  append_money(out, line.discount);
  out += ',';
  out += payment_modes[line.payment];
  out += ',';
  if (line.promotion) {
    out += promotions_[*line.promotion].id;
  }
  out += ',';
  const auto odd_style = random.below(2) == 0 ? DateStyle::slashes : DateStyle::month_name;
  if (dirt == Dirt::no_such_date) {
    append_no_such_date(out, line, random.below(2) == 0 ? DateStyle::iso : odd_style);
  } else {
    append_moment(out, line.day, line.second, dirt == Dirt::odd_date ? odd_style : DateStyle::iso,
                  ' ');
  }
  out += '\n';
}

void SalesWriter::online(std::string &out, const Line &line, Dirt dirt,
                         std::uint32_t unknown_product, Random &random) const {
  std::string product =
      product_id(dirt == Dirt::unknown_product ? 9'000 + unknown_product : line.product);
  std::string customer =
      line.customer && dirt != Dirt::missing_customer ? customer_id(*line.customer) : std::string();
  if (dirt == Dirt::odd_code) {
    std::string &code = customer.empty() || random.below(2) == 0 ? product : customer;
    code = odd_letters(code, random);
  }
  const std::size_t start = out.size();
  out += R"({"order_id":"O)";
  const calendar::Civil civil = calendar::civil_from_day(line.day);
  append_number(out, (civil.year % 100) * 10'000 + civil.month * 100 + civil.day, 6);
  out += '-';
  append_number(out, line.order, 5);
  out += R"(","line_no":)";
  append_number(out, line.number);
  out += R"(,"customer_id":)";
  if (customer.empty()) {
    out += "null";
  } else {
    out += '"' + customer + '"';
  }
  out += R"(,"product_id":")" + product + R"(","quantity":)";
  const bool odd_quantity = dirt == Dirt::text_in_number && random.below(2) == 0;
  if (odd_quantity) {
    out += R"("two")";
  } else {
    append_number(out, line.quantity);
  }
  out += R"(,"price":)";
  if (dirt == Dirt::text_in_number && !odd_quantity) {
    out += R"("free?")";
  } else {
    append_money(out, dirt == Dirt::negative_price ? -line.price : line.price);
  }
  out += R"(,"discount":)";
  append_money(out, line.discount);
  out += R"(,"payment_mode":")";
  out += payment_modes[line.payment];
  out += R"(","channel":"Online","promotion_id":)";
  if (line.promotion) {
    out += '"' + promotions_[*line.promotion].id + '"';
  } else {
    out += "null";
  }
  out += R"(,"order_time":")";
  const bool in_utc = dirt == Dirt::odd_date && !offset_.empty() && random.below(2) == 0;
  if (dirt == Dirt::no_such_date) {
    append_no_such_date(out, line, DateStyle::iso);
  } else if (in_utc) {
    const std::int32_t second = line.second - offset_seconds_;
    append_moment(out, second < 0 ? line.day - 1 : line.day, second < 0 ? second + 86'400 : second,
                  DateStyle::iso, 'T');
    out += 'Z';
  } else if (dirt == Dirt::odd_date) {
    append_moment(out, line.day, line.second, DateStyle::slashes, ' ');
  } else {
    append_moment(out, line.day, line.second, DateStyle::iso, 'T');
    out += offset_;
  }
  out += R"("})";
  if (dirt == Dirt::broken_json) {
    out.resize(start + 20 + random.below(static_cast<std::uint32_t>(out.size() - start - 30)));
  }
  out += '\n';
}

} // namespace starhouse::generate
