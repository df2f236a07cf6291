// The one layer over libpq: connection, query, result and COPY as values that clean up after
// themselves. Waits end on a signal; errors are exceptions that keep what the server said.
#pragma once

#include "core/error.hpp"

#include <chrono>
#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

struct pg_conn;
struct pg_result;

namespace starhouse::client {

// An error the server reported, or the loss of the connection (08006).
class ServerError : public Error {
public:
  ServerError(SqlState code, std::string message, std::string hint, std::string detail,
              std::string column = {})
      : Error(code, std::move(message), std::move(hint), std::move(detail)),
        column_(std::move(column)) {}

  std::string_view state() const noexcept { return {code().data(), 5}; }
  std::string_view error_class() const noexcept { return {code().data(), 2}; }
  const std::string &column() const noexcept { return column_; }

  // Worth another try: connection lost, serialisation, deadlock, out of resources, shutdown.
  bool transient() const noexcept;
  // There is no session any more.
  bool session_lost() const noexcept;
  // The data is at fault (classes 22 and 23): some row of the batch, not the statement.
  bool data_error() const noexcept;

private:
  std::string column_;
};

class Result {
public:
  explicit Result(pg_result *result) noexcept : result_(result) {}

  int rows() const noexcept;
  bool is_null(int row, int column) const;
  // Throw Error when the cell is not there, is NULL or is no number: a server is not trusted to
  // answer what was asked.
  std::string_view text(int row, int column) const;
  std::string text_or(int row, int column, std::string_view otherwise) const;
  std::int64_t integer(int row, int column) const;
  std::optional<std::int64_t> maybe_integer(int row, int column) const;

private:
  void check(int row, int column) const;

  struct Clear {
    void operator()(pg_result *result) const noexcept;
  };
  std::unique_ptr<pg_result, Clear> result_;
};

// A query parameter as text; nullopt is NULL.
using Parameter = std::optional<std::string>;

struct Notification {
  std::string payload;
  int process = 0; // the server process that sent it
};

class Connection {
public:
  // `conninfo`: a URI, key=value pairs or a database name; empty: libpq's defaults and environment.
  // Throws ServerError.
  Connection(const std::string &conninfo, const char *application_name);

  // Runs one statement. Throws ServerError, and Interrupted (the statement is cancelled then).
  Result query(const char *sql, std::span<const Parameter> parameters = {});
  Result query(const std::string &sql, std::span<const Parameter> parameters = {}) {
    return query(sql.c_str(), parameters);
  }
  // As query, the error ignored: for settings that some servers lack.
  void try_query(const char *sql);

  // What arrived on channels this session listens to; waits for the first up to `patience`.
  std::vector<Notification> notifications(std::chrono::milliseconds patience);

  void begin_copy(const std::string &sql);
  void put_copy(std::string_view bytes);
  void end_copy();

  int server_version() const noexcept;
  int process() const noexcept; // the session's own
  std::string database() const;
  std::string user() const;
  std::string where() const; // "database d on host h, port p", for messages

private:
  Result receive();
  void wait(bool for_writing);
  void look_for_server();
  bool is_gone();
  void flush();
  [[noreturn]] void fail(const pg_result *result) const;
  [[noreturn]] void cancel_and_stop();

  struct Finish {
    void operator()(pg_conn *connection) const noexcept;
  };
  std::unique_ptr<pg_conn, Finish> connection_;
  std::string conninfo_;
  bool looks_after_itself_ = true; // not one that looks for another
};

// Rolls back when it goes out of scope uncommitted, unless the connection is gone.
class Transaction {
public:
  explicit Transaction(Connection &connection);
  ~Transaction();
  Transaction(const Transaction &) = delete;
  Transaction &operator=(const Transaction &) = delete;

  void commit();

private:
  Connection &connection_;
  bool open_ = true;
};

} // namespace starhouse::client
