#include "client/generate/topic_output.hpp"

#include <algorithm>
#include <utility>

namespace starhouse::client {

using namespace std::chrono_literals;

namespace {

class Nowhere final : public generate::OutputFile {
public:
  void write(std::string_view /*bytes*/) override {}
  void close() override {}
};

constexpr bool is_digit(char c) noexcept {
  return c >= '0' && c <= '9';
}

} // namespace

std::int64_t moment_of(std::string_view record) noexcept {
  constexpr std::string_view shape = "dddd-dd-dd?dd:dd:dd";
  for (std::size_t at = record.find('"'); at != std::string_view::npos;
       at = record.find('"', at + 1)) {
    const std::string_view text = record.substr(at + 1, shape.size());
    std::int64_t value = 0;
    std::size_t i = 0;
    for (; i < text.size(); ++i) {
      if (shape[i] == 'd' ? !is_digit(text[i]) : shape[i] != '?' && shape[i] != text[i]) {
        break;
      }
      value = shape[i] == 'd' ? value * 10 + (text[i] - '0') : value;
    }
    if (i == shape.size()) {
      return value;
    }
  }
  return -1;
}

std::string_view first_value(std::string_view record) noexcept {
  std::size_t begin = 0;
  do { // into objects: what they begin with
    const std::size_t colon = record.find(':', begin);
    begin = colon == std::string_view::npos ? colon : record.find_first_not_of(' ', colon + 1);
    if (begin == std::string_view::npos) {
      return {};
    }
  } while (record[begin] == '{');
  begin += record[begin] == '"' ? 1 : 0;
  const std::size_t end = record.find_first_of("\",}", begin);
  return end == std::string_view::npos ? std::string_view{} : record.substr(begin, end - begin);
}

class TopicOutput::File final : public generate::OutputFile {
public:
  File(TopicOutput &output, Feed &feed) : output_(output), feed_(feed) { ++output_.open_; }

  void write(std::string_view bytes) override {
    for (std::size_t end = 0; (end = bytes.find('\n')) != std::string_view::npos;
         bytes.remove_prefix(end + 1)) {
      tail_.append(bytes.substr(0, end));
      if (const std::int64_t moment = moment_of(tail_); moment >= 0) {
        moment_ = moment;
      }
      output_.add(feed_, moment_, tail_); // without a time, it goes with the one before
      tail_.clear();
    }
    tail_.append(bytes);
  }
  void close() override {
    if (--output_.open_ == 0) {
      output_.send();
    }
  }

private:
  TopicOutput &output_;
  Feed &feed_;
  std::string tail_;
  std::int64_t moment_ = 0;
};

TopicOutput::TopicOutput(KafkaProducer &producer, std::string prefix, double rate,
                         generate::Output *others)
    : producer_(producer), prefix_(std::move(prefix)), rate_(rate), others_(others) {}

std::unique_ptr<generate::OutputFile> TopicOutput::create(std::string_view path,
                                                          std::string_view feed) {
  if (!feed.empty() && path.ends_with(".jsonl")) {
    return std::make_unique<File>(*this, this->feed(feed));
  }
  if (others_ != nullptr) {
    return others_->create(path, feed);
  }
  if (!feed.empty()) {
    left_out_.emplace_back(path);
  }
  return std::make_unique<Nowhere>();
}

TopicOutput::Feed &TopicOutput::feed(std::string_view name) {
  const auto at = std::find_if(feeds_.begin(), feeds_.end(),
                               [&](const auto &feed) { return feed->name == name; });
  if (at != feeds_.end()) {
    return **at;
  }
  std::string topic = prefix_ + std::string{name};
  KafkaProducer::Topic handle = producer_.topic(topic);
  feeds_.push_back(
      std::make_unique<Feed>(Feed{std::string{name}, std::move(topic), 0, 0, std::move(handle)}));
  return *feeds_.back();
}

void TopicOutput::add(Feed &feed, std::int64_t moment, std::string_view record) {
  if (held_.size() + records_.size() * sizeof(Record) + record.size() > most_held) {
    send();
  }
  records_.push_back({moment, held_.size(), record.size(), &feed});
  held_.append(record);
}

void TopicOutput::send() {
  std::stable_sort(records_.begin(), records_.end(),
                   [](const Record &a, const Record &b) { return a.moment < b.moment; });
  for (const Record &record : records_) {
    wait_for_turn();
    const std::string_view value = std::string_view{held_}.substr(record.begin, record.size);
    producer_.send(record.feed->handle, first_value(value), value);
    ++record.feed->messages;
    record.feed->bytes += value.size();
    ++sent_;
  }
  records_.clear();
  held_.clear();
}

void TopicOutput::wait_for_turn() {
  if (sent_ == 0) {
    began_ = std::chrono::steady_clock::now();
  }
  if (rate_ <= 0) {
    return;
  }
  const std::chrono::duration<double> due{static_cast<double>(sent_) / rate_};
  while (true) {
    const std::chrono::duration<double> left = due - (std::chrono::steady_clock::now() - began_);
    if (left.count() <= 0) {
      return;
    }
    producer_.serve(std::clamp(std::chrono::ceil<std::chrono::milliseconds>(left), 1ms, 100ms));
  }
}

} // namespace starhouse::client
