return {
  name = "go.random",
  version = "1.0",
  api = 1,
  license = "GPL-2.0-or-later",
  summary = "The random bytes that crypto/rand gives, in hexadecimal.",
  description = [[
A line for each read of crypto/rand, whether the program makes it or the library for it (keys of
TLS, nonces): its goroutine, how many bytes, and which. From Go 1.24 on, crypto/rand and the
library's own cryptography are read where they ask the system. In FIPS mode (GODEBUG=fips140=on)
that is only what feeds a generator of Go's: fips=yes reads there what the generator gives.

Of more bytes than "set max-string" says the first are shown, and "...".]],
  keywords = { "go", "crypto", "rand", "nonce", "key" },
  category = "go",
  targets = { { needs = "go" } },
  args = {
    { name = "stack", type = "boolean", default = false, help = "show who asked for them" },
    { name = "fips", type = "boolean", default = false, help = "Go 1.24 and later in FIPS mode" },
  },
  outputs = { { name = "random", help = "the bytes of one read" } },
  safety = { max_rate = 10000, reads_user_data = true },
  examples = { "go.random", "go.random stack=yes" },
  run = function(args)
    local golang = require "moontap.recipe.golang"
    local has_stack <const> = args.stack
    local function show(goid, data, size)
      printf("goroutine %s reads %s bytes: %s\n", goid, size, golang.hex(data))
    end

    if golang.has("crypto/internal/sysrand.Read") then -- of Go 1.24: Read(b []byte)
      local name = args.fips and "crypto/internal/fips140/drbg.Read" or
                   "crypto/internal/sysrand.Read"
      finish(name, function(e)
        show(e.goid, e.bytes(e.entry.arg[1], e.entry.arg[2]), e.entry.arg[2])
        if has_stack then print(e.stack()) end
      end)
      return
    end
    -- (r *reader) Read(b []byte) (n int, err error)
    finish("crypto/rand.(*reader).Read", function(e)
      show(e.goid, e.bytes(e.entry.arg[2], e.reg.rax), e.reg.rax)
      if has_stack then print(e.stack()) end
    end)
  end,
}
