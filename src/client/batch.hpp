// A batch: some records of a source, parsed, ready to be sent any number of times (a retry sends it
// again, a hunt for a bad record sends parts of it).
#pragma once

#include "client/server.hpp"
#include "core/stream/copy_buffer.hpp"
#include "core/stream/reject.hpp"

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace starhouse::client {

class Batch {
public:
  struct Record {
    std::int64_t number;      // in the source, the header counted
    std::int64_t line;        // 0: unknown
    std::uint32_t payload;    // where its bytes begin
    std::uint32_t row;        // where its tuple begins
    std::int32_t reject = -1; // index into rejects
  };

  // Of a topic's batch: where each of its partitions stood before it, and under which epoch.
  struct Place {
    std::int32_t partition;
    std::int64_t epoch;
    std::int64_t next_offset;
    std::int64_t end_offset = -1;      // of the partition, as far as known
    std::int64_t last_message_at = -1; // milliseconds since 1970
  };

  // Records in [first, last).
  struct Range {
    std::size_t first;
    std::size_t last;
    std::size_t size() const noexcept { return last - first; }
  };

  void clear();
  std::size_t size() const noexcept { return records_.size(); }
  std::size_t bytes() const noexcept { return payload_.size() + rows_.size(); }
  const Record &record(std::size_t index) const { return records_[index]; }
  std::string_view payload(std::size_t index) const;
  // The record of that number.
  std::optional<std::size_t> find(std::int64_t number) const;
  std::size_t rejected(Range range) const;
  const std::vector<stream::Reject> &rejects() const noexcept { return rejects_; }

  // Building: the record, then its tuple in rows(), or its reject.
  void add(std::int64_t number, std::int64_t line, std::string_view payload);
  stream::CopyBuffer &rows() noexcept { return rows_; }
  void reject_last(const stream::Reject &reject);

  // Fields the contract does not know (stream::Drift::take): JSON, empty for none.
  void set_drift(std::string drift) { drift_ = std::move(drift); }
  const std::string &drift() const noexcept { return drift_; }

  std::vector<Place> &places() noexcept { return places_; }
  const std::vector<Place> &places() const noexcept { return places_; }

  // A single record the server turned away.
  void reject(std::size_t index, const ServerError &error);

  // COPY of a range to pg_temp.batch (record_no, the contract's columns).
  void send_rows(Connection &connection, Range range) const;
  // Bronze (batch_id, record_no, payload). `to_text` gives the payload in UTF-8, or nothing for
  // bytes that are no text; those are in quarantine only.
  using ToText = bool (*)(const void *context, std::string_view bytes, std::string &scratch,
                          std::string_view &text);
  void send_bronze(Connection &connection, const std::string &table, Range range,
                   std::int64_t batch_id, ToText to_text, const void *context) const;
  void send_rejects(Connection &connection, const std::string &table, Range range,
                    std::string_view feed, const Parameter &source_id, std::int64_t batch_id) const;

private:
  std::vector<Record> records_;
  std::string payload_;
  stream::CopyBuffer rows_;
  std::vector<stream::Reject> rejects_;
  std::string drift_;
  std::vector<Place> places_;
  bool ordered_ = true;                          // by number, as a file's records are
  mutable std::vector<std::uint32_t> by_number_; // where they are not; made when it is needed
};

} // namespace starhouse::client
