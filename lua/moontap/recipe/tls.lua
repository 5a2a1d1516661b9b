--- The functions of TLS libraries, and where they are.
--
-- @module moontap.recipe.tls
local M = {}

local LIBRARIES <const> = {
  { library = "libssl", first = "SSL_write",
    functions = { "SSL_read", "SSL_read_ex", "SSL_write", "SSL_write_ex", "SSL_do_handshake" } },
  { library = "libgnutls", first = "gnutls_record_send",
    functions = { "gnutls_record_recv", "gnutls_record_send", "gnutls_handshake" } },
}

local function is_defined(location) return (pcall(command, "info address " .. location)) end

--- The functions that the program can call, as { name =, location = }. A library that is part of
-- the program itself counts, and one that it may load later.
-- @raise if there is none
function M.functions()
  local found = {}
  for _, l in ipairs(LIBRARIES) do
    local before = is_defined(l.first) and "" or is_defined(l.library .. ":" .. l.first) and
                   l.library .. ":"
    for _, name in ipairs(before and l.functions or {}) do
      if is_defined(before .. name) then
        found[#found + 1] = { name = name, location = before .. name }
      end
    end
  end
  if #found == 0 then
    error { refusal = "neither OpenSSL (libssl) nor GnuTLS (libgnutls) is here" }
  end
  return found
end

return M
