return {
  name = "go.shortread",
  version = "1.0",
  api = 1,
  license = "GPL-2.0-or-later",
  summary = "Reads that got less than they asked for, by stack.",
  description = [[
Counts, in the kernel, the calls of a Read that returned fewer bytes than the slice has room for,
by the stack that made them. Code that takes a Read for io.ReadFull is among them. Reads at the
end of a file, which return nothing, count unless end=no.

Any method (pointer) Read(p []byte) (n int, err error) can be watched: net.(*conn).Read,
crypto/tls.(*Conn).Read. With lines=yes each of them is a line, too.]],
  keywords = { "go", "io", "Read", "ReadFull", "short" },
  category = "go",
  targets = { { needs = "go" } },
  args = {
    { name = "functions", type = "location", default = "os.(*File).Read", help = "which Read" },
    { name = "end", type = "boolean", default = true, help = "count reads that returned nothing" },
    { name = "lines", type = "boolean", default = false, help = "print each of them" },
  },
  outputs = { { name = "short", type = "count", help = "short reads, by stack" } },
  safety = { reads_user_data = false },
  examples = { "go.shortread", "go.shortread os.(*File).Read end=no lines=yes" },
  run = function(args)
    local has_lines <const>, least <const> = args.lines, args["end"] and 0 or 1
    local short <const> = aggregate.count { title = "short reads" }

    -- (f *File) Read(b []byte) (n int, err error)
    finish(args.functions, {
      when = function(e)
        return e.reg.rax >= least and e.reg.rax < e.entry.arg[3]
      end,
    }, function(e)
      short:add(e.stack(16))
      if has_lines then
        printf("goroutine %s %s: %d of %d bytes\n", e.goid, e.func, e.reg.rax, e.entry.arg[3])
      end
    end)
  end,
}
