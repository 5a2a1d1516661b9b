--- Recipe files: found, read, and held against what a recipe has to be.
--
-- @module moontap.recipe.load
local argument = require "moontap.recipe.argument"
local files = require "moontap.files"

local M = {}

--- The version of what a recipe may expect (its field `api`).
M.API = 1

--- The fields of a recipe: their Lua type; needed unless in OPTIONAL.
local FIELDS <const> = {
  name = "string", -- AREA.NAME, as its file
  version = "string", api = "number", author = "string", license = "string",
  summary = "string", -- a sentence
  description = "string", -- more, in lines
  keywords = "table", category = "string",
  targets = "table", -- { module =, symbols =, needs =, versions = } each
  args = "table", -- { name =, type =, default =, optional =, min =, max =, choices =, help = } each
  outputs = "table", -- { name =, type =, unit =, help = } each
  safety = "table", -- { max_rate = events a second, reads_user_data = } as it is meant to be used
  requires = "table", -- { kernel = "6.6", caps = {} }
  examples = "table", -- texts behind "recipe run "
  run = "function",
}
local OPTIONAL <const> = {
  author = true, keywords = true, category = true, targets = true, args = true, outputs = true,
  safety = true, requires = true, examples = true, description = true,
}

local function problem(recipe, name)
  if type(recipe) ~= "table" then return "it returns no table" end
  for field, wanted in pairs(FIELDS) do
    local found = type(recipe[field])
    if found ~= wanted and not (found == "nil" and OPTIONAL[field]) then
      return string.format("%s is a %s, not a %s", field, found, wanted)
    elseif found == "nil" and wanted == "table" then
      recipe[field] = {}
    end
  end
  for field in pairs(recipe) do
    if not FIELDS[field] then return "no field is called " .. tostring(field) end
  end
  if recipe.name ~= name then return "it is called " .. recipe.name end
  if recipe.api > M.API then return "it is for a newer moontap" end
  for i, wanted in ipairs(recipe.args) do
    local message = argument.problem(wanted, i)
    if message then return message end
  end
end

local function load_file(file)
  if file.danger then
    return nil, string.format("recipe %s is not used: %s %s", file.name, file.path, file.danger)
  end
  local environment = {}
  local chunk, message = loadfile(file.path, "t", environment)
  if not chunk then return nil, message end
  local is_fine, recipe = pcall(chunk)
  local why = is_fine and problem(recipe, file.name) or not is_fine and tostring(recipe)
  if why then
    return nil, string.format("recipe %s is broken: %s: %s", file.name, file.path, why)
  end
  recipe.environment = environment
  return recipe
end

local loaded = {} -- by path

function M.load(file)
  if not loaded[file.path] then
    local recipe, message = load_file(file)
    if not recipe then return nil, message end
    loaded[file.path] = recipe
  end
  return loaded[file.path]
end

--- The files by name in alphabetical order; moontap's own come before others of that name.
function M.all()
  local found, seen = {}, {}
  for _, file in ipairs(files.recipes()) do
    if not seen[file.name] then
      seen[file.name] = true
      found[#found + 1] = file
    end
  end
  table.sort(found, function(a, b) return a.name < b.name end)
  return found
end

--- The recipe of a name; its last part will do if there is only one of that.
function M.find(name)
  local fits, names = {}, {}
  for _, file in ipairs(M.all()) do
    local last = file.name:match("[^.]*$")
    if file.name == name then return M.load(file) end
    if last == name then fits[#fits + 1] = file end
    names[#names + 1] = file.name
    names[#names + 1] = last
  end
  if #fits == 1 then return M.load(fits[1]) end
  if #fits > 1 then
    return nil, string.format("Ambiguous recipe \"%s\": %s, %s.", name, fits[1].name, fits[2].name)
  end
  local near = files.nearest(name, names)
  return nil, string.format("No recipe \"%s\".  Try \"recipe list\".", name),
         near and "Did you mean " .. near .. "?"
end

return M
