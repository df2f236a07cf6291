// Typed access to the JSON of a contract: every accessor either returns what was asked for or
// throws Error 22023 naming the place (a JSON pointer), the value and the mend. Used by
// contract.cpp only.
#pragma once

#include <algorithm>
#include <array>
#include <cstddef>
#include <initializer_list>
#include <set>
#include <simdjson.h>
#include <string>
#include <string_view>
#include <vector>

namespace starhouse::stream::contract_json {

namespace dom = simdjson::dom;

[[noreturn]] void fail(const std::string &path, const std::string &why, const std::string &mend);
[[noreturn]] void wrong_value(const std::string &path, dom::element value,
                              const std::string &expected);
// `key` as one step of a JSON pointer.
std::string pointer_key(std::string_view key);

std::string as_text(const std::string &path, dom::element value);
bool as_bool(const std::string &path, dom::element value);
std::size_t as_count(const std::string &path, dom::element value, std::size_t least,
                     std::size_t most);
// A string as it is, a number or a boolean as it would be written.
std::string as_scalar_text(const std::string &path, dom::element value,
                           const std::string &expected);
std::vector<std::string> as_texts(const std::string &path, dom::element value,
                                  bool one_alone = false);
char as_byte(const std::string &path, dom::element value);

template <class Enum>
struct Choice {
  std::string_view text;
  Enum value;
};

template <class Enum, std::size_t N>
Enum as_choice(const std::string &path, dom::element value,
               const std::array<Choice<Enum>, N> &choices) {
  std::string_view text;
  if (value.get_string().get(text) == simdjson::SUCCESS) {
    for (const auto &choice : choices) {
      if (choice.text == text) {
        return choice.value;
      }
    }
  }
  std::string expected = "one of";
  for (const auto &choice : choices) {
    expected += (&choice == choices.data() ? " \"" : ", \"") + std::string(choice.text) + "\"";
  }
  wrong_value(path, value, expected);
}

// Calls use(key, value) for every member, after checking that no key occurs twice and that all are
// known.
template <class Use>
void each_member(const std::string &path, dom::element element,
                 std::initializer_list<std::string_view> known, Use use) {
  dom::object object;
  if (element.get_object().get(object) != simdjson::SUCCESS) {
    wrong_value(path, element, "an object");
  }
  std::set<std::string_view> seen;
  for (const auto [key, value] : object) {
    const std::string here = path + "/" + pointer_key(key);
    if (std::find(known.begin(), known.end(), key) == known.end()) {
      std::string keys;
      for (const std::string_view name : known) {
        keys += (keys.empty() ? "" : ", ") + std::string(name);
      }
      fail(here, "unknown key", "The keys known here are: " + keys + ".");
    }
    if (!seen.insert(key).second) {
      fail(here, "the key occurs twice", "Keep one of them.");
    }
    use(key, value, here);
  }
}

} // namespace starhouse::stream::contract_json
