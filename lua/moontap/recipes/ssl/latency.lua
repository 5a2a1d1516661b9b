return {
  name = "ssl.latency",
  version = "1.0",
  api = 1,
  license = "GPL-2.0-or-later",
  summary = "How long TLS handshakes, reads and writes take.",
  description = [[
Histograms of the time that the functions of OpenSSL and GnuTLS take: handshake, read, write. A
read includes waiting for the other side to send; a handshake its round trips. All of it is in the
kernel.]],
  keywords = { "tls", "ssl", "openssl", "gnutls", "handshake", "latency", "ssllatency" },
  category = "ssl",
  args = {
    { name = "by", type = "expressions", default = "func", help = "a histogram for each of" },
    { name = "every", type = "duration", default = "0s",
      help = "print and clear the histograms this often; 0s: at the end only" },
  },
  outputs = { { name = "latency", type = "histogram", unit = "time", help = "of a call" } },
  targets = { { module = "libssl.so.3", symbols = { "SSL_read", "SSL_write" } },
              { module = "libgnutls.so.30", symbols = { "gnutls_handshake" } } },
  safety = { reads_user_data = false },
  examples = { "ssl.latency", "ssl.latency by='func, tid' every=5s" },
  run = function(args)
    local latency <const> = aggregate.hist { title = "latency of TLS", unit = "ns" }
    for _, f in ipairs(require("moontap.recipe.tls").functions()) do
      finish(f.location, callback("latency:add(e.elapsed, " .. args.by .. ")",
                                  { latency = latency }))
    end
    report(args.every, latency)
  end,
}
