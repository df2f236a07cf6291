// Takes one topic through a feed, exactly once, until it is told to stop.
//
// The thread that runs here polls the topic and parses; LoadThread commits. What a batch loads and
// where its partitions then stand commit together, so whatever dies, and whenever, is repeated from
// the database's offsets: on an assignment by the group, and after each failure that leaves doubt
// ("restart"). The group's own offsets are only told to the broker for its tools.
#pragma once

#include "client/ingest/breaker.hpp"
#include "client/ingest/kafka.hpp"
#include "client/ingest/load_thread.hpp"
#include "client/ingest/log.hpp"
#include "client/ingest/metrics.hpp"
#include "client/record_parser.hpp"
#include "client/topic_cursor.hpp"
#include "client/warehouse.hpp"
#include "client/wire_reader.hpp"

#include <atomic>
#include <chrono>
#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

namespace starhouse::client {

struct IngestOptions {
  Target target;
  std::string topic;
  // Without a group: these partitions, or all of the topic; nothing: by the group's decision.
  std::optional<std::vector<std::int32_t>> fixed;
  KafkaSettings kafka;
  std::string registry; // of the schemas that messages name; empty: none
  WireReader::Versions schema_ids;
  enum class From { earliest, latest, time };
  From from = From::earliest;
  std::int64_t from_time = 0; // milliseconds since 1970
  std::size_t batch_rows = 50000;
  std::chrono::milliseconds batch_time{250};
  double max_reject_share = 0.5;
  std::chrono::seconds breaker_pause{300};
  bool go_on_after_loss = false;
  bool skip_tombstones = false;
  bool until_end = false;
  std::chrono::seconds stop_time{30};
  std::chrono::seconds report_time{10};
};

class Ingest final : private KafkaListener {
public:
  Ingest(const IngestOptions &options, Log &log, Metrics &metrics);
  ~Ingest() override;

  // Returns after a stop in good order, or at the end of the topic (until_end). Throws Error when
  // it cannot begin or go on.
  void run();

private:
  using Clock = std::chrono::steady_clock;

  struct Partition {
    std::int64_t next = -1;
    std::int64_t epoch = 0;
    bool claimed = false; // otherwise paused, waiting for the database
    bool at_end = false;
    int place = -1; // in the open batch
    int silent = 0; // rounds of wake_stalled() without a message
    int woken = 0;  // by it, since then
  };

  // All that is bound to one reading of the feed's definition.
  struct Session {
    FeedPlan plan;
    RecordParser parser;
    TopicCursor cursor;
    LoadThread loads;
    Session(const IngestOptions &options, FeedPlan feed, WireReader *wire, std::int64_t source_id,
            std::unique_ptr<Connection> connection, LoadThread::Hooks hooks);
  };

  // The database: ingest.cpp.
  void open_session();
  void try_to_open();
  bool with_database(const std::function<void(Connection &)> &work);
  void look_at_source();
  void stop_source(const std::string &reason);

  // The topic: ingest_partitions.cpp.
  Offsets on_assign(const std::vector<std::int32_t> &partitions) override;
  void on_revoke(const std::vector<std::int32_t> &partitions, bool lost) override;
  void on_log(int level, std::string_view facility, std::string_view message) override;
  void on_error(std::string_view name, std::string_view message) override;
  void on_statistics(std::string_view /*json*/) override {}
  void begin();
  void claim(const std::vector<std::int32_t> &partitions);
  Offsets first_offsets(const std::vector<std::int32_t> &fresh);
  void claim_what_waits();
  void wake_stalled(bool idle);
  void check_gap(std::int32_t partition);
  std::vector<std::int32_t> assigned() const;

  void take(KafkaMessage &message);
  void add(Partition &partition, const KafkaMessage &message);
  bool parse(const KafkaMessage &message);
  void wait_for_registry(const Error &error);
  void see_registry();
  bool batch_is_full() const;
  bool batch_is_due() const;
  void hand_over();
  void make_room();
  bool flush(std::chrono::milliseconds time);
  void restart(std::string_view why, std::chrono::milliseconds pause);
  void see_failure();
  void loaded(const Batch &batch, const Counts &counts, double seconds);
  void keep_house(bool idle);
  void report();
  std::int64_t lag() const;
  bool at_end() const;
  void finish();

  const IngestOptions &options_;
  Log &log_;
  Metrics &metrics_;
  std::unique_ptr<KafkaConsumer> consumer_;
  std::unique_ptr<Connection> control_;
  std::int64_t source_id_ = 0;
  std::int32_t known_partitions_ = 0;
  std::unique_ptr<WireReader> wire_; // what it knows of schemas outlives the sessions
  std::unique_ptr<Session> session_;
  std::map<std::int32_t, Partition> partitions_;
  bool ever_assigned_ = false;

  std::unique_ptr<Batch> batch_;
  Clock::time_point batch_began_;
  Clock::time_point no_room_since_;
  bool throttled_ = false;
  bool stopped_ = false; // the source is: nothing is read
  bool stopped_here_ = false;
  Clock::time_point stopped_since_;
  std::string to_restart_; // why, when a restart is due
  Clock::time_point try_database_at_;
  int database_attempts_ = 0;
  Clock::time_point try_registry_at_; // set: nothing is taken until then
  int registry_attempts_ = 0;
  std::int64_t awaits_registry_ = 0; // number of the record
  Clock::time_point claim_at_;
  Clock::time_point wake_at_;
  Clock::time_point look_at_;
  Clock::time_point report_at_;
  std::atomic<bool> breaker_open_{false};
  std::mutex breaker_mutex_;
  Breaker breaker_;
  std::mutex counts_mutex_;
  Counts counts_;
  std::int64_t reported_read_ = 0;
};

} // namespace starhouse::client
