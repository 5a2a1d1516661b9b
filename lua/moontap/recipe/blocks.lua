--- Blocks of memory that are in use, and who asked for them: what memory.memleak keeps.
--
-- @module moontap.recipe.blocks
local M = {}
M.__index = M

--- @param sample each block stands for so many
function M.new(sample)
  return setmetatable({ sample = sample, live = {}, callers = {}, now = 0 }, M)
end

--- Whether a block is followed is decided by its address, so that both its ends are seen: this is
-- the expression that decides it in the kernel, of the expression of its address.
function M:condition(address)
  return self.sample == 1 and address .. " ~= 0" or string.format(
    "%s ~= 0 and ((%s >> 4) * 0x9E3779B97F4A7C15 >> 33) %% %d == 0", address, address, self.sample)
end

function M:is_followed(address)
  return address ~= 0 and ((address >> 4) * 0x9E3779B97F4A7C15 >> 33) % self.sample == 0
end

function M:allocated(pid, address, size, time, stack)
  if not ok(address) or not self:is_followed(address + 0) then return end
  local blocks = self.live[pid]
  if not blocks then
    blocks = {}
    self.live[pid] = blocks
  end
  blocks[address + 0] = { size = size, time = time, stack = stack }
  self.now = time
end

function M:freed(pid, address, time)
  local blocks = self.live[pid]
  if blocks then blocks[address + 0] = nil end
  self.now = time
end

--- The stack without the allocator's own function: its frame has another offset at each of
-- its returns, and what is inlined there stands above it.
function M:callers_of(stack)
  local text = self.callers[stack]
  if not text then
    local lines = {}
    for line in tostring(stack):gmatch("[^\n]+") do lines[#lines + 1] = line end
    local first = 1
    while lines[first] and lines[first]:find(" (inlined)", 1, true) do first = first + 1 end
    text = table.concat(lines, "\n", math.min(first + 1, #lines))
    self.callers[stack] = text
  end
  return text
end

--- What is in use for at least `older` ns, by stack, as { bytes =, blocks =, stack = }; the
-- most bytes last.
function M:by_stack(older)
  local latest = math.max(self.now, os.time() * 1000000000) - older
  local list, by_text = {}, {}
  for _, blocks in pairs(self.live) do
    for _, block in pairs(blocks) do
      if block.time <= latest then
        local text = self:callers_of(block.stack)
        local row = by_text[text]
        if not row then
          row = { bytes = 0, blocks = 0, stack = text }
          by_text[text], list[#list + 1] = row, row
        end
        row.bytes = row.bytes + block.size * self.sample
        row.blocks = row.blocks + self.sample
      end
    end
  end
  table.sort(list, function(a, b)
    if a.bytes ~= b.bytes then return a.bytes < b.bytes end
    return a.stack < b.stack
  end)
  return list
end

local function amount(row)
  return string.format("%d bytes in %d block%s", row.bytes, row.blocks,
                       row.blocks == 1 and "" or "s")
end

--- The same as text, of `top` stacks.
function M:report(older, top)
  local list, all = self:by_stack(older), { bytes = 0, blocks = 0 }
  local out = {}
  for i, row in ipairs(list) do
    all.bytes, all.blocks = all.bytes + row.bytes, all.blocks + row.blocks
    if i > #list - top then out[#out + 1] = string.format("\n  %s\n%s", amount(row), row.stack) end
  end
  local estimated = self.sample > 1 and string.format(", estimated from 1 in %d", self.sample) or ""
  local rest = #list > top and string.format(", the greatest %d", top) or ""
  return string.format("Not freed: %s%s, from %d stack%s%s%s", amount(all), estimated, #list,
                       #list == 1 and "" or "s", rest, table.concat(out))
end

return M
