--- The functions of C's allocator: which a library has, and what they are asked for.
--
-- @module moontap.recipe.allocator
local M = {}

--- Each with the expression of the bytes wanted. The block is what it returns, but for
-- posix_memalign, which stores it.
local FUNCTIONS <const> = {
  { name = "malloc", size = "arg[1]" },
  { name = "calloc", size = "arg[1] * arg[2]" },
  { name = "realloc", size = "arg[2]" },
  { name = "memalign", size = "arg[2]" },
  { name = "aligned_alloc", size = "arg[2]" },
  { name = "posix_memalign", size = "arg[3]" },
  { name = "valloc", size = "arg[1]" },
  { name = "pvalloc", size = "arg[1]" },
}

--- Where a function of the library is.
function M.location(library, name)
  return library == "" and name or library .. ":" .. name
end

--- Those that the library has, as { location =, name =, size = }. aligned_alloc may be
-- another name for memalign: a place comes once.
function M.functions(library)
  local found, seen = {}, {}
  for i, wanted in ipairs(FUNCTIONS) do
    local location = M.location(library, wanted.name)
    local is_there, text = pcall(command, "info address " .. location)
    local address = is_there and text:match("0x%x+")
    -- malloc and what comes with it have to be there: setting the probe says what is wrong.
    if i <= 3 or address and not seen[address] then
      found[#found + 1] = { location = location, name = wanted.name, size = wanted.size }
    end
    if address then seen[address] = true end
  end
  return found
end

return M
