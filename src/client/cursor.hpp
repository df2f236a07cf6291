// Where a source stands, and how a batch moves it on in its own transaction: a file by record
// numbers (FileCursor), a topic by the offsets of its partitions (TopicCursor).
#pragma once

#include "client/batch.hpp"
#include "client/server.hpp"

#include <cstdint>

namespace starhouse::client {

class Cursor {
public:
  virtual ~Cursor() = default;
  Cursor(const Cursor &) = delete;
  Cursor &operator=(const Cursor &) = delete;

  virtual std::int64_t source_id() const noexcept = 0;
  // Of the source as a whole, and its next record; 0 where each partition has its own.
  virtual std::int64_t epoch() const noexcept = 0;
  virtual std::int64_t stands_at() const noexcept = 0;
  // For messages.
  virtual const std::string &name() const noexcept = 0;

  // First record of the batch that follows `before` (none: the next one), as batch_log keeps it.
  virtual Parameter first_record(const Batch *before) const = 0;
  // Where the source stands after the range, as batch_finish is told.
  virtual Parameter next_record(const Batch &batch, Batch::Range range) const = 0;
  // Locks the source for the transaction and checks that nobody else moved it: 55000 otherwise.
  virtual void claim(Connection &connection, std::int64_t batch_id, const Batch &batch,
                     Batch::Range range) const = 0;
  // The source has no more records.
  virtual void close(Connection &connection) const = 0;
  // Gives up the session's hold on the source, where there is such a thing; and the run, where the
  // source is not loaded after all.
  enum class Run { ended, given_up };
  virtual void release(Connection & /*connection*/, Run /*run*/) const {}

  // The range is committed.
  virtual void moved(const Batch &batch, Batch::Range range) = 0;
  // After a lost connection, over a new one: whether the range had been committed all the same.
  // Throws Error 55000 when another client took over.
  virtual bool was_committed(Connection &connection, const Batch &batch, Batch::Range range,
                             bool last) = 0;

protected:
  Cursor() = default;
};

} // namespace starhouse::client
