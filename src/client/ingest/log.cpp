#include "client/ingest/log.hpp"

#include "client/report.hpp"

#include <algorithm>
#include <array>
#include <chrono>
#include <cstdio>

#include <fmt/chrono.h>
#include <fmt/format.h>

namespace starhouse::client {

Log::Field::Field(std::string_view field, double number)
    : name(field), value(fmt::format("{:.3f}", number)) {}

void Log::write(Level level, std::string_view event, std::string_view message,
                std::initializer_list<Field> fields) {
  if (quiet_ && level == Level::info) {
    return;
  }
  constexpr std::array<std::string_view, 3> names{"info", "warning", "error"};
  const std::string_view name = names.at(static_cast<std::size_t>(level));
  const auto now =
      std::chrono::time_point_cast<std::chrono::milliseconds>(std::chrono::system_clock::now());
  const std::string time = fmt::format("{:%Y-%m-%dT%H:%M:%S}.{:03}Z",
                                       fmt::gmtime(std::chrono::system_clock::to_time_t(now)),
                                       now.time_since_epoch().count() % 1000);
  std::string line;
  if (json_) {
    line = fmt::format(R"({{"time":"{}","level":"{}","event":{},"message":{})", time, name,
                       json_string(event), json_string(message));
    if (!feed_.empty() && std::none_of(fields.begin(), fields.end(),
                                       [](const Field &field) { return field.name == "feed"; })) {
      line += fmt::format(R"(,"feed":{})", json_string(feed_));
    }
    for (const Field &field : fields) {
      line += fmt::format(",{}:{}", json_string(field.name),
                          field.quoted ? json_string(field.value) : field.value);
    }
    line += "}\n";
  } else {
    line = fmt::format("{} {:<7} {}{}{}", time, name, feed_, feed_.empty() ? "" : ": ", message);
    for (const Field &field : fields) {
      line +=
          fmt::format(" {}={}", field.name, field.quoted ? json_string(field.value) : field.value);
    }
    line += '\n';
  }
  const std::scoped_lock lock(*mutex_);
  (void)std::fwrite(line.data(), 1, line.size(), stderr);
  (void)std::fflush(stderr);
}

} // namespace starhouse::client
