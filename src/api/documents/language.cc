#include "mooring/api/documents/language.h"

#include <algorithm>

namespace mooring {
namespace {

// ISO 639-1, sorted, two letters each.
constexpr std::string_view kCodes =
    "aaabaeafakamanarasavayazbabebgbhbibmbnbobrbscacechcocrcscucvcydadedvdzeeeleneoeseteu"
    "fafffifjfofrfygagdglgngugvhahehihohrhthuhyhziaidieigiiikioisitiujajvkakgkikjkkklkmknko"
    "krkskukvkwkylalblglilnloltlulvmgmhmimkmlmnmrmsmtmynanbndnengnlnnnonrnvnyocojomorospapi"
    "plpsptqurmrnrorurwsascsdsesgsiskslsmsnsosqsrssstsusvswtatetgthtitktltntotrtstttwtyugukuruz"
    "vevivowawoxhyiyozazhzu";
static_assert(kCodes.size() % 2 == 0);

constexpr std::size_t kWantedMax = 32;  // of the preferences that are looked at
constexpr int kQualityWhole = 1000;     // a quality of 1, in thousandths

bool is_letter(char c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
}

std::string_view trimmed(std::string_view text) {
  const std::size_t first = text.find_first_not_of(" \t");
  if (first == text.npos) return {};
  return text.substr(first, text.find_last_not_of(" \t") - first + 1);
}

std::string_view take_until(std::string_view& text, char separator) {
  const std::size_t end = std::min(text.find(separator), text.size());
  const std::string_view taken = text.substr(0, end);
  text.remove_prefix(std::min(end + 1, text.size()));
  return taken;
}

/// "1", "0.8", "0.125" in thousandths; nothing for other text.
std::optional<int> parse_quality(std::string_view text) {
  if (text.empty() || text.size() > 5 || (text[0] != '0' && text[0] != '1')) return {};
  if (text.size() > 1 && text[1] != '.') return {};
  int thousandths = (text[0] - '0') * kQualityWhole;
  int weight = kQualityWhole / 10;
  for (const char c : text.substr(std::min<std::size_t>(2, text.size()))) {
    if (c < '0' || c > '9') return {};
    thousandths += (c - '0') * weight;
    weight /= 10;
  }
  if (thousandths > kQualityWhole) return {};
  return thousandths;
}

struct Wanted {
  std::string language;
  int quality = kQualityWhole;
};

/// One element: a tag and its quality.
std::optional<Wanted> parse_wanted(std::string_view element) {
  const std::string_view tag = trimmed(take_until(element, ';'));
  Wanted wanted{lower_ascii(tag.substr(0, tag.find('-')))};
  if (wanted.language.empty() || !std::ranges::all_of(wanted.language, is_letter)) return {};
  const std::string_view parameter = trimmed(element);
  if (parameter.empty()) return wanted;
  if (parameter.size() < 3 || lower_ascii(parameter.substr(0, 2)) != "q=") return {};
  const std::optional<int> quality = parse_quality(parameter.substr(2));
  if (!quality || *quality == 0) return {};
  wanted.quality = *quality;
  return wanted;
}

}  // namespace

std::optional<std::string> parse_language(std::string_view text) {
  if (!has_language_form(text)) return {};
  const std::string code = lower_ascii(text);
  for (std::size_t i = 0; i < kCodes.size(); i += 2)
    if (kCodes.substr(i, 2) == code) return code;
  return {};
}

bool has_language_form(std::string_view text) noexcept {
  return text.size() == 2 && is_letter(text[0]) && is_letter(text[1]);
}

std::string lower_ascii(std::string_view text) {
  std::string lower(text);
  for (char& c : lower)
    if (c >= 'A' && c <= 'Z') c = static_cast<char>(c - 'A' + 'a');
  return lower;
}

std::vector<std::string> wanted_languages(std::string_view accept_language) {
  std::vector<Wanted> wanted;
  while (!accept_language.empty() && wanted.size() < kWantedMax) {
    std::optional<Wanted> one = parse_wanted(take_until(accept_language, ','));
    if (!one) continue;
    const auto less_wanted = std::ranges::find_if(
        wanted, [&one](const Wanted& other) { return other.quality < one->quality; });
    wanted.insert(less_wanted, *std::move(one));
  }
  std::vector<std::string> languages;
  for (Wanted& one : wanted) languages.push_back(std::move(one.language));
  return languages;
}

}  // namespace mooring
