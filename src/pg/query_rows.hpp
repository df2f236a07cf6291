// Functions that take a query and read its rows one by one: clock_hours, engagement_days,
// distinct_values.
#pragma once

#include "pg/postgres.hpp"

extern "C" {
#include "tcop/dest.h"
}

namespace starhouse::pg {

using ReceiveRow = bool (*)(TupleTableSlot *row, DestReceiver *self);
using CheckRowType = void (*)(DestReceiver *self, int operation, TupleDesc row);

// Makes a receiver of the head of a structure of the function's own.
void init_receiver(DestReceiver *receiver, ReceiveRow receive, CheckRowType check);

// Sends all rows of the query to the receiver; within the statements of append_facts it may read
// what they see. `function` is named in errors: 22023 for what is no query.
void read_query(const char *function, const char *query, DestReceiver *receiver);

} // namespace starhouse::pg
