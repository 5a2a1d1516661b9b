--- What the recipes for Go share: how things read, and which functions a program has.
--
-- @module moontap.recipe.golang
local M = {}

--- 22 for a program of Go 1.22.12; nil if it is of no release of Go 1.
function M.minor()
  local minor = target.go and target.go:match("^go1%.(%d+)")
  return math.tointeger(tonumber(minor))
end

--- Does the target have a function of exactly this name, with code of its own?
function M.has(name)
  -- A suffix of a name finds it, too, and a function that was inlined is where it was.
  local is_there, text = pcall(command, "info address " .. name)
  return is_there and text:find('Symbol "' .. name .. '"', 1, true) ~= nil
end

--- The first of some names of a function that the target has. If it has none, the first: the
-- error of setting a probe there is what the user is to read.
function M.first_of(names)
  for _, name in ipairs(names) do
    if M.has(name) then return name end
  end
  return names[1]
end

--- All of these functions that the target has; the first, if it has none.
function M.all_of(names)
  local found = {}
  for _, name in ipairs(names) do
    if M.has(name) then found[#found + 1] = name end
  end
  if #found == 0 then found[1] = names[1] end
  return found
end

local UNITS <const> = { { 1e9, "s" }, { 1e6, "ms" }, { 1e3, "us" } }

--- Nanoseconds with three digits: 1.25ms. What is missing says so.
function M.time(ns)
  if not ok(ns) then return tostring(ns) end
  for _, unit in ipairs(UNITS) do
    if ns >= unit[1] then return string.format("%.3g%s", ns / unit[1], unit[2]) end
  end
  return string.format("%dns", ns)
end

--- Bytes: 4.2 MiB.
function M.size(bytes)
  if not ok(bytes) then return tostring(bytes) end
  if bytes < 1 << 10 then return string.format("%d B", bytes) end
  if bytes < 1 << 20 then return string.format("%.1f KiB", bytes / (1 << 10)) end
  return string.format("%.1f MiB", bytes / (1 << 20))
end

--- A string's bytes as hexadecimal digits; what is missing says so.
function M.hex(bytes)
  if type(bytes) ~= "string" then return tostring(bytes) end
  return (bytes:gsub(".", function(c) return string.format("%02x", c:byte()) end))
end

local MAPPED <const> = ("\0"):rep(10) .. "\xff\xff"

--- The 16-bit groups of an IPv6 address, the first longest run of zeros as "::" (RFC 5952).
local function groups(ip)
  local parts = { string.unpack(">HHHHHHHH", ip) }
  local best, best_size, size = 0, 1, 0
  for i = 1, 8 do
    size = parts[i] == 0 and size + 1 or 0
    if size > best_size then best, best_size = i - size + 1, size end
    parts[i] = string.format("%x", parts[i])
  end
  if best == 0 then return table.concat(parts, ":", 1, 8) end
  return table.concat(parts, ":", 1, best - 1) .. "::" ..
         table.concat(parts, ":", best + best_size, 8)
end

--- 127.0.0.1:80 or [::1]:80, of the bytes of a net.IP and a port. No bytes: any address.
function M.address(ip, port)
  if type(ip) ~= "string" then return string.format("%s:%s", ip, port) end
  if #ip == 16 and ip:sub(1, 12) == MAPPED then ip = ip:sub(13) end
  if #ip == 4 then return table.concat({ ip:byte(1, 4) }, ".") .. ":" .. tostring(port) end
  return #ip == 16 and string.format("[%s]:%s", groups(ip), port) or ":" .. tostring(port)
end

return M
