#include "client/generate/file_output.hpp"

#include "core/error.hpp"

#include <cerrno>
#include <cstdio>
#include <fstream>
#include <string>
#include <system_error>

namespace starhouse::client {

namespace {

namespace fs = std::filesystem;

constexpr SqlState io_error{"58030"};

[[noreturn]] void fail(const std::string &what, const fs::path &path, const std::error_code &code) {
  throw Error(io_error, what + " \"" + path.string() + "\": " + code.message(),
              "Check that the folder exists, is writable and has room.");
}

class File final : public generate::OutputFile {
public:
  File(fs::path path, std::uint64_t &bytes)
      : path_(std::move(path)), file_(std::fopen(path_.c_str(), "wb")), bytes_(bytes) {
    if (file_ == nullptr) {
      fail("cannot create", path_, {errno, std::generic_category()});
    }
  }
  File(const File &) = delete;
  File &operator=(const File &) = delete;
  ~File() override {
    if (file_ != nullptr) {
      static_cast<void>(std::fclose(file_));
    }
  }

  void write(std::string_view bytes) override {
    if (std::fwrite(bytes.data(), 1, bytes.size(), file_) != bytes.size()) {
      fail("cannot write", path_, {errno, std::generic_category()});
    }
    bytes_ += bytes.size();
  }
  void close() override {
    if (std::fclose(std::exchange(file_, nullptr)) != 0) {
      fail("cannot write", path_, {errno, std::generic_category()});
    }
  }

private:
  fs::path path_;
  std::FILE *file_;
  std::uint64_t &bytes_;
};

// LOAD_ORDER is the last file but one of a run, so a run cut short leaves none: it is made first,
// and names what to remove.
void remove_earlier_run(const fs::path &folder) {
  std::ifstream order(folder / "LOAD_ORDER");
  std::string line;
  while (std::getline(order, line)) {
    const fs::path path = line.substr(line.find('\t') + 1);
    bool inside = path.is_relative();
    for (const fs::path &part : path) {
      inside = inside && part != "..";
    }
    if (inside) {
      fs::remove(folder / path);
    }
  }
  order.close();
  fs::remove(folder / "LOAD_ORDER");
  fs::remove(folder / "TRUTH.json");
}

} // namespace

FileOutput::FileOutput(fs::path folder) : folder_(std::move(folder)) {
  std::error_code code;
  fs::create_directories(folder_, code);
  if (code) {
    fail("cannot create the folder", folder_, code);
  }
  if (fs::is_empty(folder_)) {
    return;
  }
  if (!fs::exists(folder_ / "LOAD_ORDER")) {
    throw Error(
        sqlstate::invalid_parameter_value, "the folder \"" + folder_.string() + "\" is not empty",
        "Name an empty or a new folder; one with the files of an earlier run (it has a file "
        "LOAD_ORDER) is written anew.");
  }
  remove_earlier_run(folder_);
}

std::unique_ptr<generate::OutputFile> FileOutput::create(std::string_view path,
                                                         std::string_view /*feed*/) {
  const fs::path target = folder_ / path;
  std::error_code code;
  fs::create_directories(target.parent_path(), code);
  if (code) {
    fail("cannot create the folder", target.parent_path(), code);
  }
  ++files_;
  return std::make_unique<File>(target, bytes_);
}

} // namespace starhouse::client
