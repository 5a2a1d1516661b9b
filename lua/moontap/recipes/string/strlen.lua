return {
  name = "string.strlen",
  version = "1.0",
  api = 1,
  license = "GPL-2.0-or-later",
  summary = "Which texts strlen is called with, counted.",
  description = [[
Counts the texts that strlen of libc is given, in the kernel; of a longer one its first SIZE
bytes. as=length is a histogram of their lengths instead, which are read at the return; as=stack
says who calls. libc has a strlen for each kind of processor: it is the one that this machine uses.
Calls that the compiler has replaced are not seen.]],
  keywords = { "strlen", "string", "text", "frequency", "bcc", "bpftrace" },
  category = "string",
  args = {
    { name = "as", type = "string", default = "text", choices = { "text", "length", "stack" },
      help = "what is counted: texts, lengths, or who calls" },
    { name = "size", type = "integer", default = 64, min = 1, max = 128,
      help = "bytes of a text that count" },
    { name = "depth", type = "integer", default = 4, min = 1, max = 127,
      help = "frames of a stack" },
    { name = "when", type = "expression", optional = true, help = "only calls for which it holds" },
    { name = "every", type = "duration", default = "0s",
      help = "print and clear this often; 0s: at the end only" },
  },
  outputs = { { name = "calls", type = "count", help = "by text, length or stack" } },
  targets = { { module = "libc.so.6", symbols = { "strlen" } } },
  safety = { max_rate = 500000, reads_user_data = true },
  examples = { "string.strlen", "string.strlen size=16 every=1s",
               "string.strlen length when='reg.rax > 100'",
               "string.strlen stack when='u8(arg[1]) == 0'" },
  run = function(args)
    local ways = {
      text = { probe, aggregate.count { title = "texts" }, "shown:add(str(e.arg[1], size))" },
      length = { finish, aggregate.hist { title = "lengths", unit = "bytes" },
                 "shown:add(e.reg.rax)" },
      stack = { probe, aggregate.count { title = "callers of strlen" },
                "shown:add(e.stack(depth))" },
    }
    local set, shown, block = table.unpack(ways[args.as])
    set("libc:strlen", callback(block, { shown = shown, size = args.size, depth = args.depth },
                                args.when))
    report(args.every, shown)
  end,
}
