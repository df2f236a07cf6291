// Several feeds in one process, each with its own topic, partitions, sessions, breaker and figures:
// what fails in one is none of the others' business.
#pragma once

#include "client/ingest/ingest.hpp"

#include <vector>

namespace starhouse::client {

// Returns when all have ended in good order. One feed runs in the caller's thread and its error is
// the caller's. Of several, each has a thread; one that ends by an error is told of and begun anew
// after half a minute, or, where the end of the topics is the goal, makes the whole end with an
// error once the others are there. Throws Exit with the worst status of theirs.
void run_feeds(const std::vector<IngestOptions> &feeds, const Log &log, MetricsPage &page);

} // namespace starhouse::client
