// Records in, typed rows out: applies a contract to one record at a time and writes the row for
// COPY ... FROM STDIN (FORMAT binary), or says why it cannot.
//
// A row is the tuple (record_no bigint, then the contract's columns in order). Nothing is allocated
// per field once the reused buffers have grown. Each record stands alone: a poison record spoils no
// other.
#pragma once

#include "core/stream/contract.hpp"
#include "core/stream/copy_buffer.hpp"
#include "core/stream/drift.hpp"
#include "core/stream/reject.hpp"

#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace starhouse::calendar {
class ZoneTable;
}

namespace starhouse::stream {

// What a header held that the contract did not ask for, and the reverse.
struct HeaderReport {
  std::vector<std::string> extra;           // columns nobody asked for
  std::vector<std::string> missing_columns; // contract columns that will be NULL or their default
};

class RowParser {
public:
  // The contract and the zone must outlive the parser. Throws Error 22023 when a default does not
  // satisfy its own column.
  RowParser(const Contract &contract, const calendar::ZoneTable &zone);
  ~RowParser();
  RowParser(const RowParser &) = delete;
  RowParser &operator=(const RowParser &) = delete;

  // CSV with a header: call with its fields before the first parse_csv. Throws Error 22023 when a
  // column that must be there is missing (naming those present and those expected), occurs twice,
  // or nobody asked for one and the contract rejects extra columns.
  HeaderReport bind_header(std::span<const std::string_view> fields);

  // Append one tuple to `out` and return true, or leave `out` as it was, fill `reject`, return
  // false.
  bool parse_csv(std::span<const std::string_view> fields, std::int64_t record_no, CopyBuffer &out,
                 Reject &reject);
  bool parse_json(std::string_view line, std::int64_t record_no, CopyBuffer &out, Reject &reject);

  // Values that were bad, in rows that were accepted all the same ("on_error": "null"); one count
  // per contract column, since construction.
  std::span<const std::uint64_t> nulled() const noexcept;
  // Fields of accepted records that the contract does not know, since they were last taken: with a
  // schema those that it does not describe, else those that no column asks for. As Drift::take().
  std::string take_drift();

  // The version this contract has among those of its feed (0: none). Once it is set, a JSON record
  // that says by the contract's "version_from" that it is of another one is not read: parse_json
  // rejects it and other_version() tells which.
  void set_version(std::int64_t version) noexcept;
  std::int64_t other_version() const noexcept;

private:
  struct State;
  std::unique_ptr<State> state_;
};

// The tuple that a parse wrote, as a JSON object {column: value as text or null}; instants in UTC,
// ISO 8601. `tuple` begins at the tuple's field count.
std::string tuple_to_json(const Contract &contract, std::string_view tuple);

} // namespace starhouse::stream
