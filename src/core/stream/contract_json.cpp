#include "core/stream/contract_json.hpp"

#include "core/error.hpp"
#include "core/stream/encoding.hpp"
#include "core/stream/reject.hpp"

#include <charconv>
#include <cstdint>

namespace starhouse::stream::contract_json {

void fail(const std::string &path, const std::string &why, const std::string &mend) {
  throw Error(sqlstate::invalid_parameter_value,
              "contract: " + (path.empty() ? std::string("the whole document") : path) + ": " + why,
              mend);
}

namespace {

std::string shown(dom::element value) {
  return printable(simdjson::to_string(value), 80);
}

} // namespace

void wrong_value(const std::string &path, dom::element value, const std::string &expected) {
  fail(path, "bad value " + shown(value), "Write " + expected + ".");
}

std::string pointer_key(std::string_view key) {
  std::string out;
  for (const char c : printable(key, 80)) {
    out += c == '~' ? "~0" : c == '/' ? "~1" : std::string(1, c);
  }
  return out;
}

std::string as_text(const std::string &path, dom::element value) {
  std::string_view text;
  if (value.get_string().get(text) != simdjson::SUCCESS) {
    wrong_value(path, value, "a string");
  }
  if (!valid_text(text)) {
    fail(path, "the text holds a NUL character or is not UTF-8", "Leave such characters out.");
  }
  return std::string(text);
}

bool as_bool(const std::string &path, dom::element value) {
  bool flag = false;
  if (value.get_bool().get(flag) != simdjson::SUCCESS) {
    wrong_value(path, value, "true or false");
  }
  return flag;
}

std::size_t as_count(const std::string &path, dom::element value, std::size_t least,
                     std::size_t most) {
  std::uint64_t number = 0;
  if (value.get_uint64().get(number) != simdjson::SUCCESS || number < least || number > most) {
    wrong_value(path, value,
                "a whole number from " + std::to_string(least) + " to " + std::to_string(most));
  }
  return number;
}

std::string as_scalar_text(const std::string &path, dom::element value,
                           const std::string &expected) {
  switch (value.type()) {
  case dom::element_type::STRING:
    return as_text(path, value);
  case dom::element_type::INT64:
  case dom::element_type::UINT64:
  case dom::element_type::BOOL:
    return simdjson::to_string(value);
  case dom::element_type::DOUBLE: {
    std::array<char, 512> digits{};
    const auto end = std::to_chars(digits.data(), digits.data() + digits.size(), double(value),
                                   std::chars_format::fixed);
    return {digits.data(), end.ptr};
  }
  default:
    wrong_value(path, value, expected);
  }
}

std::vector<std::string> as_texts(const std::string &path, dom::element value, bool one_alone) {
  if (one_alone && value.is_string()) {
    return {as_text(path, value)};
  }
  dom::array items;
  if (value.get_array().get(items) != simdjson::SUCCESS) {
    wrong_value(path, value, one_alone ? "a string or a list of strings" : "a list of strings");
  }
  std::vector<std::string> texts;
  for (const dom::element item : items) {
    texts.push_back(as_text(path + "/" + std::to_string(texts.size()), item));
  }
  return texts;
}

char as_byte(const std::string &path, dom::element value) {
  const std::string text = as_text(path, value);
  if (text.size() != 1 || static_cast<unsigned char>(text[0]) >= 0x80 || text[0] == '\n' ||
      text[0] == '\r') {
    wrong_value(path, value, "one ASCII character that is no line break");
  }
  return text[0];
}

} // namespace starhouse::stream::contract_json
