// Schemas by id, for messages in Confluent's wire format: from a registry's HTTP interface or from
// a local directory that holds <id>.json.
#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <unordered_map>

namespace starhouse::client {

class SchemaRegistry {
public:
  static constexpr std::size_t largest_schema = std::size_t{4} << 20U; // bytes

  // `where` is http://… or https://… (user:password@ for basic authentication) or a directory.
  // Throws Error when it is neither. Fetches nothing yet. One thread at a time.
  explicit SchemaRegistry(std::string where);
  ~SchemaRegistry();
  SchemaRegistry(const SchemaRegistry &) = delete;
  SchemaRegistry &operator=(const SchemaRegistry &) = delete;

  // The JSON Schema of that id; the text stays where it is while the registry lives, an id means
  // one schema for ever. Throws Error: 42704 no such schema (remembered for half a minute, so that
  // a stream of such messages does not become a stream of requests), 0A000 not a JSON Schema, 08006
  // the registry does not answer or fails: try again later.
  const std::string &schema(std::uint32_t id);

  // Without a password, for messages.
  const std::string &where() const noexcept { return shown_; }

private:
  struct Http;
  std::string fetch(std::uint32_t id);
  std::string read_file(std::uint32_t id) const;
  std::string request(std::uint32_t id);

  std::string where_;
  std::string shown_;
  std::unique_ptr<Http> http_; // null: a directory
  std::unordered_map<std::uint32_t, std::string> schemas_;
  std::unordered_map<std::uint32_t, std::chrono::steady_clock::time_point> missing_;
};

} // namespace starhouse::client
