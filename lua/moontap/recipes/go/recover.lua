return {
  name = "go.recover",
  version = "1.0",
  api = 1,
  license = "GPL-2.0-or-later",
  summary = "The panics that are recovered, and where.",
  description = [[
A line for each recover() that stops a panic: the goroutine, and the value of the panic with its
type. The stack below it has the deferred function that recovers first, and further down, behind
runtime.gopanic, the function that has panicked. A recover() without a panic is filtered in the
kernel.

With lines=no nothing is printed, but counted by stack in the kernel. "recipe help go.panic" is
about all panics, recovered or not.]],
  keywords = { "go", "panic", "recover", "error" },
  category = "go",
  targets = { { needs = "go" } },
  args = {
    { name = "stack", type = "boolean", default = true, help = "show where" },
    { name = "lines", type = "boolean", default = true,
      help = "a line each; no: count by stack, in the kernel" },
  },
  outputs = { { name = "recovered", help = "the value of the panic" } },
  safety = { max_rate = 10000, reads_user_data = true },
  examples = { "go.recover", "go.recover lines=no" },
  run = function(args)
    local has_stack <const>, has_lines <const> = args.stack, args.lines

    -- Its result, any, is in two registers: its type, 0 if nothing was recovered, and its value.
    finish("runtime.gorecover", { when = function(e) return e.reg.rax ~= 0 end }, function(e)
      if has_lines then
        printf("goroutine %s recovers %s\n", e.goid, e.iface(e.reg.rax, e.reg.rbx))
        if has_stack then print(e.stack()) end
      else
        e.count(e.stack(16))
      end
    end)
  end,
}
