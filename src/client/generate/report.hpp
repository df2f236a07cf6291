// What a generator wrote, feed by feed.
#pragma once

#include "client/generate/file_output.hpp"

#include <fmt/format.h>

#include <chrono>
#include <string>
#include <vector>

namespace starhouse::client {

template <typename Feed>
void report_generated(const FileOutput &output, const std::string &folder,
                      std::chrono::steady_clock::time_point start, const std::vector<Feed> &feeds) {
  const std::chrono::duration<double> seconds = std::chrono::steady_clock::now() - start;
  fmt::print("wrote {} files, {:.1f} MB, to {} in {:.1f} s\n", output.files(),
             static_cast<double>(output.bytes()) / 1e6, folder, seconds.count());
  for (const Feed &feed : feeds) {
    fmt::print("  {:<16}{:>5} files {:>9} records", feed.name, feed.files, feed.records);
    if (feed.rejected() > 0 || feed.duplicates() > 0) {
      fmt::print("  {} to be rejected, {} duplicates", feed.rejected(), feed.duplicates());
    }
    fmt::print("\n");
  }
  fmt::print("LOAD_ORDER lists the files in loading order, TRUTH.json what they must add up to.\n");
}

} // namespace starhouse::client
