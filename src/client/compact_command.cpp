// starhouse compact [WAREHOUSE]: compacts rollups every so often, finer ones before those that rest
// on them, each in a transaction of its own.
//
// Compacting changes no answer, so it may be stopped and killed at any point: what was under way is
// rolled back, and the next round does it.
#include "client/commands.hpp"

#include "client/interrupt.hpp"
#include "client/report.hpp"
#include "client/rounds.hpp"
#include "client/warehouse.hpp"

#include <algorithm>
#include <array>
#include <chrono>
#include <cstdint>
#include <cstdio>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include <fmt/format.h>

namespace starhouse::client {
namespace {

using std::chrono::milliseconds;
using std::chrono::steady_clock;

struct Options {
  Target target;
  double interval = 60;
  bool once = false;
  bool json = false;
};

class CompactCommand {
public:
  explicit CompactCommand(const Options &options) : options_(options) {}

  void run() {
    go_round(
        options_.once, connection_, [this] { attach(); }, [this] { round(); });
  }

private:
  void attach();
  void round();
  void compact(const std::string &oid, std::string_view name);
  void print(std::string_view name, std::int64_t folded, std::int64_t recomputed,
             std::int64_t late_rows, milliseconds took) const;

  const Options &options_;
  std::unique_ptr<Connection> connection_;
};

void CompactCommand::attach() {
  if (connection_) {
    return;
  }
  connection_ = std::make_unique<Connection>(connect(options_.target, "starhouse compact"));
  if (!options_.target.warehouse.empty()) {
    const std::array<Parameter, 1> schema{options_.target.warehouse};
    const Result found = connection_->query(
        "SELECT 1 FROM pg_catalog.pg_namespace WHERE nspname = $1::text", schema);
    if (found.rows() == 0) {
      throw Error(SqlState{"3F000"},
                  fmt::format("there is no schema \"{}\" in {}", options_.target.warehouse,
                              connection_->where()),
                  "Leave the name out to compact the rollups of all schemas.");
    }
  }
}

void CompactCommand::round() {
  const auto next = steady_clock::now() + std::chrono::duration_cast<steady_clock::duration>(
                                              std::chrono::duration<double>(options_.interval));
  const std::array<Parameter, 1> schema{
      options_.target.warehouse.empty() ? std::nullopt : Parameter{options_.target.warehouse}};
  const Result rollups = connection_->query(
      "SELECT r.rollup::pg_catalog.oid, r.rollup::text FROM starhouse.rollup AS r JOIN "
      "pg_catalog.pg_class AS c ON c.oid = r.rollup JOIN pg_catalog.pg_namespace AS n ON n.oid = "
      "c.relnamespace WHERE starhouse.scd_owns(r.rolled) AND ($1::text IS NULL OR n.nspname = "
      "$1::text) ORDER BY starhouse.rollup_level(r.rollup), r.rollup::text",
      schema);
  std::optional<ServerError> failure;
  for (int row = 0; row < rollups.rows(); ++row) {
    try {
      compact(std::string{rollups.text(row, 0)}, rollups.text(row, 1));
    } catch (const ServerError &e) {
      if (e.session_lost()) {
        throw;
      }
      // One that fails holds nobody else up, and has its next chance in the next round.
      fmt::print(stderr, "starhouse: rollup {}: {}\n", rollups.text(row, 1), e.message());
      failure = e;
    }
    check_interrupt();
  }
  if (options_.once) {
    if (failure) {
      throw Exit{Status::error};
    }
    return;
  }
  sleep_or_stop(std::max(milliseconds{0},
                         std::chrono::duration_cast<milliseconds>(next - steady_clock::now())));
}

void CompactCommand::compact(const std::string &oid, std::string_view name) {
  const auto began = steady_clock::now();
  const std::array<Parameter, 1> which{oid};
  // One that was dropped since the list was made is none any more: no row.
  const Result done = connection_->query(
      "SELECT c.folded, c.recomputed, c.late_rows FROM starhouse.rollup AS r CROSS JOIN LATERAL "
      "starhouse.rollup_compact(r.rollup) AS c WHERE r.rollup = $1::pg_catalog.oid",
      which);
  if (done.rows() == 1 && (done.integer(0, 0) > 0 || done.integer(0, 1) > 0)) {
    print(name, done.integer(0, 0), done.integer(0, 1), done.integer(0, 2),
          std::chrono::duration_cast<milliseconds>(steady_clock::now() - began));
  }
}

void CompactCommand::print(std::string_view name, std::int64_t folded, std::int64_t recomputed,
                           std::int64_t late_rows, milliseconds took) const {
  if (options_.json) {
    fmt::print("{{\"rollup\":{},\"folded\":{},\"recomputed\":{},\"late_rows\":{},\"ms\":{}}}\n",
               json_string(name), folded, recomputed, late_rows, took.count());
  } else {
    fmt::print("{}: {} deltas folded, {} recomputed, {} rows late, {} ms\n", name, grouped(folded),
               grouped(recomputed), grouped(late_rows), grouped(took.count()));
  }
  (void)std::fflush(stdout);
}

} // namespace

void add_compact_command(CLI::App &app) {
  auto options = std::make_shared<Options>();
  CLI::App *command = app.add_subcommand(
      "compact", "Compact rollups until stopped, each in a transaction of its own");
  command->add_option("warehouse", options->target.warehouse,
                      "Schema whose rollups are compacted (default: all that belong to the user)");
  command->add_option("-d,--database", options->target.conninfo,
                      "Database, key=value pairs or URI (default: libpq's environment)");
  command->add_option("-i,--interval", options->interval, "Seconds between rounds (60)")
      ->check(CLI::Range(0.1, 86400.0));
  command->add_flag("--once", options->once, "One round, and end");
  command->add_flag("--json", options->json, "What was done as lines of JSON");
  command->callback([options] { CompactCommand(*options).run(); });
}

} // namespace starhouse::client
