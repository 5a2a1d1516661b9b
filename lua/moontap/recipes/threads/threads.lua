return {
  name = "threads.threads",
  version = "1.0",
  api = 1,
  license = "GPL-2.0-or-later",
  summary = "Threads as they are started: which routine, by whom.",
  description = [[
Prints a line for each pthread_create: the thread that starts another one, the routine that the
new one begins with, and the code that starts it; with stack=N the whole way there. Threads of
C++ begin with a routine of libstdc++: their stack says more.]],
  keywords = { "thread", "start", "pthread_create", "routine", "bcc", "threadsnoop", "uthreads" },
  category = "threads",
  args = {
    { name = "stack", type = "integer", default = 0, min = 0, max = 127,
      help = "frames of the stack to show" },
  },
  outputs = { { name = "routine", type = "string", help = "what the new thread runs" },
              { name = "by", type = "string", help = "the code that starts it" } },
  safety = { reads_user_data = false },
  examples = { "threads.threads", "threads.threads stack=8" },
  run = function(args)
    local show = require "moontap.recipe.show"
    local depth <const> = math.max(args.stack, 2)
    local function line(time, comm, tid, pid, routine, stack)
      local name = symbol(routine, pid) or string.format("0x%x", routine)
      print(show.line(time, comm, tid, string.format("starts %s  by %s", name, stack[2] or "?")))
      if args.stack > 0 then print(stack) end
    end
    probe("pthread_create", function(e)
      line(e.time, e.comm, e.tid, e.pid, e.arg[3], e.stack(depth))
    end)
  end,
}
