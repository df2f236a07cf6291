#include "client/registered_schemas.hpp"

#include "core/error.hpp"

namespace starhouse::client {
namespace {

constexpr SqlState undefined_object{"42704"};

bool refuse(const Error &error, stream::Reject &reject) {
  reject.set(error.code(), {}, {}, error.message(), error.hint());
  return false;
}

} // namespace

// An id means one schema for ever, so what was compiled, or refused, is kept; a schema that is
// missing may still come.
RegisteredSchemas::Known &RegisteredSchemas::known(std::uint32_t id, Known &missing) {
  if (const auto at = known_.find(id); at != known_.end()) {
    return at->second;
  }
  Known fresh;
  try {
    // Producers' schemas hold keywords of their tools, and mostly do not say their draft: 2019-09
    // reads the spelling of the older ones too.
    fresh.validator = std::make_unique<stream::SchemaValidator>(stream::JsonSchema(
        registry_.schema(id), {false, true, stream::JsonSchemaDraft::draft_2019_09}));
  } catch (const Error &error) {
    if (std::string_view(error.code().data(), 2) == "08" ||
        std::string_view(error.code().data(), 2) == "58") {
      throw; // of the registry, not of the schema
    }
    refuse(error, fresh.refusal);
    if (error.code() == undefined_object) {
      missing = std::move(fresh);
      return missing;
    }
  }
  return known_.emplace(id, std::move(fresh)).first->second;
}

bool RegisteredSchemas::check(std::uint32_t id, std::string_view payload, stream::Reject &reject) {
  if (!scans_) {
    scanner_.keep_tree();
    scans_ = true;
  }
  Known missing;
  Known &schema = known(id, missing);
  if (schema.validator == nullptr) {
    reject = schema.refusal;
    return false;
  }
  stream::JsonScanner::Fault fault;
  if (!scanner_.scan(payload, fault)) {
    reject.set(fault.code, {}, fault.value.empty() ? payload : fault.value, fault.reason,
               fault.hint);
    return false;
  }
  stream::Violation violation;
  if (schema.validator->validate(scanner_.tree(), violation)) {
    return true;
  }
  stream::tell(violation, scanner_.tree(), reject);
  reject.reason += ", by the registered schema " + std::to_string(id);
  return false;
}

} // namespace starhouse::client
