#include "client/lane.hpp"

#include "client/batch_reader.hpp"

#include <array>

#include <fmt/format.h>

namespace starhouse::client {
namespace {

// The rows go to a temporary table of the same columns first: an INSERT obeys row security.
template <class Send>
void copy_or_insert(Connection &connection, bool insert, const std::string &table,
                    const char *staging, const char *columns, const char *definition, Send send) {
  if (!insert) {
    send(table);
    return;
  }
  connection.query(fmt::format("CREATE TEMP TABLE IF NOT EXISTS {} ({}) ON COMMIT DELETE ROWS",
                               staging, definition));
  send(std::string{staging});
  connection.query(
      fmt::format("INSERT INTO {} ({}) SELECT {} FROM {}", table, columns, columns, staging));
}

} // namespace

Counts &Counts::operator+=(const Counts &more) noexcept {
  read += more.read;
  loaded += more.loaded;
  duplicates += more.duplicates;
  rejected += more.rejected;
  batches += more.batches;
  retries += more.retries;
  return *this;
}

void send_bronze(Connection &connection, const FeedPlan &plan, const Batch &batch,
                 Batch::Range range, std::int64_t batch_id) {
  copy_or_insert(connection, plan.insert_bronze, plan.bronze_table, "pg_temp.batch_bronze",
                 "batch_id, record_no, payload", "batch_id bigint, record_no bigint, payload text",
                 [&](const std::string &table) {
                   batch.send_bronze(connection, table, range, batch_id, bronze_text, &plan);
                 });
}

void send_rejects(Connection &connection, const FeedPlan &plan, const Batch &batch,
                  Batch::Range range, const Parameter &source_id, std::int64_t batch_id) {
  copy_or_insert(
      connection, plan.insert_quarantine, plan.quarantine_table, "pg_temp.batch_rejects",
      "feed_name, source_id, batch_id, record_no, line_no, payload, sqlstate, column_name, value, "
      "reason, hint",
      "feed_name text, source_id bigint, batch_id bigint, record_no bigint, line_no bigint, "
      "payload bytea, sqlstate text, column_name text, value text, reason text, hint text",
      [&](const std::string &table) {
        batch.send_rejects(connection, table, range, plan.feed, source_id, batch_id);
      });
}

namespace {

// A batch is read again and again: let it stay in the server's memory. Not possible in a session
// that has used temporary tables, as a pooler may hand one out; it works all the same.
void keep_batches_in_memory(Connection &connection) {
  try {
    connection.query("SET temp_buffers = '64MB'");
  } catch (const ServerError &e) {
    if (!e.data_error()) {
      throw;
    }
  }
}

} // namespace

void Lane::connect() {
  connection_ = std::make_unique<Connection>(client::connect(target_));
  ++sessions_;
  keep_batches_in_memory(*connection_);
}

void Lane::adopt(std::unique_ptr<Connection> connection) {
  transaction_.reset();
  connection_ = std::move(connection);
  ++sessions_;
  keep_batches_in_memory(*connection_);
}

void Lane::disconnect() noexcept {
  transaction_.reset();
  connection_ = nullptr;
}

void Lane::warm_up(const Cursor &cursor) {
  try {
    if (!connected()) {
      connect();
    }
    // Committed: the temporary table stays, and today's partition of bronze.
    const std::array<Parameter, 2> feed{target_.warehouse, target_.feed};
    connection_->query("SELECT starhouse.batch_prepare($1, $2, starhouse.feed_get($1, $2))", feed);
    stage(Batch{}, {0, 0}, cursor, nullptr);
  } catch (const ServerError &e) {
    if (e.session_lost()) {
      disconnect();
    }
  } catch (const Error &) { // NOLINT(bugprone-empty-catch): see the declaration
  }
  transaction_.reset();
}

void Lane::stage(const Batch &batch, Batch::Range range, const Cursor &cursor,
                 const Batch *before) {
  if (!connected()) {
    connect();
  }
  transaction_.reset();
  transaction_.emplace(*connection_);
  try {
    const std::string source_id = std::to_string(cursor.source_id());
    const std::array<Parameter, 4> stage{target_.warehouse, target_.feed, source_id,
                                         cursor.first_record(before)};
    const Result staged =
        connection_->query("SELECT starhouse.batch_stage($1, $2, $3, $4), "
                           "starhouse.feed_get($1, $2)->>'version', pg_catalog.pg_backend_pid(), "
                           // The bytes of what steps reject come from us (name_lines).
                           "pg_catalog.set_config('starhouse.payloads', 'client', true)",
                           stage);
    batch_id_ = staged.integer(0, 0);
    process_ = staged.integer(0, 2);
    if (staged.integer(0, 1) != plan_.version) {
      throw Error(SqlState{"55000"},
                  fmt::format("feed {} was redefined while it was being loaded", plan_.feed),
                  "Repeat the command: it goes on from here by the new definition.");
    }
    batch.send_rows(*connection_, range);
    if (!plan_.bronze_table.empty()) {
      send_bronze(*connection_, plan_, batch, range, batch_id_);
    }
    if (batch.rejected(range) > 0) {
      send_rejects(*connection_, plan_, batch, range, source_id, batch_id_);
    }
    if (plan_.steps_ahead && range.size() > 0) {
      const std::array<Parameter, 3> ahead{target_.warehouse, target_.feed,
                                           std::to_string(batch_id_)};
      connection_->query("SELECT starhouse.batch_ahead($1, $2, $3)", ahead);
    }
  } catch (...) {
    transaction_.reset();
    throw;
  }
}

Counts Lane::finish(const Batch &batch, Batch::Range range, const Cursor &cursor, bool close) {
  try {
    cursor.claim(*connection_, batch_id_, batch, range);
    const Counts counts = run_steps(batch, range, cursor);
    if (close) {
      cursor.close(*connection_);
    }
    transaction_->commit();
    transaction_.reset();
    return counts;
  } catch (...) {
    transaction_.reset();
    throw;
  }
}

Counts Lane::run_steps(const Batch &batch, Batch::Range range, const Cursor &cursor) {
  // Of a batch that is loaded in parts, the first one tells the drift of all.
  const bool tells_drift = range.first == 0 && !batch.drift().empty();
  const std::array<Parameter, 7> finish{target_.warehouse,
                                        target_.feed,
                                        std::to_string(batch_id_),
                                        cursor.next_record(batch, range),
                                        std::to_string(range.size()),
                                        std::to_string(batch.rejected(range)),
                                        tells_drift ? Parameter{batch.drift()} : Parameter{}};
  const Result result = connection_->query(
      "SELECT j->>'read', j->>'loaded', j->>'duplicates', j->>'rejected', j->>'rejected_by_steps' "
      "FROM starhouse.batch_finish($1, $2, $3, $4, $5, $6, $7) j",
      finish);
  if (result.integer(0, 4) > 0) {
    name_lines(batch);
  }
  return {
      result.integer(0, 0), result.integer(0, 1), result.integer(0, 2), result.integer(0, 3), 1, 0};
}

bool Lane::holds_up(std::int64_t pid) {
  const std::array<Parameter, 1> other{std::to_string(pid)};
  const Result result =
      connection_->query("SELECT (pg_catalog.pg_backend_pid() OPERATOR(pg_catalog.=) ANY "
                         "(pg_catalog.pg_blocking_pids($1::int)))::int",
                         other);
  return result.integer(0, 0) != 0;
}

// Rows that a step rejected: the server knows their record, the client also the line, and the bytes
// where the feed keeps no bronze.
void Lane::name_lines(const Batch &batch) {
  const std::array<Parameter, 1> which{std::to_string(batch_id_)};
  const Result found = connection_->query(
      fmt::format("SELECT DISTINCT record_no FROM {} WHERE batch_id = $1 AND line_no IS NULL AND "
                  "record_no IS NOT NULL",
                  plan_.quarantine_table),
      which);
  std::string records;
  std::string lines;
  std::string payloads;
  for (int i = 0; i < found.rows(); ++i) {
    const std::int64_t number = found.integer(i, 0);
    const std::optional<std::size_t> index = batch.find(number);
    if (!index) {
      continue;
    }
    const char *comma = records.empty() ? "" : ",";
    records += fmt::format("{}{}", comma, number);
    lines += fmt::format("{}{}", comma, batch.record(*index).line);
    payloads += comma;
    payloads += "\"\\\\x";
    for (const char c : batch.payload(*index)) {
      payloads += fmt::format("{:02x}", static_cast<unsigned char>(c));
    }
    payloads += '"';
  }
  const std::array<Parameter, 4> arrays{std::to_string(batch_id_), "{" + records + "}",
                                        "{" + lines + "}", "{" + payloads + "}"};
  connection_->query(
      fmt::format("UPDATE {} q SET line_no = u.line_no, payload = u.payload FROM "
                  "unnest($2::bigint[], $3::bigint[], $4::bytea[]) AS u(record_no, "
                  "line_no, payload) WHERE q.batch_id = $1 AND q.record_no = u.record_no AND "
                  "q.line_no IS NULL",
                  plan_.quarantine_table),
      arrays);
}

} // namespace starhouse::client
