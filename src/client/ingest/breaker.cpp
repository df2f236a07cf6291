#include "client/ingest/breaker.hpp"

namespace starhouse::client {

bool Breaker::would_open(std::int64_t read, std::int64_t rejected) const noexcept {
  return !forced_ && limit_ < 1 && too_many(read_ + read, rejected_ + rejected);
}

void Breaker::add(std::int64_t read, std::int64_t rejected) {
  batches_.emplace_back(read, rejected);
  read_ += read;
  rejected_ += rejected;
  while (batches_.size() > 1 && read_ - batches_.front().first >= window) {
    read_ -= batches_.front().first;
    rejected_ -= batches_.front().second;
    batches_.pop_front();
  }
  if (forced_ && read_ >= least && !too_many(read_, rejected_)) {
    forced_ = false;
  }
}

void Breaker::forget() noexcept {
  batches_.clear();
  read_ = 0;
  rejected_ = 0;
}

double Breaker::share() const noexcept {
  return read_ == 0 ? 0 : static_cast<double>(rejected_) / static_cast<double>(read_);
}

} // namespace starhouse::client
