--- The arguments of recipes: what a recipe says of them, what a user gives.
--
-- @module moontap.recipe.argument
local callback = require "moontap.recipe.callback"
local files = require "moontap.files"

local M = {}

local DURATIONS <const> = {
  ns = 1, us = 1000, ms = 1000000, s = 1000000000, m = 60000000000, h = 3600000000000,
}
local SIZES <const> = { [""] = 1, K = 1 << 10, M = 1 << 20, G = 1 << 30 }
local BOOLEANS <const> = {
  yes = true, on = true, ["true"] = true, no = false, off = false, ["false"] = false,
}

local function scaled(text, factors)
  local digits, unit = text:match("^([%d.]+)(%a*)$")
  local number, factor = tonumber(digits), factors[unit]
  return number and factor and math.tointeger(number * factor // 1) or nil
end

--- What each type of argument is made of: its value of a text, nil if the text is none.
local TYPES <const> = {
  string = function(text) return text end,
  location = function(text) return text ~= "" and text or nil end,
  expression = function(text) return callback.is_expression(text) and text or nil end,
  expressions = function(text) return callback.is_list(text) and text or nil end,
  integer = function(text) return math.tointeger(tonumber(text)) end,
  number = function(text) return tonumber(text) end,
  boolean = function(text) return BOOLEANS[text] end,
  duration = function(text) return scaled(text, DURATIONS) end, -- ns
  size = function(text) return scaled(text, SIZES) end, -- bytes
}

local WANTED <const> = {
  string = "a text", location = "a location",
  expression = "an expression such as arg[1] > 10",
  expressions = "a list of expressions such as comm, arg[1]",
  integer = "an integer", number = "a number",
  boolean = "yes or no", duration = "a duration such as 10ms", size = "a size such as 64K",
}

local LUA_TYPES <const> = {
  string = "string", location = "string", expression = "string", expressions = "string",
  integer = "number", number = "number", boolean = "boolean", duration = "number", size = "number",
}

local function is_choice(argument, value)
  for _, choice in ipairs(argument.choices or {}) do
    if value == choice then return true end
  end
  return not argument.choices
end

--- Of a duration or a size a bound may be a text, as its default.
local function bound(argument, which)
  local given = argument[which]
  return type(given) == "string" and TYPES[argument.type](given) or given
end

--- What is wrong with a value that is beyond the bounds, or nil.
local function out_of_bounds(argument, value, given)
  local min, max = bound(argument, "min"), bound(argument, "max")
  if not (min and value < min or max and value > max) then return nil end
  local range = min and max and string.format("from %s to %s", argument.min, argument.max) or
                min and "at least " .. argument.min or "at most " .. argument.max
  return string.format("%s is %s, not %s", argument.name, range, tostring(given))
end

--- The argument's value, or nil and what is wrong with it. Numbers and booleans may come as such.
function M.take_value(argument, given)
  local value = given
  if type(given) == "string" then value = TYPES[argument.type](given) end
  if value == nil or type(value) ~= LUA_TYPES[argument.type] then
    return nil, string.format("%s is %s, not '%s'", argument.name, WANTED[argument.type],
                              tostring(given))
  elseif not is_choice(argument, value) then
    return nil, string.format("%s is one of %s, not '%s'", argument.name,
                              table.concat(argument.choices, ", "), tostring(given))
  end
  local message = out_of_bounds(argument, value, given)
  if message then return nil, message end
  return value
end

function M.find(recipe, name)
  for _, argument in ipairs(recipe.args) do
    if argument.name == name then return argument end
  end
end

local function no_argument(recipe, name)
  local names = {}
  for i, argument in ipairs(recipe.args) do names[i] = argument.name end
  local near = files.nearest(name, names)
  return nil, string.format("recipe %s has no argument '%s'", recipe.name, name),
         near and "Did you mean " .. near .. "?" or
         string.format("\"recipe help %s\" lists them.", recipe.name)
end

--- The values that `run` gets: those given, defaults for the rest.
function M.take_values(recipe, given)
  local values = {}
  for name in pairs(given) do
    if not M.find(recipe, name) then return no_argument(recipe, tostring(name)) end
  end
  for _, argument in ipairs(recipe.args) do
    local value = given[argument.name]
    if value == nil then value = argument.default end
    if value == nil and not argument.optional then
      return nil, string.format("recipe %s needs %s: %s", recipe.name, argument.name,
                                argument.help)
    elseif value ~= nil then
      local message
      value, message = M.take_value(argument, value)
      if message then return nil, string.format("recipe %s: %s", recipe.name, message) end
    end
    values[argument.name] = value
  end
  return values
end

--- The words of a text; quotes, single or double, keep blanks and are taken off.
function M.split(text)
  local words, word, quote = {}, nil, nil
  for c in text:gmatch(".") do
    if quote then
      if c == quote then quote = nil else word = word .. c end
    elseif c == '"' or c == "'" then
      quote, word = c, word or ""
    elseif c:find("%s") then
      words[#words + 1], word = word, nil
    else
      word = (word or "") .. c
    end
  end
  if quote then return nil, "a quote is not closed: " .. text end
  words[#words + 1] = word
  return words
end

--- `NAME=VALUE` words, and words without a name for the arguments in their order.
function M.name_values(recipe, words)
  local given, place = {}, 1
  for i = 2, #words do
    local name, value = words[i]:match("^([%a_][%w_]*)=(.*)$")
    local argument = recipe.args[place]
    local is_location = argument and argument.type == "location" -- which may hold a =
    if not name or (not M.find(recipe, name) and is_location) then
      if not argument then
        return nil, string.format("recipe %s: one argument too many: %s", recipe.name, words[i])
      end
      name, value, place = argument.name, words[i], place + 1
    end
    if given[name] ~= nil then
      return nil, string.format("recipe %s: %s is given twice", recipe.name, name)
    end
    given[name] = value
  end
  return given
end

--- What is wrong with an argument's description, or nil.
function M.problem(argument, index)
  if type(argument) ~= "table" or type(argument.name) ~= "string" or
     type(argument.help) ~= "string" then
    return string.format("args[%d] needs a name and a help", index)
  elseif not TYPES[argument.type] then
    return string.format("argument %s is of no known type: %s", argument.name,
                         tostring(argument.type))
  end
  if argument.default ~= nil then
    local _, message = M.take_value(argument, argument.default)
    return message and "the default of " .. message
  end
end

return M
