return {
  name = "ssl.sniff",
  version = "1.0",
  api = 1,
  license = "GPL-2.0-or-later",
  summary = "What programs say to each other through TLS, before it is encrypted.",
  description = [[
Prints what OpenSSL and GnuTLS are given to encrypt (write) and what they have decrypted (read),
with the thread and the size; of each call up to SIZE bytes. Binary data is readable with as=hex,
and as=none shows the sizes alone.

WHEN leaves out the rest: pid == 4711, comm == "curl". Passwords and cookies are among what is
shown: mind where the output goes.]],
  keywords = { "tls", "ssl", "https", "plaintext", "openssl", "gnutls", "capture", "bcc",
               "sslsniff" },
  category = "ssl",
  args = {
    { name = "size", type = "size", default = "4K", min = 1, max = 16384,
      help = "bytes of a call that are shown, up to 16K" },
    { name = "as", type = "string", default = "text", choices = { "text", "hex", "none" },
      help = "how they are shown" },
    { name = "when", type = "expression", optional = true, help = "only calls for which it holds" },
  },
  outputs = { { name = "call", type = "string", help = "time, thread, read or write, and bytes" },
              { name = "data", type = "string", help = "the bytes, on lines that are indented" } },
  targets = { { module = "libssl.so.3", symbols = { "SSL_read", "SSL_write" } },
              { module = "libgnutls.so.30", symbols = { "gnutls_record_send",
                                                        "gnutls_record_recv" } } },
  safety = { max_rate = 20000, reads_user_data = true },
  examples = { "ssl.sniff", "ssl.sniff size=64 as=hex", "ssl.sniff when='comm == \"curl\"'" },
  run = function(args)
    local show = require "moontap.recipe.show"
    local as_text = { text = show.lines, hex = show.dump }
    local function tell(time, comm, tid, what, size, data)
      data = ok(data, ""):sub(1, args.size) -- behind what was cut there are dots
      local shown = args.as ~= "none" and #data < size and string.format(", %d shown", #data) or ""
      print(show.line(time, comm, tid, string.format("%s %d byte%s%s", what, size,
                                                     size == 1 and "" or "s", shown)))
      if args.as ~= "none" and #data > 0 then print(as_text[args.as](data)) end
    end

    -- How many bytes a call was about, and whether there were any. An int is half of %rax.
    local result, through = 'e.cast("int", e.reg.rax)', "u64(e.entry.arg[4])"
    local calls = {
      SSL_read = { "read", result .. " > 0", result },
      SSL_write = { "write", result .. " > 0", result },
      SSL_read_ex = { "read", result .. " == 1", through },
      SSL_write_ex = { "write", result .. " == 1", through },
      gnutls_record_recv = { "read", "e.result > 0", "e.reg.rax" },
    }
    local names = { tell = tell, most = args.size }
    local function block(what, data, size)
      return string.format("tell(e.time, e.comm, e.tid, %q, %s, bytes(%s, %s, most))", what, size,
                           data, size)
    end
    local function wanted(condition)
      return args.when and condition .. " and (" .. args.when .. ")" or condition
    end
    for _, f in ipairs(require("moontap.recipe.tls").functions()) do
      local call = calls[f.name]
      if f.name == "gnutls_record_send" then
        probe(f.location, callback(block("write", "e.arg[2]", "e.arg[3]"), names,
                                   wanted("e.arg[3] > 0")))
      elseif call then
        finish(f.location, callback(block(call[1], "e.entry.arg[2]", call[3]), names,
                                    wanted(call[2])))
      end
    end
  end,
}
