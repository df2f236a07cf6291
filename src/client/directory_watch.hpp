// A directory into which others put files: says which of them are complete and new.
//
// A file is complete once it was renamed into its place, or has kept size and time for a while; a
// directory without notifications (a network's) is looked at now and then. What was loaded before
// is not remembered here: the warehouse knows a file by its bytes.
#pragma once

#include <chrono>
#include <cstdint>
#include <map>
#include <set>
#include <string>
#include <vector>

namespace starhouse::client {

class DirectoryWatch {
public:
  struct Options {
    std::string directory;
    std::string pattern = "*"; // of the names, as a shell's; never those of hidden files
    std::chrono::milliseconds settle{5000};
    std::chrono::milliseconds look{2000}; // time between two looks without a notification
  };
  // What changes when somebody writes to a file, or puts another in its place.
  struct Stamp {
    std::uint64_t inode = 0;
    std::int64_t size = 0;
    std::int64_t changed_at = 0; // nanoseconds since 1970
    bool operator==(const Stamp &) const = default;
  };
  struct File {
    std::string name;
    std::string path;
    Stamp stamp;
  };

  // Throws Error when it is no directory that can be read.
  explicit DirectoryWatch(Options options);
  ~DirectoryWatch();
  DirectoryWatch(const DirectoryWatch &) = delete;
  DirectoryWatch &operator=(const DirectoryWatch &) = delete;

  // Waits for complete files and returns them in the order of their names. Throws Interrupted on a
  // signal, Error when the directory is gone.
  std::vector<File> next();
  // The file is not offered again unless it changes.
  void done(const File &file) { done_[file.name] = file.stamp; }

  // Throws Error unless it is a directory.
  static void check(const std::string &directory);
  // Moves the file to that directory of the same file system, under another name if its own is
  // taken. Throws Error.
  static void move(const File &file, const std::string &directory);

private:
  struct Seen {
    Stamp stamp;
    std::chrono::steady_clock::time_point since;
    bool whole = false; // it was renamed, or lay there unchanged for long before we came
  };
  std::vector<File> look();
  void take_notes();

  Options options_;
  int inotify_ = -1; // -1: there are no notifications
  bool first_look_ = true;
  std::set<std::string> renamed_; // since the last look
  std::map<std::string, Seen> seen_;
  std::map<std::string, Stamp> done_;
};

} // namespace starhouse::client
