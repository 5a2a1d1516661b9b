-- What luacheck is to know of moontap: the names that it gives to Lua files.
std = "lua54"
max_line_length = 100
read_globals = {
  "probe", "tbreak", "finish", "aggregate", "target", "symbol", "atexit", "command", "file", "attach",
  "every", "exit", "enable", "disable", "delete", "printf", "emit", "ok", "len",
}
-- Beside these, a recipe has names of its own (moontap/recipe.lua).
files["lua/moontap/recipes"] = { read_globals = { "report", "callback" } }
