#include "client/warehouse.hpp"

#include <array>
#include <charconv>
#include <string_view>

#include <fmt/format.h>
#include <simdjson.h>

namespace starhouse::client {
namespace {

constexpr SqlState feature_not_supported{"0A000"};
constexpr SqlState undefined_object{"42704"};

std::vector<int> numbers_of(std::string_view version) {
  std::vector<int> numbers;
  const char *at = version.data();
  const char *const end = at + version.size(); // NOLINT: pointers are from_chars' interface
  while (at < end) {
    int number = 0;
    const auto parsed = std::from_chars(at, end, number);
    if (parsed.ec != std::errc{}) {
      break;
    }
    numbers.push_back(number);
    at = parsed.ptr < end && *parsed.ptr == '.' ? parsed.ptr + 1 : end; // NOLINT: as above
  }
  return numbers;
}

void check_server(Connection &connection) {
  if (connection.server_version() < 150000) {
    throw Error(feature_not_supported,
                fmt::format("the server is PostgreSQL {}; starhouse needs 15 or newer",
                            connection.server_version() / 10000),
                fmt::format("This is {}. Upgrade it, or connect to another server with -d.",
                            connection.where()));
  }
  const Result extension = connection.query(
      "SELECT e.extversion, (SELECT default_version FROM pg_catalog.pg_available_extensions WHERE "
      "name = 'starhouse') FROM (VALUES (1)) one LEFT JOIN pg_catalog.pg_extension e ON e.extname "
      "= 'starhouse'");
  if (extension.is_null(0, 0)) {
    throw Error(undefined_object,
                fmt::format("the extension starhouse is not in {}", connection.where()),
                extension.is_null(0, 1)
                    ? "It is not installed on that server either: make install there, then CREATE "
                      "EXTENSION starhouse as a superuser. Or is this the wrong database (-d)?"
                    : "A superuser runs CREATE EXTENSION starhouse once. Or is this the wrong "
                      "database (-d)?");
  }
  const std::string version{extension.text(0, 0)};
  if (numbers_of(version) < numbers_of(STARHOUSE_VERSION)) {
    throw Error(feature_not_supported,
                fmt::format("the extension in {} is {}, older than this program ({})",
                            connection.where(), version, STARHOUSE_VERSION),
                "Its owner runs ALTER EXTENSION starhouse UPDATE (after make install of the newer "
                "version on that server).");
  }
}

calendar::ZoneTable zone_of(std::string_view json) {
  simdjson::dom::parser parser;
  std::vector<calendar::ZoneTransition> transitions;
  simdjson::dom::array rows;
  bool good = parser.parse(simdjson::padded_string(json)).get(rows) == simdjson::SUCCESS;
  for (const simdjson::dom::element row : rows) {
    std::int64_t at = 0;
    std::int64_t offset = 0;
    good = good && row.at(0).get(at) == simdjson::SUCCESS &&
           row.at(1).get(offset) == simdjson::SUCCESS;
    transitions.push_back({at, static_cast<std::int32_t>(offset)});
  }
  if (!good) {
    throw Error(sqlstate::internal_error, "the server's time zone table cannot be read");
  }
  return calendar::ZoneTable(std::move(transitions));
}

} // namespace

Connection connect(const Target &target, const char *application_name) {
  Connection connection(target.conninfo, application_name);
  check_server(connection);
  // A user's settings stay, unless larger buffers help; a server notices within seconds that its
  // client is gone, so that a killed load can be repeated at once.
  connection.query("SELECT pg_catalog.set_config('DateStyle', 'ISO, YMD', false), "
                   "pg_catalog.set_config('IntervalStyle', 'postgres', false), "
                   "pg_catalog.set_config('extra_float_digits', '1', false), "
                   "pg_catalog.set_config('jit', 'off', false)");
  connection.query("SELECT pg_catalog.set_config(name, '65536', false) FROM pg_catalog.pg_settings "
                   "WHERE name = 'work_mem' AND setting::bigint < 65536");
  connection.try_query("SET temp_buffers = '64MB'");
  connection.try_query("SET client_connection_check_interval = '2s'");
  return connection;
}

Connection connect(const Target &target) {
  return connect(target, target.application);
}

FeedPlan read_plan(Connection &connection, const Target &target) {
  const std::array<Parameter, 2> who{target.warehouse, target.feed};
  const Result result = connection.query(
      "SELECT p->>'contract', p->>'time_zone', p->>'zone_transitions', p->>'bronze_table', "
      "p->>'quarantine_table', p->>'batch_rows', p->>'version', p->>'description', "
      "(SELECT pg_catalog.string_agg((c->>'name') || ' ' || (c->>'type'), ', ') FROM "
      "pg_catalog.jsonb_array_elements(p->'columns') c), "
      "pg_catalog.row_security_active((p->>'bronze_table')::regclass)::int, "
      "pg_catalog.row_security_active((p->>'quarantine_table')::regclass)::int, "
      "(SELECT pg_catalog.string_agg('parameter ' || d.key || coalesce(': ' || "
      "(d.value->>'description'), '') || "
      "coalesce(' (' || (d.value->>'default') || ' if not given)', '') || E'\\n', '' ORDER BY "
      "d.key) "
      "FROM pg_catalog.jsonb_each(p->'parameters') d), (p->>'ahead')::bool::int "
      "FROM starhouse.feed_plan($1, $2) p",
      who);
  FeedPlan plan;
  plan.warehouse = target.warehouse;
  plan.feed = target.feed;
  plan.contract = stream::parse_contract(result.text(0, 0));
  plan.time_zone = std::string{result.text(0, 1)};
  plan.zone = zone_of(result.text(0, 2));
  plan.bronze_table = result.text_or(0, 3, "");
  plan.quarantine_table = std::string{result.text(0, 4)};
  plan.batch_rows = static_cast<std::size_t>(std::max<std::int64_t>(1, result.integer(0, 5)));
  plan.version = result.integer(0, 6);
  plan.description = result.text_or(0, 7, "");
  plan.columns = result.text_or(0, 8, "");
  plan.parameters = result.text_or(0, 11, "");
  plan.steps_ahead = result.maybe_integer(0, 12).value_or(0) != 0; // older extensions do not say
  plan.schema_version = target.schema_version;
  if (target.schema_version > plan.version) {
    throw Error(sqlstate::invalid_parameter_value,
                fmt::format("feed {} has no version {}, its newest is {}", target.feed,
                            target.schema_version, plan.version),
                fmt::format("SELECT version FROM starhouse.feed_versions('{}', '{}') lists them.",
                            target.warehouse, target.feed));
  }
  const Result older = connection.query("SELECT v->>'version', v->>'contract' FROM "
                                        "pg_catalog.jsonb_array_elements(starhouse.feed_plan($1, "
                                        "$2)->'older_contracts') v",
                                        who);
  for (int row = 0; row < older.rows(); ++row) {
    plan.older.push_back({older.integer(row, 0), stream::parse_contract(older.text(row, 1))});
  }
  const Result schemas = connection.query(
      "SELECT c.version, coalesce(c.contract->>'schema', c.contract::text) FROM "
      "starhouse.feed_versions($1, $2) c WHERE c.contract OPERATOR(pg_catalog.?) 'schema' OR NOT "
      "c.contract OPERATOR(pg_catalog.?) 'columns' ORDER BY c.version DESC",
      who);
  for (int row = 0; row < schemas.rows(); ++row) {
    plan.schemas.push_back({schemas.integer(row, 0), std::string{schemas.text(row, 1)}});
  }
  plan.insert_bronze = result.maybe_integer(0, 9).value_or(0) != 0;
  plan.insert_quarantine = result.maybe_integer(0, 10).value_or(0) != 0;
  return plan;
}

} // namespace starhouse::client
