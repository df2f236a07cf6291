// A file, a gzip file or standard input as a stream of chunks, and the fingerprint that makes a
// repeated load of the same bytes recognisable.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

namespace starhouse::client {

class Source {
public:
  virtual ~Source() = default;
  Source(const Source &) = delete;
  Source &operator=(const Source &) = delete;

  // The next bytes, decompressed; empty at the end. They live until the next call. Throws Error
  // naming the file (unreadable, truncated or damaged gzip), and Interrupted.
  virtual std::string_view read() = 0;

  // For another thread: read(), which may be long in coming, throws Interrupted from now on.
  virtual void abandon() noexcept = 0;

  // Bytes of the file consumed so far (before decompression), for progress.
  virtual std::uint64_t consumed() const noexcept = 0;

  // Throws Error when the file is no longer the one that was opened.
  virtual void check_unchanged() const = 0;

protected:
  Source() = default;
};

struct SourceFacts {
  std::uint64_t bytes = 0; // 0 for standard input
  // Hex SHA-256 of the file's bytes as they stand on disk; for standard input a random word, which
  // finds the source again after a lost connection.
  std::string fingerprint;
};

// Throws Error naming the file and the mend: missing, a directory, unreadable, empty.
void check_readable(const std::string &name);
SourceFacts fingerprint(const std::string &name);
// "-" is standard input. Throws Error for what is no text: zip, bzip2, xz, zstd, UTF-16.
std::unique_ptr<Source> open_source(const std::string &name);

} // namespace starhouse::client
