return {
  name = "memory.mallocstacks",
  version = "1.0",
  api = 1,
  license = "GPL-2.0-or-later",
  summary = "Bytes that malloc and its kin are asked for, by stack.",
  description = [[
Adds up what malloc, calloc, realloc and the aligned ones are asked for, by the stack that asks:
which code allocates most, whether it frees or not. The greatest is shown last. Of a realloc all
of the new size counts.

Where the allocator keeps frame pointers the kernel adds up. Elsewhere each call sends a piece of
its stack: with a smaller DEPTH fewer are lost, and LEAST leaves small ones out.]],
  keywords = { "malloc", "allocation", "heap", "bytes", "stack", "bcc", "mallocstacks" },
  category = "memory",
  args = {
    { name = "depth", type = "integer", default = 10, min = 1, max = 127,
      help = "frames of a stack" },
    { name = "least", type = "size", default = 0, help = "only requests of at least so much" },
    { name = "library", type = "string", default = "libc",
      help = "whose allocator it is: libjemalloc, libtcmalloc; '' for all of that name" },
    { name = "every", type = "duration", default = "0s",
      help = "print and clear the sums this often; 0s: at the end only" },
  },
  outputs = { { name = "bytes", type = "sum", unit = "bytes", help = "asked for by a stack" } },
  safety = { max_rate = 100000, reads_user_data = false },
  examples = { "memory.mallocstacks", "memory.mallocstacks depth=5 least=64K every=10s" },
  run = function(args)
    local allocator = require "moontap.recipe.allocator"
    local bytes <const> = aggregate.sum { title = "bytes asked for", unit = "bytes" }
    for _, f in ipairs(allocator.functions(args.library)) do
      -- realloc(NULL, SIZE) of libc goes on to its malloc, and is counted there.
      local is_new = f.name == "realloc" and args.library == "libc" and "arg[1] ~= 0 and " or ""
      probe(f.location, callback("bytes:add(" .. f.size .. ", e.stack(depth))",
                                 { bytes = bytes, depth = args.depth, least = args.least,
                                   most = 1 << 47 }, -- no block is larger
                                 is_new .. f.size .. " >= least and " .. f.size .. " < most"))
    end
    report(args.every, bytes)
  end,
}
