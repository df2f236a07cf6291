// Between the star scan's planner side and its node.
#pragma once

#include "pg/postgres.hpp"

extern "C" {
#include "nodes/extensible.h"
}

namespace starhouse::pg::star_scan {

Node *create_state(CustomScan *plan);

} // namespace starhouse::pg::star_scan
