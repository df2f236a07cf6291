#include "core/stream/message_parser.hpp"

#include <algorithm>

namespace starhouse::stream {

struct MessageParser::Older {
  Contract contract;
  RowParser parser;

  Older(const Contract &older, const Contract &current, const calendar::ZoneTable &zone)
      : contract(read_as(older, current)), parser(contract, zone) {}
};

Contract read_as(const Contract &older, const Contract &current) {
  Contract contract = older;
  contract.columns = current.columns;
  contract.version_from.reset(); // which version it is of is known
  for (ColumnSpec &column : contract.columns) {
    const auto before =
        std::find_if(older.columns.begin(), older.columns.end(), [&](const ColumnSpec &candidate) {
          return candidate.name == column.name && candidate.type == column.type;
        });
    if (before == older.columns.end() || column.type == ColumnType::hash) {
      continue; // a hash covers columns by their place in the newest
    }
    // What the newest demands of a value, and gives for a missing one, it does of all.
    ColumnSpec merged = *before;
    merged.required = column.required;
    if (column.default_text) {
      merged.default_text = column.default_text;
    }
    column = std::move(merged);
  }
  return contract;
}

MessageParser::MessageParser(const Contract &current, std::int64_t version,
                             const std::vector<ContractVersion> &older,
                             const calendar::ZoneTable &zone)
    : current_(current), version_(version), older_(older), zone_(zone), newest_(current, zone) {
  newest_.set_version(version);
}

MessageParser::~MessageParser() = default;

bool MessageParser::parse(std::string_view message, std::int64_t record_no, std::int64_t version,
                          CopyBuffer &out, Reject &reject) {
  if (version != 0 && version != version_) {
    return parse_older(message, record_no, version, out, reject);
  }
  if (newest_.parse_json(message, record_no, out, reject)) {
    return true;
  }
  const std::int64_t other = version == 0 ? newest_.other_version() : 0;
  return other != 0 && other < version_ && parse_older(message, record_no, other, out, reject);
}

bool MessageParser::parse_older(std::string_view message, std::int64_t record_no,
                                std::int64_t version, CopyBuffer &out, Reject &reject) {
  if (version < 1 || version > version_) {
    reject.set(sqlstate::invalid_parameter_value, {}, std::to_string(version),
               "the record is of version " + std::to_string(version) +
                   " of the contract, the feed's newest is " + std::to_string(version_),
               "Register that version with starhouse.create_feed, or correct the producer.");
    return false;
  }
  // The newest that is not newer; one of the current contract's if none is left in between.
  const ContractVersion *of = nullptr;
  for (const ContractVersion &candidate : older_) {
    if (candidate.version <= version && (of == nullptr || candidate.version > of->version)) {
      of = &candidate;
    }
  }
  if (of == nullptr) {
    return newest_.parse_json(message, record_no, out, reject);
  }
  std::unique_ptr<Older> &older = parsers_[of->version];
  if (older == nullptr) {
    older = std::make_unique<Older>(of->contract, current_, zone_);
  }
  return older->parser.parse_json(message, record_no, out, reject);
}

} // namespace starhouse::stream
