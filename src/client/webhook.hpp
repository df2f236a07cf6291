// One HTTP POST of a JSON document to a webhook.
#pragma once

#include <optional>
#include <string>

namespace starhouse::client {

// Nothing: the receiver accepted it (2xx). Otherwise why not, in a line. `id` goes along as
// Idempotency-Key, so that a receiver can tell a repeated message; `token`, unless empty, as bearer
// token. Takes ten seconds at most; a signal ends it earlier, as a failure.
std::optional<std::string> post_json(const std::string &url, const std::string &body,
                                     const std::string &id, const std::string &token);

} // namespace starhouse::client
