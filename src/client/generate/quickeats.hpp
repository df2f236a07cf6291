// starhouse generate quickeats.
#pragma once

#include <CLI/CLI.hpp>

namespace starhouse::client {

void add_generate_quickeats(CLI::App &generate);

} // namespace starhouse::client
