#!/usr/bin/env moontap
-- Which requests does a running Go server answer, and how long does each path take?
--
--     sudo build/moontap -p PID examples/go-http.mt
--
-- Works on any program of Go 1.17 and later that serves with net/http, stripped or not. The fourth
-- word of the arguments is the *http.Request: its method is at offset 0, its URL at 16, and the
-- path in that at 56. A string is a pointer and a length.

break net/http.serverHandler.ServeHTTP do
  print(bytes(u64(arg[4]), u64(arg[4] + 8)),
        bytes(u64(u64(arg[4] + 16) + 56), u64(u64(arg[4] + 16) + 64)), goid)
end

-- Counted in the kernel.
finish net/http.serverHandler.ServeHTTP do
  hist(elapsed, bytes(u64(u64(entry.arg[4] + 16) + 56), u64(u64(entry.arg[4] + 16) + 64)))
end
