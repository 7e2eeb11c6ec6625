// mooring: the command line. Each command is a function of app/commands.h or app/server.h; what a
// command line means stands here and nowhere else, and nothing is taken from the environment.
#include <CLI/CLI.hpp>

#include <cstdint>
#include <cstdio>
#include <expected>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "mooring/app/commands.h"
#include "mooring/app/config.h"
#include "mooring/app/exit_code.h"
#include "mooring/app/server.h"
#include "mooring/base/fault.h"
#include "mooring/image/worker.h"

namespace mooring {

namespace {

struct ServeOptions {
  std::optional<std::string> config_file = {};
  ConfigOverrides overrides = {};
};

CLI::App* add_serve(CLI::App& app, ServeOptions& options) {
  CLI::App* serve = app.add_subcommand("serve", "Serve until SIGTERM.");
  ConfigOverrides& overrides = options.overrides;
  serve->add_option("--config", options.config_file, "Settings; see conf/mooring.toml")
      ->type_name("FILE");
  serve->add_option("--listen", overrides.listen, "Where to answer; port 0 picks one")
      ->type_name("ADDR:PORT");
  serve->add_option("--metrics-listen", overrides.metrics_listen, "Where /metrics alone answers")
      ->type_name("ADDR:PORT");
  serve->add_option("--data", overrides.data_dir, "The data directory; made if absent")
      ->type_name("DIR");
  serve->add_option("--cores", overrides.cores, "Event-loop threads; 0: one per CPU")
      ->type_name("N");
  serve->add_option("--durability", overrides.durability, "What a 2xx promises")
      ->type_name("durable|relaxed");
  serve->add_option("--log-level", overrides.log_level)->type_name("debug|info|warning|error");
  serve->add_option("--log-format", overrides.log_format)->type_name("text|json");
  serve->add_flag_callback(
      "--debug-routes", [&overrides] { overrides.debug_routes = true; },
      "Answer /e and /__canary, for conformance and load tests");
  return serve;
}

CLI::App* add_token(CLI::App& app, TokenOptions& options) {
  static const std::map<std::string, std::int64_t> kUnits = {
      {"s", 1}, {"m", 60}, {"h", 3600}, {"d", 86'400}};
  CLI::App* token = app.add_subcommand("token", "Print a token (JWT) of the local issuer.");
  TokenRequest& request = options.request;
  token->add_option("--data", options.data_dir, "The data directory")->type_name("DIR")->required();
  CLI::Option* subject =
      token->add_option("--subject", request.subject, "The user it speaks for")->type_name("ID");
  CLI::Option* organization =
      token->add_option("--organization", request.organization, "The user's organization")
          ->type_name("ORG");
  token->add_option("--role", request.roles, "May be repeated")->type_name("ROLE");
  token->add_option("--scope", request.scopes, "May be repeated")->type_name("SCOPE");
  token->add_option("--ttl", request.lifetime_seconds, "How long it is good: 90s, 30m, 1h, 7d")
      ->transform(CLI::AsNumberWithUnit(kUnits, CLI::AsNumberWithUnit::UNIT_REQUIRED))
      ->type_name("TIME")
      ->default_str("1h");
  CLI::Option* refresh =
      token->add_flag("--refresh")->description("Print a client's first refresh token instead");
  CLI::Option* client = token
                            ->add_option("--client", options.refresh_client_id,
                                         "For --refresh: its id in [[auth.clients]]")
                            ->type_name("ID")
                            ->needs(refresh);
  refresh->needs(client);
  for (CLI::Option* option : {subject, organization}) refresh->excludes(option);
  token->final_callback([refresh, subject, organization] {
    for (CLI::Option* option : {subject, organization})
      if (refresh->count() == 0 && option->count() == 0)
        throw CLI::RequiredError(option->get_name());
  });
  return token;
}

void add_key_verb(CLI::App& key, KeyOptions& options, KeyOptions::Verb verb, const char* name,
                  const char* text) {
  CLI::App* added = key.add_subcommand(name, text);
  added->add_option("--data", options.data_dir, "The data directory")->type_name("DIR")->required();
  added->callback([&options, verb] { options.verb = verb; });
  if (verb == KeyOptions::Verb::revoke) {
    added->add_option("id", options.id, "Which, as `list` shows it")->type_name("ID")->required();
    return;
  }
  CLI::Option* kind = added->add_option("--kind", options.kind, "What the key opens")
                          ->type_name("attachments|partner|developer")
                          ->check(CLI::IsMember({"attachments", "partner", "developer"}));
  added->add_option("--owner", options.owner, "Whose it is")->type_name("EMAIL");
  added->add_option("--company", options.company_id, "For which company")->type_name("ID");
  if (verb == KeyOptions::Verb::list) return;
  kind->required();
  added->add_option("--name", options.name, "What its owner calls it")->type_name("NAME");
}

CLI::App* add_key(CLI::App& app, KeyOptions& options) {
  using Verb = KeyOptions::Verb;
  CLI::App* key = app.add_subcommand("key", "Make, list and revoke API keys.");
  key->require_subcommand(1);
  add_key_verb(*key, options, Verb::create, "create", "Print a new key, this once.");
  add_key_verb(*key, options, Verb::list, "list", "Print all keys, without their secrets.");
  add_key_verb(*key, options, Verb::revoke, "revoke", "End a key, at once and for good.");
  return key;
}

CLI::App* add_import(CLI::App& app, ImportOptions& options) {
  CLI::App* import =
      app.add_subcommand("import", "Load assets and documents (NDJSON) into a stopped store.");
  import->add_option("--data", options.data_dir, "The data directory; made if absent")
      ->type_name("DIR")
      ->required();
  import->add_option("--organization", options.organization, "Whose they are")
      ->type_name("ORG")
      ->required();
  import->add_option("--subject", options.subject, "Who made them")->type_name("ID");
  import->add_option("file", options.file, "One asset, category or document per line; - for stdin")
      ->type_name("FILE")
      ->required();
  return import;
}

CLI::App* add_check(CLI::App& app, CheckOptions& options) {
  CLI::App* check = app.add_subcommand("check", "Prove that a stopped store is whole.");
  check->add_option("--data", options.data_dir, "The data directory")->type_name("DIR")->required();
  check->add_flag_callback(
      "--deep", [&options] { options.depth = CheckDepth::contents; },
      "Read and hash every stored byte");
  return check;
}

CLI::App* add_backup(CLI::App& app, BackupOptions& options) {
  CLI::App* backup = app.add_subcommand("backup", "Copy a store, also while a server uses it.");
  backup->add_option("--data", options.data_dir, "The data directory")
      ->type_name("DIR")
      ->required();
  backup->add_option("target", options.target, "Where to: a new or empty directory")
      ->type_name("TARGET")
      ->required();
  return backup;
}

CLI::App* add_restore(CLI::App& app, RestoreOptions& options) {
  CLI::App* restore = app.add_subcommand("restore", "Make a data directory from a backup.");
  restore->add_option("--data", options.data_dir, "The data directory: new or empty")
      ->type_name("DIR")
      ->required();
  restore->add_option("backup", options.backup, "What `mooring backup` made")
      ->type_name("BACKUP")
      ->required();
  return restore;
}

CLI::App* add_doctor(CLI::App& app, DoctorOptions& options) {
  CLI::App* doctor = app.add_subcommand("doctor", "Tell whether it will run well here.");
  doctor->add_option("--config", options.config_file, "Settings to look at")->type_name("FILE");
  doctor->add_option("--data", options.data_dir, "The data directory")->type_name("DIR");
  return doctor;
}

Status arm_each(const std::vector<std::string>& words, Status (*arm)(std::string_view)) {
  for (const std::string& word : words)
    if (Status armed = arm(word); !armed) return armed;
  return {};
}

// For tests/crash (base/fault.h): before the subcommand, not in --help, and not in a build that is
// shipped.
void add_faults(CLI::App& app) {
  if (!faults_can_be_armed()) return;
  using Words = std::vector<std::string>;
  const auto add = [&app](const char* name, Status (*arm)(std::string_view)) {
    app.add_option_function<Words>(name,
                                   [name, arm](const Words& words) {
                                     const Status armed = arm_each(words, arm);
                                     if (!armed)
                                       throw CLI::ValidationError(name, armed.error().where);
                                   })
        ->group("")
        ->expected(1)
        ->multi_option_policy(CLI::MultiOptionPolicy::TakeAll);
  };
  add("--crash-at", arm_crash);
  add("--skip-sync", arm_skipped_sync);
  add("--fail-io", arm_io_fault);
  app.add_flag_callback("--count-faults", [] { (void)arm_counting(); })->group("");
}

// An error without a file is one of the command line.
int refuse(const ConfigError& error) {
  std::fprintf(stderr, "mooring: %s\n", describe(error).c_str());
  return error.file.empty() ? kExitUsage : kExitConfiguration;
}

int serve_with(const ServeOptions& options) {
  Config config;
  if (options.config_file) {
    std::expected<Config, ConfigError> loaded = load_config(*options.config_file);
    if (!loaded) return refuse(loaded.error());
    config = std::move(*loaded);
  }
  if (const auto applied = apply_overrides(config, options.overrides); !applied)
    return refuse(applied.error());
  return run_serve(config);
}

int run(int argument_count, char** arguments) {
  CLI::App app("Mooring, an asset server: the place where uploads dock.", "mooring");
  app.require_subcommand(1);
  ServeOptions serve_options;
  TokenOptions token_options;
  KeyOptions key_options;
  CheckOptions check_options;
  ImportOptions import_options;
  BackupOptions backup_options;
  RestoreOptions restore_options;
  DoctorOptions doctor_options;
  CLI::App* serve = add_serve(app, serve_options);
  CLI::App* token = add_token(app, token_options);
  CLI::App* key = add_key(app, key_options);
  CLI::App* check = add_check(app, check_options);
  CLI::App* import = add_import(app, import_options);
  CLI::App* backup = add_backup(app, backup_options);
  CLI::App* restore = add_restore(app, restore_options);
  CLI::App* doctor = add_doctor(app, doctor_options);
  CLI::App* routes = app.add_subcommand("routes", "Print every route and its policy.");
  routes->group("");  // for tests: not in --help
  CLI::App* faults = app.add_subcommand("faults", "Print what tests can make fail.");
  faults->group("");
  add_faults(app);
  app.add_subcommand("version", "Print the version.");
  try {
    app.parse(argument_count, arguments);
  } catch (const CLI::ParseError& error) {
    return app.exit(error) == 0 ? kExitOk : kExitUsage;  // --help is no error
  }

  if (*serve) return serve_with(serve_options);
  if (*token) return run_token(token_options);
  if (*key) return run_key(key_options);
  if (*check) return run_check(check_options);
  if (*import) return run_import(import_options);
  if (*backup) return run_backup(backup_options);
  if (*restore) return run_restore(restore_options);
  if (*doctor) return run_doctor(doctor_options);
  if (*routes) return run_routes();
  if (*faults) return run_faults();
  return run_version();
}

}  // namespace

}  // namespace mooring

int main(int argument_count, char** arguments) {
  // The pool of the server executes this binary anew (image/process.h).
  if (argument_count == 2 && arguments[1] == mooring::kImageWorkerCommand)
    return mooring::run_image_worker(mooring::kWorkerSocket);
  return mooring::run(argument_count, arguments);
}
