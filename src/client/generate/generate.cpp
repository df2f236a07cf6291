// starhouse generate shopsmart: source files for trying, testing and measuring. The other kinds
// have files of their own.
#include "client/commands.hpp"
#include "client/generate/destination.hpp"
#include "client/generate/options.hpp"
#include "client/generate/quickeats.hpp"
#include "client/generate/streamflix.hpp"
#include "core/error.hpp"
#include "core/generate/shopsmart.hpp"

#include <memory>
#include <string>

namespace starhouse::client {

namespace {

using generate::ShopsmartOptions;

struct Arguments {
  Destination destination;
  std::uint64_t seed = 42;
  std::uint32_t stores = 120;
  std::string from = "2025-01-01";
  std::string to = "2025-12-31";
  double scale = 1.0;
  double dirty = 0.01;
  std::string time_zone = "Asia/Kolkata";
};

void run_shopsmart(const Arguments &arguments) {
  ShopsmartOptions options;
  options.seed = arguments.seed;
  options.stores = arguments.stores;
  options.from = parse_day(arguments.from);
  options.to = parse_day(arguments.to);
  options.scale_ppm = parts_per_million(arguments.scale, "--scale");
  options.dirty_ppm = parts_per_million(arguments.dirty, "--dirty");
  options.time_zone = arguments.time_zone;
  generate::check(options); // before the folder is touched

  generate_to(arguments.destination, "shopsmart", [&](generate::Output &output, const Env &env) {
    return generated_feeds(generate::generate_shopsmart(options, output, env).feeds);
  });
}

} // namespace

void add_generate_command(CLI::App &app) {
  CLI::App *generate = app.add_subcommand(
      "generate", "Write source files of a made-up business, for trying and testing");
  generate->require_subcommand(1);
  CLI::App *shopsmart = generate->add_subcommand(
      "shopsmart", "A retail chain in India: stores, online shop, promotions, stock, customers");
  const auto arguments = std::make_shared<Arguments>();
  add_destination_options(*shopsmart, arguments->destination);
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
  add_generate_quickeats(*generate);
  add_generate_streamflix(*generate);
}

} // namespace starhouse::client
