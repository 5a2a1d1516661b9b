return {
  name = "go.httpserver",
  version = "1.0",
  api = 1,
  license = "GPL-2.0-or-later",
  summary = "The requests that a net/http server answers, and a histogram of times by path.",
  description = [[
A line for each request when its handler returns: how long that took, the status, the method, the
path. HTTP/1 and HTTP/2 alike, whatever router the program has. The histograms are shown at the
end and by "info aggregates". A path is the one that was asked for, as far as 254 bytes. Requests
whose handler panics are not seen.

With lines=no no event is sent: the histograms are made in the kernel.]],
  keywords = { "go", "http", "https", "server", "request", "path", "status", "latency", "slow" },
  category = "go",
  targets = { { needs = "go" } },
  args = {
    { name = "slow", type = "duration", default = "0s", help = "only those that took this long" },
    { name = "failed", type = "boolean", default = false,
      help = "print only statuses from 400 on" },
    { name = "lines", type = "boolean", default = true, help = "print requests" },
  },
  outputs = {
    { name = "request", help = "goroutine, time, status, method, path" },
    { name = "latency", type = "histogram", unit = "ns", help = "by path" },
  },
  safety = { max_rate = 50000, reads_user_data = true },
  examples = { "go.httpserver", "go.httpserver slow=10ms", "go.httpserver lines=no" },
  run = function(args)
    local golang = require "moontap.recipe.golang"
    local slow <const> = args.slow
    local least = args.failed and 400 or 0
    local latency <const> = aggregate.hist { title = "latency by path", unit = "ns" }
    local handler = "net/http.serverHandler.ServeHTTP"
    local long = { when = function(e) return e.elapsed >= slow end }

    -- (sh serverHandler) ServeHTTP(rw ResponseWriter, req *Request). Of a Request: the method at
    -- 0, the *url.URL at 16, ProtoMajor at 40; of an URL the path at 56.
    if not args.lines then
      finish(handler, long, function(e)
        latency:add(e.elapsed, e.entry.bytes(e.u64(e.u64(e.arg[4] + 16) + 56),
                                             e.u64(e.u64(e.arg[4] + 16) + 64)))
      end)
      return
    end

    -- Of HTTP/2, by goroutine: the status of the handler that runs, 0 until it has one.
    local statuses = {}
    for _, writer in ipairs { "net/http.(*http2responseWriterState).writeHeader",
                              "golang.org/x/net/http2.(*responseWriterState).writeHeader" } do
      if golang.has(writer) then -- writeHeader(code int); one below 200 is not the last
        probe(writer, { when = function(e) return e.arg[2] >= 200 end }, function(e)
          if statuses[e.goid] == 0 then statuses[e.goid] = e.arg[2] end
        end)
      end
    end
    probe(handler, { when = function(e) return e.u64(e.arg[4] + 40) == 2 end },
          function(e) statuses[e.goid] = 0 end)

    finish(handler, long, function(e)
      local writer = e.iface(e.entry.arg[2], e.entry.arg[3])
      local method = e.bytes(e.u64(e.entry.arg[4]), e.u64(e.entry.arg[4] + 8))
      local path = e.entry.bytes(e.u64(e.u64(e.arg[4] + 16) + 56),
                                 e.u64(e.u64(e.arg[4] + 16) + 64))
      local status = statuses[e.goid]

      statuses[e.goid] = nil
      if writer.type == "*http.response" then
        status = writer.w == nil and "hijacked" or writer.status
      end
      if status == 0 then status = 200 end -- as it will be: the handler has set none
      latency:add(e.elapsed, path)
      if least == 0 or math.type(status) and status >= least then
        printf("goroutine %s %s %s %s %s\n", e.goid, golang.time(e.elapsed), status or "-", method,
               path)
      end
    end)
  end,
}
