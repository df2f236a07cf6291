// Messages in Confluent's wire format are taken apart, whatever the bytes.
#include "core/stream/wire_format.hpp"

#include <gtest/gtest.h>

#include <string>
#include <string_view>

namespace {

using namespace starhouse::stream;
using namespace std::string_literals;

TEST(WireFormat, PlainMessagesAreTheirOwnPayload) {
  WireMessage message;
  Reject reject;
  for (const std::string &bytes : {R"({"a":1})"s, ""s, " "s, "\x01\0\0\0\x07{}"s}) {
    EXPECT_EQ(unwrap(bytes, message, reject), Framing::plain);
    EXPECT_EQ(message.payload, bytes);
    EXPECT_EQ(message.schema_id, 0U);
  }
  EXPECT_TRUE(reject.reason.empty());
}

TEST(WireFormat, IdIsBigEndian) {
  WireMessage message;
  Reject reject;
  const std::string bytes = "\0\x01\x02\x03\x04{\"a\":1}"s;
  ASSERT_EQ(unwrap(bytes, message, reject), Framing::framed);
  EXPECT_EQ(message.schema_id, 0x01020304U);
  EXPECT_EQ(message.payload, R"({"a":1})");
  ASSERT_EQ(unwrap("\0\x7F\xFF\xFF\xFF{"s, message, reject), Framing::framed);
  EXPECT_EQ(message.schema_id, 2147483647U);
}

TEST(WireFormat, BrokenFramesSayWhatIsMissing) {
  const std::pair<std::string, std::string_view> cases[] = {
      {"\0"s, "the message ends within its schema id"},
      {"\0\0\0\0"s, "the message ends within its schema id"},
      {"\0\0\0\0\x07"s, "the message holds nothing after its schema id"},
      {"\0\0\0\0\0{}"s, "the message names no schema: ids are 1 to 2147483647"},
      {"\0\x80\0\0\0{}"s, "the message names no schema: ids are 1 to 2147483647"}};
  for (const auto &[bytes, reason] : cases) {
    WireMessage message;
    Reject reject;
    EXPECT_EQ(unwrap(bytes, message, reject), Framing::broken);
    EXPECT_EQ(reject.reason, reason);
    EXPECT_STREQ(reject.code.data(), "22P03");
    EXPECT_EQ(reject.value.substr(0, 4), "\\x00");
    EXPECT_FALSE(reject.hint.empty());
  }
}

} // namespace
