return {
  name = "go.gc",
  version = "1.0",
  api = 1,
  license = "GPL-2.0-or-later",
  summary = "The cycles of the garbage collector: duration, pauses, heap before and after.",
  description = [[
A line for each cycle that begins after this: why (heap: it has grown; time: the last one is two
minutes ago; forced: runtime.GC), the heap when it began and what was still in use at its end,
how long it took, and for how long the world was stopped at its begin and at its end. Histograms
of the durations and the pauses are shown at the end. The heap at the begin is known for Go 1.19,
and from 1.21 to 1.24.]],
  keywords = { "go", "garbage", "collector", "heap", "pause", "memory" },
  category = "go",
  targets = { { needs = "go" } },
  args = {
    { name = "slow", type = "duration", default = "0s", help = "print cycles this long only" },
  },
  outputs = {
    { name = "cycle", help = "why, heap before and after, duration, pauses" },
    { name = "durations", type = "histogram", unit = "ns" },
    { name = "pauses", type = "histogram", unit = "ns" },
  },
  safety = { max_rate = 1000, reads_user_data = false },
  examples = { "go.gc", "go.gc slow=10ms" },
  run = function(args)
    local golang = require "moontap.recipe.golang"
    local minor = golang.minor()
    local durations = aggregate.hist { title = "durations of collections", unit = "ns" }
    local pauses = aggregate.hist { title = "pauses of collections", unit = "ns" }
    local triggers = { [0] = "heap", "time", "forced" } -- gcTriggerKind
    -- Where gcControllerState has its heapLive.
    local live_offset <const> = minor == 19 and 136 or minor and minor >= 21 and minor <= 24 and 104
    local programs = {} -- by pid: what is known of the world and of the cycle under way

    local function program(pid)
      programs[pid] = programs[pid] or {}
      return programs[pid]
    end
    local function begin(pid, kind, heap)
      local p = program(pid)
      p.kind, p.before, p.start, p.is_gc, p.first = triggers[kind], heap, p.stopped, true, nil
    end
    local function end_pause(p, now)
      local pause = now - p.stopped
      p.stopped, p.is_gc = nil, false
      pauses:add(pause)
      if not p.after then
        p.first = pause
        return
      end
      local duration = now - p.start
      durations:add(duration)
      if duration >= args.slow then
        printf("%s: %s -> %s in %s, pauses %s and %s\n", p.kind, golang.size(p.before),
               golang.size(p.after), golang.time(duration), golang.time(p.first),
               golang.time(pause))
      end
      p.start, p.after = nil, nil
    end

    probe("runtime.stopTheWorldWithSema", function(e) program(e.pid).stopped = e.time end)
    -- (c *gcControllerState) startCycle(markStartTime int64, procs int, trigger gcTrigger)
    probe("runtime.(*gcControllerState).startCycle", function(e)
      if live_offset then begin(e.pid, e.arg[4], e.u64(e.arg[1] + live_offset))
      else begin(e.pid, e.arg[4], "?") end
    end)
    -- (c *gcControllerState) resetLive(bytesMarked uint64)
    probe("runtime.(*gcControllerState).resetLive", function(e)
      local p = program(e.pid)
      if p.start then p.after, p.is_gc = e.arg[2], true end
    end)
    finish("runtime.startTheWorldWithSema", function(e)
      local p = program(e.pid)
      if p.is_gc and p.stopped then end_pause(p, e.time) end
    end)
  end,
}
