// A year (or any span) of ShopSmart's source files: stores, products and their changes, promotions,
// monthly CRM extracts, daily POS files, online orders, weekly stock; dirt included, truth beside
// it.
//
// The same options give the same bytes on any machine. Memory depends on the number of stores,
// products and customers, not on the number of sales. docs/generate.md describes the files and the
// model.
#pragma once

#include "core/calendar/day.hpp"
#include "core/error.hpp"
#include "core/generate/output.hpp"
#include "core/generate/truth.hpp"

#include <cstdint>
#include <string>

namespace starhouse::generate {

struct ShopsmartOptions {
  std::uint64_t seed = 42;
  std::uint32_t stores = 120;
  calendar::Day from = calendar::day_from_civil(2025, 1, 1);
  calendar::Day to = calendar::day_from_civil(2025, 12, 31);
  std::uint32_t scale_ppm = million; // sales per store; 1,000,000 is the ordinary size
  std::uint32_t dirty_ppm = 10'000;  // of the sales lines
  std::string time_zone = "Asia/Kolkata";
};

// Throws Error 22023 when an option is out of range.
void check(const ShopsmartOptions &options);

// Writes every file, then LOAD_ORDER and TRUTH.json. Checks the options first.
Truth generate_shopsmart(const ShopsmartOptions &options, Output &output, const Env &env);

} // namespace starhouse::generate
