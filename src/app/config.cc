#include "mooring/app/config.h"

#include <fmt/format.h>
#include <toml++/toml.h>

#include <algorithm>
#include <bit>
#include <cerrno>
#include <cstdio>
#include <cstring>
#include <memory>

#include "mooring/api/documents/document_type.h"
#include "mooring/app/config_setting.h"

namespace mooring {

namespace {

using Failure = std::unexpected<ConfigError>;

constexpr std::size_t kFileBytesMax = 1_MiB;

std::uint32_t line_of(const toml::node& node) {
  return node.source().begin.line;
}

SettingValue value_of(const toml::node& node) {
  if (const auto flag = node.as_boolean()) return flag->get();
  if (const auto number = node.as_integer()) return number->get();
  if (const auto text = node.as_string()) return text->get();
  return std::monostate();
}

// What may not stand together, although each value is in its range.
std::optional<std::string> contradiction(const Config& config) {
  const LimitsConfig& limits = config.limits;
  if (limits.request_line_bytes_max > limits.head_bytes_max)
    return "limits.request_line_bytes_max must not be above limits.head_bytes_max";
  if (limits.picture_bytes_max > limits.body_bytes_max)
    return "limits.picture_bytes_max must not be above limits.body_bytes_max";
  if (limits.images_bytes_max > limits.body_bytes_max)
    return "limits.images_bytes_max must not be above limits.body_bytes_max";
  if (limits.json_bytes_max > limits.body_bytes_max)
    return "limits.json_bytes_max must not be above limits.body_bytes_max";
  if (!std::has_single_bit(limits.head_buffers_per_core))
    return "limits.head_buffers_per_core must be a power of two";
  if (config.data.segment_bytes % kBlockBytes != 0)
    return "data.segment_bytes must be a multiple of 4KiB";
  if (!std::has_single_bit(config.data.read_piece_bytes))
    return "data.read_piece_bytes must be a power of two";
  if (config.documents.file_bytes_max > limits.body_bytes_max)
    return "documents.file_bytes_max must not be above limits.body_bytes_max";
  if (config.documents.zip_bytes_max > limits.body_bytes_max)
    return "documents.zip_bytes_max must not be above limits.body_bytes_max";
  if (!AllowedTypes::parse(config.documents.types))
    return "documents.types must be media types with spaces between them, such as image/*";
  const std::string& url = config.server.base_url;
  if (!url.empty() && (!(url.starts_with("http://") || url.starts_with("https://")) ||
                       url.ends_with('/') || url.find_first_of(" \"<>\\?#") != std::string::npos))
    return "server.base_url must be http:// or https:// and a host, without a slash at its end";
  const ServerConfig& server = config.server;
  if (server.listen == server.metrics_listen && server.listen.port != 0)
    return "server.metrics_listen must be another address than server.listen";
  if (!config.auth.clients.empty() && !config.auth.local_issuer)
    return "auth.clients need auth.local_issuer, which issues their tokens";
  for (std::size_t i = 0; i < config.auth.clients.size(); ++i)
    for (std::size_t before = 0; before < i; ++before)
      if (config.auth.clients[i].id == config.auth.clients[before].id)
        return "auth.clients.id must not be the same twice";
  return std::nullopt;
}

// The key without which an entry of a list means nothing.
std::optional<std::string_view> missing_key(const AuthKeyConfig& key) {
  if (key.file.empty()) return "file";
  return std::nullopt;
}

std::optional<std::string_view> missing_key(const AuthClientConfig& client) {
  if (client.id.empty()) return "id";
  if (client.secret.empty()) return "secret";
  if (client.organization.empty()) return "organization";
  if (client.user.empty()) return "user";
  return std::nullopt;
}

class FileParser {
 public:
  FileParser(Config& config, std::string_view file) : config_(config), file_(file) {}

  std::optional<ConfigError> parse(const toml::table& root) {
    for (const auto& [name, node] : root) {
      if (std::ranges::find(config_settings(), name.str(), &Setting<Config>::table) ==
          config_settings().end())
        return error(line_of(node), fmt::format("[{}] is no table of this file", name.str()));
      if (!node.is_table())
        return error(line_of(node),
                     fmt::format("{} must be a table: [{}]", name.str(), name.str()));
      if (auto failed = parse_table(name.str(), *node.as_table())) return failed;
    }
    return std::nullopt;
  }

 private:
  std::optional<ConfigError> parse_table(std::string_view table, const toml::table& entries) {
    for (const auto& [key, node] : entries) {
      if (table == "auth" && key.str() == "keys") {
        if (auto failed = parse_list("auth.keys", auth_key_settings(), node, config_.auth.keys))
          return failed;
        continue;
      }
      if (table == "auth" && key.str() == "clients") {
        if (auto failed =
                parse_list("auth.clients", auth_client_settings(), node, config_.auth.clients))
          return failed;
        continue;
      }
      if (auto failed = parse_entry(config_settings(), table, key.str(), node, config_))
        return failed;
    }
    return std::nullopt;
  }

  template <typename Owner>
  std::optional<ConfigError> parse_list(std::string_view table,
                                        std::span<const Setting<Owner>> settings,
                                        const toml::node& node, std::vector<Owner>& owners) {
    const std::string must_be = fmt::format("{0} must be tables: [[{0}]]", table);
    const toml::array* const list = node.as_array();
    if (list == nullptr) return error(line_of(node), must_be);
    for (const toml::node& item : *list) {
      const toml::table* const entries = item.as_table();
      if (entries == nullptr) return error(line_of(item), must_be);
      Owner& owner = owners.emplace_back();
      for (const auto& [name, entry] : *entries)
        if (auto failed = parse_entry(settings, table, name.str(), entry, owner)) return failed;
      if (const auto missing = missing_key(owner))
        return error(line_of(item), fmt::format("{}.{} is missing", table, *missing));
    }
    return std::nullopt;
  }

  template <typename Owner>
  std::optional<ConfigError> parse_entry(std::span<const Setting<Owner>> settings,
                                         std::string_view table, std::string_view key,
                                         const toml::node& node, Owner& owner) {
    const auto at = std::ranges::find_if(settings, [&](const Setting<Owner>& setting) {
      return setting.table == table && setting.key == key;
    });
    if (at == settings.end())
      return error(line_of(node), fmt::format("{}.{} is no setting", table, key));
    if (const auto wrong = assign(*at, owner, value_of(node)))
      return error(line_of(node), fmt::format("{}.{} {}", table, key, *wrong));
    return std::nullopt;
  }

  ConfigError error(std::uint32_t line, std::string message) {
    return ConfigError{std::string(file_), line, std::move(message)};
  }

  Config& config_;
  std::string_view file_;
};

}  // namespace

std::expected<Config, ConfigError> parse_config(std::string_view text, std::string_view file) {
  Config config;
  try {
    const toml::table root = toml::parse(text, file);
    if (std::optional<ConfigError> failed = FileParser(config, file).parse(root))
      return Failure(*std::move(failed));
  } catch (const toml::parse_error& error) {
    return Failure(ConfigError{std::string(file), error.source().begin.line,
                               std::string(error.description())});
  }
  if (std::optional<std::string> message = contradiction(config))
    return Failure(ConfigError{std::string(file), 0, *std::move(message)});
  return config;
}

std::expected<Config, ConfigError> load_config(const std::filesystem::path& file) {
  const auto unreadable = [&](const char* cause) {
    return Failure(ConfigError{file.string(), 0, fmt::format("cannot be read: {}", cause)});
  };
  const std::unique_ptr<std::FILE, int (*)(std::FILE*)> in(std::fopen(file.c_str(), "re"),
                                                           std::fclose);
  if (!in) return unreadable(std::strerror(errno));
  std::string text(kFileBytesMax + 1, '\0');
  text.resize(std::fread(text.data(), 1, text.size(), in.get()));
  if (std::ferror(in.get()) != 0) return unreadable(std::strerror(errno));
  if (text.size() > kFileBytesMax) return unreadable("it is larger than 1MiB");
  return parse_config(text, file.string());
}

std::expected<void, ConfigError> apply_overrides(Config& config, const ConfigOverrides& overrides) {
  Config changed = config;
  std::optional<std::string> wrong;
  const auto apply = [&](std::string_view option, std::string_view table, std::string_view key,
                         const auto& given) {
    if (!given || wrong) return;
    const auto at = std::ranges::find_if(config_settings(), [&](const Setting<Config>& setting) {
      return setting.table == table && setting.key == key;
    });
    SettingValue value;
    if constexpr (std::is_same_v<decltype(given), const std::optional<std::uint64_t>&>)
      value = static_cast<std::int64_t>(std::min<std::uint64_t>(*given, INT64_MAX));
    else
      value = *given;
    if (const auto message = assign(*at, changed, value))
      wrong = fmt::format("{} {}", option, *message);
  };
  apply("--listen", "server", "listen", overrides.listen);
  apply("--metrics-listen", "server", "metrics_listen", overrides.metrics_listen);
  apply("--data", "data", "dir", overrides.data_dir);
  apply("--cores", "server", "cores", overrides.cores);
  apply("--durability", "data", "durability", overrides.durability);
  apply("--log-level", "log", "level", overrides.log_level);
  apply("--log-format", "log", "format", overrides.log_format);
  apply("--debug-routes", "server", "debug_routes", overrides.debug_routes);
  if (!wrong) wrong = contradiction(changed);
  if (wrong) return Failure(ConfigError{"", 0, *std::move(wrong)});
  config = std::move(changed);
  return {};
}

std::vector<std::string> config_keys() {
  std::vector<std::string> names;
  for (const auto& setting : config_settings())
    names.push_back(fmt::format("{}.{}", setting.table, setting.key));
  for (const auto& setting : auth_key_settings())
    names.push_back(fmt::format("{}.{}", setting.table, setting.key));
  for (const auto& setting : auth_client_settings())
    names.push_back(fmt::format("{}.{}", setting.table, setting.key));
  return names;
}

std::string describe(const ConfigError& error) {
  if (error.file.empty()) return error.message;
  if (error.line == 0) return fmt::format("{}: {}", error.file, error.message);
  return fmt::format("{}:{}: {}", error.file, error.line, error.message);
}

}  // namespace mooring
