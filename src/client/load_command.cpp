// starhouse load WAREHOUSE --feed F FILE...
#include "client/commands.hpp"

#include "client/batch_reader.hpp"
#include "client/directory_watch.hpp"
#include "client/file_cursor.hpp"
#include "client/interrupt.hpp"
#include "client/loader.hpp"
#include "client/parameters.hpp"
#include "client/report.hpp"

#include <algorithm>
#include <array>
#include <charconv>
#include <chrono>
#include <exception>
#include <filesystem>
#include <future>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <system_error>
#include <tuple>
#include <utility>
#include <vector>

#include <fmt/format.h>

namespace starhouse::client {
namespace {

using namespace std::chrono_literals;

struct MaxRejects {
  bool set = false;
  bool percent = false;
  double value = 0;

  bool exceeded(const Counts &counts, bool at_end) const noexcept {
    if (!set) {
      return false;
    }
    if (!percent) {
      return static_cast<double>(counts.rejected) > value;
    }
    // A share says something once there are enough records.
    return (at_end || counts.read >= 10000) &&
           static_cast<double>(counts.rejected) * 100 > value * static_cast<double>(counts.read);
  }
};

struct Options {
  Target target;
  std::vector<std::string> settings;
  std::vector<std::string> files;
  std::size_t batch_rows = 0;
  std::string max_rejects_text;
  MaxRejects max_rejects;
  bool quiet = false;
  bool dry_run = false;
  bool json = false;
  DirectoryWatch::Options watch; // no directory: the files that are named
  std::int64_t settle_seconds = 5;
  std::string move_to;
  std::string failed_to;
};

MaxRejects parse_max_rejects(std::string text) {
  MaxRejects limit;
  if (text.empty()) {
    return limit;
  }
  limit.set = true;
  if (text.back() == '%') {
    limit.percent = true;
    text.pop_back();
  }
  const char *const end = text.data() + text.size(); // NOLINT: pointers are from_chars' interface
  const auto parsed = std::from_chars(text.data(), end, limit.value);
  if (parsed.ec != std::errc{} || parsed.ptr != end || limit.value < 0 ||
      (limit.percent && limit.value > 100)) {
    throw CLI::ValidationError(
        "--max-rejects",
        fmt::format("\"{}\" is neither a number of rows nor a share such as 0.5%", text));
  }
  return limit;
}

// Rejects of a dry run, which no table holds.
class KindCounter {
public:
  void add(const Batch &batch) {
    for (std::size_t i = 0; i < batch.size(); ++i) {
      const Batch::Record &record = batch.record(i);
      if (record.reject < 0) {
        continue;
      }
      const stream::Reject &reject = batch.rejects()[static_cast<std::size_t>(record.reject)];
      const std::string code{reject.code.data(), 5};
      auto [at, fresh] = kinds_.try_emplace({code, reject.column, reject.reason});
      if (fresh) {
        at->second = {0,           code,         reject.column, reject.reason,
                      reject.hint, reject.value, record.line};
      }
      ++at->second.count;
    }
  }
  std::vector<RejectKind> most_frequent() const {
    std::vector<RejectKind> list;
    for (const auto &[key, kind] : kinds_) {
      list.push_back(kind);
    }
    std::stable_sort(list.begin(), list.end(), [](const RejectKind &left, const RejectKind &right) {
      return left.count > right.count;
    });
    list.resize(std::min<std::size_t>(list.size(), 10));
    return list;
  }

private:
  std::map<std::tuple<std::string, std::string, std::string>, RejectKind> kinds_;
};

// A file whose first batch is being read, or has been ahead of its turn.
struct OpenFile {
  SourceFacts facts; // none in a dry run
  std::unique_ptr<BatchReader> reader;
  std::unique_ptr<BatchQueue> queue; // gone before its reader
  std::optional<BatchQueue::Item> first;
  std::exception_ptr failure; // instead of it
};

// Reading ahead is for the many files of a day: it has to be waited for when something goes wrong,
// and a file that can be read once only is not to be touched before its turn.
bool may_be_read_ahead(const std::string &file) {
  constexpr std::uintmax_t most_bytes = std::uintmax_t{256} << 20U;
  std::error_code none;
  return std::filesystem::is_regular_file(file, none) &&
         std::filesystem::file_size(file, none) <= most_bytes;
}

class LoadCommand {
public:
  explicit LoadCommand(const Options &options)
      : options_(options),
        first_connection_(std::make_unique<Connection>(connect(options.target, "starhouse load"))),
        plan_(read_plan(*first_connection_, options.target)), cursors_{FileCursor{options.target},
                                                                       FileCursor{options.target}},
        cursor_(cursors_.data()),
        loader_(options.target, std::move(first_connection_), plan_, *cursor_) {
    if (options_.batch_rows > 0) {
      plan_.batch_rows = options_.batch_rows;
    }
  }

  Status run() {
    Status status = Status::ok;
    for (std::size_t i = 0; i < options_.files.size(); ++i) {
      following_ = i + 1 < options_.files.size() ? options_.files[i + 1] : "";
      const FileReport report = load(options_.files[i]);
      if (!report.stopped.empty()) {
        return Status::too_many_rejects;
      }
      if (options_.max_rejects.exceeded(report.counts, true)) {
        status = Status::too_many_rejects;
      }
    }
    return status;
  }

  // One file, with its account.
  FileReport load(const std::string &file) {
    FileReport report = load_recorded(file);
    options_.json ? print_json(report) : print_report(report);
    (void)std::fflush(stdout);
    return report;
  }

private:
  FileReport load_recorded(const std::string &file);
  FileReport load_file(const std::string &file);
  OpenFile open_file(const std::string &file, bool begin_small) const;
  void read_ahead();
  void send_following(const SourceFacts &before);
  FileCursor &next_cursor() noexcept { return cursor_ == &cursors_[0] ? cursors_[1] : cursors_[0]; }
  void load_batches(OpenFile &file, FileReport &report);
  void note_header(const BatchReader &reader, FileReport &report) const;

  const Options &options_;
  std::unique_ptr<Connection> first_connection_;
  FeedPlan plan_;
  std::array<FileCursor, 2> cursors_; // of two files in turn
  FileCursor *cursor_;
  Loader loader_;
  std::string following_;      // the file after the one that is being loaded
  std::future<OpenFile> read_; // that file, once its predecessor has been read to its end
};

OpenFile LoadCommand::open_file(const std::string &file, bool begin_small) const {
  OpenFile open;
  if (!options_.dry_run) {
    open.facts = fingerprint(file);
  }
  open.reader = std::make_unique<BatchReader>(
      plan_, file == "-" ? "standard input" : file, open_source(file),
      BatchLimits{.rows = plan_.batch_rows,
                  .begin_small = begin_small && options_.batch_rows == 0,
                  .source_bytes = options_.batch_rows == 0 ? open.facts.bytes : 0});
  return open;
}

// While the server is at the last batches of a file, the next file's first one is read. What is
// wrong with that file is told when its turn comes.
void LoadCommand::read_ahead() {
  if (!following_.empty() && may_be_read_ahead(following_)) {
    const SignalsBlocked blocked;
    read_ = std::async(std::launch::async, [this, file = following_] {
      OpenFile open = open_file(file, false); // the server is at work
      open.queue = std::make_unique<BatchQueue>(*open.reader);
      return open;
    });
  }
}

// While the server is at the last batch of a file: has the next file opened and its first batch
// sent. What goes wrong with it is told when its turn comes.
void LoadCommand::send_following(const SourceFacts &before) {
  while (read_.valid() && read_.wait_for(20ms) != std::future_status::ready) {
    if (loader_.ready_within(0ms)) {
      return;
    }
  }
  if (!read_.valid()) {
    return;
  }
  std::promise<OpenFile> again;
  try {
    OpenFile open = read_.get();
    try {
      open.first = open.queue->next();
      if (open.first && open.facts.fingerprint != before.fingerprint) { // not the same source
        loader_.send_following(*open.first->batch, next_cursor(), [&](Connection &connection) {
          const OpenSource &source =
              next_cursor().open_now(connection, following_, open.facts, open.reader->header());
          return source.finished_at.empty();
        });
      }
    } catch (const Interrupted &) {
      throw;
    } catch (...) {
      open.failure = std::current_exception();
    }
    again.set_value(std::move(open));
  } catch (const Interrupted &) {
    throw;
  } catch (...) {
    again.set_exception(std::current_exception());
  }
  read_ = again.get_future();
}

void LoadCommand::note_header(const BatchReader &reader, FileReport &report) const {
  const auto list = [](const std::vector<std::string> &names) {
    std::string text;
    for (const std::string &name : names) {
      text += (text.empty() ? "" : ", ") + name;
    }
    return text;
  };
  if (!reader.header_report().extra.empty()) {
    report.notes.push_back("columns that the feed does not use: " +
                           list(reader.header_report().extra));
  }
  if (!reader.header_report().missing_columns.empty()) {
    report.notes.push_back("columns that the file does not have: " +
                           list(reader.header_report().missing_columns));
  }
}

// However the load of a file ends, the warehouse's run_log has it.
FileReport LoadCommand::load_recorded(const std::string &file) {
  if (options_.dry_run) {
    return load_file(file);
  }
  loader_.note_begin();
  try {
    FileReport report = load_file(file);
    if (report.stopped.empty()) {
      loader_.note_done();
    } else {
      loader_.note_end(Error(SqlState{"22000"}, report.stopped), file);
    }
    return report;
  } catch (const Interrupted &) {
    loader_.note_signal();
    throw;
  } catch (const Error &e) {
    loader_.note_end(e, file);
    throw;
  }
}

FileReport LoadCommand::load_file(const std::string &file) {
  FileReport report;
  report.file = file == "-" ? "standard input" : file;
  report.warehouse = options_.target.warehouse;
  report.feed = options_.target.feed;
  report.dry_run = options_.dry_run;
  const auto start = std::chrono::steady_clock::now();
  OpenFile open = read_.valid() ? read_.get() : open_file(file, true);
  note_header(*open.reader, report);
  if (!options_.dry_run) {
    cursor_ = &next_cursor();
    if (!loader_.follow(*cursor_)) {
      loader_.ask([&](Connection &connection) {
        cursor_->open(connection, file, open.facts, open.reader->header());
      });
    }
    const OpenSource &source = cursor_->source();
    report.source_id = source.source_id;
    report.already_loaded_at = source.finished_at;
    if (!source.finished_at.empty()) {
      return report;
    }
    report.resumed_at = source.next_record > 1 ? source.next_record : 0;
    if (source.next_record > 1) {
      if (open.queue != nullptr) { // from the file's begin
        open.first.reset();
        open.failure = nullptr;
        open.queue.reset();
        open = open_file(file, true);
      }
      open.reader->skip_to(source.next_record);
    }
  }
  if (open.queue == nullptr) {
    open.queue = std::make_unique<BatchQueue>(*open.reader);
  }
  load_batches(open, report);
  report.seconds = std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count();
  if (!options_.dry_run && report.counts.rejected > 0) {
    report.kinds = loader_.ask(
        [&](Connection &connection) { return reject_kinds(connection, plan_, report.source_id); });
  }
  return report;
}

void LoadCommand::load_batches(OpenFile &file, FileReport &report) {
  Progress progress(report.file, file.facts.bytes, options_.quiet);
  KindCounter kinds;
  BatchQueue &queue = *file.queue;
  std::optional<BatchQueue::Item> loading;
  const auto settle = [&] { // waits for the batch on its way
    if (loading) {
      report.counts += loader_.finish();
      progress.show(report.counts, loading->consumed);
      queue.recycle(std::move(loading->batch));
      loading.reset();
    }
  };
  const auto next = [&] {
    try {
      if (file.failure) {
        std::rethrow_exception(file.failure);
      }
      return file.first ? std::exchange(file.first, std::nullopt) : queue.next();
    } catch (const Error &) { // of the file: what came before it is loaded
      settle();
      throw;
    }
  };
  try {
    while (std::optional<BatchQueue::Item> item = next()) {
      Batch &batch = *item->batch;
      if (item->last && !options_.dry_run) {
        read_ahead();
      }
      loader_.send_ahead(batch);
      settle();
      Counts with_batch = report.counts;
      with_batch.read += static_cast<std::int64_t>(batch.size());
      with_batch.rejected += static_cast<std::int64_t>(batch.rejected({0, batch.size()}));
      if (options_.max_rejects.exceeded(with_batch, item->last)) {
        loader_.drop_ahead();
        report.stopped = fmt::format(
            "{} of {} records rejected, more than --max-rejects {} allows; {} of them are loaded. "
            "Mend the file or the feed, or allow more, and repeat the command: it goes on there",
            with_batch.rejected, with_batch.read, options_.max_rejects_text, report.counts.read);
        kinds.add(batch);
        report.kinds = kinds.most_frequent();
        return;
      }
      if (item->last) {
        file.reader->check_unchanged();
      }
      if (options_.dry_run) {
        with_batch.loaded = with_batch.read - with_batch.rejected;
        report.counts = with_batch;
        kinds.add(batch);
        progress.show(report.counts, item->consumed);
        queue.recycle(std::move(item->batch));
      } else {
        loader_.start(batch, item->last);
        loading = std::move(item);
      }
    }
    send_following(file.facts);
    settle();
  } catch (const Interrupted &) {
    loader_.abandon();
    fmt::print(stderr,
               "\nstarhouse: stopped by a signal: {} records of {} are loaded, the open batch was "
               "rolled back; the same command goes on from there\n",
               grouped(report.counts.read), report.file);
    throw;
  } catch (...) {
    loader_.abandon(); // before the batch goes
    throw;
  }
  if (options_.dry_run) {
    report.kinds = kinds.most_frequent();
  }
}

// Loads what comes into a directory until a signal ends it.
class WatchCommand {
public:
  explicit WatchCommand(const Options &options) : options_(options), watch_(options.watch) {
    for (const std::string &directory : {options.move_to, options.failed_to}) {
      if (!directory.empty()) {
        DirectoryWatch::check(directory);
      }
    }
    const LoadCommand looked_at(options); // what is wrong with the rest is told at once
  }

  Status run() {
    fmt::print(stderr, "starhouse: watches {} for {}\n", options_.watch.directory,
               options_.watch.pattern);
    while (true) {
      std::vector<DirectoryWatch::File> files;
      try {
        files = watch_.next();
        if (pause_.count() > 0) {
          sleep_or_stop(pause_);
        }
      } catch (const Interrupted &) { // nothing is open
        fmt::print(stderr, "starhouse: stopped; {} files were loaded\n", loaded_);
        return Status::ok;
      }
      // Those that follow one whose turn comes again wait for it.
      (void)std::all_of(files.begin(), files.end(),
                        [this](const auto &file) { return take(file); });
      command_.reset(); // no session stays open while there is nothing to do
    }
  }

private:
  // False: the server could not take it now.
  bool take(const DirectoryWatch::File &file) {
    try {
      if (!command_) {
        command_ = connect_again();
      }
      const FileReport report = command_->load(file.path);
      attempts_ = 0;
      pause_ = {};
      if (!report.stopped.empty()) {
        put_aside(file);
        return true;
      }
      loaded_ += report.already_loaded_at.empty() ? 1 : 0;
      leave(file, options_.move_to);
    } catch (const ServerError &e) {
      command_.reset();
      // The feed may be mended meanwhile, a file that is held be let go.
      pause_ = e.transient() || e.state() == "55P03"
                   ? std::min(15000ms, 250ms * (1 << std::min(attempts_++, 6)))
                   : 60000ms;
      tell(e);
      fmt::print(stderr, "starhouse: {} is tried again in {} s\n", file.path,
                 static_cast<double>(pause_.count()) / 1000);
      return false;
    } catch (const Error &e) { // of the file
      command_.reset();
      tell(e);
      put_aside(file);
    }
    return true;
  }

  std::unique_ptr<LoadCommand> connect_again() {
    try {
      return std::make_unique<LoadCommand>(options_);
    } catch (const ServerError &) {
      throw;
    } catch (const Error &e) { // the extension is not there, say: no file is at fault
      throw ServerError(e.code(), e.message(), e.hint(), e.detail());
    }
  }

  // A file that cannot be loaded is not tried again unless it changes.
  void put_aside(const DirectoryWatch::File &file) { leave(file, options_.failed_to); }

  void leave(const DirectoryWatch::File &file, const std::string &directory) {
    watch_.done(file);
    try {
      if (!directory.empty()) {
        DirectoryWatch::move(file, directory);
      }
    } catch (const Error &e) { // it stays, and is known
      tell(e);
    }
  }

  static void tell(const Error &error) {
    fmt::print(stderr, "starhouse: error: {}\n", error.message());
    if (!error.hint().empty()) {
      fmt::print(stderr, "  hint: {}\n", error.hint());
    }
  }

  const Options &options_;
  DirectoryWatch watch_;
  std::unique_ptr<LoadCommand> command_;
  std::int64_t loaded_ = 0;
  int attempts_ = 0;
  std::chrono::milliseconds pause_{};
};

} // namespace

void add_load_command(CLI::App &app) {
  auto options = std::make_shared<Options>();
  CLI::App *command = app.add_subcommand(
      "load", "Load files into a warehouse through one of its feeds; repeated, it goes on where "
              "it stopped and adds nothing twice");
  command->add_option("warehouse", options->target.warehouse, "Schema of the warehouse")
      ->required();
  CLI::Option *files =
      command->add_option("files", options->files, "Files, plain or gzip; - is standard input");
  command->add_option("-f,--feed", options->target.feed, "Feed to load through")->required();
  command->add_option("-d,--database", options->target.conninfo,
                      "Database, key=value pairs or URI (default: libpq's environment)");
  command
      ->add_option("-s,--set", options->settings,
                   "NAME=VALUE: a parameter of the feed, for all files")
      ->allow_extra_args(false);
  command
      ->add_option("--schema-version", options->target.schema_version,
                   "Version of the feed's contract that the records are of (default: what each "
                   "says, else the newest)")
      ->check(CLI::PositiveNumber);
  command->add_option("--batch-rows", options->batch_rows,
                      "Records per transaction (default: the feed's)");
  command->add_option("--max-rejects", options->max_rejects_text,
                      "Stop with status 3 beyond N rejected records, or N% of them");
  command->add_flag("-n,--dry-run", options->dry_run, "Check the files, load nothing");
  CLI::Option *watch =
      command
          ->add_option("--watch", options->watch.directory,
                       "Instead of files: load each file that is put into this directory, in the "
                       "order of their names, until stopped")
          ->excludes(files);
  command->add_option("--pattern", options->watch.pattern, "Only files of such names, as *.csv")
      ->needs(watch);
  command
      ->add_option("--settle-seconds", options->settle_seconds,
                   "A file that was not renamed into place is complete once it has not changed for "
                   "so long")
      ->capture_default_str()
      ->check(CLI::Range(0, 86400))
      ->needs(watch);
  command->add_option("--move-to", options->move_to, "Directory that loaded files are moved to")
      ->needs(watch);
  command
      ->add_option("--failed-to", options->failed_to,
                   "Directory that files are moved to which cannot be loaded")
      ->needs(watch);
  command->add_flag("-q,--quiet", options->quiet, "No progress");
  command->add_flag("--json", options->json, "Account of each file as one line of JSON");
  command->callback([options] {
    options->target.parameters = parameters_of(options->settings);
    options->max_rejects = parse_max_rejects(options->max_rejects_text);
    if (options->files.empty() && options->watch.directory.empty()) {
      throw CLI::RequiredError("files");
    }
    if (!options->watch.directory.empty()) {
      options->watch.settle = std::chrono::seconds{options->settle_seconds};
      throw Exit{WatchCommand(*options).run()};
    }
    // Before the first row is loaded: a typing error in the last name should not cost a night.
    for (const std::string &file : options->files) {
      check_readable(file);
    }
    const Status status = LoadCommand(*options).run();
    if (status != Status::ok) {
      throw Exit{status};
    }
  });
}

} // namespace starhouse::client
