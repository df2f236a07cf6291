#include "core/stream/drift.hpp"

#include "core/stream/json_text.hpp"
#include "core/stream/reject.hpp"

namespace starhouse::stream {

void Drift::note(std::string_view path, JsonKind kind, std::uint64_t count) {
  std::size_t at = expected_;
  if (at >= entries_.size() || entries_[at].path != path) {
    scratch_.assign(path);
    const auto known = places_.find(scratch_);
    if (known != places_.end()) {
      at = known->second;
    } else if (entries_.size() < most_paths) {
      at = entries_.size();
      places_.emplace(scratch_, at);
      entries_.emplace_back().path = scratch_;
    } else {
      return;
    }
  }
  entries_[at].count += count;
  entries_[at].kinds[static_cast<std::size_t>(kind)] = true;
  expected_ = at + 1 < entries_.size() ? at + 1 : 0;
}

void Drift::note_key(std::string_view key, JsonKind kind) {
  // The key that came next the last time, mostly: as it is, where it needs no escapes.
  const std::string_view expected =
      expected_ < entries_.size() ? std::string_view{entries_[expected_].path} : "/";
  if (expected.substr(1) == key && key.find_first_of("~/") == std::string_view::npos) {
    note(expected, kind);
    return;
  }
  std::string path = "/";
  append_pointer_key(key, path);
  note(path, kind);
}

std::string Drift::take() {
  std::string out;
  for (const Entry &entry : entries_) {
    out += out.empty() ? "{" : ", ";
    put_json_string(printable(entry.path, longest_path), out);
    out += ": {\"count\": " + std::to_string(entry.count) + ", \"types\": [";
    bool first = true;
    for (const JsonKind kind : {JsonKind::null, JsonKind::string, JsonKind::number,
                                JsonKind::boolean, JsonKind::object, JsonKind::array}) {
      if (entry.kinds[static_cast<std::size_t>(kind)]) {
        out += first ? "" : ", ";
        put_json_string(name_of(kind), out);
        first = false;
      }
    }
    out += "]}";
  }
  if (!out.empty()) {
    out += '}';
  }
  entries_.clear();
  places_.clear();
  expected_ = 0;
  return out;
}

} // namespace starhouse::stream
