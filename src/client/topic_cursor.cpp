#include "client/topic_cursor.hpp"

#include "client/report.hpp"

#include <algorithm>
#include <array>

#include <fmt/format.h>

namespace starhouse::client {
namespace {

// An array parameter of one member of the moves; -1 is NULL.
template <class Member>
std::string array_of(const std::vector<TopicCursor::Move> &moves, Member member) {
  std::string text{"{"};
  for (const TopicCursor::Move &move : moves) {
    const auto value = move.*member;
    text += text.size() > 1 ? "," : "";
    text += value < 0 ? "NULL" : fmt::format("{}", value);
  }
  return text + '}';
}

} // namespace

std::vector<TopicCursor::Move> TopicCursor::moves(const Batch &batch, Batch::Range range) {
  std::vector<Move> moves;
  moves.reserve(batch.places().size());
  for (const Batch::Place &place : batch.places()) {
    moves.push_back({place.partition, place.epoch, place.next_offset, -1, place.end_offset,
                     place.last_message_at});
  }
  std::sort(moves.begin(), moves.end(),
            [](const Move &a, const Move &b) { return a.partition < b.partition; });
  const auto move_of = [&moves](std::int64_t record) -> Move & {
    return *std::lower_bound(
        moves.begin(), moves.end(), topic_partition(record),
        [](const Move &move, std::int32_t partition) { return move.partition < partition; });
  };
  for (std::size_t i = 0; i < range.last; ++i) {
    const std::int64_t record = batch.record(i).number;
    (i < range.first ? move_of(record).base : move_of(record).next) = topic_offset(record) + 1;
  }
  std::erase_if(moves, [](const Move &move) { return move.next < 0; });
  return moves;
}

void TopicCursor::claim(Connection &connection, std::int64_t batch_id, const Batch &batch,
                        Batch::Range range) const {
  const std::vector<Move> moves = TopicCursor::moves(batch, range);
  const std::array<Parameter, 9> claim{target_.warehouse,
                                       std::to_string(source_id_),
                                       std::to_string(batch_id),
                                       array_of(moves, &Move::partition),
                                       array_of(moves, &Move::epoch),
                                       array_of(moves, &Move::base),
                                       array_of(moves, &Move::next),
                                       array_of(moves, &Move::end),
                                       array_of(moves, &Move::last_message_at)};
  connection.query("SELECT starhouse.topic_claim($1, $2, $3, $4, $5, $6, $7, $8, "
                   "ARRAY(SELECT pg_catalog.to_timestamp(t / 1000.0) FROM "
                   "pg_catalog.unnest($9::bigint[]) WITH ORDINALITY AS u(t, n) ORDER BY n))",
                   claim);
}

bool TopicCursor::was_committed(Connection &connection, const Batch &batch, Batch::Range range,
                                bool /*last*/) {
  const std::vector<Move> moves = TopicCursor::moves(batch, range);
  const std::array<Parameter, 5> which{
      std::to_string(source_id_), array_of(moves, &Move::partition), array_of(moves, &Move::epoch),
      array_of(moves, &Move::base), array_of(moves, &Move::next)};
  const Result result = connection.query(
      fmt::format("SELECT pg_catalog.count(*) FILTER (WHERE p.next_offset = u.base), "
                  "pg_catalog.count(*) FILTER (WHERE p.next_offset = u.next) FROM "
                  "ROWS FROM (pg_catalog.unnest($2::int[]), pg_catalog.unnest($3::bigint[]), "
                  "pg_catalog.unnest($4::bigint[]), pg_catalog.unnest($5::bigint[])) AS "
                  "u(partition, epoch, base, next) JOIN {}.source_partition p ON p.source_id = $1 "
                  "AND p.partition = u.partition AND p.epoch = u.epoch",
                  sql_identifier(target_.warehouse)),
      which);
  const auto all = static_cast<std::int64_t>(moves.size());
  if (result.integer(0, 0) != all && result.integer(0, 1) != all) {
    throw Error(SqlState{"55000"}, fmt::format("another client took over partitions of {}", topic_),
                "Nothing is lost or doubled: this one reads on from where they stand.");
  }
  return result.integer(0, 1) == all;
}

} // namespace starhouse::client
