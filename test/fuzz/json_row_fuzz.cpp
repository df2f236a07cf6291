// Any bytes as a JSON line, and as CSV fields: a row or a reject, never a crash. A row is well
// formed down to its last byte, a rejected one leaves no trace, and what is told of a reject is
// text that the server takes.
#include "core/calendar/zone.hpp"
#include "core/stream/encoding.hpp"
#include "core/stream/json_scanner.hpp"
#include "core/stream/row_parser.hpp"

#include <array>
#include <cstdint>
#include <cstdlib>
#include <string>

namespace {

using namespace starhouse::stream;

void require(bool holds) {
  if (!holds) {
    std::abort();
  }
}

const std::string columns = R"("columns": [
  {"name": "a", "from": FROM_A, "type": "text", "max_length": 20, "collapse_blanks": true, "case": "upper"},
  {"name": "b", "from": FROM_B, "type": "integer", "min": -5, "on_error": "null"},
  {"name": "c", "from": FROM_C, "type": "numeric", "scale": 3, "round": true, "precision": 40},
  {"name": "d", "from": FROM_D, "type": "float8"},
  {"name": "e", "from": FROM_E, "type": "boolean", "map": {"si": "yes"}},
  {"name": "f", "from": FROM_F, "type": "date", "formats": ["ISO", "DD/MM/YYYY", "epoch_ms"]},
  {"name": "g", "from": FROM_G, "type": "timestamptz", "formats": ["ISO", "epoch", "DD Mon YY HH12:MI AM"]},
  {"name": "h", "from": FROM_H, "type": "jsonb"},
  {"name": "i", "from": FROM_I, "type": "text", "code": {"prefix": "S", "width": 4}, "on_error": "null"},
  {"name": "j", "type": "hash", "of": ["a", "b", "c", "d", "e", "f", "g", "i"]}]})";

std::string contract_json(const std::string &head, const std::array<std::string, 9> &sources) {
  std::string json = head + columns;
  for (std::size_t i = 0; i < sources.size(); ++i) {
    const std::string name = "FROM_" + std::string(1, static_cast<char>('A' + i));
    json.replace(json.find(name), name.size(), sources[i]);
  }
  return json;
}

struct Fixture {
  Contract json_contract = parse_contract(
      contract_json(R"({"format": "jsonl", "null": ["", "NULL"], "max_record_bytes": 4096, )",
                    {R"("a")", R"("/n/b")", R"("c")", R"("d")", R"("e")", R"("f")",
                     R"(["g", "/t/0"])", R"(["h", "/n"])", R"("i")"}));
  Contract csv_contract = parse_contract(
      contract_json(R"({"format": "csv", "csv": {"header": false, "encoding": "WIN1252"}, )",
                    {"1", "2", "3", "4", "5", "6", "7", "8", "9"}));
  starhouse::calendar::ZoneTable zone{{{0, 3600}, {100'000'000'000, 7200}}};
  RowParser json{json_contract, zone};
  RowParser csv{csv_contract, zone};
  JsonScanner scanner;
  JsonScanner::Fault fault;
  CopyBuffer out;
  Reject reject;

  void judge(bool accepted, const Contract &contract, std::size_t mark) {
    if (accepted) {
      const std::string shown = tuple_to_json(contract, out.view().substr(mark));
      require(scanner.scan(shown, fault));
    } else {
      require(out.size() == mark);
      for (const std::string *text :
           {&reject.column, &reject.value, &reject.reason, &reject.hint}) {
        require(valid_text(*text));
      }
      require(reject.value.size() <= Reject::max_value + 3);
    }
    out.clear();
  }
};

} // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t *data, std::size_t size) {
  static Fixture fixture;
  const std::string_view text(reinterpret_cast<const char *>(data), size);
  fixture.out.put_int8(1);
  const std::size_t mark = fixture.out.size();
  fixture.judge(fixture.json.parse_json(text, 1, fixture.out, fixture.reject),
                fixture.json_contract, mark);

  // The same bytes as nine fields: every one of them in turn whole, the others empty.
  for (std::size_t i = 0; i < 9; ++i) {
    std::array<std::string_view, 9> fields;
    fields.fill("");
    fields[i] = text;
    fixture.judge(fixture.csv.parse_csv(fields, 1, fixture.out, fixture.reject),
                  fixture.csv_contract, 0);
  }
  return 0;
}
