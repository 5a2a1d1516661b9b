return {
  name = "go.latency",
  version = "1.0",
  api = 1,
  license = "GPL-2.0-or-later",
  summary = "How long calls of functions take, as a histogram for each.",
  description = [[
From a call's entry to its return: what the goroutine waits in between counts, and wherever it
goes on. All of it in the kernel: no event is sent. The histograms are shown at the end, by "info
aggregates", and with every=TIME again and again, each time anew. Inlined copies of a function
have no return and are left out.]],
  keywords = { "go", "histogram", "slow", "duration" },
  category = "go",
  targets = { { needs = "go" } },
  args = {
    { name = "functions", type = "location", help = "a function, a glob, or /REGEX/" },
    { name = "goroutines", type = "boolean", default = false, help = "a histogram for each, too" },
    { name = "slow", type = "duration", default = "0s", help = "count only calls this long" },
    { name = "every", type = "duration", default = "0s",
      help = "print and clear the histograms this often; 0s: at the end only" },
  },
  outputs = { { name = "latency", type = "histogram", unit = "ns",
                help = "by function; by goroutine as well, if wanted" } },
  safety = { reads_user_data = false },
  examples = { "go.latency main.* slow=1ms", "go.latency main.main goroutines=yes every=1s" },
  run = function(args)
    local slow <const>, by_goroutine <const> = args.slow, args.goroutines
    local latency <const> = aggregate.hist {
      title = by_goroutine and "latency by goroutine" or "latency", unit = "ns",
    }

    finish(args.functions, { when = function(e) return e.elapsed >= slow end }, function(e)
      if by_goroutine then latency:add(e.elapsed, e.func, e.goid)
      else latency:add(e.elapsed, e.func) end
    end)
    if args.every > 0 then
      every(args.every / 1e9, function()
        print(latency)
        latency:clear()
      end)
    end
  end,
}
