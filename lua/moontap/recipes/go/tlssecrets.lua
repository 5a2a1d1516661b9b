return {
  name = "go.tlssecrets",
  version = "1.0",
  api = 1,
  license = "GPL-2.0-or-later",
  summary = "The secrets of TLS connections, as a key log that Wireshark reads.",
  description = [[
A line in the format of NSS for each secret of a connection that begins now, client or server,
TLS 1.0 to 1.3, QUIC too: what crypto/tls writes to Config.KeyLogWriter if a program has one. The
program needs none. With the lines in a file, Wireshark decrypts what was recorded on the
network:

    wireshark -o tls.keylog_file:FILE capture.pcap

A file that is made is readable by its owner alone; one that is there is appended to.]],
  keywords = { "go", "tls", "ssl", "wireshark", "keylog", "decrypt", "NSS", "quic" },
  category = "go",
  targets = { { needs = "go" } },
  args = {
    { name = "path", type = "string", optional = true, help = "the key log; else it is printed" },
  },
  outputs = { { name = "secret", help = "a line of a key log: label, client random, secret" } },
  safety = { max_rate = 10000, reads_user_data = true },
  examples = { "go.tlssecrets", "go.tlssecrets path=/tmp/keys.log" },
  run = function(args)
    local hex = require "moontap.recipe.golang".hex
    local out

    if args.path then
      assert(require "moontap.files".make_private(args.path))
      out = assert(io.open(args.path, "a"))
      out:setvbuf("line")
    end
    -- (c *Config) writeKeyLog(label string, clientRandom, secret []byte) error
    probe("crypto/tls.(*Config).writeKeyLog", function(e)
      local line = string.format("%s %s %s\n", e.bytes(e.arg[2], e.arg[3]),
                                 hex(e.bytes(e.arg[4], e.arg[5])), hex(e.bytes(e.arg[7], e.arg[8])))
      if out then out:write(line) else printf("%s", line) end
    end)
  end,
}
