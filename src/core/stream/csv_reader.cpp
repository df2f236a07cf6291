#include "core/stream/csv_reader.hpp"

#include "core/stream/byte_scan.hpp"

#include <algorithm>
#include <cstring>
#include <limits>

namespace starhouse::stream {

CsvReader::CsvReader(Options options) : options_(options) {
  // Positions inside a record are 32 bits wide.
  constexpr std::size_t widest = std::numeric_limits<std::uint32_t>::max() / 4;
  options_.max_record_bytes = std::clamp<std::size_t>(options_.max_record_bytes, 1, widest);
}

void CsvReader::feed(std::string_view chunk) {
  input_.append(start_, chunk);
  base_ += start_;
  position_ -= start_;
  single_until_ -= std::min(single_until_, start_);
  break_from_ -= std::min(break_from_, start_);
  start_ = 0;
}

void CsvReader::begin_record(std::size_t next) {
  start_ = position_ = break_from_ = next;
  state_ = State::field_start;
  field_doubled_ = false;
  has_quoted_ = false;
  found_.clear();
}

// Runs the state machine on from position_. On `complete`, [start_, end) is the record.
CsvReader::Scan CsvReader::scan(std::size_t &end) {
  const char *bytes = input_.data();
  // A record of exactly the limit still shows the break that ends it.
  const std::size_t widest = start_ + options_.max_record_bytes + 1;
  const std::size_t limit = std::min(input_.size(), widest);
  const char delimiter = options_.delimiter;
  const char quote = options_.quote;
  std::size_t at = position_;

  auto push = [&](std::size_t field_end) {
    found_.push_back(
        {field_begin_, static_cast<std::uint32_t>(field_end - start_), field_doubled_});
    field_doubled_ = false;
  };
  auto stop = [&](Scan why) {
    position_ = at;
    return why;
  };
  // What running out of bytes means, unless the stream is finished and the record complete.
  auto starved = [&] {
    return stop(limit == widest ? Scan::too_long : finished_ ? Scan::complete : Scan::need_data);
  };

  while (true) {
    switch (state_) {
    case State::field_start:
      if (at == limit) {
        if (limit != widest && finished_) {
          field_begin_ = static_cast<std::uint32_t>(at - start_);
          push(at);
          end = at;
        }
        return starved();
      }
      if (bytes[at] == quote) {
        ++at;
        has_quoted_ = true;
        state_ = State::quoted;
      } else {
        state_ = State::unquoted;
      }
      field_begin_ = static_cast<std::uint32_t>(at - start_);
      break;

    case State::unquoted:
      at = find_break_or(bytes, at, limit, delimiter);
      if (at == limit) {
        if (limit != widest && finished_) {
          push(at);
          end = at;
        }
        return starved();
      }
      push(at);
      if (bytes[at] != delimiter) {
        end = at;
        return stop(Scan::complete);
      }
      ++at;
      state_ = State::field_start;
      break;

    case State::quoted: {
      if (at < single_until_) {
        const std::size_t single = std::min(single_until_, limit);
        at = find_break_or(bytes, at, single, quote);
        if (at < single && bytes[at] != quote) {
          return stop(Scan::unterminated);
        }
        if (at == single && at < limit) {
          break; // the rest of the field lies past the region
        }
      } else {
        const void *found = at < limit ? std::memchr(bytes + at, quote, limit - at) : nullptr;
        at = found == nullptr ? limit
                              : static_cast<std::size_t>(static_cast<const char *>(found) - bytes);
      }
      if (at == limit) {
        const Scan why = starved();
        return why == Scan::complete ? Scan::unterminated : why;
      }
      ++at;
      state_ = State::quote_in_quoted;
      break;
    }

    case State::quote_in_quoted:
      if (at == limit) {
        if (limit != widest && finished_) {
          push(at - 1);
          end = at;
        }
        return starved();
      }
      if (bytes[at] == quote) {
        field_doubled_ = true;
        ++at;
        state_ = State::quoted;
        break;
      }
      if (bytes[at] != delimiter && bytes[at] != '\n' && bytes[at] != '\r') {
        return stop(Scan::malformed);
      }
      push(at - 1);
      if (bytes[at] != delimiter) {
        end = at;
        return stop(Scan::complete);
      }
      ++at;
      state_ = State::field_start;
      break;

    case State::skipping:
      return stop(Scan::too_long);
    }
  }
}

void CsvReader::describe(SourceRecord &record, std::size_t end) noexcept {
  record.raw = {input_.data() + start_, end - start_};
  record.number = ++number_;
  record.line = line_;
  record.offset = base_ + start_;
}

// Moves past the break at `end`, which may be the end of the stream.
void CsvReader::step_over(std::size_t end) {
  if (end < input_.size()) {
    skip_line_feed_ = input_.data()[end] == '\r';
    ++line_;
    ++end;
  }
  begin_record(end);
}

ReadStatus CsvReader::emit(CsvRecord &record, std::size_t end) {
  const char *base = input_.data() + start_;
  fields_.resize(found_.size());
  char *arena = nullptr;
  for (std::size_t i = 0; i < found_.size(); ++i) {
    const Field &field = found_[i];
    if (!field.doubled) {
      fields_[i] = {base + field.begin, field.end - field.begin};
      continue;
    }
    if (arena == nullptr) {
      if (arena_.size() < end - start_) {
        arena_.resize(std::max(end - start_, arena_.size() * 2));
      }
      arena = arena_.data();
    }
    // Every quote inside is doubled: keep the first of each pair.
    char *begin = arena;
    for (std::uint32_t at = field.begin; at < field.end; ++at) {
      *arena++ = base[at];
      if (base[at] == options_.quote) {
        ++at;
      }
    }
    fields_[i] = {begin, static_cast<std::size_t>(arena - begin)};
  }
  describe(record, end);
  record.fields = fields_;
  if (has_quoted_) {
    line_ += count_breaks(input_.data(), start_, end);
  }
  step_over(end);
  return ReadStatus::record;
}

// Rejects the first line of a record whose quotes do not balance; the lines after it, up to where
// that showed, are read again as records of one line each.
ReadStatus CsvReader::reject_line(CsvRecord &record, Reject &reject, Scan why) {
  const std::size_t widest = start_ + options_.max_record_bytes + 1;
  const std::size_t limit = std::min(input_.size(), widest);
  const std::size_t end = find_break(input_.data(), break_from_, limit);
  if (end == limit && (limit == widest || !finished_)) {
    break_from_ = end;
    if (limit == widest) {
      return skip_long(record, reject);
    }
    return ReadStatus::need_data;
  }
  single_until_ = std::max(single_until_, position_);
  describe(record, end);
  record.fields = {};
  if (why == Scan::malformed) {
    reject.set(reject_code::bad_copy_file_format, {}, record.raw, "text follows a closing quote",
               "Write a quote inside a quoted field twice (\"\"), or quote the whole field.");
  } else {
    reject.set(reject_code::bad_copy_file_format, {}, record.raw, "a quoted field is never closed",
               "Close the quote, or write a quote inside a quoted field twice (\"\").");
  }
  step_over(end);
  return ReadStatus::bad_record;
}

// An over-long record ends at the first break past the limit, quoted or not.
ReadStatus CsvReader::skip_long(CsvRecord &record, Reject &reject) {
  std::size_t from = start_;
  if (state_ != State::skipping) {
    state_ = State::skipping;
    from = start_ + options_.max_record_bytes;
    skipped_.assign(input_.data() + start_, options_.max_record_bytes);
    skipped_at_ = base_ + start_;
    skipped_lines_ = count_breaks(input_.data(), start_, from);
  }
  const std::size_t end = find_break(input_.data(), from, input_.size());
  if (end == input_.size() && !finished_) {
    start_ = position_ = end; // what is skipped need not be kept
    return ReadStatus::need_data;
  }
  describe(record, end);
  record.raw = skipped_;
  record.offset = skipped_at_;
  record.fields = {};
  line_ += skipped_lines_;
  reject.set(
      reject_code::program_limit_exceeded, {}, skipped_,
      "the record is longer than " + std::to_string(options_.max_record_bytes) + " bytes",
      "Look for a quote that is never closed, or raise \"max_record_bytes\" in the contract.");
  step_over(end);
  return ReadStatus::bad_record;
}

bool CsvReader::skip_mark() {
  constexpr std::string_view mark = "\xEF\xBB\xBF";
  const std::string_view head(input_.data(), std::min(input_.size(), mark.size()));
  if (head.size() < mark.size() && !finished_ && mark.starts_with(head)) {
    return false;
  }
  if (head.starts_with("\xFF\xFE") || head.starts_with("\xFE\xFF")) {
    throw Error(sqlstate::character_not_in_repertoire, "the file is UTF-16, not UTF-8",
                "Convert it first: iconv -f UTF-16 -t UTF-8 FILE.");
  }
  at_start_ = false;
  if (head == mark) {
    begin_record(mark.size());
  }
  return true;
}

// Empty lines, and the LF of a CRLF. Only between records.
void CsvReader::skip_blank_lines() {
  const char *bytes = input_.data();
  std::size_t at = start_;
  while (at < input_.size() && (bytes[at] == '\n' || bytes[at] == '\r')) {
    if (bytes[at] == '\n' && skip_line_feed_) {
      skip_line_feed_ = false;
    } else {
      ++line_;
      skip_line_feed_ = bytes[at] == '\r';
    }
    ++at;
  }
  if (at < input_.size()) {
    skip_line_feed_ = false;
  }
  begin_record(at);
}

ReadStatus CsvReader::next(CsvRecord &record, Reject &reject) {
  if (at_start_ && !skip_mark()) {
    return ReadStatus::need_data;
  }
  if (state_ == State::field_start && position_ == start_ && found_.empty()) {
    skip_blank_lines();
    if (start_ == input_.size()) {
      return finished_ ? ReadStatus::end : ReadStatus::need_data;
    }
  }
  std::size_t end = 0;
  const Scan result = scan(end);
  switch (result) {
  case Scan::complete:
    return emit(record, end);
  case Scan::need_data:
    return ReadStatus::need_data;
  case Scan::too_long:
    return skip_long(record, reject);
  case Scan::malformed:
  case Scan::unterminated:
    break;
  }
  return reject_line(record, reject, result);
}

} // namespace starhouse::stream
