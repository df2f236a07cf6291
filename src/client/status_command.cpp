// starhouse status and starhouse feeds: what a warehouse's feeds are and how they stand.
#include "client/commands.hpp"

#include "client/report.hpp"
#include "client/warehouse.hpp"

#include <algorithm>
#include <array>
#include <memory>
#include <string>
#include <vector>

#include <fmt/format.h>
#include <fmt/ranges.h>

namespace starhouse::client {
namespace {

using Row = std::vector<std::string>;

// Characters a terminal shows: continuation bytes of UTF-8 are none.
std::size_t width_of(std::string_view text) {
  return static_cast<std::size_t>(std::count_if(text.begin(), text.end(), [](char c) {
    return (static_cast<unsigned char>(c) & 0xC0U) != 0x80U;
  }));
}

// The first row is the heading; columns from `numbers` on are right-aligned.
void print_table(const std::vector<Row> &rows, std::size_t numbers) {
  std::vector<std::size_t> widths(rows.front().size());
  for (const Row &row : rows) {
    for (std::size_t i = 0; i < row.size(); ++i) {
      widths[i] = std::max(widths[i], width_of(row[i]));
    }
  }
  for (const Row &row : rows) {
    std::string line;
    for (std::size_t i = 0; i < row.size(); ++i) {
      const std::string padding(widths[i] - width_of(row[i]), ' ');
      line += i >= numbers ? padding + row[i] : row[i] + padding;
      line += "  ";
    }
    line.erase(line.find_last_not_of(' ') + 1);
    fmt::print("{}\n", line);
  }
}

void print_status(const Target &target) {
  Connection connection = connect(target, "starhouse status");
  const std::array<Parameter, 1> warehouse{target.warehouse};
  const Result feeds = connection.query(
      "SELECT feed_name, coalesce(pg_catalog.to_char(last_batch, 'YYYY-MM-DD HH24:MI'), 'never'), "
      "sources, unfinished, records_read, records_loaded, duplicates, rejected, open_rejects FROM "
      "starhouse.feed_status($1)",
      warehouse);
  std::vector<Row> rows{{"feed", "last batch", "sources", "unfinished", "records", "loaded",
                         "duplicates", "rejected", "open rejects"}};
  for (int row = 0; row < feeds.rows(); ++row) {
    Row cells{std::string{feeds.text(row, 0)}, std::string{feeds.text(row, 1)}};
    for (int column = 2; column < 9; ++column) {
      cells.push_back(grouped(feeds.integer(row, column)));
    }
    rows.push_back(std::move(cells));
  }
  print_table(rows, 2);
  const Result unfinished = connection.query(
      "SELECT source_name, feed_name, next_record FROM starhouse.source_status($1) WHERE "
      "finished_at IS NULL",
      warehouse);
  for (int row = 0; row < unfinished.rows(); ++row) {
    fmt::print("unfinished: {} stands at record {}; go on with  starhouse load {} --feed {} {}\n",
               unfinished.text(row, 0), grouped(unfinished.integer(row, 2)),
               sql_identifier(target.warehouse), unfinished.text(row, 1), unfinished.text(row, 0));
  }
}

void list_feeds(Connection &connection, const Target &target) {
  const std::array<Parameter, 1> warehouse{target.warehouse};
  const Result feeds = connection.query(
      "SELECT feed_name, version, coalesce(description, '') FROM starhouse.feed_status($1)",
      warehouse);
  std::vector<Row> rows{{"feed", "version", "description"}};
  for (int row = 0; row < feeds.rows(); ++row) {
    rows.push_back({std::string{feeds.text(row, 0)}, std::string{feeds.text(row, 1)},
                    std::string{feeds.text(row, 2)}});
  }
  print_table(rows, 3);
}

std::string sources_of(const stream::ColumnSpec &column) {
  std::string text;
  for (const stream::SourcePath &path : column.from) {
    text += (text.empty() ? "" : " or ") + path.text;
  }
  return text.empty() ? "computed" : text;
}

std::string rules_of(const stream::ColumnSpec &column) {
  Row rules;
  if (column.required) {
    rules.emplace_back("required");
  }
  if (column.default_text) {
    rules.push_back(fmt::format("default {}", *column.default_text));
  }
  if (column.minimum) {
    rules.push_back(
        fmt::format("{} {}", column.minimum->exclusive ? ">" : ">=", column.minimum->text));
  }
  if (column.maximum) {
    rules.push_back(
        fmt::format("{} {}", column.maximum->exclusive ? "<" : "<=", column.maximum->text));
  }
  if (!column.allowed.empty()) {
    rules.push_back(fmt::format("one of {}", fmt::join(column.allowed, ", ")));
  }
  if (!column.formats.empty()) {
    Row patterns;
    for (const stream::DateFormat &format : column.formats) {
      patterns.push_back(format.pattern());
    }
    rules.push_back(fmt::format("as {}", fmt::join(patterns, " or ")));
  }
  return fmt::format("{}", fmt::join(rules, "; "));
}

void print_feed(Connection &connection, const Target &target) {
  const FeedPlan plan = read_plan(connection, target);
  const stream::Contract &contract = plan.contract;
  fmt::print("feed {} of {}, version {}\n", plan.feed, plan.warehouse, plan.version);
  if (!plan.description.empty()) {
    fmt::print("{}\n", plan.description);
  }
  fmt::print("{}", plan.parameters);
  fmt::print("{}; local times in {}; {} records per transaction; records {}\n\n",
             contract.format == stream::Format::csv
                 ? fmt::format("CSV, delimiter '{}', {}", contract.csv.delimiter,
                               contract.csv.header ? "with header" : "no header")
                 : std::string{"JSON lines"},
             plan.time_zone, grouped(static_cast<std::int64_t>(plan.batch_rows)),
             plan.bronze_table.empty() ? std::string{"not kept"} : "kept in " + plan.bronze_table);
  std::vector<Row> rows{{"column", "type", "from", "rules"}};
  for (const stream::ColumnSpec &column : contract.columns) {
    rows.push_back({column.name, std::string{stream::name_of(column.type)}, sources_of(column),
                    rules_of(column)});
  }
  print_table(rows, 4);
}

} // namespace

void add_status_command(CLI::App &app) {
  auto target = std::make_shared<Target>();
  CLI::App *command = app.add_subcommand("status", "Show how a warehouse's feeds stand");
  command->add_option("warehouse", target->warehouse, "Schema of the warehouse")->required();
  command->add_option("-d,--database", target->conninfo,
                      "Database, key=value pairs or URI (default: libpq's environment)");
  command->callback([target] { print_status(*target); });
}

void add_feeds_command(CLI::App &app) {
  auto target = std::make_shared<Target>();
  CLI::App *command =
      app.add_subcommand("feeds", "List a warehouse's feeds, or show what one of them expects");
  command->add_option("warehouse", target->warehouse, "Schema of the warehouse")->required();
  command->add_option("feed", target->feed, "Feed to show");
  command->add_option("-d,--database", target->conninfo,
                      "Database, key=value pairs or URI (default: libpq's environment)");
  command->callback([target] {
    Connection connection = connect(*target, "starhouse feeds");
    target->feed.empty() ? list_feeds(connection, *target) : print_feed(connection, *target);
  });
}

} // namespace starhouse::client
