return {
  name = "go.mutex",
  version = "1.0",
  api = 1,
  license = "GPL-2.0-or-later",
  summary = "Where goroutines wait for locks, and how long.",
  description = [[
A histogram of waits for each stack that took a sync.Mutex or a sync.RWMutex, as a reader or a
writer, and had to wait. A lock that is free, or is after a little spinning, costs nothing. A
wait counts when it is over. All of it in the kernel; with lines=yes each wait is a line, too,
with the address of the lock's semaphore, which tells one lock from another.

"recipe help go.chan" is about channels.]],
  keywords = { "go", "mutex", "rwmutex", "lock", "block", "wait", "contention" },
  category = "go",
  targets = { { needs = "go" } },
  args = {
    { name = "slow", type = "duration", default = "0s", help = "only waits this long" },
    { name = "lines", type = "boolean", default = false, help = "print each wait" },
  },
  outputs = { { name = "waits", type = "histogram", unit = "ns", help = "by stack" } },
  safety = { reads_user_data = false },
  examples = { "go.mutex", "go.mutex slow=1ms lines=yes" },
  run = function(args)
    local golang = require "moontap.recipe.golang"
    local slow <const>, has_lines <const> = args.slow, args.lines
    local waits <const> = aggregate.hist { title = "waits for locks", unit = "ns" }

    -- (addr *uint32, ...). A Mutex is internal/sync's from Go 1.24 on; an RWMutex has functions of
    -- its own from 1.20 on, and waits as a Mutex does before.
    for _, name in ipairs(golang.all_of {
      "sync.runtime_SemacquireMutex", "internal/sync.runtime_SemacquireMutex",
      "sync.runtime_SemacquireRWMutex", "sync.runtime_SemacquireRWMutexR",
    }) do
      finish(name, { when = function(e) return e.elapsed >= slow end }, function(e)
        waits:add(e.elapsed, e.stack(16))
        if has_lines then
          printf("goroutine %s waited %s for the lock at 0x%x\n", e.goid, golang.time(e.elapsed),
                 e.entry.arg[1])
        end
      end)
    end
  end,
}
