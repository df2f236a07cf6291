// starhouse generate streamflix.
#pragma once

#include <CLI/CLI.hpp>

namespace starhouse::client {

void add_generate_streamflix(CLI::App &generate);

} // namespace starhouse::client
