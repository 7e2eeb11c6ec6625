// The tests and the workers they start are one binary, as the server and its workers are.
#include <gtest/gtest.h>

#include <string_view>

#include "mooring/image/worker.h"
#include "unit/image/bad_worker.h"

int main(int argument_count, char** arguments) {
  if (argument_count > 1) {
    const std::string_view command = arguments[1];
    if (command == mooring::kImageWorkerCommand)
      return mooring::run_image_worker(mooring::kWorkerSocket);
    if (command.starts_with("bad-worker:"))
      return mooring::run_bad_worker(command.substr(command.find(':') + 1));
  }
  ::testing::InitGoogleTest(&argument_count, arguments);
  return RUN_ALL_TESTS();
}
