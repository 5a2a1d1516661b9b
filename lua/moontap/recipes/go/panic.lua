return {
  name = "go.panic",
  version = "1.0",
  api = 1,
  license = "GPL-2.0-or-later",
  summary = "The panics and fatal errors of the program, with their values, and where.",
  description = [[
A line for each panic: the goroutine, and the value with its type; below it the stack, in which
runtime.gopanic is first and the function that has panicked follows. What the runtime panics with
(an index out of range, a nil pointer) is a value, too. A fatal error, which nothing recovers
(concurrent map writes, a deadlock), is a line of its own: its text comes from the runtime.

"recipe help go.recover" is about the panics that are recovered.]],
  keywords = { "go", "panic", "crash", "error", "throw", "fatal", "deadlock" },
  category = "go",
  targets = { { needs = "go" } },
  args = { { name = "stack", type = "boolean", default = true, help = "show where" } },
  outputs = { { name = "panics", help = "the value of the panic" } },
  safety = { max_rate = 10000, reads_user_data = true },
  examples = { "go.panic", "go.panic stack=no" },
  run = function(args)
    local has_stack <const> = args.stack

    -- gopanic(e any)
    probe("runtime.gopanic", function(e)
      printf("goroutine %s panics with %s\n", e.goid, e.iface(e.arg[1], e.arg[2]))
      if has_stack then print(e.stack()) end
    end)
    for _, name in ipairs { "runtime.throw", "runtime.fatal" } do -- throw(s string)
      probe(name, function(e)
        printf("fatal error: %s\n", e.bytes(e.arg[1], e.arg[2]))
        if has_stack then print(e.stack()) end
      end)
    end
  end,
}
