// starhouse: loads files and topics into a warehouse, replays what was rejected, shows the state of
// its feeds.
#include "client/commands.hpp"
#include "client/interrupt.hpp"
#include "core/error.hpp"

#include <fmt/format.h>

#include <cstdio>
#include <exception>
#include <new>

namespace {

using starhouse::client::Exit;
using starhouse::client::Status;

void print_error(const starhouse::Error &error) {
  (void)std::fflush(stdout);
  fmt::print(stderr, "starhouse: error: {}\n", error.message());
  if (!error.detail().empty()) {
    fmt::print(stderr, "  detail: {}\n", error.detail());
  }
  if (!error.hint().empty()) {
    fmt::print(stderr, "  hint: {}\n", error.hint());
  }
}

int run(int argc, char **argv) {
  CLI::App app{"Loads files and Kafka topics into a star-schema warehouse on PostgreSQL.",
               "starhouse"};
  app.set_version_flag("--version,-V", std::string("starhouse ") + STARHOUSE_VERSION);
  app.require_subcommand(1);
  app.footer("Connection settings are libpq's own: PGHOST, PGPORT, PGUSER, PGDATABASE, "
             "PGSERVICE, or -d with a URI or key=value pairs.\n"
             "Exit status: 0 done, 1 error, 2 wrong usage, 3 more rejected rows than allowed.");
  starhouse::client::add_load_command(app);
  starhouse::client::add_ingest_command(app);
  starhouse::client::add_replay_command(app);
  starhouse::client::add_status_command(app);
  starhouse::client::add_feeds_command(app);
  starhouse::client::add_alerts_command(app);
  starhouse::client::add_compact_command(app);
  starhouse::client::add_message_command(app);
  starhouse::client::add_generate_command(app);
  starhouse::client::add_report_command(app);
  app.add_subcommand("version", "Print the version of this program")->callback([] {
    fmt::print("starhouse {}\n", STARHOUSE_VERSION);
  });
  try {
    app.parse(argc, argv);
  } catch (const CLI::ParseError &e) {
    if (e.get_exit_code() == static_cast<int>(CLI::ExitCodes::Success)) { // --help, --version
      return app.exit(e);
    }
    fmt::print(
        stderr,
        "starhouse: error: {}\n"
        "  hint: starhouse --help lists the commands, starhouse COMMAND --help its options\n",
        e.what());
    return static_cast<int>(Status::usage);
  }
  return static_cast<int>(Status::ok);
}

} // namespace

int main(int argc, char **argv) {
  try {
    starhouse::client::install_interrupt_handler();
    return run(argc, argv);
  } catch (const Exit &e) {
    return static_cast<int>(e.status);
  } catch (const starhouse::client::Interrupted &e) {
    return static_cast<int>(e.status);
  } catch (const starhouse::Error &e) {
    print_error(e);
  } catch (const std::bad_alloc &) {
    (void)std::fputs("starhouse: error: out of memory\n", stderr);
  } catch (const std::exception &e) {
    fmt::print(stderr, "starhouse: error: {}\n", e.what());
  }
  return static_cast<int>(Status::error);
}
