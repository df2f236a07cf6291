#include "core/stream/value_encoder.hpp"

#include <algorithm>
#include <charconv>
#include <cmath>
#include <cstring>

namespace starhouse::stream {

namespace {

bool is_blank(char c) noexcept {
  return c == ' ' || (c >= '\t' && c <= '\r');
}
bool is_digit(char c) noexcept {
  return c >= '0' && c <= '9';
}
char upper(char c) noexcept {
  return c >= 'a' && c <= 'z' ? static_cast<char>(c - 'a' + 'A') : c;
}
char lower(char c) noexcept {
  return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c;
}

bool is_lower(char c) noexcept {
  return c >= 'a' && c <= 'z';
}
bool is_upper(char c) noexcept {
  return c >= 'A' && c <= 'Z';
}

// Anything collapse_blanks would change; mostly there is nothing.
bool has_blank_runs(std::string_view text) noexcept {
  char previous = '\0';
  unsigned found = 0;
  for (const char c : text) {
    found |= static_cast<unsigned>((c == ' ') & (previous == ' ')) |
             static_cast<unsigned>((c >= '\t') & (c <= '\r'));
    previous = c;
  }
  return found != 0;
}

template <class Change>
void transform_into(std::string &target, std::string_view &text, Change change) {
  target.resize(text.size());
  std::transform(text.begin(), text.end(), target.begin(), change);
  text = target;
}

std::int64_t floor_divide(std::int64_t value, std::int64_t by) noexcept {
  const std::int64_t quotient = value / by;
  return quotient - (value % by < 0 ? 1 : 0);
}

void out_of_bounds(const ColumnSpec &column, std::string_view text, const Bound &bound, bool below,
                   Reject &reject) {
  std::string reason =
      below ? "the value is below the minimum " : "the value is above the maximum ";
  reason += bound.text;
  reason += bound.exclusive ? " (exclusive)" : "";
  reject.set(reject_code::check_violation, column.name, text, reason,
             below ? "Correct the source, or lower \"min\" in the contract."
                   : "Correct the source, or raise \"max\" in the contract.");
}

// compare(bound) is the sign of value - bound.
template <class Compare>
bool within(const ColumnSpec &column, std::string_view text, Reject &reject, Compare compare) {
  if (column.minimum) {
    const int order = compare(*column.minimum);
    if (order < 0 || (order == 0 && column.minimum->exclusive)) {
      out_of_bounds(column, text, *column.minimum, true, reject);
      return false;
    }
  }
  if (column.maximum) {
    const int order = compare(*column.maximum);
    if (order > 0 || (order == 0 && column.maximum->exclusive)) {
      out_of_bounds(column, text, *column.maximum, false, reject);
      return false;
    }
  }
  return true;
}

template <class Number>
int sign(Number left, Number right) noexcept {
  return left < right ? -1 : left > right ? 1 : 0;
}

Outcome not_a_number(const ColumnSpec &column, std::string_view text, std::string_view what,
                     Reject &reject) {
  reject.set(sqlstate::invalid_text_representation, column.name, text, what,
             "Write plain digits with a decimal point, without separators, units or currency; list "
             "words that mean nothing under \"null\".");
  return Outcome::rejected;
}

Outcome too_large(const ColumnSpec &column, std::string_view text, std::string_view what,
                  Reject &reject) {
  reject.set(sqlstate::numeric_value_out_of_range, column.name, text, what,
             "Correct the source, or choose a type that holds such numbers.");
  return Outcome::rejected;
}

std::size_t characters(std::string_view text) noexcept {
  return static_cast<std::size_t>(std::count_if(text.begin(), text.end(), [](char c) {
    return (static_cast<unsigned char>(c) & 0xC0U) != 0x80U;
  }));
}

} // namespace

std::string_view trim(std::string_view text) noexcept {
  while (!text.empty() && is_blank(text.front())) {
    text.remove_prefix(1);
  }
  while (!text.empty() && is_blank(text.back())) {
    text.remove_suffix(1);
  }
  return text;
}

bool equal_fold(std::string_view left, std::string_view right) noexcept {
  return left.size() == right.size() &&
         std::equal(left.begin(), left.end(), right.begin(),
                    [](char a, char b) { return lower(a) == lower(b); });
}

// Letters and digits only; a known prefix off; the number padded; the prefix put before it.
bool ValueEncoder::standardise_code(const ColumnSpec &column, std::string_view &text,
                                    Reject &reject) {
  const CodeRule &rule = *column.code;
  auto fail = [&](std::string_view why) {
    reject.set(sqlstate::invalid_text_representation, column.name, text, why,
               "Correct the source, or list its prefix under \"aliases\" of \"code\".");
    return false;
  };
  digits_.clear();
  for (const char c : text) {
    if (is_digit(c) || (upper(c) >= 'A' && upper(c) <= 'Z')) {
      digits_ += upper(c);
    } else if (static_cast<unsigned char>(c) >= 0x80) {
      return fail("the code holds letters other than its prefix");
    }
  }
  std::string_view number = digits_;
  for (const std::string &prefix : rule.aliases) {
    if (number.starts_with(prefix)) {
      number.remove_prefix(prefix.size());
      break;
    }
  }
  if (number.empty()) {
    return fail("the code holds no number");
  }
  if (!std::all_of(number.begin(), number.end(), is_digit)) {
    return fail("the code holds letters other than its prefix");
  }
  number.remove_prefix(std::min(number.find_first_not_of('0'), number.size()));
  code_.assign(rule.prefix);
  code_.append(rule.width > number.size() ? rule.width - number.size() : 0, '0');
  code_.append(number);
  text = code_;
  return true;
}

// Blanks, case, code, map, allowed values, in this order.
Outcome ValueEncoder::normalise(const ColumnSpec &column, std::string_view &text, Reject &reject) {
  const std::string_view original = text;
  if (column.collapse_blanks && has_blank_runs(text)) {
    std::string &target = cleaned_[0];
    target.clear();
    for (const char c : text) {
      if (!is_blank(c)) {
        target += c;
      } else if (target.empty() || target.back() != ' ') {
        target += ' ';
      }
    }
    text = target;
  }
  if (column.letter_case == LetterCase::upper && std::any_of(text.begin(), text.end(), is_lower)) {
    transform_into(cleaned_[1], text, upper);
  } else if (column.letter_case == LetterCase::lower &&
             std::any_of(text.begin(), text.end(), is_upper)) {
    transform_into(cleaned_[1], text, lower);
  }
  if (column.code && !standardise_code(column, text, reject)) {
    return Outcome::rejected;
  }
  if (!column.map.empty()) {
    digits_.resize(text.size());
    std::transform(text.begin(), text.end(), digits_.begin(), lower);
    const auto found = std::lower_bound(
        column.map.begin(), column.map.end(), digits_,
        [](const auto &entry, const std::string &key) { return entry.first < key; });
    if (found != column.map.end() && found->first == digits_) {
      text = found->second;
    } else if (column.map_else == MapElse::null) {
      return Outcome::null;
    } else if (column.map_else == MapElse::reject) {
      reject.set(reject_code::check_violation, column.name, original,
                 "the value is not in the contract's map",
                 "Add it to \"map\", or choose another \"map_else\".");
      return Outcome::rejected;
    }
  }
  if (!column.allowed.empty() &&
      !std::binary_search(column.allowed.begin(), column.allowed.end(), text)) {
    std::string hint = "Allowed are: ";
    for (std::size_t i = 0; i < column.allowed.size() && i < 20; ++i) {
      hint += (i == 0 ? "" : ", ") + column.allowed[i];
    }
    reject.set(reject_code::check_violation, column.name, original,
               "the value is not one of those allowed",
               hint + (column.allowed.size() > 20 ? ", ..." : "") + ".");
    return Outcome::rejected;
  }
  return Outcome::value;
}

Outcome ValueEncoder::encode(const ColumnSpec &column, std::string_view text, CopyBuffer &out,
                             Reject &reject) {
  if (const Outcome cleaned = normalise(column, text, reject); cleaned != Outcome::value) {
    return cleaned;
  }
  switch (column.type) {
  case ColumnType::text:
    return encode_text(column, text, out, reject);
  case ColumnType::integer:
    return encode_integer(column, text, out, reject);
  case ColumnType::numeric:
    return encode_numeric(column, text, out, reject);
  case ColumnType::float8:
    return encode_float8(column, text, out, reject);
  case ColumnType::boolean:
    return encode_boolean(column, text, out, reject);
  case ColumnType::date:
  case ColumnType::timestamptz:
    return encode_time(column, text, out, reject);
  case ColumnType::jsonb:
    return encode_json_text(column, text, out, reject);
  case ColumnType::hash:
    break;
  }
  return Outcome::null;
}

Outcome ValueEncoder::encode_text(const ColumnSpec &column, std::string_view text, CopyBuffer &out,
                                  Reject &reject) {
  if (column.max_length && text.size() > *column.max_length &&
      characters(text) > *column.max_length) {
    reject.set(reject_code::string_too_long, column.name, text,
               "the text is longer than " + std::to_string(*column.max_length) + " characters",
               "Shorten it at the source, or raise \"max_length\" in the contract.");
    return Outcome::rejected;
  }
  out.put_text(text);
  return Outcome::value;
}

Outcome ValueEncoder::encode_integer(const ColumnSpec &column, std::string_view text,
                                     CopyBuffer &out, Reject &reject) {
  std::int64_t value = 0;
  const char *end = text.data() + text.size();
  if (const auto [at, error] = std::from_chars(text.data(), end, value);
      error != std::errc{} || at != end) {
    // +7, 17850.0 and 1e3 are whole numbers too.
    Decimal decimal;
    DecimalStatus status = parse_decimal(text, digits_, decimal);
    if (status == DecimalStatus::ok) {
      status = to_int64(decimal, value);
    }
    if (status == DecimalStatus::not_a_number) {
      return not_a_number(column, text, "not a whole number", reject);
    }
    if (status == DecimalStatus::out_of_range) {
      return too_large(column, text, "the number does not fit a bigint", reject);
    }
  }
  if (!within(column, text, reject,
              [&](const Bound &bound) { return sign(value, bound.integer); })) {
    return Outcome::rejected;
  }
  out.put_int8(value);
  return Outcome::value;
}

Outcome ValueEncoder::encode_numeric(const ColumnSpec &column, std::string_view text,
                                     CopyBuffer &out, Reject &reject) {
  Decimal value;
  switch (parse_decimal(text, digits_, value)) {
  case DecimalStatus::ok:
    break;
  case DecimalStatus::not_a_number:
    return not_a_number(column, text, "not a number", reject);
  case DecimalStatus::out_of_range:
    return too_large(column, text, "the number does not fit a numeric", reject);
  }
  if (column.scale && value.fraction.size() > *column.scale) {
    if (!column.round && significant_scale(value) > *column.scale) {
      return too_large(column, text,
                       "more than " + std::to_string(*column.scale) + " digits after the point",
                       reject);
    }
    value = round_decimal(value, *column.scale, rounded_);
  }
  if (column.precision) {
    const std::size_t whole =
        *column.precision - std::min(*column.precision, column.scale.value_or(0));
    const std::size_t fraction = column.scale ? 0 : significant_scale(value);
    if (value.whole.size() + fraction > whole) {
      return too_large(column, text,
                       column.scale
                           ? "more than " + std::to_string(whole) + " digits before the point"
                           : "more than " + std::to_string(whole) + " digits",
                       reject);
    }
  }
  if (!within(column, text, reject,
              [&](const Bound &bound) { return compare(value, bound.decimal()); })) {
    return Outcome::rejected;
  }
  out.put_numeric(value);
  return Outcome::value;
}

Outcome ValueEncoder::encode_float8(const ColumnSpec &column, std::string_view text,
                                    CopyBuffer &out, Reject &reject) {
  std::string_view digits = text;
  if (digits.starts_with('+') && digits.size() > 1 && digits[1] != '-') {
    digits.remove_prefix(1);
  }
  double value = 0;
  const char *end = digits.data() + digits.size();
  const auto [at, error] = std::from_chars(digits.data(), end, value);
  if (error == std::errc::result_out_of_range && at == end) {
    return too_large(column, text, "the number does not fit a double", reject);
  }
  if (error != std::errc{} || at != end || !std::isfinite(value)) {
    return not_a_number(column, text, "not a number", reject);
  }
  if (value == 0) {
    value = 0; // no negative zero
  }
  if (!within(column, text, reject,
              [&](const Bound &bound) { return sign(value, bound.float8); })) {
    return Outcome::rejected;
  }
  out.put_float8(value);
  return Outcome::value;
}

Outcome ValueEncoder::encode_boolean(const ColumnSpec &column, std::string_view text,
                                     CopyBuffer &out, Reject &reject) {
  static constexpr std::array<std::string_view, 6> yes{"1", "t", "true", "y", "yes", "on"};
  static constexpr std::array<std::string_view, 6> no{"0", "f", "false", "n", "no", "off"};
  for (std::size_t i = 0; i < yes.size(); ++i) {
    const bool is_yes = equal_fold(text, yes[i]);
    if (is_yes || equal_fold(text, no[i])) {
      out.put_bool(is_yes);
      return Outcome::value;
    }
  }
  reject.set(sqlstate::invalid_text_representation, column.name, text, "not a boolean",
             "Write true/false, t/f, yes/no, y/n, on/off or 1/0, or translate with \"map\".");
  return Outcome::rejected;
}

std::int64_t ValueEncoder::instant(const ParsedTime &time) const {
  return time.has_offset ? time.local_micros : zone_.local_to_utc(time.local_micros);
}

std::int64_t ValueEncoder::local_day(const ParsedTime &time) const {
  const std::int64_t local =
      time.has_offset ? zone_.utc_to_local(time.local_micros) : time.local_micros;
  return floor_divide(local, micros_per_day);
}

Outcome ValueEncoder::encode_time(const ColumnSpec &column, std::string_view text, CopyBuffer &out,
                                  Reject &reject) {
  ParsedTime time;
  const DateFormat *out_of_range = nullptr;
  for (const DateFormat &format : column.formats) {
    const TimeStatus status = format.parse(text, time);
    if (status == TimeStatus::out_of_range && out_of_range == nullptr) {
      out_of_range = &format;
    }
    if (status != TimeStatus::ok) {
      continue;
    }
    const bool is_date = column.type == ColumnType::date;
    const std::int64_t value = is_date ? local_day(time) : instant(time);
    if (!within(column, text, reject, [&](const Bound &bound) {
          return sign(value, is_date ? local_day(bound.time) : instant(bound.time));
        })) {
      return Outcome::rejected;
    }
    if (is_date) {
      out.put_date(static_cast<std::int32_t>(value));
    } else {
      out.put_timestamptz(value);
    }
    return Outcome::value;
  }
  if (out_of_range != nullptr) {
    reject.set(sqlstate::datetime_field_overflow, column.name, text,
               "there is no such date or time (read as " + out_of_range->pattern() + ")",
               "Correct the source; if day and month are swapped, change \"formats\".");
    return Outcome::rejected;
  }
  std::string hint = "The contract reads: ";
  for (std::size_t i = 0; i < column.formats.size(); ++i) {
    hint += (i == 0 ? "" : ", ") + column.formats[i].pattern();
  }
  reject.set(sqlstate::invalid_datetime_format, column.name, text,
             column.type == ColumnType::date ? "not a date in a known format"
                                             : "not a time in a known format",
             hint + ". Add this one to \"formats\".");
  return Outcome::rejected;
}

Outcome ValueEncoder::encode_json_text(const ColumnSpec &column, std::string_view text,
                                       CopyBuffer &out, Reject &reject) {
  if (!json_.scan(text, fault_)) {
    reject.set(fault_.code, column.name, fault_.value.empty() ? text : fault_.value, fault_.reason,
               "The value must be one complete JSON text.");
    return Outcome::rejected;
  }
  if (json_.root() == JsonScanner::Kind::null) {
    return Outcome::null;
  }
  out.put_jsonb(text);
  return Outcome::value;
}

} // namespace starhouse::stream
