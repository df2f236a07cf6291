#include "client/batch_reader.hpp"

#include "client/interrupt.hpp"
#include "core/stream/encoding.hpp"
#include "core/stream/wire_format.hpp"

#include <algorithm>
#include <chrono>
#include <cmath>
#include <csignal>

#include <fmt/format.h>

namespace starhouse::client {

using stream::Format;
using stream::ReadStatus;

BatchReader::BatchReader(const FeedPlan &plan, std::string name, std::unique_ptr<Source> source,
                         BatchLimits limits)
    : plan_(plan), name_(std::move(name)), source_(std::move(source)), limits_(limits),
      parser_(plan.contract, plan.version, plan.older, plan.zone),
      csv_({plan.contract.csv.delimiter, plan.contract.csv.quote, plan.contract.max_record_bytes}),
      lines_(plan.contract.max_record_bytes), share_(limits.begin_small ? 8 : 1) {
  if (plan.contract.format == Format::csv && plan.contract.csv.header) {
    read_header();
  }
}

ReadStatus BatchReader::next_record() {
  const bool csv = plan_.contract.format == Format::csv;
  while (true) {
    const ReadStatus status = csv ? csv_.next(record_, reject_) : lines_.next(record_, reject_);
    if (status != ReadStatus::need_data) {
      return status;
    }
    const std::string_view chunk = source_->read();
    if (chunk.empty()) {
      csv ? csv_.finish() : lines_.finish();
    } else {
      csv ? csv_.feed(chunk) : lines_.feed(chunk);
    }
  }
}

void BatchReader::read_header() {
  const ReadStatus status = next_record();
  if (status == ReadStatus::end) {
    throw Error(SqlState{"22P04"}, fmt::format("{} holds no header, only blank lines", name_),
                fmt::format("Feed {} expects CSV with a header.", plan_.feed));
  }
  try {
    if (status == ReadStatus::bad_record) {
      throw Error(reject_.code, reject_.reason, reject_.hint);
    }
    header_report_ = parser_.newest().bind_header(record_.fields);
  } catch (const Error &e) {
    throw Error(e.code(),
                fmt::format("{}, line {}: {}", name_, std::max<std::uint64_t>(1, record_.line),
                            e.message()),
                e.hint().empty() ? fmt::format("starhouse feeds {} {} shows what the feed expects.",
                                               plan_.warehouse, plan_.feed)
                                 : e.hint(),
                e.detail().empty() ? fmt::format("Feed {}: {}", plan_.feed, plan_.columns)
                                   : e.detail());
  }
  std::string_view text;
  header_ = stream::to_utf8(plan_.contract.csv.encoding, record_.raw, scratch_, text)
                ? std::string{text}
                : std::string{};
}

bool BatchReader::fill(Batch &batch) {
  const bool more = read_records(batch);
  batch.set_drift(parser_.take_drift());
  return more;
}

// Whether the batch has its share of what the source still had at `begin`, as far as that can be
// told from what has been read of it since.
bool BatchReader::is_even_share(const Batch &batch, std::uint64_t begin) const noexcept {
  const std::uint64_t end = source_->consumed();
  if (limits_.source_bytes <= end || end <= begin) {
    return false;
  }
  const double part =
      static_cast<double>(end - begin) / static_cast<double>(limits_.source_bytes - begin);
  const double full =
      std::max(static_cast<double>(batch.bytes()) / static_cast<double>(limits_.bytes),
               static_cast<double>(batch.size()) / static_cast<double>(limits_.rows));
  const double batches = std::ceil(full / part);
  return batches > 1 && part * batches >= 1;
}

bool BatchReader::read_records(Batch &batch) {
  const bool csv = plan_.contract.format == Format::csv;
  constexpr std::size_t worth_a_batch = 20000;
  constexpr std::size_t look_every = 1024;
  const bool even = share_ == 1;
  const std::uint64_t begin = source_->consumed();
  const std::size_t most_rows =
      std::max(limits_.rows / share_, std::min(limits_.rows, worth_a_batch));
  const std::size_t most_bytes = limits_.bytes / share_;
  share_ = std::max<std::size_t>(share_ / 2, 1);
  batch.clear();
  while (batch.size() < most_rows && batch.bytes() < most_bytes) {
    if (even && batch.size() >= worth_a_batch && batch.size() % look_every == 0 &&
        is_even_share(batch, begin)) {
      break;
    }
    const ReadStatus status = next_record();
    if (status == ReadStatus::end) {
      return false;
    }
    const auto number = static_cast<std::int64_t>(record_.number);
    if (number < first_) {
      continue;
    }
    batch.add(number, static_cast<std::int64_t>(record_.line), record_.raw);
    if (status == ReadStatus::bad_record ||
        !(csv ? parser_.newest().parse_csv(record_.fields, number, batch.rows(), reject_)
              : parser_.parse(record_.raw, number, plan_.schema_version, batch.rows(), reject_))) {
      batch.reject_last(reject_);
    }
  }
  return true;
}

bool bronze_text(const void *plan, std::string_view bytes, std::string &scratch,
                 std::string_view &text) {
  const auto &of = *static_cast<const FeedPlan *>(plan);
  if (of.framed && bytes.starts_with('\0')) { // a text holds no such byte: the JSON alone
    stream::WireMessage message;
    stream::Reject broken;
    if (stream::unwrap(bytes, message, broken) == stream::Framing::broken) {
      return false;
    }
    bytes = message.payload;
  }
  return stream::to_utf8(of.contract.format == Format::csv ? of.contract.csv.encoding
                                                           : stream::Encoding::utf8,
                         bytes, scratch, text);
}

BatchQueue::BatchQueue(BatchReader &reader) : reader_(reader) {
  const SignalsBlocked blocked;
  thread_ = std::thread([this] { run(); });
}

BatchQueue::~BatchQueue() {
  {
    const std::scoped_lock lock(mutex_);
    stop_ = true;
  }
  reader_.abandon();
  changed_.notify_all();
  thread_.join();
}

void BatchQueue::run() {
  try {
    bool more = true;
    while (more) {
      std::unique_ptr<Batch> batch;
      {
        std::unique_lock lock(mutex_);
        changed_.wait(lock, [this] { return !ready_ || stop_; });
        if (stop_) {
          return;
        }
        batch = std::move(spare_);
      }
      if (!batch) {
        batch = std::make_unique<Batch>();
      }
      more = reader_.fill(*batch);
      const std::scoped_lock lock(mutex_);
      ready_ = Item{std::move(batch), !more, reader_.consumed()};
      changed_.notify_all();
    }
  } catch (...) {
    const std::scoped_lock lock(mutex_);
    failure_ = std::current_exception();
    changed_.notify_all();
  }
}

std::optional<BatchQueue::Item> BatchQueue::next() {
  using namespace std::chrono_literals;
  std::unique_lock lock(mutex_);
  if (ended_) {
    return std::nullopt;
  }
  while (!ready_ && !failure_) {
    changed_.wait_for(lock, 100ms);
    check_interrupt();
  }
  if (!ready_) { // what was read before the failure has been handed out
    std::rethrow_exception(failure_);
  }
  std::optional<Item> item = std::exchange(ready_, std::nullopt);
  ended_ = item->last;
  changed_.notify_all();
  return item;
}

void BatchQueue::recycle(std::unique_ptr<Batch> batch) {
  const std::scoped_lock lock(mutex_);
  if (!ended_) {
    spare_ = std::move(batch);
  }
}

} // namespace starhouse::client
