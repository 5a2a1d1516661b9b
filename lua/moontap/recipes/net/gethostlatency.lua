return {
  name = "net.gethostlatency",
  version = "1.0",
  api = 1,
  license = "GPL-2.0-or-later",
  summary = "Look-ups of host names: which, how long, with what result.",
  description = [[
Prints a line for each getaddrinfo, gethostbyname and gethostbyname2 of libc that took at least
LEAST: the time it took, the name, and why it failed if it did. The histogram of all of them comes
at the end. A program with a resolver of its own, such as one of Go without cgo, does not call
these.]],
  keywords = { "dns", "host", "name", "lookup", "resolver", "getaddrinfo", "latency", "network",
               "bcc", "gethostlatency" },
  category = "net",
  args = {
    { name = "least", type = "duration", default = "0s", help = "the shortest that is shown" },
  },
  outputs = {
    { name = "latency", type = "duration", help = "how long the look-up took" },
    { name = "host", type = "string", help = "the name, and the error if it was not found" },
  },
  targets = { { module = "libc.so.6",
                symbols = { "getaddrinfo", "gethostbyname", "gethostbyname2" } } },
  safety = { max_rate = 10000, reads_user_data = true },
  examples = { "net.gethostlatency", "net.gethostlatency least=100ms" },
  run = function(args)
    local show = require "moontap.recipe.show"
    local least <const> = args.least
    local latency <const> = aggregate.hist { title = "look-ups", unit = "ns" }
    -- netdb.h
    local errors = {
      [-1] = "EAI_BADFLAGS", [-2] = "EAI_NONAME", [-3] = "EAI_AGAIN", [-4] = "EAI_FAIL",
      [-5] = "EAI_NODATA", [-6] = "EAI_FAMILY", [-7] = "EAI_SOCKTYPE", [-8] = "EAI_SERVICE",
      [-10] = "EAI_MEMORY", [-11] = "EAI_SYSTEM", [-12] = "EAI_OVERFLOW",
    }

    local function failure(func, rax)
      if func ~= "getaddrinfo" then return rax == 0 and "not found" end
      local code = rax & 0xffffffff -- an int
      if code == 0 then return false end
      if code >= 0x80000000 then code = code - 0x100000000 end
      return errors[code] or tostring(code)
    end
    local function looked_up(time, comm, tid, elapsed, func, host, rax)
      local failed = failure(func, rax)
      print(show.line(time, comm, tid, string.format(
        "%7s  %s  %s%s", show.duration(elapsed), func, show.text(ok(host, "(none)")),
        failed and "  " .. failed or "")))
    end

    for _, name in ipairs { "getaddrinfo", "gethostbyname", "gethostbyname2" } do
      finish("libc:" .. name, function(e) latency:add(e.elapsed, e.func) end)
      finish("libc:" .. name, { when = function(e) return e.elapsed >= least end }, function(e)
        looked_up(e.time, e.comm, e.tid, e.elapsed, e.func, e.str(e.entry.arg[1]), e.reg.rax)
      end)
    end
  end,
}
