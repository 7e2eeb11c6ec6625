// Runs a fuzz target without libFuzzer: every file of the corpus directory given as the first
// argument, each of its prefixes, and a fixed number of deterministic mutations of each file. A
// failed check aborts.

#include <algorithm>
#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <string>
#include <vector>

#include "fuzz/fuzz.h"

namespace {

constexpr int kMutationsPerFile = 3000;
constexpr std::size_t kPrefixesMax = 2048;

class Random {
 public:
  std::size_t below(std::size_t limit) noexcept {
    state_ = state_ * 6364136223846793005u + 1442695040888963407u;
    return limit == 0 ? 0 : (state_ >> 33) % limit;
  }

 private:
  std::uint64_t state_ = 1;
};

void run(const std::string& input) {
  LLVMFuzzerTestOneInput(reinterpret_cast<const std::uint8_t*>(input.data()), input.size());
}

// One small change of the kind that breaks parsers: a byte, a run, a copy of a piece of any file.
void mutate(std::string& input, const std::vector<std::string>& corpus, Random& random) {
  static constexpr std::string_view kBytes(
      "\r\n \t\0:;,=\"\\%-/\x7f\xff"
      "0aB",
      20);
  const std::size_t at = random.below(input.size() + 1);
  switch (random.below(6)) {
    case 0:
      if (at < input.size()) input[at] = static_cast<char>(random.below(256));
      break;
    case 1:
      if (at < input.size()) input[at] = kBytes[random.below(kBytes.size())];
      break;
    case 2:
      input.insert(at, 1 + random.below(4), kBytes[random.below(kBytes.size())]);
      break;
    case 3:
      input.erase(at, 1 + random.below(8));
      break;
    default: {
      const std::string& other = corpus[random.below(corpus.size())];
      const std::size_t from = random.below(other.size() + 1);
      input.insert(at, other.substr(from, 1 + random.below(32)));
    }
  }
}

}  // namespace

int main(int argc, char** argv) {
  if (LLVMFuzzerInitialize != nullptr) LLVMFuzzerInitialize(&argc, &argv);
  if (argc != 2) {
    std::fprintf(stderr, "usage: %s CORPUS_DIRECTORY\n", argv[0]);
    return 64;
  }
  std::vector<std::filesystem::path> paths;
  for (const auto& entry : std::filesystem::directory_iterator(argv[1]))
    if (entry.is_regular_file()) paths.push_back(entry.path());
  std::sort(paths.begin(), paths.end());
  std::vector<std::string> corpus;
  for (const auto& path : paths) {
    std::ifstream file(path, std::ios::binary);
    corpus.emplace_back(std::istreambuf_iterator<char>(file), std::istreambuf_iterator<char>());
  }
  if (corpus.empty()) {
    std::fprintf(stderr, "no corpus in %s\n", argv[1]);
    return 1;
  }

  Random random;
  std::size_t runs = 0;
  for (const std::string& file : corpus) {
    for (std::size_t end = 0; end <= std::min(file.size(), kPrefixesMax); ++end, ++runs)
      run(file.substr(0, end));
    run(file);
    for (int i = 0; i < kMutationsPerFile; ++i, ++runs) {
      std::string input = file;
      for (std::size_t changes = 1 + random.below(4); changes > 0; --changes)
        mutate(input, corpus, random);
      run(input);
    }
  }
  std::printf("%zu files, %zu runs\n", corpus.size(), runs);
  return 0;
}
