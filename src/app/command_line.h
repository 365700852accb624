#pragma once

#include "app/commands.h"

namespace mnist_bench {

/// Parses the command line and runs its command. Throws Error; wrong usage is Error(usage).
void run_command_line(int argc, const char* const* argv, Session& session);

}  // namespace mnist_bench
