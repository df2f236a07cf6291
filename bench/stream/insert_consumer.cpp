// The peer of bench/stream/run: what one writes without a pipeline. Reads a topic to its end, parses
// each message, inserts it by a prepared statement, commits every thousand messages and then tells
// the broker. At least once, no quarantine: the first bad message ends it.
//   insert_consumer BROKERS TOPIC CONNINFO TABLE PARTITIONS
#include <libpq-fe.h>
#include <librdkafka/rdkafka.h>
#include <simdjson.h>

#include <array>
#include <cstdio>
#include <cstdlib>
#include <string>

namespace {

void check(PGconn *connection, PGresult *result) {
  const ExecStatusType status = PQresultStatus(result);
  if (status != PGRES_COMMAND_OK && status != PGRES_TUPLES_OK) {
    std::fputs(PQerrorMessage(connection), stderr);
    std::exit(1);
  }
  PQclear(result);
}

} // namespace

int main(int argc, char **argv) {
  if (argc != 6) {
    return 2;
  }
  PGconn *connection = PQconnectdb(argv[3]);
  check(connection, PQprepare(connection, "put",
                              (std::string("INSERT INTO ") + argv[4] +
                               " VALUES ($1, $2, $3, $4, $5, $6, $7) ON CONFLICT DO NOTHING")
                                  .c_str(),
                              7, nullptr));
  std::array<char, 512> message{};
  rd_kafka_conf_t *conf = rd_kafka_conf_new();
  for (const auto &[name, value] : {std::pair{"bootstrap.servers", argv[1]},
                                    std::pair{"group.id", const_cast<char *>("insert_consumer")},
                                    std::pair{"enable.auto.commit", const_cast<char *>("false")},
                                    std::pair{"queued.min.messages", const_cast<char *>("1000000")},
                                    std::pair{"enable.partition.eof", const_cast<char *>("true")}}) {
    rd_kafka_conf_set(conf, name, value, message.data(), message.size());
  }
  rd_kafka_t *consumer =
      rd_kafka_new(RD_KAFKA_CONSUMER, conf, message.data(), message.size());
  rd_kafka_poll_set_consumer(consumer);
  const int partitions = std::atoi(argv[5]);
  rd_kafka_topic_partition_list_t *list = rd_kafka_topic_partition_list_new(partitions);
  for (int i = 0; i < partitions; ++i) {
    rd_kafka_topic_partition_list_add(list, argv[2], i)->offset = RD_KAFKA_OFFSET_BEGINNING;
  }
  rd_kafka_assign(consumer, list);
  simdjson::dom::parser parser;
  int ended = 0;
  long rows = 0;
  check(connection, PQexec(connection, "BEGIN"));
  while (ended < partitions) {
    rd_kafka_message_t *received = rd_kafka_consumer_poll(consumer, 1000);
    if (received == nullptr) {
      continue;
    }
    if (received->err == RD_KAFKA_RESP_ERR__PARTITION_EOF) {
      ++ended;
    } else if (received->err == RD_KAFKA_RESP_ERR_NO_ERROR) {
      const simdjson::dom::element event =
          parser.parse(static_cast<const char *>(received->payload), received->len);
      std::array<std::string, 7> texts;
      std::size_t n = 0;
      for (const char *key : {"event_id", "at", "user_id", "video_id", "event", "device", "seconds"}) {
        const simdjson::dom::element value = event[key];
        texts[n++] = value.is_string() ? std::string(std::string_view(value))
                                       : simdjson::minify(value);
      }
      std::array<const char *, 7> values{};
      for (std::size_t i = 0; i < values.size(); ++i) {
        values[i] = texts[i].c_str();
      }
      check(connection, PQexecPrepared(connection, "put", 7, values.data(), nullptr, nullptr, 0));
      if (++rows % 1000 == 0) {
        check(connection, PQexec(connection, "COMMIT"));
        rd_kafka_commit(consumer, nullptr, 1);
        check(connection, PQexec(connection, "BEGIN"));
      }
    }
    rd_kafka_message_destroy(received);
  }
  check(connection, PQexec(connection, "COMMIT"));
  rd_kafka_commit(consumer, nullptr, 0);
  std::printf("%ld\n", rows);
  PQfinish(connection);
  rd_kafka_topic_partition_list_destroy(list);
  rd_kafka_consumer_close(consumer);
  rd_kafka_destroy(consumer);
  return 0;
}
