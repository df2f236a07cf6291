// Parses records that come one by one, not as a stream of bytes: those of a topic, those in
// quarantine.
#pragma once

#include "client/batch.hpp"
#include "client/warehouse.hpp"
#include "client/wire_reader.hpp"
#include "core/stream/csv_reader.hpp"
#include "core/stream/message_parser.hpp"

#include <cstdint>
#include <string>
#include <string_view>

namespace starhouse::client {

class RecordParser {
public:
  // `header`: of the CSV source the records are from, in UTF-8. `wire`: takes framed messages
  // apart; without it they are refused. What is passed must outlive the parser.
  RecordParser(FeedPlan &plan, const std::string &header, WireReader *wire = nullptr);

  // Adds the record to the batch, with its tuple or its reject. `version`: of its contract, as its
  // envelope says; 0: it does not. Throws Error of class 08 or 58, nothing added, while the schema
  // registry does not answer.
  void parse(std::int64_t number, std::int64_t line, std::string_view payload, Batch &batch,
             std::int64_t version = 0);
  // Adds it as rejected unseen.
  void refuse(std::int64_t number, std::string_view payload, const SqlState &code,
              std::string_view reason, std::string_view hint, Batch &batch);
  // Fields met since the last call that the contract does not know.
  std::string take_drift() { return parser_.take_drift(); }

private:
  bool parse_json(std::int64_t number, std::int64_t line, std::string_view message, Batch &batch,
                  std::int64_t version);
  bool parse_csv(std::int64_t number, std::string_view payload, Batch &batch);
  stream::CsvReader csv_reader() const;

  FeedPlan &plan_;
  WireReader *wire_;
  stream::MessageParser parser_;
  stream::Reject reject_;
};

} // namespace starhouse::client
