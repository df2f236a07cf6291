// Any bytes as a contract: it is parsed, or refused with an Error. A parsed one takes a record.
// The record is what follows the first NUL byte.
#include "core/calendar/zone.hpp"
#include "core/error.hpp"
#include "core/stream/encoding.hpp"
#include "core/stream/row_parser.hpp"

#include <algorithm>
#include <cstdint>
#include <cstdlib>
#include <string>
#include <vector>

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t *data, std::size_t size) {
  using namespace starhouse::stream;
  const std::string_view input(reinterpret_cast<const char *>(data), size);
  const std::size_t end = std::min(input.find('\0'), input.size());
  const std::string_view record = input.substr(std::min(end + 1, input.size()));
  try {
    const Contract contract = parse_contract(input.substr(0, end));
    const starhouse::calendar::ZoneTable zone;
    RowParser parser(contract, zone);
    CopyBuffer out;
    Reject reject;
    bool accepted = false;
    if (contract.format == Format::jsonl) {
      accepted = parser.parse_json(record, 1, out, reject);
    } else {
      std::vector<std::string_view> fields;
      std::size_t fields_needed = 0;
      for (const ColumnSpec &column : contract.columns) {
        for (const SourcePath &source : column.from) {
          fields_needed = std::max(fields_needed, source.field_number);
        }
      }
      if (contract.csv.header) {
        for (const ColumnSpec &column : contract.columns) {
          for (const SourcePath &source : column.from) {
            fields.push_back(source.text);
          }
        }
        fields.resize(std::max(fields.size(), fields_needed));
        parser.bind_header(fields);
      } else {
        fields.resize(fields_needed);
      }
      std::fill(fields.begin(), fields.end(), record);
      accepted = parser.parse_csv(fields, 1, out, reject);
    }
    if (accepted) {
      tuple_to_json(contract, out.view());
    } else if (!out.empty() || !valid_text(reject.value)) {
      std::abort();
    }
  } catch (const starhouse::Error &error) {
    if (!valid_text(error.message()) || !valid_text(error.hint()) || error.hint().empty()) {
      std::abort();
    }
  }
  return 0;
}
