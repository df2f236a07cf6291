#include "client/parameters.hpp"

#include "client/commands.hpp"
#include "client/report.hpp"

#include <map>

#include <fmt/format.h>

namespace starhouse::client {

std::string parameters_of(const std::vector<std::string> &settings) {
  std::map<std::string, std::string> values;
  for (const std::string &setting : settings) {
    const std::size_t equals = setting.find('=');
    if (equals == std::string::npos || equals == 0) {
      throw CLI::ValidationError("--set", fmt::format("\"{}\" is not NAME=VALUE", setting));
    }
    if (!values.emplace(setting.substr(0, equals), setting.substr(equals + 1)).second) {
      throw CLI::ValidationError("--set",
                                 fmt::format("\"{}\" comes twice", setting.substr(0, equals)));
    }
  }
  std::string json{"{"};
  for (const auto &[name, value] : values) {
    json +=
        fmt::format("{}{}:{}", json.size() > 1 ? "," : "", json_string(name), json_string(value));
  }
  return json + '}';
}

} // namespace starhouse::client
