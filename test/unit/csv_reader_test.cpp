// The readers: what is a record, where it stands, what one bad quote costs, and that chunk borders
// change nothing.
#include "core/stream/csv_reader.hpp"
#include "core/stream/line_reader.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <random>
#include <string>
#include <vector>

namespace {

using namespace starhouse::stream;

struct Seen {
  bool good = true;
  std::vector<std::string> fields;
  std::string raw;
  std::uint64_t number = 0, line = 0, offset = 0;
  std::string why;

  bool operator==(const Seen &) const = default;
};

void PrintTo(const Seen &seen, std::ostream *os) {
  *os << (seen.good ? "record " : "bad ") << seen.number << " line " << seen.line << " at "
      << seen.offset << " <" << seen.raw << "> " << seen.why << " [";
  for (const auto &field : seen.fields) {
    *os << field << "|";
  }
  *os << "]";
}

// Feeds pieces whose sizes `next_size` gives.
template <class NextSize>
std::vector<Seen> read_in_pieces(std::string_view text, CsvReader::Options options,
                                 NextSize next_size) {
  CsvReader reader(options);
  std::vector<Seen> all;
  CsvRecord record;
  Reject reject;
  while (true) {
    const ReadStatus status = reader.next(record, reject);
    if (status == ReadStatus::end) {
      return all;
    }
    if (status == ReadStatus::need_data) {
      const std::size_t size = std::min<std::size_t>(next_size(), text.size());
      if (text.empty()) {
        reader.finish();
      } else {
        reader.feed(text.substr(0, size));
        text.remove_prefix(size);
      }
      continue;
    }
    Seen seen;
    seen.good = status == ReadStatus::record;
    if (seen.good) {
      seen.fields.assign(record.fields.begin(), record.fields.end());
    } else {
      seen.why = reject.reason;
      EXPECT_TRUE(record.fields.empty());
      EXPECT_FALSE(reject.hint.empty());
    }
    seen.raw = record.raw;
    seen.number = record.number;
    seen.line = record.line;
    seen.offset = record.offset;
    all.push_back(std::move(seen));
  }
}

std::vector<Seen> read(std::string_view text, CsvReader::Options options = {}) {
  return read_in_pieces(text, options, [&] { return text.size(); });
}

using Rows = std::vector<std::vector<std::string>>;

Rows rows(std::string_view text, CsvReader::Options options = {}) {
  Rows out;
  for (const Seen &seen : read(text, options)) {
    out.push_back(seen.good ? seen.fields : std::vector<std::string>{"!" + seen.why});
  }
  return out;
}

const std::string after_quote = "!text follows a closing quote";
const std::string never_closed = "!a quoted field is never closed";

TEST(CsvReader, PlainRecords) {
  EXPECT_EQ(rows("a,b\n1,2\n"), (Rows{{"a", "b"}, {"1", "2"}}));
  EXPECT_EQ(rows("a,b\n1,2"), (Rows{{"a", "b"}, {"1", "2"}}));
  EXPECT_EQ(rows(""), Rows{});
  EXPECT_EQ(rows("\n\r\n\n"), Rows{});
  EXPECT_EQ(rows(","), (Rows{{"", ""}}));
  EXPECT_EQ(rows("a,\n,b\n"), (Rows{{"a", ""}, {"", "b"}}));
}

TEST(CsvReader, EveryLineBreak) {
  const Rows expected{{"a", "b"}, {"c", "d"}, {"e", "f"}};
  EXPECT_EQ(rows("a,b\nc,d\ne,f\n"), expected);
  EXPECT_EQ(rows("a,b\r\nc,d\r\ne,f\r\n"), expected);
  EXPECT_EQ(rows("a,b\rc,d\re,f\r"), expected);
  EXPECT_EQ(rows("a,b\n\nc,d\r\n\r\ne,f"), expected);
}

TEST(CsvReader, QuotedFields) {
  EXPECT_EQ(rows("\"a,b\",\"c\"\n"), (Rows{{"a,b", "c"}}));
  EXPECT_EQ(rows("\"\",x\n"), (Rows{{"", "x"}}));
  EXPECT_EQ(rows("\"\"\n"), (Rows{{""}}));
  EXPECT_EQ(rows("\"say \"\"hi\"\"\",\"\"\"\"\n"), (Rows{{"say \"hi\"", "\""}}));
  EXPECT_EQ(rows("\"line\nbreak\r\nin\"\"side\",z\n"), (Rows{{"line\nbreak\r\nin\"side", "z"}}));
  EXPECT_EQ(rows("5\" pipe,b\n"), (Rows{{"5\" pipe", "b"}}));
  EXPECT_EQ(rows("a,\"b\""), (Rows{{"a", "b"}}));
}

TEST(CsvReader, OtherDelimiterAndQuote) {
  EXPECT_EQ(rows("a;'b;''c'\n", {';', '\''}), (Rows{{"a", "b;'c"}}));
  EXPECT_EQ(rows("a\tb,\"c\n", {'\t', '"'}), (Rows{{"a", "b,\"c"}}));
}

TEST(CsvReader, ByteOrderMark) {
  EXPECT_EQ(rows("\xEF\xBB\xBFid,x\n1,2\n"), (Rows{{"id", "x"}, {"1", "2"}}));
  EXPECT_EQ(read("\xEF\xBB\xBFid\n")[0].offset, 3U);
  EXPECT_EQ(rows("\xEF\xBB\xBF"), Rows{});
  EXPECT_EQ(rows("\xEF\xBB"), (Rows{{"\xEF\xBB"}}));
  EXPECT_THROW(rows(std::string_view("\xFF\xFEi\0d\0", 6)), starhouse::Error);
}

TEST(CsvReader, Positions) {
  const auto seen = read("a,b\r\n\"x\ny\r\nz\",1\n\n2,3\n");
  ASSERT_EQ(seen.size(), 3U);
  EXPECT_EQ(seen[0].line, 1U);
  EXPECT_EQ(seen[1].line, 2U);
  EXPECT_EQ(seen[1].offset, 5U);
  EXPECT_EQ(seen[1].raw, "\"x\ny\r\nz\",1");
  EXPECT_EQ(seen[2].line, 6U);
  EXPECT_EQ(seen[2].number, 3U);
  EXPECT_EQ(seen[2].raw, "2,3");
  EXPECT_EQ(seen[2].offset, 17U);
}

TEST(CsvReader, OneStrayQuoteCostsOneLine) {
  // The quote of line 1 pairs with the one of line 3: lines 2 and 3 are good all the same.
  EXPECT_EQ(rows("1,\"abc,5\n2,def,6\n3,\"x\",7\n4,y,8\n"),
            (Rows{{after_quote}, {"2", "def", "6"}, {"3", "x", "7"}, {"4", "y", "8"}}));
  EXPECT_EQ(rows("\"a\"b,c\nd,e\n"), (Rows{{after_quote}, {"d", "e"}}));
  EXPECT_EQ(rows("\"a\"b"), (Rows{{after_quote}}));
}

TEST(CsvReader, QuoteNeverClosed) {
  EXPECT_EQ(rows("a,\"b\nc,d\ne,f\n"), (Rows{{never_closed}, {"c", "d"}, {"e", "f"}}));
  EXPECT_EQ(rows("\""), (Rows{{never_closed}}));
  EXPECT_EQ(rows("x\n\""), (Rows{{"x"}, {never_closed}}));
  EXPECT_EQ(rows("a,\"b\"\""), (Rows{{never_closed}}));
}

TEST(CsvReader, OverlongRecord) {
  CsvReader::Options small{',', '"', 5};
  EXPECT_EQ(rows("12345\n123456\n1\n", small),
            (Rows{{"12345"}, {"!the record is longer than 5 bytes"}, {"1"}}));
  EXPECT_EQ(rows("12345", small), (Rows{{"12345"}}));
  EXPECT_EQ(rows("123456", small), (Rows{{"!the record is longer than 5 bytes"}}));
  // Inside quotes it ends at the first break past the limit.
  EXPECT_EQ(rows("\"1\n2\n3\n4\n5\",x\ny\n", small),
            (Rows{{"!the record is longer than 5 bytes"}, {"4"}, {"5\"", "x"}, {"y"}}));
  const auto seen = read("\"1\r\n2\r\n3\n4\n", small);
  ASSERT_EQ(seen.size(), 3U);
  EXPECT_EQ(seen[0].raw, "\"1\r\n2");
  EXPECT_EQ(seen[1].raw, "3");
  EXPECT_EQ(seen[1].line, 3U);
}

// Every way to cut the input gives the same records, positions and rejects.
TEST(CsvReader, ChunkBordersChangeNothing) {
  std::mt19937 random(20240229);
  const std::string alphabet = "aab,,\"\"\n\n\r\xEF\xBB\xBF;x";
  for (int round = 0; round < 4000; ++round) {
    std::string text;
    const std::size_t length = random() % 60;
    if (random() % 8 == 0) {
      text = "\xEF\xBB\xBF";
    }
    for (std::size_t i = 0; i < length; ++i) {
      text += alphabet[random() % alphabet.size()];
    }
    const CsvReader::Options options{',', '"', random() % 3 == 0 ? 1 + random() % 12 : 1 << 20};
    const auto whole = read(text, options);
    const auto bytewise = read_in_pieces(text, options, [] { return 1U; });
    EXPECT_EQ(whole, bytewise) << testing::PrintToString(text);
    const auto random_pieces = read_in_pieces(text, options, [&] { return 1U + random() % 7; });
    EXPECT_EQ(whole, random_pieces) << testing::PrintToString(text);
    // Nothing is lost: raws and line breaks add up to the input.
    std::uint64_t at = text.starts_with("\xEF\xBB\xBF") ? 3 : 0;
    for (const Seen &seen : whole) {
      EXPECT_GE(seen.offset, at);
      for (; at < seen.offset; ++at) {
        EXPECT_TRUE(text[at] == '\n' || text[at] == '\r') << testing::PrintToString(text);
      }
      EXPECT_EQ(text.substr(seen.offset, seen.raw.size()), seen.raw);
      if (seen.why.starts_with("the record is longer")) {
        at = std::min(text.find_first_of("\r\n", seen.offset + options.max_record_bytes),
                      text.size());
      } else {
        at += seen.raw.size();
      }
    }
    for (; at < text.size(); ++at) {
      EXPECT_TRUE(text[at] == '\n' || text[at] == '\r') << testing::PrintToString(text);
    }
  }
}

TEST(CsvReader, LineNumbersAgreeWithCounting) {
  std::mt19937 random(7);
  const std::string alphabet = "ab,\"\n\n\r";
  for (int round = 0; round < 2000; ++round) {
    std::string text;
    for (std::size_t i = random() % 50; i > 0; --i) {
      text += alphabet[random() % alphabet.size()];
    }
    for (const Seen &seen : read(text, {',', '"', random() % 2 == 0 ? 6U : 1000U})) {
      std::uint64_t line = 1;
      for (std::size_t i = 0; i < seen.offset; ++i) {
        line += text[i] == '\n' || (text[i] == '\r' && text[i + 1] != '\n') ? 1 : 0;
      }
      EXPECT_EQ(seen.line, line) << testing::PrintToString(text);
    }
  }
}

// Quotes that never balance must not make reading quadratic.
TEST(CsvReader, AdversarialQuotesStayLinear) {
  std::string text;
  for (int i = 0; i < 300'000; ++i) {
    text += "a\",\"\n"; // closes and opens again on every line
  }
  const auto seen = read(text);
  EXPECT_GT(seen.size(), 1U);
  std::string unclosed;
  for (int i = 0; i < 200'000; ++i) {
    unclosed += "\"x\n\"\"";
  }
  EXPECT_GT(read(unclosed).size(), 1U);
}

std::vector<Seen> lines_in_pieces(std::string_view text, std::size_t limit, std::size_t size) {
  LineReader reader(limit);
  std::vector<Seen> all;
  SourceRecord record;
  Reject reject;
  while (true) {
    const ReadStatus status = reader.next(record, reject);
    if (status == ReadStatus::end) {
      return all;
    }
    if (status == ReadStatus::need_data) {
      if (text.empty()) {
        reader.finish();
      } else {
        reader.feed(text.substr(0, size));
        text.remove_prefix(std::min(size, text.size()));
      }
      continue;
    }
    Seen seen;
    seen.good = status == ReadStatus::record;
    seen.why = seen.good ? "" : reject.reason;
    seen.raw = record.raw;
    seen.number = record.number;
    seen.line = record.line;
    seen.offset = record.offset;
    all.push_back(std::move(seen));
  }
}

TEST(LineReader, LinesAndPositions) {
  const auto seen = lines_in_pieces("\xEF\xBB\xBF{}\r\n\n  \t\n{\"a\":1}\r[]", 1000, 1000);
  ASSERT_EQ(seen.size(), 3U);
  EXPECT_EQ(seen[0].raw, "{}");
  EXPECT_EQ(seen[0].offset, 3U);
  EXPECT_EQ(seen[1].raw, "{\"a\":1}");
  EXPECT_EQ(seen[1].line, 4U);
  EXPECT_EQ(seen[1].number, 2U);
  EXPECT_EQ(seen[2].raw, "[]");
  EXPECT_EQ(seen[2].line, 5U);
}

TEST(LineReader, OverlongLineIsSkipped) {
  const auto seen = lines_in_pieces("12345\n123456\n1234567890\n12\n", 5, 3);
  ASSERT_EQ(seen.size(), 4U);
  EXPECT_TRUE(seen[0].good);
  EXPECT_FALSE(seen[1].good);
  EXPECT_EQ(seen[1].raw, "12345");
  EXPECT_EQ(seen[1].offset, 6U);
  EXPECT_EQ(seen[2].line, 3U);
  EXPECT_EQ(seen[2].offset, 13U);
  EXPECT_TRUE(seen[3].good);
  EXPECT_EQ(seen[3].line, 4U);
  EXPECT_FALSE(lines_in_pieces("123456", 5, 2)[0].good);
}

TEST(LineReader, ChunkBordersChangeNothing) {
  std::mt19937 random(11);
  const std::string alphabet = "ab {\n\n\r\xEF\xBB\xBF";
  for (int round = 0; round < 3000; ++round) {
    std::string text;
    for (std::size_t i = random() % 40; i > 0; --i) {
      text += alphabet[random() % alphabet.size()];
    }
    const std::size_t limit = random() % 2 == 0 ? 4 : 100;
    EXPECT_EQ(lines_in_pieces(text, limit, 1), lines_in_pieces(text, limit, 1000))
        << testing::PrintToString(text);
    EXPECT_EQ(lines_in_pieces(text, limit, 3), lines_in_pieces(text, limit, 1000))
        << testing::PrintToString(text);
  }
}

} // namespace
