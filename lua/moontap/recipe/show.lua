--- What recipes print, as text.
--
-- What comes from a target is hostile: `print` escapes what a terminal would obey, and here a
-- line break in a value does not begin a line of its own.
--
-- @module moontap.recipe.show
local M = {}

local DURATION_UNITS <const> = { { 1e9, "s" }, { 1e6, "ms" }, { 1e3, "us" } }

--- Nanoseconds as text of three digits: "250ns", "1.50us", "12.3ms".
function M.duration(ns)
  for _, unit in ipairs(DURATION_UNITS) do
    if ns >= unit[1] then
      local number = ns / unit[1]
      local decimals = number < 10 and 2 or number < 100 and 1 or 0
      return string.format("%." .. decimals .. "f%s", number, unit[2])
    end
  end
  return string.format("%dns", ns)
end

--- `time` of an event, as the time of day: "18:51:07.302115".
function M.time(time)
  return os.date("%H:%M:%S", time // 1000000000) ..
         string.format(".%06d", time % 1000000000 // 1000)
end

--- A line about an event, as moontap's own: "18:51:07.302115  bash[712]  TEXT".
function M.line(time, comm, tid, text)
  return string.format("%s  %s[%d]  %s", M.time(time), tostring(comm), tid, text)
end

--- A value as one line: what breaks lines is escaped. A missing value is its reason.
function M.text(value)
  return (tostring(value):gsub("[\r\n\t]", { ["\r"] = "\\r", ["\n"] = "\\n", ["\t"] = "\\t" }))
end

--- Bytes as lines that are indented.
function M.lines(bytes)
  local out = {}
  for line in (bytes:gsub("\n$", "") .. "\n"):gmatch("(.-)\r?\n") do
    out[#out + 1] = "    " .. line:gsub("\r", "\\r")
  end
  return table.concat(out, "\n")
end

--- Bytes as a dump: sixteen in a line, with their offset and what they are as text.
function M.dump(bytes)
  local out = {}
  for at = 1, #bytes, 16 do
    local row = bytes:sub(at, at + 15)
    local hex = row:gsub(".", function(c) return string.format("%02x ", c:byte()) end)
    out[#out + 1] = string.format("    %04x  %-48s %s", at - 1, hex,
                                  (row:gsub("[^\32-\126]", ".")))
  end
  return table.concat(out, "\n")
end

return M
