// Any bytes as the rows of a table, its shape from their first ones: an Error, or values that lie
// within the row; whatever is read as numeric is compared and added up.
#include "core/scan/numeric_value.hpp"
#include "core/scan/scan.hpp"

#include <algorithm>
#include <cstdint>
#include <cstdlib>
#include <memory_resource>
#include <string_view>
#include <vector>

namespace {

using namespace starhouse;
using namespace starhouse::scan;

void require(bool holds) {
  if (!holds) {
    std::abort();
  }
}

constexpr std::size_t capacity = 16;

// Any bytes as a numeric: its key is no longer than it may be, and is a number again.
void numeric_values(std::string_view numeric) {
  std::vector<char> key(numeric.size() + numeric_key_head);
  key.resize(write_numeric_key(numeric, key.data()));
  std::vector<char> again(key.size());
  again.resize(
      write_numeric_of_key({key.data(), key.size()}, numeric_view(numeric).scale, again.data()));
  try {
    (void)numeric_float(numeric);
  } catch (const Error &) { // out of range, or no digits
  }
}

} // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t *data, std::size_t size) {
  constexpr Attribute shapes[]{{1, 1}, {2, 2}, {4, 4}, {8, 8}, {16, 1}, {-1, 4}, {-1, 8}, {-2, 1}};
  constexpr Storage storages[]{Storage::boolean, Storage::int16,   Storage::int32,  Storage::int64,
                               Storage::fixed,   Storage::varlena, Storage::varlena};
  if (size < 8) {
    return 0;
  }
  numeric_values({reinterpret_cast<const char *>(data), std::min<std::size_t>(size, 64)});
  std::vector<Attribute> attributes;
  std::vector<Wanted> wanted;
  std::vector<Aggregate> aggregates{{.kind = AggregateKind::count_rows}};
  std::uint32_t offset = sizeof(CountState);
  for (std::size_t i = 0; i < 6; ++i) {
    const std::size_t kind = data[i] % 8U;
    attributes.push_back(shapes[kind]);
    if (kind >= 7 || (data[i] & 0x80U) != 0) {
      continue;
    }
    const auto column = static_cast<std::uint32_t>(wanted.size());
    wanted.push_back({static_cast<std::uint16_t>(i), storages[kind]});
    if (storages[kind] == Storage::varlena) {
      for (const AggregateKind what : {AggregateKind::sum_numeric, AggregateKind::min_numeric}) {
        aggregates.push_back({.kind = what, .column = column, .offset = offset});
        offset += static_cast<std::uint32_t>(state_bytes({.kind = what}));
      }
    }
  }
  const std::size_t row_size = data[6] % 64U + 1U;
  const bool nulls = data[7] % 2 != 0;
  std::vector<Row> rows;
  // Each row in memory of its own: a byte too far is seen.
  std::vector<std::vector<char>> kept;
  std::vector<std::uint8_t> bitmap{data[7]};
  for (std::size_t at = 8; at < size && rows.size() < capacity; at += row_size) {
    const std::size_t length = std::min(row_size, size - at);
    kept.emplace_back(data + at, data + at + length);
    rows.push_back({.data = kept.back().data(),
                    .nulls = nulls ? bitmap.data() : nullptr,
                    .size = static_cast<std::uint32_t>(length),
                    .attributes = static_cast<std::uint16_t>(data[7] / 2U % 8U)});
  }
  const std::vector<Key> keys{{.column = 0}};
  Program program{.shape = {.attributes = attributes, .wanted = wanted}, .aggregates = aggregates};
  if (!wanted.empty()) {
    program.keys = keys;
  }
  try {
    std::pmr::monotonic_buffer_resource memory; // a scan gives nothing back
    Scan scan(Env{.memory = &memory}, program, capacity, {});
    scan.read(rows);
    for (const Toasted &value : scan.toasted()) {
      require(value.stored >= rows[value.row].data &&
              value.stored < rows[value.row].data + rows[value.row].size);
      scan.put_toasted(value, "");
    }
    scan.add(rows.size());
    std::int64_t counted = 0;
    for (std::size_t group = 0; group < scan.groups(); ++group) {
      counted += reinterpret_cast<const CountState *>(scan.states(group))->count;
    }
    require(counted == static_cast<std::int64_t>(rows.size()));
  } catch (const Error &error) {
    require(!error.hint().empty());
  }
  return 0;
}
