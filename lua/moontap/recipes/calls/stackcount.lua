return {
  name = "calls.stackcount",
  version = "1.0",
  api = 1,
  license = "GPL-2.0-or-later",
  summary = "Count the stacks by which functions are reached.",
  description = [[
Counts how often each stack leads to one of FUNCTIONS; the most frequent is shown last. Where the
code keeps frame pointers the kernel counts. Elsewhere each call sends a piece of its stack: with
a smaller DEPTH fewer are lost.]],
  keywords = { "stack", "caller", "who", "path", "bcc", "stackcount" },
  category = "calls",
  args = {
    { name = "functions", type = "location", help = "a function, a glob, or /REGEX/" },
    { name = "depth", type = "integer", default = 16, min = 1, max = 127,
      help = "frames of a stack; more than 16 are never counted in the kernel" },
    { name = "by", type = "expressions", optional = true,
      help = "count for each of these apart: tid; comm; arg[1]" },
    { name = "when", type = "expression", optional = true, help = "only calls for which it holds" },
    { name = "every", type = "duration", default = "0s",
      help = "print and clear the counts this often; 0s: at the end only" },
  },
  outputs = { { name = "calls", type = "count", help = "calls by a stack" } },
  safety = { max_rate = 100000, reads_user_data = false },
  examples = { "calls.stackcount malloc", "calls.stackcount libc:write depth=5 by=comm" },
  run = function(args)
    local stacks <const> = aggregate.count { title = "stacks to " .. args.functions }
    local keys = (args.by and args.by .. ", " or "") .. "e.stack(depth)"
    probe(args.functions, callback("stacks:add(" .. keys .. ")",
                                   { stacks = stacks, depth = args.depth }, args.when))
    report(args.every, stacks)
  end,
}
