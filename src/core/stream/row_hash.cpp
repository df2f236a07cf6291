#include "core/stream/row_hash.hpp"

namespace starhouse::stream {

namespace {

unsigned char tag(ColumnType type) noexcept {
  switch (type) {
  case ColumnType::text:
    return 1;
  case ColumnType::integer:
    return 2;
  case ColumnType::numeric:
    return 3;
  case ColumnType::float8:
    return 4;
  case ColumnType::boolean:
    return 5;
  case ColumnType::date:
    return 6;
  case ColumnType::timestamptz:
    return 7;
  case ColumnType::jsonb:
  case ColumnType::hash:
    break; // the contract allows neither
  }
  return 0xFF;
}

} // namespace

void RowHasher::add(ColumnType type, const char *field) {
  std::uint32_t length = 0;
  for (int i = 0; i < 4; ++i) {
    length = length << 8U | static_cast<unsigned char>(field[i]);
  }
  if (length == 0xFFFFFFFFU) {
    bytes_ += '\0';
    return;
  }
  bytes_ += static_cast<char>(tag(type));
  if (type != ColumnType::numeric) {
    bytes_.append(field, 4 + length);
    return;
  }
  const std::uint32_t counted = length - 2;
  for (unsigned shift = 32; shift > 0; shift -= 8) {
    bytes_ += static_cast<char>(counted >> (shift - 8));
  }
  bytes_.append(field + 4, 6).append(field + 12, length - 8);
}

} // namespace starhouse::stream
