// starhouse generate shopsmart|quickeats: source files for trying, testing and measuring. generate
// streamflix is in streamflix.cpp.
#include "client/commands.hpp"
#include "client/generate/file_output.hpp"
#include "client/generate/options.hpp"
#include "client/generate/streamflix.hpp"
#include "core/error.hpp"
#include "core/generate/quickeats.hpp"
#include "core/generate/shopsmart.hpp"

#include <fmt/format.h>

#include <chrono>
#include <memory>
#include <string>
#include <vector>

namespace starhouse::client {

namespace {

using generate::ShopsmartOptions;

struct Arguments {
  std::string folder;
  std::uint64_t seed = 42;
  std::uint32_t stores = 120;
  std::string from = "2025-01-01";
  std::string to = "2025-12-31";
  double scale = 1.0;
  double dirty = 0.01;
  std::string time_zone = "Asia/Kolkata";
};

struct QuickeatsArguments {
  std::string folder;
  std::uint64_t seed = 42;
  std::uint32_t cities = 8;
  std::string from = "2025-03-01";
  std::string to = "2025-03-31";
  double scale = 1.0;
  double dirty = 0.01;
};

// What was written, feed by feed.
template <typename Feed>
void report(const FileOutput &output, const std::string &folder,
            std::chrono::steady_clock::time_point start, const std::vector<Feed> &feeds) {
  const std::chrono::duration<double> seconds = std::chrono::steady_clock::now() - start;
  fmt::print("wrote {} files, {:.1f} MB, to {} in {:.1f} s\n", output.files(),
             static_cast<double>(output.bytes()) / 1e6, folder, seconds.count());
  for (const Feed &feed : feeds) {
    fmt::print("  {:<14}{:>5} files {:>9} records", feed.name, feed.files, feed.records);
    if (feed.rejected() > 0 || feed.duplicates() > 0) {
      fmt::print("  {} to be rejected, {} duplicates", feed.rejected(), feed.duplicates());
    }
    fmt::print("\n");
  }
  fmt::print("LOAD_ORDER lists the files in loading order, TRUTH.json what they must add up to.\n");
}

void run_shopsmart(const Arguments &arguments) {
  const auto start = std::chrono::steady_clock::now();
  ShopsmartOptions options;
  options.seed = arguments.seed;
  options.stores = arguments.stores;
  options.from = parse_day(arguments.from);
  options.to = parse_day(arguments.to);
  options.scale_ppm = parts_per_million(arguments.scale, "--scale");
  options.dirty_ppm = parts_per_million(arguments.dirty, "--dirty");
  options.time_zone = arguments.time_zone;
  generate::check(options); // before the folder is touched

  FileOutput output(arguments.folder);
  const generate::Truth truth = generate::generate_shopsmart(options, output, Env{});
  report(output, arguments.folder, start, truth.feeds);
}

void run_quickeats(const QuickeatsArguments &arguments) {
  const auto start = std::chrono::steady_clock::now();
  generate::QuickeatsOptions options;
  options.seed = arguments.seed;
  options.cities = arguments.cities;
  options.from = parse_day(arguments.from);
  options.to = parse_day(arguments.to);
  options.scale_ppm = parts_per_million(arguments.scale, "--scale");
  options.dirty_ppm = parts_per_million(arguments.dirty, "--dirty");
  generate::check(options); // before the folder is touched

  FileOutput output(arguments.folder);
  const generate::QuickeatsTruth truth = generate::generate_quickeats(options, output, Env{});
  report(output, arguments.folder, start, truth.feeds);
}

void add_quickeats(CLI::App &generate) {
  CLI::App *quickeats = generate.add_subcommand(
      "quickeats",
      "Food delivery in Indian cities: orders, payments, drivers' pings, feedback, app");
  const auto arguments = std::make_shared<QuickeatsArguments>();
  quickeats->add_option("--out", arguments->folder, "Folder to write to (made where missing)")
      ->required();
  quickeats->add_option("--seed", arguments->seed, "Same seed and options, same bytes")
      ->capture_default_str();
  quickeats->add_option("--cities", arguments->cities, "Number of cities, 1 to 12")
      ->capture_default_str();
  quickeats->add_option("--from", arguments->from, "First day")->capture_default_str();
  quickeats->add_option("--to", arguments->to, "Last day")->capture_default_str();
  quickeats
      ->add_option("--scale", arguments->scale,
                   "Orders, restaurants and drivers per city; 1 is about 180 orders a day and city")
      ->capture_default_str();
  quickeats->add_option("--dirty", arguments->dirty, "Share of records with something wrong")
      ->capture_default_str();
  quickeats->callback([arguments] { run_quickeats(*arguments); });
}

} // namespace

void add_generate_command(CLI::App &app) {
  CLI::App *generate = app.add_subcommand(
      "generate", "Write source files of a made-up business, for trying and testing");
  generate->require_subcommand(1);
  CLI::App *shopsmart = generate->add_subcommand(
      "shopsmart", "A retail chain in India: stores, online shop, promotions, stock, customers");
  const auto arguments = std::make_shared<Arguments>();
  shopsmart->add_option("--out", arguments->folder, "Folder to write to (made where missing)")
      ->required();
  shopsmart->add_option("--seed", arguments->seed, "Same seed and options, same bytes")
      ->capture_default_str();
  shopsmart->add_option("--stores", arguments->stores, "Number of stores")->capture_default_str();
  shopsmart->add_option("--from", arguments->from, "First day")->capture_default_str();
  shopsmart->add_option("--to", arguments->to, "Last day")->capture_default_str();
  shopsmart
      ->add_option(
          "--scale", arguments->scale,
          "Sales and customers per store; 1 is about a million lines a year for 120 stores")
      ->capture_default_str();
  shopsmart->add_option("--dirty", arguments->dirty, "Share of sales lines with something wrong")
      ->capture_default_str();
  shopsmart
      ->add_option("--time-zone", arguments->time_zone,
                   "Zone of the shops; online orders carry its offset where that never changes")
      ->capture_default_str();
  shopsmart->callback([arguments] { run_shopsmart(*arguments); });
  add_quickeats(*generate);
  add_generate_streamflix(*generate);
}

} // namespace starhouse::client
