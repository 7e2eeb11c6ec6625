// The small commands: token, doctor, version.
#include "mooring/app/commands.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <regex>
#include <sstream>

#include "mooring/app/doctor.h"
#include "mooring/app/exit_code.h"
#include "mooring/auth/jwt.h"
#include "mooring/base/check.h"
#include "mooring/base/clock.h"
#include "unit/support/temporary_directory.h"

namespace mooring {
namespace {

namespace fs = std::filesystem;

class CommandsTest : public ::testing::Test {
 protected:
  struct Outcome {
    int exit_code;
    std::string output;
    std::string errors;
  };
  template <typename Command>
  static Outcome run(Command command) {
    ::testing::internal::CaptureStdout();
    ::testing::internal::CaptureStderr();
    const int exit_code = command();
    std::string output = ::testing::internal::GetCapturedStdout();
    return {exit_code, std::move(output), ::testing::internal::GetCapturedStderr()};
  }
  Outcome token(const TokenRequest& request) {
    return run([&] { return run_token({.data_dir = root_.string(), .request = request}); });
  }

  TemporaryDirectory directory_;
  const fs::path root_ = directory_.path();
};

TEST_F(CommandsTest, TokenPrintsOneThatTheServerAccepts) {
  const Result<std::string> secret = load_or_create_secret(root_);
  ASSERT_TRUE(secret);
  const Outcome done = token({.subject = "demo",
                              .organization = "org-demo",
                              .roles = {"admin", "producer-user"},
                              .scopes = {"images"},
                              .lifetime_seconds = 7200});
  ASSERT_EQ(done.exit_code, kExitOk) << done.errors;
  ASSERT_TRUE(done.output.ends_with('\n'));
  const auto verifier = TokenVerifier::make({local_token_key(*secret)});
  ASSERT_TRUE(verifier);
  const Result<VerifiedToken> verified =
      verifier->verify(done.output.substr(0, done.output.size() - 1), wall_ms());
  ASSERT_TRUE(verified) << describe(verified.error());
  EXPECT_EQ(verified->identity->user, "demo");
  EXPECT_EQ(verified->identity->organization, "org-demo");
  EXPECT_TRUE(verified->identity->has_role(Role::admin));
  EXPECT_TRUE(verified->identity->has_role(Role::producer_user));
  EXPECT_FALSE(verified->identity->has_role(Role::producer_admin));
  EXPECT_TRUE(verified->identity->has_scope("images"));
  EXPECT_NEAR(static_cast<double>(verified->expires_unix_ms),
              static_cast<double>(wall_ms() + 7'200'000), 5'000);
}

TEST_F(CommandsTest, TokenWithoutASecretMakesNone) {
  const Outcome done = token({.subject = "demo", .organization = "org-demo"});
  EXPECT_EQ(done.exit_code, kExitConfiguration);
  EXPECT_EQ(done.output, "");
  EXPECT_NE(done.errors.find("mooring serve"), std::string::npos) << done.errors;
  EXPECT_TRUE(fs::is_empty(root_));
}

TEST_F(CommandsTest, TokenRefusesASecretThatOthersCanRead) {
  ASSERT_TRUE(load_or_create_secret(root_));
  fs::permissions(root_ / "secret", fs::perms::group_read, fs::perm_options::add);
  EXPECT_EQ(token({.subject = "demo", .organization = "org-demo"}).exit_code, kExitConfiguration);
}

TEST_F(CommandsTest, TokenRefusesNamesAndLifetimesThatCannotBe) {
  ASSERT_TRUE(load_or_create_secret(root_));
  for (const TokenRequest& request :
       {TokenRequest{.subject = "", .organization = "org"},
        TokenRequest{.subject = "demo", .organization = "or\ng"},
        TokenRequest{.subject = "demo", .organization = "org", .scopes = {"a b"}},
        TokenRequest{.subject = "demo", .organization = "org", .lifetime_seconds = 0},
        TokenRequest{.subject = "demo", .organization = "org", .lifetime_seconds = -3600}}) {
    const Outcome done = token(request);
    EXPECT_EQ(done.exit_code, kExitUsage);
    EXPECT_EQ(done.output, "");
    EXPECT_NE(done.errors, "");
  }
}

TEST_F(CommandsTest, VersionIsTheOneOfTheProject) {
  const Outcome done = run([] { return run_version(); });
  EXPECT_EQ(done.exit_code, kExitOk);
  EXPECT_TRUE(std::regex_match(done.output, std::regex("mooring [0-9]+\\.[0-9]+\\.[0-9]+\n")))
      << done.output;
}

TEST_F(CommandsTest, DoctorPrintsOneGradedLinePerFindingAndLeavesNothing) {
  const Outcome done = run([&] { return run_doctor({.data_dir = root_.string()}); });
  std::istringstream lines(done.output);
  bool is_fatal = false;
  std::string all;
  for (std::string line; std::getline(lines, line); all += line + '\n') {
    EXPECT_TRUE(std::regex_match(line, std::regex("(good|weak|fatal) +[^:]+: .+"))) << line;
    is_fatal = is_fatal || line.starts_with("fatal");
  }
  EXPECT_EQ(done.exit_code, is_fatal ? kExitIoError : kExitOk);
  for (const char* what : {"kernel:", "io_uring:", "memlock:", "open files:", "cores:", "memory:",
                           "clock:", "data directory:", "O_DIRECT:", "O_TMPFILE:", "space:"})
    EXPECT_NE(all.find(what), std::string::npos) << what << " in\n" << all;
  EXPECT_TRUE(fs::is_empty(root_));
}

TEST_F(CommandsTest, DoctorOfADirectoryThatIsNotThereLooksAtItsParent) {
  for (const char* name : {"data", "data/"}) {
    Config config;
    config.data.dir = (root_ / name).string();
    const std::vector<Finding> findings = examine(config);
    EXPECT_TRUE(std::ranges::any_of(
        findings, [](const Finding& finding) { return finding.found.ends_with("not there yet"); }));
    EXPECT_TRUE(std::ranges::any_of(findings, [](const Finding& finding) {
      return finding.what == "O_DIRECT";
    })) << name;
    EXPECT_TRUE(fs::is_empty(root_));
  }
}

TEST_F(CommandsTest, DoctorIsFatalWhereNoDataDirectoryCanBe) {
  std::ofstream(root_ / "file") << "x";
  const Outcome done = run([&] { return run_doctor({.data_dir = (root_ / "file").string()}); });
  EXPECT_EQ(done.exit_code, kExitConfiguration);
  EXPECT_NE(done.output.find("\nfatal"), std::string::npos) << done.output;
}

TEST_F(CommandsTest, DoctorTakesTheLimitsOfTheConfigurationFile) {
  const fs::path file = root_ / "mooring.toml";
  std::ofstream(file) << "[server]\ncores = 1024\n";
  const Outcome done = run([&] { return run_doctor({.config_file = file.string()}); });
  EXPECT_NE(done.output.find("weak   cores: "), std::string::npos) << done.output;
  std::ofstream(file) << "[server]\ncores = \"many\"\n";
  const Outcome refused = run([&] { return run_doctor({.config_file = file.string()}); });
  EXPECT_EQ(refused.exit_code, kExitConfiguration);
  EXPECT_NE(refused.errors.find("mooring.toml:2"), std::string::npos) << refused.errors;
}

TEST(Doctor, AClockOfAnotherCenturyIsFatal) {
  EXPECT_EQ(examine_clock(0).grade, Finding::Grade::fatal);
  EXPECT_EQ(examine_clock(4'200'000'000'000).grade, Finding::Grade::fatal);
  EXPECT_NE(examine_clock(wall_ms()).grade, Finding::Grade::fatal);
}

TEST(Doctor, LimitsThatTheMachineCannotGiveAreWeak) {
  Config config;
  config.server.cores = 2;
  EXPECT_EQ(examine_memory(config, std::uint64_t{1} << 20).grade, Finding::Grade::weak);
  EXPECT_EQ(examine_memory(config, std::uint64_t{1} << 40).grade, Finding::Grade::good);
}

}  // namespace
}  // namespace mooring
