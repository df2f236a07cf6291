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
#include "core/generate/truth.hpp"

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>

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

// Where the files go. Paths are relative, with '/'.
class OutputFile {
public:
  virtual ~OutputFile() = default;
  virtual void write(std::string_view bytes) = 0;
  virtual void close() = 0;
};

class Output {
public:
  virtual ~Output() = default;
  virtual std::unique_ptr<OutputFile> create(std::string_view path) = 0;
};

// Throws Error 22023 when an option is out of range.
void check(const ShopsmartOptions &options);

// Writes every file, then LOAD_ORDER and TRUTH.json. Checks the options first.
Truth generate_shopsmart(const ShopsmartOptions &options, Output &output, const Env &env);

} // namespace starhouse::generate
