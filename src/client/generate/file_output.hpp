// Generated files in a folder of the file system.
#pragma once

#include "core/generate/output.hpp"

#include <cstdint>
#include <filesystem>
#include <memory>
#include <string_view>

namespace starhouse::client {

class FileOutput final : public generate::Output {
public:
  // Makes the folder where it is missing. A folder that holds the files of an earlier run (it has a
  // LOAD_ORDER) is cleared of exactly those files; another folder must be empty. Throws Error.
  explicit FileOutput(std::filesystem::path folder);

  std::unique_ptr<generate::OutputFile> create(std::string_view path,
                                               std::string_view feed) override;

  std::uint64_t bytes() const noexcept { return bytes_; }
  std::uint64_t files() const noexcept { return files_; }

private:
  std::filesystem::path folder_;
  std::uint64_t bytes_ = 0;
  std::uint64_t files_ = 0;
};

} // namespace starhouse::client
