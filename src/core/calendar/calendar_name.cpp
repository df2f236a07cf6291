#include "core/calendar/calendar_name.hpp"

#include "core/error.hpp"

#include <algorithm>
#include <string>

namespace starhouse::calendar {

namespace {

bool begins_identifier(char c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_' ||
         static_cast<unsigned char>(c) >= 0x80;
}

bool continues_identifier(char c) {
  return begins_identifier(c) || (c >= '0' && c <= '9') || c == '$';
}

// Reads identifiers from `text`, which shrinks.
class Reader {
public:
  explicit Reader(std::string_view text) noexcept : rest_(text) {}

  bool at_end() const noexcept { return rest_.empty(); }

  bool take(char c) noexcept {
    if (rest_.empty() || rest_.front() != c) {
      return false;
    }
    rest_.remove_prefix(1);
    return true;
  }

  // False when there is none, or none that could be a name.
  bool identifier(Identifier &out) noexcept {
    std::size_t size = 0;
    const auto put = [&out, &size](char c) {
      if (size == Identifier::capacity || c == '\0') {
        return false;
      }
      out.bytes[size++] = c;
      return true;
    };
    if (take('"')) {
      for (;;) {
        if (rest_.empty()) {
          return false;
        }
        const char c = rest_.front();
        rest_.remove_prefix(1);
        if (c == '"' && !take('"')) {
          break;
        }
        if (!put(c)) {
          return false;
        }
      }
    } else {
      if (rest_.empty() || !begins_identifier(rest_.front())) {
        return false;
      }
      while (!rest_.empty() && continues_identifier(rest_.front())) {
        const char c = rest_.front();
        rest_.remove_prefix(1);
        if (!put(c >= 'A' && c <= 'Z' ? static_cast<char>(c + 32) : c)) {
          return false;
        }
      }
    }
    out.given = size > 0;
    return out.given;
  }

private:
  std::string_view rest_;
};

// Where the part that begins at `from` ends: at a '+' outside quotes.
std::size_t end_of_part(std::string_view text, std::size_t from) {
  bool quoted = false;
  for (std::size_t i = from; i < text.size(); ++i) {
    if (text[i] == '"') {
      quoted = !quoted;
    } else if (text[i] == '+' && !quoted) {
      return i;
    }
  }
  return text.size();
}

} // namespace

void unknown_calendar(std::string_view name) {
  throw Error(sqlstate::invalid_parameter_value,
              "no holiday calendar for country \"" + std::string(name) + "\"",
              "Known are IN, US, GB (England and Wales), GB-ENG, GB-WLS, GB-SCT and GB-NIR, and "
              "tables of your own by name; NULL stands for weekends only.");
}

CalendarName parse_calendar_name(std::string_view text) {
  CalendarName name;
  for (std::size_t from = 0; from <= text.size();) {
    const std::size_t end = end_of_part(text, from);
    std::string_view part = text.substr(from, end - from);
    from = end + 1;
    part.remove_prefix(std::min(part.find_first_not_of(' '), part.size()));
    part.remove_suffix(part.size() - (part.find_last_not_of(' ') + 1));

    if (name.country_count + name.table_count == CalendarName::capacity) {
      throw Error(sqlstate::invalid_parameter_value,
                  "calendar \"" + std::string(text) + "\" has too many parts",
                  "Join at most 8 by '+'; put more days into one table.");
    }
    if (const Country country = find_country(part); country != Country::none) {
      name.countries[name.country_count++] = country;
      continue;
    }
    TableName table;
    Reader reader(part);
    bool valid = reader.identifier(table.table);
    if (valid && reader.take('.')) {
      table.schema = table.table;
      table.table = {};
      valid = reader.identifier(table.table);
    }
    if (!valid || !reader.at_end()) {
      unknown_calendar(part);
    }
    table.text = part;
    name.tables[name.table_count++] = table;
  }
  return name;
}

} // namespace starhouse::calendar
