#include "core/stream/line_reader.hpp"

#include "core/stream/byte_scan.hpp"

#include <algorithm>

namespace starhouse::stream {

void LineReader::feed(std::string_view chunk) {
  input_.append(start_, chunk);
  base_ += start_;
  position_ -= start_;
  start_ = 0;
}

void LineReader::describe(SourceRecord &record, std::string_view raw) noexcept {
  record.raw = raw;
  record.number = ++number_;
  record.line = line_;
}

ReadStatus LineReader::next(SourceRecord &record, Reject &reject) {
  if (at_start_) {
    constexpr std::string_view mark = "\xEF\xBB\xBF";
    const std::string_view head(input_.data(), std::min(input_.size(), mark.size()));
    if (head.size() < mark.size() && !finished_ && mark.starts_with(head)) {
      return ReadStatus::need_data;
    }
    if (head.starts_with("\xFF\xFE") || head.starts_with("\xFE\xFF")) {
      throw Error(sqlstate::character_not_in_repertoire, "the file is UTF-16, not UTF-8",
                  "Convert it first: iconv -f UTF-16 -t UTF-8 FILE.");
    }
    at_start_ = false;
    if (head == mark) {
      start_ = position_ = mark.size();
    }
  }
  while (true) {
    const char *bytes = input_.data();
    const std::size_t size = input_.size();
    if (skip_line_feed_ && start_ < size) {
      skip_line_feed_ = false;
      if (bytes[start_] == '\n') {
        position_ = ++start_;
      }
    }
    const std::size_t end = find_break(bytes, position_, size);
    const bool broken = end < size;
    if (!skipping_ && end - start_ > max_record_bytes_) {
      skipping_ = true;
      skipped_.assign(bytes + start_, max_record_bytes_);
      skipped_offset_ = base_ + start_;
    }
    if (!broken && !finished_) {
      position_ = end;
      if (skipping_) {
        start_ = end; // what is skipped need not be kept
      }
      return ReadStatus::need_data;
    }
    if (!broken && start_ == size && !skipping_) {
      return ReadStatus::end;
    }
    const std::string_view line(bytes + start_, end - start_);
    const std::uint64_t offset = base_ + start_;
    const std::uint64_t this_line = line_;
    if (broken) {
      skip_line_feed_ = bytes[end] == '\r';
      ++line_;
    }
    start_ = position_ = broken ? end + 1 : end;
    if (skipping_) {
      skipping_ = false;
      describe(record, skipped_);
      record.offset = skipped_offset_;
      record.line = this_line;
      reject.set(reject_code::program_limit_exceeded, {}, skipped_,
                 "the record is longer than " + std::to_string(max_record_bytes_) + " bytes",
                 "Raise \"max_record_bytes\" in the contract if such records are meant.");
      return ReadStatus::bad_record;
    }
    if (line.find_first_not_of(" \t") == std::string_view::npos) {
      continue;
    }
    describe(record, line);
    record.offset = offset;
    record.line = this_line;
    return ReadStatus::record;
  }
}

} // namespace starhouse::stream
