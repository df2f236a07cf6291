#include "client/batch.hpp"

#include <algorithm>
#include <numeric>

#include <fmt/format.h>

namespace starhouse::client {
namespace {

// COPY messages of about this size: large enough to cost nothing, small enough to stay in cache.
constexpr std::size_t copy_chunk = std::size_t{128} * 1024;

constexpr std::size_t rows_worth_freezing = 20000;

void put_text_or_null(stream::CopyBuffer &out, std::string_view text) {
  if (text.empty()) {
    out.put_null();
  } else {
    out.put_text(text);
  }
}

} // namespace

void Batch::clear() {
  records_.clear();
  payload_.clear();
  rows_.clear();
  rejects_.clear();
  drift_.clear();
  places_.clear();
  ordered_ = true;
  by_number_.clear();
}

std::string_view Batch::payload(std::size_t index) const {
  const std::size_t begin = records_[index].payload;
  const std::size_t end =
      index + 1 < records_.size() ? records_[index + 1].payload : payload_.size();
  return std::string_view{payload_}.substr(begin, end - begin);
}

std::optional<std::size_t> Batch::find(std::int64_t number) const {
  if (!ordered_ && by_number_.size() != records_.size()) {
    by_number_.resize(records_.size());
    std::iota(by_number_.begin(), by_number_.end(), 0U);
    std::sort(by_number_.begin(), by_number_.end(), [this](std::uint32_t a, std::uint32_t b) {
      return records_[a].number < records_[b].number;
    });
  }
  const auto index_at = [this](std::size_t rank) { return ordered_ ? rank : by_number_[rank]; };
  std::size_t first = 0;
  std::size_t last = records_.size();
  while (first < last) {
    const std::size_t middle = first + (last - first) / 2;
    (records_[index_at(middle)].number < number ? first : last) =
        records_[index_at(middle)].number < number ? middle + 1 : middle;
  }
  if (first == records_.size() || records_[index_at(first)].number != number) {
    return std::nullopt;
  }
  return index_at(first);
}

std::size_t Batch::rejected(Range range) const {
  return static_cast<std::size_t>(
      std::count_if(records_.begin() + static_cast<std::ptrdiff_t>(range.first),
                    records_.begin() + static_cast<std::ptrdiff_t>(range.last),
                    [](const Record &record) { return record.reject >= 0; }));
}

void Batch::add(std::int64_t number, std::int64_t line, std::string_view payload) {
  ordered_ = ordered_ && (records_.empty() || records_.back().number < number);
  records_.push_back({number, line, static_cast<std::uint32_t>(payload_.size()),
                      static_cast<std::uint32_t>(rows_.size())});
  payload_.append(payload);
}

void Batch::reject_last(const stream::Reject &reject) {
  records_.back().reject = static_cast<std::int32_t>(rejects_.size());
  rejects_.push_back(reject);
}

void Batch::reject(std::size_t index, const ServerError &error) {
  stream::Reject reject;
  reject.set(error.code(), error.column(), {}, error.message(),
             error.hint().empty() ? error.detail() : error.hint());
  records_[index].reject = static_cast<std::int32_t>(rejects_.size());
  rejects_.push_back(std::move(reject));
}

void Batch::send_rows(Connection &connection, Range range) const {
  // Many rows: frozen, so that the steps, which read them again and again, need not ask each row
  // whether it is visible. That takes a table emptied in this transaction, which touches the
  // catalogue, so not for a few.
  const bool freeze = range.size() > rows_worth_freezing;
  if (freeze) {
    connection.query("TRUNCATE pg_temp.batch");
  }
  connection.begin_copy(
      fmt::format("COPY pg_temp.batch FROM STDIN (FORMAT binary{})", freeze ? ", FREEZE" : ""));
  stream::CopyBuffer frame;
  frame.put_header();
  connection.put_copy(frame.view());
  const std::size_t begin =
      range.first < records_.size() ? records_[range.first].row : rows_.size();
  const std::size_t end = range.last < records_.size() ? records_[range.last].row : rows_.size();
  // A record that the server turned away still has its tuple here; it is alone in its range then.
  const bool skip = range.size() == 1 && records_[range.first].reject >= 0;
  if (!skip) {
    connection.put_copy(rows_.view().substr(begin, end - begin));
  }
  frame.clear();
  frame.put_trailer();
  connection.put_copy(frame.view());
  connection.end_copy();
}

void Batch::send_bronze(Connection &connection, const std::string &table, Range range,
                        std::int64_t batch_id, ToText to_text, const void *context) const {
  connection.begin_copy(
      fmt::format("COPY {} (batch_id, record_no, payload) FROM STDIN (FORMAT binary)", table));
  stream::CopyBuffer out(copy_chunk * 2);
  std::string scratch;
  out.put_header();
  for (std::size_t i = range.first; i < range.last; ++i) {
    std::string_view text;
    if (!to_text(context, payload(i), scratch, text)) {
      continue;
    }
    out.begin_tuple(3);
    out.put_int8(batch_id);
    out.put_int8(records_[i].number);
    out.put_text(text);
    if (out.size() >= copy_chunk) {
      connection.put_copy(out.view());
      out.clear();
    }
  }
  out.put_trailer();
  connection.put_copy(out.view());
  connection.end_copy();
}

void Batch::send_rejects(Connection &connection, const std::string &table, Range range,
                         std::string_view feed, const Parameter &source_id,
                         std::int64_t batch_id) const {
  connection.begin_copy(
      fmt::format("COPY {} (feed_name, source_id, batch_id, record_no, line_no, payload, sqlstate, "
                  "column_name, value, reason, hint) FROM STDIN (FORMAT binary)",
                  table));
  stream::CopyBuffer out(copy_chunk * 2);
  out.put_header();
  for (std::size_t i = range.first; i < range.last; ++i) {
    const Record &record = records_[i];
    if (record.reject < 0) {
      continue;
    }
    const stream::Reject &reject = rejects_[static_cast<std::size_t>(record.reject)];
    out.begin_tuple(11);
    out.put_text(feed);
    if (source_id) {
      out.put_int8(std::stoll(*source_id));
    } else {
      out.put_null();
    }
    out.put_int8(batch_id);
    out.put_int8(record.number);
    if (record.line > 0) {
      out.put_int8(record.line);
    } else {
      out.put_null();
    }
    out.put_text(payload(i));
    out.put_text({reject.code.data(), 5});
    put_text_or_null(out, reject.column);
    out.put_text(reject.value);
    out.put_text(reject.reason);
    put_text_or_null(out, reject.hint);
    if (out.size() >= copy_chunk) {
      connection.put_copy(out.view());
      out.clear();
    }
  }
  out.put_trailer();
  connection.put_copy(out.view());
  connection.end_copy();
}

} // namespace starhouse::client
