#include "core/base64.hpp"
#include "core/bytes.hpp"
#include "core/state.hpp"

#include <gtest/gtest.h>

#include <limits>
#include <random>
#include <vector>

namespace {

using namespace starhouse;

template <class... Byte>
std::vector<std::byte> raw(Byte... bytes) {
  return {static_cast<std::byte>(bytes)...};
}

std::string code_of(auto &&action) {
  try {
    action();
  } catch (const Error &error) {
    EXPECT_FALSE(error.hint().empty() && error.code() != sqlstate::internal_error);
    return error.code().data();
  }
  return "none";
}

TEST(Bytes, AreLittleEndianWhateverTheMachine) {
  std::vector<std::byte> stored(15);
  ByteWriter out(stored);
  out.put(std::uint8_t{0xAB});
  out.put(std::uint16_t{0x1234});
  out.put(std::int32_t{-2});
  out.put(1.0);
  out.finish();
  EXPECT_EQ(stored, raw(0xAB, 0x34, 0x12, 0xFE, 0xFF, 0xFF, 0xFF, 0, 0, 0, 0, 0, 0, 0xF0, 0x3F));
  ByteReader in(stored, "test");
  EXPECT_EQ(in.get<std::uint8_t>(), 0xAB);
  EXPECT_EQ(in.get<std::uint16_t>(), 0x1234);
  EXPECT_EQ(in.get<std::int32_t>(), -2);
  EXPECT_EQ(in.get<double>(), 1.0);
  in.finish();
}

TEST(Bytes, VarintsRoundTripInTheirShortestForm) {
  std::vector<std::uint64_t> numbers{0, 1, 127, 128, UINT64_MAX, UINT64_MAX - 1};
  for (unsigned shift = 1; shift < 64; ++shift) {
    const std::uint64_t power = std::uint64_t{1} << shift;
    numbers.insert(numbers.end(), {power - 1, power, power + 1});
  }
  for (const std::uint64_t number : numbers) {
    std::vector<std::byte> stored(ByteWriter::varint_size(number));
    ByteWriter out(stored);
    out.varint(number);
    out.finish();
    ByteReader in(stored, "test");
    EXPECT_EQ(in.varint(), number);
    in.finish();
    const auto whole = static_cast<std::int64_t>(number);
    std::vector<std::byte> folded(ByteWriter::zigzag_size(whole));
    ByteWriter out_folded(folded);
    out_folded.zigzag(whole);
    out_folded.finish();
    ByteReader in_folded(folded, "test");
    EXPECT_EQ(in_folded.zigzag(), whole);
    in_folded.finish();
  }
  EXPECT_EQ(ByteWriter::varint_size(127), 1U);
  EXPECT_EQ(ByteWriter::varint_size(128), 2U);
  EXPECT_EQ(ByteWriter::varint_size(UINT64_MAX), 10U);
  EXPECT_EQ(ByteWriter::zigzag_size(-64), 1U);
}

TEST(Bytes, RefuseWhatIsNoNumber) {
  const auto varint = [](const std::vector<std::byte> &stored) {
    return code_of([&] { ByteReader(stored, "test").varint(); });
  };
  EXPECT_EQ(varint({}), "22P03");
  EXPECT_EQ(varint(raw(0x80)), "22P03");
  EXPECT_EQ(varint(raw(0x80, 0x00)), "22P03") << "not the shortest";
  std::vector<std::byte> long_one(9, std::byte{0xFF});
  long_one.push_back(std::byte{2});
  EXPECT_EQ(varint(long_one), "22P03") << "65 bits";
  long_one.back() = std::byte{1};
  EXPECT_EQ(varint(long_one), "none");
  long_one.back() = std::byte{0x81};
  EXPECT_EQ(varint(long_one), "22P03") << "an eleventh byte";
}

TEST(Bytes, NeverHandOutACountTheBytesCannotHold) {
  const auto stored = raw(3, 1, 2, 3, 4, 5);
  EXPECT_EQ(code_of([&] { EXPECT_EQ(ByteReader(stored, "test").count(1), 3U); }), "none");
  EXPECT_EQ(code_of([&] { ByteReader(stored, "test").count(2); }), "22P03");
  EXPECT_EQ(code_of([&] { ByteReader(stored, "test").count(1, 2); }), "22P03");
  const auto vast = raw(0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 1);
  EXPECT_EQ(code_of([&] { ByteReader(vast, "test").count(8); }), "22P03");
  EXPECT_EQ(code_of([&] { ByteReader(stored, "test").take(7); }), "22P03");
  EXPECT_EQ(code_of([&] { ByteReader(stored, "test").take(SIZE_MAX); }), "22P03");
  EXPECT_EQ(code_of([&] { ByteReader(stored, "test").finish(); }), "22P03");
  EXPECT_EQ(
      code_of([&] { ByteReader(stored, "test", sqlstate::invalid_text_representation).finish(); }),
      "22P02");
}

TEST(Bytes, AWriterKeepsToItsSize) {
  std::vector<std::byte> stored(3);
  EXPECT_EQ(code_of([&] { ByteWriter(stored).put(std::uint32_t{1}); }), "XX000");
  EXPECT_EQ(code_of([&] { ByteWriter(stored).finish(); }), "XX000");
}

// RFC 4648, section 10.
TEST(Base64, PublishedVectors) {
  for (const auto &[plain, coded] :
       std::vector<std::pair<std::string_view, std::string_view>>{{"", ""},
                                                                  {"f", "Zg=="},
                                                                  {"fo", "Zm8="},
                                                                  {"foo", "Zm9v"},
                                                                  {"foob", "Zm9vYg=="},
                                                                  {"fooba", "Zm9vYmE="},
                                                                  {"foobar", "Zm9vYmFy"}}) {
    std::string text(base64_size(plain.size()), '?');
    base64_encode(bytes_of(plain), text);
    EXPECT_EQ(text, coded);
    std::vector<std::byte> back(base64_most_bytes(coded.size()));
    back.resize(base64_decode(coded, back, "test"));
    EXPECT_EQ(std::string_view(reinterpret_cast<const char *>(back.data()), back.size()), plain);
  }
}

TEST(Base64, RoundTripsAnyBytesAndTakesNothingElse) {
  std::mt19937 random(20260101);
  for (std::size_t size = 0; size < 200; ++size) {
    std::vector<std::byte> bytes(size);
    for (std::byte &byte : bytes) {
      byte = static_cast<std::byte>(random());
    }
    std::string text(base64_size(size), '?');
    base64_encode(bytes, text);
    std::vector<std::byte> back(base64_most_bytes(text.size()));
    back.resize(base64_decode(text, back, "test"));
    ASSERT_EQ(back, bytes);
    // One character changed: refused, or other bytes. Two texts never mean the same bytes.
    if (size > 0) {
      text[random() % text.size()] = static_cast<char>(random());
      std::string original(base64_size(size), '?');
      base64_encode(bytes, original);
      std::vector<std::byte> changed(base64_most_bytes(text.size()));
      const std::string code = code_of([&] {
        changed.resize(base64_decode(text, changed, "test"));
        ASSERT_TRUE(text == original || changed != bytes);
      });
      ASSERT_TRUE(code == "none" || code == "22P02");
    }
  }
  std::vector<std::byte> back(30);
  for (const std::string_view bad : {"Z", "Zg", "Zg=", "Zg=a", "Z===", "====", "Zh==", "Zm9=",
                                     "Zm8=Zm8=", "Zm 9", "Zm9v\n", "-_8="}) {
    EXPECT_EQ(code_of([&] { base64_decode(bad, back, "test"); }), "22P02") << bad;
  }
}

// The header every stored state begins with.
struct Point {
  static constexpr StateFormat format{"point_state", StateKind::test, 2};
  std::uint32_t x = 0;
  std::uint8_t read_version = 0;
  std::size_t encoded_size() const { return sizeof x; }
  void encode(ByteWriter &out) const { out.put(x); }
  void decode(ByteReader &in, std::uint8_t version) {
    x = in.get<std::uint32_t>();
    read_version = version;
  }
  void merge(const Point &other) { x += other.x; }
};

TEST(State, HeaderSaysKindAndVersion) {
  std::vector<std::byte> stored(stored_size(Point{}));
  write_state(Point{7}, stored);
  EXPECT_EQ(stored, raw(0, 2, 7, 0, 0, 0));
  Point back;
  read_state(back, stored);
  EXPECT_EQ(back.x, 7U);
  EXPECT_EQ(back.read_version, 2);
  stored[1] = std::byte{1};
  read_state(back, stored);
  EXPECT_EQ(back.read_version, 1) << "earlier versions stay readable";
  const auto refused = [&](std::vector<std::byte> bytes) {
    return code_of([&] {
      Point point;
      read_state(point, bytes);
    });
  };
  EXPECT_EQ(refused({}), "22P03");
  EXPECT_EQ(refused(raw(0)), "22P03");
  EXPECT_EQ(refused(raw(1, 2, 7, 0, 0, 0)), "22P03") << "another kind";
  EXPECT_EQ(refused(raw(0, 0, 7, 0, 0, 0)), "22P03");
  EXPECT_EQ(refused(raw(0, 3, 7, 0, 0, 0)), "22P03") << "a later version";
  EXPECT_EQ(refused(raw(0, 2, 7, 0, 0)), "22P03");
  EXPECT_EQ(refused(raw(0, 2, 7, 0, 0, 0, 0)), "22P03");
}

} // namespace
