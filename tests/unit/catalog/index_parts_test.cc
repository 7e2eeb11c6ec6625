// The parts of the document index: containers, terms, columns, search, orders.
#include <gtest/gtest.h>

#include <array>
#include <random>
#include <set>

#include "catalog/document_state.h"
#include "catalog/index_columns.h"
#include "catalog/index_container.h"
#include "catalog/index_order.h"
#include "catalog/index_search.h"
#include "catalog/index_session.h"
#include "catalog/index_terms.h"
#include "mooring/base/case_fold.h"
#include "mooring/catalog/codec.h"
#include "store.h"

namespace mooring {
namespace {

using Members = std::set<std::uint16_t>;

Members any_members(std::mt19937& random, std::size_t size) {
  Members members;
  while (members.size() < size) members.insert(static_cast<std::uint16_t>(random()));
  return members;
}

Container container_of(const Members& members) {
  return Container(std::vector<std::uint16_t>(members.begin(), members.end()));
}

Members members_of(const Container& set) {
  Members members;
  set.for_each([&](std::uint16_t member) { members.insert(member); });
  EXPECT_EQ(members.size(), set.size());
  return members;
}

Container copy_of(const Container& set) {
  const Container* const one[] = {&set};
  return unite(one);
}

TEST(IndexContainer, SetOperationsAgreeWithSetsOfEverySize) {
  std::mt19937 random(1);
  for (const std::size_t size_a : {0, 1, 300, 4'096, 4'097, 60'000})
    for (const std::size_t size_b : {0, 2, 4'096, 30'000}) {
      const Members a = any_members(random, size_a);
      const Members b = any_members(random, size_b);
      const Members c = any_members(random, 500);
      const Container set_a = container_of(a);
      const Container set_b = container_of(b);
      const Container set_c = container_of(c);
      const Container* const others[] = {&set_b, &set_c};
      Members either = b;
      either.insert(c.begin(), c.end());
      Members common;
      Members left;
      for (const std::uint16_t member : a) (either.contains(member) ? common : left).insert(member);
      EXPECT_EQ(members_of(unite(others)), either);
      EXPECT_EQ(members_of(intersect(copy_of(set_a), others)), common);
      EXPECT_EQ(members_of(subtract(copy_of(set_a), others)), left);
      const Container* const one[] = {&set_b};
      Members in_b;
      for (const std::uint16_t member : a)
        if (b.contains(member)) in_b.insert(member);
      EXPECT_EQ(members_of(intersect(copy_of(set_a), one)), in_b);
    }
}

TEST(IndexContainer, ManySmallSetsAreHeldAgainstAsOne) {
  std::mt19937 random(2);
  std::vector<Container> sets;
  Members either;
  for (int i = 0; i < 40; ++i) {
    const Members members = any_members(random, 50);
    either.insert(members.begin(), members.end());
    sets.push_back(container_of(members));
  }
  std::vector<const Container*> pointers;
  for (const Container& set : sets) pointers.push_back(&set);
  EXPECT_EQ(members_of(unite(pointers)), either);
  EXPECT_EQ(members_of(intersect(copy_of(container_of(either)), pointers)), either);
  EXPECT_TRUE(subtract(copy_of(container_of(either)), pointers).empty());
}

TEST(IndexContainer, ChangesAndRemovalsLeaveWhatTheyShould) {
  std::mt19937 random(3);
  for (const std::size_t size : {0, 10, 4'090, 4'200, 65'000}) {
    Members members = any_members(random, size);
    const Container before = container_of(members);
    const std::vector<std::uint16_t> removed{1, 2, 3, 60'000, 60'000};
    const std::vector<std::uint16_t> added{3, 9, 65'535, 0};
    for (const std::uint16_t member : removed) members.erase(member);
    members.insert(added.begin(), added.end());
    Container after = before.changed(removed, added);
    EXPECT_EQ(members_of(after), members);
    after.remove(9);
    after.remove(9);
    members.erase(9);
    EXPECT_EQ(members_of(after), members);
    EXPECT_FALSE(after.contains(9));
    EXPECT_TRUE(after.contains(65'535));
  }
}

TEST(IndexContainer, BytesComeBackAndDamagedOnesAreRefused) {
  std::mt19937 random(4);
  for (const std::size_t size : {0, 1, 4'096, 4'097, 65'000}) {
    const Members members = any_members(random, size);
    const std::string bytes = container_of(members).encode();
    EXPECT_LE(bytes.size(), 8'193U);
    const auto decoded = Container::decode(bytes);
    ASSERT_TRUE(decoded);
    EXPECT_EQ(members_of(*decoded), members);
  }
  for (const std::string_view bytes :
       {std::string_view(""), std::string_view("\x03"), std::string_view("\x02zz"),
        std::string_view("\x01z"), std::string_view("\x01\x02\x00\x01\x00", 5),
        std::string_view("\x01\x02\x00\x02\x00", 5)})
    EXPECT_EQ(code_of(Container::decode(bytes)), Errc::corrupt);
}

TEST(IndexTerms, TrigramsAreThreeCodePointsInARowEachOnce) {
  EXPECT_TRUE(trigrams_of("").empty());
  EXPECT_TRUE(trigrams_of("ab").empty());
  EXPECT_EQ(trigrams_of("abc"), std::vector<std::string>{"abc"});
  EXPECT_EQ(trigrams_of("aaaa"), std::vector<std::string>{"aaa"});
  EXPECT_EQ(trigrams_of("aé📄b"), (std::vector<std::string>{"aé📄", "é📄b"}));
}

TEST(IndexTerms, EntriesOfTheTailComeBack) {
  DocumentRecord record;
  record.id = new_uuid();
  record.displayname = "Ärger";
  record.mimetype = "Image/PNG; x=1";
  record.languages = {"EN", "de", "en"};
  record.supplier_name = "Amcor";
  record.asset_ids = {new_uuid()};
  const TailEntry entry{.ordinal = 9, .before = std::nullopt, .after = indexed(record)};
  EXPECT_EQ(entry.after->type, "image/png");
  EXPECT_EQ(entry.after->languages, (std::vector<std::string>{"de", "en"}));
  const auto decoded = decode_tail_entry(encode(entry));
  ASSERT_TRUE(decoded);
  EXPECT_EQ(*decoded, entry);
  EXPECT_EQ(code_of(decode_tail_entry(encode(entry) + "x")), Errc::corrupt);
}

TEST(IndexColumns, AnySpellingComesBackFromItsFoldedName) {
  for (const std::string name : {"", "plan", "Plan B-7", "ÄRGER Plan", "ẞ", "Ⱥbc",
                                 "LONGER THAN EIGHT", "ΣΊΣΥΦΟΣ", "📄 Foto"}) {
    const std::string folded = fold_case(name);
    EXPECT_EQ(spelled(folded, spelling_of(name, folded)), name);
  }
  EXPECT_TRUE(spelling_of("plan", "plan").empty());
  EXPECT_EQ(spelling_of("Plan", "plan").size(), 2U) << "a bit per letter, not a copy";
}

TEST(IndexColumns, D18_NamesAreOrderedFoldedThenAsSpelled) {
  const auto row = [](const std::string& name, std::string& folded, std::string& spelling) {
    folded = fold_case(name);
    spelling = spelling_of(name, folded);
    return ColumnRow{.folded = folded, .spelling = spelling};
  };
  const std::vector<std::string> names{"A", "AB", "Ab", "aB", "ab", "B", "b", "z", "Ä", "ä"};
  for (std::size_t i = 0; i < names.size(); ++i)
    for (std::size_t j = 0; j < names.size(); ++j) {
      std::string texts[4];
      const ColumnRow a = row(names[i], texts[0], texts[1]);
      const ColumnRow b = row(names[j], texts[2], texts[3]);
      EXPECT_EQ(compare_names(a, b), i <=> j) << names[i] << " and " << names[j];
    }
}

TEST(IndexColumns, PagesComeBackAndDamagedOnesAreRefused) {
  const std::string folded = "ärger";
  const std::string spelling = spelling_of("Ärger", folded);
  PageRows rows;
  rows[0] = ColumnRow{.id = new_uuid(), .updated_ms = -5, .folded = "a", .spelling = {}};
  rows[255] = ColumnRow{.id = new_uuid(),
                        .updated_ms = 7,
                        .folded = folded,
                        .spelling = spelling,
                        .category = std::string_view("AA")};
  const std::string bytes = ColumnPage(rows).encode();
  const auto page = ColumnPage::decode(bytes);
  ASSERT_TRUE(page);
  EXPECT_TRUE(page->has(0));
  EXPECT_FALSE(page->has(1));
  EXPECT_EQ(page->row(255).category, "AA");
  EXPECT_EQ(page->row(255).id, rows[255]->id);
  EXPECT_EQ(page->row(0).updated_ms, -5);
  EXPECT_EQ(page->folded(255), folded);
  EXPECT_EQ(page->encode(), bytes);
  EXPECT_EQ(code_of(ColumnPage::decode(std::string_view(bytes).substr(0, 20))), Errc::corrupt);
  EXPECT_TRUE(ColumnPage().empty());
}

TEST(IndexSearch, FindsTheFirstPlaceAnywhere) {
  std::mt19937 random(5);
  for (int i = 0; i < 20'000; ++i) {
    std::string text(random() % 200, 'a');
    for (char& c : text) c = static_cast<char>('a' + random() % 3);
    std::string needle(1 + random() % (i % 50 == 0 ? 80 : 6), 'a');
    for (char& c : needle) c = static_cast<char>('a' + random() % 3);
    if (i % 3 == 0 && text.size() > needle.size())
      text.replace(random() % (text.size() - needle.size() + 1), needle.size(), needle);
    const std::size_t from = random() % 20;
    ASSERT_EQ(find_text(text, from, needle), std::string_view(text).find(needle, from));
  }
}

TEST(IndexSearch, APageIsSearchedNameByNameOrAsAWholeAlike) {
  std::mt19937 random(6);
  for (int round = 0; round < 50; ++round) {
    std::vector<std::string> names(kPageOrdinals);
    PageRows rows;
    for (std::size_t i = 0; i < kPageOrdinals; ++i) {
      names[i].resize(random() % 12);
      for (char& c : names[i]) c = static_cast<char>('a' + random() % 2);
      if (random() % 16 == 0) names[i] += std::string(39 + random() % 3, 'a') + "b";
      if (random() % 16 == 0) names[i] += std::string(69 + random() % 3, 'b');
      if (random() % 8 != 0) rows[i] = ColumnRow{.id = new_uuid(), .folded = names[i]};
    }
    const ColumnPage page(rows);
    for (const std::size_t candidates : {5, 200})
      for (const std::string& needle :
           {std::string("aba"), std::string(40, 'a') + "b", std::string(70, 'b')}) {
        std::array<std::uint64_t, kPageSlotWords> slots{};
        std::array<std::uint64_t, kPageSlotWords> expected{};
        for (std::size_t chosen = 0; chosen < candidates;) {
          const std::size_t i = random() % kPageOrdinals;
          if (!rows[i] || (slots[i / 64] >> i % 64 & 1) != 0) continue;
          slots[i / 64] |= std::uint64_t{1} << i % 64;
          if (names[i].find(needle) != std::string::npos)
            expected[i / 64] |= std::uint64_t{1} << i % 64;
          ++chosen;
        }
        keep_names_with(page, needle, slots);
        ASSERT_EQ(slots, expected);
      }
  }
}

TEST(IndexOrder, DirectoriesKnowTheBlockOfEveryPosition) {
  OrderDirectory directory;
  directory.append(4, 10);
  directory.append(2, 1);
  directory.append(9, 300);
  directory.next_block = 10;
  EXPECT_EQ(directory.size(), 311U);
  EXPECT_EQ(directory.block_of(0), 0U);
  EXPECT_EQ(directory.block_of(9), 0U);
  EXPECT_EQ(directory.block_of(10), 1U);
  EXPECT_EQ(directory.block_of(310), 2U);
  const auto decoded = decode_order_directory(encode(directory));
  ASSERT_TRUE(decoded);
  EXPECT_EQ(decoded->starts, directory.starts);
  EXPECT_EQ(decoded->blocks, directory.blocks);
  EXPECT_EQ(decoded->next_block, 10U);
  EXPECT_EQ(code_of(decode_order_directory("\x01\x01\x01\x01")), Errc::corrupt);
  EXPECT_EQ(code_of(decode_order_block("abc")), Errc::corrupt);
}

TEST(IndexSession, LogsOfReplacedKeysComeBack) {
  const std::vector<ReplacedKey> keys{{IndexPart::term, term_key(1, {TermKind::trigram, "abc"}, 3)},
                                      {IndexPart::column, column_key(1, 2)},
                                      {IndexPart::order, order_key(1, OrderKind::name)}};
  const auto decoded = decode_replaced_keys(encode(keys));
  ASSERT_TRUE(decoded);
  EXPECT_EQ(*decoded, keys);
  EXPECT_EQ(code_of(decode_replaced_keys("\x01\x01\x01\x01x")), Errc::corrupt);
}

TEST(IndexSession, APostingKeepsItsOtherPartsWhenOneIsReplaced) {
  Posting posting;
  for (const std::uint32_t chunk : {1U, 4U})
    posting.parts.push_back(
        {chunk, std::make_shared<const Container>(std::vector<std::uint16_t>{1, 2})});
  EXPECT_EQ(posting.size(), 4U);
  EXPECT_NE(posting.find(4), nullptr);
  EXPECT_EQ(posting.find(2), nullptr);
  const std::string replaced = term_key(1, {TermKind::trigram, "abc"}, 4);
  const std::string fresh = term_key(1, {TermKind::trigram, "abc"}, 2);
  const std::string keys[] = {replaced, fresh};
  const auto left = std::static_pointer_cast<const Posting>(posting.without(keys));
  ASSERT_EQ(left->parts.size(), 3U);
  EXPECT_EQ(left->parts[0].set, posting.parts[0].set);
  EXPECT_EQ(left->parts[1].chunk, 2U);
  EXPECT_EQ(left->parts[1].set, nullptr);
  EXPECT_EQ(left->parts[2].set, nullptr);
}

std::string encode_again(const Container& set) {
  return set.encode();
}
std::string encode_again(const ColumnPage& page) {
  return page.encode();
}
template <typename Record>
std::string encode_again(const Record& record) {
  return encode(record);
}

/// Every decoder of the index, on bytes that were right before a few of them changed: it refuses
/// them or reads something that it can write again.
template <typename Decode>
void expect_total(std::mt19937& random, const std::string& bytes, Decode decode) {
  for (int i = 0; i < 3'000; ++i) {
    std::string changed =
        bytes.substr(0, i % 4 == 0 ? random() % (bytes.size() + 1) : bytes.size());
    for (std::size_t times = 1 + random() % 4; times > 0 && !changed.empty(); --times)
      changed[random() % changed.size()] = static_cast<char>(random());
    const auto decoded = decode(changed);
    if (!decoded) {
      ASSERT_EQ(decoded.error().code, Errc::corrupt);
    } else {
      const auto again = decode(encode_again(*decoded));
      ASSERT_TRUE(again.has_value());
      ASSERT_EQ(encode_again(*again), encode_again(*decoded));
    }
  }
}

TEST(IndexFormats, DamagedBytesAreRefusedOrReadAsSomethingElse) {
  std::mt19937 random(9);
  DocumentRecord record{.id = new_uuid(), .displayname = "Ärger Plan", .mimetype = "a/b"};
  record.languages = {"de"};
  record.category_id = "AA";
  record.asset_ids = {new_uuid(), new_uuid()};
  PageRows rows;
  for (std::size_t i = 0; i < kPageOrdinals; i += 7)
    rows[i] =
        ColumnRow{.id = new_uuid(), .updated_ms = 7, .folded = "plan", .spelling = "\x01\x01"};
  OrderDirectory directory;
  for (std::uint32_t i = 0; i < 20; ++i) directory.append(i, 30 + i);
  OrderBlock block;
  block.ordinals = {1, 2, 3, 70'000};
  const IndexState state{.number = 4, .next_ordinal = 70'000, .free_ordinals = 3};
  const TailEntry entry{.ordinal = 7, .before = indexed(record), .after = indexed(record)};
  const std::vector<ReplacedKey> keys{{IndexPart::column, column_key(1, 2)},
                                      {IndexPart::order, order_key(1, OrderKind::name)}};
  expect_total(random, container_of(any_members(random, 40)).encode(), Container::decode);
  expect_total(random, container_of(any_members(random, 9'000)).encode(), Container::decode);
  expect_total(random, ColumnPage(rows).encode(), ColumnPage::decode);
  expect_total(random, encode(directory), decode_order_directory);
  expect_total(random, encode(block), decode_order_block);
  expect_total(random, encode(state), decode_index_state);
  expect_total(random, encode(entry), decode_tail_entry);
  expect_total(random, encode(keys), decode_replaced_keys);
}

}  // namespace
}  // namespace mooring
