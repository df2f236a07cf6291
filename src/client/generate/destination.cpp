#include "client/generate/destination.hpp"

#include "client/interrupt.hpp"

#include <algorithm>
#include <chrono>
#include <cstdint>

#include <fmt/format.h>

namespace starhouse::client {

using namespace std::chrono_literals;

namespace {

constexpr auto delivery_time = 60s; // at the end; librdkafka itself gives a message five minutes
constexpr auto stop_time = 10s;

double since(std::chrono::steady_clock::time_point start) {
  return std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count();
}

void report_files(const FileOutput &files, const Destination &destination, double seconds,
                  const std::vector<GeneratedFeed> &feeds, const TopicOutput *topics) {
  fmt::print("wrote {} files, {:.1f} MB, to {} in {:.1f} s\n", files.files(),
             static_cast<double>(files.bytes()) / 1e6, destination.folder, seconds);
  for (const GeneratedFeed &feed : feeds) {
    const auto sent = [&](const auto &other) { return other->name == feed.name; };
    if (topics != nullptr && std::any_of(topics->feeds().begin(), topics->feeds().end(), sent)) {
      continue;
    }
    fmt::print("  {:<16}{:>5} files {:>9} records", feed.name, feed.files, feed.records);
    if (feed.rejected > 0 || feed.duplicates > 0) {
      fmt::print("  {} to be rejected, {} duplicates", feed.rejected, feed.duplicates);
    }
    fmt::print("\n");
  }
  fmt::print(
      "LOAD_ORDER lists the files in loading order, TRUTH.json what they must add up to{}.\n",
      topics == nullptr ? "" : ", with what was sent");
}

void report_topics(const TopicOutput &topics, const Destination &destination, double seconds) {
  std::uint64_t messages = 0;
  std::uint64_t bytes = 0;
  for (const auto &feed : topics.feeds()) {
    messages += feed->messages;
    bytes += feed->bytes;
  }
  fmt::print("sent {} messages, {:.1f} MB, to {} in {:.1f} s\n", messages,
             static_cast<double>(bytes) / 1e6, destination.brokers, seconds);
  for (const auto &feed : topics.feeds()) {
    fmt::print("  {:<16}{:>9} messages  topic {}\n", feed->name, feed->messages, feed->topic);
  }
  if (!topics.left_out().empty()) {
    fmt::print("left out: {} CSV files of master data ({}, ...); --out FOLDER writes them\n",
               topics.left_out().size(), topics.left_out().front());
  }
}

KafkaSettings settings_of(const Destination &destination) {
  KafkaSettings settings;
  if (!destination.kafka_config.empty()) {
    settings.read_file(destination.kafka_config);
  }
  for (const std::string &property : destination.properties) {
    settings.set_line(property);
  }
  settings.set("bootstrap.servers", destination.brokers);
  return settings;
}

} // namespace

void add_destination_options(CLI::App &command, Destination &destination) {
  command.add_option("--out", destination.folder, "Folder to write to (made where missing)");
  CLI::Option *const kafka = command.add_option(
      "--to-kafka", destination.brokers,
      "HOST:PORT,...: send the events (feeds of JSON lines) to topics of these brokers instead, in "
      "the order of their time; with --out, the master data goes there");
  command
      .add_option("--topic-prefix", destination.prefix,
                  "Topic of a feed: PREFIX and its name (default: the kind and a dot)")
      ->needs(kafka);
  command
      .add_option("--rate", destination.rate,
                  "Messages a second; 0: as fast as the brokers take them")
      ->needs(kafka)
      ->check(CLI::NonNegativeNumber)
      ->capture_default_str();
  command
      .add_option("-X,--property", destination.properties,
                  "NAME=VALUE: any property of librdkafka; a value file:PATH or env:NAME is read "
                  "from there")
      ->needs(kafka)
      ->allow_extra_args(false);
  command
      .add_option("--kafka-config", destination.kafka_config,
                  "File of such properties, NAME=VALUE a line")
      ->needs(kafka);
}

void generate_to(
    const Destination &destination, std::string_view kind,
    const std::function<std::vector<GeneratedFeed>(generate::Output &, const Env &)> &generate) {
  if (destination.folder.empty() && destination.brokers.empty()) {
    throw CLI::RequiredError("--out or --to-kafka");
  }
  const auto start = std::chrono::steady_clock::now();
  std::optional<KafkaProducer> producer; // reached before the folder is touched
  if (!destination.brokers.empty()) {
    producer.emplace(settings_of(destination));
  }
  std::optional<FileOutput> files;
  if (!destination.folder.empty()) {
    files.emplace(destination.folder);
  }
  std::optional<TopicOutput> topics;
  if (producer) {
    topics.emplace(*producer, destination.prefix.value_or(std::string{kind} + '.'),
                   destination.rate, files ? &*files : nullptr);
  }
  Env env;
  env.cancel_requested = interrupted;
  std::vector<GeneratedFeed> feeds;
  bool stopped = false;
  try {
    feeds = generate(topics ? static_cast<generate::Output &>(*topics) : *files, env);
  } catch (const Cancelled &) {
    stopped = true;
  } catch (const Interrupted &) {
    stopped = true;
  }
  if (topics) {
    if (!producer->flush(stopped ? stop_time : delivery_time)) {
      throw KafkaError("the brokers have not taken all messages within a minute");
    }
    report_topics(*topics, destination, since(start));
  }
  if (stopped) {
    check_interrupt();
  }
  if (files) {
    report_files(*files, destination, since(start), feeds, topics ? &*topics : nullptr);
  }
}

} // namespace starhouse::client
