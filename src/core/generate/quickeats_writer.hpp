// The records of QuickEats' feeds as their sources write them, spoiled where the dirt asks for it.
#pragma once

#include "core/generate/quickeats_model.hpp"

#include <cstdint>
#include <string>

namespace starhouse::generate::quickeats {

// 2025-03-14T17:05:09, or another way of writing it.
void append_moment(std::string &out, Moment moment, bool odd = false);

enum class Milestone : std::uint8_t {
  placed,
  accepted,
  assigned,
  prepared,
  picked_up,
  delivered,
  cancelled
};

// What a record says; dirt spoils it.
void append_order_event(std::string &out, const Order &order, Milestone milestone,
                        QuickeatsDirt dirt);

struct Payment {
  std::uint64_t number = 0;
  std::uint64_t order = 0;
  std::int64_t amount = 0; // paisa
  std::uint32_t mode = 0;
  bool success = true;
  bool refund = false;
  Moment at = 0;
};
void append_payment(std::string &out, const Payment &payment, QuickeatsDirt dirt);

void append_ping(std::string &out, std::uint32_t driver, const CityPlan &city, Point at,
                 Moment moment, bool available, QuickeatsDirt dirt);

// Q0000001, C000001, ...
void append_id(std::string &out, char letter, std::uint64_t number, int width);

} // namespace starhouse::generate::quickeats
