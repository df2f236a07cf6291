// What a service says while it runs: a line per event on standard error, for people or as JSON.
#pragma once

#include <concepts>
#include <cstdint>
#include <initializer_list>
#include <memory>
#include <mutex>
#include <string>
#include <string_view>
#include <utility>

namespace starhouse::client {

class Log {
public:
  enum class Level { info, warning, error };

  struct Field {
    Field(std::string_view field, std::string_view text) : name(field), value(text), quoted(true) {}
    Field(std::string_view field, std::integral auto number)
        : name(field), value(std::to_string(number)) {}
    Field(std::string_view field, double number);

    std::string_view name;
    std::string value;
    bool quoted = false;
  };

  Log(bool json, bool quiet) : json_(json), quiet_(quiet) {}
  // The same log; each line names the feed.
  Log(const Log &log, std::string feed)
      : json_(log.json_), quiet_(log.quiet_), feed_(std::move(feed)), mutex_(log.mutex_) {}

  // `event`: a stable word for machines. Quiet leaves out what is mere information.
  void write(Level level, std::string_view event, std::string_view message,
             std::initializer_list<Field> fields = {});

private:
  bool json_;
  bool quiet_;
  std::string feed_;
  std::shared_ptr<std::mutex> mutex_ = std::make_shared<std::mutex>();
};

} // namespace starhouse::client
