// Where generated files go, and the buffer between the rows and them.
#pragma once

#include <cstddef>
#include <memory>
#include <string>
#include <string_view>

namespace starhouse::generate {

// Where the files go. Paths are relative, with '/'.
class OutputFile {
public:
  virtual ~OutputFile() = default;
  virtual void write(std::string_view bytes) = 0;
  virtual void close() = 0;
};

class Output {
public:
  virtual ~Output() = default;
  // `feed`: whose records it will hold; empty for the files about the others.
  virtual std::unique_ptr<OutputFile> create(std::string_view path, std::string_view feed) = 0;
};

// Collects rows and hands them on in blocks.
class Table {
public:
  Table(Output &output, const std::string &path, std::string_view feed = {})
      : file_(output.create(path, feed)) {}

  std::string &row() {
    if (buffer_.size() >= flush_at) {
      flush();
    }
    return buffer_;
  }
  void close() {
    flush();
    file_->close();
  }

private:
  static constexpr std::size_t flush_at = 1U << 16U;

  void flush() {
    file_->write(buffer_);
    buffer_.clear();
  }

  std::unique_ptr<OutputFile> file_;
  std::string buffer_;
};

} // namespace starhouse::generate
