--- Recipes: probes that somebody else has thought out, with their arguments.
--
-- A recipe is a Lua file AREA/NAME.lua below moontap/recipes that returns a table (load.lua lists
-- its fields). The file is loaded in an environment without a single name, so that it can do
-- nothing but describe itself; only its `run` finds Lua's and moontap's names there.
--
--     local recipe = require "moontap.recipe"
--     recipe.run("calls.funclatency", { functions = "main.*" })
--
-- The console's `recipe` command is `M.list`, `M.search` and so on: each takes what was typed
-- behind it and returns a text, or nil, a message and a hint.
--
-- @module moontap.recipe
local argument = require "moontap.recipe.argument"
local callback = require "moontap.recipe.callback"
local files = require "moontap.recipe.load"

local M = {}

-- ---------------------------------------------------------------- list, search

local function row(recipe)
  return string.format("%-20s  %s\n", recipe.name, recipe.summary)
end

--- The recipes for which `is_wanted` holds, a line each; files that are none say why.
local function rows(is_wanted)
  local out = {}
  for _, file in ipairs(files.all()) do
    local recipe, message = files.load(file)
    if not recipe then
      out[#out + 1] = message .. "\n"
    elseif is_wanted(recipe) then
      out[#out + 1] = row(recipe)
    end
  end
  return table.concat(out)
end

function M.list(text)
  local out = rows(function(recipe) return recipe.name:sub(1, #text) == text end)
  if out == "" then return nil, string.format("No recipe begins with \"%s\".", text) end
  return out
end

local function haystack(recipe)
  return table.concat({ recipe.name, recipe.summary, recipe.description or "",
                        recipe.category or "", table.concat(recipe.keywords, " ") }, "\n"):lower()
end

--- Those in which each of the words occurs.
function M.search(text)
  local words = argument.split(text:lower()) or {}
  if #words == 0 then return nil, "recipe search needs a word" end
  local out = rows(function(recipe)
    local where = haystack(recipe)
    for _, word in ipairs(words) do
      if not where:find(word, 1, true) then return false end
    end
    return true
  end)
  if out == "" then return nil, string.format("No recipe speaks of \"%s\".", text) end
  return out
end

-- ----------------------------------------------------------------------- help

local function argument_help(a)
  local word = a.name .. "=" .. a.type:upper()
  if a.choices then word = a.name .. "=" .. table.concat(a.choices, "|") end
  local default = ""
  if a.default ~= nil then
    default = string.format(" (%s unless told)", tostring(a.default))
  elseif not a.optional then
    default = " (needed)"
  end
  return string.format("  %-22s  %s%s\n", word, a.help, default)
end

local function section(out, title, list, line)
  if #list == 0 then return end
  out[#out + 1] = "\n" .. title .. ":\n"
  for _, item in ipairs(list) do out[#out + 1] = line(item) end
end

local function output_help(output)
  local unit = output.unit and " in " .. output.unit or ""
  return string.format("  %-22s  %s\n", output.name, (output.help or output.type or "") .. unit)
end

local function target_help(target)
  local parts = { target.module or "any program" }
  if target.needs then parts[#parts + 1] = "needs " .. target.needs end
  if target.versions then parts[#parts + 1] = target.versions end
  return "  " .. table.concat(parts, ", ") .. "\n"
end

function M.help(text)
  if text == "" then return nil, "recipe help needs the name of a recipe" end
  local recipe, message, hint = files.find(text)
  if not recipe then return nil, message, hint end
  local out = { string.format("%s %s - %s\n", recipe.name, recipe.version, recipe.summary) }
  if recipe.description then out[#out + 1] = "\n" .. recipe.description:gsub("\n*$", "\n") end
  section(out, "Arguments", recipe.args, argument_help)
  section(out, "Prints", recipe.outputs, output_help)
  section(out, "For", recipe.targets, target_help)
  if recipe.safety.reads_user_data then
    out[#out + 1] = "\nIt shows data of the program's users.\n"
  end
  section(out, "Examples", recipe.examples, function(example)
    return string.format("  recipe run %s\n", example)
  end)
  return table.concat(out)
end

-- ----------------------------------------------------------------- check, run

local function kernel_version()
  local file = io.open("/proc/sys/kernel/osrelease")
  local text = file and file:read("l") or ""
  if file then file:close() end
  return text
end

local function is_older(version, wanted)
  local major, minor = version:match("^(%d+)%.(%d+)")
  local wanted_major, wanted_minor = wanted:match("^(%d+)%.(%d+)")
  if not major or not wanted_major then return false end
  return tonumber(major) * 1000 + tonumber(minor) <
         tonumber(wanted_major) * 1000 + tonumber(wanted_minor)
end

--- Why the recipe cannot be for this machine and target, or nil.
local function mismatch(recipe)
  local wanted = recipe.requires.kernel
  if wanted and is_older(kernel_version(), wanted) then
    return string.format("recipe %s needs Linux %s, this is %s", recipe.name, wanted,
                         kernel_version())
  end
  for _, wish in ipairs(recipe.targets) do
    if wish.needs == "go" and target.path and not target.go then
      return string.format("recipe %s is for Go programs: %s is none", recipe.name, target.path)
    end
  end
end

local function prepare(name, take)
  local recipe, message, hint = files.find(name)
  if not recipe then return nil, message, hint end
  local given, values
  given, message, hint = take(recipe)
  if not given then return nil, message, hint end
  values, message, hint = argument.take_values(recipe, given)
  if not values then return nil, message, hint end
  message = mismatch(recipe)
  if message then return nil, message end
  return recipe, values
end

local function of_text(text, what)
  local words, message = argument.split(text)
  if not words then return nil, message end
  if #words == 0 then
    return nil, string.format("recipe %s needs the name of a recipe", what)
  end
  return prepare(words[1], function(recipe) return argument.name_values(recipe, words) end)
end

--- `report(PERIOD, AGGREGATE ...)`: prints the aggregates and clears them, each PERIOD (ns). With
-- 0 that is left to moontap's end.
local function reporter(environment)
  return function(period, ...)
    local aggregates = { ... }
    if period == 0 then return end
    environment.every(period / 1e9, function()
      environment.print(os.date("%H:%M:%S"))
      for _, shown in ipairs(aggregates) do
        environment.print(shown)
        shown:clear()
      end
    end)
  end
end

--- Runs `run` with every name of Lua's, moontap's and what recipes have beside them, but for
-- those of `instead`. A recipe that cannot do its work raises { refusal = TEXT }.
-- @return true; or false and what was raised; and the text of a refusal
local function call(recipe, values, instead)
  local environment = recipe.environment
  local own = { report = reporter(environment), callback = callback.make }
  setmetatable(environment, {
    __index = function(_, name)
      local replacement = instead[name] or own[name]
      if replacement ~= nil then return replacement end
      return _G[name]
    end,
  })
  local is_fine, err = pcall(recipe.run, values)
  return is_fine, err, type(err) == "table" and err.refusal
end

--- The console's `recipe run NAME [NAME=VALUE ...]`.
function M.run_text(text)
  local recipe, values, hint = of_text(text, "run")
  if not recipe then return nil, values, hint end
  local is_fine, err, refusal = call(recipe, values, {})
  if refusal then return nil, string.format("recipe %s: %s", recipe.name, refusal) end
  if not is_fine then error(err, 0) end
end

--- Sets the probes of a recipe.
-- @param name its name, "AREA.NAME", or the last part of that
-- @param args a table of its arguments; what is missing has its default
-- @raise what is wrong with the arguments, or what setting a probe says
function M.run(name, args)
  local recipe, values, hint = prepare(name, function() return args or {} end)
  if not recipe then error(hint and values .. "\n" .. hint or values, 2) end
  local is_fine, err, refusal = call(recipe, values, {})
  if not is_fine then error(refusal or err, 0) end
end

local function nothing() end

local function tell(err)
  if type(err) ~= "userdata" then return tostring(err) end
  return err.hint and err.message .. "\n" .. err.hint or err.message
end

--- `recipe check`: the console sees to it that nothing is attached, and that it goes again.
function M.check(text)
  local recipe, values, hint = of_text(text, "check")
  if not recipe then return nil, values, hint end
  local tried, failures = 0, {}
  local function rehearsal(set)
    return function(location, ...)
      tried = tried + 1
      local is_fine, number = pcall(set, location, ...)
      if is_fine then return number end
      failures[#failures + 1] = tell(number)
      return 0
    end
  end
  local is_fine, err, refusal = call(recipe, values, {
    probe = rehearsal(probe), tbreak = rehearsal(tbreak), finish = rehearsal(finish),
    every = nothing, atexit = nothing, print = nothing, printf = nothing, emit = nothing,
    enable = nothing, disable = nothing, delete = nothing, exit = nothing,
  })
  if not is_fine then failures[#failures + 1] = refusal or tell(err) end
  if #failures > 0 then
    return nil, string.format("recipe %s does not fit here: %d of %d probes cannot be set",
                              recipe.name, #failures, math.max(tried, #failures)),
           table.concat(failures, "\n")
  end
  return string.format("recipe %s fits: %d probe%s, none of them attached now.\n", recipe.name,
                       tried, tried == 1 and "" or "s")
end

-- ----------------------------------------------------------------- completion

local function choices_of(a)
  if a.choices then return a.choices end
  return a.type == "boolean" and { "yes", "no" } or {}
end

local function argument_offers(recipe, word)
  local name = word:match("^([%a_][%w_]*)=")
  local known = name and argument.find(recipe, name)
  local offers = {}
  for i, choice in ipairs(known and choices_of(known) or {}) do
    offers[i] = name .. "=" .. choice
  end
  for i, a in ipairs(known and {} or recipe.args) do offers[i] = a.name .. "=" end
  return offers
end

--- What may stand at the end of a text behind "recipe run " and the like, a line each.
function M.complete(text)
  local before, word = text:match("^(.-)(%S*)$")
  local words = argument.split(before) or {}
  if #words == 0 then
    local names = {}
    for i, file in ipairs(files.all()) do names[i] = file.name end
    return table.concat(names, "\n")
  end
  local recipe = files.find(words[1])
  return recipe and table.concat(argument_offers(recipe, word), "\n") or ""
end

return M
