--- Languages whose interpreters have static probes: which, and what their arguments are.
--
-- These are what Debian 12 builds; its node, perl and tcl have none. The texts are expressions of a
-- block at the probe. Sources: probes.d and doc/dtrace_probes.rdoc of Ruby, Zend/zend_dtrace.d of
-- PHP, Doc/howto/instrumentation.rst of Python, and src/hotspot/os/posix/dtrace/hotspot.d of
-- OpenJDK, whose texts end with no NUL: an address, and then a length.
--
-- @module moontap.recipe.languages
local callback = require "moontap.recipe.callback"

local M = {}

-- Of calls: class and method as they are at both probes; counted: the probe that each of them
-- reaches, if that is not entry; joint: what stands between class and method, if not ".". Of
-- collections: names is indexed by kind; is_part: another one may be around it. Of objects: place
-- is where they are made. Of threads: name is what is known of the thread, is_end that it ends.
local LANGUAGES <const> = {
  java = {
    provider = "hotspot",
    -- (thread, class, length, method, length, signature, length)
    calls = { { entry = "method__entry", leave = "method__return",
                class = "bytes(arg[2], arg[3], 256)", method = "bytes(arg[4], arg[5], 256)" } },
    -- (are all generations collected), ()
    collections = { { first = "gc__begin", last = "gc__end", kind = "arg[1]",
                      names = { [0] = "young", "full" } } },
    -- (thread, class, length, bytes): the interpreter of 17 leaves the bytes to chance.
    objects = { { probe = "object__alloc", type = "bytes(arg[2], arg[3], 256)" } },
    -- (name, length, number, the system's number, is it a daemon)
    threads = { { probe = "thread__start", name = "bytes(arg[1], arg[2], 256)" },
                { probe = "thread__stop", name = "bytes(arg[1], arg[2], 256)", is_end = true } },
  },
  php = {
    provider = "php",
    -- (function, file, line, class, "::" or "")
    calls = { { entry = "function__entry", leave = "function__return", class = "str(arg[4])",
                method = "str(arg[1])" } },
    exceptions = { { probe = "exception__thrown" } },
  },
  python = {
    provider = "python",
    joint = ":",
    -- (file, function, line): 3.11 reaches the entry's only where it traces, too.
    calls = { { entry = "function__entry", leave = "function__return", class = "str(arg[1])",
                method = "str(arg[2])", counted = "function__return" } },
    -- (generation), (objects collected)
    collections = { { first = "gc__start", last = "gc__done", kind = "arg[1]", found = "arg[1]",
                      names = { [0] = "generation 0", "generation 1", "generation 2" } } },
  },
  ruby = {
    provider = "ruby",
    -- (class, method, file, line), of methods in Ruby and of those in C
    calls = { { entry = "method__entry", leave = "method__return", class = "str(arg[1])",
                method = "str(arg[2])" },
              { entry = "cmethod__entry", leave = "cmethod__return", class = "str(arg[1])",
                method = "str(arg[2])", is_native = true } },
    collections = { { first = "gc__mark__begin", last = "gc__mark__end", kind = "0",
                      names = { [0] = "mark" } },
                    { first = "gc__sweep__begin", last = "gc__sweep__end", kind = "0",
                      names = { [0] = "sweep" }, is_part = true } },
    -- (class, or elements, or bytes of the text, or name; file, line)
    objects = { { probe = "object__create", type = "str(arg[1])", place = "str(arg[2]), arg[3]" },
                { probe = "array__create", type = "'Array'", place = "str(arg[2]), arg[3]" },
                { probe = "hash__create", type = "'Hash'", place = "str(arg[2]), arg[3]" },
                { probe = "string__create", type = "'String'", place = "str(arg[2]), arg[3]",
                  bytes = "arg[1]" },
                { probe = "symbol__create", type = "'Symbol'", place = "str(arg[2]), arg[3]" } },
    -- There is none of threads: a method in C that every one of them goes through.
    threads = { { probe = "cmethod__entry", name = "str(arg[3]) .. ':' .. arg[4]",
                  when = "str(arg[1]) == 'Thread' and str(arg[2]) == 'initialize'" } },
    exceptions = { { probe = "raise" } },
  },
}

--- The names of languages for which `is_wanted` holds, as a sentence has them.
local function names(is_wanted, last_word)
  local list = {}
  for name, language in pairs(LANGUAGES) do
    if is_wanted(language) then list[#list + 1] = name end
  end
  table.sort(list)
  local last = table.remove(list)
  return #list == 0 and last or table.concat(list, ", ") .. " " .. last_word .. " " .. last
end

--- Those whose probes are in the target's files.
local function present()
  local providers, found = {}, {}
  for _, place in ipairs(target.probes or {}) do providers[place.provider] = true end
  for name, language in pairs(LANGUAGES) do
    if providers[language.provider] then found[#found + 1] = name end
  end
  return found
end

local function only_one()
  local found = present()
  if #found == 0 then
    error { refusal = "no static probes of " .. names(function() return true end, "or") ..
                      " are here; java's are there once it runs: -p PID" }
  elseif #found > 1 then
    table.sort(found)
    error { refusal = "which language? lang=" .. table.concat(found, " or lang=") }
  end
  return found[1]
end

--- What a language has probes of.
-- @param name the language, or nil for the one that the target's files have probes of
-- @param what calls, collections, objects, threads or exceptions; nil: whatever there is
-- @return a table: `provider`, `joint`, and lists by the names above
-- @raise a refusal, if there is no such language here, or none of its probes is of that
function M.choose(name, what)
  name = name or only_one()
  if what and not LANGUAGES[name][what] then
    local others = names(function(language) return language[what] end, "and")
    error { refusal = string.format("%s has no static probes of %s that could be used; %s have",
                                    name, what, others) }
  end
  return LANGUAGES[name]
end

--- Where the probe of that name is.
function M.location(language, name) return "-probe " .. language.provider .. ":" .. name end

--- Is this call one of those wanted?
-- @return an expression; nil: all of them are
function M.call_condition(call, class)
  return class and call.class .. " == class"
end

--- Calls on_entry(TIME, COMM, TID, DEPTH, CLASS, METHOD) and on_leave(..., ELAPSED) for each call
-- that begins after this. Calls of a thread are paired by name; what was left in another way, or
-- belongs to another fiber, is not seen to end.
-- @param set `probe` as the recipe has it
-- @param calls of the language
-- @param class only its methods, or nil
function M.watch_calls(set, language, calls, class, on_entry, on_leave)
  local stacks = {} -- by thread: { time =, class =, method = } each
  local function entered(tid, time, comm, class_name, method)
    local call = { time = time, class = tostring(class_name), method = tostring(method) }
    stacks[tid] = stacks[tid] or {}
    table.insert(stacks[tid], call)
    on_entry(time, comm, tid, #stacks[tid], call.class, call.method)
  end
  local function left(tid, time, comm, class_name, method)
    local stack = stacks[tid] or {}
    local depth = #stack
    while depth > 0 and (stack[depth].method ~= tostring(method) or
                         stack[depth].class ~= tostring(class_name)) do
      depth = depth - 1
    end
    if depth == 0 then return end
    local call = stack[depth]
    for i = #stack, depth, -1 do stack[i] = nil end
    if depth == 1 then stacks[tid] = nil end
    on_leave(time, comm, tid, depth, call.class, call.method, time - call.time)
  end
  for _, call in ipairs(calls) do
    local what = call.class .. ", " .. call.method .. ")"
    local condition = M.call_condition(call, class)
    set.probe(M.location(language, call.entry), callback.make(
      "entered(tid, time, comm, " .. what, { entered = entered, class = class }, condition))
    set.probe(M.location(language, call.leave), callback.make(
      "left(tid, time, comm, " .. what, { left = left, class = class }, condition))
  end
end

--- Of the calls of a language: all, or without those of methods that are written in C.
function M.calls(language, has_native)
  local wanted = {}
  for _, call in ipairs(language.calls) do
    if has_native or not call.is_native then wanted[#wanted + 1] = call end
  end
  return wanted
end

return M
