return {
  name = "go.goroutine",
  version = "1.0",
  api = 1,
  license = "GPL-2.0-or-later",
  summary = "Which goroutine starts which, and where.",
  description = [[
A line for each go statement that is run: the goroutine that runs it, the number of the new one
("break LOCATION goroutine N" follows it), and the function that the new one begins with; below
it where that is in the program. The compiler makes a function of its own for arguments: main.f
with arguments begins with main.caller.gowrap1, or main.caller.func1 before Go 1.22.

With lines=no nothing is printed, but counted by stack in the kernel.]],
  keywords = { "go", "spawn", "newproc", "leak" },
  category = "go",
  targets = { { needs = "go" } },
  args = {
    { name = "stack", type = "boolean", default = true, help = "show where" },
    { name = "lines", type = "boolean", default = true,
      help = "a line each; no: count by stack, in the kernel" },
  },
  outputs = { { name = "goroutine", help = "who starts whom, and with which function" } },
  safety = { max_rate = 100000, reads_user_data = false },
  examples = { "go.goroutine", "go.goroutine stack=no", "go.goroutine lines=no" },
  run = function(args)
    local minor = require "moontap.recipe.golang".minor()
    -- Where the runtime's g has its goid.
    local goid_offset <const> = (minor == 23 or minor == 24) and 160 or 152

    if not args.lines then
      probe("runtime.newproc", function(e) e.count(e.stack(16)) end)
      return
    end
    -- The new goroutine is made on a system stack: before Go 1.21 nothing leads back from there.
    local stacks = {} -- by goroutine
    if args.stack then
      probe("runtime.newproc", function(e) stacks[e.goid] = e.stack() end)
    end
    finish("runtime.newproc1", function(e)
      printf("goroutine %s starts goroutine %s: %s\n", e.goid, e.u64(e.reg.rax + goid_offset),
             e.gofunc(e.entry.arg[1]))
      if stacks[e.goid] then print(stacks[e.goid]) end
      stacks[e.goid] = nil
    end)
  end,
}
