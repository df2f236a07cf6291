#include "client/loader.hpp"

#include "client/interrupt.hpp"

#include <algorithm>
#include <array>
#include <chrono>
#include <csignal>
#include <cstdio>
#include <random>
#include <utility>

#include <fmt/format.h>
#include <poll.h>

namespace starhouse::client {
namespace {

constexpr int most_attempts = 8;
constexpr int most_refused_in_a_row = 100;
constexpr int seconds_to_wait_for_another_loader = 30;

// For the threads started meanwhile: signals are for the main thread.
class SignalsBlocked {
public:
  SignalsBlocked() {
    sigset_t all;
    sigfillset(&all);
    pthread_sigmask(SIG_SETMASK, &all, &before_);
  }
  ~SignalsBlocked() { pthread_sigmask(SIG_SETMASK, &before_, nullptr); }
  SignalsBlocked(const SignalsBlocked &) = delete;
  SignalsBlocked &operator=(const SignalsBlocked &) = delete;

private:
  sigset_t before_{};
};

void sleep_or_stop(std::chrono::milliseconds time) {
  pollfd watched{interrupt_fd(), POLLIN, 0};
  ::poll(&watched, 1, static_cast<int>(time.count()));
  check_interrupt();
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

Loader::Loader(Target target, std::unique_ptr<Connection> connection, const FeedPlan &plan)
    : target_(std::move(target)), plan_(plan), log_(target_), main_(target_, plan),
      second_(target_, plan) {
  main_.adopt(std::move(connection));
}

void Loader::open_source_row() {
  const std::array<Parameter, 7> row{target_.warehouse,
                                     target_.feed,
                                     name_,
                                     facts_.fingerprint,
                                     facts_.bytes > 0 ? Parameter{std::to_string(facts_.bytes)}
                                                      : std::nullopt,
                                     header_.empty() ? Parameter{} : Parameter{header_},
                                     target_.parameters};
  // If the server crashes, this session is gone too: its epoch need not outlive it.
  Transaction transaction(connection());
  connection().query("SET LOCAL synchronous_commit = off");
  const Result result = connection().query(
      "SELECT source_id, next_record, epoch, pg_catalog.to_char(finished, 'YYYY-MM-DD HH24:MI:SS') "
      "FROM starhouse.load_open($1, $2, $3, $4, $5, $6, $7)",
      row);
  source_ = {result.integer(0, 0), result.integer(0, 1), result.integer(0, 2),
             result.text_or(0, 3, "")};
  transaction.commit();
}

const OpenSource &Loader::open(const std::string &name, const SourceFacts &facts,
                               const std::string &header) {
  if (name != name_) { // a new source, rather than the same one after a reconnect
    source_ = {};
    end_noted_ = false;
  }
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

void Loader::send_ahead(const Batch &batch) {
  if (running_ == nullptr || batch.size() == 0 || !ahead_possible_) {
    return;
  }
  Lane &lane = running_lane_ == &main_ ? second_ : main_;
  const Batch &before = *running_;
  try {
    lane.stage(batch, {0, batch.size()}, source_.source_id,
               before.record(before.size() - 1).number + 1);
  } catch (const Error &) {
    // Whatever it is, it comes again when the batch is sent in its turn, and is dealt with there.
    // Without a second session (no connection to spare) batches go one by one.
    ahead_possible_ = lane.connected();
  }
}

void Loader::drop_ahead() noexcept {
  main_.drop();
  second_.drop();
}

void Loader::start(Batch &batch, bool last) {
  if (batch.size() == 0) { // the source ended with the batch before
    main_.close_source(source_);
    return;
  }
  running_lane_ = second_.staged() ? &second_ : &main_;
  running_ = &batch;
  running_last_ = last;
  // The session that opened the source also closes it: the hold on it is that session's.
  const bool close = last && running_lane_ == &main_;
  const SignalsBlocked blocked;
  result_ = std::async(std::launch::async, [lane = running_lane_, &batch, source = source_, close] {
    const Batch::Range all{0, batch.size()};
    if (!lane->staged()) {
      lane->stage(batch, all, source.source_id, source.next_record);
    }
    return lane->finish(batch, all, source, close);
  });
}

// Both lanes wait on one another when a step needs a lock that the batch sent ahead holds (one that
// drops a partition of bronze, say), and the server cannot see it: that batch then gives way.
void Loader::wait_for_result() {
  Lane &other = running_lane_ == &main_ ? second_ : main_;
  using namespace std::chrono_literals;
  while (result_.wait_for(1s) != std::future_status::ready) {
    try {
      if (other.staged() && other.holds_up(running_lane_->server_process())) {
        other.drop();
      }
    } catch (const Error &) {
      other.drop();
    }
  }
}

Counts Loader::finish() {
  if (running_ == nullptr) {
    return {};
  }
  wait_for_result();
  Batch &batch = *std::exchange(running_, nullptr);
  const Batch::Range all{0, batch.size()};
  try {
    const Counts counts = result_.get();
    source_.next_record = batch.record(batch.size() - 1).number + 1;
    if (counts.loaded > 0) {
      refused_in_a_row_ = 0;
    }
    if (running_last_ && running_lane_ != &main_) {
      main_.close_source(source_);
    }
    return counts;
  } catch (const ServerError &e) {
    if (running_lane_ == &second_ && (e.error_class() == "08" || e.error_class() == "57")) {
      second_.disconnect();
    }
    // From here on as if it had been sent in its turn, with nothing that could be in its way.
    drop_ahead();
    if (const std::optional<Counts> done = after_error(batch, all, running_last_, e, 0)) {
      return *done;
    }
    return load_range(batch, all, running_last_, 1);
  }
}

Counts Loader::load_range(Batch &batch, Batch::Range range, bool last, int attempt) {
  for (;; ++attempt) {
    try {
      if (!main_.connected()) {
        reconnect();
      }
      log_.flush(connection());
      main_.stage(batch, range, source_.source_id, source_.next_record);
      Counts counts = main_.finish(batch, range, source_, last);
      source_.next_record = batch.record(range.last - 1).number + 1;
      counts.retries = attempt;
      if (counts.loaded > 0) {
        refused_in_a_row_ = 0;
      }
      return counts;
    } catch (const ServerError &e) {
      if (const std::optional<Counts> done = after_error(batch, range, last, e, attempt)) {
        return *done;
      }
    }
  }
}

// Called from a handler of `error`. Nothing: try again.
std::optional<Counts> Loader::after_error(Batch &batch, Batch::Range range, bool last,
                                          const ServerError &error, int attempt) {
  // 23505 also comes of a concurrent insert of the same fact: once more, and it is a duplicate.
  if (error.data_error() && (error.state() != "23505" || attempt > 0)) {
    if (range.size() == batch.size() && range.size() > 1) { // the parts say nothing new
      note(error, batch, range, attempt, RunLog::Action::split);
    }
    return load_halves(batch, range, last, error);
  }
  const bool again = error.transient() || error.state() == "23505";
  const bool last_time = !again || attempt + 1 >= most_attempts;
  note(error, batch, range, attempt, last_time ? RunLog::Action::stop : RunLog::Action::retry);
  if (last_time || !back_off(attempt)) {
    throw; // NOLINT(misc-throw-by-value-catch-by-reference): the handler's own
  }
  fmt::print(stderr, "starhouse: {} ({}); trying again\n", error.message(), error.state());
  std::optional<Counts> done = recover(batch, range, last, error);
  if (done) {
    done->retries = attempt + 1;
  }
  return done;
}

// Some record of the range is refused: halves are loaded on their own until it stands alone.
Counts Loader::load_halves(Batch &batch, Batch::Range range, bool last, const ServerError &error) {
  if (range.size() > 1) {
    const std::size_t middle = range.first + range.size() / 2;
    Counts counts = load_range(batch, {range.first, middle}, false, 0);
    counts += load_range(batch, {middle, range.last}, last, 0);
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
  return load_range(batch, range, last, 0);
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
  const Result result = connection().query(
      "SELECT records_read, records_loaded, duplicates, rejected FROM " + log +
          " WHERE source_id = $1 AND last_record = $2 ORDER BY batch_id DESC LIMIT 1",
      where);
  if (last && source_.finished_at.empty()) {
    main_.close_source(source_);
  }
  return Counts{
      result.integer(0, 0), result.integer(0, 1), result.integer(0, 2), result.integer(0, 3), 1, 0};
}

void Loader::note(const ServerError &error, const Batch &batch, Batch::Range range, int attempt,
                  RunLog::Action action) {
  log_.failed(error,
              {source_.source_id, source_.epoch, name_, batch.record(range.first).number,
               batch.record(range.last - 1).number},
              attempt, action);
  end_noted_ = end_noted_ || action == RunLog::Action::stop;
}

void Loader::note_done() noexcept {
  if (main_.connected()) {
    log_.flush(connection());
  }
}

void Loader::note_end(const Error &error, const std::string &name) noexcept {
  try {
    drop_ahead();
    if (name != name_) { // it could not be opened
      log_.failed(error, {0, 0, name, 0, 0}, 0, RunLog::Action::stop);
    } else if (!end_noted_) {
      log_.failed(error, {source_.source_id, source_.epoch, name_, source_.next_record, 0}, 0,
                  RunLog::Action::stop);
      end_noted_ = true;
    }
    // The error may have been the session's last.
    const auto *of_server = dynamic_cast<const ServerError *>(&error);
    if (!main_.connected() || (of_server != nullptr && of_server->transient())) {
      main_.disconnect();
      main_.connect();
    }
    log_.flush(connection());
  } catch (...) { // NOLINT(bugprone-empty-catch): the error itself is what matters
  }
}

void Loader::note_signal() noexcept {
  drop_ahead();
  if (source_.source_id != 0) {
    log_.stopped_by_signal(source_.source_id, source_.epoch);
  }
}

void Loader::reconnect() {
  for (int attempt = 0;; ++attempt) {
    try {
      main_.disconnect();
      main_.connect();
      return;
    } catch (const ServerError &e) {
      if (!e.transient() || !back_off(attempt)) {
        throw;
      }
    }
  }
}

} // namespace starhouse::client
