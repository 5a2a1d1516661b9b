return {
  name = "go.tcpremote",
  version = "1.0",
  api = 1,
  license = "GPL-2.0-or-later",
  summary = "The addresses that the program connects to by TCP.",
  description = [[
A line for each attempt, when it has come to its end: how long it took, the address, IPv4 or
IPv6, and "connected" or the error. A name that has several addresses may take several attempts.]],
  keywords = { "go", "net", "tcp", "dial", "connect", "address", "ipv6" },
  category = "go",
  targets = { { needs = "go" } },
  args = {
    { name = "stack", type = "boolean", default = false, help = "show who connects" },
    { name = "port", type = "integer", default = 0, min = 0, max = 65535,
      help = "only to this port; 0: to all" },
    { name = "failed", type = "boolean", default = false, help = "only attempts that failed" },
  },
  outputs = { { name = "attempt", help = "goroutine, time, address, outcome" } },
  safety = { max_rate = 10000, reads_user_data = false },
  examples = { "go.tcpremote", "go.tcpremote port=443 stack=yes", "go.tcpremote failed=yes" },
  run = function(args)
    local golang = require "moontap.recipe.golang"
    local has_stack <const>, port <const>, only_failed <const> = args.stack, args.port, args.failed

    -- (sd *sysDialer) doDialTCPProto(ctx context.Context, laddr, raddr *TCPAddr, ...) (*TCPConn,
    -- error); up to Go 1.20 without "Proto". Of a TCPAddr: the IP at 0, its bytes and how many
    -- there are; the port at 24.
    finish(golang.first_of { "net.(*sysDialer).doDialTCPProto", "net.(*sysDialer).doDialTCP" }, {
      when = function(e)
        return (port == 0 or e.u64(e.entry.arg[5] + 24) == port) and
               (not only_failed or e.reg.rax == 0)
      end,
    }, function(e)
      local ip = e.bytes(e.u64(e.entry.arg[5]), e.u64(e.entry.arg[5] + 8))
      local outcome = e.reg.rax ~= 0 and "connected" or e.iface(e.reg.rbx, e.reg.rcx)

      printf("goroutine %s %s %s %s\n", e.goid, golang.time(e.elapsed),
             golang.address(ip, e.u64(e.entry.arg[5] + 24)), outcome)
      if has_stack then print(e.stack()) end
    end)
  end,
}
