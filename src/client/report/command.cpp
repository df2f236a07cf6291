// starhouse report: one page with a warehouse's figures, which needs nothing but itself.
#include "client/commands.hpp"

#include "client/report/data.hpp"
#include "client/report/definition.hpp"
#include "client/report/embedded.hpp"
#include "client/warehouse.hpp"

#include <algorithm>
#include <cstdio>
#include <fstream>
#include <iterator>
#include <memory>
#include <regex>
#include <string>
#include <string_view>

#include <fmt/format.h>
#include <unistd.h>

namespace starhouse::client {
namespace {

using report::Data;
using report::Definition;

struct ReportOptions {
  Target target;
  report::Options report;
  std::string out;
  std::string definition; // file; empty: the built-in one
  int patience = 60;
  bool quiet = false;
};

std::string read_file(const std::string &path) {
  std::ifstream file(path, std::ios::binary);
  std::string text{std::istreambuf_iterator<char>(file), std::istreambuf_iterator<char>()};
  if (!file) {
    throw Error(SqlState{"58P01"}, fmt::format("cannot read {}", path),
                "--definition names a file of cards: see docs/report.md.");
  }
  return text;
}

Definition definition_of(const ReportOptions &options, const std::string &kind) {
  if (!options.definition.empty()) {
    return report::parse(read_file(options.definition), options.definition);
  }
  const auto *found = std::find_if(report::built_in.begin(), report::built_in.end(),
                                   [&](const report::BuiltIn &own) { return own.kind == kind; });
  if (found == report::built_in.end()) {
    throw Error(SqlState{"0A000"},
                fmt::format("there is no built-in report of a warehouse of kind \"{}\"", kind),
                "Write one and name it with --definition: see docs/report.md.");
  }
  return report::parse(found->text, found->kind);
}

std::string html_text(std::string_view text) {
  std::string safe;
  for (const char c : text) {
    switch (c) {
    case '<':
      safe += "&lt;";
      break;
    case '&':
      safe += "&amp;";
      break;
    default:
      safe += c;
    }
  }
  return safe;
}

// Nothing may be fetched, whatever stands in the data.
std::string page_of(const Definition &definition, const Data &data) {
  return fmt::format(
      "<!doctype html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n"
      "<meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n"
      "<meta http-equiv=\"Content-Security-Policy\" content=\"default-src 'none'; script-src "
      "'unsafe-inline'; style-src 'unsafe-inline'; img-src data:\">\n"
      "<meta name=\"generator\" content=\"starhouse {}\">\n"
      "<title>{}</title>\n<style>\n{}</style>\n</head>\n<body>\n"
      "<noscript><p>The figures of this page are drawn by a script in it; allow it to "
      "run.</p></noscript>\n<main id=\"report\"></main>\n"
      "<script type=\"application/json\" id=\"data\">{}</script>\n<script>\n{}\n</script>\n"
      "<script>\n{}</script>\n</body>\n</html>\n",
      STARHOUSE_VERSION, html_text(definition.title), report::style, data.json,
      report::chart_library, report::script);
}

// The page that is there stays until the new one is whole.
void write_page(const std::string &path, const std::string &page) {
  if (path == "-") {
    if (std::fwrite(page.data(), 1, page.size(), stdout) != page.size()) {
      throw Error(SqlState{"58030"}, "cannot write the page to standard output");
    }
    return;
  }
  const std::string fresh = fmt::format("{}.{}.new", path, ::getpid());
  {
    std::ofstream file(fresh, std::ios::binary);
    file << page;
    file.close();
    if (file && std::rename(fresh.c_str(), path.c_str()) == 0) {
      return;
    }
  }
  (void)std::remove(fresh.c_str());
  throw Error(SqlState{"58030"}, fmt::format("cannot write {}", path),
              "Name a file in a folder that exists and that this user may write to.");
}

// The page hands both to the browser, which draws no figure with a tag that is none.
void check_writing(const report::Options &options) {
  static const std::regex code("[A-Z]{3}");
  if (!options.currency.empty() && !std::regex_match(options.currency, code)) {
    throw Error(SqlState{"22023"}, fmt::format("\"{}\" is no currency", options.currency),
                "--currency takes a code of ISO 4217: three capital letters, such as INR or EUR.");
  }
  // Language, script, region and how digits are written: what says something about numbers.
  static const std::regex tag(
      "([A-Za-z]{2,3}|[A-Za-z]{5,8})(-[A-Za-z]{4})?(-([A-Za-z]{2}|[0-9]{3}))?"
      "(-u-nu-[0-9A-Za-z]{3,8})?");
  if (!options.locale.empty() && !std::regex_match(options.locale, tag)) {
    throw Error(SqlState{"22023"}, fmt::format("\"{}\" is no locale", options.locale),
                "--locale takes a language tag of BCP 47, with hyphens: en-IN, hi-IN, "
                "hi-IN-u-nu-deva.");
  }
}

void make_report(ReportOptions &options) {
  check_writing(options.report);
  Connection connection = connect(options.target, "starhouse report");
  options.report.warehouse = options.target.warehouse;
  options.report.patience = std::chrono::seconds{options.patience};
  const Definition definition =
      definition_of(options, report::kind_of(connection, options.target.warehouse));
  const Data data = report::collect(connection, definition, options.report);
  const std::string page = page_of(definition, data);
  const std::string out = options.out.empty() ? options.target.warehouse + ".html" : options.out;
  write_page(out, page);
  for (const std::string &failure : data.failures) {
    fmt::print(stderr, "starhouse: warning: {}\n", failure);
  }
  if (!options.quiet && out != "-") {
    fmt::print("{}: {} figures{}{}, {} kB\n", out, data.cards,
               data.empty > 0 ? fmt::format(", {} without data", data.empty) : "",
               data.failures.empty() ? "" : fmt::format(", {} failed", data.failures.size()),
               (page.size() + 1023) / 1024);
  }
  if (!data.failures.empty()) {
    throw Exit{Status::error};
  }
}

} // namespace

void add_report_command(CLI::App &app) {
  auto options = std::make_shared<ReportOptions>();
  CLI::App *command = app.add_subcommand(
      "report", "Write one page (HTML) with a warehouse's figures, to open anywhere");
  command->add_option("warehouse", options->target.warehouse, "Schema of the warehouse")
      ->required();
  command->add_option("-o,--out", options->out,
                      "File to write (WAREHOUSE.html); - is standard output");
  command->add_option("--definition", options->definition,
                      "File that says what the page shows, instead of the built-in one");
  command->add_option(
      "--currency", options->report.currency,
      "Currency of money, such as INR (default: the one of the warehouse's country)");
  command->add_option(
      "--locale", options->report.locale,
      "How numbers are written, such as en-IN (default: as in the warehouse's country)");
  command->add_option("--timeout", options->patience, "Seconds a single figure may take")
      ->check(CLI::Range(1, 86400))
      ->capture_default_str();
  command->add_flag("-q,--quiet", options->quiet, "Print problems only");
  command->add_option("-d,--database", options->target.conninfo,
                      "Database, key=value pairs or URI (default: libpq's environment)");
  command->callback([options] { make_report(*options); });
}

} // namespace starhouse::client
