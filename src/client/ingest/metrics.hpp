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

// The page that is served; figures of several feeds stand on it side by side.
class MetricsPage {
public:
  // Without an address nothing is served. Throws Error 22023 when it cannot be listened on.
  explicit MetricsPage(const std::string &address);
  ~MetricsPage();
  MetricsPage(const MetricsPage &) = delete;
  MetricsPage &operator=(const MetricsPage &) = delete;

  prometheus::Registry &registry() noexcept { return *registry_; }

private:
  std::shared_ptr<prometheus::Registry> registry_;
  std::unique_ptr<prometheus::Exposer> exposer_; // ends first
};

// Those of one feed.
class Metrics {
public:
  // `page` must outlive it; once per labels.
  Metrics(MetricsPage &page, std::map<std::string, std::string> labels);

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
  prometheus::Gauge *registry_up;
  prometheus::Gauge *last_commit; // seconds since 1970
  void set_lag(std::int32_t partition, std::int64_t records);
  void forget_lag(std::int32_t partition);

private:
  std::map<std::string, std::string> labels_;
  prometheus::Family<prometheus::Gauge> *lag_;
  std::map<std::int32_t, prometheus::Gauge *> lags_;
};

} // namespace starhouse::client
