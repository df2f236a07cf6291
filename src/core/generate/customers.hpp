// ShopSmart's customers: who they are, who comes back, and how their loyalty level rises.
//
// A customer joins at the till (or in the online shop) with a first purchase; later baskets are
// brought by customers who already joined, most of them by a core of regulars. So the share of
// repeat customers is a result, not an input.
//
// Memory: about 40 bytes per customer; nothing is kept per sale.
#pragma once

#include "core/calendar/day.hpp"
#include "core/generate/catalog.hpp"
#include "core/generate/random.hpp"

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace starhouse::generate {

enum class Loyalty : std::uint8_t { silver, gold, platinum };

std::string_view loyalty_name(Loyalty level) noexcept;

struct Customer {
  Paisa spent = 0;          // since the first day, what upgrades are granted for
  Paisa unattributed = 0;   // sold before the warehouse knew the customer's level
  std::uint32_t orders = 0; // baskets that reach the warehouse with the customer's id
  std::uint32_t home = 0;   // store
  Loyalty level = Loyalty::silver;
  Loyalty known_level = Loyalty::silver; // as of the last extract
  std::uint32_t known_home = 0;
  bool known = false; // an extract named this customer
  bool sold = false;  // an accepted sales line names this customer
};

// Drawn from the customer's number alone, so never stored.
struct Person {
  std::string_view first_name;
  std::string_view last_name;
  bool female;
  calendar::Day birth_date;
  std::uint32_t misspelled_until; // the extract that mends the first name; 0: it was always right
};

class Customers {
public:
  // `store_weights` decide where the first `members` customers live.
  Customers(std::uint64_t seed, const Weighted &store_weights, std::size_t stores,
            std::uint32_t members);

  // The customer of one basket in `home`'s city: a new one in `joining` per million, else one who
  // joined before.
  std::uint32_t pick(Random &random, std::uint32_t home, std::uint32_t joining);

  // Between two extracts: upgrades for what was spent, and a few move to another city.
  void end_month(std::uint64_t month);

  Person person(std::uint32_t customer) const noexcept;

  std::uint32_t size() const noexcept { return static_cast<std::uint32_t>(customers_.size()); }
  Customer &operator[](std::uint32_t customer) noexcept { return customers_[customer]; }
  const Customer &operator[](std::uint32_t customer) const noexcept { return customers_[customer]; }

private:
  void join(std::uint32_t home);

  std::uint64_t seed_;
  std::vector<Customer> customers_;
  std::vector<std::vector<std::uint32_t>> by_home_;
};

// C000001 for number 0.
std::string customer_id(std::uint32_t customer);

} // namespace starhouse::generate
