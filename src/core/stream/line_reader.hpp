// Incremental reader of one record per line (JSON lines): chunks in, lines out. LF, CRLF and CR end
// a line; blank lines are skipped; a byte-order mark is skipped; a line longer than the limit is
// rejected and skipped.
#pragma once

#include "core/stream/csv_reader.hpp"

namespace starhouse::stream {

class LineReader {
public:
  explicit LineReader(std::size_t max_record_bytes = 1U << 20U)
      : max_record_bytes_(max_record_bytes) {}

  void feed(std::string_view chunk);
  void finish() noexcept { finished_ = true; }

  // record.raw is the line; number counts the lines that are not blank.
  ReadStatus next(SourceRecord &record, Reject &reject);

private:
  void describe(SourceRecord &record, std::string_view raw) noexcept;

  std::size_t max_record_bytes_;
  InputBuffer input_;
  bool finished_ = false;
  bool at_start_ = true;
  bool skip_line_feed_ = false;
  bool skipping_ = false;
  std::size_t start_ = 0;
  std::size_t position_ = 0;
  std::uint64_t base_ = 0;
  std::uint64_t line_ = 1;
  std::uint64_t number_ = 0;
  std::uint64_t skipped_offset_ = 0;
  std::string skipped_;
};

} // namespace starhouse::stream
