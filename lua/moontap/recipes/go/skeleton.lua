return {
  name = "go.skeleton",
  version = "1.0",
  api = 1,
  license = "GPL-2.0-or-later",
  summary = "Prints a script with the entry and every return of a function, to edit.",
  description = [[
The script is what you would begin with: a tracepoint at the function's entry that prints the
arguments, and one at each of its return instructions, with the source line, that prints the
results. It runs as it stands. No tracepoint is set now.

    moontap -q -batch PROGRAM -ex 'recipe run go.skeleton main.f' > f.mt
    moontap -p PID f.mt

Without debug information the arguments and the results are words.]],
  keywords = { "go", "script", "template", "return", "entry", "generate" },
  category = "go",
  targets = { { needs = "go" } },
  args = { { name = "func", type = "location", help = "the function" } },
  outputs = { { name = "script", help = "what a file for moontap may begin with" } },
  safety = { reads_user_data = false },
  examples = { "go.skeleton runtime.newproc" },
  run = function(args)
    local HIDDEN <const> = { -- what Lua does not take for a name
      ["and"] = 1, ["do"] = 1, ["elseif"] = 1, ["end"] = 1, ["false"] = 1, ["function"] = 1,
      ["in"] = 1, ["local"] = 1, ["nil"] = 1, ["not"] = 1, ["or"] = 1, ["repeat"] = 1,
      ["then"] = 1, ["true"] = 1, ["until"] = 1, ["while"] = 1, _ = 1,
    }

    --- The items of "a int, f func(int, int)": those between commas outside of brackets.
    local function items(list)
      local flat = list:gsub("%b()", ""):gsub("%b[]", ""):gsub("%b{}", "")
      local out = {}
      for item in flat:gmatch("[^,]+") do out[#out + 1] = item:match("^%s*(.*)$") end
      return out
    end

    local function words(name)
      return string.format("%s[1], %s[2], %s[3]", name, name, name)
    end

    --- What the blocks at the entry and at the returns print, each as ", a, b".
    local function captures()
      local is_known, text = pcall(command, "ptype " .. args.func)
      if not is_known then return ", " .. words("arg"), ", " .. words("result") end
      local parameters, results = text:match("func(%b())%s*([^\n]*)")
      local names, values, left = "", "", #items(parameters:sub(2, -2))
      -- They are the first of the variables.
      for name, how in command("info scope " .. args.func):gmatch("Symbol (%S+) ([^\n]*)") do
        local is_readable = how:find("^is a variable") and not HIDDEN[name]
        if left > 0 and is_readable then names = names .. ", var." .. name end
        left = left - 1
      end
      for i, item in ipairs(items(results:match("^%((.*)%)$") or results)) do
        -- Vector registers are out of reach.
        local is_readable = not item:find("float%d+$") and not item:find("complex%d+$")
        if is_readable then values = values .. string.format(", result[%d]", i) end
      end
      return names, values
    end

    local code = command("disassemble " .. args.func)
    local name = code:match("for function ([^\n]+):\n")
    local names, values = captures()
    local line, count = nil, 0
    printf("-- The entry and every return of %s: edit what they do.\n\n", name)
    printf("break %s do\n  print(\"%s\", goid%s)\nend\n", name, name, names)
    for text in code:gmatch("[^\n]+") do
      line = text:match("^(%S+:%d+):$") or line
      local offset = text:match("<%+(0x%x+)>:%s+ret")
      if offset then
        count = count + 1
        printf("\nbreak %s+%s do -- %s\n  print(\"%s returns\", goid%s)\nend\n", name, offset,
               line or "no line", name, values)
      end
    end
    if count == 0 then printf("\n-- It has no return.\n") end
  end,
}
