#include "client/file_cursor.hpp"

#include "client/interrupt.hpp"

#include <array>
#include <chrono>
#include <cstdio>

#include <fmt/format.h>

namespace starhouse::client {
namespace {

constexpr int seconds_to_wait_for_another_loader = 30;

} // namespace

void FileCursor::open_row(Connection &connection) {
  const std::array<Parameter, 7> row{target_.warehouse,
                                     target_.feed,
                                     name_,
                                     facts_.fingerprint,
                                     facts_.bytes > 0 ? Parameter{std::to_string(facts_.bytes)}
                                                      : std::nullopt,
                                     header_.empty() ? Parameter{} : Parameter{header_},
                                     target_.parameters};
  // If the server crashes, this session is gone too: its epoch need not outlive it.
  Transaction transaction(connection);
  connection.query("SET LOCAL synchronous_commit = off");
  const Result result = connection.query(
      "SELECT source_id, next_record, epoch, pg_catalog.to_char(finished, 'YYYY-MM-DD HH24:MI:SS') "
      "FROM starhouse.load_open($1, $2, $3, $4, $5, $6, $7)",
      row);
  source_ = {result.integer(0, 0), result.integer(0, 1), result.integer(0, 2),
             result.text_or(0, 3, "")};
  transaction.commit();
}

void FileCursor::be(const std::string &name, const SourceFacts &facts, const std::string &header) {
  if (name != name_) { // a new source, rather than the same one after a reconnect
    source_ = {};
  }
  name_ = name;
  facts_ = facts;
  header_ = header;
}

const OpenSource &FileCursor::open_now(Connection &connection, const std::string &name,
                                       const SourceFacts &facts, const std::string &header) {
  be(name, facts, header);
  open_row(connection);
  return source_;
}

const OpenSource &FileCursor::open(Connection &connection, const std::string &name,
                                   const SourceFacts &facts, const std::string &header) {
  be(name, facts, header);
  using namespace std::chrono_literals;
  const auto patience =
      std::chrono::steady_clock::now() + std::chrono::seconds{seconds_to_wait_for_another_loader};
  for (bool told = false;; told = true) {
    try {
      open_row(connection);
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

Parameter FileCursor::first_record(const Batch *before) const {
  return std::to_string(before == nullptr ? source_.next_record
                                          : before->record(before->size() - 1).number + 1);
}

Parameter FileCursor::next_record(const Batch &batch, Batch::Range range) const {
  return std::to_string(batch.record(range.last - 1).number + 1);
}

void FileCursor::claim(Connection &connection, std::int64_t /*batch_id*/, const Batch & /*batch*/,
                       Batch::Range /*range*/) const {
  const std::array<Parameter, 4> claim{target_.warehouse, std::to_string(source_.source_id),
                                       std::to_string(source_.epoch),
                                       std::to_string(source_.next_record)};
  connection.query("SELECT starhouse.batch_claim($1, $2, $3, $4)", claim);
}

void FileCursor::close(Connection &connection) const {
  const std::array<Parameter, 3> row{target_.warehouse, std::to_string(source_.source_id),
                                     std::to_string(source_.epoch)};
  connection.query("SELECT starhouse.load_close($1, $2, $3)", row);
}

void FileCursor::release(Connection &connection, Run run) const {
  const std::array<Parameter, 3> row{target_.warehouse, std::to_string(source_.source_id),
                                     run == Run::given_up ? Parameter{std::to_string(source_.epoch)}
                                                          : std::nullopt};
  connection.query("SELECT starhouse.load_release($1, $2, $3)", row);
}

void FileCursor::moved(const Batch &batch, Batch::Range range) {
  source_.next_record = batch.record(range.last - 1).number + 1;
}

bool FileCursor::was_committed(Connection &connection, const Batch &batch, Batch::Range range,
                               bool last) {
  const std::int64_t expected = source_.next_record;
  const std::int64_t next = batch.record(range.last - 1).number + 1;
  open(connection, name_, facts_, header_);
  // First: asked a second time, since the answer was lost, `expected` is where it stands now.
  if (source_.next_record != next) {
    if (source_.next_record == expected && source_.finished_at.empty()) {
      return false;
    }
    throw Error(SqlState{"55000"},
                fmt::format("another loader took over {}: it stands at record {}", name_,
                            source_.next_record),
                "Repeat the command once that one has ended; it goes on where the source stands.");
  }
  if (last && source_.finished_at.empty()) {
    close(connection);
  }
  return true;
}

} // namespace starhouse::client
