// What a person sees of a load: progress while it runs, the account of each file afterwards.
#pragma once

#include "client/loader.hpp"

#include <chrono>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace starhouse::client {

// One kind of rejected record.
struct RejectKind {
  std::int64_t count = 0;
  std::string code;
  std::string column;
  std::string reason;
  std::string hint;
  std::string value; // of the first one
  std::int64_t line = 0;
};

struct FileReport {
  std::string file;
  std::string warehouse;
  std::string feed;
  std::int64_t source_id = 0;
  std::string already_loaded_at; // nothing was done
  std::int64_t resumed_at = 0;   // record; 0: from the start
  std::string stopped;           // why the file was not loaded to its end
  bool dry_run = false;
  Counts counts;
  double seconds = 0;
  std::vector<RejectKind> kinds; // of the whole source, most frequent first
  std::vector<std::string> notes;
};

void print_report(const FileReport &report);
void print_json(const FileReport &report);

// `text` as a JSON string, quotes included.
std::string json_string(std::string_view text);
// 1234567 -> "1,234,567".
std::string grouped(std::int64_t number);
// Quoted where SQL needs it.
std::string sql_identifier(std::string_view name);
std::string sql_literal(std::string_view text);

// The most frequent kinds of open rejects of a source.
std::vector<RejectKind> reject_kinds(Connection &connection, const FeedPlan &plan,
                                     std::int64_t source_id);

// A line that renews itself on a terminal; in a pipe, a plain line every few seconds.
class Progress {
public:
  Progress(std::string file, std::uint64_t bytes, bool quiet);
  ~Progress();
  Progress(const Progress &) = delete;
  Progress &operator=(const Progress &) = delete;

  void show(const Counts &counts, std::uint64_t consumed);

private:
  std::string file_;
  std::uint64_t bytes_;
  bool quiet_;
  bool terminal_;
  bool shown_ = false;
  std::chrono::steady_clock::time_point start_;
  std::chrono::steady_clock::time_point last_;
};

} // namespace starhouse::client
