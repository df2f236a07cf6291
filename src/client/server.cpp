#include "client/server.hpp"

#include "client/interrupt.hpp"

#include <algorithm>
#include <array>
#include <cerrno>
#include <charconv>
#include <cstring>

#include <fmt/format.h>
#include <libpq-fe.h>
#include <poll.h>

namespace starhouse::client {
namespace {

constexpr SqlState connection_failure{"08006"};
constexpr SqlState cannot_connect{"08001"};

// So long without a byte from the server, and we look whether it still works for us. Longer than
// TCP's own limit while connecting, so that libpq can go on to the next host.
constexpr std::chrono::seconds silence{20};
constexpr std::chrono::seconds connect_silence{40};
constexpr const char *look_seconds = "10";
constexpr std::chrono::seconds late_answer{2};

std::string trimmed(const char *text) {
  std::string_view view = text == nullptr ? std::string_view{} : std::string_view{text};
  while (!view.empty() && (view.back() == '\n' || view.back() == ' ')) {
    view.remove_suffix(1);
  }
  return std::string{view};
}

std::string field(const PGresult *result, int code) {
  const char *text = PQresultErrorField(result, code);
  return text == nullptr ? std::string{} : std::string{text};
}

// What libpq says of a lost connection is many lines of guesses after the fact.
std::string first_line(const std::string &text) {
  const std::size_t end = text.find('\n');
  return end == std::string::npos ? text : text.substr(0, end);
}

} // namespace

bool ServerError::transient() const noexcept {
  return error_class() == "08" || error_class() == "53" ||
         (error_class() == "57" && state() != "57014") || state() == "40001" ||
         state() == "40P01" || state() == "55P03" || state() == "25P03";
}

bool ServerError::session_lost() const noexcept {
  return error_class() == "08" || error_class() == "57" || state() == "25P03";
}

bool ServerError::data_error() const noexcept {
  // 22P03 and 22P04: the rows do not have the shape of the table they were sent to.
  return (error_class() == "22" || error_class() == "23") && state() != "22P03" &&
         state() != "22P04";
}

void Result::Clear::operator()(pg_result *result) const noexcept {
  PQclear(result);
}
int Result::rows() const noexcept {
  return PQntuples(result_.get());
}

void Result::check(int row, int column) const {
  if (row < 0 || row >= PQntuples(result_.get()) || column < 0 ||
      column >= PQnfields(result_.get())) {
    throw Error(sqlstate::internal_error,
                fmt::format("the server's answer has {} rows and {} columns, no row {}, column {}",
                            PQntuples(result_.get()), PQnfields(result_.get()), row + 1,
                            column + 1),
                "Extension and client may be of different versions: compare starhouse version "
                "with SELECT starhouse.version().");
  }
}

bool Result::is_null(int row, int column) const {
  check(row, column);
  return PQgetisnull(result_.get(), row, column) == 1;
}

std::string_view Result::text(int row, int column) const {
  if (is_null(row, column)) {
    throw Error(sqlstate::internal_error, fmt::format("the server answered NULL in column \"{}\"",
                                                      PQfname(result_.get(), column)));
  }
  return {PQgetvalue(result_.get(), row, column),
          static_cast<std::size_t>(std::max(0, PQgetlength(result_.get(), row, column)))};
}

std::string Result::text_or(int row, int column, std::string_view otherwise) const {
  return std::string{is_null(row, column) ? otherwise : text(row, column)};
}

std::int64_t Result::integer(int row, int column) const {
  const std::string_view digits = text(row, column);
  std::int64_t value = 0;
  const auto [end, status] = std::from_chars(digits.data(), digits.data() + digits.size(), value);
  if (status != std::errc{} || end != digits.data() + digits.size()) {
    throw Error(sqlstate::internal_error,
                fmt::format("the server answered \"{}\" where a whole number was due", digits));
  }
  return value;
}

std::optional<std::int64_t> Result::maybe_integer(int row, int column) const {
  if (is_null(row, column)) {
    return std::nullopt;
  }
  return integer(row, column);
}

void Connection::Finish::operator()(pg_conn *connection) const noexcept {
  PQfinish(connection);
}

Connection::Connection(const std::string &conninfo, const char *application_name)
    : conninfo_(conninfo) {
  // dbname may be a URI or key=value pairs; libpq expands it, what it names wins over what is left
  // of it here.
  // A network that swallows packets is a lost connection after half a minute.
  const std::array<const char *, 8> keys{
      "fallback_application_name", "client_encoding",  "keepalives_idle", "keepalives_interval",
      "keepalives_count",          "tcp_user_timeout", "dbname",          nullptr};
  const std::array<const char *, 8> values{application_name,
                                           "UTF8",
                                           "10",
                                           "5",
                                           "4",
                                           "30000",
                                           conninfo.empty() ? nullptr : conninfo.c_str(),
                                           nullptr};
  connection_.reset(PQconnectStartParams(keys.data(), values.data(), 1));
  if (!connection_) {
    throw std::bad_alloc();
  }
  PostgresPollingStatusType next = PGRES_POLLING_WRITING;
  while (PQstatus(connection_.get()) != CONNECTION_BAD && next != PGRES_POLLING_OK &&
         next != PGRES_POLLING_FAILED) {
    wait(next == PGRES_POLLING_WRITING);
    next = PQconnectPoll(connection_.get());
  }
  if (PQstatus(connection_.get()) != CONNECTION_OK) {
    throw ServerError(cannot_connect, trimmed(PQerrorMessage(connection_.get())),
                      "Connection settings are libpq's own: set PGHOST, PGPORT, PGUSER, "
                      "PGDATABASE, or give -d \"host=... dbname=...\" or a postgresql:// URI.",
                      {});
  }
  PQsetnonblocking(connection_.get(), 1);
  PQsetNoticeProcessor(
      connection_.get(), [](void *, const char *) {}, nullptr);
}

void Connection::wait(bool for_writing) {
  const int socket = PQsocket(connection_.get());
  if (socket < 0) {
    fail(nullptr);
  }
  const auto events = static_cast<short>(POLLIN | (for_writing ? POLLOUT : 0));
  std::array<pollfd, 2> watched{pollfd{socket, events, 0}, pollfd{interrupt_fd(), POLLIN, 0}};
  const std::chrono::milliseconds patience =
      PQstatus(connection_.get()) == CONNECTION_OK ? silence : connect_silence;
  int ready = 0;
  while ((ready = ::poll(watched.data(), watched.size(), static_cast<int>(patience.count()))) <=
         0) {
    if (ready == 0) {
      look_for_server();
    } else if (errno == EINTR) {
      check_interrupt();
    }
  }
  if (watched[1].revents != 0) {
    cancel_and_stop();
  }
}

// A network that swallows packets is TCP's to notice. One that acknowledges them and hands nothing
// on (a proxy, a balancer, a sleeping tunnel) only shows by what the server says of our session on
// another way: that it is gone, or waits for us while we wait for it. To give up a session that
// still works would cost time but no correctness: what it may commit later is refused by offsets.
void Connection::look_for_server() {
  const bool connecting = PQstatus(connection_.get()) != CONNECTION_OK;
  if (connecting || !looks_after_itself_) {
    throw ServerError(connecting ? cannot_connect : connection_failure,
                      "the server takes connections and does not answer",
                      "Look at what stands between here and the server: a proxy, a balancer.", {});
  }
  if (!is_gone()) {
    return;
  }
  pollfd socket{PQsocket(connection_.get()), POLLIN, 0}; // its last answer may be on the way
  const std::chrono::milliseconds patience = late_answer;
  if (::poll(&socket, 1, static_cast<int>(patience.count())) == 0) {
    throw ServerError(connection_failure,
                      fmt::format("the connection to the server was lost: no answer for {} s, and "
                                  "the server knows of no question",
                                  silence.count()),
                      "See the server's log; the same command goes on where the load stopped.", {});
  }
}

bool Connection::is_gone() {
  const std::array<const char *, 3> keys{"dbname", "connect_timeout", nullptr};
  const std::array<const char *, 3> values{conninfo_.empty() ? nullptr : conninfo_.c_str(),
                                           look_seconds, nullptr};
  const PGPing answer = PQpingParams(keys.data(), values.data(), 1);
  if (answer != PQPING_OK) { // one that starts or stops may still work on what we asked
    return answer == PQPING_NO_RESPONSE;
  }
  try {
    Connection other(conninfo_, "starhouse");
    other.looks_after_itself_ = false;
    const std::array<Parameter, 2> both{std::to_string(process()), std::to_string(other.process())};
    // Under a pooler the numbers are its own and say nothing.
    const Result found = other.query(
        "SELECT (pg_catalog.pg_backend_pid() OPERATOR(pg_catalog.=) $2::int)::int, "
        "(SELECT (a.wait_event OPERATOR(pg_catalog.=) 'ClientRead')::int FROM "
        "pg_catalog.pg_stat_activity a WHERE a.pid OPERATOR(pg_catalog.=) $1::int), "
        "(EXISTS (SELECT FROM pg_catalog.pg_stat_activity a WHERE a.pid OPERATOR(pg_catalog.=) "
        "$1::int))::int",
        both);
    return found.integer(0, 0) != 0 &&
           (found.integer(0, 2) == 0 || found.maybe_integer(0, 1).value_or(0) != 0);
  } catch (const ServerError &) { // no connection to spare, for example
    return false;
  }
}

// The statement's transaction is rolled back by the server when the connection closes; the cancel
// makes it stop working on it now.
void Connection::cancel_and_stop() {
  if (PGcancel *cancel = PQgetCancel(connection_.get()); cancel != nullptr) {
    std::array<char, 256> error{};
    PQcancel(cancel, error.data(), static_cast<int>(error.size()));
    PQfreeCancel(cancel);
  }
  check_interrupt();
  fail(nullptr);
}

void Connection::fail(const pg_result *result) const {
  const std::string state = field(result, PG_DIAG_SQLSTATE);
  if (state.size() != 5) {
    throw ServerError(connection_failure,
                      fmt::format("the connection to the server was lost: {}",
                                  first_line(trimmed(PQerrorMessage(connection_.get())))),
                      "See the server's log; the same command goes on where the load stopped.", {});
  }
  SqlState code{};
  std::copy(state.begin(), state.end(), code.begin());
  std::string hint = field(result, PG_DIAG_MESSAGE_HINT);
  if (state == "42501" && hint.empty()) {
    hint = fmt::format("Whoever owns the warehouse grants user {}: USAGE on its schema; SELECT, "
                       "INSERT, UPDATE, DELETE on its tables.",
                       user());
  }
  throw ServerError(code, field(result, PG_DIAG_MESSAGE_PRIMARY), std::move(hint),
                    field(result, PG_DIAG_MESSAGE_DETAIL), field(result, PG_DIAG_COLUMN_NAME));
}

void Connection::flush() {
  int pending = 0;
  while ((pending = PQflush(connection_.get())) == 1) {
    wait(true);
    if (PQconsumeInput(connection_.get()) == 0) {
      fail(nullptr);
    }
  }
  if (pending < 0) {
    fail(nullptr);
  }
}

// The last result of a statement; in COPY mode, the one that says so.
Result Connection::receive() {
  flush();
  Result last{nullptr};
  pg_result *kept = nullptr;
  while (true) {
    while (PQisBusy(connection_.get()) == 1) {
      wait(false);
      if (PQconsumeInput(connection_.get()) == 0) {
        fail(nullptr);
      }
    }
    pg_result *next = PQgetResult(connection_.get());
    if (next == nullptr) {
      break;
    }
    last = Result{next};
    kept = next;
    if (PQresultStatus(next) == PGRES_COPY_IN) {
      break;
    }
  }
  const ExecStatusType status = PQresultStatus(kept);
  if (status != PGRES_TUPLES_OK && status != PGRES_COMMAND_OK && status != PGRES_COPY_IN) {
    fail(kept);
  }
  return last;
}

Result Connection::query(const char *sql, std::span<const Parameter> parameters) {
  std::vector<const char *> values;
  values.reserve(parameters.size());
  for (const Parameter &parameter : parameters) {
    values.push_back(parameter ? parameter->c_str() : nullptr);
  }
  if (PQsendQueryParams(connection_.get(), sql, static_cast<int>(values.size()), nullptr,
                        values.data(), nullptr, nullptr, 0) == 0) {
    fail(nullptr);
  }
  return receive();
}

void Connection::try_query(const char *sql) {
  try {
    query(sql);
  } catch (const ServerError &e) {
    if (e.transient()) {
      throw;
    }
  }
}

std::vector<Notification> Connection::notifications(std::chrono::milliseconds patience) {
  std::vector<Notification> found;
  const auto until = std::chrono::steady_clock::now() + patience;
  for (;;) {
    while (PGnotify *const notify = PQnotifies(connection_.get())) {
      found.push_back({notify->extra, notify->be_pid});
      PQfreemem(notify);
    }
    const auto left = std::chrono::duration_cast<std::chrono::milliseconds>(
        until - std::chrono::steady_clock::now());
    if (!found.empty() || left.count() <= 0) {
      return found;
    }
    const int socket = PQsocket(connection_.get());
    if (socket < 0) {
      fail(nullptr);
    }
    std::array<pollfd, 2> watched{pollfd{socket, POLLIN, 0}, pollfd{interrupt_fd(), POLLIN, 0}};
    ::poll(watched.data(), watched.size(), static_cast<int>(left.count()) + 1);
    check_interrupt();
    if (watched[0].revents != 0 && PQconsumeInput(connection_.get()) == 0) {
      fail(nullptr);
    }
  }
}

int Connection::process() const noexcept {
  return PQbackendPID(connection_.get());
}

void Connection::begin_copy(const std::string &sql) {
  if (PQsendQuery(connection_.get(), sql.c_str()) == 0) {
    fail(nullptr);
  }
  receive();
}

void Connection::put_copy(std::string_view bytes) {
  // PQputCopyData takes an int; pieces also keep libpq's own buffer small.
  constexpr std::size_t piece = std::size_t{256} * 1024;
  while (!bytes.empty()) {
    const std::string_view now = bytes.substr(0, piece);
    const int status = PQputCopyData(connection_.get(), now.data(), static_cast<int>(now.size()));
    if (status < 0) {
      fail(nullptr);
    }
    flush();
    if (status > 0) {
      bytes.remove_prefix(now.size());
    }
  }
}

void Connection::end_copy() {
  int status = 0;
  while ((status = PQputCopyEnd(connection_.get(), nullptr)) == 0) {
    flush();
  }
  if (status < 0) {
    fail(nullptr);
  }
  receive();
}

int Connection::server_version() const noexcept {
  return PQserverVersion(connection_.get());
}
std::string Connection::database() const {
  return trimmed(PQdb(connection_.get()));
}
std::string Connection::user() const {
  return trimmed(PQuser(connection_.get()));
}

std::string Connection::where() const {
  return fmt::format("database \"{}\" on {}, port {}", database(),
                     trimmed(PQhost(connection_.get())), trimmed(PQport(connection_.get())));
}

Transaction::Transaction(Connection &connection) : connection_(connection) {
  // A batch sees what was committed before each of its statements, whatever the default is here.
  connection_.query("BEGIN ISOLATION LEVEL READ COMMITTED");
}

Transaction::~Transaction() {
  if (open_) {
    try {
      connection_.query("ROLLBACK");
    } catch (...) { // NOLINT(bugprone-empty-catch): a lost connection has rolled back already
    }
  }
}

void Transaction::commit() {
  open_ = false;
  connection_.query("COMMIT");
}

} // namespace starhouse::client
