// starhouse replay WAREHOUSE --feed F: loads quarantined records again, by the feed as it is now.
//
// Each record keeps its source and number, so whatever the feed's steps derive from them comes out
// as if the record had been right the first time. Records that are rejected again stay open, with
// the new reason.
#include "client/commands.hpp"

#include "client/lane.hpp"
#include "client/record_parser.hpp"
#include "client/report.hpp"
#include "client/retry.hpp"

#include <algorithm>
#include <array>
#include <memory>
#include <string>
#include <vector>

#include <fmt/format.h>

namespace starhouse::client {
namespace {

struct Options {
  Target target;
  std::string since;
  std::string registry;
  std::vector<std::string> schema_ids;
};

struct Quarantined {
  std::int64_t record_no;
  std::int64_t line_no;
  std::string payload;
};

struct Totals {
  std::int64_t read = 0;
  std::int64_t resolved = 0;
  std::int64_t still_rejected = 0;
};

int hex_digit(char c) {
  if (c >= '0' && c <= '9') {
    return c - '0';
  }
  return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

std::string from_hex(std::string_view hex) {
  std::string bytes;
  bytes.reserve(hex.size() / 2);
  for (std::size_t i = 0; i + 1 < hex.size(); i += 2) {
    bytes += static_cast<char>(hex_digit(hex[i]) * 16 + hex_digit(hex[i + 1]));
  }
  return bytes;
}

class ReplayCommand {
public:
  explicit ReplayCommand(const Options &options)
      : options_(options), connection_(connect(options.target, "starhouse replay")),
        plan_(read_plan(connection_, options.target)) {
    if (!options.registry.empty()) {
      wire_ = std::make_unique<WireReader>(options.registry,
                                           WireReader::parse_versions(options.schema_ids));
    }
  }

  void run() {
    const Totals totals = replay_sources();
    if (totals.read == 0) {
      fmt::print("nothing to replay: no open rejects of feed {} in {}{}\n", plan_.feed,
                 plan_.warehouse, options_.since.empty() ? "" : " since " + options_.since);
      return;
    }
    fmt::print("{}, feed {}: {} records replayed, {} loaded, {} rejected again\n", plan_.warehouse,
               plan_.feed, grouped(totals.read), grouped(totals.resolved),
               grouped(totals.still_rejected));
    if (totals.still_rejected > 0) {
      fmt::print(
          "  why:  SELECT column_name, value, reason FROM {}.quarantine WHERE feed_name = {} "
          "AND resolved_at IS NULL;\n",
          sql_identifier(plan_.warehouse), sql_literal(plan_.feed));
    }
  }

private:
  Totals replay_sources();
  std::vector<Quarantined> fetch(std::int64_t source, std::int64_t after);
  void replay(std::int64_t source, RecordParser &parser, const std::vector<Quarantined> &records,
              Totals &totals);
  void run_transaction(std::int64_t source, const Batch &batch, Totals &totals);

  const Options &options_;
  Connection connection_;
  FeedPlan plan_;
  std::unique_ptr<WireReader> wire_;
};

Totals ReplayCommand::replay_sources() {
  const std::array<Parameter, 2> which{
      plan_.feed, options_.since.empty() ? Parameter{} : Parameter{options_.since}};
  const std::string schema = plan_.quarantine_table.substr(0, plan_.quarantine_table.rfind('.'));
  const Result sources = connection_.query(
      fmt::format("SELECT DISTINCT q.source_id, coalesce(l.header, '') FROM {0}.quarantine q JOIN "
                  "{0}.load_source l USING (source_id) WHERE q.feed_name = $1 AND q.resolved_at IS "
                  "NULL AND q.record_no IS NOT NULL AND ($2::timestamptz IS NULL OR q.rejected_at "
                  ">= $2) ORDER BY 1",
                  schema),
      which);
  Totals totals;
  for (int row = 0; row < sources.rows(); ++row) {
    const std::int64_t source = sources.integer(row, 0);
    RecordParser parser(plan_, std::string{sources.text(row, 1)}, wire_.get());
    std::int64_t after = 0;
    for (std::vector<Quarantined> records = fetch(source, after); !records.empty();
         records = fetch(source, after)) {
      after = records.back().record_no;
      replay(source, parser, records, totals);
    }
  }
  return totals;
}

// A page of open rejects, of at most 16 MB.
std::vector<Quarantined> ReplayCommand::fetch(std::int64_t source, std::int64_t after) {
  const std::array<Parameter, 4> which{plan_.feed, std::to_string(source), std::to_string(after),
                                       options_.since.empty() ? Parameter{}
                                                              : Parameter{options_.since}};
  const Result result = connection_.query(
      fmt::format(
          "SELECT record_no, line_no, pg_catalog.encode(payload, 'hex') FROM (SELECT record_no, "
          "line_no, payload, pg_catalog.sum(pg_catalog.length(payload)) OVER (ORDER BY record_no) "
          "- pg_catalog.length(payload) AS before FROM (SELECT DISTINCT ON (record_no) * FROM {} "
          "WHERE feed_name = $1 AND source_id = $2 AND record_no > $3 AND resolved_at IS NULL AND "
          "payload IS NOT NULL AND ($4::timestamptz IS NULL OR rejected_at >= $4) ORDER BY "
          "record_no LIMIT 10000) p) q WHERE before < 16777216 ORDER BY record_no",
          plan_.quarantine_table),
      which);
  std::vector<Quarantined> records;
  records.reserve(static_cast<std::size_t>(result.rows()));
  for (int row = 0; row < result.rows(); ++row) {
    records.push_back({result.integer(row, 0), result.maybe_integer(row, 1).value_or(0),
                       from_hex(result.text(row, 2))});
  }
  return records;
}

void ReplayCommand::replay(std::int64_t source, RecordParser &parser,
                           const std::vector<Quarantined> &records, Totals &totals) {
  Batch batch;
  for (const Quarantined &record : records) {
    parser.parse(record.record_no, record.line_no, record.payload, batch);
  }
  for (int attempt = 0;; ++attempt) {
    try {
      run_transaction(source, batch, totals);
      return;
    } catch (const ServerError &e) {
      if (e.data_error() && records.size() > 1) {
        const auto middle = records.begin() + static_cast<std::ptrdiff_t>(records.size() / 2);
        replay(source, parser, {records.begin(), middle}, totals);
        replay(source, parser, {middle, records.end()}, totals);
        return;
      }
      if (e.data_error() && batch.record(0).reject < 0) {
        batch.reject(0, e);
        run_transaction(source, batch, totals);
        return;
      }
      if (!e.transient() || e.error_class() == "08" || e.error_class() == "57" ||
          !Retry{}.back_off(attempt)) {
        throw;
      }
    }
  }
}

void ReplayCommand::run_transaction(std::int64_t source, const Batch &batch, Totals &totals) {
  const Batch::Range all{0, batch.size()};
  const std::string source_id = std::to_string(source);
  std::string numbers{"{"};
  for (std::size_t i = 0; i < batch.size(); ++i) {
    numbers += fmt::format("{}{}", i > 0 ? "," : "", batch.record(i).number);
  }
  numbers += '}';
  Transaction transaction(connection_);
  // Two replays at once: the second waits here and then finds the records resolved.
  const std::array<Parameter, 3> locked{plan_.feed, source_id, numbers};
  const Result open = connection_.query(
      fmt::format("SELECT 1 FROM {} WHERE feed_name = $1 AND source_id = $2 AND record_no = ANY "
                  "($3::bigint[]) AND resolved_at IS NULL ORDER BY quarantine_id FOR UPDATE",
                  plan_.quarantine_table),
      locked);
  if (open.rows() < static_cast<int>(batch.size())) {
    throw Error(SqlState{"55000"}, "another replay of these records got ahead of this one",
                "Nothing was lost or doubled; repeat the command for what is still open.");
  }
  const std::array<Parameter, 3> begin{plan_.warehouse, plan_.feed, source_id};
  const std::int64_t batch_id =
      connection_.query("SELECT starhouse.batch_begin($1, $2, $3, NULL, NULL)", begin)
          .integer(0, 0);
  batch.send_rows(connection_, all);
  if (batch.rejected(all) > 0) {
    send_rejects(connection_, plan_, batch, all, source_id, batch_id);
  }
  const std::array<Parameter, 5> finish{plan_.warehouse, plan_.feed, std::to_string(batch_id),
                                        std::to_string(batch.size()),
                                        std::to_string(batch.rejected(all))};
  connection_.query("SELECT starhouse.batch_finish($1, $2, $3, NULL, $4, $5)", finish);
  const std::array<Parameter, 5> resolve{plan_.warehouse, plan_.feed, source_id,
                                         std::to_string(batch_id), numbers};
  const Result result = connection_.query(
      "SELECT resolved, still_rejected FROM starhouse.replay_finish($1, $2, $3, $4, $5)", resolve);
  transaction.commit();
  totals.read += static_cast<std::int64_t>(batch.size());
  totals.resolved += result.integer(0, 0);
  totals.still_rejected += result.integer(0, 1);
}

} // namespace

void add_replay_command(CLI::App &app) {
  auto options = std::make_shared<Options>();
  CLI::App *command = app.add_subcommand(
      "replay", "Load quarantined records again, after the feed or the master data were mended");
  command->add_option("warehouse", options->target.warehouse, "Schema of the warehouse")
      ->required();
  command->add_option("-f,--feed", options->target.feed, "Feed that rejected them")->required();
  command
      ->add_option("--schema-version", options->target.schema_version,
                   "Version of the feed's contract that the records are of (default: what each "
                   "says, else the newest)")
      ->check(CLI::PositiveNumber);
  command->add_option(
      "--schema-registry", options->registry,
      "Schema registry (http:// or https://), or a directory of <id>.json files, for "
      "messages in Confluent's wire format");
  command
      ->add_option("--schema-id", options->schema_ids,
                   "ID=VERSION: messages of that registered schema are of that version of the "
                   "feed's contract")
      ->allow_extra_args(false);
  command->add_option("--since", options->since, "Only what was rejected at or after this time");
  command->add_option("-d,--database", options->target.conninfo,
                      "Database, key=value pairs or URI (default: libpq's environment)");
  command->callback([options] { ReplayCommand(*options).run(); });
}

} // namespace starhouse::client
