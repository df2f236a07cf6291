#include "client/generate/streamflix.hpp"

#include "client/generate/file_output.hpp"
#include "client/generate/options.hpp"
#include "client/generate/report.hpp"
#include "core/generate/streamflix.hpp"

#include <chrono>
#include <cstdint>
#include <memory>
#include <string>

namespace starhouse::client {

namespace {

struct Arguments {
  std::string folder;
  std::uint64_t seed = 42;
  std::uint64_t events = 1'000'000;
  std::string from = "2025-01-01";
  std::string to = "2025-03-31";
  double dirty = 0.01;
};

void run_streamflix(const Arguments &arguments) {
  const auto start = std::chrono::steady_clock::now();
  generate::StreamflixOptions options;
  options.seed = arguments.seed;
  options.events = arguments.events;
  options.from = parse_day(arguments.from);
  options.to = parse_day(arguments.to);
  options.dirty_ppm = parts_per_million(arguments.dirty, "--dirty");
  generate::check(options); // before the folder is touched

  FileOutput output(arguments.folder);
  const generate::StreamflixTruth truth = generate::generate_streamflix(options, output, Env{});
  report_generated(output, arguments.folder, start, truth.feeds);
}

} // namespace

void add_generate_streamflix(CLI::App &generate) {
  CLI::App *streamflix = generate.add_subcommand(
      "streamflix",
      "A streaming service the world over: titles, users, devices, playbacks, recommendations");
  const auto arguments = std::make_shared<Arguments>();
  streamflix->add_option("--out", arguments->folder, "Folder to write to (made where missing)")
      ->required();
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
