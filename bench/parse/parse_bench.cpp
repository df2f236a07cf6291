// CPU cost of turning a CSV file into COPY BINARY rows, phase by phase, best of several runs.
//   parse_bench CONTRACT.json FILE.csv [RUNS]
#include "core/calendar/zone.hpp"
#include "core/stream/contract.hpp"
#include "core/stream/csv_reader.hpp"
#include "core/stream/row_parser.hpp"

#include <algorithm>
#include <ctime>
#include <cstdio>
#include <fstream>
#include <iterator>
#include <string>
#include <vector>

namespace {

using namespace starhouse;

constexpr std::size_t chunk_bytes = 256 << 10;

std::string read_file(const char *path) {
  std::ifstream file(path, std::ios::binary);
  return {std::istreambuf_iterator<char>(file), {}};
}

struct Result {
  double seconds = 1e9;
  std::uint64_t rows = 0, rejected = 0, bytes = 0;
};

Result run(const std::string &data, const stream::Contract &contract, bool parse,
           const calendar::ZoneTable &zone) {
  Result result;
  stream::CsvReader reader({contract.csv.delimiter, contract.csv.quote, contract.max_record_bytes});
  stream::RowParser parser(contract, zone);
  stream::CopyBuffer buffer(1 << 20);
  stream::CsvRecord record;
  stream::Reject reject;
  std::size_t fed = 0;
  bool header = true;
  const std::clock_t begin = std::clock(); // CPU, so that neighbours do not count
  while (true) {
    const stream::ReadStatus status = reader.next(record, reject);
    if (status == stream::ReadStatus::end) {
      break;
    }
    if (status == stream::ReadStatus::need_data) {
      const std::size_t size = std::min(chunk_bytes, data.size() - fed);
      if (size == 0) {
        reader.finish();
      } else {
        reader.feed(std::string_view(data).substr(fed, size));
        fed += size;
      }
      continue;
    }
    if (header) {
      parser.bind_header(record.fields);
      header = false;
      continue;
    }
    if (status == stream::ReadStatus::bad_record) {
      ++result.rejected;
      continue;
    }
    ++result.rows;
    if (parse) {
      if (!parser.parse_csv(record.fields, static_cast<std::int64_t>(record.number), buffer,
                            reject)) {
        ++result.rejected;
      }
      if (buffer.size() > (1 << 20)) {
        result.bytes += buffer.size();
        buffer.clear();
      }
    }
  }
  result.bytes += buffer.size();
  result.seconds = static_cast<double>(std::clock() - begin) / CLOCKS_PER_SEC;
  return result;
}

} // namespace

int main(int argc, char **argv) {
  if (argc < 3) {
    std::fprintf(stderr, "usage: parse_bench CONTRACT.json FILE.csv [RUNS]\n");
    return 2;
  }
  const std::string data = read_file(argv[2]);
  const stream::Contract contract = stream::parse_contract(read_file(argv[1]));
  const int runs = argc > 3 ? std::atoi(argv[3]) : 5;
  // London's clock changes of 2010 and 2011.
  const calendar::ZoneTable zone({{323'053'200'000'000, 3600},
                                  {341'629'200'000'000, 0},
                                  {354'502'800'000'000, 3600},
                                  {373'078'800'000'000, 0}});
  Result read;
  Result all;
  for (int i = 0; i < runs; ++i) {
    Result next = run(data, contract, false, zone);
    read = next.seconds < read.seconds ? next : read;
    next = run(data, contract, true, zone);
    all = next.seconds < all.seconds ? next : all;
  }
  const double megabytes = static_cast<double>(data.size()) / 1e6;
  std::printf("%-22s %8.3f s %8.0f MB/s %10llu rows\n", "read records", read.seconds,
              megabytes / read.seconds, static_cast<unsigned long long>(read.rows));
  std::printf("%-22s %8.3f s %8.0f MB/s %10llu rows, %llu rejected, %llu bytes of COPY\n",
              "read, check, encode", all.seconds, megabytes / all.seconds,
              static_cast<unsigned long long>(all.rows - all.rejected),
              static_cast<unsigned long long>(all.rejected),
              static_cast<unsigned long long>(all.bytes));
  return 0;
}
