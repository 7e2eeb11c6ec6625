#include "mooring/base/case_fold.h"

#include <gtest/gtest.h>

#include "mooring/base/utf8.h"

namespace mooring {
namespace {

TEST(CaseFold, LettersOfManyScriptsFoldToOneForm) {
  EXPECT_EQ(fold_case("Wartungsplan B-7"), "wartungsplan b-7");
  EXPECT_EQ(fold_case("ÄÖÜ Ärger"), "äöü ärger");
  EXPECT_EQ(fold_case("ΣΊΣΥΦΟΣ"), fold_case("σίσυφος"));  // final sigma folds like the others
  EXPECT_EQ(fold_case("ЖУРНАЛ"), "журнал");
  EXPECT_EQ(fold_case("ԱՐԱՐԱՏ"), "արարատ");
  EXPECT_EQ(fold_case("\U00010400"), "\U00010428");  // Deseret: four bytes
  EXPECT_EQ(fold_case("ꭰ"), "Ꭰ");                    // Cherokee folds upwards
}

TEST(CaseFold, IsSimpleSoThatCountsOfCodePointsSurvive) {
  EXPECT_EQ(fold_case("Straße"), "straße");
  EXPECT_EQ(fold_case("ẞ"), "ß");
  EXPECT_EQ(fold_case("İ"), "İ");  // dotted I has no simple folding outside of Turkish
  for (char32_t c = 0; c < 0x110000; ++c)
    if (fold_case(c) != c) {
      EXPECT_EQ(fold_case(fold_case(c)), fold_case(c)) << static_cast<unsigned>(c);
    }
}

TEST(CaseFold, KeepsAccentsMarksDirectionsAndEmoji) {
  EXPECT_EQ(fold_case("é"), "é");
  EXPECT_NE(fold_case("é"), "e");
  EXPECT_EQ(fold_case("E\u0301"), "e\u0301");
  EXPECT_EQ(fold_case("דוח שנתי"), "דוח שנתי");
  EXPECT_EQ(fold_case("📄 Plan 👩‍🔧"), "📄 plan 👩‍🔧");
}

TEST(CaseFold, SpecialLettersOfTheTableMeetTheirFold) {
  EXPECT_EQ(fold_case(U'\u017F'), U's');       // long s
  EXPECT_EQ(fold_case(U'\u212A'), U'k');       // Kelvin
  EXPECT_EQ(fold_case(U'\u2126'), U'\u03C9');  // Ohm
  EXPECT_EQ(fold_case(U'\u01C5'), U'\u01C6');  // title case
  EXPECT_EQ(fold_case(U'\u1F88'), U'\u1F80');
}

TEST(CaseFold, KnowsTheLengthOfCodePoints) {
  for (const std::string_view text : {"a", "é", "€", "📄"})
    EXPECT_EQ(code_point_bytes(text.front()), text.size());
}

}  // namespace
}  // namespace mooring
