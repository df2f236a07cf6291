#include "core/exact/sum_map.hpp"

namespace starhouse::exact {

std::string_view name_of(ValueKind kind) noexcept {
  switch (kind) {
  case ValueKind::count:
    return "counts";
  case ValueKind::decimal:
    return "sums of bigint or numeric";
  case ValueKind::real:
    return "sums of float8";
  case ValueKind::none:
    break;
  }
  return "nothing";
}

void refuse_values(ValueKind one, ValueKind other) {
  throw Error(sqlstate::invalid_parameter_value,
              "a map of " + std::string(name_of(one)) + " where one of " +
                  std::string(name_of(other)) + " is asked for",
              "A map has values of one kind: make it by count_map, or by sum_map of one type.");
}

std::size_t SumMap::size() const {
  std::size_t size = 0;
  visit([&](const auto &map) { size = map.size(); });
  return size;
}

void SumMap::decode(ByteReader &in, std::uint8_t /*version*/) {
  switch (static_cast<ValueKind>(in.get<std::uint8_t>())) {
  case ValueKind::none:
    break;
  case ValueKind::count:
    begin<Count>().decode(in);
    break;
  case ValueKind::decimal:
    begin<Decimal>().decode(in);
    break;
  case ValueKind::real:
    begin<Real>().decode(in);
    break;
  default:
    in.fail("an unknown kind of values");
  }
}

} // namespace starhouse::exact
