// Parses records that come one by one, not as a stream of bytes: those of a topic, those in
// quarantine.
#pragma once

#include "client/batch.hpp"
#include "client/warehouse.hpp"
#include "core/stream/csv_reader.hpp"
#include "core/stream/message_parser.hpp"

#include <cstdint>
#include <string>
#include <string_view>

namespace starhouse::client {

class RecordParser {
public:
  // `header`: of the CSV source the records are from, in UTF-8. `plan` must outlive the parser.
  RecordParser(FeedPlan &plan, const std::string &header);

  // Adds the record to the batch, with its tuple or its reject. `version`: of its contract, as its
  // envelope says; 0: it does not.
  void parse(std::int64_t number, std::int64_t line, std::string_view payload, Batch &batch,
             std::int64_t version = 0);
  // Adds it as rejected unseen.
  void refuse(std::int64_t number, std::string_view payload, const SqlState &code,
              std::string_view reason, std::string_view hint, Batch &batch);
  // Fields met since the last call that the contract does not know.
  std::string take_drift() { return parser_.take_drift(); }

private:
  bool parse_csv(std::int64_t number, std::string_view payload, Batch &batch);
  stream::CsvReader csv_reader() const;

  FeedPlan &plan_;
  stream::MessageParser parser_;
  stream::Reject reject_;
};

} // namespace starhouse::client
