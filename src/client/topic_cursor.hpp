// A topic's place: offsets of its partitions, each fenced by its own epoch. The batch itself says
// where its partitions stood before it (Batch::places), so batches of different assignments may be
// on their way one after the other; one whose partitions were taken over meanwhile commits nothing.
#pragma once

#include "client/cursor.hpp"
#include "client/warehouse.hpp"

#include <cstdint>
#include <string>
#include <vector>

namespace starhouse::client {

// One number for partition and offset, as starhouse.topic_record makes it.
inline constexpr unsigned topic_offset_bits = 48;
constexpr std::int64_t topic_record(std::int32_t partition, std::int64_t offset) noexcept {
  return (static_cast<std::int64_t>(partition) << topic_offset_bits) | offset;
}
constexpr std::int32_t topic_partition(std::int64_t record) noexcept {
  return static_cast<std::int32_t>(record >> topic_offset_bits);
}
constexpr std::int64_t topic_offset(std::int64_t record) noexcept {
  return record & ((std::int64_t{1} << topic_offset_bits) - 1);
}

class TopicCursor final : public Cursor {
public:
  // A partition's part in a range of a batch.
  struct Move {
    std::int32_t partition = 0;
    std::int64_t epoch = 0;
    std::int64_t base = 0;
    std::int64_t next = 0;
    std::int64_t end = -1;
    std::int64_t last_message_at = -1;
  };

  TopicCursor(const Target &target, std::string topic, std::int64_t source_id)
      : target_(target), topic_(std::move(topic)), source_id_(source_id) {}

  std::int64_t source_id() const noexcept override { return source_id_; }
  std::int64_t epoch() const noexcept override { return 0; }
  std::int64_t stands_at() const noexcept override { return 0; }
  const std::string &name() const noexcept override { return topic_; }
  Parameter first_record(const Batch * /*before*/) const override { return std::nullopt; }
  Parameter next_record(const Batch & /*batch*/, Batch::Range /*range*/) const override {
    return std::nullopt;
  }
  void claim(Connection &connection, std::int64_t batch_id, const Batch &batch,
             Batch::Range range) const override;
  void close(Connection & /*connection*/) const override {}
  void moved(const Batch & /*batch*/, Batch::Range /*range*/) override {}
  bool was_committed(Connection &connection, const Batch &batch, Batch::Range range,
                     bool last) override;

  // In order of partitions; only those that the range has records of.
  static std::vector<Move> moves(const Batch &batch, Batch::Range range);

private:
  const Target &target_;
  std::string topic_;
  std::int64_t source_id_;
};

} // namespace starhouse::client
