#include "core/stream/row_parser.hpp"

#include "core/stream/json_scanner.hpp"
#include "core/stream/json_text.hpp"
#include "core/stream/row_hash.hpp"
#include "core/stream/value_encoder.hpp"

#include <algorithm>
#include <bit>
#include <charconv>
#include <limits>
#include <optional>

namespace starhouse::stream {

namespace {

constexpr std::size_t unbound = std::numeric_limits<std::size_t>::max();

constexpr std::size_t longest_told = 63; // token lengths from here on share a bit

// The lengths that occur among the null tokens, one bit each: mostly they decide.
std::uint64_t length_bits(const std::vector<std::string> &tokens) noexcept {
  std::uint64_t bits = 0;
  for (const std::string &token : tokens) {
    bits |= std::uint64_t{1} << std::min(token.size(), longest_told);
  }
  return bits;
}

std::string joined(std::span<const std::string> names) {
  std::string out;
  for (const std::string &name : names) {
    out += (out.empty() ? "" : ", ") + name;
  }
  return out;
}

} // namespace

struct RowParser::State {
  struct Column {
    const ColumnSpec *spec = nullptr;
    const std::vector<std::string> *nulls = nullptr;
    std::uint64_t null_lengths = 0;
    std::vector<std::size_t> sources; // CSV: field indexes; JSON: slots

    bool is_null(std::string_view text) const noexcept {
      // Nothing written stands for nothing given, except in texts, where the contract decides.
      if (text.empty() && spec->type != ColumnType::text) {
        return true;
      }
      return (null_lengths >> std::min(text.size(), longest_told) & 1U) != 0 &&
             std::find(nulls->begin(), nulls->end(), text) != nulls->end();
    }
  };
  // What a column found in its record.
  struct Found {
    bool missing = true;
    std::string_view text;
  };

  State(const Contract &contract_, const calendar::ZoneTable &zone)
      : contract(contract_), encoder(zone) {}

  const Contract &contract;
  ValueEncoder encoder;
  JsonScanner scanner;
  JsonScanner::Fault fault;
  std::vector<Column> columns;
  std::vector<std::uint64_t> nulled;
  std::vector<std::size_t> positions; // of each column's field in the buffer
  std::size_t expected_fields = 0;
  bool exact_fields = false;
  bool bound = false;
  bool has_hash = false;
  std::optional<SchemaValidator> validator;
  Violation violation;
  Drift drift;
  std::vector<std::string> extra_header; // CSV columns nobody asked for
  std::uint64_t csv_rows = 0;            // taken since the drift was
  std::size_t version_slot = unbound;
  std::int64_t version = 0;
  std::int64_t other_version = 0;
  std::string converted;
  RowHasher hasher;

  void check_defaults();
  bool check_fields(std::span<const std::string_view> fields, Reject &reject);
  bool pick_csv(const Column &column, std::span<const std::string_view> fields, Found &found,
                Reject &reject);
  bool pick_json(const Column &column, Found &found, CopyBuffer &out, bool &written,
                 Reject &reject);
  bool put(std::size_t index, Found found, CopyBuffer &out, Reject &reject);
  bool put_null(const ColumnSpec &spec, std::string_view text, CopyBuffer &out, Reject &reject);
  bool bad_value(std::size_t index, CopyBuffer &out);
  bool accept_json(std::string_view line, Reject &reject);
  bool satisfies_schema(Reject &reject);
  bool is_of_this_version(Reject &reject);
  void put_hashes(CopyBuffer &out);

  template <class Put>
  bool row(std::int64_t record_no, CopyBuffer &out, Reject &reject, Put put_column);
};

RowParser::RowParser(const Contract &contract, const calendar::ZoneTable &zone)
    : state_(std::make_unique<State>(contract, zone)) {
  State &s = *state_;
  s.columns.resize(contract.columns.size());
  s.nulled.resize(contract.columns.size());
  s.positions.resize(contract.columns.size());
  for (std::size_t i = 0; i < s.columns.size(); ++i) {
    State::Column &column = s.columns[i];
    column.spec = &contract.columns[i];
    column.nulls = column.spec->nulls ? &*column.spec->nulls : &contract.nulls;
    column.null_lengths = length_bits(*column.nulls);
    s.has_hash = s.has_hash || column.spec->type == ColumnType::hash;
    for (const SourcePath &source : column.spec->from) {
      if (contract.format == Format::jsonl) {
        column.sources.push_back(
            s.scanner.want(source.segments, column.spec->type == ColumnType::jsonb));
      } else if (!contract.csv.header) {
        column.sources.push_back(source.field_number - 1);
        s.expected_fields = std::max(s.expected_fields, source.field_number);
      }
    }
  }
  if (contract.schema) {
    s.validator.emplace(*contract.schema);
    s.scanner.keep_tree();
  }
  if (contract.version_from) {
    s.version_slot = s.scanner.want(contract.version_from->segments, false);
  }
  s.bound = contract.format == Format::csv && !contract.csv.header;
  s.exact_fields = s.bound && contract.reject_extra_columns;
  s.check_defaults();
}

RowParser::~RowParser() = default;

std::span<const std::uint64_t> RowParser::nulled() const noexcept {
  return state_->nulled;
}
std::string RowParser::take_drift() {
  State &s = *state_;
  if (s.csv_rows > 0) {
    for (const std::string &name : s.extra_header) {
      std::string path = "/";
      append_pointer_key(name, path);
      s.drift.note(path, JsonKind::string, s.csv_rows);
    }
    s.csv_rows = 0;
  }
  return s.drift.take();
}
void RowParser::set_version(std::int64_t version) noexcept {
  state_->version = version;
}
std::int64_t RowParser::other_version() const noexcept {
  return state_->other_version;
}

void RowParser::State::check_defaults() {
  CopyBuffer ignored;
  Reject reject;
  for (const Column &column : columns) {
    if (column.spec->default_text && encoder.encode(*column.spec, *column.spec->default_text,
                                                    ignored, reject) == Outcome::rejected) {
      throw Error(sqlstate::invalid_parameter_value,
                  "contract: the default \"" + reject.value + "\" of column \"" +
                      column.spec->name + "\" does not satisfy the column: " + reject.reason,
                  reject.hint);
    }
  }
}

HeaderReport RowParser::bind_header(std::span<const std::string_view> fields) {
  State &s = *state_;
  const Contract &contract = s.contract;
  if (contract.format != Format::csv || !contract.csv.header) {
    throw Error(sqlstate::invalid_parameter_value, "the contract describes files without a header",
                "Say \"csv\": {\"header\": true} in the contract.");
  }
  std::vector<std::string> names;
  std::string scratch;
  for (const std::string_view field : fields) {
    std::string_view name;
    if (!to_utf8(contract.csv.encoding, field, scratch, name)) {
      throw Error(sqlstate::character_not_in_repertoire,
                  "the header is not valid in the contract's encoding: " + printable(field),
                  "Set \"encoding\" under \"csv\" in the contract to LATIN1 or WIN1252, or convert "
                  "the file to UTF-8.");
    }
    names.emplace_back(trim(name));
  }
  std::vector<bool> used(names.size(), false);
  HeaderReport report;
  std::vector<std::string> missing;
  for (State::Column &column : s.columns) {
    column.sources.clear();
    for (const SourcePath &source : column.spec->from) {
      std::size_t at = unbound;
      if (source.field_number != 0) {
        at = source.field_number <= names.size() ? source.field_number - 1 : unbound;
      } else {
        for (std::size_t i = 0; i < names.size(); ++i) {
          if (!equal_fold(names[i], trim(source.text))) {
            continue;
          }
          if (at != unbound) {
            throw Error(sqlstate::invalid_parameter_value,
                        "the header names column \"" + names[i] + "\" twice",
                        "Rename one of them in the file, or take fields by number in the contract: "
                        "\"from\": " +
                            std::to_string(i + 1) + ".");
          }
          at = i;
        }
      }
      if (at != unbound) {
        column.sources.push_back(at);
        used[at] = true;
      }
    }
    if (column.sources.empty() && column.spec->type != ColumnType::hash) {
      std::string wanted;
      for (const SourcePath &source : column.spec->from) {
        wanted += (wanted.empty() ? "" : " or ") + source.text;
      }
      if (column.spec->optional_column || column.spec->default_text) {
        report.missing_columns.push_back(column.spec->name);
      } else {
        missing.push_back(std::move(wanted));
      }
    }
  }
  if (!missing.empty()) {
    throw Error(
        sqlstate::invalid_parameter_value,
        "the file lacks column" + std::string(missing.size() > 1 ? "s " : " ") +
            printable(joined(missing), 400),
        "Check that this is the right file and delimiter; a column that may be absent needs "
        "\"optional_column\" or \"default\" in the contract, another name goes into "
        "\"from\".",
        "The header holds: " + printable(joined(names), 400));
  }
  for (std::size_t i = 0; i < names.size(); ++i) {
    if (!used[i] && !names[i].empty()) {
      report.extra.push_back(names[i]);
    }
  }
  if (contract.reject_extra_columns && !report.extra.empty()) {
    throw Error(sqlstate::invalid_parameter_value,
                "the file holds columns the contract does not know: " +
                    printable(joined(report.extra), 400),
                "Add them to the contract, or say \"extra_columns\": \"ignore\".");
  }
  s.extra_header = report.extra;
  s.expected_fields = names.size();
  s.exact_fields = true;
  s.bound = true;
  return report;
}

// The writing of one row, whatever it came from: put_column(index) writes one field.
template <class Put>
bool RowParser::State::row(std::int64_t record_no, CopyBuffer &out, Reject &reject,
                           Put put_column) {
  const std::size_t mark = out.size();
  try {
    out.begin_tuple(static_cast<std::int16_t>(columns.size() + 1));
    out.put_int8(record_no);
    for (std::size_t i = 0; i < columns.size(); ++i) {
      positions[i] = out.size();
      if (columns[i].spec->type == ColumnType::hash) {
        out.put_int8(0);
      } else if (!put_column(i)) {
        out.truncate(mark);
        return false;
      }
    }
    if (has_hash) {
      put_hashes(out);
    }
    return true;
  } catch (const Error &error) {
    // An instant at the rim of what a zone table converts.
    out.truncate(mark);
    reject.set(error.code(), {}, {}, error.message(), error.hint());
    return false;
  } catch (...) {
    out.truncate(mark);
    throw;
  }
}

void RowParser::State::put_hashes(CopyBuffer &out) {
  for (std::size_t i = 0; i < columns.size(); ++i) {
    if (columns[i].spec->type != ColumnType::hash) {
      continue;
    }
    hasher.clear();
    for (const std::size_t covered : columns[i].spec->hash_of) {
      hasher.add(columns[covered].spec->type, out.data() + positions[covered]);
    }
    out.patch_int64(positions[i] + 4, std::bit_cast<std::int64_t>(hasher.finish()));
  }
}

bool RowParser::State::put_null(const ColumnSpec &spec, std::string_view text, CopyBuffer &out,
                                Reject &reject) {
  if (spec.required) {
    reject.set(reject_code::not_null_violation, spec.name, text, "a required value is missing",
               "Fill it at the source, or give the column a \"default\" in the contract.");
    return false;
  }
  out.put_null();
  return true;
}

bool RowParser::State::bad_value(std::size_t index, CopyBuffer &out) {
  if (!columns[index].spec->null_on_error) {
    return false;
  }
  ++nulled[index];
  out.put_null();
  return true;
}

bool RowParser::State::put(std::size_t index, Found found, CopyBuffer &out, Reject &reject) {
  const ColumnSpec &spec = *columns[index].spec;
  const std::string_view seen = found.text;
  if (found.missing && spec.default_text) {
    found = {false, *spec.default_text};
  }
  if (found.missing) {
    return put_null(spec, seen, out, reject);
  }
  switch (encoder.encode(spec, found.text, out, reject)) {
  case Outcome::value:
    return true;
  case Outcome::null:
    return put_null(spec, seen, out, reject);
  case Outcome::rejected:
    break;
  }
  return bad_value(index, out);
}

bool RowParser::State::check_fields(std::span<const std::string_view> fields, Reject &reject) {
  if (fields.size() < expected_fields || (exact_fields && fields.size() != expected_fields)) {
    reject.set(reject_code::bad_copy_file_format, {},
               fields.empty() ? std::string_view{} : fields[0],
               "the record has " + std::to_string(fields.size()) + " fields instead of " +
                   std::to_string(expected_fields),
               "Look for a delimiter or line break that is not inside quotes.");
    return false;
  }
  if (contract.csv.encoding != Encoding::utf8) {
    return true;
  }
  for (std::size_t i = 0; i < fields.size(); ++i) {
    if (valid_text(fields[i])) {
      continue;
    }
    std::string_view name;
    for (const Column &column : columns) {
      if (std::find(column.sources.begin(), column.sources.end(), i) != column.sources.end()) {
        name = column.spec->name;
        break;
      }
    }
    reject.set(
        sqlstate::character_not_in_repertoire, name, fields[i],
        "the text holds a NUL byte or is not valid UTF-8",
        "Set \"encoding\" under \"csv\" in the contract to LATIN1 or WIN1252, or convert the "
        "file to UTF-8.");
    return false;
  }
  return true;
}

bool RowParser::State::pick_csv(const Column &column, std::span<const std::string_view> fields,
                                Found &found, Reject &reject) {
  for (const std::size_t source : column.sources) {
    std::string_view text = fields[source];
    if (contract.csv.encoding != Encoding::utf8 &&
        !to_utf8(contract.csv.encoding, text, converted, text)) {
      reject.set(sqlstate::character_not_in_repertoire, column.spec->name, fields[source],
                 "the text holds a byte that means nothing in the contract's encoding",
                 "Check \"encoding\" under \"csv\" in the contract.");
      return false;
    }
    const std::string_view trimmed = trim(text);
    found.text = column.spec->trim ? trimmed : text;
    if (!column.is_null(trimmed)) {
      found.missing = false;
      return true;
    }
  }
  return true;
}

bool RowParser::parse_csv(std::span<const std::string_view> fields, std::int64_t record_no,
                          CopyBuffer &out, Reject &reject) {
  State &s = *state_;
  if (!s.bound) {
    throw Error(sqlstate::internal_error, "parse_csv called before bind_header");
  }
  if (!s.check_fields(fields, reject)) {
    return false;
  }
  const bool good = s.row(record_no, out, reject, [&](std::size_t i) {
    State::Found found;
    return s.pick_csv(s.columns[i], fields, found, reject) && s.put(i, found, out, reject);
  });
  s.csv_rows += good ? 1 : 0;
  return good;
}

bool RowParser::State::pick_json(const Column &column, Found &found, CopyBuffer &out, bool &written,
                                 Reject &reject) {
  using Kind = JsonScanner::Kind;
  for (const std::size_t source : column.sources) {
    const JsonScanner::Slot &slot = scanner.slot(source);
    if (slot.kind == Kind::missing || slot.kind == Kind::null) {
      continue;
    }
    if (column.spec->type == ColumnType::jsonb) {
      out.put_jsonb(slot.raw);
      written = true;
      return true;
    }
    if (slot.kind == Kind::object || slot.kind == Kind::array) {
      reject.set(sqlstate::invalid_text_representation, column.spec->name, {},
                 slot.kind == Kind::object ? "an object stands where a single value is expected"
                                           : "an array stands where a single value is expected",
                 "Point \"from\" at a value inside it, or make the column jsonb.");
      return false;
    }
    const std::string_view trimmed = trim(slot.text);
    found.text = column.spec->trim ? trimmed : slot.text;
    if (!column.is_null(trimmed)) {
      found.missing = false;
      return true;
    }
  }
  return true;
}

bool RowParser::State::accept_json(std::string_view line, Reject &reject) {
  if (line.size() > contract.max_record_bytes) {
    reject.set(reject_code::program_limit_exceeded, {}, line,
               "the record is longer than " + std::to_string(contract.max_record_bytes) + " bytes",
               "Raise \"max_record_bytes\" in the contract if such records are meant.");
    return false;
  }
  if (!scanner.scan(line, fault)) {
    reject.set(fault.code, {}, fault.value.empty() ? line : fault.value, fault.reason, fault.hint);
    return false;
  }
  if (scanner.root() != JsonScanner::Kind::object) {
    reject.set(reject_code::invalid_json_text, {}, line, "the record is not a JSON object",
               "Each line must be one complete JSON object.");
    return false;
  }
  if (version != 0 && version_slot != unbound && !is_of_this_version(reject)) {
    return false;
  }
  if (contract.reject_extra_columns && !scanner.extra_keys().empty()) {
    reject.set(reject_code::bad_copy_file_format, {}, scanner.extra_keys().front(),
               "the record holds a key the contract does not know",
               "Add it to the contract, or say \"extra_columns\": \"ignore\".");
    return false;
  }
  return !validator || satisfies_schema(reject);
}

bool RowParser::State::satisfies_schema(Reject &reject) {
  if (validator->validate(scanner.tree(), violation)) {
    return true;
  }
  tell(violation, scanner.tree(), reject);
  // The column that reads the place at fault, where there is one.
  for (const Column &column : columns) {
    for (const SourcePath &source : column.spec->from) {
      std::string path;
      for (const std::string &segment : source.segments) {
        path += '/';
        append_pointer_key(segment, path);
      }
      const std::string &at = violation.instance_path;
      if (at == path || (at.starts_with(path) && at[path.size()] == '/')) {
        reject.column = column.spec->name;
        return false;
      }
    }
  }
  return false;
}

// Records that do not say are of the newest version.
bool RowParser::State::is_of_this_version(Reject &reject) {
  const JsonScanner::Slot &slot = scanner.slot(version_slot);
  if (slot.kind == JsonKind::missing || slot.kind == JsonKind::null) {
    return true;
  }
  std::int64_t told = 0;
  const char *end = slot.text.data() + slot.text.size();
  const auto parsed = std::from_chars(slot.text.data(), end, told);
  if (parsed.ec == std::errc{} && parsed.ptr == end && told == version) {
    return true;
  }
  other_version = parsed.ec == std::errc{} && parsed.ptr == end && told > 0 ? told : 0;
  reject.set(sqlstate::invalid_parameter_value, {}, slot.text,
             "the record names a version of the contract that the feed does not have",
             "Register that version with starhouse.create_feed, or correct the producer.");
  return false;
}

bool RowParser::parse_json(std::string_view line, std::int64_t record_no, CopyBuffer &out,
                           Reject &reject) {
  State &s = *state_;
  s.other_version = 0;
  if (!s.accept_json(line, reject)) {
    return false;
  }
  const bool good = s.row(record_no, out, reject, [&](std::size_t i) {
    State::Found found;
    bool written = false;
    if (!s.pick_json(s.columns[i], found, out, written, reject)) {
      return s.bad_value(i, out);
    }
    return written || s.put(i, found, out, reject);
  });
  if (good && s.validator) {
    s.validator->unknown_fields(
        s.scanner.tree(), [&](std::string_view path, JsonKind kind) { s.drift.note(path, kind); });
  } else if (good) {
    for (std::size_t i = 0; i < s.scanner.extra_keys().size(); ++i) {
      s.drift.note_key(s.scanner.extra_keys()[i], s.scanner.extra_kinds()[i]);
    }
  }
  return good;
}

} // namespace starhouse::stream
