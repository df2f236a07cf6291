// The one layer over librdkafka: a consumer of one topic, with the group's decisions as calls of a
// listener. Messages come one by one: the batch API of librdkafka 2.0 delivers to the wrong
// partition around a rebalance.
#pragma once

#include "client/server.hpp"

#include <chrono>
#include <cstdint>
#include <map>
#include <memory>
#include <set>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

struct rd_kafka_s;
struct rd_kafka_conf_s;
struct rd_kafka_message_s;
struct rd_kafka_topic_partition_list_s;

namespace starhouse::client {

// An error of the broker or the library; the message names librdkafka's code.
class KafkaError : public Error {
public:
  KafkaError(std::string message, std::string hint = {})
      : Error(SqlState{"58030"}, std::move(message), std::move(hint)) {}
};

// librdkafka's own property names. A value file:PATH is the file's first line, env:NAME the
// variable's value, so that no secret needs to stand on a command line; none is ever logged.
class KafkaSettings {
public:
  void set(const std::string &name, const std::string &value);
  void set_default(const std::string &name, const std::string &value);
  // "name=value". Throws Error 22023.
  void set_line(const std::string &line);
  // One name=value a line; # begins a comment.
  void read_file(const std::string &path);
  const std::map<std::string, std::string> &all() const noexcept { return values_; }
  std::string get(const std::string &name) const;
  // For a new handle, which takes it over. Throws Error 22023 for what librdkafka does not know or
  // accept; the message never shows a value.
  struct ConfDestroy {
    void operator()(rd_kafka_conf_s *conf) const noexcept;
  };
  std::unique_ptr<rd_kafka_conf_s, ConfDestroy> configuration() const;

private:
  std::map<std::string, std::string> values_;
};

// Topics of the cluster, by name. Throws KafkaError: no broker.
std::set<std::string> kafka_topics(const KafkaSettings &settings,
                                   std::chrono::milliseconds timeout);

struct KafkaMessageDestroy {
  void operator()(rd_kafka_message_s *message) const noexcept;
};

struct KafkaMessage {
  enum class Kind { message, end_of_partition, out_of_range, problem };
  Kind kind = Kind::message;
  std::int32_t partition = -1;
  std::int64_t offset = -1;
  std::string_view payload; // while `owner` lives
  bool tombstone = false;
  std::int64_t schema_version = 0; // as the header "schema-version" says; 0: it does not
  std::int64_t time = -1;          // milliseconds since 1970
  std::string problem;
  std::unique_ptr<rd_kafka_message_s, KafkaMessageDestroy> owner;
};

// A partition and where to read it from.
using Offsets = std::vector<std::pair<std::int32_t, std::int64_t>>;

class KafkaListener {
public:
  virtual ~KafkaListener() = default;
  KafkaListener(const KafkaListener &) = delete;
  KafkaListener &operator=(const KafkaListener &) = delete;

  // The group gave these. Returns where to read each from; an offset below 0: not known yet, the
  // partition is kept paused until reposition().
  virtual Offsets on_assign(const std::vector<std::int32_t> &partitions) = 0;
  // The group takes these back; `lost`: it gave them to others already.
  virtual void on_revoke(const std::vector<std::int32_t> &partitions, bool lost) = 0;
  virtual void on_log(int level, std::string_view facility, std::string_view message) = 0;
  virtual void on_error(std::string_view name, std::string_view message) = 0;
  virtual void on_statistics(std::string_view json) = 0;

protected:
  KafkaListener() = default;
};

class KafkaConsumer {
public:
  // `listener` must outlive the consumer. Throws KafkaError for properties the library refuses.
  KafkaConsumer(const KafkaSettings &settings, std::string topic, KafkaListener &listener);
  ~KafkaConsumer();
  KafkaConsumer(const KafkaConsumer &) = delete;
  KafkaConsumer &operator=(const KafkaConsumer &) = delete;

  // Partitions of the topic. Throws KafkaError: no broker, no such topic.
  int partitions(std::chrono::milliseconds timeout);
  void subscribe();
  // Instead of subscribe(): reads these without a group; an offset below 0 as in on_assign().
  void take(const Offsets &offsets);
  // Leaves the group; on_revoke comes from here too. Messages are not to be polled any more.
  void close();

  // The next message, or nothing within the time. Calls the listener.
  bool poll(std::chrono::milliseconds timeout, KafkaMessage &message);
  // Reads all of `all` from there, `moved` being those whose place changed.
  void reposition(const Offsets &all, const Offsets &moved);
  void pause(const std::vector<std::int32_t> &partitions);
  void resume(const std::vector<std::int32_t> &partitions);
  bool assignment_lost() const noexcept;

  // First offset kept, offset after the last; asks the broker. Throws KafkaError.
  std::pair<std::int64_t, std::int64_t> log_range(std::int32_t partition,
                                                  std::chrono::milliseconds timeout);
  // Where the partition ended when last heard of; -1: not known.
  std::int64_t known_end(std::int32_t partition) const noexcept;
  // First offset at or after the time, the end where there is none. Throws KafkaError.
  Offsets at_time(const std::vector<std::int32_t> &partitions, std::int64_t milliseconds,
                  std::chrono::milliseconds timeout);
  // Where they end; asks the brokers, and leaves out those that have no answer. Throws KafkaError.
  Offsets ends(const std::vector<std::int32_t> &partitions, std::chrono::milliseconds timeout);
  // Tells the broker, for tools that show lag; nothing depends on it.
  void commit_async(const Offsets &offsets) noexcept;

private:
  struct Callbacks;
  struct Destroy {
    void operator()(rd_kafka_s *handle) const noexcept;
  };
  struct ListDestroy {
    void operator()(rd_kafka_topic_partition_list_s *list) const noexcept;
  };
  using List = std::unique_ptr<rd_kafka_topic_partition_list_s, ListDestroy>;
  List list(const std::vector<std::int32_t> &partitions) const;
  List list(const Offsets &offsets) const;
  List look_up(const std::vector<std::int32_t> &partitions, std::int64_t milliseconds,
               std::chrono::milliseconds timeout);
  bool cooperative() const noexcept;

  std::string topic_;
  KafkaListener &listener_;
  std::unique_ptr<rd_kafka_s, Destroy> handle_;
  bool subscribed_ = false;
};

} // namespace starhouse::client
