return {
  name = "usdt.list",
  version = "1.0",
  api = 1,
  license = "GPL-2.0-or-later",
  summary = "The static probes of a program and its libraries, with where their arguments are.",
  description = [[
Lists what <sys/sdt.h> has left in the files of the target, one place after the other, and of each
argument its type and where it is, as the note says it: -4@%eax is an int in a register. Of one
that a tracepoint cannot read there is the reason. No tracepoint is set.

PROBES is PROVIDER:NAME or NAME, both of them globs, as behind -probe.]],
  keywords = { "usdt", "static", "probe", "sdt", "dtrace", "stap", "arguments", "list", "bcc",
               "tplist" },
  category = "usdt",
  args = {
    { name = "probes", type = "string", default = "*", help = "which: PROVIDER:NAME or NAME" },
    { name = "object", type = "string", default = "", help = "only files with this in their name" },
    { name = "brief", type = "boolean", default = false,
      help = "names only, with how many places each has" },
  },
  outputs = {
    { name = "probe", type = "string", help = "PROVIDER:NAME, address, file" },
    { name = "arg[N]", type = "string", help = "type and place of an argument, or why not" },
  },
  safety = { reads_user_data = false },
  examples = { "usdt.list", "usdt.list gc__* brief=yes", "usdt.list python:*" },
  run = function(args)
    local show = require "moontap.recipe.show"

    --- A pattern of Lua's for a glob.
    local function pattern(glob)
      local escaped = glob:gsub("[%^%$%(%)%%%.%[%]%+%-]", "%%%0")
      return "^" .. escaped:gsub("[*?]", { ["*"] = ".*", ["?"] = "." }) .. "$"
    end

    local provider, name = args.probes:match("^(.-):(.*)$")
    local provider_pattern, name_pattern = pattern(provider or "*"), pattern(name or args.probes)

    local function is_wanted(place)
      return place.provider:find(provider_pattern) and place.name:find(name_pattern) and
             place.object:find(args.object, 1, true)
    end

    local function whole(place) return show.text(place.provider .. ":" .. place.name) end

    local function is_before(a, b)
      if whole(a) ~= whole(b) then return whole(a) < whole(b) end
      if a.object ~= b.object then return a.object < b.object end
      return a.address < b.address
    end

    local function print_place(place)
      printf("%s  0x%x in %s\n", whole(place), place.address, show.text(place.object))
      for i, argument in ipairs(place.arguments) do
        local type = argument.reason or argument.type
        printf("    %-7s  %-8s  %s\n", "arg[" .. i .. "]", type, show.text(argument.text))
      end
    end

    --- Places are in order: those of a name come together.
    local function print_names(places)
      local from = 1
      for i, place in ipairs(places) do
        local after = places[i + 1]
        if not after or whole(after) ~= whole(place) then
          local count = i + 1 - from
          printf("%s  %d place%s\n", whole(place), count, count == 1 and "" or "s")
          from = i + 1
        end
      end
    end

    if not target.probes then error { refusal = "there is no program: use file PROGRAM" } end
    local places = {}
    for _, place in ipairs(target.probes) do
      if is_wanted(place) then places[#places + 1] = place end
    end
    if #places == 0 then
      error { refusal = string.format("no probe of the program or its libraries is called %s",
                                      args.probes) }
    end
    table.sort(places, is_before)
    if args.brief then
      print_names(places)
      return
    end
    for _, place in ipairs(places) do print_place(place) end
  end,
}
