#include "client/run_log.hpp"

#include <array>
#include <chrono>
#include <exception>
#include <memory>
#include <utility>

#include <fmt/format.h>
#include <libpq-fe.h>

namespace starhouse::client {
namespace {

constexpr std::size_t most_notes = 1000; // while the server is away

const char *name_of(RunLog::Action action) {
  switch (action) {
  case RunLog::Action::retry:
    return "retry";
  case RunLog::Action::split:
    return "split";
  case RunLog::Action::lost:
    return "lost";
  case RunLog::Action::stop:
    break;
  }
  return "stop";
}

Parameter known(std::int64_t number) {
  return number == 0 ? Parameter{} : Parameter{std::to_string(number)};
}

Parameter known(const std::string &text) {
  return text.empty() ? Parameter{} : Parameter{text};
}

std::string seconds_now() {
  const auto now = std::chrono::system_clock::now().time_since_epoch();
  return fmt::format("{:.6f}", std::chrono::duration<double>(now).count());
}

} // namespace

void RunLog::failed(const Error &error, const FailedBatch &batch, int retry, Action action) {
  if (notes_.size() < most_notes) {
    notes_.push_back({std::string{error.code().data(), 5}, error.message(), error.detail(),
                      error.hint(), batch, retry, action, seconds_now()});
  }
}

void RunLog::flush(Connection &connection) noexcept {
  while (!notes_.empty()) {
    const Note &note = notes_.front();
    try {
      const std::array<Parameter, 14> row{target_.warehouse,
                                          target_.feed,
                                          note.state,
                                          note.message,
                                          name_of(note.action),
                                          known(note.batch.source_id),
                                          known(note.batch.epoch),
                                          known(note.batch.source_name),
                                          known(note.batch.first_record),
                                          known(note.batch.last_record),
                                          std::to_string(note.retry),
                                          known(note.detail),
                                          known(note.hint),
                                          note.at};
      connection.query("SELECT starhouse.record_failure($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, "
                       "$11, $12, $13, pg_catalog.to_timestamp($14::float8))",
                       row);
    } catch (const ServerError &e) {
      if (e.transient()) {
        return;
      }
      // A warehouse without the table, or no right to it: the load goes on without.
    } catch (...) {
      return;
    }
    notes_.pop_front();
  }
}

void RunLog::stopped_by_signal(std::int64_t source_id, std::int64_t epoch) noexcept {
  try {
    const std::array<const char *, 4> keys{"fallback_application_name", "connect_timeout", "dbname",
                                           nullptr};
    const std::array<const char *, 4> values{
        "starhouse load", "2", target_.conninfo.empty() ? nullptr : target_.conninfo.c_str(),
        nullptr};
    const std::unique_ptr<PGconn, void (*)(PGconn *)> connection(
        PQconnectdbParams(keys.data(), values.data(), 1), PQfinish);
    if (PQstatus(connection.get()) != CONNECTION_OK) {
      return;
    }
    // Not for long: whoever sent the signal waits.
    PQclear(PQexec(connection.get(), "SET statement_timeout = '2s'"));
    const std::string source = std::to_string(source_id);
    const std::string of_epoch = std::to_string(epoch);
    const std::array<const char *, 3> row{target_.warehouse.c_str(), source.c_str(),
                                          of_epoch.c_str()};
    PQclear(PQexecParams(connection.get(), "SELECT starhouse.run_end($1, $2, $3, 'stopped')", 3,
                         nullptr, row.data(), nullptr, nullptr, 0));
  } catch (...) { // NOLINT(bugprone-empty-catch): as for flush
  }
}

} // namespace starhouse::client
