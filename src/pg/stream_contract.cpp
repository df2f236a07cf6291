// SQL functions around feed contracts: contract_check, contract_columns, contract_parse,
// contract_incompatibilities.
#include "pg/boundary.hpp"

#include "core/calendar/zone.hpp"
#include "core/stream/contract.hpp"
#include "core/stream/contract_compat.hpp"
#include "core/stream/csv_reader.hpp"
#include "core/stream/row_parser.hpp"

#include <new>
#include <string_view>
#include <type_traits>
#include <vector>

extern "C" {
#include "catalog/pg_type.h"
#include "mb/pg_wchar.h"
#include "utils/array.h"
#include "utils/jsonb.h"
#include "utils/timestamp.h"
#include "utils/tuplestore.h"
}

namespace {

namespace calendar = starhouse::calendar;
namespace stream = starhouse::stream;
using starhouse::pg::compute;
using starhouse::pg::ContextMemory;

// ---- unpacking: plain data only, PostgreSQL may raise an error in any line ----------------------

std::string_view contract_argument(FunctionCallInfo fcinfo, int index) {
  if (GetDatabaseEncoding() != PG_UTF8) {
    ereport(ERROR, (errcode(ERRCODE_FEATURE_NOT_SUPPORTED),
                    errmsg("contracts need a database in UTF8, this one is in %s",
                           GetDatabaseEncodingName()),
                    errhint("Create the warehouse in a database with ENCODING 'UTF8'.")));
  }
  Jsonb *contract = PG_GETARG_JSONB_P(index);
  return JsonbToCString(nullptr, &contract->root, VARSIZE(contract));
}

struct Items {
  Datum *values;
  bool *nulls;
  int size;
};

Items array_argument(FunctionCallInfo fcinfo, int index, Oid type, int length, bool by_value,
                     char alignment) {
  Items items{};
  deconstruct_array(PG_GETARG_ARRAYTYPE_P(index), type, length, by_value, alignment, &items.values,
                    &items.nulls, &items.size);
  return items;
}

std::string_view view_of(const text *value) {
  return {VARDATA_ANY(value), static_cast<std::size_t>(VARSIZE_ANY_EXHDR(value))};
}

// ---- results of the compute phase: plain, in the calling memory context -------------------------

const char *keep(ContextMemory &memory, std::string_view value) {
  auto *copy = static_cast<char *>(memory.allocate(value.size() + 1, 1));
  std::memcpy(copy, value.data(), value.size());
  copy[value.size()] = '\0';
  return copy;
}

template <class Item>
Item *keep_array(ContextMemory &memory, std::size_t count) {
  static_assert(std::is_trivially_copyable_v<Item>);
  auto *items = static_cast<Item *>(memory.allocate(count * sizeof(Item), alignof(Item)));
  return new (items) Item[count]{};
}

struct ColumnRow {
  const char *name;
  const char *type;
  bool required;
};

struct ProblemRow {
  const char *path;
  const char *problem;
};

struct ParsedRow {
  int64 ordinal;
  const char *values; // JSON, or null for a reject
  char sqlstate[6];
  const char *column, *value, *reason, *hint;
};

// ---- the compute phase of contract_parse --------------------------------------------------------

// One payload is one record, as a reader hands it to the parser.
class PayloadParser {
public:
  PayloadParser(const stream::Contract &contract, const calendar::ZoneTable &zone,
                ContextMemory &memory)
      : contract_(contract), memory_(memory), parser_(contract, zone),
        header_due_(contract.format == stream::Format::csv && contract.csv.header) {}

  // False: the payload was the header.
  bool parse(std::string_view payload, ParsedRow &row) {
    out_.clear();
    const bool good = contract_.format == stream::Format::csv
                          ? parse_csv(payload, row.ordinal)
                          : parser_.parse_json(payload, row.ordinal, out_, reject_);
    if (was_header_) {
      was_header_ = false;
      return false;
    }
    if (good) {
      row.values = keep(memory_, stream::tuple_to_json(contract_, out_.view()));
    } else {
      refuse(row);
    }
    return true;
  }

  void refuse_null(ParsedRow &row) {
    reject_.set(starhouse::sqlstate::null_value_not_allowed, {}, {}, "the payload is NULL",
                "Give each record as a text.");
    refuse(row);
  }

private:
  bool parse_csv(std::string_view payload, std::int64_t ordinal) {
    stream::CsvReader reader(
        {contract_.csv.delimiter, contract_.csv.quote, contract_.max_record_bytes});
    reader.feed(payload);
    reader.finish();
    stream::CsvRecord record;
    const stream::ReadStatus status = reader.next(record, reject_);
    if (status == stream::ReadStatus::bad_record) {
      return false;
    }
    if (status != stream::ReadStatus::record) {
      reject_.set(stream::reject_code::bad_copy_file_format, {}, payload, "the record is empty",
                  "Leave empty records out.");
      return false;
    }
    if (header_due_) {
      parser_.bind_header(record.fields);
      header_due_ = false;
      was_header_ = true;
      return true;
    }
    if (!parser_.parse_csv(record.fields, ordinal, out_, reject_)) {
      return false;
    }
    stream::CsvRecord second;
    if (reader.next(second, reject_) != stream::ReadStatus::end) {
      reject_.set(stream::reject_code::bad_copy_file_format, {}, payload,
                  "the payload holds more than one record", "Give each record its own element.");
      return false;
    }
    return true;
  }

  void refuse(ParsedRow &row) {
    std::memcpy(row.sqlstate, reject_.code.data(), sizeof row.sqlstate);
    row.column = keep(memory_, reject_.column);
    row.value = keep(memory_, reject_.value);
    row.reason = keep(memory_, reject_.reason);
    row.hint = keep(memory_, reject_.hint);
  }

  const stream::Contract &contract_;
  ContextMemory &memory_;
  stream::RowParser parser_;
  stream::CopyBuffer out_;
  stream::Reject reject_;
  bool header_due_;
  bool was_header_ = false;
};

calendar::ZoneTable zone_table(const Items &instants, const Items &offsets) {
  std::vector<calendar::ZoneTransition> transitions;
  for (int i = 0; i < instants.size && i < offsets.size; ++i) {
    transitions.push_back(
        {DatumGetTimestampTz(instants.values[i]), DatumGetInt32(offsets.values[i])});
  }
  return calendar::ZoneTable(std::move(transitions));
}

} // namespace

STARHOUSE_FUNCTION(starhouse_contract_check) {
  const std::string_view json = contract_argument(fcinfo, 0);
  compute([&] {
    const stream::Contract contract = stream::parse_contract(json);
    // Defaults are checked where they are used.
    const calendar::ZoneTable zone;
    const stream::RowParser parser(contract, zone);
  });
  PG_RETURN_VOID();
}

STARHOUSE_FUNCTION(starhouse_contract_columns) {
  const std::string_view json = contract_argument(fcinfo, 0);
  InitMaterializedSRF(fcinfo, 0);
  auto *result = reinterpret_cast<ReturnSetInfo *>(fcinfo->resultinfo);
  ContextMemory memory(CurrentMemoryContext);
  ColumnRow *rows = nullptr;
  std::size_t size = 0;
  compute([&] {
    const stream::Contract contract = stream::parse_contract(json);
    rows = keep_array<ColumnRow>(memory, contract.columns.size());
    for (const stream::ColumnSpec &column : contract.columns) {
      rows[size++] = {keep(memory, column.name), keep(memory, stream::pg_type_of(column)),
                      column.required};
    }
  });
  for (std::size_t i = 0; i < size; ++i) {
    Datum values[] = {Int32GetDatum(static_cast<int32>(i + 1)), CStringGetTextDatum(rows[i].name),
                      CStringGetTextDatum(rows[i].type), BoolGetDatum(rows[i].required)};
    bool nulls[] = {false, false, false, false};
    tuplestore_putvalues(result->setResult, result->setDesc, values, nulls);
  }
  return static_cast<Datum>(0);
}

STARHOUSE_FUNCTION(starhouse_contract_incompatibilities) {
  const std::string_view reader_json = contract_argument(fcinfo, 0);
  const std::string_view writer_json = contract_argument(fcinfo, 1);
  InitMaterializedSRF(fcinfo, 0);
  auto *result = reinterpret_cast<ReturnSetInfo *>(fcinfo->resultinfo);
  ContextMemory memory(CurrentMemoryContext);
  ProblemRow *rows = nullptr;
  std::size_t size = 0;
  compute([&] {
    const stream::Contract reader = stream::parse_contract(reader_json);
    const stream::Contract writer = stream::parse_contract(writer_json);
    const auto problems = stream::incompatibilities(reader, writer);
    rows = keep_array<ProblemRow>(memory, problems.size());
    for (const stream::Incompatibility &found : problems) {
      rows[size++] = {keep(memory, found.path), keep(memory, found.problem)};
    }
  });
  for (std::size_t i = 0; i < size; ++i) {
    Datum values[] = {CStringGetTextDatum(rows[i].path), CStringGetTextDatum(rows[i].problem)};
    bool nulls[] = {false, false};
    tuplestore_putvalues(result->setResult, result->setDesc, values, nulls);
  }
  return static_cast<Datum>(0);
}

// contract jsonb, the zone's transitions (timestamptz[], int[]), payloads text[].
STARHOUSE_FUNCTION(starhouse_contract_parse) {
  const std::string_view json = contract_argument(fcinfo, 0);
  const Items instants = array_argument(fcinfo, 1, TIMESTAMPTZOID, 8, FLOAT8PASSBYVAL, 'd');
  const Items offsets = array_argument(fcinfo, 2, INT4OID, 4, true, 'i');
  const Items payloads = array_argument(fcinfo, 3, TEXTOID, -1, false, 'i');
  for (int i = 0; i < payloads.size; ++i) {
    if (!payloads.nulls[i]) {
      payloads.values[i] = PointerGetDatum(DatumGetTextPP(payloads.values[i]));
    }
  }
  InitMaterializedSRF(fcinfo, 0);
  auto *result = reinterpret_cast<ReturnSetInfo *>(fcinfo->resultinfo);
  ContextMemory memory(CurrentMemoryContext);
  ParsedRow *rows = nullptr;
  int size = 0;
  compute([&] {
    stream::Contract contract = stream::parse_contract(json);
    contract.csv.encoding = stream::Encoding::utf8; // a text of this database is
    const calendar::ZoneTable zone = zone_table(instants, offsets);
    PayloadParser parser(contract, zone, memory);
    rows = keep_array<ParsedRow>(memory, static_cast<std::size_t>(payloads.size));
    for (int i = 0; i < payloads.size; ++i) {
      if (starhouse::pg::cancel_requested()) {
        throw starhouse::Cancelled{};
      }
      ParsedRow &row = rows[size];
      row.ordinal = i + 1;
      if (payloads.nulls[i]) {
        parser.refuse_null(row);
        ++size;
      } else if (parser.parse(
                     view_of(reinterpret_cast<const text *>(DatumGetPointer(payloads.values[i]))),
                     row)) {
        ++size;
      }
    }
  });
  for (int i = 0; i < size; ++i) {
    const ParsedRow &row = rows[i];
    const bool good = row.values != nullptr;
    auto maybe = [](const char *value) {
      return value == nullptr ? static_cast<Datum>(0) : CStringGetTextDatum(value);
    };
    Datum values[] = {Int64GetDatum(row.ordinal),
                      good ? DirectFunctionCall1(jsonb_in, CStringGetDatum(row.values))
                           : static_cast<Datum>(0),
                      good ? static_cast<Datum>(0) : CStringGetTextDatum(row.sqlstate),
                      maybe(row.column),
                      maybe(row.value),
                      maybe(row.reason),
                      maybe(row.hint)};
    bool nulls[] = {false,
                    !good,
                    good,
                    row.column == nullptr || row.column[0] == '\0',
                    row.value == nullptr,
                    row.reason == nullptr,
                    row.hint == nullptr};
    tuplestore_putvalues(result->setResult, result->setDesc, values, nulls);
  }
  return static_cast<Datum>(0);
}
