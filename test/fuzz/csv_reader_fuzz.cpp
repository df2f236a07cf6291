// Any bytes, cut in any way, give the same records as the same bytes in one piece; every raw record
// is what stands at its offset; everything between records is line breaks.
#include "core/stream/csv_reader.hpp"
#include "core/stream/line_reader.hpp"

#include <algorithm>
#include <cstdint>
#include <cstdlib>
#include <string>
#include <type_traits>
#include <vector>

namespace {

using namespace starhouse::stream;

struct Seen {
  ReadStatus status{};
  std::string raw;
  std::vector<std::string> fields;
  std::uint64_t number = 0, line = 0, offset = 0;
  bool operator==(const Seen &) const = default;
};

void require(bool holds) {
  if (!holds) {
    std::abort();
  }
}

template <class Record, class Options>
std::vector<Seen> read(const Options &options, std::string_view text, std::size_t piece) {
  std::conditional_t<std::is_same_v<Record, CsvRecord>, CsvReader, LineReader> reader(options);
  std::vector<Seen> all;
  Record record;
  Reject reject;
  while (true) {
    const ReadStatus status = reader.next(record, reject);
    if (status == ReadStatus::end) {
      return all;
    }
    if (status == ReadStatus::need_data) {
      if (text.empty()) {
        reader.finish();
        continue;
      }
      reader.feed(text.substr(0, piece));
      text.remove_prefix(std::min(piece, text.size()));
      continue;
    }
    Seen seen{status, std::string(record.raw), {}, record.number, record.line, record.offset};
    if constexpr (std::is_same_v<Record, CsvRecord>) {
      seen.fields.assign(record.fields.begin(), record.fields.end());
      require((status == ReadStatus::record) != record.fields.empty());
    }
    all.push_back(std::move(seen));
  }
}

template <class Record, class Options>
void check(const Options &options, std::string_view text, std::size_t piece, std::size_t limit) {
  const auto whole = read<Record>(options, text, text.size() + 1);
  require(whole == (read<Record>(options, text, 1)));
  require(whole == (read<Record>(options, text, piece)));
  std::uint64_t number = 0;
  std::uint64_t at = 0;
  for (const Seen &seen : whole) {
    require(seen.number == ++number);
    require(seen.offset >= at);
    require(seen.raw.size() <= limit);
    require(text.substr(seen.offset, seen.raw.size()) == seen.raw);
    at = seen.offset + seen.raw.size();
  }
}

} // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t *data, std::size_t size) {
  if (size < 3) {
    return 0;
  }
  const char delimiter = data[0] % 2 == 0 ? ',' : ';';
  const char quote = data[0] % 3 == 0 ? '\'' : '"';
  const std::size_t limit = data[1] % 4 == 0 ? 1 + data[1] / 4 : 1U << 20U;
  const std::size_t piece = 1 + data[2];
  const std::string_view text(reinterpret_cast<const char *>(data) + 3, size - 3);
  try {
    check<CsvRecord>(CsvReader::Options{delimiter, quote, limit}, text, piece, limit);
    check<SourceRecord>(limit, text, piece, limit);
  } catch (const starhouse::Error &) {
    require(text.starts_with("\xFF\xFE") || text.starts_with("\xFE\xFF")); // UTF-16
  }
  return 0;
}
