// Parameters of a feed as given on a command line.
#pragma once

#include <string>
#include <vector>

namespace starhouse::client {

// NAME=VALUE ... as a JSON object. Throws CLI::ValidationError.
std::string parameters_of(const std::vector<std::string> &settings);

} // namespace starhouse::client
