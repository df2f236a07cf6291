#include "client/ingest/kafka.hpp"

#include <array>
#include <charconv>
#include <cstdlib>
#include <fstream>

#include <fmt/format.h>
#include <librdkafka/rdkafka.h>

namespace starhouse::client {
namespace {

constexpr SqlState bad_setting{"22023"};
// End of the year 9999. A producer may send any 64 bits as its time.
constexpr std::int64_t latest_time = 253'402'300'799'999;
constexpr const char *brokers_hint =
    "Check --brokers (host:port,...) and, where the cluster wants them, the TLS and SASL "
    "properties (-X).";

std::string trimmed(std::string_view text) {
  constexpr std::string_view blank = " \t\r\n";
  const std::size_t first = text.find_first_not_of(blank);
  if (first == std::string_view::npos) {
    return {};
  }
  return std::string{text.substr(first, text.find_last_not_of(blank) - first + 1)};
}

std::string resolve(const std::string &name, const std::string &value) {
  if (value.starts_with("env:")) {
    const char *found = std::getenv(value.c_str() + 4); // NOLINT(concurrency-mt-unsafe): at start
    if (found == nullptr) {
      throw Error(bad_setting,
                  fmt::format("{}: there is no environment variable {}", name, value.substr(4)));
    }
    return found;
  }
  if (value.starts_with("file:")) {
    std::ifstream file(value.substr(5));
    std::string line;
    if (!std::getline(file, line)) {
      throw Error(bad_setting, fmt::format("{}: cannot read {}", name, value.substr(5)),
                  "Its first line is the value.");
    }
    return trimmed(line);
  }
  return value;
}

std::string reason_of(rd_kafka_resp_err_t error) {
  return fmt::format("{} ({})", rd_kafka_err2str(error), rd_kafka_err2name(error));
}

[[noreturn]] void fail(std::string_view what, rd_kafka_resp_err_t error, std::string hint = {}) {
  throw KafkaError(fmt::format("{}: {}", what, reason_of(error)), std::move(hint));
}

// The header that says which version of the contract a message is of.
std::int64_t schema_version_of(const rd_kafka_message_t &message) {
  rd_kafka_headers_t *headers = nullptr;
  const void *value = nullptr;
  std::size_t size = 0;
  std::int64_t version = 0;
  if (rd_kafka_message_headers(&message, &headers) == RD_KAFKA_RESP_ERR_NO_ERROR &&
      rd_kafka_header_get_last(headers, "schema-version", &value, &size) ==
          RD_KAFKA_RESP_ERR_NO_ERROR) {
    const std::string_view text{static_cast<const char *>(value), size};
    std::from_chars(text.data(), text.data() + text.size(), version); // NOLINT: its interface
  }
  return version;
}

void check(rd_kafka_error_t *error, std::string_view what) {
  if (error != nullptr) {
    const std::string text = rd_kafka_error_string(error);
    rd_kafka_error_destroy(error);
    throw KafkaError(fmt::format("{}: {}", what, text));
  }
}

} // namespace

void KafkaSettings::set(const std::string &name, const std::string &value) {
  values_[name] = resolve(name, value);
}

void KafkaSettings::set_default(const std::string &name, const std::string &value) {
  values_.try_emplace(name, value);
}

void KafkaSettings::set_line(const std::string &line) {
  const std::size_t equals = line.find('=');
  if (equals == std::string::npos || equals == 0) {
    // Not the line itself: it may be a secret.
    throw Error(bad_setting, "a property of librdkafka is not name=value",
                "For example security.protocol=SASL_SSL; the library's documentation lists them.");
  }
  set(trimmed(std::string_view{line}.substr(0, equals)),
      trimmed(std::string_view{line}.substr(equals + 1)));
}

void KafkaSettings::read_file(const std::string &path) {
  std::ifstream file(path);
  if (!file) {
    throw Error(bad_setting, fmt::format("cannot read {}", path),
                "It holds one librdkafka property a line, name=value.");
  }
  for (std::string line; std::getline(file, line);) {
    line = trimmed(line);
    if (!line.empty() && line.front() != '#') {
      set_line(line);
    }
  }
}

std::string KafkaSettings::get(const std::string &name) const {
  const auto at = values_.find(name);
  return at == values_.end() ? std::string{} : at->second;
}

void KafkaSettings::ConfDestroy::operator()(rd_kafka_conf_s *conf) const noexcept {
  rd_kafka_conf_destroy(conf);
}

std::unique_ptr<rd_kafka_conf_s, KafkaSettings::ConfDestroy> KafkaSettings::configuration() const {
  std::array<char, 512> message{};
  std::unique_ptr<rd_kafka_conf_s, ConfDestroy> conf(rd_kafka_conf_new());
  for (const auto &[name, value] : values_) {
    if (rd_kafka_conf_set(conf.get(), name.c_str(), value.c_str(), message.data(),
                          message.size()) != RD_KAFKA_CONF_OK) {
      // The library's message repeats the value, which may be a secret.
      const bool known = std::string_view{message.data()}.find("No such") == std::string_view::npos;
      throw Error(
          bad_setting,
          fmt::format("librdkafka {} {}", known ? "refuses the value of" : "knows no", name),
          fmt::format("This is librdkafka {}; its CONFIGURATION.md lists the properties.",
                      rd_kafka_version_str()));
    }
  }
  return conf;
}

std::set<std::string> kafka_topics(const KafkaSettings &settings,
                                   std::chrono::milliseconds timeout) {
  std::array<char, 512> message{};
  auto conf = settings.configuration();
  rd_kafka_conf_set_log_cb(conf.get(), nullptr);
  const std::unique_ptr<rd_kafka_t, decltype(&rd_kafka_destroy)> handle(
      rd_kafka_new(RD_KAFKA_CONSUMER, conf.get(), message.data(), message.size()),
      rd_kafka_destroy);
  if (!handle) {
    throw KafkaError(fmt::format("librdkafka: {}", message.data()));
  }
  (void)conf.release(); // the handle's now
  const struct rd_kafka_metadata *raw = nullptr;
  if (const auto error =
          rd_kafka_metadata(handle.get(), 1, nullptr, &raw, static_cast<int>(timeout.count()));
      error != RD_KAFKA_RESP_ERR_NO_ERROR) {
    fail("cannot reach the brokers", error, brokers_hint);
  }
  const std::unique_ptr<const struct rd_kafka_metadata, decltype(&rd_kafka_metadata_destroy)>
      metadata(raw, rd_kafka_metadata_destroy);
  std::set<std::string> topics;
  for (int i = 0; i < metadata->topic_cnt; ++i) {
    topics.emplace(metadata->topics[i].topic); // NOLINT: a C array
  }
  return topics;
}

void KafkaMessageDestroy::operator()(rd_kafka_message_s *message) const noexcept {
  rd_kafka_message_destroy(message);
}

struct KafkaConsumer::Callbacks {
  static KafkaListener &listener(void *opaque) {
    return static_cast<KafkaConsumer *>(opaque)->listener_;
  }
  static void rebalance(rd_kafka_t *handle, rd_kafka_resp_err_t error,
                        rd_kafka_topic_partition_list_t *list, void *opaque) {
    auto &consumer = *static_cast<KafkaConsumer *>(opaque);
    const bool cooperative = consumer.cooperative();
    std::vector<std::int32_t> partitions;
    for (int i = 0; i < list->cnt; ++i) {
      partitions.push_back(list->elems[i].partition); // NOLINT: a C array
    }
    if (error != RD_KAFKA_RESP_ERR__ASSIGN_PARTITIONS) {
      consumer.listener_.on_revoke(partitions, rd_kafka_assignment_lost(handle) != 0);
      if (cooperative) {
        rd_kafka_error_destroy(rd_kafka_incremental_unassign(handle, list));
      } else {
        rd_kafka_assign(handle, nullptr);
      }
      return;
    }
    const Offsets offsets = consumer.listener_.on_assign(partitions);
    std::vector<std::int32_t> unknown;
    for (const auto &[partition, offset] : offsets) {
      if (offset < 0) {
        unknown.push_back(partition);
      }
      if (rd_kafka_topic_partition_t *element =
              rd_kafka_topic_partition_list_find(list, consumer.topic_.c_str(), partition)) {
        element->offset = offset < 0 ? RD_KAFKA_OFFSET_END : offset;
      }
    }
    // A pause outlives the time that a partition is another's. Not after the assignment: see
    // reposition().
    consumer.resume(partitions);
    if (cooperative) {
      rd_kafka_error_destroy(rd_kafka_incremental_assign(handle, list));
    } else {
      rd_kafka_assign(handle, list);
    }
    if (!unknown.empty()) {
      consumer.pause(unknown);
    }
  }
  static void log(const rd_kafka_t *handle, int level, const char *facility, const char *text) {
    listener(rd_kafka_opaque(handle)).on_log(level, facility, text);
  }
  static void error(rd_kafka_t * /*handle*/, int code, const char *reason, void *opaque) {
    listener(opaque).on_error(rd_kafka_err2name(static_cast<rd_kafka_resp_err_t>(code)), reason);
  }
  static int statistics(rd_kafka_t * /*handle*/, char *json, std::size_t size, void *opaque) {
    listener(opaque).on_statistics({json, size});
    return 0;
  }
};

void KafkaConsumer::Destroy::operator()(rd_kafka_s *handle) const noexcept {
  rd_kafka_destroy_flags(handle, RD_KAFKA_DESTROY_F_NO_CONSUMER_CLOSE);
}
void KafkaConsumer::ListDestroy::operator()(rd_kafka_topic_partition_list_s *list) const noexcept {
  rd_kafka_topic_partition_list_destroy(list);
}

KafkaConsumer::KafkaConsumer(const KafkaSettings &settings, std::string topic,
                             KafkaListener &listener)
    : topic_(std::move(topic)), listener_(listener) {
  std::array<char, 512> message{};
  auto conf = settings.configuration();
  rd_kafka_conf_set_opaque(conf.get(), this);
  rd_kafka_conf_set_rebalance_cb(conf.get(), Callbacks::rebalance);
  rd_kafka_conf_set_log_cb(conf.get(), Callbacks::log);
  rd_kafka_conf_set_error_cb(conf.get(), Callbacks::error);
  rd_kafka_conf_set_stats_cb(conf.get(), Callbacks::statistics);
  handle_.reset(rd_kafka_new(RD_KAFKA_CONSUMER, conf.get(), message.data(), message.size()));
  if (!handle_) {
    throw KafkaError(fmt::format("librdkafka: {}", message.data()));
  }
  (void)conf.release(); // the handle's now
  rd_kafka_poll_set_consumer(handle_.get());
}

KafkaConsumer::~KafkaConsumer() = default;

KafkaConsumer::List KafkaConsumer::list(const std::vector<std::int32_t> &partitions) const {
  List made(rd_kafka_topic_partition_list_new(static_cast<int>(partitions.size())));
  for (const std::int32_t partition : partitions) {
    rd_kafka_topic_partition_list_add(made.get(), topic_.c_str(), partition);
  }
  return made;
}

KafkaConsumer::List KafkaConsumer::list(const Offsets &offsets) const {
  List made(rd_kafka_topic_partition_list_new(static_cast<int>(offsets.size())));
  for (const auto &[partition, offset] : offsets) {
    rd_kafka_topic_partition_list_add(made.get(), topic_.c_str(), partition)->offset = offset;
  }
  return made;
}

bool KafkaConsumer::cooperative() const noexcept {
  const char *protocol = rd_kafka_rebalance_protocol(handle_.get());
  return protocol != nullptr && std::string_view{protocol} == "COOPERATIVE";
}

int KafkaConsumer::partitions(std::chrono::milliseconds timeout) {
  const struct rd_kafka_metadata *raw = nullptr;
  std::unique_ptr<rd_kafka_topic_t, decltype(&rd_kafka_topic_destroy)> topic(
      rd_kafka_topic_new(handle_.get(), topic_.c_str(), nullptr), rd_kafka_topic_destroy);
  const rd_kafka_resp_err_t error =
      rd_kafka_metadata(handle_.get(), 0, topic.get(), &raw, static_cast<int>(timeout.count()));
  if (error != RD_KAFKA_RESP_ERR_NO_ERROR) {
    fail("cannot reach the brokers", error, brokers_hint);
  }
  const std::unique_ptr<const struct rd_kafka_metadata, decltype(&rd_kafka_metadata_destroy)>
      metadata(raw, rd_kafka_metadata_destroy);
  if (metadata->topic_cnt != 1 || metadata->topics[0].err != RD_KAFKA_RESP_ERR_NO_ERROR ||
      metadata->topics[0].partition_cnt < 1) {
    fail(fmt::format("topic {}", topic_),
         metadata->topic_cnt == 1 ? metadata->topics[0].err
                                  : RD_KAFKA_RESP_ERR_UNKNOWN_TOPIC_OR_PART,
         "Create the topic, or name another with --topic.");
  }
  return metadata->topics[0].partition_cnt;
}

void KafkaConsumer::subscribe() {
  const List topics = list(std::vector<std::int32_t>{RD_KAFKA_PARTITION_UA});
  if (const auto error = rd_kafka_subscribe(handle_.get(), topics.get());
      error != RD_KAFKA_RESP_ERR_NO_ERROR) {
    fail(fmt::format("cannot subscribe to {}", topic_), error);
  }
  subscribed_ = true;
}

void KafkaConsumer::take(const Offsets &offsets) {
  const List partitions = list(offsets);
  std::vector<std::int32_t> unknown;
  for (const auto &[partition, offset] : offsets) {
    if (offset < 0) {
      unknown.push_back(partition);
      rd_kafka_topic_partition_list_set_offset(partitions.get(), topic_.c_str(), partition,
                                               RD_KAFKA_OFFSET_END);
    }
  }
  if (const auto error = rd_kafka_assign(handle_.get(), partitions.get());
      error != RD_KAFKA_RESP_ERR_NO_ERROR) {
    fail("cannot take partitions", error);
  }
  if (!unknown.empty()) {
    pause(unknown);
  }
}

void KafkaConsumer::close() {
  if (subscribed_) {
    subscribed_ = false;
    rd_kafka_consumer_close(handle_.get());
  }
}

bool KafkaConsumer::poll(std::chrono::milliseconds timeout, KafkaMessage &message) {
  rd_kafka_message_t *raw =
      rd_kafka_consumer_poll(handle_.get(), static_cast<int>(timeout.count()));
  if (raw == nullptr) {
    return false;
  }
  message.owner.reset(raw);
  message.partition = raw->partition;
  message.offset = raw->offset;
  message.problem.clear();
  switch (raw->err) {
  case RD_KAFKA_RESP_ERR_NO_ERROR:
    message.kind = KafkaMessage::Kind::message;
    message.payload = {static_cast<const char *>(raw->payload), raw->len};
    message.tombstone = raw->payload == nullptr;
    message.schema_version = schema_version_of(*raw);
    {
      rd_kafka_timestamp_type_t type = RD_KAFKA_TIMESTAMP_NOT_AVAILABLE;
      const std::int64_t time = rd_kafka_message_timestamp(raw, &type);
      const bool is_time = type != RD_KAFKA_TIMESTAMP_NOT_AVAILABLE && time <= latest_time;
      message.time = is_time ? time : -1;
    }
    break;
  case RD_KAFKA_RESP_ERR__PARTITION_EOF:
    message.kind = KafkaMessage::Kind::end_of_partition;
    break;
  case RD_KAFKA_RESP_ERR__AUTO_OFFSET_RESET:
  case RD_KAFKA_RESP_ERR_OFFSET_OUT_OF_RANGE:
    message.kind = KafkaMessage::Kind::out_of_range;
    message.problem = rd_kafka_message_errstr(raw);
    break;
  default:
    message.kind = KafkaMessage::Kind::problem;
    message.problem =
        fmt::format("{} ({})", rd_kafka_message_errstr(raw), rd_kafka_err2name(raw->err));
  }
  return true;
}

void KafkaConsumer::reposition(const Offsets &all, const Offsets &moved) {
  const List list_of_moved = list(moved);
  std::vector<std::int32_t> partitions;
  for (const auto &[partition, offset] : moved) {
    partitions.push_back(partition);
  }
  // An assignment begins to be read in the library's own thread. A resume() at that moment may be
  // taken for older than that, and be dropped with nobody told (librdkafka's issue 5591), so it
  // comes before. What is fetched in between is never delivered: the assignment makes it outdated.
  if (cooperative()) {
    check(rd_kafka_incremental_unassign(handle_.get(), list_of_moved.get()), "reposition");
    resume(partitions);
    check(rd_kafka_incremental_assign(handle_.get(), list_of_moved.get()), "reposition");
    return;
  }
  resume(partitions);
  if (const auto error = rd_kafka_assign(handle_.get(), list(all).get());
      error != RD_KAFKA_RESP_ERR_NO_ERROR) {
    fail("reposition", error);
  }
}

void KafkaConsumer::pause(const std::vector<std::int32_t> &partitions) {
  rd_kafka_pause_partitions(handle_.get(), list(partitions).get());
}
void KafkaConsumer::resume(const std::vector<std::int32_t> &partitions) {
  rd_kafka_resume_partitions(handle_.get(), list(partitions).get());
}
bool KafkaConsumer::assignment_lost() const noexcept {
  return rd_kafka_assignment_lost(handle_.get()) != 0;
}

std::pair<std::int64_t, std::int64_t> KafkaConsumer::log_range(std::int32_t partition,
                                                               std::chrono::milliseconds timeout) {
  std::int64_t low = 0;
  std::int64_t high = 0;
  const rd_kafka_resp_err_t error = rd_kafka_query_watermark_offsets(
      handle_.get(), topic_.c_str(), partition, &low, &high, static_cast<int>(timeout.count()));
  if (error != RD_KAFKA_RESP_ERR_NO_ERROR) {
    fail(fmt::format("offsets of {}, partition {}", topic_, partition), error);
  }
  return {low, high};
}

std::int64_t KafkaConsumer::known_end(std::int32_t partition) const noexcept {
  std::int64_t low = -1;
  std::int64_t high = -1;
  rd_kafka_get_watermark_offsets(handle_.get(), topic_.c_str(), partition, &low, &high);
  return high;
}

// Each partition's first offset at or after the time; -1 is the end.
KafkaConsumer::List KafkaConsumer::look_up(const std::vector<std::int32_t> &partitions,
                                           std::int64_t milliseconds,
                                           std::chrono::milliseconds timeout) {
  Offsets wanted;
  for (const std::int32_t partition : partitions) {
    wanted.emplace_back(partition, milliseconds);
  }
  List found = list(wanted);
  if (const auto error =
          rd_kafka_offsets_for_times(handle_.get(), found.get(), static_cast<int>(timeout.count()));
      error != RD_KAFKA_RESP_ERR_NO_ERROR) {
    fail(fmt::format("offsets of {} by time", topic_), error);
  }
  return found;
}

Offsets KafkaConsumer::at_time(const std::vector<std::int32_t> &partitions,
                               std::int64_t milliseconds, std::chrono::milliseconds timeout) {
  const List found = look_up(partitions, milliseconds, timeout);
  Offsets offsets;
  for (int i = 0; i < found->cnt; ++i) {
    const rd_kafka_topic_partition_t &element = found->elems[i]; // NOLINT: a C array
    if (element.err != RD_KAFKA_RESP_ERR_NO_ERROR) {
      fail(fmt::format("offset of {}, partition {} by time", topic_, element.partition),
           element.err);
    }
    offsets.emplace_back(element.partition, element.offset >= 0
                                                ? element.offset
                                                : log_range(element.partition, timeout).second);
  }
  return offsets;
}

Offsets KafkaConsumer::ends(const std::vector<std::int32_t> &partitions,
                            std::chrono::milliseconds timeout) {
  const List found = look_up(partitions, RD_KAFKA_OFFSET_END, timeout);
  Offsets offsets;
  for (int i = 0; i < found->cnt; ++i) {
    const rd_kafka_topic_partition_t &element = found->elems[i]; // NOLINT: a C array
    if (element.err == RD_KAFKA_RESP_ERR_NO_ERROR && element.offset >= 0) {
      offsets.emplace_back(element.partition, element.offset);
    }
  }
  return offsets;
}

void KafkaConsumer::commit_async(const Offsets &offsets) noexcept {
  rd_kafka_commit(handle_.get(), list(offsets).get(), 1);
}

} // namespace starhouse::client
