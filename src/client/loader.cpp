#include "client/loader.hpp"

#include "client/interrupt.hpp"

#include <algorithm>
#include <array>
#include <chrono>
#include <cstdio>
#include <utility>

#include <fmt/format.h>

namespace starhouse::client {
namespace {

constexpr int most_refused_in_a_row = 100;
// Of want of memory: how often it is waited out before the batch is halved, and how many records
// that ask too much may stand in a row before it is the server that has too little.
constexpr int most_waits_for_memory = 4;
constexpr int most_large_in_a_row = 3;

std::string describe(const Batch::Record &record) {
  return record.line > 0 ? fmt::format("line {}", record.line)
                         : fmt::format("record {}", record.number);
}

} // namespace

Loader::Loader(Target target, std::unique_ptr<Connection> connection, const FeedPlan &plan,
               Cursor &cursor)
    : target_(std::move(target)), plan_(plan), cursor_(&cursor), log_(target_),
      first_lane_(target_, plan), second_lane_(target_, plan), main_(&first_lane_) {
  main_->adopt(std::move(connection));
  on_retry_ = [](const ServerError &error, int /*attempt*/) {
    fmt::print(stderr, "starhouse: {} ({}); trying again\n", error.message(), error.state());
  };
}

bool asks_too_much(const ServerError &error) noexcept {
  return error.state() == "53200" || error.state() == "53400";
}

void Loader::set_retry(Retry retry, OnRetry on_retry) {
  retry_ = std::move(retry);
  on_retry_ = std::move(on_retry);
}

void Loader::warm_up() {
  first_lane_.warm_up(*cursor_);
  second_lane_.warm_up(*cursor_);
}

void Loader::send_ahead(const Batch &batch) {
  if (running_ == nullptr || batch.size() == 0 || !ahead_possible_) {
    return;
  }
  Lane &lane = other(running_lane_);
  try {
    lane.stage(batch, {0, batch.size()}, *cursor_, running_);
  } catch (const Error &) {
    // Whatever it is, it comes again when the batch is sent in its turn, and is dealt with there.
    // Without a second session (no connection to spare) batches go one by one.
    ahead_possible_ = lane.connected();
  }
}

void Loader::send_following(const Batch &batch, Cursor &following,
                            const std::function<bool(Connection &)> &open) {
  if (running_ == nullptr || !running_last_ || batch.size() == 0 || !ahead_possible_) {
    return;
  }
  Lane &lane = other(running_lane_);
  try {
    if (!lane.connected()) {
      lane.connect();
    }
    following_ = &following;
    following_lane_ = &lane;
    following_session_ = 0; // of no session yet
    if (!open(lane.connection())) {
      following_ = nullptr;
      return;
    }
    following_session_ = lane.sessions();
    if (following.stands_at() == 1) { // what was loaded of it before is read first
      lane.stage(batch, {0, batch.size()}, following, nullptr);
    }
  } catch (const Error &) { // see send_ahead()
    ahead_possible_ = lane.connected();
    if (following_session_ == 0) {
      following_ = nullptr;
      // It may hold the source all the same, and would keep it from us.
      if (&lane != main_) {
        lane.disconnect();
      }
    }
  }
}

bool Loader::follow(Cursor &following) noexcept {
  const bool held = following_ == &following && following_lane_->connected() &&
                    following_lane_->sessions() == following_session_;
  if (held) {
    main_ = following_lane_;
    following_ = nullptr;
  } else {
    forget_following();
  }
  cursor_ = &following;
  return held;
}

// Not with what was staged of it: drop_ahead() comes before. Over the session that holds it; the
// run of one whose session is lost is ended over the main one.
void Loader::forget_following() noexcept {
  const Cursor *following = std::exchange(following_, nullptr);
  if (following == nullptr || following->source_id() == 0) {
    return;
  }
  for (Lane *lane : {following_lane_, main_}) {
    try {
      if (lane->connected()) {
        following->release(lane->connection(), Cursor::Run::given_up);
        return;
      }
    } catch (...) { // NOLINT(bugprone-empty-catch): the hold goes with the session
    }
  }
}

void Loader::drop_ahead() noexcept {
  first_lane_.drop();
  second_lane_.drop();
}

void Loader::start(Batch &batch, bool last) {
  if (batch.size() == 0) { // the source ended with the batch before
    close_source();
    return;
  }
  Lane &second = other(main_);
  running_lane_ = second.staged() ? &second : main_;
  running_ = &batch;
  running_last_ = last;
  // The session that opened the source also closes it: the hold on it is that session's.
  const bool close = last && running_lane_ == main_;
  const SignalsBlocked blocked;
  result_ =
      std::async(std::launch::async, [lane = running_lane_, &batch, &cursor = *cursor_, close] {
        const Batch::Range all{0, batch.size()};
        if (!lane->staged()) {
          lane->stage(batch, all, cursor, nullptr);
        }
        return lane->finish(batch, all, cursor, close);
      });
}

// Both lanes wait on one another when a step needs a lock that the batch sent ahead holds (one that
// drops a partition of bronze, say), and the server cannot see it: that batch then gives way.
void Loader::give_way() {
  Lane &ahead = other(running_lane_);
  try {
    if (ahead.staged() && ahead.holds_up(running_lane_->server_process())) {
      ahead.drop();
    }
  } catch (const Error &) {
    ahead.drop();
  }
}

// Over the session that holds the source; over the other one where that one has a batch of the
// source that follows, which is another transaction. The hold goes all the same. Closed twice is
// closed: it may be asked again.
void Loader::close_source() {
  const bool over_other = main_->staged();
  ask([this](Connection &connection) { cursor_->close(connection); });
  if (!over_other) {
    return;
  }
  try {
    cursor_->release(main_->connection(), Cursor::Run::ended);
  } catch (const Error &) {
    main_->drop();
  }
}

void Loader::abandon() noexcept {
  if (running_ != nullptr && result_.valid()) {
    result_.wait(); // not for long after a signal: whatever the lane waits for ends with one
  }
  running_ = nullptr;
}

bool Loader::ready_within(std::chrono::milliseconds time) {
  return running_ == nullptr || result_.wait_for(time) == std::future_status::ready;
}

Counts Loader::finish() {
  if (running_ == nullptr) {
    return {};
  }
  using namespace std::chrono_literals;
  while (!ready_within(1s)) {
    give_way();
  }
  Batch &batch = *std::exchange(running_, nullptr);
  const Batch::Range all{0, batch.size()};
  Counts counts;
  try {
    counts = result_.get();
  } catch (const ServerError &e) {
    if (running_lane_ != main_ && e.session_lost()) {
      running_lane_->disconnect();
    }
    // From here on as if it had been sent in its turn, with nothing that could be in its way.
    const std::int64_t batch_id = running_lane_->batch_id();
    drop_ahead();
    if (const std::optional<Counts> done = after_error(batch, all, running_last_, e, 0, batch_id)) {
      return *done;
    }
    return load_range(batch, all, running_last_, 1);
  }
  cursor_->moved(batch, all);
  if (counts.loaded > 0) {
    refused_in_a_row_ = 0;
  }
  if (running_last_ && running_lane_ != main_) {
    close_source();
  }
  return counts;
}

Counts Loader::load_range(Batch &batch, Batch::Range range, bool last, int attempt) {
  for (;; ++attempt) {
    try {
      if (!main_->connected()) {
        reconnect(*main_);
      }
      log_.flush(connection());
      main_->stage(batch, range, *cursor_, nullptr);
      Counts counts = main_->finish(batch, range, *cursor_, last);
      cursor_->moved(batch, range);
      counts.retries = attempt;
      if (counts.loaded > 0) {
        refused_in_a_row_ = 0;
      }
      return counts;
    } catch (const ServerError &e) {
      if (const std::optional<Counts> done =
              after_error(batch, range, last, e, attempt, main_->batch_id())) {
        return *done;
      }
    }
  }
}

// Called from a handler of `error`. Nothing: try again.
std::optional<Counts> Loader::after_error(Batch &batch, Batch::Range range, bool last,
                                          const ServerError &error, int attempt,
                                          std::int64_t batch_id) {
  // 23505 also comes of a concurrent insert of the same fact: once more, and it is a duplicate.
  const bool refused = error.data_error() && (error.state() != "23505" || attempt > 0);
  // The whole, and a record that stands alone, are given time; what lies between is halved on.
  const bool part = range.size() > 1 && range.size() < batch.size();
  const bool too_much =
      asks_too_much(error) &&
      (part || attempt + 1 >= std::min(most_waits_for_memory, retry_.most_attempts));
  if (refused || too_much) {
    if (range.size() == batch.size() && range.size() > 1) { // the parts say nothing new
      note(error, batch, range, attempt, RunLog::Action::split);
    }
    return load_halves(batch, range, last, error);
  }
  const bool again = error.transient() || error.state() == "23505";
  const bool last_time = !again || attempt + 1 >= retry_.most_attempts;
  note(error, batch, range, attempt, last_time ? RunLog::Action::stop : RunLog::Action::retry);
  if (last_time || !retry_.back_off(attempt)) {
    throw; // NOLINT(misc-throw-by-value-catch-by-reference): the handler's own
  }
  on_retry_(error, attempt);
  std::optional<Counts> done = recover(batch, range, last, error, batch_id);
  if (done) {
    done->retries = attempt + 1;
  }
  return done;
}

// Some record of the range is refused, or all of it is too much: halves are loaded on their own
// until it stands alone.
Counts Loader::load_halves(Batch &batch, Batch::Range range, bool last, const ServerError &error) {
  if (range.size() > 1) {
    const std::size_t middle = range.first + range.size() / 2;
    Counts counts = load_range(batch, {range.first, middle}, false, 0);
    counts += load_range(batch, {middle, range.last}, last, 0);
    return counts;
  }
  const Batch::Record &record = batch.record(range.first);
  if (record.reject >= 0 ||
      ++refused_in_a_row_ > (asks_too_much(error) ? most_large_in_a_row : most_refused_in_a_row)) {
    throw ServerError(
        error.code(), fmt::format("{}, {}: {}", cursor_->name(), describe(record), error.message()),
        asks_too_much(error)
            ? "Record after record fails like this, each on its own: the server has too little "
              "memory, or too little room for temporary files (temp_file_limit). Give it more and "
              "repeat the command: it goes on from here."
            : "Record after record fails like this, so the feed's steps are at fault rather "
              "than the data. Mend the feed and repeat the command: it goes on from here.",
        error.detail());
  }
  batch.reject(range.first, error);
  return load_range(batch, range, last, 0);
}

// After a transient error: a sound session again, and whether the commit had gone through.
std::optional<Counts> Loader::recover(const Batch &batch, Batch::Range range, bool last,
                                      const ServerError &error, std::int64_t batch_id) {
  if (!error.session_lost()) {
    return std::nullopt; // rolled back for certain, the session is as before
  }
  for (int attempt = 0;; ++attempt) {
    try {
      reconnect(*main_);
      return committed(batch, range, last, batch_id);
    } catch (const ServerError &e) { // the new session may be lost as well
      if (!e.session_lost() || !retry_.back_off(attempt)) {
        throw;
      }
      on_retry_(e, attempt);
    }
  }
}

// What the batch's log says, if the batch was committed.
std::optional<Counts> Loader::committed(const Batch &batch, Batch::Range range, bool last,
                                        std::int64_t batch_id) {
  if (!cursor_->was_committed(main_->connection(), batch, range, last)) {
    return std::nullopt;
  }
  const std::array<Parameter, 2> which{std::to_string(cursor_->source_id()),
                                       std::to_string(batch_id)};
  const std::string log =
      plan_.quarantine_table.substr(0, plan_.quarantine_table.rfind('.')) + ".batch_log";
  const Result result =
      connection().query("SELECT records_read, records_loaded, duplicates, rejected FROM " + log +
                             " WHERE source_id = $1 AND batch_id = $2",
                         which);
  return Counts{
      result.integer(0, 0), result.integer(0, 1), result.integer(0, 2), result.integer(0, 3), 1, 0};
}

void Loader::note(const ServerError &error, const Batch &batch, Batch::Range range, int attempt,
                  RunLog::Action action) {
  log_.failed(error,
              {cursor_->source_id(), cursor_->epoch(), cursor_->name(),
               batch.record(range.first).number, batch.record(range.last - 1).number},
              attempt, action);
  end_noted_ = end_noted_ || action == RunLog::Action::stop;
}

void Loader::note_begin() noexcept {
  end_noted_ = false;
}

void Loader::note_done() noexcept {
  if (main_->connected()) {
    log_.flush(connection());
  }
}

Connection &Loader::connection() noexcept {
  Lane &second = other(main_);
  return main_->staged() && second.connected() ? second.connection() : main_->connection();
}

void Loader::note_end(const Error &error, const std::string &name) noexcept {
  try {
    abandon();
    drop_ahead();
    if (name != cursor_->name()) { // it could not be opened
      log_.failed(error, {0, 0, name, 0, 0}, 0, RunLog::Action::stop);
    } else if (!end_noted_) {
      log_.failed(
          error, {cursor_->source_id(), cursor_->epoch(), cursor_->name(), cursor_->stands_at(), 0},
          0, RunLog::Action::stop);
      end_noted_ = true;
    }
    // The error may have been the session's last.
    const auto *of_server = dynamic_cast<const ServerError *>(&error);
    if (!main_->connected() || (of_server != nullptr && of_server->transient())) {
      main_->disconnect();
      main_->connect();
    }
    log_.flush(connection());
  } catch (...) { // NOLINT(bugprone-empty-catch): the error itself is what matters
  }
  forget_following();
}

void Loader::renew() {
  reconnect(main_->staged() ? other(main_) : *main_);
}

void Loader::note_signal() noexcept {
  abandon();
  if (following_ != nullptr && following_->source_id() != 0) {
    log_.stopped_by_signal(following_->source_id(), following_->epoch());
    following_ = nullptr;
  }
  drop_ahead();
  if (cursor_->source_id() != 0) {
    log_.stopped_by_signal(cursor_->source_id(), cursor_->epoch());
  }
}

void Loader::reconnect(Lane &lane) {
  for (int attempt = 0;; ++attempt) {
    try {
      lane.disconnect();
      lane.connect();
      return;
    } catch (const ServerError &e) {
      if (!e.transient() || !retry_.back_off(attempt)) {
        throw;
      }
      on_retry_(e, attempt);
    }
  }
}

} // namespace starhouse::client
