#include "client/generate/streamflix.hpp"

#include "client/generate/destination.hpp"
#include "client/generate/options.hpp"
#include "core/generate/streamflix.hpp"

#include <cstdint>
#include <memory>
#include <string>

namespace starhouse::client {

namespace {

struct Arguments {
  Destination destination;
  std::uint64_t seed = 42;
  std::uint64_t events = 1'000'000;
  std::string from = "2025-01-01";
  std::string to = "2025-03-31";
  double dirty = 0.01;
};

void run_streamflix(const Arguments &arguments) {
  generate::StreamflixOptions options;
  options.seed = arguments.seed;
  options.events = arguments.events;
  options.from = parse_day(arguments.from);
  options.to = parse_day(arguments.to);
  options.dirty_ppm = parts_per_million(arguments.dirty, "--dirty");
  generate::check(options); // before the folder is touched

  generate_to(arguments.destination, "streamflix", [&](generate::Output &output, const Env &env) {
    return generated_feeds(generate::generate_streamflix(options, output, env).feeds);
  });
}

} // namespace

void add_generate_streamflix(CLI::App &generate) {
  CLI::App *streamflix = generate.add_subcommand(
      "streamflix",
      "A streaming service the world over: titles, users, devices, playbacks, recommendations");
  const auto arguments = std::make_shared<Arguments>();
  add_destination_options(*streamflix, arguments->destination);
  streamflix->add_option("--seed", arguments->seed, "Same seed and options, same bytes")
      ->capture_default_str();
  streamflix->add_option("--events", arguments->events, "Playbacks, about: 1,000 to 1,000,000,000")
      ->capture_default_str();
  streamflix->add_option("--from", arguments->from, "First day (UTC)")->capture_default_str();
  streamflix->add_option("--to", arguments->to, "Last day (UTC)")->capture_default_str();
  streamflix->add_option("--dirty", arguments->dirty, "Share of records with something wrong")
      ->capture_default_str();
  streamflix->callback([arguments] { run_streamflix(*arguments); });
}

} // namespace starhouse::client
