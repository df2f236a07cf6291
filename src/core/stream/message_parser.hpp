// Messages of every version of a feed's contract become rows of the newest: each is checked against
// the version it is of, and read by that version's columns where the newest has a column of the
// same name and type.
#pragma once

#include "core/stream/row_parser.hpp"

#include <cstdint>
#include <map>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

namespace starhouse::stream {

struct ContractVersion {
  std::int64_t version;
  Contract contract;
};

class MessageParser {
public:
  // `current` is of `version`, the feed's newest; `older` are the contracts that were in force
  // before, each since its own version: a message of version 3 is read by the newest one that is
  // not newer than
  // 3. What is passed must outlive the parser. Throws as RowParser's constructor; an older contract
  // is made ready when a message of it comes.
  MessageParser(const Contract &current, std::int64_t version,
                const std::vector<ContractVersion> &older, const calendar::ZoneTable &zone);
  ~MessageParser();

  // As RowParser::parse_json. `version` is what the message's envelope says it is of (a header, an
  // option); 0: nothing, then the message itself may say by the contract's "version_from", and is
  // of the newest otherwise. A version that the feed does not have rejects the message (22023).
  bool parse(std::string_view message, std::int64_t record_no, std::int64_t version,
             CopyBuffer &out, Reject &reject);

  // Of the newest contract; for CSV, which has no versions but the newest.
  RowParser &newest() noexcept { return newest_; }
  std::string take_drift() { return newest_.take_drift(); }

private:
  struct Older;
  bool parse_older(std::string_view message, std::int64_t record_no, std::int64_t version,
                   CopyBuffer &out, Reject &reject);

  const Contract &current_;
  std::int64_t version_;
  const std::vector<ContractVersion> &older_;
  const calendar::ZoneTable &zone_;
  RowParser newest_;
  std::map<std::int64_t, std::unique_ptr<Older>> parsers_;
};

// The columns of `current`, read as `older` reads them where it has a column of that name and type;
// the record is checked by `older`.
Contract read_as(const Contract &older, const Contract &current);

} // namespace starhouse::stream
