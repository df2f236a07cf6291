// The producing side of librdkafka: messages to any topics, each once and in order per key
// (idempotent), with a bounded queue.
#pragma once

#include "client/ingest/kafka.hpp"

#include <chrono>
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>

struct rd_kafka_topic_s;

namespace starhouse::client {

class KafkaProducer {
public:
  // Throws KafkaError when no broker answers within 15 s.
  explicit KafkaProducer(KafkaSettings settings);
  ~KafkaProducer();
  KafkaProducer(const KafkaProducer &) = delete;
  KafkaProducer &operator=(const KafkaProducer &) = delete;

  struct TopicDestroy {
    void operator()(rd_kafka_topic_s *topic) const noexcept;
  };
  using Topic = std::unique_ptr<rd_kafka_topic_s, TopicDestroy>; // must not outlive the producer
  Topic topic(const std::string &name);

  // Copies the message into the queue; waits while that is full. Messages of one key go to one
  // partition, in order; without a key, anywhere. Throws KafkaError when this or an earlier message
  // could not be delivered, and Interrupted.
  void send(const Topic &topic, std::string_view key, std::string_view value);
  // Lets callbacks run for so long. Throws as send().
  void serve(std::chrono::milliseconds time);
  // Waits until everything is delivered; false: not within the time.
  bool flush(std::chrono::milliseconds time);

  std::uint64_t delivered() const noexcept { return delivered_; }

private:
  struct Callbacks;
  struct Destroy {
    void operator()(rd_kafka_s *handle) const noexcept;
  };
  std::unique_ptr<rd_kafka_s, Destroy> handle_;
  std::uint64_t delivered_ = 0;
  std::string failure_; // of a message
  std::string trouble_; // what the library said last
};

} // namespace starhouse::client
