// Files that travel inside the program (embedded.cpp.in).
#pragma once

#include <array>
#include <string_view>

namespace starhouse::client::report {

extern const std::string_view style;         // page.css
extern const std::string_view script;        // page.js
extern const std::string_view chart_library; // Chart.js

struct BuiltIn {
  std::string_view kind; // of warehouse
  std::string_view text; // dashboards/report/KIND.sql
};
extern const std::array<BuiltIn, 3> built_in;

} // namespace starhouse::client::report
