#include "core/exact/key_map.hpp"

namespace starhouse::exact {

bool is_value(KeyKind kind, std::int64_t number) noexcept {
  // The server's dates are days from 2000-01-01, 4714-11-24 BC to 5874897-12-31; its times are
  // microseconds, to 294276-12-31; the ends of their types are the infinities.
  if (kind == KeyKind::date) {
    return (number >= -2451545 && number <= 2145031948) || number == INT32_MIN ||
           number == INT32_MAX;
  }
  if (kind == KeyKind::timestamptz) {
    return (number >= -211813488000000000 && number < 9223371331200000000) || number == INT64_MIN ||
           number == INT64_MAX;
  }
  return true;
}

void refuse_kinds(KeyKind one, KeyKind other) {
  throw Error(sqlstate::invalid_parameter_value,
              "keys of type " + std::string(name_of(one)) + " and of type " +
                  std::string(name_of(other)) + " in one state",
              "A state has keys of one type: cast them to the same.");
}

void refuse_collations() {
  throw Error(sqlstate::invalid_parameter_value, "texts of different collations in one state",
              "Use one collation for all rows. States made under another version of a "
              "nondeterministic collation have to be made anew.");
}

} // namespace starhouse::exact
