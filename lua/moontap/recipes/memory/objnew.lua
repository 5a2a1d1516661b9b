return {
  name = "memory.objnew",
  version = "1.0",
  api = 1,
  license = "GPL-2.0-or-later",
  summary = "What C++ makes with new: how many objects, of which size, by whom.",
  description = [[
Counts the calls of operator new, of which new[] is one: as=size how many objects of each size,
as=hist a histogram of the sizes, as=stack who makes how many, as=bytes who asks for how many
bytes. Sizes are counted in the kernel, stacks where libstdc++ keeps frame pointers.]],
  keywords = { "new", "object", "c++", "allocation", "size", "stack", "bcc", "objnew", "uobjnew" },
  category = "memory",
  args = {
    { name = "as", type = "string", default = "size",
      choices = { "size", "hist", "stack", "bytes" }, help = "what is counted" },
    { name = "depth", type = "integer", default = 8, min = 1, max = 127,
      help = "frames of a stack" },
    { name = "library", type = "string", default = "libstdc++",
      help = "whose operator new it is: libc++abi; '' for the program's own" },
    { name = "every", type = "duration", default = "0s",
      help = "print and clear this often; 0s: at the end only" },
  },
  outputs = { { name = "objects", type = "count", help = "by size or by stack" },
              { name = "bytes", type = "sum", unit = "bytes", help = "by stack" } },
  targets = { { module = "libstdc++.so.6", symbols = { "_Znwm", "_ZnwmSt11align_val_t" } } },
  safety = { max_rate = 200000, reads_user_data = false },
  examples = { "memory.objnew", "memory.objnew as=stack depth=4 every=5s", "memory.objnew bytes" },
  run = function(args)
    local allocator = require "moontap.recipe.allocator"
    local sizes <const> = aggregate.count { title = "objects by size" }
    local hist <const> = aggregate.hist { title = "sizes of objects", unit = "bytes" }
    local stacks <const> = aggregate.count { title = "objects by stack" }
    local bytes <const> = aggregate.sum { title = "bytes by stack", unit = "bytes" }
    local depth <const> = args.depth
    local shown = {
      size = { sizes, function(e) sizes:add(e.arg[1]) end },
      hist = { hist, function(e) hist:add(e.arg[1]) end },
      stack = { stacks, function(e) stacks:add(e.stack(depth)) end },
      bytes = { bytes, function(e) bytes:add(e.arg[1], e.stack(depth)) end },
    }
    local chosen = shown[args.as]
    for _, name in ipairs { "_Znwm", "_ZnwmSt11align_val_t" } do -- (size), (size, alignment)
      probe(allocator.location(args.library, name), chosen[2])
    end
    report(args.every, chosen[1])
  end,
}
