// The partitions of an ingest: what the group gives and takes, and where each is read from.
#include "client/ingest/ingest.hpp"

#include "client/commands.hpp"
#include "client/interrupt.hpp"
#include "client/report.hpp"

#include <algorithm>
#include <array>
#include <numeric>
#include <iterator>
#include <set>
#include <utility>

#include <fmt/format.h>
#include <prometheus/counter.h>
#include <prometheus/gauge.h>

namespace starhouse::client {

using namespace std::chrono_literals;
using Level = Log::Level;

namespace {

constexpr auto broker_time = 10s;
constexpr auto revoke_time = 20s; // well below librdkafka's max.poll.interval.ms
constexpr auto wake_every = 10s;
constexpr auto wake_time = 500ms; // nothing is taken meanwhile
constexpr int most_silent = 6;    // rounds, while others' messages keep coming
constexpr int most_woken = 8;     // doublings of that
constexpr int most_woken_away = 2;

template <class List>
std::string listed(const List &partitions) {
  std::string text;
  for (const std::int32_t partition : partitions) {
    text += fmt::format("{}{}", text.empty() ? "" : ",", partition);
  }
  return text;
}

} // namespace

std::vector<std::int32_t> Ingest::assigned() const {
  std::vector<std::int32_t> numbers;
  numbers.reserve(partitions_.size());
  for (const auto &[number, partition] : partitions_) {
    numbers.push_back(number);
  }
  return numbers;
}

void Ingest::begin() {
  if (!options_.fixed) {
    consumer_->subscribe();
    return;
  }
  std::vector<std::int32_t> partitions = *options_.fixed;
  const int all = consumer_->partitions(broker_time);
  if (partitions.empty()) {
    partitions.resize(static_cast<std::size_t>(all));
    std::iota(partitions.begin(), partitions.end(), 0);
  }
  for (const std::int32_t number : partitions) {
    if (number >= all) {
      throw Error(SqlState{"22023"},
                  fmt::format("topic {} has no partition {}", options_.topic, number),
                  fmt::format("It has {}, numbered from 0.", all));
    }
  }
  consumer_->take(on_assign(partitions));
}

// ---- the group ----------------------------------------------------------------------------------

Offsets Ingest::on_assign(const std::vector<std::int32_t> &partitions) {
  ever_assigned_ = true;
  metrics_.rebalances->Increment();
  // All partitions or none are paused for want of room: the new ones are not, and make_room() says
  // it again for all if there is none yet.
  if (std::exchange(throttled_, false)) {
    consumer_->resume(assigned());
  }
  for (const std::int32_t number : partitions) {
    partitions_[number] = Partition{};
  }
  log_.write(Level::info, "assigned", "the group assigned partitions",
             {{"partitions", listed(partitions)}});
  // No exception may pass through librdkafka's frames; what fails here is tried again by
  // claim_what_waits().
  try {
    if (session_ && !stopped_ && !partitions.empty()) {
      claim(partitions);
    }
  } catch (const Error &e) {
    log_.write(Level::warning, "claim", e.message());
    control_.reset();
  } catch (const Interrupted &) { // seen again at the next turn
  }
  Offsets offsets;
  for (const std::int32_t number : partitions) {
    const Partition &partition = partitions_[number];
    offsets.emplace_back(number, partition.claimed ? partition.next : -1);
  }
  metrics_.assigned->Set(static_cast<double>(partitions_.size()));
  return offsets;
}

void Ingest::on_revoke(const std::vector<std::int32_t> &partitions, bool lost) {
  metrics_.rebalances->Increment();
  log_.write(lost ? Level::warning : Level::info, "revoked",
             lost ? "the group gave partitions to others: this client was silent for too long"
                  : "the group takes partitions back",
             {{"partitions", listed(partitions)}});
  bool whole = false;
  try {
    // What is lost is somebody else's: a commit would only be refused.
    whole = !lost && flush(revoke_time);
  } catch (const Error &e) {
    log_.write(Level::warning, "revoked", e.message());
  } catch (const Interrupted &) { // seen again at the next turn
  }
  if (!whole && session_) {
    to_restart_ = "partitions went before what was read of them could be loaded";
  }
  for (const std::int32_t number : partitions) {
    partitions_.erase(number);
    metrics_.forget_lag(number);
  }
  metrics_.assigned->Set(static_cast<double>(partitions_.size()));
}

void Ingest::on_log(int level, std::string_view facility, std::string_view message) {
  log_.write(level <= 3   ? Level::error
             : level <= 4 ? Level::warning
                          : Level::info,
             "librdkafka", message, {{"facility", facility}});
}

void Ingest::on_error(std::string_view name, std::string_view message) {
  log_.write(Level::warning, "broker", message, {{"code", name}});
}

// ---- places -------------------------------------------------------------------------------------

// Where partitions begin that the database has not seen. One that the topic got later is read from
// its beginning whatever --from says: what it held before it was noticed is new, too.
Offsets Ingest::first_offsets(const std::vector<std::int32_t> &fresh) {
  Offsets offsets;
  std::vector<std::int32_t> by_time;
  for (const std::int32_t number : fresh) {
    if (number < known_partitions_ && options_.from == IngestOptions::From::time) {
      by_time.push_back(number);
      continue;
    }
    const auto [low, high] = consumer_->log_range(number, broker_time);
    const bool at_end = number < known_partitions_ && options_.from == IngestOptions::From::latest;
    offsets.emplace_back(number, at_end ? high : low);
  }
  if (!by_time.empty()) {
    const Offsets found = consumer_->at_time(by_time, options_.from_time, broker_time);
    offsets.insert(offsets.end(), found.begin(), found.end());
  }
  return offsets;
}

// Takes the partitions over in the database and learns where they stand. Throws Error.
void Ingest::claim(const std::vector<std::int32_t> &partitions) {
  std::set<std::int32_t> known;
  const auto ask = [&](Connection &connection) {
    const std::array<Parameter, 1> source{std::to_string(source_id_)};
    const Result rows = connection.query(
        fmt::format("SELECT partition FROM {}.source_partition WHERE source_id = $1",
                    sql_identifier(options_.target.warehouse)),
        source);
    for (int row = 0; row < rows.rows(); ++row) {
      known.insert(static_cast<std::int32_t>(rows.integer(row, 0)));
    }
  };
  if (!with_database(ask) && !with_database(ask)) { // an old session may have died unnoticed
    return;
  }
  std::vector<std::int32_t> fresh;
  std::copy_if(partitions.begin(), partitions.end(), std::back_inserter(fresh),
               [&](std::int32_t number) { return !known.contains(number); });
  std::string starts{"{"};
  std::string numbers{"{"};
  const Offsets begin = first_offsets(fresh);
  for (const std::int32_t number : partitions) {
    const auto at = std::find_if(begin.begin(), begin.end(),
                                 [&](const auto &entry) { return entry.first == number; });
    const char *comma = numbers.size() > 1 ? "," : "";
    numbers += fmt::format("{}{}", comma, number);
    starts += comma + (at == begin.end() ? "NULL" : std::to_string(at->second));
  }
  with_database([&](Connection &connection) {
    const std::array<Parameter, 4> row{options_.target.warehouse, std::to_string(source_id_),
                                       numbers + '}', starts + '}'};
    const Result taken = connection.query(
        "SELECT partition, next_offset, epoch FROM starhouse.topic_assign($1, $2, $3, $4)", row);
    for (int i = 0; i < taken.rows(); ++i) {
      Partition &partition = partitions_[static_cast<std::int32_t>(taken.integer(i, 0))];
      partition = Partition{};
      partition.next = taken.integer(i, 1);
      partition.epoch = taken.integer(i, 2);
      partition.claimed = true;
    }
  });
  for (const std::int32_t number : partitions) {
    if (partitions_[number].claimed && known.contains(number)) {
      check_gap(number);
    }
  }
}

// Offsets that went from the log before they were read, or a log that is shorter than what was read
// of it (the topic was made anew): data is lost. Throws Exit when that is not to be passed over.
void Ingest::check_gap(std::int32_t number) {
  Partition &partition = partitions_[number];
  const std::pair<std::int64_t, std::int64_t> range = consumer_->log_range(number, broker_time);
  const std::int64_t low = range.first;
  const std::int64_t high = range.second;
  if (partition.next >= low && partition.next <= high) {
    return;
  }
  metrics_.gaps->Increment();
  const std::string reason =
      partition.next < low
          ? fmt::format("offsets {} to {} were deleted from the log before they were read",
                        partition.next, low - 1)
          : fmt::format("the log ends at offset {}, before {}: the topic was made anew", high,
                        partition.next);
  log_.write(Level::error, "data_loss", reason, {{"partition", number}});
  const bool noted = with_database([&](Connection &connection) {
    const std::array<Parameter, 8> gap{options_.target.warehouse,
                                       std::to_string(source_id_),
                                       std::to_string(number),
                                       std::to_string(partition.epoch),
                                       std::to_string(partition.next),
                                       std::to_string(low),
                                       reason,
                                       options_.go_on_after_loss ? "true" : "false"};
    connection.query("SELECT starhouse.topic_lost($1, $2, $3, $4, $5, $6, $7, $8)", gap);
  });
  if (!noted) {
    partition.claimed = false;
    return;
  }
  if (options_.go_on_after_loss) {
    partition.next = low;
    return;
  }
  partition.claimed = false;
  stop_source(
      fmt::format("partition {}: {}; --on-data-loss continue passes over it", number, reason));
  to_restart_ = "data is lost";
}

// Partitions that were assigned while the database was away, or that a restart left.
void Ingest::claim_what_waits() {
  std::vector<std::int32_t> waiting;
  for (const auto &[number, partition] : partitions_) {
    if (!partition.claimed) {
      waiting.push_back(number);
    }
  }
  if (waiting.empty() || Clock::now() < claim_at_ || consumer_->assignment_lost()) {
    return;
  }
  claim_at_ = Clock::now() + 1s;
  try {
    claim(waiting);
  } catch (const KafkaError &e) {
    log_.write(Level::warning, "broker", e.message());
    return;
  }
  Offsets all;
  Offsets moved;
  for (const auto &[number, partition] : partitions_) {
    if (partition.claimed) {
      all.emplace_back(number, partition.next);
      if (std::find(waiting.begin(), waiting.end(), number) != waiting.end()) {
        moved.emplace_back(number, partition.next);
      }
    }
  }
  if (all.size() == partitions_.size()) {
    consumer_->reposition(all, moved);
    return;
  }
  for (const auto &[number, next] : moved) { // all or none: reposition() replaces the assignment
    partitions_[number].claimed = false;
  }
}

// A partition that brings nothing although its log goes on is assigned once more: what tells
// librdkafka to read it may be lost on the way to its threads (its issues 2190, 5591). Less and
// less often, as its broker may be away, or the log end in what is not for readers: marks of
// transactions, tombstones that are skipped. While messages keep coming, those of a silent
// partition may stand behind them in the queue.
void Ingest::wake_stalled(bool idle) {
  if (Clock::now() < wake_at_) {
    return;
  }
  const bool held = throttled_ || try_registry_at_ != Clock::time_point{} ||
                    consumer_->assignment_lost() ||
                    !std::all_of(partitions_.begin(), partitions_.end(),
                                 [](const auto &entry) { return entry.second.claimed; });
  std::vector<std::int32_t> silent;
  Offsets all;
  for (auto &[number, partition] : partitions_) {
    all.emplace_back(number, partition.next);
    partition.silent = held ? 0 : partition.silent + 1;
    if (partition.silent > (idle ? 1 : most_silent) << partition.woken && !partition.at_end) {
      silent.push_back(number);
      partition.silent = 0;
      partition.woken = std::min(partition.woken + 1, most_woken);
    }
  }
  try {
    Offsets stalled;
    if (!silent.empty()) {
      for (const auto &[number, end] : consumer_->ends(silent, wake_time)) {
        Partition &partition = partitions_[number];
        if (end <= partition.next) {
          partition.woken = 0;
          continue;
        }
        stalled.emplace_back(number, partition.next);
        log_.write(Level::info, "stalled", "asks anew for what does not come",
                   {{"partition", number}, {"offset", partition.next}, {"end", end}});
      }
    }
    if (!stalled.empty()) {
      consumer_->reposition(all, stalled);
    }
  } catch (const KafkaError &e) { // of one broker: the others' partitions soon again
    for (const std::int32_t number : silent) {
      partitions_[number].woken = std::min(partitions_[number].woken, most_woken_away);
    }
    log_.write(Level::info, "broker", e.message());
  }
  wake_at_ = Clock::now() + wake_every;
}

} // namespace starhouse::client
