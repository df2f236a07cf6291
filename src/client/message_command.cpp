// starhouse message --registry R FILE...: takes single messages apart and checks them against the
// schema they name, without a server: what a registry holds and what a producer sends can be looked
// at alone.
#include "client/commands.hpp"

#include "client/registered_schemas.hpp"
#include "client/source.hpp"
#include "core/stream/wire_format.hpp"

#include <memory>
#include <string>
#include <vector>

#include <fmt/format.h>

namespace starhouse::client {
namespace {

struct Options {
  std::string registry;
  std::vector<std::string> files;
};

std::string read_whole(const std::string &file) {
  const std::unique_ptr<Source> source = open_source(file);
  std::string bytes;
  for (std::string_view chunk = source->read(); !chunk.empty(); chunk = source->read()) {
    bytes += chunk;
  }
  return bytes;
}

// One line for the message; false if something is wrong with it.
bool look_at(const std::string &file, RegisteredSchemas *schemas) {
  const std::string bytes = read_whole(file);
  stream::WireMessage message;
  stream::Reject reject;
  const stream::Framing framing = stream::unwrap(bytes, message, reject);
  std::string id = "no schema id";
  bool good = framing != stream::Framing::broken;
  if (framing == stream::Framing::framed) {
    id = fmt::format("schema {}", message.schema_id);
    if (schemas != nullptr) {
      good = schemas->check(message.schema_id, message.payload, reject);
      id += good ? ", fits" : "";
    }
  }
  if (good) {
    fmt::print("{}: {}, {} bytes of payload\n", file, id, message.payload.size());
  } else {
    fmt::print("{}: {}, {}: {}\n  hint: {}\n", file, id, reject.code.data(), reject.reason,
               reject.hint);
  }
  return good;
}

} // namespace

void add_message_command(CLI::App &app) {
  auto options = std::make_shared<Options>();
  CLI::App *command = app.add_subcommand(
      "message",
      "Look at messages in Confluent's wire format, one per file, and check each against "
      "the schema it names");
  command
      ->add_option("files", options->files, "Files that hold one message each; - is standard input")
      ->required();
  command->add_option("-r,--registry", options->registry,
                      "Schema registry (http:// or https://), or a directory of <id>.json files");
  command->callback([options] {
    std::unique_ptr<RegisteredSchemas> schemas;
    if (!options->registry.empty()) {
      schemas = std::make_unique<RegisteredSchemas>(options->registry);
    }
    bool all_good = true;
    for (const std::string &file : options->files) {
      all_good = look_at(file, schemas.get()) && all_good;
    }
    if (!all_good) {
      throw Exit{Status::error};
    }
  });
}

} // namespace starhouse::client
