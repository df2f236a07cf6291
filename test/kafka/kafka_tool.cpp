// What the tests need of Kafka beside a consumer.
//   kafka_tool mock [PARTITIONS [BROKERS]]   librdkafka's mock cluster in this process. Prints its
//     address, then obeys a line each on standard input and answers "ok":
//       topic NAME PARTITIONS | leader NAME PARTITION BROKER | rtt BROKER MS | down BROKER |
//       up BROKER | fail API COUNT ERROR | coordinator GROUP BROKER
//   kafka_tool produce BROKERS TOPIC [NAME=VALUE...] [abort]
//     produces standard input, a message a line: PARTITION<tab>TIME_MS<tab>KIND<tab>VALUE, KIND
//     text, hex or null; TIME_MS 0 is now. NAME is a property of librdkafka; with transactional.id
//     all of it is one transaction, which `abort` ends badly, and `leave` not at all.
//   kafka_tool topic BROKERS NAME PARTITIONS makes a topic.
#include <librdkafka/rdkafka.h>
#include <librdkafka/rdkafka_mock.h>

#include <array>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <iostream>
#include <sstream>
#include <string>
#include <vector>

namespace {

rd_kafka_t *make(rd_kafka_type_t type,
                 const std::vector<std::pair<std::string, std::string>> &set) {
  std::array<char, 512> message{};
  rd_kafka_conf_t *conf = rd_kafka_conf_new();
  for (const auto &[name, value] : set) {
    if (rd_kafka_conf_set(conf, name.c_str(), value.c_str(), message.data(), message.size()) !=
        RD_KAFKA_CONF_OK) {
      std::cerr << message.data() << '\n';
      std::exit(1);
    }
  }
  rd_kafka_conf_set_dr_msg_cb(conf, [](rd_kafka_t *, const rd_kafka_message_t *sent, void *) {
    if (sent->err != RD_KAFKA_RESP_ERR_NO_ERROR) {
      std::cerr << "not delivered: " << rd_kafka_err2str(sent->err) << '\n';
      std::exit(1);
    }
  });
  rd_kafka_t *handle = rd_kafka_new(type, conf, message.data(), message.size());
  if (handle == nullptr) {
    std::cerr << message.data() << '\n';
    std::exit(1);
  }
  return handle;
}

int mock(int partitions, int brokers) {
  rd_kafka_t *handle = make(RD_KAFKA_PRODUCER, {{"client.id", "mock"}, {"log_level", "3"}});
  rd_kafka_mock_cluster_t *cluster = rd_kafka_mock_cluster_new(handle, brokers);
  rd_kafka_mock_topic_create(cluster, "events", partitions, 1);
  std::cout << rd_kafka_mock_cluster_bootstraps(cluster) << std::endl;
  for (std::string line; std::getline(std::cin, line);) {
    std::istringstream words(line);
    std::string what;
    std::string name;
    int a = 0;
    int b = 0;
    words >> what;
    rd_kafka_resp_err_t error = RD_KAFKA_RESP_ERR_NO_ERROR;
    if (what == "topic") {
      words >> name >> a;
      error = rd_kafka_mock_topic_create(cluster, name.c_str(), a, 1);
    } else if (what == "leader") { // a random broker else
      words >> name >> a >> b;
      error = rd_kafka_mock_partition_set_leader(cluster, name.c_str(), a, b);
    } else if (what == "rtt") {
      words >> a >> b;
      error = rd_kafka_mock_broker_set_rtt(cluster, a, b);
    } else if (what == "down" || what == "up") {
      words >> a;
      error = what == "up" ? rd_kafka_mock_broker_set_up(cluster, a)
                           : rd_kafka_mock_broker_set_down(cluster, a);
    } else if (what == "fail") {
      int code = 0;
      words >> a >> b >> code;
      const std::vector<rd_kafka_resp_err_t> errors(static_cast<std::size_t>(b),
                                                    static_cast<rd_kafka_resp_err_t>(code));
      rd_kafka_mock_push_request_errors_array(cluster, static_cast<std::int16_t>(a), errors.size(),
                                              errors.data());
    } else if (what == "coordinator") {
      words >> name >> a;
      error = rd_kafka_mock_coordinator_set(cluster, "group", name.c_str(), a);
    } else {
      std::cout << "unknown: " << line << std::endl;
      continue;
    }
    std::cout << (error == RD_KAFKA_RESP_ERR_NO_ERROR ? "ok" : rd_kafka_err2str(error))
              << std::endl;
  }
  rd_kafka_mock_cluster_destroy(cluster);
  rd_kafka_destroy(handle);
  return 0;
}

std::string from_hex(const std::string &hex) {
  std::string bytes;
  for (std::size_t i = 0; i + 1 < hex.size(); i += 2) {
    bytes += static_cast<char>(std::stoi(hex.substr(i, 2), nullptr, 16));
  }
  return bytes;
}

void must(rd_kafka_error_t *error, const char *what) {
  if (error != nullptr) {
    std::cerr << what << ": " << rd_kafka_error_string(error) << '\n';
    std::exit(1);
  }
}

int make_topic(const std::string &brokers, const char *name, int partitions) {
  rd_kafka_t *handle =
      make(RD_KAFKA_PRODUCER, {{"bootstrap.servers", brokers}, {"log_level", "3"}});
  std::array<char, 512> message{};
  std::array<rd_kafka_NewTopic_t *, 1> topics{
      rd_kafka_NewTopic_new(name, partitions, 1, message.data(), message.size())};
  rd_kafka_queue_t *queue = rd_kafka_queue_new(handle);
  rd_kafka_CreateTopics(handle, topics.data(), topics.size(), nullptr, queue);
  rd_kafka_event_t *event = rd_kafka_queue_poll(queue, 60000);
  std::string problem = event == nullptr ? "no answer" : "";
  if (event != nullptr && rd_kafka_event_error(event) != RD_KAFKA_RESP_ERR_NO_ERROR) {
    problem = rd_kafka_event_error_string(event);
  } else if (event != nullptr) {
    std::size_t count = 0;
    const rd_kafka_topic_result_t **results =
        rd_kafka_CreateTopics_result_topics(rd_kafka_event_CreateTopics_result(event), &count);
    if (rd_kafka_topic_result_error(*results) != RD_KAFKA_RESP_ERR_NO_ERROR) {
      problem = rd_kafka_topic_result_error_string(*results);
    }
  }
  if (event != nullptr) {
    rd_kafka_event_destroy(event);
  }
  rd_kafka_NewTopic_destroy(topics[0]);
  rd_kafka_queue_destroy(queue);
  rd_kafka_destroy(handle);
  if (!problem.empty()) {
    std::cerr << problem << '\n';
  }
  return problem.empty() ? 0 : 1;
}

int produce(const char *brokers, const char *topic, const std::vector<std::string> &more) {
  std::vector<std::pair<std::string, std::string>> settings{
      {"bootstrap.servers", brokers},
      {"message.max.bytes", "20000000"},
      {"linger.ms", "5"},
      {"log_level", "3"},
      {"queue.buffering.max.messages", "1000000"},
      {"acks", "all"},
      {"enable.idempotence", "true"}}; // a retry must not double what the tests count
  bool transaction = false;
  bool abort = false;
  bool leave = false;
  for (const std::string &word : more) {
    if (const std::size_t equals = word.find('='); equals != std::string::npos) {
      settings.emplace_back(word.substr(0, equals), word.substr(equals + 1));
      transaction = transaction || settings.back().first == "transactional.id";
    } else {
      abort = abort || word == "abort";
      leave = leave || word == "leave";
    }
  }
  rd_kafka_t *handle = make(RD_KAFKA_PRODUCER, settings);
  if (transaction) {
    must(rd_kafka_init_transactions(handle, 60000), "init_transactions");
    must(rd_kafka_begin_transaction(handle), "begin_transaction");
  }
  for (std::string line; std::getline(std::cin, line);) {
    const std::size_t first = line.find('\t');
    const std::size_t second = line.find('\t', first + 1);
    const std::size_t third = line.find('\t', second + 1);
    if (third == std::string::npos) {
      std::cerr << "not a message: " << line << '\n';
      return 1;
    }
    const std::int32_t partition = std::atoi(line.c_str());
    const std::int64_t time = std::atoll(line.c_str() + first + 1);
    const std::string kind = line.substr(second + 1, third - second - 1);
    std::string value = line.substr(third + 1);
    if (kind == "hex") {
      value = from_hex(value);
    }
    char *bytes = kind == "null" ? nullptr : value.data();
    const std::size_t size = kind == "null" ? 0 : value.size();
    while (true) {
      const rd_kafka_resp_err_t error =
          rd_kafka_producev(handle, RD_KAFKA_V_TOPIC(topic), RD_KAFKA_V_PARTITION(partition),
                            RD_KAFKA_V_VALUE(bytes, size), RD_KAFKA_V_TIMESTAMP(time),
                            RD_KAFKA_V_MSGFLAGS(RD_KAFKA_MSG_F_COPY), RD_KAFKA_V_END);
      if (error == RD_KAFKA_RESP_ERR_NO_ERROR) {
        break;
      }
      if (error != RD_KAFKA_RESP_ERR__QUEUE_FULL) {
        std::cerr << rd_kafka_err2str(error) << '\n';
        return 1;
      }
      rd_kafka_poll(handle, 50);
    }
    rd_kafka_poll(handle, 0);
  }
  const rd_kafka_resp_err_t flushed = rd_kafka_flush(handle, 60000);
  if (leave) {
    std::_Exit(flushed == RD_KAFKA_RESP_ERR_NO_ERROR ? 0 : 1); // as a crash would
  }
  if (transaction && abort) {
    must(rd_kafka_abort_transaction(handle, 60000), "abort_transaction");
  } else if (transaction) {
    must(rd_kafka_commit_transaction(handle, 60000), "commit_transaction");
  }
  rd_kafka_destroy(handle);
  return flushed == RD_KAFKA_RESP_ERR_NO_ERROR ? 0 : 1;
}

} // namespace

int main(int argc, char **argv) {
  const std::vector<std::string> words(argv + 1, argv + argc);
  if (!words.empty() && words[0] == "mock") {
    return mock(words.size() > 1 ? std::stoi(words[1]) : 4,
                words.size() > 2 ? std::stoi(words[2]) : 1);
  }
  if (words.size() >= 3 && words[0] == "produce") {
    return produce(words[1].c_str(), words[2].c_str(), {words.begin() + 3, words.end()});
  }
  if (words.size() == 4 && words[0] == "topic") {
    return make_topic(words[1], words[2].c_str(), std::stoi(words[3]));
  }
  std::cerr << "kafka_tool mock [PARTITIONS [BROKERS]] | produce BROKERS TOPIC [NAME=VALUE...] "
               "[abort|leave] | topic BROKERS NAME PARTITIONS\n";
  return 2;
}
