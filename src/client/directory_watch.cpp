#include "client/directory_watch.hpp"

#include "client/interrupt.hpp"
#include "core/error.hpp"

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstdio>
#include <cstring>
#include <memory>
#include <utility>

#include <dirent.h>
#include <fcntl.h>
#include <fmt/format.h>
#include <fnmatch.h>
#include <poll.h>
#include <sys/inotify.h>
#include <sys/stat.h>
#include <unistd.h>

namespace starhouse::client {
namespace {

constexpr SqlState undefined_file{"58P01"};
constexpr SqlState io_error{"58030"};
constexpr int most_names_tried = 1000;

struct CloseDirectory {
  void operator()(DIR *directory) const noexcept { ::closedir(directory); }
};

// Names under which programs write what they rename later.
bool is_unfinished(std::string_view name) noexcept {
  constexpr std::array<std::string_view, 4> endings{".tmp", ".part", ".partial", ".filepart"};
  return name.starts_with('.') ||
         std::any_of(endings.begin(), endings.end(),
                     [name](std::string_view ending) { return name.ends_with(ending); });
}

} // namespace

void DirectoryWatch::check(const std::string &directory) {
  struct stat status {};
  if (::stat(directory.c_str(), &status) != 0 || !S_ISDIR(status.st_mode)) {
    throw Error(undefined_file, fmt::format("{} is no directory", directory),
                "Create it, or name another.");
  }
}

DirectoryWatch::DirectoryWatch(Options options) : options_(std::move(options)) {
  check(options_.directory);
  inotify_ = ::inotify_init1(IN_CLOEXEC | IN_NONBLOCK);
  if (inotify_ >= 0 && ::inotify_add_watch(inotify_, options_.directory.c_str(),
                                           IN_MOVED_TO | IN_CLOSE_WRITE | IN_CREATE) < 0) {
    ::close(inotify_);
    inotify_ = -1;
  }
}

DirectoryWatch::~DirectoryWatch() {
  if (inotify_ >= 0) {
    ::close(inotify_);
  }
}

// Names that were renamed into the directory; the rest only wakes us.
void DirectoryWatch::take_notes() {
  alignas(inotify_event) std::array<char, 16384> buffer{};
  while (true) {
    const ssize_t count = inotify_ < 0 ? 0 : ::read(inotify_, buffer.data(), buffer.size());
    if (count <= 0) {
      return;
    }
    for (std::size_t at = 0; at < static_cast<std::size_t>(count);) {
      inotify_event event{};
      std::memcpy(&event, buffer.data() + at, sizeof event); // NOLINT: a record of the kernel's
      if (event.len > 0 && (event.mask & IN_MOVED_TO) != 0) {
        renamed_.emplace(buffer.data() + at + sizeof event); // NOLINT: as above
      }
      at += sizeof event + event.len;
    }
  }
}

std::vector<DirectoryWatch::File> DirectoryWatch::look() {
  take_notes();
  const std::unique_ptr<DIR, CloseDirectory> directory(::opendir(options_.directory.c_str()));
  if (!directory) {
    throw Error(io_error,
                fmt::format("cannot read {}: {}", options_.directory, std::strerror(errno)),
                "What was loaded stays; begin again once the directory is there.");
  }
  const auto now = std::chrono::steady_clock::now();
  const std::int64_t wall = std::chrono::duration_cast<std::chrono::nanoseconds>(
                                std::chrono::system_clock::now().time_since_epoch())
                                .count();
  const std::int64_t settle = std::chrono::nanoseconds(options_.settle).count();
  std::map<std::string, Seen> seen;
  std::map<std::string, Stamp> done;
  std::vector<File> files;
  while (const dirent *entry = ::readdir(directory.get())) { // NOLINT(concurrency-mt-unsafe)
    const std::string name{static_cast<const char *>(entry->d_name)};
    struct stat status {};
    if (is_unfinished(name) || ::fnmatch(options_.pattern.c_str(), name.c_str(), 0) != 0 ||
        ::fstatat(::dirfd(directory.get()), name.c_str(), &status, 0) != 0 ||
        !S_ISREG(status.st_mode) || status.st_size == 0) {
      continue;
    }
    constexpr std::int64_t second = 1'000'000'000;
    const Stamp stamp{status.st_ino, status.st_size,
                      status.st_mtim.tv_sec * second + status.st_mtim.tv_nsec};
    if (const auto at = done_.find(name); at != done_.end() && at->second == stamp) {
      done.insert(*at);
      continue;
    }
    Seen &now_seen = seen[name];
    const auto before = seen_.find(name);
    now_seen = before != seen_.end() && before->second.stamp == stamp ? before->second
                                                                      : Seen{stamp, now, false};
    now_seen.whole = now_seen.whole || renamed_.contains(name) ||
                     (first_look_ && wall - stamp.changed_at >= settle);
    if (now_seen.whole || now - now_seen.since >= options_.settle) {
      files.push_back({name, options_.directory + "/" + name, stamp});
    }
  }
  first_look_ = false;
  renamed_.clear();
  seen_ = std::move(seen);
  done_ = std::move(done);
  std::sort(files.begin(), files.end(),
            [](const File &left, const File &right) { return left.name < right.name; });
  return files;
}

std::vector<DirectoryWatch::File> DirectoryWatch::next() {
  while (true) {
    check_interrupt();
    if (std::vector<File> files = look(); !files.empty()) {
      return files;
    }
    // One that is about to settle is looked at when it will have.
    const auto now = std::chrono::steady_clock::now();
    auto wait = options_.look;
    for (const auto &[name, file] : seen_) {
      const auto left =
          std::chrono::ceil<std::chrono::milliseconds>(file.since + options_.settle - now);
      wait = std::max(std::chrono::milliseconds{10}, std::min(wait, left));
    }
    std::array<pollfd, 2> watched{pollfd{inotify_, POLLIN, 0}, pollfd{interrupt_fd(), POLLIN, 0}};
    ::poll(watched.data(), watched.size(), static_cast<int>(wait.count()));
  }
}

void DirectoryWatch::move(const File &file, const std::string &directory) {
  for (int number = 0; number < most_names_tried; ++number) {
    const std::string target = number == 0 ? fmt::format("{}/{}", directory, file.name)
                                           : fmt::format("{}/{}.{}", directory, file.name, number);
    if (::renameat2(AT_FDCWD, file.path.c_str(), AT_FDCWD, target.c_str(), RENAME_NOREPLACE) == 0) {
      return;
    }
    // Some file systems cannot spare a name that is taken in this way; link() always does.
    if (errno == EINVAL && ::link(file.path.c_str(), target.c_str()) == 0) {
      ::unlink(file.path.c_str());
      return;
    }
    if (errno != EEXIST) {
      throw Error(
          io_error,
          fmt::format("cannot move {} to {}: {}", file.path, directory, std::strerror(errno)),
          errno == EXDEV ? "Choose a directory of the same file system."
                         : "Create the directory and allow this user to write to it.");
    }
  }
  throw Error(io_error, fmt::format("{} holds a thousand files called {}", directory, file.name));
}

} // namespace starhouse::client
