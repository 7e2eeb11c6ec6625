// The parameters of a field value: *( OWS ";" OWS [ name "=" ( token / quoted-string ) ] ), RFC
// 9110 section 5.6.6. Shared by media types and Content-Disposition.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

namespace mooring {

/// How a quoted value is escaped: see DispositionDialect.
enum class Escapes : std::uint8_t { http, form_data };

/// Reads one parameter after the other. A value, never copied between threads; owns the last
/// parameter.
class ParameterReader {
 public:
  /// `text` is what follows the first part of the value: empty, or beginning with ';'.
  ParameterReader(std::string_view text, Escapes escapes) noexcept
      : rest_(text), escapes_(escapes) {}

  /// Moves to the next parameter. False at the end and at an error.
  [[nodiscard]] bool next();

  [[nodiscard]] bool failed() const noexcept { return failed_; }
  [[nodiscard]] const std::string& name() const noexcept { return name_; }    ///< lower case
  [[nodiscard]] const std::string& value() const noexcept { return value_; }  ///< unescaped

 private:
  bool stop() noexcept {
    failed_ = true;
    return false;
  }
  void skip_blanks() noexcept;
  bool read_token(std::string& out);
  bool read_quoted();

  std::string_view rest_;
  Escapes escapes_;
  bool failed_ = false;
  std::string name_;
  std::string value_;
};

}  // namespace mooring
