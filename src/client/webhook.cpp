#include "client/webhook.hpp"

#include "client/interrupt.hpp"

#include <algorithm>
#include <array>
#include <cstddef>
#include <memory>
#include <new>
#include <string_view>

#include <curl/curl.h>
#include <fmt/format.h>

namespace starhouse::client {
namespace {

constexpr long most_seconds = 10;
constexpr std::size_t most_answer = 200; // what is kept of it, for the message

struct CurlCleanup {
  void operator()(CURL *handle) const noexcept { curl_easy_cleanup(handle); }
  void operator()(curl_slist *list) const noexcept { curl_slist_free_all(list); }
};
using Handle = std::unique_ptr<CURL, CurlCleanup>;
using Headers = std::unique_ptr<curl_slist, CurlCleanup>;

std::size_t keep_answer(const char *bytes, std::size_t size, std::size_t count, void *into) {
  auto &answer = *static_cast<std::string *>(into);
  const std::string_view more{bytes, size * count};
  answer += more.substr(0, most_answer - std::min(most_answer, answer.size()));
  return size * count;
}

int stop_on_signal(void * /*unused*/, curl_off_t /*unused*/, curl_off_t /*unused*/,
                   curl_off_t /*unused*/, curl_off_t /*unused*/) {
  return interrupted() ? 1 : 0;
}

void add(Headers &headers, const std::string &line) {
  curl_slist *const longer = curl_slist_append(headers.get(), line.c_str());
  if (longer == nullptr) {
    throw std::bad_alloc();
  }
  (void)headers.release();
  headers.reset(longer);
}

} // namespace

std::optional<std::string> post_json(const std::string &url, const std::string &body,
                                     const std::string &id, const std::string &token) {
  static const CURLcode ready = curl_global_init(CURL_GLOBAL_DEFAULT);
  const Handle handle{ready == CURLE_OK ? curl_easy_init() : nullptr};
  if (!handle) {
    throw std::bad_alloc();
  }
  Headers headers;
  add(headers, "Content-Type: application/json");
  add(headers, "Idempotency-Key: " + id);
  add(headers, "Expect:"); // or bodies over 1 MB wait for a leave that few receivers give
  if (!token.empty()) {
    add(headers, "Authorization: Bearer " + token);
  }
  std::string answer;
  std::array<char, CURL_ERROR_SIZE> error{};
  CURL *const curl = handle.get();
  // NOLINTBEGIN(cppcoreguidelines-pro-type-vararg,hicpp-vararg): libcurl's interface
  curl_easy_setopt(curl, CURLOPT_URL, url.c_str());
#if LIBCURL_VERSION_NUM >= 0x075500
  curl_easy_setopt(curl, CURLOPT_PROTOCOLS_STR, "http,https");
#else
  curl_easy_setopt(curl, CURLOPT_PROTOCOLS, CURLPROTO_HTTP | CURLPROTO_HTTPS);
#endif
  curl_easy_setopt(curl, CURLOPT_NOSIGNAL, 1L);
  curl_easy_setopt(curl, CURLOPT_TIMEOUT, most_seconds);
  curl_easy_setopt(curl, CURLOPT_HTTPHEADER, headers.get());
  curl_easy_setopt(curl, CURLOPT_USERAGENT, "starhouse/" STARHOUSE_VERSION);
  curl_easy_setopt(curl, CURLOPT_POSTFIELDSIZE, static_cast<long>(body.size()));
  curl_easy_setopt(curl, CURLOPT_POSTFIELDS, body.data());
  curl_easy_setopt(curl, CURLOPT_WRITEFUNCTION, keep_answer);
  curl_easy_setopt(curl, CURLOPT_WRITEDATA, &answer);
  curl_easy_setopt(curl, CURLOPT_ERRORBUFFER, error.data());
  curl_easy_setopt(curl, CURLOPT_NOPROGRESS, 0L);
  curl_easy_setopt(curl, CURLOPT_XFERINFOFUNCTION, stop_on_signal);
  const CURLcode done = curl_easy_perform(curl);
  long status = 0;
  curl_easy_getinfo(curl, CURLINFO_RESPONSE_CODE, &status);
  // NOLINTEND(cppcoreguidelines-pro-type-vararg,hicpp-vararg)
  if (done != CURLE_OK) {
    const std::string_view detail{error.data()};
    return fmt::format("{}", detail.empty() ? std::string_view{curl_easy_strerror(done)} : detail);
  }
  if (status >= 200 && status < 300) {
    return std::nullopt;
  }
  std::replace_if(
      answer.begin(), answer.end(),
      [](char c) {
        return static_cast<unsigned char>(c) < ' ' || static_cast<unsigned char>(c) > '~';
      },
      ' ');
  return fmt::format("HTTP status {}: {}", status, answer);
}

} // namespace starhouse::client
