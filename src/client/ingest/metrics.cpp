#include "client/ingest/metrics.hpp"

#include "core/error.hpp"

#include <csignal>
#include <exception>
#include <utility>

#include <fmt/format.h>
#include <prometheus/counter.h>
#include <prometheus/exposer.h>
#include <prometheus/gauge.h>
#include <prometheus/histogram.h>
#include <prometheus/registry.h>

namespace starhouse::client {
namespace {

using Labels = std::map<std::string, std::string>;

prometheus::Counter *counter(prometheus::Registry &registry, const Labels &labels, const char *name,
                             const char *help) {
  return &prometheus::BuildCounter().Name(name).Help(help).Register(registry).Add(labels);
}

prometheus::Gauge *gauge(prometheus::Registry &registry, const Labels &labels, const char *name,
                         const char *help) {
  return &prometheus::BuildGauge().Name(name).Help(help).Register(registry).Add(labels);
}

prometheus::Histogram *seconds(prometheus::Registry &registry, const Labels &labels,
                               const char *name, const char *help) {
  return &prometheus::BuildHistogram().Name(name).Help(help).Register(registry).Add(
      labels, prometheus::Histogram::BucketBoundaries{0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5,
                                                      10, 30, 60, 300});
}

} // namespace

Metrics::Metrics(MetricsPage &page, Labels labels_of_feed) : labels_(std::move(labels_of_feed)) {
  prometheus::Registry &all = page.registry();
  const Labels &labels = labels_;
  read =
      counter(all, labels, "starhouse_ingest_records_read_total", "Records taken from the topic");
  loaded = counter(all, labels, "starhouse_ingest_records_loaded_total",
                   "Records committed, neither rejected nor duplicates");
  duplicates = counter(all, labels, "starhouse_ingest_duplicates_total",
                       "Records whose facts were there already");
  rejected = counter(all, labels, "starhouse_ingest_rejected_total", "Records put into quarantine");
  batches = counter(all, labels, "starhouse_ingest_batches_total", "Batches committed");
  retries = counter(all, labels, "starhouse_ingest_retries_total",
                    "Attempts at a batch that failed and were repeated");
  restarts = counter(all, labels, "starhouse_ingest_restarts_total",
                     "Times that reading began anew at the database's offsets");
  rebalances = counter(all, labels, "starhouse_ingest_rebalances_total",
                       "Assignments and revocations by the group");
  gaps = counter(all, labels, "starhouse_ingest_gaps_total",
                 "Findings of offsets that are gone from the log unread");
  batch_seconds = seconds(all, labels, "starhouse_ingest_batch_seconds",
                          "Time from the start of a batch to its commit");
  freshness_seconds = seconds(all, labels, "starhouse_ingest_freshness_seconds",
                              "Age of the newest message of a batch at its commit");
  assigned =
      gauge(all, labels, "starhouse_ingest_assigned_partitions", "Partitions that this client has");
  stopped = gauge(all, labels, "starhouse_ingest_stopped",
                  "1 while the source is stopped (see load_source.stop_reason)");
  database_up = gauge(all, labels, "starhouse_ingest_database_up",
                      "1 while the last word from the database was no error");
  registry_up = gauge(all, labels, "starhouse_ingest_registry_up",
                      "0 while messages wait for the schema registry to answer");
  registry_up->Set(1);
  last_commit = gauge(all, labels, "starhouse_ingest_last_commit_timestamp_seconds",
                      "When the last batch was committed");
  lag_ = &prometheus::BuildGauge()
              .Name("starhouse_ingest_lag_records")
              .Help("Records of a partition that are not loaded yet")
              .Register(all);
}

MetricsPage::MetricsPage(const std::string &address)
    : registry_(std::make_shared<prometheus::Registry>()) {
  if (address.empty()) {
    return;
  }
  // Its threads are not for signals.
  sigset_t every;
  sigset_t before;
  sigfillset(&every);
  pthread_sigmask(SIG_SETMASK, &every, &before);
  try {
    exposer_ = std::make_unique<prometheus::Exposer>(
        address.starts_with(':') ? "127.0.0.1" + address : address, 1);
    exposer_->RegisterCollectable(registry_);
  } catch (const std::exception &) {
    pthread_sigmask(SIG_SETMASK, &before, nullptr);
    throw Error(SqlState{"22023"}, fmt::format("--metrics: cannot listen on {}", address),
                "Give HOST:PORT of a free port, for example 127.0.0.1:9187.");
  }
  pthread_sigmask(SIG_SETMASK, &before, nullptr);
}

MetricsPage::~MetricsPage() = default;

void Metrics::set_lag(std::int32_t partition, std::int64_t records) {
  prometheus::Gauge *&of_partition = lags_[partition];
  if (of_partition == nullptr) {
    Labels labels = labels_;
    labels["partition"] = std::to_string(partition);
    of_partition = &lag_->Add(labels);
  }
  of_partition->Set(static_cast<double>(records));
}

void Metrics::forget_lag(std::int32_t partition) {
  if (const auto at = lags_.find(partition); at != lags_.end()) {
    lag_->Remove(at->second);
    lags_.erase(at);
  }
}

} // namespace starhouse::client
