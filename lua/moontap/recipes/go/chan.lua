return {
  name = "go.chan",
  version = "1.0",
  api = 1,
  license = "GPL-2.0-or-later",
  summary = "Where goroutines wait for channels, and how long.",
  description = [[
A histogram of waits for each stack that a goroutine sent, received or selected with and had to
wait: the second function says which, runtime.chansend, runtime.chanrecv or runtime.selectgo. An
operation that does not wait costs nothing. A wait counts when it is over, so what waits for ever
is not seen, nor is a nil channel. All of it in the kernel; with lines=yes each wait is a line,
too.

For Go 1.19 to 1.24. "recipe help go.mutex" is about locks.]],
  keywords = { "go", "channel", "select", "block", "wait", "contention" },
  category = "go",
  targets = { { needs = "go", versions = "Go 1.19 to 1.24" } },
  args = {
    { name = "slow", type = "duration", default = "0s", help = "only waits this long" },
    { name = "selects", type = "boolean", default = true, help = "those of select, too" },
    { name = "lines", type = "boolean", default = false, help = "print each wait" },
  },
  outputs = { { name = "waits", type = "histogram", unit = "ns", help = "by stack" } },
  safety = { reads_user_data = false },
  examples = { "go.chan", "go.chan slow=10ms selects=no lines=yes" },
  run = function(args)
    local golang = require "moontap.recipe.golang"
    local slow <const>, has_lines <const>, has_selects <const> = args.slow, args.lines, args.selects
    local minor = golang.minor()
    if minor and (minor < 19 or minor > 24) then
      error(string.format("recipe go.chan is for Go 1.19 to 1.24: %s is of %s", target.path,
                          target.go), 0)
    end
    -- The runtime's waitReason, a byte.
    local SELECT <const>, RECEIVE <const>, SEND <const> = 9, 14, 15
    local deeds = { [SELECT] = "selects", [RECEIVE] = "receives", [SEND] = "sends" }
    local waits <const> = aggregate.hist { title = "waits for channels", unit = "ns" }

    -- gopark(unlockf func, lock unsafe.Pointer, reason waitReason, ...)
    finish("runtime.gopark", {
      when = function(e)
        return e.elapsed >= slow and
               (e.entry.arg[3] & 0xff == RECEIVE or e.entry.arg[3] & 0xff == SEND or
                has_selects and e.entry.arg[3] & 0xff == SELECT)
      end,
    }, function(e)
      waits:add(e.elapsed, e.stack(16))
      if has_lines then
        printf("goroutine %s %s after %s\n", e.goid, deeds[e.entry.arg[3] & 0xff],
               golang.time(e.elapsed))
      end
    end)
  end,
}
