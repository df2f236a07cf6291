// starhouse ingest WAREHOUSE --brokers B --feed F: takes a Kafka topic into a warehouse.
#include "client/commands.hpp"

#include "client/ingest/feeds.hpp"
#include "client/parameters.hpp"
#include "client/report.hpp"

#include <algorithm>
#include <array>
#include <charconv>
#include <map>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include <fmt/format.h>

#ifdef __GLIBC__
#include <malloc.h>
#endif

namespace starhouse::client {
namespace {

constexpr std::size_t most_fetched_kb = 65536;

struct Raw {
  IngestOptions ingest; // what the feeds have in common
  std::vector<std::string> feeds;
  bool all_feeds = false;
  std::vector<std::string> topics;
  std::vector<std::string> schema_ids;
  std::string brokers;
  std::string group;
  std::string partitions;
  std::string from = "earliest";
  std::vector<std::string> properties;
  std::string kafka_config;
  std::vector<std::string> settings;
  std::string max_reject_rate = "50%";
  std::string on_data_loss = "stop";
  std::string tombstones = "reject";
  std::string log_format = "text";
  std::string metrics;
  std::int64_t batch_ms = 250;
  std::int64_t breaker_pause = 300;
  std::int64_t stop_time = 30;
  std::int64_t report_time = 10;
  bool quiet = false;
};

double parse_share(const std::string &text) {
  double value = 0;
  const char *const end = text.data() + text.size(); // NOLINT: pointers are from_chars' interface
  const auto parsed = std::from_chars(text.data(), end, value);
  if (parsed.ec != std::errc{} || parsed.ptr + 1 != end || *parsed.ptr != '%' || value < 0 ||
      value > 100) {
    throw CLI::ValidationError("--max-reject-rate",
                               fmt::format("\"{}\" is no share such as 20%", text));
  }
  return value / 100;
}

std::optional<std::vector<std::int32_t>> parse_partitions(const std::string &text) {
  if (text.empty()) {
    return std::nullopt;
  }
  std::vector<std::int32_t> partitions;
  if (text == "all") {
    return partitions;
  }
  const char *at = text.data();
  const char *const end = at + text.size(); // NOLINT: pointers are from_chars' interface
  while (true) {
    std::int32_t number = -1;
    const auto parsed = std::from_chars(at, end, number);
    if (parsed.ec != std::errc{} || number < 0 || (parsed.ptr < end && *parsed.ptr != ',')) {
      throw CLI::ValidationError(
          "--partitions", fmt::format("\"{}\" is neither all nor a list such as 0,1,2", text));
    }
    partitions.push_back(number);
    if (parsed.ptr == end) {
      break;
    }
    at = parsed.ptr + 1; // NOLINT: as above
  }
  std::sort(partitions.begin(), partitions.end());
  partitions.erase(std::unique(partitions.begin(), partitions.end()), partitions.end());
  return partitions;
}

// What librdkafka is told unless the user says otherwise.
void set_kafka(Raw &raw) {
  KafkaSettings &kafka = raw.ingest.kafka;
  if (!raw.kafka_config.empty()) {
    kafka.read_file(raw.kafka_config);
  }
  for (const std::string &property : raw.properties) {
    kafka.set_line(property);
  }
  if (!raw.brokers.empty()) {
    kafka.set("bootstrap.servers", raw.brokers);
  }
  if (kafka.get("bootstrap.servers").empty()) {
    throw CLI::RequiredError("--brokers");
  }
  if (!raw.group.empty()) {
    kafka.set("group.id", raw.group);
  }
  kafka.set_default("client.id", "starhouse");
  // Offsets are the database's; the broker is told of them after each commit, for its tools.
  kafka.set("enable.auto.commit", "false");
  kafka.set("enable.auto.offset.store", "false");
  kafka.set("auto.offset.reset", "error");
  kafka.set("enable.partition.eof", raw.ingest.until_end ? "true" : "false");
  // Fetch ahead without a pause; set_feed() says how much may be in memory.
  kafka.set_default("queued.min.messages", "1000000");
  kafka.set_default("fetch.wait.max.ms", "100");
  kafka.set_default("isolation.level", "read_committed");
  kafka.set_default("topic.metadata.refresh.interval.ms", "30000");
}

// What --topic says: TOPIC of the only feed, or FEED=TOPIC of each.
std::map<std::string, std::string> parse_topics(const Raw &raw) {
  std::map<std::string, std::string> topics;
  for (const std::string &text : raw.topics) {
    const std::size_t equals = text.find('=');
    if (equals == std::string::npos && (raw.all_feeds || raw.feeds.size() != 1)) {
      throw CLI::ValidationError("--topic",
                                 fmt::format("\"{}\": with several feeds write FEED=TOPIC", text));
    }
    const std::string feed =
        equals == std::string::npos ? raw.feeds.front() : text.substr(0, equals);
    topics[feed] = equals == std::string::npos ? text : text.substr(equals + 1);
  }
  return topics;
}

// Feeds that have a topic: the one they were read from last, or WAREHOUSE.FEED.
std::vector<IngestOptions> feeds_with_topics(Raw &raw, Connection &connection,
                                             const std::map<std::string, std::string> &topics) {
  const Target &target = raw.ingest.target;
  const std::array<Parameter, 1> warehouse{target.warehouse};
  connection.query("SELECT starhouse.pipeline_check($1)", warehouse);
  const Result known = connection.query(fmt::format(
      "SELECT f.feed_name, (SELECT pg_catalog.substr(l.fingerprint, 7) FROM {0}.load_source l "
      "WHERE l.feed_name = f.feed_name AND l.kind = 'topic' ORDER BY l.source_id DESC LIMIT 1) "
      "FROM {0}.feed f ORDER BY 1",
      sql_identifier(target.warehouse)));
  const std::set<std::string> there = kafka_topics(raw.ingest.kafka, std::chrono::seconds{15});
  std::vector<IngestOptions> feeds;
  for (int row = 0; row < known.rows(); ++row) {
    IngestOptions options = raw.ingest;
    options.target.feed = std::string{known.text(row, 0)};
    const auto named = topics.find(options.target.feed);
    options.topic = named != topics.end()
                        ? named->second
                        : known.text_or(row, 1, target.warehouse + "." + options.target.feed);
    if (there.contains(options.topic)) {
      feeds.push_back(std::move(options));
    }
  }
  if (feeds.empty()) {
    throw Error(SqlState{"42704"},
                fmt::format("no feed of {} has a topic on these brokers", target.warehouse),
                "A feed's topic is called WAREHOUSE.FEED, or --topic FEED=TOPIC names it.");
  }
  return feeds;
}

std::vector<IngestOptions> named_feeds(const Raw &raw, Connection &connection,
                                       const std::map<std::string, std::string> &topics) {
  std::vector<IngestOptions> feeds;
  for (const std::string &feed : raw.feeds) {
    IngestOptions options = raw.ingest;
    options.target.feed = feed;
    const auto named = topics.find(feed);
    options.topic = named != topics.end() ? named->second : options.target.warehouse + "." + feed;
    const std::array<Parameter, 2> which{options.target.warehouse, feed};
    connection.query("SELECT starhouse.feed_get($1, $2)", which);
    feeds.push_back(std::move(options));
  }
  return feeds;
}

// What a feed has of its own. Groups are per feed: one that subscribed to several topics would
// rebalance them all whenever one feed restarts.
void set_feed(const Raw &raw, const std::string &database, std::size_t feeds,
              IngestOptions &options) {
  KafkaSettings &kafka = options.kafka;
  if (!raw.group.empty() && feeds > 1) {
    kafka.set("group.id", raw.group + "." + options.target.feed);
  }
  kafka.set_default("group.id", fmt::format("starhouse.{}.{}.{}", database,
                                            options.target.warehouse, options.target.feed));
  kafka.set_default("queued.max.messages.kbytes",
                    std::to_string(std::max<std::size_t>(8192, most_fetched_kb / feeds)));
}

void set_start(Raw &raw, Connection &connection) {
  if (raw.from == "earliest") {
    raw.ingest.from = IngestOptions::From::earliest;
  } else if (raw.from == "latest") {
    raw.ingest.from = IngestOptions::From::latest;
  } else {
    const std::array<Parameter, 1> text{raw.from};
    raw.ingest.from = IngestOptions::From::time;
    raw.ingest.from_time =
        connection
            .query("SELECT pg_catalog.floor(extract(epoch FROM $1::timestamptz) * 1000)::bigint",
                   text)
            .integer(0, 0);
  }
}

// Fetches and batches of megabytes come and go for as long as the program runs: what they took is
// kept for the next ones, instead of being given back and cleared by the kernel anew each time.
void keep_memory() {
#ifdef __GLIBC__
  mallopt(M_MMAP_THRESHOLD, 32 * 1024 * 1024);
  mallopt(M_TRIM_THRESHOLD, 128 * 1024 * 1024);
#endif
}

void run(Raw &raw) {
  keep_memory();
  IngestOptions &options = raw.ingest;
  options.target.application = "starhouse ingest";
  options.target.parameters = parameters_of(raw.settings);
  options.fixed = parse_partitions(raw.partitions);
  options.max_reject_share = parse_share(raw.max_reject_rate);
  options.go_on_after_loss = raw.on_data_loss == "continue";
  options.skip_tombstones = raw.tombstones == "skip";
  options.batch_time = std::chrono::milliseconds{raw.batch_ms};
  options.breaker_pause = std::chrono::seconds{raw.breaker_pause};
  options.stop_time = std::chrono::seconds{raw.stop_time};
  options.report_time = std::chrono::seconds{raw.report_time};
  options.schema_ids = WireReader::parse_versions(raw.schema_ids);
  if (options.registry.empty() && !options.schema_ids.empty()) {
    throw CLI::RequiredError("--schema-registry");
  }
  if (raw.all_feeds != raw.feeds.empty()) {
    throw CLI::ValidationError("--feed", "name feeds, or take --all-feeds");
  }
  std::sort(raw.feeds.begin(), raw.feeds.end());
  raw.feeds.erase(std::unique(raw.feeds.begin(), raw.feeds.end()), raw.feeds.end());
  const std::map<std::string, std::string> topics = parse_topics(raw);
  std::vector<IngestOptions> feeds;
  {
    Connection connection = connect(options.target);
    set_kafka(raw);
    set_start(raw, connection);
    feeds = raw.all_feeds ? feeds_with_topics(raw, connection, topics)
                          : named_feeds(raw, connection, topics);
    for (IngestOptions &feed : feeds) {
      set_feed(raw, connection.database(), feeds.size(), feed);
    }
  }
  const Log log(raw.log_format == "json", raw.quiet);
  MetricsPage page(raw.metrics);
  run_feeds(feeds, log, page);
}

} // namespace

void add_ingest_command(CLI::App &app) {
  auto raw = std::make_shared<Raw>();
  IngestOptions &options = raw->ingest;
  CLI::App *command = app.add_subcommand(
      "ingest", "Take a Kafka topic into a warehouse through one of its feeds, every message "
                "exactly once, until stopped");
  command->add_option("warehouse", options.target.warehouse, "Schema of the warehouse")->required();
  command->add_option("-f,--feed", raw->feeds, "Feed to load through; several may be named")
      ->allow_extra_args(false);
  command->add_flag("--all-feeds", raw->all_feeds,
                    "All feeds of the warehouse whose topic the brokers have");
  command->add_option("-d,--database", options.target.conninfo,
                      "Database, key=value pairs or URI (default: libpq's environment)");
  command->add_option("-b,--brokers", raw->brokers, "HOST:PORT,... of the Kafka cluster");
  command
      ->add_option("-t,--topic", raw->topics,
                   "Topic (default: WAREHOUSE.FEED); of several feeds FEED=TOPIC")
      ->allow_extra_args(false);
  command->add_option(
      "-g,--group", raw->group,
      "Consumer group (default: starhouse.DATABASE.WAREHOUSE.FEED); of several feeds "
      "GROUP.FEED");
  command->add_option("--partitions", raw->partitions,
                      "Read all partitions, or a list such as 0,1,2, without a group");
  command->add_option("--from", raw->from,
                      "Where partitions begin that were never read: earliest, latest or a time");
  command
      ->add_option("-X,--property", raw->properties,
                   "NAME=VALUE: any property of librdkafka; a value file:PATH or env:NAME is read "
                   "from there")
      ->allow_extra_args(false);
  command->add_option("--kafka-config", raw->kafka_config,
                      "File of such properties, NAME=VALUE a line");
  command->add_option(
      "--schema-registry", options.registry,
      "Schema registry (http:// or https://), or a directory of <id>.json files, for "
      "messages in Confluent's wire format");
  command
      ->add_option("--schema-id", raw->schema_ids,
                   "ID=VERSION: messages of that registered schema are of that version of the "
                   "feed's contract (default: the version with the same schema)")
      ->allow_extra_args(false);
  command->add_option("-s,--set", raw->settings, "NAME=VALUE: a parameter of the feed")
      ->allow_extra_args(false);
  command->add_option("--batch-rows", options.batch_rows, "Most records per transaction")
      ->capture_default_str()
      ->check(CLI::Range(1, 10000000));
  command->add_option("--batch-ms", raw->batch_ms, "Longest wait for a transaction to fill")
      ->capture_default_str()
      ->check(CLI::Range(1, 600000));
  command
      ->add_option("--max-reject-rate", raw->max_reject_rate,
                   "Stop the source when more of the latest 10,000 records are rejected; 100% "
                   "never stops it")
      ->capture_default_str();
  command
      ->add_option("--stop-seconds", raw->breaker_pause,
                   "A source stopped by its client is tried again after so long; 0: only "
                   "starhouse.resume_source lets it go on")
      ->capture_default_str()
      ->check(CLI::NonNegativeNumber);
  command
      ->add_option("--on-data-loss", raw->on_data_loss,
                   "When offsets are gone from the log unread: stop, or continue after the gap")
      ->capture_default_str()
      ->check(CLI::IsMember({"stop", "continue"}));
  command
      ->add_option("--tombstones", raw->tombstones,
                   "Messages without a value: reject them (quarantine) or skip them")
      ->capture_default_str()
      ->check(CLI::IsMember({"reject", "skip"}));
  command->add_flag("--until-end", options.until_end,
                    "Stop at the end of the topic; status 3 if the source was stopped before");
  command
      ->add_option("--flush-seconds", raw->stop_time,
                   "Longest wait for open batches on SIGTERM and Ctrl-C")
      ->capture_default_str()
      ->check(CLI::NonNegativeNumber);
  command->add_option("--report-seconds", raw->report_time, "Time between progress lines")
      ->capture_default_str()
      ->check(CLI::PositiveNumber);
  command->add_option("--log-format", raw->log_format, "text or json")
      ->capture_default_str()
      ->check(CLI::IsMember({"text", "json"}));
  command->add_option("--metrics", raw->metrics,
                      "HOST:PORT (or :PORT, on the loopback interface) to serve Prometheus at");
  command->add_flag("-q,--quiet", raw->quiet, "Warnings and errors only");
  command->callback([raw] { run(*raw); });
}

} // namespace starhouse::client
