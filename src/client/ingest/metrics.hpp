// Figures of a running ingest for Prometheus, over HTTP.
#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <string>

namespace prometheus {
class Counter;
class Exposer;
class Gauge;
class Histogram;
class Registry;
template <class Metric>
class Family;
} // namespace prometheus

namespace starhouse::client {

class Metrics {
public:
  // Without an address nothing is served. Throws Error 22023 when it cannot be listened on.
  Metrics(const std::string &address, const std::map<std::string, std::string> &labels);
  ~Metrics();
  Metrics(const Metrics &) = delete;
  Metrics &operator=(const Metrics &) = delete;

  prometheus::Counter *read;       // records taken from the topic
  prometheus::Counter *loaded;     // committed
  prometheus::Counter *duplicates; // their facts were there
  prometheus::Counter *rejected;   // in quarantine
  prometheus::Counter *batches;
  prometheus::Counter *retries;
  prometheus::Counter *restarts; // read on from the database's offsets
  prometheus::Counter *rebalances;
  prometheus::Counter *gaps; // findings of lost offsets
  prometheus::Histogram *batch_seconds;
  prometheus::Histogram *freshness_seconds; // of a batch's newest message, at its commit
  prometheus::Gauge *assigned;
  prometheus::Gauge *stopped;
  prometheus::Gauge *database_up;
  prometheus::Gauge *last_commit; // seconds since 1970
  void set_lag(std::int32_t partition, std::int64_t records);
  void forget_lag(std::int32_t partition);

private:
  std::shared_ptr<prometheus::Registry> registry_;
  prometheus::Family<prometheus::Gauge> *lag_;
  std::map<std::int32_t, prometheus::Gauge *> lags_;
  std::unique_ptr<prometheus::Exposer> exposer_; // ends first
};

} // namespace starhouse::client
