#include "load/scenario_file.h"

#include <fmt/format.h>
#include <toml++/toml.h>

#include <concepts>
#include <fstream>
#include <functional>
#include <map>
#include <sstream>

#include "mooring/base/units.h"

namespace mooring {

namespace {

using Problem = std::optional<std::string>;
template <typename Owner>
using Keys = std::map<std::string_view, std::function<Problem(Owner&, const toml::node&)>>;

Problem wants(std::string_view what) {
  return fmt::format("must be {}", what);
}

// Takes what a parser of text made, or its error.
template <typename T>
Problem take(std::expected<T, std::string> parsed, T& out) {
  if (!parsed) return parsed.error();
  out = std::move(*parsed);
  return std::nullopt;
}

template <typename Owner>
auto text(std::string Owner::* member) {
  return [member](Owner& owner, const toml::node& node) -> Problem {
    const auto* value = node.as_string();
    if (value == nullptr) return wants("a text");
    owner.*member = value->get();
    return std::nullopt;
  };
}

template <typename Owner, std::unsigned_integral T>
auto number(T Owner::* member) {
  return [member](Owner& owner, const toml::node& node) -> Problem {
    const auto* value = node.as_integer();
    if (value == nullptr || value->get() < 0 || !std::in_range<T>(value->get()))
      return wants("an integer that is not negative");
    owner.*member = static_cast<T>(value->get());
    return std::nullopt;
  };
}

template <typename Owner>
auto real(double Owner::* member) {
  return [member](Owner& owner, const toml::node& node) -> Problem {
    const auto value = node.value<double>();
    if (!value) return wants("a number");
    owner.*member = *value;
    return std::nullopt;
  };
}

template <typename Owner>
auto flag(bool Owner::* member) {
  return [member](Owner& owner, const toml::node& node) -> Problem {
    const auto* value = node.as_boolean();
    if (value == nullptr) return wants("true or false");
    owner.*member = value->get();
    return std::nullopt;
  };
}

// A size or a duration: digits and a suffix, or for sizes an integer.
template <typename Owner>
auto amount(std::uint64_t Owner::* member, DistributionUnit unit) {
  return [member, unit](Owner& owner, const toml::node& node) -> Problem {
    const bool bytes = unit == DistributionUnit::bytes;
    std::optional<std::uint64_t> value;
    if (const auto* words = node.as_string())
      value = bytes ? parse_size_bytes(words->get()) : parse_duration_ms(words->get());
    else if (const auto* count = node.as_integer(); bytes && count != nullptr && count->get() >= 0)
      value = static_cast<std::uint64_t>(count->get());
    if (!value) return wants(bytes ? "a size such as \"64KiB\"" : "a duration such as \"10s\"");
    owner.*member = *value;
    return std::nullopt;
  };
}

template <typename Owner>
auto distribution(Distribution Owner::* member, DistributionUnit unit) {
  return [member, unit](Owner& owner, const toml::node& node) -> Problem {
    std::string words;
    if (const auto* value = node.as_string()) words = value->get();
    if (const auto* value = node.as_integer()) words = fmt::format("{}", value->get());
    return take(Distribution::parse(words, unit), owner.*member);
  };
}

template <typename Owner>
auto pattern(TextTemplate Owner::* member) {
  return [member](Owner& owner, const toml::node& node) -> Problem {
    const auto* value = node.as_string();
    if (value == nullptr) return wants("a text");
    return take(TextTemplate::parse(value->get()), owner.*member);
  };
}

template <typename Owner>
auto named_texts(std::vector<NamedText> Owner::* member) {
  return [member](Owner& owner, const toml::node& node) -> Problem {
    const auto* table = node.as_table();
    if (table == nullptr) return wants("a table of texts");
    for (const auto& [name, value] : *table) {
      if (!value.is_string()) return wants("a table of texts");
      (owner.*member).emplace_back(name.str(), value.as_string()->get());
    }
    return std::nullopt;
  };
}

template <typename Owner, typename Choice>
auto choice(Choice Owner::* member, std::map<std::string, Choice> names) {
  return [member, names](Owner& owner, const toml::node& node) -> Problem {
    const auto* value = node.as_string();
    if (value != nullptr) {
      const auto found = names.find(value->get());
      if (found != names.end()) {
        owner.*member = found->second;
        return std::nullopt;
      }
    }
    std::string list;
    for (const auto& [name, meaning] : names) list += " " + name;
    return wants("one of" + list);
  };
}

Problem read_statuses(LoadOperation& operation, const toml::node& node) {
  const auto* list = node.as_array();
  if (list == nullptr) return wants("a list of statuses");
  for (const toml::node& entry : *list) {
    const auto status = entry.value<int>();
    if (!status || *status < 200 || *status > 599) return wants("a list of statuses, 200 to 599");
    operation.statuses.push_back(*status);
  }
  return std::nullopt;
}

Problem read_json(LoadOperation& operation, const toml::node& node) {
  const auto* table = node.as_table();
  if (table == nullptr) return wants("a table of texts");
  for (const auto& [key, value] : *table) {
    if (!value.is_string()) return wants("a table of texts");
    operation.json.push_back(parse_json_expectation(key.str(), value.as_string()->get()));
  }
  return std::nullopt;
}

Problem read_body(LoadOperation& operation, const toml::node& node) {
  const auto* value = node.as_string();
  if (value == nullptr) return wants("a text");
  const auto parsed = parse_body(value->get(), operation);
  return parsed ? std::nullopt : Problem(parsed.error());
}

Problem read_prefix(LoadOperation& operation, const toml::node& node) {
  const auto* value = node.as_string();
  if (value == nullptr) return wants("bytes in hex");
  return take(parse_hex(value->get()), operation.content_prefix);
}

Problem read_answer_bytes(LoadOperation& operation, const toml::node& node) {
  const auto* words = node.as_string();
  const auto size = words != nullptr ? parse_size_bytes(words->get()) : std::nullopt;
  if (!size) return wants("a size such as \"64KiB\"");
  operation.answer_bytes = *size;
  return std::nullopt;
}

const Keys<LoadOperation>& operation_keys() {
  using Op = LoadOperation;
  static const Keys<Op> kKeys = {
      {"name", text(&Op::name)},
      {"weight", real(&Op::weight)},
      {"method", text(&Op::method)},
      {"path", pattern(&Op::path)},
      {"headers", named_texts(&Op::headers)},
      {"body", read_body},
      {"chunk", amount(&Op::chunk_bytes, DistributionUnit::bytes)},
      {"size", distribution(&Op::size, DistributionUnit::bytes)},
      {"prefix", read_prefix},
      {"duplicates", real(&Op::duplicates)},
      {"distinct", number(&Op::duplicates_distinct)},
      {"field", text(&Op::field)},
      {"filename", pattern(&Op::filename)},
      {"content_type", text(&Op::content_type)},
      {"fields", named_texts(&Op::fields)},
      {"send_bytes_per_second", amount(&Op::send_bytes_per_second, DistributionUnit::bytes)},
      {"statuses", read_statuses},
      {"json", read_json},
      {"etag", choice(&Op::etag, {{"any", EtagExpectation::any},
                                  {"present", EtagExpectation::present},
                                  {"content", EtagExpectation::content}})},
      {"answer_size", read_answer_bytes},
      {"address", pattern(&Op::address)},
      {"read_back", flag(&Op::read_back)},
      {"verify", flag(&Op::verify)},
      {"resume_parts", number(&Op::resume_parts)},
  };
  return kKeys;
}

const Keys<LoadGroup>& group_keys() {
  using Group = LoadGroup;
  static const Keys<Group> kKeys = {
      {"name", text(&Group::name)},
      {"connections", number(&Group::connections)},
      {"rate", real(&Group::rate_per_second)},
      {"spacing", choice(&Group::spacing,
                         {{"even", ArrivalSpacing::even}, {"poisson", ArrivalSpacing::poisson}})},
      {"requests", number(&Group::requests_max)},
      {"connection", choice(&Group::use, {{"keep-alive", ConnectionUse::keep_alive},
                                          {"one-request", ConnectionUse::one_request}})},
      {"think", distribution(&Group::think_ms, DistributionUnit::milliseconds)},
  };
  return kKeys;
}

Problem read_target(Scenario& scenario, const toml::node& node) {
  return take(parse_target(node.value_or(std::string())), scenario.target);
}

Problem read_cpus(Scenario& scenario, const toml::node& node) {
  return take(parse_cpus(node.value_or(std::string("?"))), scenario.cpus);
}

Problem read_ids(Scenario& scenario, const toml::node& node) {
  if (const auto* file = node.as_string()) return take(read_lines(file->get()), scenario.ids);
  const auto* list = node.as_array();
  if (list == nullptr) return wants("a list of texts or the name of a file");
  for (const toml::node& entry : *list) scenario.ids.push_back(entry.value_or(std::string()));
  return std::nullopt;
}

const Keys<Scenario>& scenario_keys() {
  static const Keys<Scenario> kKeys = {
      {"title", text(&Scenario::title)},
      {"target", read_target},
      {"host", text(&Scenario::host)},
      {"warmup", amount(&Scenario::warmup_ms, DistributionUnit::milliseconds)},
      {"duration", amount(&Scenario::duration_ms, DistributionUnit::milliseconds)},
      {"drain", amount(&Scenario::drain_ms, DistributionUnit::milliseconds)},
      {"timeout", amount(&Scenario::request_timeout_ms, DistributionUnit::milliseconds)},
      {"cores", number(&Scenario::cores)},
      {"cpus", read_cpus},
      {"seed", number(&Scenario::seed)},
      {"ids", read_ids},
  };
  return kKeys;
}

// Fills `owner` from a table; `nested` is the key of the tables below it, which is read elsewhere.
template <typename Owner>
Problem read_table(const toml::table& table, const Keys<Owner>& keys, std::string_view nested,
                   Owner& owner) {
  for (const auto& [key, node] : table) {
    if (key.str() == nested) continue;
    const std::uint32_t line = node.source().begin.line;
    const auto found = keys.find(key.str());
    if (found == keys.end()) return fmt::format("{}: '{}' is no key here", line, key.str());
    if (const Problem problem = found->second(owner, node))
      return fmt::format("{}: {} {}", line, key.str(), *problem);
  }
  return std::nullopt;
}

// Calls `read` with every table of the list under `key`.
template <typename Read>
Problem for_each_table(const toml::table& parent, std::string_view key, const Read& read) {
  const toml::node* list = parent.get(key);
  if (list == nullptr) return std::nullopt;
  if (!list->is_array_of_tables())
    return fmt::format("{}: {} must be tables", list->source().begin.line, key);
  for (const toml::node& entry : *list->as_array())
    if (Problem problem = read(*entry.as_table())) return problem;
  return std::nullopt;
}

Problem read_group(const toml::table& table, Scenario& scenario) {
  LoadGroup& group = scenario.groups.emplace_back();
  if (Problem problem = read_table(table, group_keys(), "operation", group)) return problem;
  return for_each_table(table, "operation", [&group](const toml::table& of_operation) {
    return read_table(of_operation, operation_keys(), "", group.operations.emplace_back());
  });
}

}  // namespace

std::expected<Scenario, std::string> parse_scenario(std::string_view content,
                                                    const std::string& file_name) {
  toml::table root;
  try {
    root = toml::parse(content, file_name);
  } catch (const toml::parse_error& error) {
    return std::unexpected(
        fmt::format("{}:{}: {}", file_name, error.source().begin.line, error.description()));
  }
  Scenario scenario;
  Problem problem = read_table(root, scenario_keys(), "group", scenario);
  if (!problem)
    problem = for_each_table(root, "group", [&scenario](const toml::table& table) {
      return read_group(table, scenario);
    });
  if (problem) return std::unexpected(fmt::format("{}:{}", file_name, *problem));
  return scenario;
}

std::expected<Scenario, std::string> load_scenario(const std::string& file_name) {
  std::ifstream file(file_name);
  if (!file) return std::unexpected(fmt::format("cannot read {}", file_name));
  std::ostringstream content;
  content << file.rdbuf();
  return parse_scenario(content.str(), file_name);
}

}  // namespace mooring
