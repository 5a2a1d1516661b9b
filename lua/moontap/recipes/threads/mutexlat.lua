return {
  name = "threads.mutexlat",
  version = "1.0",
  api = 1,
  license = "GPL-2.0-or-later",
  summary = "How long threads wait for mutexes, and hold them.",
  description = [[
Histograms of the time that pthread_mutex_lock, pthread_mutex_timedlock and
pthread_mutex_clocklock take to get a mutex, by mutex or by stack, of the calls that take at least
LEAST: with 10us those that had to wait. By mutex it is all in the kernel. With held=yes there is
also how long each is held, which sends an event for each lock and unlock.]],
  keywords = { "mutex", "lock", "contention", "wait", "latency", "hold", "histogram", "bcc" },
  category = "threads",
  args = {
    { name = "by", type = "string", default = "mutex", choices = { "mutex", "stack", "thread" },
      help = "a histogram for each" },
    { name = "least", type = "duration", default = "10us", help = "shorter waits are not shown" },
    { name = "held", type = "boolean", default = false, help = "how long they are held, too" },
    { name = "depth", type = "integer", default = 6, min = 1, max = 127,
      help = "frames of a stack" },
    { name = "every", type = "duration", default = "0s",
      help = "print and clear this often; 0s: at the end only" },
  },
  outputs = { { name = "wait", type = "histogram", unit = "time", help = "until a mutex was had" },
              { name = "held", type = "histogram", unit = "time", help = "until its release" } },
  safety = { max_rate = 200000, reads_user_data = false },
  examples = { "threads.mutexlat", "threads.mutexlat by=stack least=100us",
               "threads.mutexlat held=yes every=10s" },
  run = function(args)
    local waits <const> = aggregate.hist { title = "wait for mutexes", unit = "ns" }
    local holds <const> = aggregate.hist { title = "mutexes held", unit = "ns" }
    local least <const>, depth <const> = args.least, args.depth
    local blocks = {
      mutex = function(e) waits:add(e.elapsed, e.cast("void *", e.entry.arg[1])) end,
      stack = function(e) waits:add(e.elapsed, e.stack(depth)) end,
      thread = function(e) waits:add(e.elapsed, e.comm, e.tid) end,
    }
    local timed = {} -- those that may give up, of which older systems have none or one
    for _, name in ipairs { "pthread_mutex_timedlock", "pthread_mutex_clocklock" } do
      if pcall(command, "info address " .. name) then timed[#timed + 1] = name end
    end
    finish("pthread_mutex_lock", { when = function(e) return e.elapsed >= least end },
           blocks[args.by])
    for _, name in ipairs(timed) do
      finish(name, { when = function(e) return e.elapsed >= least and e.result == 0 end },
             blocks[args.by])
    end
    if not args.held then
      report(args.every, waits)
      return
    end

    local since = {} -- when it was taken, by thread and mutex
    local function key(tid, mutex) return tid .. " " .. mutex end
    local function taken(tid, mutex, time) since[key(tid, mutex)] = time end
    local function released(tid, mutex, time, shown)
      local name = key(tid, mutex)
      if since[name] then holds:add(time - since[name], shown) end
      since[name] = nil
    end
    finish("pthread_mutex_lock", function(e) taken(e.tid, e.entry.arg[1], e.time) end)
    timed[#timed + 1] = "pthread_mutex_trylock"
    for _, name in ipairs(timed) do
      finish(name, { when = function(e) return e.result == 0 end },
             function(e) taken(e.tid, e.entry.arg[1], e.time) end)
    end
    probe("pthread_mutex_unlock",
          function(e) released(e.tid, e.arg[1], e.time, e.cast("void *", e.arg[1])) end)
    report(args.every, waits, holds)
  end,
}
