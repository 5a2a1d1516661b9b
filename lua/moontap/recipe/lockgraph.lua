--- Which locks are taken while which others are held: what threads.deadlock keeps.
--
-- An edge from A to B says that somebody wanted B while holding A. A cycle of them is an order
-- in which threads can wait for each other for ever, whether they have yet or not.
--
-- @module moontap.recipe.lockgraph
local M = {}
M.__index = M

function M.new() return setmetatable({ processes = {} }, M) end

local function process_of(self, pid)
  local process = self.processes[pid]
  if not process then
    process = { edges = {}, held = {} } -- edges[FROM][TO]; held[TID], a list in the order taken
    self.processes[pid] = process
  end
  return process
end

--- The edges of a way from one lock to another, appended to `way`; false: there is none.
local function find_way(edges, from, to, seen, way)
  if from == to then return true end
  seen[from] = true
  for next_lock, edge in pairs(edges[from] or {}) do
    if not seen[next_lock] then
      way[#way + 1] = edge
      if find_way(edges, next_lock, to, seen, way) then return true end
      way[#way] = nil
    end
  end
  return false
end

--- A thread wants a lock. Returns the cycles that this closes for the first time, each a list of
-- edges { from =, to =, thread =, held_at =, wanted_at = }.
function M:wanted(pid, tid, lock, thread, stack)
  local process, cycles = process_of(self, pid), {}
  for _, held in ipairs(process.held[tid] or {}) do
    local from = held.lock
    process.edges[from] = process.edges[from] or {}
    if from ~= lock and not process.edges[from][lock] then
      local edge = { from = from, to = lock, thread = thread, held_at = held.stack,
                     wanted_at = stack }
      local way = { edge }
      if find_way(process.edges, lock, from, {}, way) then cycles[#cycles + 1] = way end
      process.edges[from][lock] = edge
    end
  end
  return cycles
end

--- A thread has a lock, or waits until it has: it does nothing else before that.
function M:taken(pid, tid, lock, stack)
  local held = process_of(self, pid).held
  held[tid] = held[tid] or {}
  table.insert(held[tid], { lock = lock, stack = stack })
end

function M:released(pid, tid, lock)
  local held = process_of(self, pid).held[tid] or {}
  for i = #held, 1, -1 do
    if held[i].lock == lock then
      table.remove(held, i)
      return
    end
  end
end

--- The lock is no more: another one may come to its address.
function M:destroyed(pid, lock)
  local edges = process_of(self, pid).edges
  edges[lock] = nil
  for _, to in pairs(edges) do to[lock] = nil end
end

return M
