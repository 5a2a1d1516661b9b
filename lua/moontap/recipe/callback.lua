--- Callbacks of probes that are made of a text: an expression that the user gave is in them.
--
-- The text is compiled like a block that stands in a file, so that all of it that can runs in the
-- kernel, and names of the target mean what they mean at the prompt.
--
-- @module moontap.recipe.callback
local M = {}

--- Is the text an expression?
function M.is_expression(text)
  return load("return (" .. text .. ")") ~= nil
end

--- Is it an expression, or several with commas between them?
function M.is_list(text)
  return text:find("%S") ~= nil and load("return " .. text) ~= nil
end

--- A callback for `probe` and its kin.
-- @param text its statements; `e` is the event
-- @param names a table of the values that it uses, by name; in it they are constants
-- @param condition an expression: the block is for the hits for which it holds; nil: for all
function M.make(text, names, condition)
  local list, values = {}, {}
  for name in pairs(names) do list[#list + 1] = name end
  table.sort(list)
  for i, name in ipairs(list) do
    list[i], values[i] = name .. " <const>", names[name]
  end
  local declaration = #list > 0 and "local " .. table.concat(list, ", ") .. " = ...\n" or ""
  if condition then text = "if " .. condition .. " then\n" .. text .. "\nend" end
  local chunk = assert(load(declaration .. "return function(e)\n" .. text .. "\nend"))
  return chunk(table.unpack(values, 1, #list))
end

return M
