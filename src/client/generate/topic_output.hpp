// Generated records as messages of Kafka topics, one topic a feed.
//
// What the generators write as JSON lines is sent; their CSV files, which hold the master data, go
// on to another output or nowhere. The files of a day are open at once, so their records are held
// until all are closed and sent in the order of the events' own time: what comes out is a stream,
// whatever the order in which the generator thought of it. No more than `most_held` bytes are held;
// a larger day is sent in several such runs. Key of a message is the record's first value (order,
// driver, ...), so that what is about one stays in order.
#pragma once

#include "client/ingest/kafka_producer.hpp"
#include "core/generate/output.hpp"

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <map>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

namespace starhouse::client {

class TopicOutput final : public generate::Output {
public:
  static constexpr std::size_t most_held = std::size_t{64} << 20U;

  struct Feed {
    std::string name;
    std::string topic;
    std::uint64_t messages = 0;
    std::uint64_t bytes = 0;
    KafkaProducer::Topic handle;
  };

  // `rate`: messages a second, 0 as fast as they are taken. `others`: where other files go, or
  // null.
  TopicOutput(KafkaProducer &producer, std::string prefix, double rate, generate::Output *others);

  std::unique_ptr<generate::OutputFile> create(std::string_view path,
                                               std::string_view feed) override;

  const std::vector<std::unique_ptr<Feed>> &feeds() const noexcept { return feeds_; }
  // Files that went nowhere.
  const std::vector<std::string> &left_out() const noexcept { return left_out_; }

private:
  class File;
  struct Record {
    std::int64_t moment;
    std::size_t begin;
    std::size_t size;
    Feed *feed;
  };

  Feed &feed(std::string_view name);
  void add(Feed &feed, std::int64_t moment, std::string_view record);
  void send();
  void wait_for_turn();

  KafkaProducer &producer_;
  std::string prefix_;
  double rate_;
  generate::Output *others_;
  std::vector<std::unique_ptr<Feed>> feeds_;
  std::vector<std::string> left_out_;
  int open_ = 0;
  std::string held_;
  std::vector<Record> records_;
  std::uint64_t sent_ = 0;
  std::chrono::steady_clock::time_point began_;
};

// The first moment in the record, YYYY-MM-DD and a time behind it, as a number that sorts like it;
// -1 where there is none.
std::int64_t moment_of(std::string_view record) noexcept;
// The first value of a JSON object, without quotes; empty where there is none.
std::string_view first_value(std::string_view record) noexcept;

} // namespace starhouse::client
