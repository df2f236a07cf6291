// Writes the JSON of TRUTH.json: enough for it, two blanks of indent a level, keys in the order
// written.
#pragma once

#include "core/generate/text.hpp"

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace starhouse::generate {

class Json {
public:
  explicit Json(std::string &out) : out_(out) {}

  void open(std::string_view key, char bracket) {
    begin(key);
    out_ += bracket;
    closing_.push_back(bracket == '{' ? '}' : ']');
    first_ = true;
  }
  void close() {
    if (!first_) {
      out_ += '\n';
      out_.append(2 * (closing_.size() - 1), ' ');
    }
    out_ += closing_.back();
    closing_.pop_back();
    first_ = false;
  }
  void number(std::string_view key, std::int64_t value) {
    begin(key);
    append_number(out_, value);
  }
  void text(std::string_view key, std::string_view value) {
    begin(key);
    quote(value);
  }
  void money(std::string_view key, std::int64_t paisa) {
    begin(key);
    out_ += '"';
    append_money(out_, paisa);
    out_ += '"';
  }
  // A value that is JSON already.
  void raw(std::string_view key, std::string_view json) {
    begin(key);
    out_ += json;
  }

private:
  void begin(std::string_view key) {
    if (closing_.empty()) {
      return;
    }
    out_ += first_ ? "\n" : ",\n";
    first_ = false;
    out_.append(2 * closing_.size(), ' ');
    if (!key.empty()) {
      quote(key);
      out_ += ": ";
    }
  }
  void quote(std::string_view text) {
    out_ += '"';
    for (const char c : text) {
      if (c == '"' || c == '\\') {
        out_ += '\\';
      }
      out_ += c;
    }
    out_ += '"';
  }

  std::string &out_;
  std::string closing_;
  bool first_ = true;
};

} // namespace starhouse::generate
