#include "client/report.hpp"

#include <array>
#include <cctype>
#include <cstdio>

#include <fmt/format.h>
#include <unistd.h>

namespace starhouse::client {
namespace {

constexpr std::size_t most_value = 40; // bytes of an example value in the account

std::string shortened(const std::string &value) {
  if (value.size() <= most_value) {
    return value;
  }
  std::size_t end = most_value;
  while (end > 0 && (static_cast<unsigned char>(value[end]) & 0xC0U) == 0x80U) {
    --end;
  }
  return fmt::format("{}...", value.substr(0, end));
}

std::string rate(std::int64_t records, double seconds) {
  return seconds > 0
             ? grouped(static_cast<std::int64_t>(static_cast<double>(records) / seconds)) + "/s"
             : std::string{"-"};
}

} // namespace

std::string grouped(std::int64_t number) {
  std::string digits = std::to_string(number);
  const std::size_t sign = number < 0 ? 1 : 0;
  for (std::size_t at = digits.size(); at > sign + 3;) {
    at -= 3;
    digits.insert(at, 1, ',');
  }
  return digits;
}

std::string json_string(std::string_view text) {
  std::string out{"\""};
  for (const char c : text) {
    const auto byte = static_cast<unsigned char>(c);
    if (c == '"' || c == '\\') {
      out += '\\';
      out += c;
    } else if (byte < 0x20) {
      out += fmt::format("\\u{:04x}", byte);
    } else {
      out += c;
    }
  }
  return out + '"';
}

std::string sql_identifier(std::string_view name) {
  bool plain =
      !name.empty() && (std::islower(static_cast<unsigned char>(name[0])) != 0 || name[0] == '_');
  std::string quoted{"\""};
  for (const char c : name) {
    const auto byte = static_cast<unsigned char>(c);
    plain = plain && (std::islower(byte) != 0 || std::isdigit(byte) != 0 || c == '_');
    quoted += c;
    if (c == '"') {
      quoted += c;
    }
  }
  return plain ? std::string{name} : quoted + '"';
}

std::string sql_literal(std::string_view text) {
  std::string quoted{"'"};
  for (const char c : text) {
    quoted += c;
    if (c == '\'') {
      quoted += c;
    }
  }
  return quoted + "'";
}

void print_report(const FileReport &report) {
  const Counts &counts = report.counts;
  fmt::print("{} -> {}, feed {}\n", report.file, report.warehouse, report.feed);
  for (const std::string &note : report.notes) {
    fmt::print("  note: {}\n", note);
  }
  if (!report.already_loaded_at.empty()) {
    fmt::print("  already loaded on {}, nothing to do\n", report.already_loaded_at);
    return;
  }
  if (report.resumed_at > 0) {
    fmt::print("  resumed at record {}\n", grouped(report.resumed_at));
  }
  fmt::print("  {} records in {:.1f} s ({}): {} {}, {} duplicates, {} rejected\n",
             grouped(counts.read), report.seconds, rate(counts.read, report.seconds),
             grouped(counts.loaded), report.dry_run ? "would load" : "loaded",
             grouped(counts.duplicates), grouped(counts.rejected));
  if (counts.retries > 0) {
    fmt::print("  {} attempts failed and were repeated\n", counts.retries);
  }
  if (!report.kinds.empty()) {
    fmt::print("  rejected, most frequent first:\n");
    for (const RejectKind &kind : report.kinds) {
      fmt::print("    {:>9}  {}{}{}: {}\n", grouped(kind.count), kind.code,
                 kind.column.empty() ? "" : " ", kind.column, kind.reason);
      fmt::print("               first: {}{}\n",
                 kind.line > 0 ? fmt::format("line {}", grouped(kind.line))
                               : std::string{"line unknown"},
                 kind.value.empty() ? std::string{}
                                    : fmt::format(", value \"{}\"", shortened(kind.value)));
      if (!kind.hint.empty()) {
        fmt::print("               hint: {}\n", kind.hint);
      }
    }
    if (!report.dry_run) {
      fmt::print("  all of them:  SELECT line_no, column_name, value, reason, payload FROM "
                 "{}.quarantine WHERE source_id = {} AND resolved_at IS NULL;\n",
                 sql_identifier(report.warehouse), report.source_id);
      fmt::print("  once the feed is mended:  starhouse replay {} --feed {}\n",
                 sql_identifier(report.warehouse), sql_identifier(report.feed));
    }
  }
  if (!report.stopped.empty()) {
    fmt::print("  stopped: {}\n", report.stopped);
  }
}

void print_json(const FileReport &report) {
  const Counts &counts = report.counts;
  std::string kinds;
  for (const RejectKind &kind : report.kinds) {
    kinds += fmt::format("{}{{\"count\":{},\"sqlstate\":{},\"column\":{},\"reason\":{},\"hint\":{},"
                         "\"first_line\":{},\"first_value\":{}}}",
                         kinds.empty() ? "" : ",", kind.count, json_string(kind.code),
                         json_string(kind.column), json_string(kind.reason), json_string(kind.hint),
                         kind.line, json_string(kind.value));
  }
  fmt::print("{{\"file\":{},\"warehouse\":{},\"feed\":{},\"source_id\":{},\"already_loaded_at\":{},"
             "\"resumed_at\":{},\"records\":{},\"loaded\":{},\"duplicates\":{},\"rejected\":{},"
             "\"batches\":{},\"retries\":{},\"seconds\":{:.3f},\"stopped\":{},\"dry_run\":{},"
             "\"rejects\":[{}]}}\n",
             json_string(report.file), json_string(report.warehouse), json_string(report.feed),
             report.source_id,
             report.already_loaded_at.empty() ? "null" : json_string(report.already_loaded_at),
             report.resumed_at, counts.read, counts.loaded, counts.duplicates, counts.rejected,
             counts.batches, counts.retries, report.seconds,
             report.stopped.empty() ? "null" : json_string(report.stopped), report.dry_run, kinds);
}

std::vector<RejectKind> reject_kinds(Connection &connection, const FeedPlan &plan,
                                     std::int64_t source_id) {
  const std::array<Parameter, 1> source{std::to_string(source_id)};
  const Result result = connection.query(
      fmt::format("SELECT pg_catalog.count(*), sqlstate, coalesce(column_name, ''), reason, "
                  "(pg_catalog.array_agg(coalesce(hint, '') ORDER BY record_no))[1], "
                  "(pg_catalog.array_agg(coalesce(value, '') ORDER BY record_no))[1], "
                  "(pg_catalog.array_agg(coalesce(line_no, 0) ORDER BY record_no))[1] "
                  "FROM {} WHERE source_id = $1 AND resolved_at IS NULL "
                  "GROUP BY sqlstate, column_name, reason ORDER BY 1 DESC, 2, 3, 4 LIMIT 10",
                  plan.quarantine_table),
      source);
  std::vector<RejectKind> kinds;
  kinds.reserve(static_cast<std::size_t>(result.rows()));
  for (int row = 0; row < result.rows(); ++row) {
    kinds.push_back({result.integer(row, 0), std::string{result.text(row, 1)},
                     std::string{result.text(row, 2)}, std::string{result.text(row, 3)},
                     std::string{result.text(row, 4)}, std::string{result.text(row, 5)},
                     result.integer(row, 6)});
  }
  return kinds;
}

Progress::Progress(std::string file, std::uint64_t bytes, bool quiet)
    : file_(std::move(file)), bytes_(bytes), quiet_(quiet), terminal_(isatty(STDERR_FILENO) == 1),
      start_(std::chrono::steady_clock::now()), last_(start_) {}

Progress::~Progress() {
  if (shown_ && terminal_) {
    (void)std::fputs("\r\x1b[K", stderr);
  }
}

void Progress::show(const Counts &counts, std::uint64_t consumed) {
  using namespace std::chrono_literals;
  const auto now = std::chrono::steady_clock::now();
  if (quiet_ || (!terminal_ && now - last_ < 5s)) {
    return;
  }
  last_ = now;
  shown_ = true;
  const double seconds = std::chrono::duration<double>(now - start_).count();
  fmt::print(stderr, "{}{}: {}{} records, {}, {} rejected{}", terminal_ ? "\r" : "", file_,
             bytes_ > 0 ? fmt::format("{} %, ", consumed * 100 / bytes_) : std::string{},
             grouped(counts.read), rate(counts.read, seconds), grouped(counts.rejected),
             terminal_ ? "\x1b[K" : "\n");
  (void)std::fflush(stderr);
}

} // namespace starhouse::client
