#include "core/stream/ecma_pattern.hpp"

#include "core/error.hpp"
#include "core/stream/reject.hpp"

#include <algorithm>
#include <array>
#include <cstdint>
#include <utility>

namespace starhouse::stream {

namespace {

constexpr SqlState feature_not_supported{"0A000"};

// ECMA's white space and line ends, which are more than RE2's \s; and all the rest.
constexpr std::string_view blanks =
    R"(\x09-\x0d\x20\x{a0}\x{1680}\x{2000}-\x{200a}\x{2028}\x{2029})"
    R"(\x{202f}\x{205f}\x{3000}\x{feff})";
constexpr std::string_view no_blanks =
    R"(\x{0}-\x08\x0e-\x1f\x21-\x{9f}\x{a1}-\x{167f}\x{1681}-\x{1fff}\x{200b}-\x{2027})"
    R"(\x{202a}-\x{202e}\x{2030}-\x{205e}\x{2060}-\x{2fff}\x{3001}-\x{fefe}\x{ff00}-\x{10ffff})";
constexpr std::string_view anything = R"([\x{0}-\x{10ffff}])";
constexpr std::string_view nothing = R"([^\x{0}-\x{10ffff}])";
constexpr std::string_view not_line_end = R"([^\n\r\x{2028}\x{2029}])";

constexpr std::array<std::pair<std::string_view, std::string_view>, 19> categories{
    {{"Letter", "L"},
     {"Uppercase_Letter", "Lu"},
     {"Lowercase_Letter", "Ll"},
     {"Titlecase_Letter", "Lt"},
     {"Modifier_Letter", "Lm"},
     {"Other_Letter", "Lo"},
     {"Mark", "M"},
     {"Number", "N"},
     {"Decimal_Number", "Nd"},
     {"digit", "Nd"},
     {"Letter_Number", "Nl"},
     {"Punctuation", "P"},
     {"punct", "P"},
     {"Symbol", "S"},
     {"Currency_Symbol", "Sc"},
     {"Math_Symbol", "Sm"},
     {"Separator", "Z"},
     {"Space_Separator", "Zs"},
     {"Control", "Cc"}}};

bool is_hex(char c) noexcept {
  return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'f') || (c >= 'A' && c <= 'F');
}
bool is_letter(char c) noexcept {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
}

class Translator {
public:
  explicit Translator(std::string_view from) : from_(from) {}

  std::string run() {
    while (at_ < from_.size()) {
      const char c = from_[at_];
      if (c == '\\') {
        escape();
      } else if (c == '[') {
        set();
      } else if (c == '(') {
        group();
      } else if (c == '.') {
        out_ += not_line_end;
        ++at_;
      } else {
        out_ += c;
        ++at_;
      }
    }
    return std::move(out_);
  }

private:
  [[noreturn]] void fail(const SqlState &code, const std::string &why, std::string hint) const {
    throw Error(code,
                "regular expression \"" + printable(from_, 80) + "\", position " +
                    std::to_string(at_ + 1) + ": " + why,
                std::move(hint));
  }
  [[noreturn]] void wrong(const std::string &why) const {
    fail(sqlstate::invalid_parameter_value, why, "Write it as ECMA-262 does with the flag u.");
  }
  [[noreturn]] void unsupported(const std::string &why) const {
    fail(feature_not_supported, why,
         "Such expressions can take exponential time. Say it with several patterns in allOf or "
         "not, or with other keywords.");
  }

  char peek(std::size_t ahead) const noexcept {
    return at_ + ahead < from_.size() ? from_[at_ + ahead] : '\0';
  }

  void group() {
    if (peek(1) != '?') {
      out_ += '(';
      ++at_;
    } else if (peek(2) == ':') {
      out_ += "(?:";
      at_ += 3;
    } else if (peek(2) == '=' || peek(2) == '!' ||
               (peek(2) == '<' && (peek(3) == '=' || peek(3) == '!'))) {
      unsupported("lookahead and lookbehind are not supported");
    } else if (peek(2) == '<' && from_.find('>', at_) != std::string_view::npos) {
      out_ += "(?:";
      at_ = from_.find('>', at_) + 1;
    } else {
      wrong("there is no such group");
    }
  }

  void put_code(std::uint32_t code) {
    static constexpr std::string_view digits = "0123456789abcdef";
    std::string hex;
    do {
      hex.insert(hex.begin(), digits[code & 15U]);
      code >>= 4U;
    } while (code != 0);
    out_ += "\\x{" + hex + "}";
  }

  std::uint32_t hex_digits(std::size_t first, std::size_t count) const {
    std::uint32_t code = 0;
    for (std::size_t i = first; i < first + count; ++i) {
      if (i >= from_.size() || !is_hex(from_[i])) {
        wrong("hexadecimal digits are missing");
      }
      const char c = from_[i];
      const int value = c <= '9' ? c - '0' : (c | 0x20) - 'a' + 10;
      code = code << 4U | static_cast<std::uint32_t>(value);
    }
    return code;
  }

  void unicode() { // at \u
    if (peek(2) == '{') {
      const std::size_t end = from_.find('}', at_);
      if (end == std::string_view::npos || end == at_ + 3 || end - at_ > 11) {
        wrong("\\u{...} is not closed");
      }
      const std::uint32_t code = hex_digits(at_ + 3, end - at_ - 3);
      if (code > 0x10FFFF || (code >= 0xD800 && code <= 0xDFFF)) {
        wrong("there is no such character");
      }
      put_code(code);
      at_ = end + 1;
      return;
    }
    std::uint32_t code = hex_digits(at_ + 2, 4);
    at_ += 6;
    if (code >= 0xD800 && code <= 0xDBFF && peek(0) == '\\' && peek(1) == 'u') {
      const std::uint32_t low = hex_digits(at_ + 2, 4);
      if (low >= 0xDC00 && low <= 0xDFFF) {
        code = 0x10000 + ((code - 0xD800) << 10U) + (low - 0xDC00);
        at_ += 6;
      }
    }
    if (code >= 0xD800 && code <= 0xDFFF) {
      wrong("half a surrogate pair is no character");
    }
    put_code(code);
  }

  void property() { // at \p or \P
    const std::size_t end = from_.find('}', at_);
    if (peek(2) != '{' || end == std::string_view::npos) {
      wrong("\\p needs a property in braces");
    }
    std::string_view name = from_.substr(at_ + 3, end - at_ - 3);
    for (const std::string_view prefix :
         {"General_Category=", "gc=", "Script=", "sc=", "Script_Extensions=", "scx="}) {
      if (name.starts_with(prefix)) {
        name.remove_prefix(prefix.size());
        break;
      }
    }
    for (const auto &[longer, shorter] : categories) {
      if (name == longer) {
        name = shorter;
        break;
      }
    }
    if (name.empty() ||
        !std::all_of(name.begin(), name.end(), [](char c) { return is_letter(c) || c == '_'; })) {
      wrong("there is no such property");
    }
    out_ += std::string("\\") + peek(1) + "{" + std::string(name) + "}";
    at_ = end + 1;
  }

  // What means the same inside and outside of a set. False: something else.
  bool common_escape() {
    const char c = peek(1);
    static constexpr std::string_view same = "dDwWtnvfr";
    const bool is_sign =
        c > ' ' && c <= '~' && !is_letter(c) && !(c >= '0' && c <= '9') && c != '_';
    if ((c != '\0' && same.find(c) != std::string_view::npos) || is_sign) {
      out_ += std::string("\\") + c;
      at_ += 2;
    } else if (c == 'u') {
      unicode();
    } else if (c == 'x') {
      put_code(hex_digits(at_ + 2, 2));
      at_ += 4;
    } else if (c == 'c' && is_letter(peek(2))) {
      put_code(static_cast<std::uint32_t>(peek(2)) % 32);
      at_ += 3;
    } else if (c == '0' && !(peek(2) >= '0' && peek(2) <= '9')) {
      put_code(0);
      at_ += 2;
    } else if (c == 'p' || c == 'P') {
      property();
    } else {
      return false;
    }
    return true;
  }

  void escape() {
    const char c = peek(1);
    if (c == 's' || c == 'S') {
      out_ += "[" + std::string(c == 's' ? blanks : no_blanks) + "]";
      at_ += 2;
    } else if (c == 'b' || c == 'B') {
      out_ += std::string("\\") + c;
      at_ += 2;
    } else if ((c >= '1' && c <= '9') || c == 'k') {
      unsupported("back-references are not supported");
    } else if (!common_escape()) {
      wrong(std::string("there is no such escape"));
    }
  }

  void set() { // [...]
    const bool negated = peek(1) == '^';
    at_ += negated ? 2 : 1;
    const std::size_t mark = out_.size();
    out_ += negated ? "[^" : "[";
    const std::size_t first = out_.size();
    while (at_ < from_.size() && from_[at_] != ']') {
      const char c = from_[at_];
      if (c == '\\') {
        if (peek(1) == 's' || peek(1) == 'S') {
          out_ += peek(1) == 's' ? blanks : no_blanks;
          at_ += 2;
        } else if (peek(1) == 'b') {
          out_ += "\\x08";
          at_ += 2;
        } else if (!common_escape()) {
          wrong("there is no such escape in a set");
        }
      } else {
        if (c == '[' || c == '^') { // RE2 has [:alpha:], ECMA has not
          out_ += '\\';
        }
        out_ += c;
        ++at_;
      }
    }
    if (at_ == from_.size()) {
      wrong("the set is not closed");
    }
    ++at_;
    if (out_.size() == first) {
      out_.resize(mark);
      out_ += negated ? anything : nothing;
    } else {
      out_ += ']';
    }
  }

  std::string_view from_;
  std::string out_;
  std::size_t at_ = 0;
};

} // namespace

std::string to_re2(std::string_view ecma) {
  return Translator(ecma).run();
}

std::unique_ptr<const RE2> compile_ecma(std::string_view ecma) {
  constexpr std::int64_t most_memory = std::int64_t{2} << 20U;
  RE2::Options options;
  options.set_log_errors(false);
  options.set_never_capture(true);
  options.set_max_mem(most_memory);
  auto compiled = std::make_unique<const RE2>(to_re2(ecma), options);
  if (!compiled->ok()) {
    const bool large = compiled->error_code() == RE2::ErrorPatternTooLarge;
    throw Error(
        large ? sqlstate::program_limit_exceeded : sqlstate::invalid_parameter_value,
        "regular expression \"" + printable(ecma, 80) + "\": " + printable(compiled->error(), 80),
        large ? "Repeat less: counts multiply." : "Write it as ECMA-262 does with the flag u.");
  }
  return compiled;
}

} // namespace starhouse::stream
