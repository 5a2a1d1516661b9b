return {
  name = "go.httpclient",
  version = "1.0",
  api = 1,
  license = "GPL-2.0-or-later",
  summary = "The requests that the program makes by net/http, with status, URL and time.",
  description = [[
A line for each request that an http.Client has made, when the header of the answer is there or
the request has failed: how long that took, redirects included, the method, the URL, and the
status or the error with its type. HTTP/1 and HTTP/2 alike. A Transport that is used without a
Client is not seen.]],
  keywords = { "go", "http", "https", "client", "request", "url", "status", "latency" },
  category = "go",
  targets = { { needs = "go" } },
  args = {
    { name = "stack", type = "boolean", default = false, help = "show who asked" },
    { name = "slow", type = "duration", default = "0s", help = "only those that took this long" },
    { name = "failed", type = "boolean", default = false,
      help = "only errors, and statuses from 400 on" },
  },
  outputs = { { name = "request", help = "goroutine, time, method, URL, status or error" } },
  safety = { max_rate = 10000, reads_user_data = true },
  examples = { "go.httpclient", "go.httpclient slow=100ms stack=yes", "go.httpclient failed=yes" },
  run = function(args)
    local golang = require "moontap.recipe.golang"
    local slow <const>, has_stack <const> = args.slow, args.stack
    local least <const> = args.failed and 400 or 0

    -- (c *Client) do(req *Request) (retres *Response, reterr error). Of a Request: the method at 0,
    -- the *url.URL at 16; in that the scheme at 0, the host at 40, the path at 56, the query at
    -- 96. Of a Response the status is at 16. The error is an *url.Error: its reason is at 32.
    finish("net/http.(*Client).do", {
      when = function(e)
        return e.elapsed >= slow and (e.reg.rax == 0 or e.u64(e.reg.rax + 16) >= least)
      end,
    }, function(e)
      local method = e.bytes(e.u64(e.entry.arg[2]), e.u64(e.entry.arg[2] + 8))
      local scheme = e.bytes(e.u64(e.u64(e.entry.arg[2] + 16)),
                             e.u64(e.u64(e.entry.arg[2] + 16) + 8))
      local host = e.bytes(e.u64(e.u64(e.entry.arg[2] + 16) + 40),
                           e.u64(e.u64(e.entry.arg[2] + 16) + 48))
      local path = e.bytes(e.u64(e.u64(e.entry.arg[2] + 16) + 56),
                           e.u64(e.u64(e.entry.arg[2] + 16) + 64))
      local query = e.bytes(e.u64(e.u64(e.entry.arg[2] + 16) + 96),
                            e.u64(e.u64(e.entry.arg[2] + 16) + 104))
      local failure = e.iface(e.u64(e.reg.rcx + 32), e.u64(e.reg.rcx + 40))
      local outcome = e.reg.rax ~= 0 and e.u64(e.reg.rax + 16) or failure

      printf("goroutine %s %s %s %s://%s%s%s %s\n", e.goid, golang.time(e.elapsed),
             method == "" and "GET" or method, scheme, host, path,
             query == "" and "" or "?" .. query, outcome)
      if has_stack then print(e.stack()) end
    end)
  end,
}
