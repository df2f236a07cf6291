// Reads a source by a feed's contract into batches. Runs ahead of the server by one batch in a
// thread of its own (BatchQueue), so that parsing costs no waiting where there are two cores.
#pragma once

#include "client/batch.hpp"
#include "client/source.hpp"
#include "client/warehouse.hpp"
#include "core/stream/csv_reader.hpp"
#include "core/stream/line_reader.hpp"
#include "core/stream/message_parser.hpp"

#include <condition_variable>
#include <cstdint>
#include <exception>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <thread>

namespace starhouse::client {

struct BatchLimits {
  std::size_t rows;
  std::size_t bytes = std::size_t{80} << 20U; // payload and tuples together
  // For a server that waits: the first batches are an eighth, a quarter and a half as large, so
  // that it gets something to do while the next one is parsed and sent. Not below 20,000 records,
  // where a batch costs more than it saves.
  bool begin_small = false;
  // Of the source, before decompression; 0: not known. What takes several batches is divided into
  // equal ones then: while a large one is at its steps, a small rest would leave the other session
  // with nothing to do.
  std::uint64_t source_bytes = 0;
};

// Records of a source that are not loaded yet, batch by batch.
class BatchReader {
public:
  // Reads the header, if the contract has one. Throws Error naming file, line and what is wrong.
  BatchReader(const FeedPlan &plan, std::string name, std::unique_ptr<Source> source,
              BatchLimits limits);

  // As read; empty when the feed has none.
  const std::string &header() const noexcept { return header_; }
  const stream::HeaderReport &header_report() const noexcept { return header_report_; }
  void skip_to(std::int64_t record) noexcept { first_ = record; }

  // Fills the batch; false when the source has ended, then the batch may still hold records.
  bool fill(Batch &batch);
  std::uint64_t consumed() const noexcept { return source_->consumed(); }
  void check_unchanged() const { source_->check_unchanged(); }
  // For another thread: fill() ends with Interrupted, at the next bytes at the latest.
  void abandon() noexcept { source_->abandon(); }

private:
  stream::ReadStatus next_record();
  void read_header();
  bool read_records(Batch &batch);
  bool is_even_share(const Batch &batch, std::uint64_t begin) const noexcept;

  const FeedPlan &plan_;
  std::string name_;
  std::unique_ptr<Source> source_;
  BatchLimits limits_;
  stream::MessageParser parser_;
  stream::CsvReader csv_;
  stream::LineReader lines_;
  stream::CsvRecord record_;
  stream::Reject reject_;
  std::string header_;
  std::string scratch_;
  stream::HeaderReport header_report_;
  std::int64_t first_ = 1;
  std::size_t share_; // of the limits: this part of them holds for the next batch
};

// The payload as bronze keeps it: in UTF-8; false for what is no text.
bool bronze_text(const void *plan, std::string_view bytes, std::string &scratch,
                 std::string_view &text);

// One batch ahead. The reader's exceptions come out of next().
class BatchQueue {
public:
  explicit BatchQueue(BatchReader &reader);
  ~BatchQueue();
  BatchQueue(const BatchQueue &) = delete;
  BatchQueue &operator=(const BatchQueue &) = delete;

  struct Item {
    std::unique_ptr<Batch> batch;
    bool last = false;
    std::uint64_t consumed = 0;
  };

  // Nothing after the last. Throws what the reader threw, and Interrupted.
  std::optional<Item> next();
  // Hands a batch back for its buffers.
  void recycle(std::unique_ptr<Batch> batch);

private:
  void run();

  BatchReader &reader_;
  std::mutex mutex_;
  std::condition_variable changed_;
  std::optional<Item> ready_;
  std::unique_ptr<Batch> spare_;
  std::exception_ptr failure_;
  bool ended_ = false;
  bool stop_ = false;
  std::thread thread_;
};

} // namespace starhouse::client
