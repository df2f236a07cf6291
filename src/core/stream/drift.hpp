// Drift: fields that records hold and the contract does not know, counted per distinct path. For
// one batch, a few nanoseconds per field: records of a feed mostly agree in the order of their
// fields, so the path that came next the last time is tried first.
#pragma once

#include "core/stream/json_scanner.hpp"

#include <array>
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

namespace starhouse::stream {

class Drift {
public:
  static constexpr std::size_t most_paths = 1000; // per batch; further ones are not counted
  static constexpr std::size_t longest_path = 200;

  void note(std::string_view path, JsonKind kind, std::uint64_t count = 1);
  // A key of the record itself.
  void note_key(std::string_view key, JsonKind kind);

  bool empty() const noexcept { return entries_.empty(); }
  // {"/path": {"count": 3, "types": ["string", "null"]}, ...}, empty text for none; forgets all.
  std::string take();

private:
  struct Entry {
    std::string path;
    std::uint64_t count = 0;
    std::array<bool, 7> kinds{}; // by JsonKind
  };

  std::vector<Entry> entries_;
  std::unordered_map<std::string, std::size_t> places_;
  std::size_t expected_ = 0;
  std::string scratch_;
};

} // namespace starhouse::stream
