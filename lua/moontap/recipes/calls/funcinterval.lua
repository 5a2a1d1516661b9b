return {
  name = "calls.funcinterval",
  version = "1.0",
  api = 1,
  license = "GPL-2.0-or-later",
  summary = "Histograms of the time between the calls of a function.",
  description = [[
Shows how much time passes from one call of a function to the next: how regularly a timer fires,
how often a request comes. BY says which calls belong together: func; func, tid for the calls of
one thread; comm.

Each call sends an event. An event that is lost makes one interval of two, and is counted.]],
  keywords = { "interval", "period", "regular", "jitter", "histogram", "bcc", "funcinterval" },
  category = "calls",
  args = {
    { name = "functions", type = "location", help = "a function, a glob, or /REGEX/" },
    { name = "by", type = "expressions", default = "func", help = "a histogram for each of" },
    { name = "when", type = "expression", optional = true, help = "only calls for which it holds" },
    { name = "every", type = "duration", default = "0s",
      help = "print and clear the histograms this often; 0s: at the end only" },
  },
  outputs = { { name = "interval", type = "histogram", unit = "time",
                help = "from a call to the next" } },
  safety = { max_rate = 200000, reads_user_data = false },
  examples = { "calls.funcinterval malloc", "calls.funcinterval libc:nanosleep by=tid every=10s" },
  run = function(args)
    local interval <const> =
      aggregate.hist { title = "interval of " .. args.functions, unit = "ns" }
    local last = {} -- when each was called, by the text of its keys
    local function note(time, ...)
      local keys = table.pack(...)
      for i = 1, keys.n do keys[i] = tostring(keys[i]) end
      local name = table.concat(keys, "\0", 1, keys.n)
      if last[name] then interval:add(time - last[name], ...) end
      last[name] = time
    end
    probe(args.functions, callback("note(e.time, " .. args.by .. ")", { note = note }, args.when))
    report(args.every, interval)
  end,
}
