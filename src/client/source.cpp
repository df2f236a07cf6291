#include "client/source.hpp"

#include "client/interrupt.hpp"
#include "core/error.hpp"

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstring>
#include <limits>
#include <random>
#include <vector>

#include <fcntl.h>
#include <fmt/format.h>
#include <openssl/evp.h>
#include <poll.h>
#include <sys/eventfd.h>
#include <sys/stat.h>
#include <unistd.h>
#include <zlib.h>

namespace starhouse::client {
namespace {

constexpr std::size_t chunk_size = std::size_t{256} * 1024;
constexpr SqlState undefined_file{"58P01"};
constexpr SqlState io_error{"58030"};

[[noreturn]] void fail_to_open(const std::string &name, int code) {
  throw Error(undefined_file, fmt::format("cannot open {}: {}", name, std::strerror(code)),
              code == EACCES ? "Ask for read permission on it, or load it as its owner."
                             : "Check the name; relative names start at the current directory.");
}

class File {
public:
  explicit File(const std::string &name) : name_(name) {
    if (name == "-") {
      descriptor_ = STDIN_FILENO;
      abandoned_ = ::eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
      return;
    }
    descriptor_ = ::open(name.c_str(), O_RDONLY | O_CLOEXEC); // NOLINT: open() is variadic
    if (descriptor_ < 0) {
      fail_to_open(name, errno);
    }
    if (::fstat(descriptor_, &status_) != 0) {
      const int code = errno;
      ::close(descriptor_);
      fail_to_open(name, code);
    }
    if (S_ISDIR(status_.st_mode)) {
      ::close(descriptor_);
      throw Error(undefined_file, fmt::format("{} is a directory", name),
                  fmt::format("Name its files, for example {}/*.csv", name));
    }
    ::posix_fadvise(descriptor_, 0, 0, POSIX_FADV_SEQUENTIAL);
    abandoned_ = ::eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
  }
  ~File() {
    ::close(abandoned_);
    if (descriptor_ != STDIN_FILENO) {
      ::close(descriptor_);
    }
  }
  File(const File &) = delete;
  File &operator=(const File &) = delete;

  // 0 at the end.
  std::size_t read(char *target, std::size_t size) {
    while (true) {
      std::array<pollfd, 3> watched{pollfd{descriptor_, POLLIN, 0},
                                    pollfd{interrupt_fd(), POLLIN, 0},
                                    pollfd{abandoned_, POLLIN, 0}};
      ::poll(watched.data(), watched.size(), -1);
      check_interrupt();
      if (watched[2].revents != 0) {
        throw Interrupted{Status::error};
      }
      const ssize_t count = ::read(descriptor_, target, size);
      if (count >= 0) {
        consumed_ += static_cast<std::uint64_t>(count);
        return static_cast<std::size_t>(count);
      }
      if (errno != EINTR && errno != EAGAIN) {
        throw Error(io_error, fmt::format("cannot read {}: {}", name_, std::strerror(errno)),
                    "What was loaded stays; repeat the command once the file can be read.");
      }
    }
  }

  void abandon() noexcept {
    const std::uint64_t one = 1;
    [[maybe_unused]] const ssize_t written = ::write(abandoned_, &one, sizeof one);
  }

  const std::string &name() const noexcept { return name_; }
  std::uint64_t consumed() const noexcept { return consumed_; }
  const struct stat &status() const noexcept { return status_; }
  bool regular() const noexcept { return S_ISREG(status_.st_mode); }

  void check_unchanged() const {
    struct stat now = {};
    if (regular() && ::fstat(descriptor_, &now) == 0 &&
        (now.st_size != status_.st_size || now.st_mtim.tv_sec != status_.st_mtim.tv_sec ||
         now.st_mtim.tv_nsec != status_.st_mtim.tv_nsec)) {
      throw Error(io_error, fmt::format("{} changed while it was being loaded", name_),
                  "What was loaded stays, the source is left unfinished. Load the file again once "
                  "nobody writes to it; rows already there are recognised.");
    }
  }

private:
  std::string name_;
  int descriptor_ = -1;
  int abandoned_ = -1; // readable once nobody waits for the bytes any more
  struct stat status_ = {};
  std::uint64_t consumed_ = 0;
};

class PlainSource final : public Source {
public:
  PlainSource(std::unique_ptr<File> file, std::string start)
      : file_(std::move(file)), start_(std::move(start)), buffer_(chunk_size) {}

  std::string_view read() override {
    if (!start_.empty()) {
      buffer_.assign(start_.begin(), start_.end());
      const std::size_t size = start_.size();
      buffer_.resize(std::max(chunk_size, size));
      start_.clear();
      return {buffer_.data(), size};
    }
    return {buffer_.data(), file_->read(buffer_.data(), buffer_.size())};
  }
  void abandon() noexcept override { file_->abandon(); }
  std::uint64_t consumed() const noexcept override { return file_->consumed(); }
  void check_unchanged() const override { file_->check_unchanged(); }

private:
  std::unique_ptr<File> file_;
  std::string start_; // read already, to see what kind of file it is
  std::vector<char> buffer_;
};

class GzipSource final : public Source {
public:
  GzipSource(std::unique_ptr<File> file, std::string start)
      : file_(std::move(file)), input_(chunk_size), output_(chunk_size) {
    if (inflateInit2(&stream_, 15 + 16) != Z_OK) { // 15: largest window, 16: gzip framing
      throw std::bad_alloc();
    }
    std::copy(start.begin(), start.end(), input_.begin());
    stream_.next_in = reinterpret_cast<Bytef *>(input_.data()); // NOLINT: zlib's type
    stream_.avail_in = static_cast<uInt>(start.size());
  }
  ~GzipSource() override { inflateEnd(&stream_); }
  GzipSource(const GzipSource &) = delete;
  GzipSource &operator=(const GzipSource &) = delete;

  std::string_view read() override {
    stream_.next_out = reinterpret_cast<Bytef *>(output_.data()); // NOLINT: zlib's type
    stream_.avail_out = static_cast<uInt>(output_.size());
    while (stream_.avail_out > 0) {
      if (stream_.avail_in == 0 && !refill()) {
        if (!between_members_) {
          throw Error(io_error,
                      fmt::format("{} is truncated: the gzip data ends after {} bytes, in the "
                                  "middle of a member",
                                  file_->name(), file_->consumed()),
                      "Fetch the file again (gzip -t checks it) and repeat the command. Whole "
                      "batches loaded so far stay; their rows will be recognised as duplicates.");
        }
        break;
      }
      if (between_members_ && !next_member()) {
        break;
      }
      const int status = inflate(&stream_, Z_NO_FLUSH);
      if (status == Z_STREAM_END) {
        between_members_ = true;
      } else if (status != Z_OK && status != Z_BUF_ERROR) {
        throw Error(io_error,
                    fmt::format("{} is damaged: {} near byte {}", file_->name(),
                                stream_.msg != nullptr ? stream_.msg : "bad gzip data",
                                file_->consumed() - stream_.avail_in),
                    "Fetch the file again (gzip -t checks it) and repeat the command.");
      }
    }
    return {output_.data(), output_.size() - stream_.avail_out};
  }
  void abandon() noexcept override { file_->abandon(); }
  std::uint64_t consumed() const noexcept override { return file_->consumed(); }
  void check_unchanged() const override { file_->check_unchanged(); }

private:
  bool refill() {
    const std::size_t count = file_->read(input_.data(), input_.size());
    stream_.next_in = reinterpret_cast<Bytef *>(input_.data()); // NOLINT: zlib's type
    stream_.avail_in = static_cast<uInt>(count);
    return count > 0;
  }

  // Another member may follow (cat a.gz b.gz), or zeros that pad a tape block.
  bool next_member() {
    while (stream_.avail_in > 0 && *stream_.next_in == 0) {
      ++stream_.next_in; // NOLINT(cppcoreguidelines-pro-bounds-pointer-arithmetic)
      --stream_.avail_in;
    }
    if (stream_.avail_in == 0) {
      return refill() ? next_member() : false;
    }
    between_members_ = false;
    if (inflateReset(&stream_) != Z_OK) {
      throw std::bad_alloc();
    }
    return true;
  }

  std::unique_ptr<File> file_;
  std::vector<char> input_;
  std::vector<char> output_;
  z_stream stream_ = {};
  bool between_members_ = false;
};

// Kinds of file people try, which are no text; `filter` turns one into text on standard output.
void reject_other_kinds(const std::string &name, std::string_view start) {
  struct Kind {
    std::string_view magic;
    const char *what;
    const char *filter;
  };
  using namespace std::string_view_literals;
  static constexpr std::array<Kind, 8> kinds{{{"PK\x03\x04"sv, "a zip (or xlsx) file", "unzip -p"},
                                              {"BZh"sv, "a bzip2 file", "bzcat"},
                                              {"\xFD"
                                               "7zXZ\0"sv,
                                               "an xz file", "xzcat"},
                                              {"\x28\xB5\x2F\xFD"sv, "a zstd file", "zstdcat"},
                                              {"PAR1"sv, "a Parquet file", nullptr},
                                              {"\xD0\xCF\x11\xE0"sv, "an old Excel file", nullptr},
                                              {"\xFF\xFE"sv, "UTF-16 text", "iconv -f UTF-16"},
                                              {"\xFE\xFF"sv, "UTF-16 text", "iconv -f UTF-16"}}};
  for (const Kind &kind : kinds) {
    if (start.starts_with(kind.magic)) {
      throw Error(SqlState{"22P04"}, fmt::format("{} is {}", name, kind.what),
                  kind.filter == nullptr
                      ? std::string{"Export it as CSV (UTF-8) or JSON lines."}
                      : fmt::format("Turn it into text on the way: {} {} | starhouse load ... -",
                                    kind.filter, name));
    }
  }
}

std::string hex(const unsigned char *bytes, std::size_t size) {
  std::string text;
  for (std::size_t i = 0; i < size; ++i) {
    text +=
        fmt::format("{:02x}", bytes[i]); // NOLINT(cppcoreguidelines-pro-bounds-pointer-arithmetic)
  }
  return text;
}

[[noreturn]] void fail_empty(const std::string &name) {
  throw Error(SqlState{"22P04"}, fmt::format("{} is empty", name == "-" ? "standard input" : name),
              "Nothing was loaded. Was the export interrupted?");
}

} // namespace

void check_readable(const std::string &name) {
  if (name == "-") {
    return;
  }
  const File file(name);
  if (file.regular() && file.status().st_size == 0) {
    fail_empty(name);
  }
}

SourceFacts fingerprint(const std::string &name) {
  SourceFacts facts;
  File file(name);
  if (!file.regular()) { // standard input, a pipe: its bytes can be had once only
    std::random_device random;
    facts.fingerprint = fmt::format("stream {:08x}{:08x}", random(), random());
    return facts;
  }
  const std::unique_ptr<EVP_MD_CTX, decltype(&EVP_MD_CTX_free)> context(EVP_MD_CTX_new(),
                                                                        &EVP_MD_CTX_free);
  std::vector<char> buffer(chunk_size);
  bool good = context && EVP_DigestInit_ex(context.get(), EVP_sha256(), nullptr) == 1;
  while (const std::size_t count = file.read(buffer.data(), buffer.size())) {
    good = good && EVP_DigestUpdate(context.get(), buffer.data(), count) == 1;
  }
  std::array<unsigned char, EVP_MAX_MD_SIZE> digest{};
  unsigned int size = 0;
  if (!good || EVP_DigestFinal_ex(context.get(), digest.data(), &size) != 1) {
    throw Error(sqlstate::internal_error, fmt::format("cannot compute the SHA-256 of {}", name));
  }
  facts.bytes = file.consumed();
  facts.fingerprint = hex(digest.data(), size);
  return facts;
}

std::unique_ptr<Source> open_source(const std::string &name) {
  auto file = std::make_unique<File>(name);
  std::string start(chunk_size, '\0');
  std::size_t size = 0;
  while (size < 8) { // a pipe may hand out byte by byte
    const std::size_t count = file->read(start.data() + size, start.size() - size);
    if (count == 0) {
      break;
    }
    size += count;
  }
  start.resize(size);
  if (start.empty()) {
    fail_empty(name);
  }
  if (start.starts_with("\x1f\x8b")) {
    return std::make_unique<GzipSource>(std::move(file), std::move(start));
  }
  reject_other_kinds(name, start);
  return std::make_unique<PlainSource>(std::move(file), std::move(start));
}

} // namespace starhouse::client
