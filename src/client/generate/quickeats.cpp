#include "client/generate/quickeats.hpp"

#include "client/generate/destination.hpp"
#include "client/generate/options.hpp"
#include "core/generate/quickeats.hpp"

#include <cstdint>
#include <memory>
#include <string>

namespace starhouse::client {

namespace {

struct Arguments {
  Destination destination;
  std::uint64_t seed = 42;
  std::uint32_t cities = 8;
  std::string from = "2025-03-01";
  std::string to = "2025-03-31";
  double scale = 1.0;
  double dirty = 0.01;
};

void run_quickeats(const Arguments &arguments) {
  generate::QuickeatsOptions options;
  options.seed = arguments.seed;
  options.cities = arguments.cities;
  options.from = parse_day(arguments.from);
  options.to = parse_day(arguments.to);
  options.scale_ppm = parts_per_million(arguments.scale, "--scale");
  options.dirty_ppm = parts_per_million(arguments.dirty, "--dirty");
  generate::check(options); // before the folder is touched

  generate_to(arguments.destination, "quickeats", [&](generate::Output &output, const Env &env) {
    return generated_feeds(generate::generate_quickeats(options, output, env).feeds);
  });
}

} // namespace

void add_generate_quickeats(CLI::App &generate) {
  CLI::App *quickeats = generate.add_subcommand(
      "quickeats",
      "Food delivery in Indian cities: orders, payments, drivers' pings, feedback, app");
  const auto arguments = std::make_shared<Arguments>();
  add_destination_options(*quickeats, arguments->destination);
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

} // namespace starhouse::client
