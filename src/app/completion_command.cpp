#include <CLI/CLI.hpp>

#include "app/commands.h"
#include "app/completion.h"

namespace mnist_bench {

void add_completion_command(CLI::App& app) {
  CLI::App* completion =
      app.add_subcommand("completion", "Print the script that lets a shell complete words");
  completion->require_subcommand(1);
  completion->footer(R"(
cmake --install puts both scripts where the shells look for them. By hand, in ~/.bashrc:
  source <(mnist-bench completion bash)

examples:
  mnist-bench completion bash
  mnist-bench completion zsh > ~/.zsh/completions/_mnist-bench)");
  const auto add = [&](const char* shell, std::string (*script)(const Completion&)) {
    CLI::App* command = completion->add_subcommand(shell, std::string("For ") + shell);
    command->footer(std::string("\nexample:\n  mnist-bench completion ") + shell);
    command->callback([&app, script] { print(script(completion_of(app))); });
  };
  add("bash", bash_completion);
  add("zsh", zsh_completion);
}

}  // namespace mnist_bench
