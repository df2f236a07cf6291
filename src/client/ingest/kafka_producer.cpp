#include "client/ingest/kafka_producer.hpp"

#include "client/interrupt.hpp"

#include <array>
#include <utility>

#include <fmt/format.h>
#include <librdkafka/rdkafka.h>

namespace starhouse::client {

using namespace std::chrono_literals;

namespace {
constexpr auto broker_time = 15s;
} // namespace

struct KafkaProducer::Callbacks {
  static void delivery(rd_kafka_t * /*handle*/, const rd_kafka_message_t *message, void *opaque) {
    auto &producer = *static_cast<KafkaProducer *>(opaque);
    if (message->err == RD_KAFKA_RESP_ERR_NO_ERROR) {
      ++producer.delivered_;
    } else if (producer.failure_.empty()) {
      producer.failure_ = fmt::format(
          "a message for topic {} was not delivered: {} ({})", rd_kafka_topic_name(message->rkt),
          rd_kafka_err2str(message->err), rd_kafka_err2name(message->err));
    }
  }
  static void error(rd_kafka_t * /*handle*/, int /*code*/, const char *reason, void *opaque) {
    static_cast<KafkaProducer *>(opaque)->trouble_ = reason;
  }
  static void log(const rd_kafka_t * /*handle*/, int level, const char *facility,
                  const char *text) {
    if (level <= 3) {
      fmt::print(stderr, "starhouse: librdkafka: {}: {}\n", facility, text);
    }
  }
};

void KafkaProducer::Destroy::operator()(rd_kafka_s *handle) const noexcept {
  rd_kafka_destroy(handle);
}
void KafkaProducer::TopicDestroy::operator()(rd_kafka_topic_s *topic) const noexcept {
  rd_kafka_topic_destroy(topic);
}

KafkaProducer::KafkaProducer(KafkaSettings settings) {
  settings.set_default("client.id", "starhouse");
  settings.set_default("enable.idempotence", "true");
  settings.set_default("linger.ms", "20");
  settings.set_default("compression.codec", "lz4");
  settings.set_default("queue.buffering.max.messages", "100000");
  settings.set_default("queue.buffering.max.kbytes", "32768");
  // Of one key, always the partition that Kafka's own clients choose.
  settings.set_default("partitioner", "murmur2_random");
  auto conf = settings.configuration();
  rd_kafka_conf_set_opaque(conf.get(), this);
  rd_kafka_conf_set_dr_msg_cb(conf.get(), Callbacks::delivery);
  rd_kafka_conf_set_error_cb(conf.get(), Callbacks::error);
  rd_kafka_conf_set_log_cb(conf.get(), Callbacks::log);
  std::array<char, 512> message{};
  handle_.reset(rd_kafka_new(RD_KAFKA_PRODUCER, conf.get(), message.data(), message.size()));
  if (!handle_) {
    throw KafkaError(fmt::format("librdkafka: {}", message.data()));
  }
  (void)conf.release(); // the handle's now
  const struct rd_kafka_metadata *metadata = nullptr;
  const std::chrono::milliseconds patience = broker_time;
  const rd_kafka_resp_err_t error =
      rd_kafka_metadata(handle_.get(), 0, nullptr, &metadata, static_cast<int>(patience.count()));
  if (error != RD_KAFKA_RESP_ERR_NO_ERROR) {
    rd_kafka_poll(handle_.get(), 0);
    throw KafkaError(fmt::format("cannot reach the brokers: {}",
                                 trouble_.empty() ? rd_kafka_err2str(error) : trouble_),
                     "--to-kafka names HOST:PORT of one or more of them.");
  }
  rd_kafka_metadata_destroy(metadata);
}

KafkaProducer::~KafkaProducer() {
  rd_kafka_purge(handle_.get(), RD_KAFKA_PURGE_F_QUEUE | RD_KAFKA_PURGE_F_INFLIGHT);
}

KafkaProducer::Topic KafkaProducer::topic(const std::string &name) {
  Topic made(rd_kafka_topic_new(handle_.get(), name.c_str(), nullptr));
  if (!made) {
    throw KafkaError(
        fmt::format("topic \"{}\": {}", name, rd_kafka_err2str(rd_kafka_last_error())));
  }
  return made;
}

void KafkaProducer::send(const Topic &topic, std::string_view key, std::string_view value) {
  while (rd_kafka_produce(topic.get(), RD_KAFKA_PARTITION_UA, RD_KAFKA_MSG_F_COPY,
                          const_cast<char *>(value.data()), // NOLINT: copied, not changed
                          value.size(), key.empty() ? nullptr : key.data(), key.size(),
                          nullptr) != 0) {
    const rd_kafka_resp_err_t error = rd_kafka_last_error();
    if (error != RD_KAFKA_RESP_ERR__QUEUE_FULL) {
      throw KafkaError(fmt::format("topic \"{}\": {} ({})", rd_kafka_topic_name(topic.get()),
                                   rd_kafka_err2str(error), rd_kafka_err2name(error)));
    }
    serve(100ms);
  }
  serve(0ms);
}

void KafkaProducer::serve(std::chrono::milliseconds time) {
  rd_kafka_poll(handle_.get(), static_cast<int>(time.count()));
  check_interrupt();
  if (!failure_.empty()) {
    throw KafkaError(failure_,
                     "What was sent before it is there; the same command sends all anew.");
  }
}

bool KafkaProducer::flush(std::chrono::milliseconds time) {
  const bool whole =
      rd_kafka_flush(handle_.get(), static_cast<int>(time.count())) == RD_KAFKA_RESP_ERR_NO_ERROR;
  if (!failure_.empty()) {
    throw KafkaError(failure_,
                     "What was sent before it is there; the same command sends all anew.");
  }
  return whole;
}

} // namespace starhouse::client
