// Reads one JSON text with simdjson, all of it: picks the wanted values and proves the rest to be
// JSON that PostgreSQL's jsonb takes (no NUL in strings, numbers within numeric, bounded depth),
// without keys that occur twice. Numbers stay text, so that decimals stay exact.
#pragma once

#include "core/error.hpp"

#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace starhouse::stream {

class JsonScanner {
public:
  static constexpr std::size_t deepest = 200; // levels of objects and arrays

  enum class Kind : std::uint8_t { missing, null, string, number, boolean, object, array };
  struct Slot {
    Kind kind = Kind::missing;
    std::string_view text; // strings unescaped, other scalars as written; empty for containers
    std::string_view raw;  // JSON text of the value (kept for strings and containers if asked for)
  };
  struct Fault {
    SqlState code{"00000"};
    std::string_view reason;
    std::string_view hint;
    std::string value;
  };

  JsonScanner();
  ~JsonScanner();
  JsonScanner(const JsonScanner &) = delete;
  JsonScanner &operator=(const JsonScanner &) = delete;

  // Returns the slot that scan() fills from this path; `raw` keeps the JSON text too.
  std::size_t want(std::span<const std::string> segments, bool raw);

  // Views in the slots live until the next scan. False: `fault` says why, the slots mean nothing.
  bool scan(std::string_view json, Fault &fault);

  Kind root() const noexcept;
  const Slot &slot(std::size_t index) const noexcept;
  // Keys of the root object that no path begins with, in order.
  std::span<const std::string_view> extra_keys() const noexcept;

private:
  struct State;
  std::unique_ptr<State> state_;
};

} // namespace starhouse::stream
