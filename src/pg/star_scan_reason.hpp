// Why a grouping is not a star scan, for who asks: a message at DEBUG1.
#pragma once

#include "pg/star_scan.hpp"

namespace starhouse::pg::star_scan {

// False: what a check returns that finds something not covered. The first one to say so since
// forget_reason() is told, with the expression if it is about one.
bool refuse(const char *why, const void *expression = nullptr);
void forget_reason();
void tell_reason(const PlannerInfo *root, const RelOptInfo *input);

// The node's cost beside that of the path that is cheaper.
void tell_costs(const PlannerInfo *root, const RelOptInfo *input, double own, const Path *other);

} // namespace starhouse::pg::star_scan
