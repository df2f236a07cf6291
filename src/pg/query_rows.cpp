#include "pg/query_rows.hpp"

#include "pg/append.hpp"

namespace starhouse::pg {

namespace {

void nothing(DestReceiver * /*self*/) {}

} // namespace

void init_receiver(DestReceiver *receiver, ReceiveRow receive, CheckRowType check) {
  receiver->receiveSlot = receive;
  receiver->rStartup = check;
  receiver->rShutdown = nothing;
  receiver->rDestroy = nothing;
  receiver->mydest = DestTuplestore; // never examined
}

void read_query(const char *function, const char *query, DestReceiver *receiver) {
  if (SPI_connect() != SPI_OK_CONNECT) {
    elog(ERROR, "SPI_connect failed");
  }
  append::name_seen();
  SPIPlanPtr plan = SPI_prepare(query, 0, nullptr);
  if (plan == nullptr || !SPI_is_cursor_plan(plan)) {
    ereport(ERROR, (errcode(ERRCODE_INVALID_PARAMETER_VALUE),
                    errmsg("%s needs one query that returns rows", function)));
  }
  SPIExecuteOptions options;
  std::memset(&options, 0, sizeof options);
  options.dest = receiver;
  options.read_only = true;
  const int status = SPI_execute_plan_extended(plan, &options);
  if (status < 0) {
    elog(ERROR, "%s could not run its query: %s", function, SPI_result_code_string(status));
  }
  SPI_finish();
}

} // namespace starhouse::pg
