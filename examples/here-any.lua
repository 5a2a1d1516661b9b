-- The places of here.mt in a build of any Go release, found by reading its code:
--
--     sudo build/moontap examples/here-any.lua [PROGRAM]
--
-- A bool argument is tested by `test %al,%al` (or another byte register), and the
-- jump after it goes to where control arrives when the condition is false.
-- The true branch falls through to the same place.

local FUNCTION = "main.neatFunction"

-- The offsets of where each test of a bool jumps to, in the order of the code.
local function places_after_conditions(listing)
  local start, tested
  local places = {}
  for address, text in listing:gmatch("(0x%x+) <%+[^>]*>:%s+([^\n]*)") do
    start = start or math.tointeger(address)
    local target = text:match("^je%s+(0x%x+)")
    if tested and target then
      places[#places + 1] = math.tointeger(target) - start
    end
    local left, right = text:match("^testb?%s+%%(%w+),%s*%%(%w+)")
    tested = left ~= nil and left == right
  end
  return places
end

file(arg[1] or "build/go-play")

local places = places_after_conditions(command("disassemble " .. FUNCTION))
if #places == 0 then
  error("no test of a bool argument in " .. FUNCTION)
end
for number, offset in ipairs(places) do
  local location = string.format("%s+0x%x", FUNCTION, offset)
  print(string.format("condition %d ends at %s", number, location))
  probe(location, function() print("here " .. number) end)
end
