#include "client/report/definition.hpp"

#include "core/error.hpp"

#include <algorithm>
#include <array>
#include <cstddef>
#include <utility>

#include <fmt/format.h>

namespace starhouse::client::report {
namespace {

constexpr std::array<std::string_view, 8> kinds{"figures", "line",   "bars", "stack",
                                                "cells",   "cohort", "heat", "table"};
using Property = std::pair<std::string_view, std::string Card::*>;
const std::array<Property, 5> properties{{{"unit", &Card::unit},
                                          {"source", &Card::source},
                                          {"note", &Card::note},
                                          {"empty", &Card::empty},
                                          {"told", &Card::told}}};

std::string_view trimmed(std::string_view text) {
  constexpr std::string_view blank = " \t\r";
  const std::size_t from = text.find_first_not_of(blank);
  return from == std::string_view::npos
             ? std::string_view{}
             : text.substr(from, text.find_last_not_of(blank) - from + 1);
}

class Parser {
public:
  explicit Parser(std::string_view name) : name_(name) {}

  void line(std::string_view text) {
    ++line_;
    const std::string_view stripped = trimmed(text);
    if (in_statement_ || (!stripped.empty() && !stripped.starts_with("--"))) {
      statement(text, stripped);
    } else if (stripped.starts_with("--- ")) {
      finish_card();
      definition_.sections.push_back({std::string{trimmed(stripped.substr(4))}, {}});
    } else if (stripped.starts_with("-- ")) {
      comment(trimmed(stripped.substr(3)));
    }
  }

  Definition result() {
    finish_card();
    if (definition_.title.empty()) {
      fail("there is no line '-- report TITLE'");
    }
    return std::move(definition_);
  }

private:
  void comment(std::string_view text) {
    const std::size_t space = std::min(text.find(' '), text.size());
    const std::string_view word = text.substr(0, space);
    const std::string_view rest = trimmed(text.substr(space));
    if (word == "report" && definition_.sections.empty()) {
      definition_.title = rest;
    } else if (std::find(kinds.begin(), kinds.end(), word) != kinds.end()) {
      finish_card();
      if (definition_.sections.empty()) {
        fail("a card stands before the first section");
      }
      Card card;
      card.kind = word;
      card.title = rest;
      definition_.sections.back().cards.push_back(std::move(card));
      open_ = true;
    } else if (open_) {
      const auto *property = std::find_if(properties.begin(), properties.end(),
                                          [&](const Property &own) { return own.first == word; });
      if (property == properties.end()) {
        fail(fmt::format("'{}' is neither a kind of card nor a property of one", word));
      }
      card().*property->second = rest;
    } // else the file's own introduction
  }

  void statement(std::string_view text, std::string_view stripped) {
    if (!open_) {
      fail("a statement stands outside of a card");
    }
    in_statement_ = true;
    if (stripped.ends_with(';')) {
      in_statement_ = false;
      text = text.substr(0, text.rfind(';'));
    }
    card().sql.append(text).push_back('\n');
    open_ = in_statement_;
  }

  void finish_card() const {
    if (in_statement_) {
      fail("the statement before has no ';'");
    }
    if (open_) {
      fail("the card before has no statement");
    }
  }

  Card &card() { return definition_.sections.back().cards.back(); }

  [[noreturn]] void fail(const std::string &what) const {
    throw Error(
        SqlState{"42601"}, fmt::format("{}, line {}: {}", name_, line_, what),
        "A report is sections ('--- TITLE') of cards ('-- bars TITLE', the like of '-- unit "
        "money', one statement): see docs/report.md.");
  }

  std::string_view name_;
  std::size_t line_ = 0;
  bool open_ = false; // a card without its statement
  bool in_statement_ = false;
  Definition definition_;
};

} // namespace

Definition parse(std::string_view text, std::string_view name) {
  Parser parser(name);
  while (!text.empty()) {
    const std::size_t end = std::min(text.find('\n'), text.size());
    parser.line(text.substr(0, end));
    text.remove_prefix(std::min(end + 1, text.size()));
  }
  return parser.result();
}

} // namespace starhouse::client::report
