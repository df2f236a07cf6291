// The figures of a report as JSON, read in one transaction.
#pragma once

#include "client/report/definition.hpp"
#include "client/server.hpp"

#include <chrono>
#include <string>
#include <vector>

namespace starhouse::client::report {

struct Options {
  std::string warehouse;
  std::string currency;              // ISO 4217; empty: that of the warehouse's country
  std::string locale;                // BCP 47; empty: that of the warehouse's country
  std::chrono::seconds patience{60}; // for one statement
};

struct Data {
  std::string json;                  // may stand in a script element
  std::vector<std::string> failures; // "TITLE: what the server said"
  int cards = 0;
  int empty = 0;
};

// The kind of a warehouse: shopsmart, quickeats, streamflix or one of the user's. Throws Error
// (3F000) if there is none of that name.
std::string kind_of(Connection &connection, const std::string &warehouse);

// All cards show the database at one moment. One whose statement fails says so, the others still
// show. Throws ServerError when the session is lost.
Data collect(Connection &connection, const Definition &definition, const Options &options);

} // namespace starhouse::client::report
