// A file's place: record numbers, fenced by the source's epoch.
#pragma once

#include "client/cursor.hpp"
#include "client/source.hpp"
#include "client/warehouse.hpp"

#include <string>

namespace starhouse::client {

// What the server knows of a source.
struct OpenSource {
  std::int64_t source_id = 0;
  std::int64_t next_record = 1;
  std::int64_t epoch = 0;
  std::string finished_at; // empty: not yet
};

class FileCursor final : public Cursor {
public:
  // `target` must outlive the cursor.
  explicit FileCursor(const Target &target) : target_(target) {}

  // Registers the source, waiting a while for another session that is loading it.
  const OpenSource &open(Connection &connection, const std::string &name, const SourceFacts &facts,
                         const std::string &header);
  // The same without waiting: throws ServerError 55P03 then.
  const OpenSource &open_now(Connection &connection, const std::string &name,
                             const SourceFacts &facts, const std::string &header);
  const OpenSource &source() const noexcept { return source_; }

  std::int64_t source_id() const noexcept override { return source_.source_id; }
  std::int64_t epoch() const noexcept override { return source_.epoch; }
  std::int64_t stands_at() const noexcept override { return source_.next_record; }
  const std::string &name() const noexcept override { return name_; }
  Parameter first_record(const Batch *before) const override;
  Parameter next_record(const Batch &batch, Batch::Range range) const override;
  void claim(Connection &connection, std::int64_t batch_id, const Batch &batch,
             Batch::Range range) const override;
  void close(Connection &connection) const override;
  void release(Connection &connection, Run run) const override;
  void moved(const Batch &batch, Batch::Range range) override;
  bool was_committed(Connection &connection, const Batch &batch, Batch::Range range,
                     bool last) override;

private:
  void be(const std::string &name, const SourceFacts &facts, const std::string &header);
  void open_row(Connection &connection);

  const Target &target_;
  std::string name_;
  std::string header_;
  SourceFacts facts_;
  OpenSource source_;
};

} // namespace starhouse::client
