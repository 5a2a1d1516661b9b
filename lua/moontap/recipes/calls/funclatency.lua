return {
  name = "calls.funclatency",
  version = "1.0",
  api = 1,
  license = "GPL-2.0-or-later",
  summary = "Histograms of how long functions take, from entry to return.",
  description = [[
Measures each call of the functions that FUNCTIONS names, from its entry to its return, and shows
a histogram for each of them. All of it is in the kernel. Recursion and threads pair exactly; a
call that leaves by longjmp or an exception is not counted.

BY says what has a histogram of its own: func; func, tid for each thread; func, entry.arg[1] for
each value of an argument. WHEN is about the return: result < 0, entry.arg[2] > 4096.]],
  keywords = { "latency", "duration", "time", "slow", "histogram", "bcc", "funclatency" },
  category = "calls",
  args = {
    { name = "functions", type = "location", help = "a function, a glob, or /REGEX/" },
    { name = "unit", type = "string", default = "ns", choices = { "ns", "us", "ms" },
      help = "the buckets are powers of two of it" },
    { name = "by", type = "expressions", default = "func", help = "a histogram for each of" },
    { name = "when", type = "expression", optional = true, help = "only calls for which it holds" },
    { name = "every", type = "duration", default = "0s",
      help = "print and clear the histograms this often; 0s: at the end only" },
  },
  outputs = { { name = "latency", type = "histogram", unit = "time",
                help = "from a call's entry to its return" } },
  safety = { reads_user_data = false },
  examples = { "calls.funclatency malloc", "calls.funclatency malloc unit=us every=1s",
               "calls.funclatency libc:read by='func, tid' when='result > 0'" },
  run = function(args)
    local factors = { ns = 1, us = 1000, ms = 1000000 }
    local latency <const> =
      aggregate.hist { title = "latency of " .. args.functions, unit = args.unit }
    finish(args.functions, callback("latency:add(e.elapsed // factor, " .. args.by .. ")",
                                    { latency = latency, factor = factors[args.unit] }, args.when))
    report(args.every, latency)
  end,
}
