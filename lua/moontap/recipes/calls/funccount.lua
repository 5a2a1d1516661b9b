return {
  name = "calls.funccount",
  version = "1.0",
  api = 1,
  license = "GPL-2.0-or-later",
  summary = "Count the calls of functions, all in the kernel.",
  description = [[
Counts how often each function that FUNCTIONS names is entered. No event is sent: the counts are
made in the kernel. They are shown at the end, by "info aggregates", and with every=TIME again and
again, each time anew.]],
  keywords = { "count", "frequency", "hot", "bcc", "funccount" },
  category = "calls",
  args = {
    { name = "functions", type = "location", help = "a function, a glob, or /REGEX/" },
    { name = "every", type = "duration", default = "0s",
      help = "print and clear the counts this often; 0s: at the end only" },
  },
  outputs = { { name = "calls", type = "count", help = "calls of a function" } },
  safety = { reads_user_data = false },
  examples = { "calls.funccount malloc", "calls.funccount main.* every=1s" },
  run = function(args)
    local calls <const> = aggregate.count { title = "calls" }
    probe(args.functions, function(e) calls:add(e.func) end)
    report(args.every, calls)
  end,
}
