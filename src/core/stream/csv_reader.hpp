// Incremental RFC 4180 reader: chunks in, records out, with their exact bytes and position.
//
// Tolerant where files differ harmlessly: LF, CRLF and CR end a record; a byte-order mark is
// skipped; empty lines are skipped; a quote inside an unquoted field is a plain character.
// Strict where reading on would invent data: text after a closing quote and a quote that is never
// closed reject the line they stand on, and reading goes on at the very next line, so one stray
// quote costs one line, not the rest of the file. Every byte is looked at a bounded number of
// times, whatever the input and the chunk sizes.
#pragma once

#include "core/stream/reject.hpp"

#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace starhouse::stream {

// What the readers say of a record. Views live until the next call of the reader.
struct SourceRecord {
  std::string_view raw;     // exactly as received, without the line break that ends it
  std::uint64_t number = 0; // from 1, the header counted, empty lines not
  std::uint64_t line = 0;   // physical line it starts on, from 1
  std::uint64_t offset = 0; // of its first byte in the stream
};

struct CsvRecord : SourceRecord {
  std::span<const std::string_view> fields;
};

enum class ReadStatus : std::uint8_t {
  record,
  bad_record, // the reject says why; raw and position are set (raw cut at max_record_bytes)
  need_data,  // feed() or finish()
  end
};

// The bytes handed in and not yet read out; always followed by readable padding.
class InputBuffer {
public:
  static constexpr std::size_t padding = 64;

  const char *data() const noexcept { return bytes_.get(); }
  std::size_t size() const noexcept { return size_; }
  // Appends `chunk` after dropping the first `keep_from` bytes.
  void append(std::size_t keep_from, std::string_view chunk);

private:
  std::unique_ptr<char[]> bytes_;
  std::size_t size_ = 0;
  std::size_t capacity_ = 0;
};

class CsvReader {
public:
  struct Options {
    char delimiter = ',';
    char quote = '"';
    std::size_t max_record_bytes = 1U << 20U;
  };

  explicit CsvReader(Options options);

  // Copies the chunk; call when next() said need_data (earlier is allowed and buffers more).
  void feed(std::string_view chunk);
  void finish() noexcept { finished_ = true; }

  ReadStatus next(CsvRecord &record, Reject &reject);

private:
  enum class State : std::uint8_t { field_start, unquoted, quoted, quote_in_quoted, skipping };
  struct Field {
    std::uint32_t begin; // from the record's start
    std::uint32_t end;
    bool doubled; // holds doubled quotes
  };
  enum class Scan : std::uint8_t { complete, need_data, malformed, unterminated, too_long };

  bool skip_mark();
  void skip_blank_lines();
  Scan scan(std::size_t &end);
  ReadStatus emit(CsvRecord &record, std::size_t end);
  ReadStatus reject_line(CsvRecord &record, Reject &reject, Scan why);
  ReadStatus skip_long(CsvRecord &record, Reject &reject);
  void describe(SourceRecord &record, std::size_t end) noexcept;
  void step_over(std::size_t end);
  void begin_record(std::size_t next);

  Options options_;
  InputBuffer input_;
  bool finished_ = false;
  bool at_start_ = true;        // a byte-order mark may follow
  bool skip_line_feed_ = false; // the last record ended in CR

  std::size_t start_ = 0;        // of the current record, in input_
  std::size_t position_ = 0;     // scanned so far
  std::size_t break_from_ = 0;   // a rejected line's break lies at or after it
  std::size_t single_until_ = 0; // up to here a line break ends a record, quoted or not
  State state_ = State::field_start;
  std::uint32_t field_begin_ = 0;
  bool field_doubled_ = false;
  bool has_quoted_ = false;

  std::uint64_t base_ = 0; // stream offset of input_'s first byte
  std::uint64_t line_ = 1;
  std::uint64_t number_ = 0;

  std::vector<Field> found_;
  std::vector<std::string_view> fields_;
  std::string arena_;   // fields whose doubled quotes were undone
  std::string skipped_; // first bytes of an over-long record
  std::uint64_t skipped_at_ = 0;
  std::uint64_t skipped_lines_ = 0;
};

} // namespace starhouse::stream
