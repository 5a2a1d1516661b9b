return {
  name = "threads.deadlock",
  version = "1.0",
  api = 1,
  license = "GPL-2.0-or-later",
  summary = "Mutexes that threads take in orders that can block them for ever.",
  description = [[
Notes which mutex is taken while which others are held. If one thread takes A and then B, and
another B and then A, they can come to wait for each other, even if they have not yet: such a
cycle, of two mutexes or more, is shown once, with the stacks by which each was taken.

A cycle may be harmless: if a third mutex is held around it, or the threads never run at the same
time. Each lock and unlock sends an event, a lock a piece of its stack too; an event of an unlock
that is lost makes a mutex look held. Locks that give up after a time are not looked at.]],
  keywords = { "deadlock", "mutex", "lock", "order", "inversion", "cycle", "thread", "bcc" },
  category = "threads",
  args = {
    { name = "depth", type = "integer", default = 8, min = 1, max = 127,
      help = "frames of a stack" },
  },
  outputs = { { name = "cycle", type = "string",
                help = "the mutexes, the threads, and the stacks that took them" } },
  safety = { max_rate = 50000, reads_user_data = false },
  examples = { "threads.deadlock", "threads.deadlock depth=4" },
  run = function(args)
    local show = require "moontap.recipe.show"
    local graph = require("moontap.recipe.lockgraph").new()
    local depth <const> = args.depth
    local cycles = 0

    local function tell(pid, cycle)
      cycles = cycles + 1
      print(string.format("Lock-order cycle %d: %d mutexes in process %d", cycles, #cycle, pid))
      for _, edge in ipairs(cycle) do
        print(string.format("  %s wants 0x%x while it holds 0x%x", edge.thread, edge.to,
                            edge.from))
        print(string.format("   0x%x taken at", edge.from))
        print(edge.held_at)
        print(string.format("   0x%x wanted at", edge.to))
        print(edge.wanted_at)
      end
    end
    local function lock(pid, tid, comm, mutex, stack)
      local thread = string.format("%s[%d]", show.text(comm), tid)
      for _, cycle in ipairs(graph:wanted(pid, tid, mutex, thread, stack)) do tell(pid, cycle) end
    end
    local function have(pid, tid, mutex, stack) graph:taken(pid, tid, mutex, stack) end
    local function unlock(pid, tid, mutex) graph:released(pid, tid, mutex) end
    local function destroy(pid, mutex) graph:destroyed(pid, mutex) end

    probe("pthread_mutex_lock", function(e)
      lock(e.pid, e.tid, e.comm, e.arg[1], e.stack(depth))
      have(e.pid, e.tid, e.arg[1], e.stack(depth))
    end)
    -- It gives up: nobody waits for ever for it.
    finish("pthread_mutex_trylock", { when = function(e) return e.result == 0 end }, function(e)
      have(e.pid, e.tid, e.entry.arg[1], e.stack(depth))
    end)
    probe("pthread_mutex_unlock", function(e) unlock(e.pid, e.tid, e.arg[1]) end)
    probe("pthread_mutex_destroy", function(e) destroy(e.pid, e.arg[1]) end)
    atexit(function()
      if cycles == 0 then print("No lock-order cycle was seen.") end
    end)
  end,
}
