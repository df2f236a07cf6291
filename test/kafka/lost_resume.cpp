// LD_PRELOAD: librdkafka forgets to resume partitions, once for each time that the file named by
// LOST_RESUME is made; the file is removed then. A race of its threads does that, which no test can
// bring about (its issue 5591).
#include <cstdlib>
#include <dlfcn.h>
#include <unistd.h>

#include <librdkafka/rdkafka.h>

extern "C" rd_kafka_resp_err_t
rd_kafka_resume_partitions(rd_kafka_t *handle, rd_kafka_topic_partition_list_t *partitions) {
  const char *file = std::getenv("LOST_RESUME");
  if (partitions->cnt > 0 && file != nullptr && unlink(file) == 0) {
    return RD_KAFKA_RESP_ERR_NO_ERROR;
  }
  static auto *const real =
      reinterpret_cast<rd_kafka_resp_err_t (*)(rd_kafka_t *, rd_kafka_topic_partition_list_t *)>(
          dlsym(RTLD_NEXT, "rd_kafka_resume_partitions"));
  return real(handle, partitions);
}
