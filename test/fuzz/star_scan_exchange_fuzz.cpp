// Any bytes as groups of another process of a star scan: an Error, or groups that can be written
// and read again.
#include "core/scan/own_aggregates.hpp"
#include "core/scan/scan.hpp"

#include <cstdint>
#include <cstdlib>
#include <memory_resource>
#include <span>
#include <string>
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

constexpr std::size_t capacity = 8;

std::string_view no_bytes(const void *) noexcept {
  return {};
}

} // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t *data, std::size_t size) {
  if (size < 1) {
    return 0;
  }
  static const std::vector<Attribute> shape{{8, 8}, {-1, 4}};
  static const std::vector<Wanted> wanted{{0, Storage::int64}, {1, Storage::varlena}};
  static const std::vector<Key> keys{{.column = 0, .source = 0}, {.column = 1}, {.column = 2}};
  static const std::vector<Join> joins{{}};
  static const DistinctSketches<HashedTexts> sketches;
  static const std::vector<Aggregate> aggregates{
      {.kind = AggregateKind::count_rows},
      {.kind = AggregateKind::max_int, .column = 0, .offset = 8},
      {.kind = AggregateKind::min_numeric, .column = 1, .offset = 24},
      {.kind = AggregateKind::sum_wide, .column = 0, .offset = 48},
      {.kind = AggregateKind::sum_numeric, .column = 1, .offset = 72},
      {.kind = AggregateKind::count_distinct, .column = 0, .offset = 120},
      {.kind = AggregateKind::count_distinct, .column = 1, .offset = 128},
      {.kind = AggregateKind::own, .column = 1, .offset = 136, .own = &sketches}};
  Program program{
      .shape = {.attributes = shape, .wanted = wanted}, .joins = joins, .aggregates = aggregates};
  if (data[0] % 4 != 0) {
    program.keys = keys;
  }
  const std::vector<std::uint32_t> codes(data[0] / 4, 3);
  const std::vector<std::span<const std::uint32_t>> known{codes};
  // As they are: a byte too far is seen.
  const std::vector<char> bytes(data + 1, data + size);
  try {
    std::pmr::monotonic_buffer_resource memory; // a scan gives nothing back
    const Env env{.memory = &memory};
    Scan scan(env, program, capacity, {});
    scan.absorb({bytes.data(), bytes.size()}, known);
    Scan again(env, program, capacity, {});
    for (std::size_t next = 0; next < scan.groups();) {
      next = scan.write(next, 100, no_bytes);
      std::vector<std::uint32_t> same;
      for (const std::uint32_t code : scan.written_codes(0)) {
        same.push_back(code);
      }
      const std::vector<std::span<const std::uint32_t>> own{same};
      again.absorb(scan.written(), own);
    }
    require(again.groups() == scan.groups());
  } catch (const Error &error) {
    require(!error.hint().empty());
  }
  return 0;
}
