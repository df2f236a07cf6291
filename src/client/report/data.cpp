#include "client/report/data.hpp"

#include "client/report.hpp"

#include <array>
#include <map>
#include <string_view>

#include <fmt/format.h>

namespace starhouse::client::report {
namespace {

// More rows than this no reader looks at; the page says that there are more.
constexpr int most_rows = 2000;

struct Country {
  const char *currency;
  const char *locale;
};
// Where the warehouse's country says how numbers are written. Others: no symbol, digits in groups
// of three.
const std::map<std::string_view, Country> countries{
    {"IN", {"INR", "en-IN"}}, {"US", {"USD", "en-US"}}, {"GB", {"GBP", "en-GB"}},
    {"DE", {"EUR", "de-DE"}}, {"FR", {"EUR", "fr-FR"}}, {"AU", {"AUD", "en-AU"}},
    {"CA", {"CAD", "en-CA"}}, {"JP", {"JPY", "ja-JP"}}, {"BR", {"BRL", "pt-BR"}}};

class Json {
public:
  Json &key(std::string_view name) {
    separate();
    text_ += json_string(name);
    text_ += ':';
    first_ = true;
    return *this;
  }
  void text(std::string_view value) { raw(json_string(value)); }
  void raw(std::string_view value) {
    separate();
    text_ += value;
    first_ = false;
  }
  void open(char bracket) {
    separate();
    text_ += bracket;
    first_ = true;
  }
  void close(char bracket) {
    text_ += bracket;
    first_ = false;
  }

  // No '<' can end the script element or begin a comment in it.
  std::string in_script() const {
    std::string safe;
    safe.reserve(text_.size());
    for (const char c : text_) {
      c == '<' ? safe += "\\u003c" : safe += c;
    }
    return safe;
  }

private:
  void separate() {
    if (!first_) {
      text_ += ',';
    }
  }
  std::string text_;
  bool first_ = true;
};

// The rows as a JSON array of objects whose keys stand in the order of the columns.
std::string rows_of(Connection &connection, const Card &card) {
  const Result result = connection.query(fmt::format(
      "SELECT coalesce(pg_catalog.json_agg(report_row), '[]')::text FROM (SELECT * FROM "
      "(\n{}\n) AS report_card LIMIT {}) AS report_row",
      card.sql, most_rows + 1));
  return std::string{result.text(0, 0)};
}

void write_card(Json &json, const Card &card) {
  json.key("kind").text(card.kind);
  json.key("title").text(card.title);
  json.key("unit").text(card.unit);
  json.key("source").text(card.source);
  json.key("note").text(card.note);
  json.key("empty").text(card.empty);
  json.key("told").text(card.told);
}

void add_card(Connection &connection, Json &json, const Card &card, Data &data) {
  json.open('{');
  write_card(json, card);
  connection.query("SAVEPOINT report_card");
  try {
    const std::string rows = rows_of(connection, card);
    data.empty += rows == "[]" ? 1 : 0;
    json.key("rows").raw(rows);
    connection.query("RELEASE SAVEPOINT report_card");
  } catch (const ServerError &error) {
    if (error.session_lost() && error.state() != "57014") { // not by a statement that took too long
      throw;
    }
    connection.query("ROLLBACK TO SAVEPOINT report_card");
    data.failures.push_back(fmt::format("{}: {} ({})", card.title, error.what(), error.state()));
    json.key("error").text(fmt::format("{} ({})", error.what(), error.state()));
  }
  ++data.cards;
  json.close('}');
}

// Whatever the warehouse: how fresh and how clean is what the report shows? Of its parts those that
// the reader may see: a BI role has the reports, not the feeds' tables.
Section pipeline_section(Connection &connection, const std::string &warehouse) {
  Section section{"Freshness and data quality", {}};
  const std::array<Parameter, 1> name{sql_identifier(warehouse)};
  const Result may = connection.query(
      "SELECT coalesce(pg_catalog.has_table_privilege(pg_catalog.to_regclass($1 || "
      "'.kpi_freshness'), 'SELECT'), false)::int, (SELECT coalesce(pg_catalog.bool_and(coalesce("
      "pg_catalog.has_table_privilege(pg_catalog.to_regclass($1 || '.' || t), 'SELECT'), false)), "
      "false) FROM pg_catalog.unnest('{feed,load_source,batch_log,quarantine}'::text[]) t)::int",
      name);
  if (may.integer(0, 0) != 0) {
    Card fresh;
    fresh.kind = "table";
    fresh.title = "How fresh the reports are";
    fresh.source = "kpi_freshness";
    fresh.note = "Reports that share their facts stand in one row.";
    fresh.empty = "No report depends on facts.";
    fresh.sql = "SELECT CASE WHEN is_stale THEN 'stale: ' || coalesce(reason, 'too old') ELSE "
                "'fresh' END AS "
                "\"state\", newest_event AS \"newest event\", loaded_at AS \"loaded\", count(*) AS "
                "\"reports\", "
                "string_agg(kpi, ', ' ORDER BY kpi) AS \"which\" FROM kpi_freshness GROUP BY "
                "is_stale, reason, "
                "newest_event, loaded_at ORDER BY is_stale DESC, count(*) DESC, 2";
    section.cards.push_back(std::move(fresh));
  }
  if (may.integer(0, 1) != 0) {
    Card feeds;
    feeds.kind = "table";
    feeds.title = "Feeds";
    feeds.source = "starhouse.feed_status";
    feeds.note =
        "Rejected records wait in quarantine with their reason; open ones are in no figure.";
    feeds.empty = "This warehouse has no feeds.";
    feeds.sql = "SELECT feed_name AS \"feed\", last_batch AS \"last batch\", records_read AS "
                "\"records\", records_loaded AS \"loaded\", duplicates, rejected, open_rejects AS "
                "\"open rejects\" FROM starhouse.feed_status(" +
                sql_literal(warehouse) + ") ORDER BY last_batch DESC NULLS LAST, feed_name";
    section.cards.push_back(std::move(feeds));
  }
  return section;
}

} // namespace

std::string kind_of(Connection &connection, const std::string &warehouse) {
  const std::array<Parameter, 1> name{warehouse};
  const Result found =
      connection.query("SELECT kind FROM starhouse.warehouses WHERE schema_name = $1", name);
  if (found.rows() == 0) {
    const Result all = connection.query(
        "SELECT coalesce(pg_catalog.string_agg(schema_name, ', '), '') FROM starhouse.warehouses");
    const std::string names{all.text(0, 0)};
    throw Error(SqlState{"3F000"},
                fmt::format("there is no warehouse \"{}\" in {}", warehouse, connection.where()),
                names.empty() ? "There is none that you may read: SELECT "
                                "starhouse.create_warehouse('shopsmart') makes one."
                              : fmt::format("There are: {}.", names));
  }
  return std::string{found.text(0, 0)};
}

Data collect(Connection &connection, const Definition &definition, const Options &options) {
  Transaction transaction(connection);
  connection.query("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ, READ ONLY");
  const std::array<Parameter, 1> path{sql_identifier(options.warehouse) +
                                      ", starhouse, pg_catalog"};
  connection.query("SELECT pg_catalog.set_config('search_path', $1, true)", path);
  connection.query(fmt::format("SET LOCAL statement_timeout = '{} s'", options.patience.count()));
  // What a short report pays for compilation it does not get back.
  connection.query("SET LOCAL jit = off");
  // Has the server load the extension's library, which plans star scans.
  connection.query("SELECT starhouse.version()");
  const std::array<Parameter, 1> name{options.warehouse};
  const Result about = connection.query(
      "SELECT kind, coalesce(country, ''), time_zone, pg_catalog.to_char(pg_catalog.now() AT TIME "
      "ZONE time_zone, 'YYYY-MM-DD HH24:MI') FROM starhouse.warehouses WHERE schema_name = $1",
      name);
  connection.query(fmt::format("SET LOCAL timezone = {}", sql_literal(about.text(0, 2))));
  const auto country = countries.find(about.text(0, 1));
  const Country home = country == countries.end() ? Country{"", "en-US"} : country->second;

  Data data;
  Json json;
  json.open('{');
  json.key("title").text(definition.title);
  json.key("warehouse").text(options.warehouse);
  json.key("kind").text(about.text(0, 0));
  json.key("timeZone").text(about.text(0, 2));
  json.key("madeAt").text(about.text(0, 3));
  json.key("currency").text(options.currency.empty() ? home.currency : options.currency);
  json.key("locale").text(options.locale.empty() ? home.locale : options.locale);
  json.key("mostRows").raw(fmt::format("{}", most_rows));
  json.key("sections").open('[');
  std::vector<Section> sections = definition.sections;
  sections.push_back(pipeline_section(connection, options.warehouse));
  for (const Section &section : sections) {
    json.open('{');
    json.key("title").text(section.title);
    json.key("cards").open('[');
    for (const Card &card : section.cards) {
      add_card(connection, json, card, data);
    }
    json.close(']');
    json.close('}');
  }
  json.close(']');
  json.close('}');
  transaction.commit();
  data.json = json.in_script();
  return data;
}

} // namespace starhouse::client::report
