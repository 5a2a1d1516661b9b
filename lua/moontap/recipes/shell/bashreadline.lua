return {
  name = "shell.bashreadline",
  version = "1.0",
  api = 1,
  license = "GPL-2.0-or-later",
  summary = "The lines that are typed into bash.",
  description = [[
Prints each line that somebody has typed at the prompt of bash, as readline returns it, before
bash looks at it: aliases, variables and history are not expanded yet. What a script runs is not
typed.]],
  keywords = { "bash", "shell", "readline", "command", "typed", "bcc", "bashreadline" },
  category = "shell",
  outputs = { { name = "line", type = "string", help = "time, the shell, what was typed" } },
  targets = { { module = "bash", symbols = { "readline" } } },
  safety = { max_rate = 10000, reads_user_data = true },
  examples = { "shell.bashreadline" },
  run = function()
    local show = require "moontap.recipe.show"
    local function typed(time, comm, pid, line)
      print(show.line(time, comm, pid, show.text(line)))
    end
    -- At the end of its input readline returns none.
    finish("readline", { when = function(e) return e.reg.rax ~= 0 end },
           function(e) typed(e.time, e.comm, e.pid, e.str(e.reg.rax, 4096)) end)
  end,
}
