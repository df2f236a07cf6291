// Sales lines as their sources write them, the dirt included.
#pragma once

#include "core/generate/random.hpp"
#include "core/generate/sales.hpp"
#include "core/generate/text.hpp"
#include "core/generate/truth.hpp"

#include <cstdint>
#include <string>
#include <string_view>

namespace starhouse::generate {

inline constexpr std::uint32_t unknown_products = 40; // P9001 ..

inline constexpr std::string_view pos_header =
    "store_id,transaction_id,line_no,customer_id,product_id,quantity,sale_amount,discount,"
    "payment_mode,promotion_id,date\n";

std::string store_id(std::uint32_t store);     // S001 for 0
std::string product_id(std::uint32_t product); // P0001 for 0

// S007 as people type it: s-7, s007, " S007 ", "S 007".
std::string odd_spelling(std::string_view code, Random &random);
// Lower case, with or without blanks around it: what is done to codes of no fixed form.
std::string odd_letters(std::string_view code, Random &random);

// What is wrong with a line, if anything; `dirty_ppm` of the lines have something. Only kinds that
// make sense for the line.
Dirt choose_dirt(Random &random, const Line &line, bool online, std::uint32_t dirty_ppm);

// How a line is written. The random numbers decide the details of the dirt (which code, which
// format); `unknown_product` is the number of the product it names, for Dirt::unknown_product.
class SalesWriter {
public:
  SalesWriter(const std::vector<Promotion> &promotions, std::string_view time_zone);

  void pos(std::string &out, const Line &line, Dirt dirt, std::uint32_t unknown_product,
           Random &random) const;
  void online(std::string &out, const Line &line, Dirt dirt, std::uint32_t unknown_product,
              Random &random) const;

private:
  const std::vector<Promotion> &promotions_;
  std::string offset_; // "+05:30", empty: local times
  std::int32_t offset_seconds_ = 0;
};

} // namespace starhouse::generate
