#include "client/record_parser.hpp"

#include <utility>

#include <fmt/format.h>

namespace starhouse::client {

RecordParser::RecordParser(FeedPlan &plan, const std::string &header, WireReader *wire)
    : plan_(plan), wire_(wire), parser_(plan.contract, plan.version, plan.older, plan.zone) {
  if (wire_ != nullptr) {
    wire_->use(plan);
    plan.framed = true;
  }
  if (plan.contract.format != stream::Format::csv || !plan.contract.csv.header) {
    return;
  }
  // The header was stored in UTF-8, whatever the file's encoding.
  const stream::Encoding encoding =
      std::exchange(plan.contract.csv.encoding, stream::Encoding::utf8);
  stream::CsvReader reader = csv_reader();
  stream::CsvRecord record;
  stream::Reject reject;
  reader.feed(header);
  reader.finish();
  if (reader.next(record, reject) == stream::ReadStatus::record) {
    parser_.newest().bind_header(record.fields);
  }
  plan.contract.csv.encoding = encoding;
}

void RecordParser::parse(std::int64_t number, std::int64_t line, std::string_view payload,
                         Batch &batch, std::int64_t version) {
  if (payload.size() > plan_.contract.max_record_bytes) {
    refuse(number, payload, stream::reject_code::program_limit_exceeded,
           fmt::format("the record is longer than {} bytes", plan_.contract.max_record_bytes),
           "Raise \"max_record_bytes\" in the contract if such records are meant.", batch);
    return;
  }
  bool good = false;
  if (plan_.contract.format == stream::Format::csv) {
    batch.add(number, line, payload);
    good = parse_csv(number, payload, batch);
  } else {
    good = parse_json(number, line, payload, batch, version);
  }
  if (!good) {
    batch.reject_last(reject_);
  }
}

// The batch keeps the message as received, so that a replay finds its schema again.
bool RecordParser::parse_json(std::int64_t number, std::int64_t line, std::string_view message,
                              Batch &batch, std::int64_t version) {
  std::string_view payload = message;
  bool open = true;
  if (!message.empty() && message.front() == '\0') {
    if (wire_ != nullptr) {
      open = wire_->open(message, payload, version, reject_);
    } else {
      open = false;
      reject_.set(sqlstate::invalid_binary_representation, {}, message,
                  "the message begins with a zero byte, as in Confluent's wire format",
                  "Give --schema-registry, so that its schema can be looked up.");
    }
  }
  batch.add(number, line, message);
  return open && parser_.parse(payload, number, version > 0 ? version : plan_.schema_version,
                               batch.rows(), reject_);
}

void RecordParser::refuse(std::int64_t number, std::string_view payload, const SqlState &code,
                          std::string_view reason, std::string_view hint, Batch &batch) {
  reject_.set(code, {}, payload, reason, hint);
  batch.add(number, 0, payload);
  batch.reject_last(reject_);
}

bool RecordParser::parse_csv(std::int64_t number, std::string_view payload, Batch &batch) {
  stream::CsvReader reader = csv_reader();
  stream::CsvRecord record;
  reader.feed(payload);
  reader.finish();
  switch (reader.next(record, reject_)) {
  case stream::ReadStatus::record:
    return parser_.newest().parse_csv(record.fields, number, batch.rows(), reject_);
  case stream::ReadStatus::bad_record:
    return false;
  default:
    reject_.set(stream::reject_code::bad_copy_file_format, {}, payload, "the record is empty",
                "Leave empty records out.");
    return false;
  }
}

stream::CsvReader RecordParser::csv_reader() const {
  return stream::CsvReader(
      {plan_.contract.csv.delimiter, plan_.contract.csv.quote, plan_.contract.max_record_bytes});
}

} // namespace starhouse::client
