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

enum class JsonKind : std::uint8_t { missing, null, string, number, boolean, object, array };

// A value of a whole text, which is such nodes in the order of the text: a container's members or
// items follow it, and the node at `end` is the first one behind it.
struct JsonNode {
  JsonKind kind = JsonKind::missing;
  std::uint32_t size = 0; // members or items
  std::uint32_t end = 0;
  std::string_view key;  // of a member, unescaped
  std::string_view text; // strings unescaped, other scalars as written; empty for containers
};

class JsonScanner {
public:
  static constexpr std::size_t deepest = 200; // levels of objects and arrays

  using Kind = JsonKind;
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

  // From now on, scan() also keeps the text's values as tree().
  void keep_tree() noexcept;

  // Views in the slots and the tree live until the next scan. False: `fault` says why, the slots
  // mean nothing.
  bool scan(std::string_view json, Fault &fault);

  Kind root() const noexcept;
  const Slot &slot(std::size_t index) const noexcept;
  // Keys of the root object that no path begins with, in order.
  std::span<const std::string_view> extra_keys() const noexcept;
  std::span<const Kind> extra_kinds() const noexcept; // of their values
  std::span<const JsonNode> tree() const noexcept;

private:
  struct State;
  std::unique_ptr<State> state_;
};

} // namespace starhouse::stream
