return {
  name = "memory.memleak",
  version = "1.0",
  api = 1,
  license = "GPL-2.0-or-later",
  summary = "Blocks that were allocated and not freed, by the stack that asked for them.",
  description = [[
Follows the blocks of malloc, calloc, realloc, memalign and its kin from their allocation to free,
and shows what is left, by the stack that asked: at the end, and with every=TIME again and again.
What was allocated before it began is not known to it.

A block that is only young looks like one that leaks: OLDER leaves those out. Each call sends an
event. Of a busy program look at a SAMPLE: sample=16 follows one block in 16, chosen by its
address in the kernel, so that both its ends are seen; the numbers shown are multiplied by it. An
event of free() that is lost leaves a block behind: moontap says at the end if any was.]],
  keywords = { "leak", "malloc", "free", "heap", "outstanding", "allocation", "bcc", "memleak" },
  category = "memory",
  args = {
    { name = "older", type = "duration", default = "0s", help = "only blocks that are so old" },
    { name = "top", type = "integer", default = 10, min = 1, help = "so many stacks" },
    { name = "every", type = "duration", default = "0s",
      help = "print what is left this often; 0s: at the end only" },
    { name = "sample", type = "integer", default = 1, min = 1, help = "follow 1 block in so many" },
    { name = "depth", type = "integer", default = 10, min = 1, max = 126,
      help = "frames of a stack" },
    { name = "library", type = "string", default = "libc",
      help = "whose allocator it is: libjemalloc, libtcmalloc; '' for all of that name" },
  },
  outputs = {
    { name = "bytes", type = "integer", unit = "bytes", help = "that were asked for, not freed" },
    { name = "blocks", type = "integer", help = "how many blocks that is" },
    { name = "stack", type = "stack", help = "who asked for them" },
  },
  safety = { max_rate = 100000, reads_user_data = false },
  examples = { "memory.memleak", "memory.memleak older=10s every=10s sample=16",
               "memory.memleak top=3 depth=5" },
  run = function(args)
    local allocator = require "moontap.recipe.allocator"
    local blocks = require("moontap.recipe.blocks").new(args.sample)
    local names = { depth = args.depth + 1, blocks = blocks }

    local function frees(name)
      probe(allocator.location(args.library, name),
            callback("blocks:freed(e.pid, e.arg[1], e.time)", names, blocks:condition("e.arg[1]")))
    end
    -- Where RESULT is not known another function returns for this one, and is asked instead.
    local function allocates(f, pointer, condition, result)
      finish(f.location, callback(
        string.format("if ok(%s) then blocks:allocated(e.pid, %s, %s, e.time, e.stack(depth)) end",
                      result, pointer, (f.size:gsub("arg", "e.entry.arg"))), names, condition))
    end

    frees("free")
    frees("realloc")
    for _, f in ipairs(allocator.functions(args.library)) do
      if f.name == "posix_memalign" then
        local pointer = "u64(e.entry.arg[1])"
        allocates(f, pointer, "e.reg.rax & 0xffffffff == 0 and " .. blocks:condition(pointer),
                  "e.result")
      elseif f.name == "calloc" and args.library == "libc" then
        -- It may end with a jump to memset: the block is in %rdi then.
        local pointer = "ok(e.result, e.reg.rdi)"
        allocates(f, pointer, string.format("(%s) or (%s)", blocks:condition("e.reg.rax"),
                                            blocks:condition("e.reg.rdi")), pointer)
      else
        allocates(f, "e.reg.rax", blocks:condition("e.reg.rax"), "e.result")
      end
    end
    local function show() print(blocks:report(args.older, args.top)) end
    if args.every > 0 then every(args.every / 1e9, show) end
    atexit(show)
  end,
}
