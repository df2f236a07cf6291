// Tuples back into text, for people who try a contract out and for tests. Reads only what RowParser
// wrote, but checks every length all the same.
#include "core/error.hpp"
#include "core/stream/row_parser.hpp"

#include <array>
#include <bit>
#include <charconv>
#include <cstdio>

namespace starhouse::stream {

namespace {

struct Bytes {
  std::string_view left;

  std::string_view take(std::size_t count) {
    if (count > left.size()) {
      throw Error(sqlstate::invalid_binary_representation, "the tuple is cut short");
    }
    const std::string_view taken = left.substr(0, count);
    left.remove_prefix(count);
    return taken;
  }
  template <class Integer>
  Integer integer() {
    std::uint64_t bits = 0;
    for (const char c : take(sizeof(Integer))) {
      bits = bits << 8U | static_cast<unsigned char>(c);
    }
    return static_cast<Integer>(bits);
  }
};

void add_string(std::string &out, std::string_view text) {
  out += '"';
  for (const char c : text) {
    const auto byte = static_cast<unsigned char>(c);
    if (c == '"' || c == '\\') {
      out += '\\';
      out += c;
    } else if (byte < 0x20) {
      std::array<char, 8> escape{};
      const int length = std::snprintf(escape.data(), escape.size(), "\\u%04x", byte);
      out.append(escape.data(), static_cast<std::size_t>(length));
    } else {
      out += c;
    }
  }
  out += '"';
}

std::string padded(int value, std::size_t width) {
  std::string digits = std::to_string(value < 0 ? -value : value);
  digits.insert(0, width > digits.size() ? width - digits.size() : 0, '0');
  return value < 0 ? "-" + digits : digits;
}

std::string date_text(std::int32_t days) {
  int year = 0;
  int month = 0;
  int day = 0;
  civil_from_days(days, year, month, day);
  return padded(year, 4) + "-" + padded(month, 2) + "-" + padded(day, 2);
}

std::string instant_text(std::int64_t micros) {
  std::int64_t days = micros / micros_per_day;
  std::int64_t rest = micros % micros_per_day;
  if (rest < 0) {
    rest += micros_per_day;
    --days;
  }
  const auto seconds = static_cast<int>(rest / micros_per_second);
  const auto fraction = static_cast<int>(rest % micros_per_second);
  std::string text = date_text(static_cast<std::int32_t>(days)) + "T" + padded(seconds / 3600, 2) +
                     ":" + padded(seconds / 60 % 60, 2) + ":" + padded(seconds % 60, 2);
  if (fraction != 0) {
    text += "." + padded(fraction, 6);
  }
  return text + "Z";
}

std::string numeric_text(Bytes payload) {
  const auto groups = payload.integer<std::uint16_t>();
  const int weight = payload.integer<std::int16_t>();
  const bool negative = payload.integer<std::uint16_t>() == 0x4000;
  const std::size_t scale = payload.integer<std::uint16_t>();
  std::string whole;
  std::string fraction;
  for (int position = weight; position < -1; ++position) {
    fraction += "0000";
  }
  for (int i = 0; i < groups; ++i) {
    (weight - i >= 0 ? whole : fraction) += padded(payload.integer<std::int16_t>(), 4);
  }
  if (groups > 0 && weight >= groups) {
    whole.append(static_cast<std::size_t>(weight - groups + 1) * 4, '0');
  }
  whole.erase(0, std::min(whole.find_first_not_of('0'), whole.size()));
  fraction.resize(scale, '0');
  return (negative ? "-" : "") + (whole.empty() ? std::string("0") : whole) +
         (scale == 0 ? "" : "." + fraction);
}

std::string float8_text(double value) {
  std::array<char, 40> digits{};
  const auto end = std::to_chars(digits.data(), digits.data() + digits.size(), value);
  return {digits.data(), end.ptr};
}

} // namespace

std::string tuple_to_json(const Contract &contract, std::string_view tuple) {
  Bytes bytes{tuple};
  if (bytes.integer<std::int16_t>() != static_cast<std::int16_t>(contract.columns.size() + 1)) {
    throw Error(sqlstate::invalid_binary_representation, "the tuple is not of this contract");
  }
  bytes.take(bytes.integer<std::uint32_t>()); // record_no
  std::string out = "{";
  for (const ColumnSpec &column : contract.columns) {
    if (out.size() > 1) {
      out += ", ";
    }
    add_string(out, column.name);
    out += ": ";
    const auto length = bytes.integer<std::int32_t>();
    if (length < 0) {
      out += "null";
      continue;
    }
    Bytes payload{bytes.take(static_cast<std::size_t>(length))};
    switch (column.type) {
    case ColumnType::text:
      add_string(out, payload.left);
      break;
    case ColumnType::integer:
    case ColumnType::hash:
      add_string(out, std::to_string(payload.integer<std::int64_t>()));
      break;
    case ColumnType::numeric:
      add_string(out, numeric_text(payload));
      break;
    case ColumnType::float8:
      add_string(out, float8_text(std::bit_cast<double>(payload.integer<std::int64_t>())));
      break;
    case ColumnType::boolean:
      out += payload.integer<std::int8_t>() != 0 ? "\"true\"" : "\"false\"";
      break;
    case ColumnType::date:
      add_string(out, date_text(payload.integer<std::int32_t>()));
      break;
    case ColumnType::timestamptz:
      add_string(out, instant_text(payload.integer<std::int64_t>()));
      break;
    case ColumnType::jsonb:
      payload.take(1);
      out += payload.left;
      break;
    }
  }
  return out + "}";
}

} // namespace starhouse::stream
