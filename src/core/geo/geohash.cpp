#include "core/geo/geohash.hpp"

#include "core/geo/shape.hpp"

#include <string>

namespace starhouse::geo {

namespace {

constexpr unsigned char no_digit = 0xFF;

constexpr std::array<unsigned char, 256> digits = [] {
  std::array<unsigned char, 256> table{};
  table.fill(no_digit);
  for (std::size_t i = 0; i < base32.size(); ++i) {
    const auto c = static_cast<unsigned char>(base32[i]);
    table[c] = static_cast<unsigned char>(i);
    if (c >= 'a') {
      table[c - 'a' + 'A'] = static_cast<unsigned char>(i);
    }
  }
  return table;
}();

[[noreturn]] void refuse_text(std::string_view text, const std::string &reason) {
  std::string quoted(text.substr(0, 40));
  if (quoted.size() < text.size()) {
    quoted += "...";
  }
  throw Error(sqlstate::invalid_text_representation,
              "invalid geohash \"" + quoted + "\": " + reason,
              "A geohash has 1 to 12 of the characters 0-9 and b-z without a, i, l, o.");
}

} // namespace

bool is_cell(Cell cell) noexcept {
  if (cell <= 0 || cell >> 61 != 0) {
    return false;
  }
  const int zeros = std::countr_zero(static_cast<std::uint64_t>(cell));
  return zeros % 5 == 0 && zeros <= sentinel_shift(1);
}

void check_latitude(double lat, const char *name) {
  if (!is_latitude(lat)) {
    throw Error(sqlstate::numeric_value_out_of_range,
                std::string(name) + " out of range: " + shown(lat),
                "Latitude is in degrees from -90 to 90, and comes before longitude.");
  }
}

void check_longitude(double lon, const char *name) {
  if (!is_longitude(lon)) {
    throw Error(sqlstate::numeric_value_out_of_range,
                std::string(name) + " out of range: " + shown(lon),
                "Longitude is in degrees from -180 to 180, and comes after latitude.");
  }
}

void check_precision(std::int64_t precision) {
  if (!is_precision(precision)) {
    throw Error(sqlstate::invalid_parameter_value,
                "precision out of range: " + std::to_string(precision),
                "A geohash has 1 to 12 characters: 5 is about 5 km, 7 about 150 m, 9 about 5 m.");
  }
}

void check_cell(Cell cell) {
  if (!is_cell(cell)) {
    throw Error(sqlstate::invalid_parameter_value, "not a geohash cell: " + std::to_string(cell),
                "Cells come from geohash_cell(lat, lon, precision) or geohash_cell(text).");
  }
}

Direction direction_from_name(std::string_view name) {
  static constexpr std::array<std::string_view, direction_count> names{"n", "ne", "e", "se",
                                                                       "s", "sw", "w", "nw"};
  std::string lower(name);
  for (char &c : lower) {
    c = c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c;
  }
  for (std::size_t i = 0; i < names.size(); ++i) {
    if (lower == names[i]) {
      return static_cast<Direction>(i);
    }
  }
  throw Error(sqlstate::invalid_parameter_value, "no such direction: \"" + std::string(name) + "\"",
              "Directions are n, ne, e, se, s, sw, w and nw.");
}

Cell neighbor(Cell cell, Direction direction) noexcept {
  struct Step {
    int north;
    int east;
  };
  static constexpr std::array<Step, direction_count> steps{
      {{1, 0}, {1, 1}, {0, 1}, {-1, 1}, {-1, 0}, {-1, -1}, {0, -1}, {1, -1}}};
  const Step step = steps[static_cast<std::size_t>(direction)];
  const int precision = precision_of(cell);
  const GridPlace place = place_of(cell);
  const std::int64_t row = place.row + step.north * rows_of(precision);
  if (row < 0 || row >= grid_size) {
    return 0;
  }
  const std::int64_t column = place.column + step.east * columns_of(precision);
  return cell_at(row, column & (grid_size - 1), precision);
}

Cell from_text(std::string_view text) {
  if (text.empty()) {
    refuse_text(text, "it is empty");
  }
  if (text.size() > max_precision) {
    refuse_text(text, "it has more than 12 characters");
  }
  std::uint64_t bits = 0;
  for (std::size_t i = 0; i < text.size(); ++i) {
    const unsigned char digit = digits[static_cast<unsigned char>(text[i])];
    if (digit == no_digit) {
      refuse_text(text, "character " + std::to_string(i + 1) + " is none of base 32");
    }
    bits = (bits << 5) | digit;
  }
  return static_cast<Cell>(((bits << 1) | 1) << sentinel_shift(static_cast<int>(text.size())));
}

} // namespace starhouse::geo
