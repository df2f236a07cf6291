#include "client/schema_registry.hpp"

#include "core/error.hpp"

#include <array>
#include <cerrno>
#include <cstdio>
#include <cstring>
#include <new>
#include <string_view>

#include <curl/curl.h>
#include <fmt/format.h>
#include <simdjson.h>
#include <sys/stat.h>

namespace starhouse::client {
namespace {

using namespace std::chrono_literals;

constexpr SqlState undefined_object{"42704"};
constexpr SqlState undefined_file{"58P01"};
constexpr SqlState feature_not_supported{"0A000"};
constexpr SqlState connection_failure{"08006"};
constexpr SqlState io_error{"58030"};

constexpr auto missing_for = 30s;
constexpr std::size_t most_missing = 10000; // ids remembered as missing
constexpr long connect_timeout_ms = 10'000;
constexpr long request_timeout_ms = 30'000;
constexpr long http_ok = 200;
constexpr long http_not_found = 404;

bool is_url(std::string_view where) {
  return where.starts_with("http://") || where.starts_with("https://");
}

// https://user:password@host -> https://host
std::string without_credentials(const std::string &url) {
  const std::size_t authority = url.find("://") + 3;
  const std::size_t end = url.find_first_of("/?#", authority);
  const std::size_t at = url.substr(0, end).rfind('@');
  return at == std::string::npos || at < authority ? url
                                                   : url.substr(0, authority) + url.substr(at + 1);
}

struct Body {
  std::string text;
  bool too_long = false;
};

extern "C" std::size_t take_body(char *data, std::size_t size, std::size_t count, void *to) {
  auto &body = *static_cast<Body *>(to);
  const std::size_t bytes = size * count;
  if (bytes > SchemaRegistry::largest_schema - body.text.size()) {
    body.too_long = true;
    return 0; // ends the transfer
  }
  try {
    body.text.append(data, bytes);
  } catch (const std::bad_alloc &) {
    return 0;
  }
  return bytes;
}

} // namespace

struct SchemaRegistry::Http {
  CURL *handle = curl_easy_init();
  std::array<char, CURL_ERROR_SIZE> error{};

  Http() {
    if (handle == nullptr) {
      throw Error(sqlstate::out_of_memory, "cannot start an HTTP client",
                  "Free some memory and try again.");
    }
  }
  ~Http() { curl_easy_cleanup(handle); }
  Http(const Http &) = delete;
  Http &operator=(const Http &) = delete;

  // NOLINTBEGIN(cppcoreguidelines-pro-type-vararg,hicpp-vararg): curl's interface
  template <class Value>
  void set(CURLoption option, Value value) {
    if (curl_easy_setopt(handle, option, value) != CURLE_OK) {
      throw Error(sqlstate::internal_error, "the HTTP client refuses an option",
                  "Install a libcurl of 7.85 or newer.");
    }
  }
  long status() {
    long code = 0;
    curl_easy_getinfo(handle, CURLINFO_RESPONSE_CODE, &code);
    return code;
  }
  // NOLINTEND(cppcoreguidelines-pro-type-vararg,hicpp-vararg)
};

SchemaRegistry::SchemaRegistry(std::string where) : where_(std::move(where)) {
  while (where_.size() > 1 && where_.back() == '/') {
    where_.pop_back();
  }
  if (is_url(where_)) {
    static const CURLcode started = curl_global_init(CURL_GLOBAL_DEFAULT);
    if (started != CURLE_OK) {
      throw Error(sqlstate::internal_error, "cannot start libcurl", curl_easy_strerror(started));
    }
    shown_ = without_credentials(where_);
    http_ = std::make_unique<Http>();
    return;
  }
  shown_ = where_;
  struct stat status {};
  if (::stat(where_.c_str(), &status) != 0 || !S_ISDIR(status.st_mode)) {
    throw Error(
        undefined_file,
        fmt::format("the schema registry \"{}\" is neither an http(s) URL nor a directory", where_),
        "Give a URL such as http://localhost:8081, or a directory of <id>.json files.");
  }
}

SchemaRegistry::~SchemaRegistry() = default;

const std::string &SchemaRegistry::schema(std::uint32_t id) {
  if (const auto known = schemas_.find(id); known != schemas_.end()) {
    return known->second;
  }
  const auto now = std::chrono::steady_clock::now();
  const auto missing = missing_.find(id);
  if (missing != missing_.end() && now - missing->second > missing_for) {
    missing_.erase(missing);
  } else if (missing != missing_.end()) {
    throw Error(undefined_object, fmt::format("{} has no schema {}", shown_, id),
                "Register it; it is looked for again within half a minute.");
  }
  try {
    return schemas_.emplace(id, fetch(id)).first->second;
  } catch (const Error &error) {
    if (error.code() == undefined_object) {
      if (missing_.size() >= most_missing) {
        missing_.clear();
      }
      missing_[id] = now;
    }
    throw;
  }
}

std::string SchemaRegistry::fetch(std::uint32_t id) {
  return http_ == nullptr ? read_file(id) : request(id);
}

std::string SchemaRegistry::read_file(std::uint32_t id) const {
  const std::string name = fmt::format("{}/{}.json", where_, id);
  struct Close {
    void operator()(std::FILE *file) const noexcept { (void)std::fclose(file); }
  };
  const std::unique_ptr<std::FILE, Close> file(std::fopen(name.c_str(), "rbe"));
  if (!file) {
    const int code = errno;
    throw Error(code == ENOENT ? undefined_object : io_error,
                fmt::format("cannot open {}: {}", name, std::strerror(code)),
                "Put the JSON Schema of that id there, or name another directory or registry.");
  }
  std::string text(largest_schema + 1, '\0');
  const std::size_t read = std::fread(text.data(), 1, text.size(), file.get());
  if (std::ferror(file.get()) != 0 || read > largest_schema) {
    throw Error(io_error, fmt::format("cannot read {}", name),
                fmt::format("It must be a file of at most {} bytes.", largest_schema));
  }
  text.resize(read);
  return text;
}

std::string SchemaRegistry::request(std::uint32_t id) {
  Http &http = *http_;
  const std::string url = fmt::format("{}/schemas/ids/{}", where_, id);
  Body body;
  http.error[0] = '\0';
  http.set(CURLOPT_URL, url.c_str());
  http.set(CURLOPT_ERRORBUFFER, http.error.data());
  http.set(CURLOPT_PROTOCOLS_STR, "http,https");
  http.set(CURLOPT_NOSIGNAL, 1L);
  http.set(CURLOPT_CONNECTTIMEOUT_MS, connect_timeout_ms);
  http.set(CURLOPT_TIMEOUT_MS, request_timeout_ms);
  http.set(CURLOPT_USERAGENT, "starhouse/" STARHOUSE_VERSION);
  http.set(CURLOPT_WRITEFUNCTION, &take_body);
  http.set(CURLOPT_WRITEDATA, static_cast<void *>(&body));
  const CURLcode result = curl_easy_perform(http.handle);
  if (body.too_long) {
    throw Error(feature_not_supported,
                fmt::format("schema {} of {} is longer than {} bytes", id, shown_, largest_schema),
                "Split it, or give the feed a contract of its own.");
  }
  if (result != CURLE_OK) {
    throw Error(connection_failure,
                fmt::format("the schema registry {} does not answer: {}", shown_,
                            http.error[0] != '\0' ? http.error.data() : curl_easy_strerror(result)),
                "Check the URL and that the registry runs.");
  }
  const long status = http.status();
  if (status == http_not_found) {
    throw Error(undefined_object, fmt::format("{} has no schema {}", shown_, id),
                "Register it; it is looked for again within half a minute.");
  }
  if (status != http_ok) {
    throw Error(connection_failure,
                fmt::format("the schema registry {} answers {} for schema {}", shown_, status, id),
                status == 401 || status == 403
                    ? "Give the user and the password in the URL: https://user:password@host."
                    : "Look into the registry's log.");
  }
  simdjson::dom::parser parser;
  simdjson::dom::element answer;
  std::string_view schema;
  if (parser.parse(body.text).get(answer) != simdjson::SUCCESS ||
      answer["schema"].get(schema) != simdjson::SUCCESS) {
    throw Error(connection_failure,
                fmt::format("the answer of {} for schema {} is none of a registry's", shown_, id),
                "Is this the registry's URL, or that of another service?");
  }
  std::string_view type;
  if (answer["schemaType"].get(type) != simdjson::SUCCESS) {
    type = "AVRO"; // what a registry leaves out
  }
  if (type != "JSON") {
    throw Error(feature_not_supported,
                fmt::format("schema {} of {} is {}, not JSON Schema", id, shown_, type),
                "Let the producer serialise with JSON Schema.");
  }
  simdjson::dom::array references;
  if (answer["references"].get(references) == simdjson::SUCCESS && references.size() > 0) {
    throw Error(feature_not_supported,
                fmt::format("schema {} of {} refers to other subjects", id, shown_),
                "Register it with what it refers to inside, under $defs.");
  }
  return std::string(schema);
}

} // namespace starhouse::client
