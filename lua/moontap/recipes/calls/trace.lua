return {
  name = "calls.trace",
  version = "1.0",
  api = 1,
  license = "GPL-2.0-or-later",
  summary = "A line for each call, with arguments.",
  description = [[
Prints a line for each call of FUNCTIONS for which WHEN holds, which the kernel decides where it
can.

Without SHOW a line has the arguments by name if the program has debug information. SHOW are the
expressions to show instead: arg[1], str(arg[2]), req.URL.Path. With at=return they are result
and elapsed unless told; entry.arg[1] is an argument then.]],
  keywords = { "trace", "log", "print", "calls", "arguments", "filter", "bcc", "trace" },
  category = "calls",
  args = {
    { name = "functions", type = "location", help = "a function, a glob, or /REGEX/" },
    { name = "show", type = "expressions", optional = true, help = "values to show" },
    { name = "when", type = "expression", optional = true, help = "only calls for which it holds" },
    { name = "at", type = "string", default = "entry", choices = { "entry", "return" },
      help = "a line at the entry, or at the return" },
    { name = "stack", type = "integer", default = 0, min = 0, max = 127,
      help = "frames of the stack to show" },
  },
  outputs = { { name = "call", type = "string",
                help = "time, thread, function, arguments or what SHOW names" } },
  safety = { reads_user_data = true },
  examples = { "calls.trace malloc", "calls.trace malloc show='arg[1], comm' when='arg[1] > 4096'",
               "calls.trace libc:read show='entry.arg[1], result' at=return",
               "calls.trace libc:abort stack=32" },
  run = function(args)
    local show = require "moontap.recipe.show"
    local set = args.at == "return" and finish or probe
    local wanted = args.show or args.at == "return" and "result, duration(e.elapsed)"
    if not wanted and args.stack == 0 then
      local condition = args.when and callback("return " .. args.when, {})
      set(args.functions, { when = condition })
      return
    end
    local function line(time, comm, tid, func, ...)
      local values = table.pack(...)
      for i = 1, values.n do values[i] = show.text(values[i]) end
      print(show.line(time, comm, tid, func .. (values.n > 0 and "  " or "") ..
                                       table.concat(values, ", ")))
    end
    local block = "line(e.time, e.comm, e.tid, e.func" .. (wanted and ", " .. wanted or "") .. ")"
    if args.stack > 0 then block = block .. " print(e.stack(depth))" end
    set(args.functions, callback(block, { line = line, print = print, depth = args.stack,
                                          duration = show.duration }, args.when))
  end,
}
