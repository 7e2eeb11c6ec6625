// Precompiled for the base library only: the slow headers of fmt and spdlog.
#include <fmt/format.h>
#include <spdlog/spdlog.h>

#include <string>
