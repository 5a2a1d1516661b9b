return {
  name = "calls.funcslower",
  version = "1.0",
  api = 1,
  license = "GPL-2.0-or-later",
  summary = "Calls that take longer than a threshold, with their arguments.",
  description = [[
Prints a line for each call of FUNCTIONS that took at least LEAST, at its return. The kernel
decides: a faster call sends no event.

SHOW are expressions behind the line: entry.arg[1] is an argument as it was at the entry,
entry.NAME one of a program with debug information, str(entry.arg[1]) text, result what it
returned.]],
  keywords = { "slow", "latency", "threshold", "outlier", "arguments", "bcc", "funcslower" },
  category = "calls",
  args = {
    { name = "functions", type = "location", help = "a function, a glob, or /REGEX/" },
    { name = "least", type = "duration", default = "1ms", help = "the shortest that is shown" },
    { name = "show", type = "expressions", optional = true, help = "values to show, too" },
    { name = "when", type = "expression", optional = true, help = "only calls for which it holds" },
    { name = "stack", type = "integer", default = 0, min = 0, max = 127,
      help = "frames of the stack to show" },
  },
  outputs = {
    { name = "time", type = "time", help = "when the call returned" },
    { name = "thread", type = "string", help = "the thread's name and id" },
    { name = "latency", type = "duration", help = "how long it took" },
    { name = "call", type = "string", help = "the function, and what SHOW names" },
  },
  safety = { reads_user_data = true },
  examples = { "calls.funcslower malloc 10us",
               "calls.funcslower libc:read least=100ms show='entry.arg[1], result' stack=8" },
  run = function(args)
    local show = require "moontap.recipe.show"
    local function line(time, comm, tid, elapsed, func, ...)
      local text = { ... }
      for i, value in ipairs(table.pack(...)) do text[i] = show.text(value) end
      print(show.line(time, comm, tid, string.format("%7s  %s%s%s", show.duration(elapsed), func,
                                                     #text > 0 and "  " or "",
                                                     table.concat(text, ", "))))
    end
    local block = "line(e.time, e.comm, e.tid, e.elapsed, e.func" ..
                  (args.show and ", " .. args.show or "") .. ")"
    if args.stack > 0 then block = block .. " print(e.stack(depth))" end
    local slow = "e.elapsed >= least" .. (args.when and " and (" .. args.when .. ")" or "")
    finish(args.functions, callback(block, { least = args.least, depth = args.stack, line = line,
                                             print = print }, slow))
  end,
}
