// Whether records written by one contract can be read by another: found by comparing the two, rule
// by rule, not by looking at records. Sound but not complete: what cannot be shown counts as a
// problem.
#pragma once

#include "core/stream/contract.hpp"

#include <string>
#include <vector>

namespace starhouse::stream {

struct Incompatibility {
  std::string path;    // in the reader's contract: of the schema, or /columns/name
  std::string problem; // "takes no string any more"
};

// What a record that satisfies `writer` can hold that `reader` does not take. A field that the
// writer's schema does not name is taken not to be there, so that adding an optional field breaks
// nothing.
std::vector<Incompatibility> incompatibilities(const Contract &reader, const Contract &writer);

} // namespace starhouse::stream
