#include "client/loader.hpp"

#include "client/interrupt.hpp"

#include <algorithm>
#include <array>
#include <chrono>
#include <cstdio>
#include <random>

#include <fmt/format.h>
#include <poll.h>

namespace starhouse::client {
namespace {

constexpr int most_attempts = 8;
constexpr int most_refused_in_a_row = 100;
constexpr int seconds_to_wait_for_another_loader = 30;

void sleep_or_stop(std::chrono::milliseconds time) {
  pollfd watched{interrupt_fd(), POLLIN, 0};
  ::poll(&watched, 1, static_cast<int>(time.count()));
  check_interrupt();
}

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

bool back_off(int attempt) {
  if (attempt + 1 >= most_attempts) {
    return false;
  }
  static std::minstd_rand random{std::random_device{}()};
  const double base =
      std::min(8000.0, 250.0 * static_cast<double>(1U << static_cast<unsigned>(attempt)));
  std::uniform_real_distribution<double> jitter(0.75, 1.25);
  sleep_or_stop(std::chrono::milliseconds{static_cast<int>(base * jitter(random))});
  return true;
}

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
                   batch.send_bronze(connection, table, range, batch_id, bronze_text,
                                     &plan.contract);
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

Loader::Loader(Target target, std::unique_ptr<Connection> connection, const FeedPlan &plan)
    : target_(std::move(target)), connection_(std::move(connection)), plan_(plan) {}

void Loader::open_source_row() {
  const std::array<Parameter, 6> row{target_.warehouse,
                                     target_.feed,
                                     name_,
                                     facts_.fingerprint,
                                     facts_.bytes > 0 ? Parameter{std::to_string(facts_.bytes)}
                                                      : std::nullopt,
                                     header_.empty() ? Parameter{} : Parameter{header_}};
  // If the server crashes, this session is gone too: its epoch need not outlive it.
  Transaction transaction(*connection_);
  connection_->query("SET LOCAL synchronous_commit = off");
  const Result result = connection_->query(
      "SELECT source_id, next_record, epoch, pg_catalog.to_char(finished, 'YYYY-MM-DD HH24:MI:SS') "
      "FROM starhouse.load_open($1, $2, $3, $4, $5, $6)",
      row);
  source_ = {result.integer(0, 0), result.integer(0, 1), result.integer(0, 2),
             result.text_or(0, 3, "")};
  transaction.commit();
}

const OpenSource &Loader::open(const std::string &name, const SourceFacts &facts,
                               const std::string &header) {
  name_ = name;
  facts_ = facts;
  header_ = header;
  using namespace std::chrono_literals;
  const auto patience =
      std::chrono::steady_clock::now() + std::chrono::seconds{seconds_to_wait_for_another_loader};
  for (bool told = false;; told = true) {
    try {
      open_source_row();
      return source_;
    } catch (const ServerError &e) {
      if (e.state() != "55P03" || std::chrono::steady_clock::now() > patience) {
        throw;
      }
      if (!told) {
        fmt::print(stderr, "starhouse: {}; waiting up to {} s\n", e.message(),
                   seconds_to_wait_for_another_loader);
      }
    }
    sleep_or_stop(250ms);
  }
}

Counts Loader::load(Batch &batch, bool last) {
  if (batch.size() == 0) { // the source ended with the batch before
    const std::array<Parameter, 3> row{target_.warehouse, std::to_string(source_.source_id),
                                       std::to_string(source_.epoch)};
    connection_->query("SELECT starhouse.load_close($1, $2, $3)", row);
    return {};
  }
  return load_range(batch, {0, batch.size()}, last);
}

Counts Loader::load_range(Batch &batch, Batch::Range range, bool last) {
  for (int attempt = 0;; ++attempt) {
    try {
      Counts counts = run_transaction(batch, range, last);
      counts.retries = attempt;
      if (counts.loaded > 0) {
        refused_in_a_row_ = 0;
      }
      return counts;
    } catch (const ServerError &e) {
      // 23505 also comes of a concurrent insert of the same fact: once more, and it is a duplicate.
      if (e.data_error() && (e.state() != "23505" || attempt > 0)) {
        return load_halves(batch, range, last, e);
      }
      if ((!e.transient() && e.state() != "23505") || !back_off(attempt)) {
        throw;
      }
      fmt::print(stderr, "starhouse: {} ({}); trying again\n", e.message(), e.state());
      if (std::optional<Counts> done = recover(batch, range, last, e)) {
        done->retries = attempt + 1;
        return *done;
      }
    }
  }
}

// Some record of the range is refused: halves are loaded on their own until it stands alone.
Counts Loader::load_halves(Batch &batch, Batch::Range range, bool last, const ServerError &error) {
  if (range.size() > 1) {
    const std::size_t middle = range.first + range.size() / 2;
    Counts counts = load_range(batch, {range.first, middle}, false);
    counts += load_range(batch, {middle, range.last}, last);
    return counts;
  }
  const Batch::Record &record = batch.record(range.first);
  if (record.reject >= 0 || ++refused_in_a_row_ > most_refused_in_a_row) {
    throw ServerError(
        error.code(), fmt::format("{}, line {}: {}", name_, record.line, error.message()),
        "Record after record fails like this, so the feed's steps are at fault rather "
        "than the data. Mend the feed and repeat the command: it goes on from here.",
        error.detail());
  }
  batch.reject(range.first, error);
  return load_range(batch, range, last);
}

// After a transient error: a sound session again, and whether the commit had gone through.
std::optional<Counts> Loader::recover(const Batch &batch, Batch::Range range, bool last,
                                      const ServerError &error) {
  const std::int64_t expected = source_.next_record;
  const std::int64_t next = batch.record(range.last - 1).number + 1;
  if (error.error_class() != "08" && error.error_class() != "57") {
    return std::nullopt; // rolled back for certain, the session is as before
  }
  reconnect();
  open(name_, facts_, header_);
  if (source_.next_record == expected && source_.finished_at.empty()) {
    return std::nullopt;
  }
  if (source_.next_record != next) {
    throw Error(SqlState{"55000"},
                fmt::format("another loader took over {}: it stands at record {}", name_,
                            source_.next_record),
                "Repeat the command once that one has ended; it goes on where the source stands.");
  }
  const std::array<Parameter, 2> where{std::to_string(source_.source_id), std::to_string(next - 1)};
  const std::string log =
      plan_.quarantine_table.substr(0, plan_.quarantine_table.rfind('.')) + ".batch_log";
  const Result result = connection_->query(
      "SELECT records_read, records_loaded, duplicates, rejected FROM " + log +
          " WHERE source_id = $1 AND last_record = $2 ORDER BY batch_id DESC LIMIT 1",
      where);
  if (last && source_.finished_at.empty()) {
    const std::array<Parameter, 3> row{target_.warehouse, std::to_string(source_.source_id),
                                       std::to_string(source_.epoch)};
    connection_->query("SELECT starhouse.load_close($1, $2, $3)", row);
  }
  return Counts{
      result.integer(0, 0), result.integer(0, 1), result.integer(0, 2), result.integer(0, 3), 1, 0};
}

void Loader::reconnect() {
  for (int attempt = 0;; ++attempt) {
    try {
      connection_ = nullptr;
      connection_ = std::make_unique<Connection>(connect(target_, "starhouse load"));
      return;
    } catch (const ServerError &e) {
      if (!e.transient() || !back_off(attempt)) {
        throw;
      }
    }
  }
}

Counts Loader::run_transaction(const Batch &batch, Batch::Range range, bool last) {
  if (!connection_) {
    reconnect();
  }
  Transaction transaction(*connection_);
  const std::array<Parameter, 5> begin{
      target_.warehouse, target_.feed, std::to_string(source_.source_id),
      std::to_string(source_.epoch), std::to_string(source_.next_record)};
  const Result begun = connection_->query(
      "SELECT starhouse.batch_begin($1, $2, $3, $4, $5), starhouse.feed_get($1, $2)->>'version'",
      begin);
  const std::int64_t batch_id = begun.integer(0, 0);
  if (begun.integer(0, 1) != plan_.version) {
    throw Error(SqlState{"55000"},
                fmt::format("feed {} was redefined while {} was being loaded", plan_.feed, name_),
                "Repeat the command: it goes on from here by the new definition.");
  }
  batch.send_rows(*connection_, "pg_temp.batch", range);
  if (!plan_.bronze_table.empty()) {
    send_bronze(*connection_, plan_, batch, range, batch_id);
  }
  if (batch.rejected(range) > 0) {
    send_rejects(*connection_, plan_, batch, range, std::to_string(source_.source_id), batch_id);
  }
  const Counts counts = finish_batch(batch, range, batch_id, last);
  transaction.commit();
  source_.next_record = batch.record(range.last - 1).number + 1;
  return counts;
}

Counts Loader::finish_batch(const Batch &batch, Batch::Range range, std::int64_t batch_id,
                            bool last) {
  const std::array<Parameter, 6> finish{target_.warehouse,
                                        target_.feed,
                                        std::to_string(batch_id),
                                        std::to_string(batch.record(range.last - 1).number + 1),
                                        std::to_string(range.size()),
                                        std::to_string(batch.rejected(range))};
  const Result result = connection_->query(
      "SELECT j->>'read', j->>'loaded', j->>'duplicates', j->>'rejected', j->>'rejected_by_steps' "
      "FROM starhouse.batch_finish($1, $2, $3, $4, $5, $6) j",
      finish);
  if (result.integer(0, 4) > 0) {
    name_lines(batch, batch_id);
  }
  if (last) {
    const std::array<Parameter, 3> row{target_.warehouse, std::to_string(source_.source_id),
                                       std::to_string(source_.epoch)};
    connection_->query("SELECT starhouse.load_close($1, $2, $3)", row);
  }
  return {
      result.integer(0, 0), result.integer(0, 1), result.integer(0, 2), result.integer(0, 3), 1, 0};
}

// Rows that a step rejected: the server knows their record, the client also the line, and the bytes
// where the feed keeps no bronze.
void Loader::name_lines(const Batch &batch, std::int64_t batch_id) {
  const std::array<Parameter, 1> which{std::to_string(batch_id)};
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
  const std::array<Parameter, 4> arrays{std::to_string(batch_id), "{" + records + "}",
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
