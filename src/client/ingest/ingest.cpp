#include "client/ingest/ingest.hpp"

#include "client/interrupt.hpp"
#include "client/report.hpp"

#include <algorithm>
#include <array>
#include <climits>
#include <utility>

#include <fmt/format.h>
#include <prometheus/counter.h>
#include <prometheus/gauge.h>
#include <prometheus/histogram.h>

namespace starhouse::client {

using namespace std::chrono_literals;
using Level = Log::Level;

namespace {

constexpr auto broker_time = 15s;
constexpr auto poll_time = 100ms;
constexpr auto look_every = 2s;
constexpr auto room_patience = 1s;      // after that the partitions are paused
constexpr auto after_takeover = 3000ms; // the group has to tell us first whose they are
constexpr auto warm_up_time = 2s; // before the first message; the sessions get ready all the same
constexpr int look_at_clock = 64; // messages
constexpr std::size_t most_batch_bytes = std::size_t{26} << 20U;

// Without end: the broker keeps what is not loaded.
Retry endless() {
  Retry retry;
  retry.most_attempts = INT_MAX;
  retry.longest = 15000ms;
  return retry;
}

} // namespace

Ingest::Session::Session(const IngestOptions &options, FeedPlan feed, WireReader *wire,
                         std::int64_t source_id, std::unique_ptr<Connection> connection,
                         LoadThread::Hooks hooks)
    : plan(std::move(feed)), parser(plan, "", wire),
      cursor(options.target, "topic " + options.topic, source_id),
      loads(options.target, std::move(connection), plan, cursor, endless(), std::move(hooks)) {}

Ingest::Ingest(const IngestOptions &options, Log &log, Metrics &metrics)
    : options_(options), log_(log), metrics_(metrics), breaker_(options.max_reject_share) {
  if (!options.registry.empty()) {
    wire_ = std::make_unique<WireReader>(options.registry, options.schema_ids);
  }
}

Ingest::~Ingest() = default;

// ---- the database -------------------------------------------------------------------------------

void Ingest::open_session() {
  session_.reset();
  batch_.reset();
  control_ = std::make_unique<Connection>(connect(options_.target));
  FeedPlan plan = read_plan(*control_, options_.target);
  if (plan.contract.format == stream::Format::csv && plan.contract.csv.header) {
    throw Error(SqlState{"0A000"},
                fmt::format("feed {} is CSV with a header, which a message has not", plan.feed),
                "Say \"csv\": {\"header\": false} in its contract, or send JSON.");
  }
  const std::array<Parameter, 5> row{
      options_.target.warehouse, options_.target.feed, options_.topic,
      std::to_string(consumer_->partitions(broker_time)), options_.target.parameters};
  const Result opened = control_->query(
      "SELECT source_id, known_partitions FROM starhouse.topic_open($1, $2, $3, $4, $5)", row);
  source_id_ = opened.integer(0, 0);
  known_partitions_ = static_cast<std::int32_t>(opened.integer(0, 1));
  const std::int64_t version = plan.version;
  session_ = std::make_unique<Session>(
      options_, std::move(plan), wire_.get(), source_id_,
      std::make_unique<Connection>(connect(options_.target)),
      LoadThread::Hooks{[this](const Batch &batch, const Counts &counts, double seconds) {
                          loaded(batch, counts, seconds);
                        },
                        [this](const ServerError &error, int attempt) {
                          metrics_.retries->Increment();
                          if (error.session_lost()) {
                            metrics_.database_up->Set(0);
                          }
                          log_.write(Level::warning, "retry", error.message(),
                                     {{"sqlstate", error.state()}, {"attempt", attempt + 1}});
                        }});
  database_attempts_ = 0;
  metrics_.database_up->Set(1);
  log_.write(Level::info, "feed", "reads the feed's definition",
             {{"feed", options_.target.feed}, {"version", version}, {"source_id", source_id_}});
}

// After a restart: while the database is away the topic is polled all the same.
void Ingest::try_to_open() {
  if (Clock::now() < try_database_at_) {
    return;
  }
  try {
    open_session();
    look_at_source();
  } catch (const ServerError &e) {
    session_.reset();
    control_.reset();
    metrics_.database_up->Set(0);
    if (!e.transient() && e.state() != "42P01" && e.state() != "42704" && e.state() != "3F000") {
      throw;
    }
    const auto pause = std::min(15000ms, 250ms * (1 << std::min(database_attempts_++, 6)));
    try_database_at_ = Clock::now() + pause;
    log_.write(Level::warning, "database", e.message(),
               {{"sqlstate", e.state()}, {"next_try_ms", pause.count()}});
  } catch (const KafkaError &e) {
    session_.reset();
    try_database_at_ = Clock::now() + 2s;
    log_.write(Level::warning, "broker", e.message());
  }
}

// Over the control session, made anew where it was lost. False: the database is away.
bool Ingest::with_database(const std::function<void(Connection &)> &work) {
  try {
    if (!control_) {
      control_ = std::make_unique<Connection>(connect(options_.target));
    }
    work(*control_);
    metrics_.database_up->Set(1);
    return true;
  } catch (const ServerError &e) {
    if (!e.transient()) {
      throw;
    }
    control_.reset();
    metrics_.database_up->Set(0);
    log_.write(Level::warning, "database", e.message(), {{"sqlstate", e.state()}});
    return false;
  }
}

// Stopped or not is the source's state, not this client's: all clients of the topic obey.
void Ingest::look_at_source() {
  look_at_ = Clock::now() + look_every;
  bool stopped = stopped_;
  std::string reason;
  with_database([&](Connection &connection) {
    const std::array<Parameter, 1> which{std::to_string(source_id_)};
    const Result found = connection.query(
        fmt::format("SELECT (stopped_at IS NOT NULL)::int, stop_reason FROM {}.load_source WHERE "
                    "source_id = $1",
                    sql_identifier(options_.target.warehouse)),
        which);
    stopped = found.rows() > 0 && found.integer(0, 0) != 0;
    reason = found.rows() > 0 ? found.text_or(0, 1, "") : "";
  });
  if (stopped && !stopped_) {
    stopped_ = true;
    metrics_.stopped->Set(1);
    stopped_since_ = Clock::now();
    log_.write(Level::error, "stopped", "the source is stopped: " + reason,
               {{"source_id", source_id_}});
    to_restart_ = "the source is stopped";
  } else if (stopped_ && !stopped) {
    stopped_ = false;
    metrics_.stopped->Set(0);
    if (stopped_here_) { // somebody looked and decided
      const std::scoped_lock lock(breaker_mutex_);
      breaker_.force();
    }
    stopped_here_ = false;
    log_.write(Level::info, "resumed", "the source was resumed", {{"source_id", source_id_}});
    to_restart_ = "the source was resumed";
  } else if (stopped_ && stopped_here_ && options_.breaker_pause.count() > 0 &&
             Clock::now() - stopped_since_ >= options_.breaker_pause) {
    stopped_here_ = false;
    with_database([&](Connection &connection) {
      const std::array<Parameter, 2> which{options_.target.warehouse, std::to_string(source_id_)};
      connection.query("SELECT starhouse.resume_source($1, $2)", which);
    });
  }
}

void Ingest::stop_source(const std::string &reason) {
  log_.write(Level::error, "stop", reason,
             {{"source_id", source_id_}, {"pause_s", options_.breaker_pause.count()}});
  stopped_here_ = true;
  stopped_ = true;
  stopped_since_ = Clock::now();
  metrics_.stopped->Set(1);
  {
    const std::scoped_lock lock(breaker_mutex_);
    breaker_.forget();
  }
  with_database([&](Connection &connection) {
    const std::array<Parameter, 3> what{options_.target.warehouse, std::to_string(source_id_),
                                        reason};
    connection.query("SELECT starhouse.stop_source($1, $2, $3)", what);
  });
}

// ---- batches ------------------------------------------------------------------------------------

bool Ingest::batch_is_full() const {
  return batch_ && (batch_->size() >= options_.batch_rows || batch_->bytes() >= most_batch_bytes);
}

bool Ingest::batch_is_due() const {
  return batch_ && batch_->size() > 0 &&
         (batch_is_full() || Clock::now() - batch_began_ >= options_.batch_time);
}

void Ingest::add(Partition &partition, const KafkaMessage &message) {
  if (!batch_) {
    batch_ = session_->loads.fresh();
  }
  if (batch_->size() == 0) {
    batch_began_ = Clock::now();
  }
  if (partition.place < 0) {
    partition.place = static_cast<int>(batch_->places().size());
    batch_->places().push_back({message.partition, partition.epoch, partition.next});
  }
  if (!parse(message)) {
    partition.at_end = false;
    return;
  }
  partition.next = message.offset + 1;
  partition.at_end = false;
  partition.woken = 0;
  Batch::Place &place = batch_->places()[static_cast<std::size_t>(partition.place)];
  place.last_message_at = std::max(place.last_message_at, message.time);
}

// False: it cannot be judged now.
bool Ingest::parse(const KafkaMessage &message) {
  const std::int64_t record = topic_record(message.partition, message.offset);
  if (message.tombstone) {
    session_->parser.refuse(record, {}, sqlstate::null_value_not_allowed,
                            "the message has no value (a tombstone)",
                            "--tombstones skip leaves such messages out.", *batch_);
    return true;
  }
  try {
    session_->parser.parse(record, 0, message.payload, *batch_, message.schema_version);
    if (registry_attempts_ > 0 && record == awaits_registry_) { // it has answered
      registry_attempts_ = 0;
      metrics_.registry_up->Set(1);
    }
    return true;
  } catch (const Error &e) {
    const std::string_view state{e.code().data(), 2};
    if (state != "08" && state != "58") {
      throw;
    }
    awaits_registry_ = record;
    wait_for_registry(e);
    return false;
  }
}

// A message that cannot be judged while the registry is away is neither good nor bad: what was read
// before it is loaded, the topic waits, and is then read on from the database's offsets, which end
// at this message.
void Ingest::wait_for_registry(const Error &error) {
  const auto pause = std::min(30000ms, 500ms * (1 << std::min(registry_attempts_++, 6)));
  try_registry_at_ = Clock::now() + pause;
  metrics_.registry_up->Set(0);
  log_.write(Level::warning, "registry", error.message(), {{"next_try_ms", pause.count()}});
  consumer_->pause(assigned());
}

void Ingest::see_registry() {
  if (try_registry_at_ != Clock::time_point{} && Clock::now() >= try_registry_at_ && session_ &&
      session_->loads.idle() && (!batch_ || batch_->size() == 0)) {
    to_restart_ = "the schema registry is asked again";
  }
}

void Ingest::take(KafkaMessage &message) {
  const auto at = partitions_.find(message.partition);
  if (message.kind == KafkaMessage::Kind::problem) {
    log_.write(Level::warning, "broker", message.problem, {{"partition", message.partition}});
    return;
  }
  if (at == partitions_.end() || !at->second.claimed || !session_ || stopped_ ||
      try_registry_at_ != Clock::time_point{}) {
    return; // not ours, or read again once the database has said from where
  }
  Partition &partition = at->second;
  partition.silent = 0;
  switch (message.kind) {
  case KafkaMessage::Kind::end_of_partition:
    partition.at_end = true;
    return;
  case KafkaMessage::Kind::out_of_range:
    partition.claimed = false; // claim() looks what is there
    to_restart_ = fmt::format("partition {}: {}", message.partition, message.problem);
    return;
  default:
    break;
  }
  if (message.offset < partition.next) {
    return;
  }
  if (message.tombstone && options_.skip_tombstones) {
    return; // its offset goes with the next record's
  }
  add(partition, message);
}

void Ingest::hand_over() {
  for (Batch::Place &place : batch_->places()) {
    place.end_offset = consumer_->known_end(place.partition);
  }
  if (std::string drift = session_->parser.take_drift(); !drift.empty()) {
    batch_->set_drift(std::move(drift));
  }
  const auto size = static_cast<std::int64_t>(batch_->size());
  const auto rejected = static_cast<std::int64_t>(batch_->rejected({0, batch_->size()}));
  {
    const std::scoped_lock lock(breaker_mutex_);
    if (breaker_.would_open(size, rejected)) {
      breaker_open_ = true;
      return;
    }
  }
  if (!session_->loads.put(batch_)) {
    return;
  }
  for (auto &[number, partition] : partitions_) {
    partition.place = -1;
  }
  if (std::exchange(throttled_, false)) {
    consumer_->resume(assigned());
  }
  no_room_since_ = {};
  metrics_.read->Increment(static_cast<double>(size));
}

// The batch is full and the one before it still waits: the topic has to wait too. For a moment by
// not polling, so that what librdkafka fetched stays; for longer by pausing, since a client that
// does not poll is thrown out of the group.
void Ingest::make_room() {
  if (no_room_since_ == Clock::time_point{}) {
    no_room_since_ = Clock::now();
  }
  if (throttled_) {
    return;
  }
  session_->loads.wait_for_room(50ms);
  if (Clock::now() - no_room_since_ > room_patience && !session_->loads.has_room()) {
    throttled_ = true;
    consumer_->pause(assigned());
  }
}

// Everything that was read is loaded, or false.
bool Ingest::flush(std::chrono::milliseconds time) {
  const auto until = Clock::now() + time;
  const auto left = [&until] {
    return std::max(0ms,
                    std::chrono::duration_cast<std::chrono::milliseconds>(until - Clock::now()));
  };
  if (!session_ || session_->loads.failed()) {
    return !batch_;
  }
  while (batch_ && batch_->size() > 0 && !breaker_open_ && session_->loads.wait_for_room(left()) &&
         !session_->loads.failed()) {
    hand_over();
  }
  return session_->loads.wait_until_idle(left()) && !session_->loads.failed() &&
         (!batch_ || batch_->size() == 0);
}

// Called by the loading thread.
void Ingest::loaded(const Batch &batch, const Counts &counts, double seconds) {
  {
    const std::scoped_lock lock(counts_mutex_);
    counts_ += counts;
  }
  {
    const std::scoped_lock lock(breaker_mutex_);
    breaker_open_ = breaker_open_ || breaker_.would_open(counts.read, counts.rejected);
    breaker_.add(counts.read, counts.rejected);
  }
  metrics_.loaded->Increment(static_cast<double>(counts.loaded));
  metrics_.duplicates->Increment(static_cast<double>(counts.duplicates));
  metrics_.rejected->Increment(static_cast<double>(counts.rejected));
  metrics_.batches->Increment();
  metrics_.batch_seconds->Observe(seconds);
  metrics_.database_up->Set(1);
  const auto now =
      std::chrono::duration<double>(std::chrono::system_clock::now().time_since_epoch());
  metrics_.last_commit->Set(now.count());
  Offsets offsets;
  std::int64_t newest = -1;
  for (const TopicCursor::Move &move : TopicCursor::moves(batch, {0, batch.size()})) {
    offsets.emplace_back(move.partition, move.next);
    newest = std::max(newest, move.last_message_at);
  }
  if (newest > 0) {
    metrics_.freshness_seconds->Observe(
        std::max(0.0, now.count() - static_cast<double>(newest) / 1000));
  }
  consumer_->commit_async(offsets);
}

// ---- the course of things -----------------------------------------------------------------------

// Drops what is not loaded and begins again where the database stands.
void Ingest::restart(std::string_view why, std::chrono::milliseconds pause) {
  log_.write(Level::info, "restart", fmt::format("reads on from the database's offsets: {}", why));
  metrics_.restarts->Increment();
  session_.reset();
  batch_.reset();
  breaker_open_ = false;
  throttled_ = false;
  no_room_since_ = {};
  try_registry_at_ = {};
  to_restart_.clear();
  for (auto &[number, partition] : partitions_) {
    partition = Partition{};
  }
  consumer_->pause(assigned());
  try_database_at_ = claim_at_ = Clock::now() + pause;
}

void Ingest::see_failure() {
  try {
    session_->loads.rethrow();
  } catch (const Interrupted &) {
    throw;
  } catch (const Error &e) {
    const std::string_view state{e.code().data(), 5};
    if (state == "55000") { // taken over, or the feed was redefined
      log_.write(Level::warning, "taken_over", e.message(), {{"detail", e.detail()}});
      restart("another client or a new definition came between", after_takeover);
      return;
    }
    const auto *of_server = dynamic_cast<const ServerError *>(&e);
    // Too much for the server however little it was: that is for people to mend.
    if (of_server != nullptr && of_server->transient() && !asks_too_much(*of_server)) {
      restart(e.message(), 1000ms);
      return;
    }
    const std::string reason = fmt::format("{} ({})", e.message(), state);
    stop_source(reason);
    restart("a batch cannot be loaded", 0ms);
  }
}

// `idle`: nothing was there to be taken.
void Ingest::keep_house(bool idle) {
  const auto now = Clock::now();
  if (session_ && session_->loads.failed()) {
    see_failure();
  }
  if (breaker_open_) {
    const double share = [this] {
      const std::scoped_lock lock(breaker_mutex_);
      return breaker_.share();
    }();
    stop_source(fmt::format("more than {:.1f}% of the latest records are rejected",
                            100 * std::max(options_.max_reject_share, 0.0)));
    restart(fmt::format("{:.1f}% rejects before the last batch", 100 * share), 0ms);
  }
  see_registry();
  if (!to_restart_.empty()) {
    restart(std::string{to_restart_}, 0ms);
  }
  if (!session_) {
    try_to_open();
  }
  if (session_ && now >= look_at_) {
    look_at_source();
  }
  if (session_ && !stopped_ && to_restart_.empty()) {
    claim_what_waits();
    wake_stalled(idle);
  }
  if (now >= report_at_) {
    report();
  }
}

std::int64_t Ingest::lag() const {
  std::int64_t sum = 0;
  for (const auto &[number, partition] : partitions_) {
    const std::int64_t end = consumer_->known_end(number);
    const std::int64_t behind =
        end >= 0 && partition.next >= 0 ? std::max<std::int64_t>(0, end - partition.next) : 0;
    metrics_.set_lag(number, behind);
    sum += behind;
  }
  return sum;
}

void Ingest::report() {
  Counts counts;
  {
    const std::scoped_lock lock(counts_mutex_);
    counts = counts_;
  }
  const std::int64_t behind = lag();
  metrics_.assigned->Set(static_cast<double>(partitions_.size()));
  if (report_at_ != Clock::time_point{} && counts.read != reported_read_) {
    const double seconds =
        std::chrono::duration<double>(Clock::now() - report_at_ + options_.report_time).count();
    log_.write(Level::info, "progress", "loads",
               {{"read", counts.read},
                {"loaded", counts.loaded},
                {"duplicates", counts.duplicates},
                {"rejected", counts.rejected},
                {"batches", counts.batches},
                {"per_second", static_cast<double>(counts.read - reported_read_) / seconds},
                {"lag", behind},
                {"partitions", partitions_.size()}});
    reported_read_ = counts.read;
  }
  report_at_ = Clock::now() + options_.report_time;
}

bool Ingest::at_end() const {
  return options_.until_end && ever_assigned_ && session_ && !batch_is_due() &&
         (!batch_ || batch_->size() == 0) && session_->loads.idle() && !session_->loads.failed() &&
         to_restart_.empty() && try_registry_at_ == Clock::time_point{} &&
         std::all_of(partitions_.begin(), partitions_.end(),
                     [](const auto &entry) { return entry.second.claimed && entry.second.at_end; });
}

void Ingest::run() {
  consumer_ = std::make_unique<KafkaConsumer>(options_.kafka, options_.topic,
                                              static_cast<KafkaListener &>(*this));
  open_session();
  stop_gracefully();
  look_at_source();
  to_restart_.clear();
  session_->loads.wait_until_idle(warm_up_time);
  begin();
  log_.write(Level::info, "start", "reads the topic",
             {{"topic", options_.topic},
              {"group", options_.kafka.get("group.id")},
              {"batch_rows", options_.batch_rows},
              {"batch_ms", options_.batch_time.count()}});
  KafkaMessage message;
  int polls = 0;
  while (!stop_requested() && !at_end() && !(options_.until_end && stopped_)) {
    // What has arrived is taken without a look at the clock.
    const bool got =
        consumer_->poll(0ms, message) ||
        consumer_->poll(batch_ && batch_->size() > 0 && !throttled_ ? 5ms : poll_time, message);
    if (got) {
      take(message);
    }
    const bool look_up = !got || ++polls % look_at_clock == 0;
    if (session_ && (look_up ? batch_is_due() : batch_is_full())) {
      if (session_->loads.has_room()) {
        hand_over();
      } else if (batch_is_full()) {
        make_room();
      }
    }
    if (!got || polls % 1024 == 0 || breaker_open_) {
      keep_house(!got);
    }
  }
  message.owner.reset();
  finish();
}

void Ingest::finish() {
  const bool whole = flush(options_.stop_time);
  if (!whole) {
    stop_now();
  }
  consumer_->close();
  Counts counts;
  {
    const std::scoped_lock lock(counts_mutex_);
    counts = counts_;
  }
  log_.write(whole ? Level::info : Level::warning, "end",
             whole
                 ? "stopped; everything that was read is loaded"
                 : "stopped before everything that was read could be loaded; it will be read again",
             {{"read", counts.read},
              {"loaded", counts.loaded},
              {"duplicates", counts.duplicates},
              {"rejected", counts.rejected},
              {"batches", counts.batches}});
  session_.reset();
  if (!whole) {
    throw Exit{Status::terminated};
  }
  if (options_.until_end && stopped_) {
    throw Exit{Status::too_many_rejects};
  }
}

} // namespace starhouse::client
