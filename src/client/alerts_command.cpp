// starhouse alerts WAREHOUSE: evaluates the alert rules every so often, prints what opens and
// clears, and sends it to webhooks.
//
// check_alerts writes each event and one delivery per webhook in the transaction that opens or
// clears the alert; deliveries stay in the warehouse until a webhook accepted them. So nothing is
// lost when this program, or several of them, are killed at any point; killed between a webhook's
// answer and the commit, the message is sent once more, under the same id.
#include "client/commands.hpp"

#include "client/interrupt.hpp"
#include "client/report.hpp"
#include "client/rounds.hpp"
#include "client/warehouse.hpp"
#include "client/webhook.hpp"

#include <algorithm>
#include <array>
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <memory>
#include <random>
#include <string>
#include <string_view>
#include <vector>

#include <fmt/format.h>
#include <poll.h>
#include <simdjson.h>

namespace starhouse::client {
namespace {

using std::chrono::milliseconds;
using std::chrono::steady_clock;

struct Options {
  Target target;
  std::vector<std::string> webhooks;
  double interval = 30;
  std::string metrics_file;
  bool once = false;
  bool json = false;
};

struct Help {
  std::string_view metric;
  std::string_view text;
};
constexpr std::array<Help, 12> metric_help{{
    {"starhouse_alert_open", "Alerts that are open."},
    {"starhouse_alert_value", "Last value measured by an open alert's rule."},
    {"starhouse_alerts_checked_timestamp_seconds", "When the alert rules were last evaluated."},
    {"starhouse_alert_deliveries_pending", "Messages that no webhook has accepted yet."},
    {"starhouse_feed_last_batch_timestamp_seconds", "When the feed last got a batch through."},
    {"starhouse_feed_records_read_total", "Records read by the feed, replays included."},
    {"starhouse_feed_records_rejected_total", "Records rejected by the feed, replays included."},
    {"starhouse_feed_open_rejects", "Records in quarantine."},
    {"starhouse_feed_unfinished_sources", "Sources that are not loaded to their end."},
    {"starhouse_feed_attempts_failed_total", "Attempts that failed and were rolled back."},
    {"starhouse_kpi_newest_event_timestamp_seconds", "Newest event the KPI is computed from."},
    {"starhouse_kpi_stale", "1 when the KPI is older than allowed or a feed of it is failing."},
}};

// Before the next attempt: five seconds, doubled each time up to ten minutes, give or take a
// fourth.
double seconds_before_retry(std::int64_t tries) {
  static std::minstd_rand random{std::random_device{}()};
  std::uniform_real_distribution<double> jitter(0.75, 1.25);
  const auto doublings = static_cast<unsigned>(std::clamp<std::int64_t>(tries, 0, 7));
  return std::min(600.0, 5.0 * static_cast<double>(1U << doublings)) * jitter(random);
}

class AlertsCommand {
public:
  explicit AlertsCommand(const Options &options)
      : options_(options), schema_(sql_identifier(options.target.warehouse)) {
    const char *const token =
        std::getenv("STARHOUSE_WEBHOOK_TOKEN"); // NOLINT(concurrency-mt-unsafe)
    token_ = token == nullptr ? "" : token;
  }

  void run() {
    go_round(
        options_.once, connection_, [this] { attach(); }, [this] { round(); });
  }

private:
  void attach();
  void round();
  void evaluate();
  void deliver();
  bool deliver_one();
  void write_metrics();
  void wait_until(steady_clock::time_point next);
  void print_event(std::string_view event, std::string_view severity, std::string_view rule,
                   std::string_view subject, std::string_view value, std::string_view evidence);
  void print_notified(const std::string &payload);

  const Options &options_;
  std::string schema_;
  std::string token_;
  std::unique_ptr<Connection> connection_;
};

void AlertsCommand::attach() {
  if (connection_) {
    return;
  }
  connection_ = std::make_unique<Connection>(connect(options_.target, "starhouse alerts"));
  const std::array<Parameter, 1> warehouse{options_.target.warehouse};
  connection_->query("SELECT starhouse.pipeline_check($1)", warehouse);
  connection_->query("LISTEN starhouse_alert");
  for (const std::string &url : options_.webhooks) {
    const std::array<Parameter, 2> sink{options_.target.warehouse, url};
    connection_->query("SELECT starhouse.alert_sink_add($1, $2)", sink);
  }
}

void AlertsCommand::round() {
  const auto next = steady_clock::now() + std::chrono::duration_cast<steady_clock::duration>(
                                              std::chrono::duration<double>(options_.interval));
  evaluate();
  deliver();
  if (!options_.metrics_file.empty()) {
    write_metrics();
  }
  if (!options_.once) {
    wait_until(next);
  }
}

void AlertsCommand::evaluate() {
  const std::array<Parameter, 1> warehouse{options_.target.warehouse};
  const Result events =
      connection_->query("SELECT event, severity, rule_name, subject, value, evidence FROM "
                         "starhouse.check_alerts($1)",
                         warehouse);
  for (int row = 0; row < events.rows(); ++row) {
    print_event(events.text(row, 0), events.text(row, 1), events.text(row, 2), events.text(row, 3),
                events.text_or(row, 4, ""), events.text_or(row, 5, ""));
  }
}

void AlertsCommand::deliver() {
  while (!options_.webhooks.empty() && deliver_one()) {
    check_interrupt();
  }
}

// The row stays locked while it is sent, so that of several programs one sends it. Returns false
// when none is due.
bool AlertsCommand::deliver_one() {
  Transaction transaction(*connection_);
  std::string urls{"{"};
  for (const std::string &url : options_.webhooks) {
    urls += (urls.size() > 1 ? "," : "") + json_string(url);
  }
  urls += '}';
  const std::array<Parameter, 1> mine{urls};
  const Result due = connection_->query(
      fmt::format("SELECT d.event_id, d.url, d.tries, e.payload FROM {0}.alert_delivery d JOIN "
                  "{0}.alert_event e USING (event_id) WHERE d.delivered_at IS NULL AND d.url = ANY "
                  "($1::text[]) AND d.next_try_at <= pg_catalog.clock_timestamp() ORDER BY "
                  "d.event_id, d.url LIMIT 1 FOR UPDATE OF d SKIP LOCKED",
                  schema_),
      mine);
  if (due.rows() == 0) {
    return false;
  }
  const std::string event_id{due.text(0, 0)};
  const std::string url{due.text(0, 1)};
  const std::optional<std::string> failure =
      post_json(url, std::string{due.text(0, 3)}, event_id, token_);
  check_interrupt(); // a message that a signal cut off was not tried
  if (failure) {
    fmt::print(stderr, "starhouse: webhook {}: {}; message {} will be sent again\n", url, *failure,
               event_id);
    const std::array<Parameter, 4> later{
        event_id, url, *failure, fmt::format("{:.3f}", seconds_before_retry(due.integer(0, 2)))};
    connection_->query(
        fmt::format(
            "UPDATE {}.alert_delivery SET tries = tries + 1, last_error = $3, next_try_at = "
            "pg_catalog.clock_timestamp() + pg_catalog.make_interval(secs => $4::float8) "
            "WHERE event_id = $1 AND url = $2",
            schema_),
        later);
  } else {
    const std::array<Parameter, 2> done{event_id, url};
    connection_->query(fmt::format("UPDATE {}.alert_delivery SET tries = tries + 1, last_error = "
                                   "NULL, delivered_at = pg_catalog.clock_timestamp() WHERE "
                                   "event_id = $1 AND url = $2",
                                   schema_),
                       done);
  }
  transaction.commit();
  return true;
}

// For the textfile collector of Prometheus' node_exporter: whole files only, hence the rename.
void AlertsCommand::write_metrics() {
  const std::array<Parameter, 1> warehouse{options_.target.warehouse};
  const Result metrics = connection_->query(
      "SELECT m.metric, (SELECT pg_catalog.string_agg(pg_catalog.format('%s=\"%s\"', l.key, "
      "pg_catalog.replace(pg_catalog.replace(pg_catalog.replace(l.value, '\\', '\\\\'), '\"', "
      "'\\\"'), E'\\n', '\\n')), ',' ORDER BY l.key) FROM pg_catalog.jsonb_each_text(m.labels || "
      "pg_catalog.jsonb_build_object('warehouse', $1::text)) l), m.value FROM "
      "starhouse.alert_metrics($1) m ORDER BY 1, 2",
      warehouse);
  std::string text;
  std::string before;
  for (int row = 0; row < metrics.rows(); ++row) {
    const std::string name{metrics.text(row, 0)};
    if (name != before) {
      const auto *const help = std::find_if(metric_help.begin(), metric_help.end(),
                                            [&](const Help &h) { return h.metric == name; });
      if (help != metric_help.end()) {
        text += fmt::format("# HELP {} {}\n", name, help->text);
      }
      text += fmt::format("# TYPE {} {}\n", name, name.ends_with("_total") ? "counter" : "gauge");
      before = name;
    }
    text +=
        fmt::format("{}{{{}}} {}\n", name, metrics.text(row, 1), metrics.text_or(row, 2, "NaN"));
  }
  const std::string fresh = options_.metrics_file + ".new";
  const std::unique_ptr<std::FILE, int (*)(std::FILE *)> file(std::fopen(fresh.c_str(), "w"),
                                                              std::fclose);
  if (!file || std::fwrite(text.data(), 1, text.size(), file.get()) != text.size() ||
      std::fflush(file.get()) != 0 ||
      std::rename(fresh.c_str(), options_.metrics_file.c_str()) != 0) {
    throw Error(SqlState{"58030"}, fmt::format("cannot write {}", options_.metrics_file),
                "Give a file in a folder that exists and that this user may write to.");
  }
}

// Until then: what other sessions find is told at once, and what is due again is sent.
void AlertsCommand::wait_until(steady_clock::time_point next) {
  while (steady_clock::now() < next) {
    const auto left = std::chrono::duration_cast<milliseconds>(next - steady_clock::now());
    for (const Notification &notification :
         connection_->notifications(std::min(left, milliseconds{1000}))) {
      if (notification.process != connection_->process()) {
        print_notified(notification.payload);
      }
    }
    deliver();
  }
}

void AlertsCommand::print_notified(const std::string &payload) {
  simdjson::dom::parser parser;
  simdjson::dom::element message;
  if (parser.parse(simdjson::padded_string(payload)).get(message) != simdjson::SUCCESS) {
    return; // the channel is open to everybody
  }
  const auto text = [&](const char *key) {
    std::string_view value;
    return message[key].get(value) == simdjson::SUCCESS ? std::string{value} : std::string{};
  };
  if (text("warehouse") != options_.target.warehouse) {
    return;
  }
  double value = 0;
  const bool has_value = message["value"].get(value) == simdjson::SUCCESS;
  print_event(text("event"), text("severity"), text("rule"), text("subject"),
              has_value ? fmt::format("{}", value) : "", text("evidence"));
}

void AlertsCommand::print_event(std::string_view event, std::string_view severity,
                                std::string_view rule, std::string_view subject,
                                std::string_view value, std::string_view evidence) {
  if (options_.json) {
    fmt::print("{{\"warehouse\":{},\"event\":{},\"severity\":{},\"rule\":{},\"subject\":{},"
               "\"value\":{},\"evidence\":{}}}\n",
               json_string(options_.target.warehouse), json_string(event), json_string(severity),
               json_string(rule), json_string(subject), value.empty() ? "null" : value,
               json_string(evidence));
  } else {
    fmt::print("{} {}: {}, {} ({}): {}\n", event, severity, rule, subject, value, evidence);
  }
  (void)std::fflush(stdout);
}

} // namespace

void add_alerts_command(CLI::App &app) {
  auto options = std::make_shared<Options>();
  CLI::App *command = app.add_subcommand(
      "alerts",
      "Evaluate a warehouse's alert rules until stopped, print what opens and clears, and "
      "tell webhooks");
  command->add_option("warehouse", options->target.warehouse, "Schema of the warehouse")
      ->required();
  command->add_option("-d,--database", options->target.conninfo,
                      "Database, key=value pairs or URI (default: libpq's environment)");
  command
      ->add_option("-w,--webhook", options->webhooks,
                   "URL that gets a JSON document for each event; may be repeated. "
                   "STARHOUSE_WEBHOOK_TOKEN goes along as bearer token")
      ->allow_extra_args(false);
  command->add_option("-i,--interval", options->interval, "Seconds between evaluations (30)")
      ->check(CLI::Range(0.1, 86400.0));
  command->add_option("-m,--metrics", options->metrics_file,
                      "File to write the state to, for Prometheus' textfile collector");
  command->add_flag("--once", options->once, "Evaluate once, send what is due, and end");
  command->add_flag("--json", options->json, "Events as lines of JSON");
  command->callback([options] { AlertsCommand(*options).run(); });
}

} // namespace starhouse::client
