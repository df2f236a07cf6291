// starhouse ingest WAREHOUSE --brokers B --feed F: takes a Kafka topic into a warehouse.
#include "client/commands.hpp"

#include "client/ingest/ingest.hpp"
#include "client/parameters.hpp"

#include <algorithm>
#include <array>
#include <charconv>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include <fmt/format.h>

namespace starhouse::client {
namespace {

struct Raw {
  IngestOptions ingest;
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
void set_kafka(Raw &raw, const std::string &database) {
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
  const Target &target = raw.ingest.target;
  if (!raw.group.empty()) {
    kafka.set("group.id", raw.group);
  }
  kafka.set_default("group.id",
                    fmt::format("starhouse.{}.{}.{}", database, target.warehouse, target.feed));
  kafka.set_default("client.id", "starhouse");
  // Offsets are the database's; the broker is told of them after each commit, for its tools.
  kafka.set("enable.auto.commit", "false");
  kafka.set("enable.auto.offset.store", "false");
  kafka.set("auto.offset.reset", "error");
  kafka.set("enable.partition.eof", raw.ingest.until_end ? "true" : "false");
  // Fetch ahead without a pause, but never more than this in memory.
  kafka.set_default("queued.min.messages", "1000000");
  kafka.set_default("queued.max.messages.kbytes", "65536");
  kafka.set_default("fetch.wait.max.ms", "100");
  kafka.set_default("isolation.level", "read_committed");
  kafka.set_default("topic.metadata.refresh.interval.ms", "30000");
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

void run(Raw &raw) {
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
  if (options.topic.empty()) {
    options.topic = options.target.warehouse + "." + options.target.feed;
  }
  {
    Connection connection = connect(options.target);
    set_kafka(raw, connection.database());
    set_start(raw, connection);
  }
  Log log(raw.log_format == "json", raw.quiet);
  Metrics metrics(raw.metrics, {{"warehouse", options.target.warehouse},
                                {"feed", options.target.feed},
                                {"topic", options.topic}});
  Ingest(options, log, metrics).run();
}

} // namespace

void add_ingest_command(CLI::App &app) {
  auto raw = std::make_shared<Raw>();
  IngestOptions &options = raw->ingest;
  CLI::App *command = app.add_subcommand(
      "ingest", "Take a Kafka topic into a warehouse through one of its feeds, every message "
                "exactly once, until stopped");
  command->add_option("warehouse", options.target.warehouse, "Schema of the warehouse")->required();
  command->add_option("-f,--feed", options.target.feed, "Feed to load through")->required();
  command->add_option("-d,--database", options.target.conninfo,
                      "Database, key=value pairs or URI (default: libpq's environment)");
  command->add_option("-b,--brokers", raw->brokers, "HOST:PORT,... of the Kafka cluster");
  command->add_option("-t,--topic", options.topic, "Topic (default: WAREHOUSE.FEED)");
  command->add_option("-g,--group", raw->group,
                      "Consumer group (default: starhouse.DATABASE.WAREHOUSE.FEED)");
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
