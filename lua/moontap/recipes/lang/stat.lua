return {
  name = "lang.stat",
  version = "1.0",
  api = 1,
  license = "GPL-2.0-or-later",
  summary = "What programs of Java, PHP, Python and Ruby do, in numbers: a row each interval.",
  description = [[
A row for each process in which anything was counted since the last one: calls, collections of
garbage, objects made, exceptions thrown, threads started, as far as the language tells of them.
All is counted in the kernel; the last interval ends when moontap does, and the sums are shown then.

Java tells calls and objects only with -XX:+ExtendedDTraceProbes, PHP its calls with
USE_ZEND_DTRACE=1. Python's calls count when they return. Of Ruby's those of methods in C always
count, others while the program has a TracePoint.new(:call) {}.enable on.]],
  keywords = { "java", "php", "python", "ruby", "call", "gc", "object", "exception", "thread",
               "rate", "top", "usdt", "bcc", "ustat" },
  category = "lang",
  args = {
    { name = "every", type = "duration", default = "1s", min = "10ms", help = "the interval" },
    { name = "lang", type = "string", optional = true,
      choices = { "java", "php", "python", "ruby" },
      help = "the language, if the program's files do not tell" },
  },
  outputs = {
    { name = "calls", type = "count" }, { name = "collections", type = "count" },
    { name = "objects", type = "count" }, { name = "exceptions", type = "count" },
    { name = "threads", type = "count" },
  },
  targets = { { module = "libjvm.so, php, python3.11 or libruby" } },
  safety = { max_rate = 200000, reads_user_data = false },
  examples = { "lang.stat", "lang.stat every=10s" },
  run = function(args)
    local languages = require "moontap.recipe.languages"
    local language = languages.choose(args.lang)
    local columns = {} -- { name =, counter =, seen = by pid what rows have shown } each

    local function add_column(name, sources)
      local counter = aggregate.count { title = name .. " by process" }
      columns[#columns + 1] = { name = name, counter = counter, seen = {} }
      for _, source in ipairs(sources) do
        if not source.is_part and not source.is_end then
          local place = source.counted or source.entry or source.first or source.probe
          probe(languages.location(language, place),
                callback("counter:add(pid)", { counter = counter }, source.when))
        end
      end
    end
    for _, name in ipairs { "calls", "collections", "objects", "exceptions", "threads" } do
      if language[name] then add_column(name, language[name]) end
    end

    local function rows()
      local pids, new = {}, {}
      for i, column in ipairs(columns) do
        for pid, total in pairs(column.counter) do
          local more = total - (column.seen[pid] or 0)
          column.seen[pid] = total
          if more > 0 and not new[pid] then
            new[pid] = {}
            pids[#pids + 1] = pid
          end
          if more > 0 then new[pid][i] = more end
        end
      end
      table.sort(pids)
      for _, pid in ipairs(pids) do
        local row = { string.format("%s %8d", os.date("%H:%M:%S"), pid) }
        for i in ipairs(columns) do row[#row + 1] = string.format("%12d", new[pid][i] or 0) end
        print(table.concat(row))
      end
    end

    local titles = { string.format("%-8s %8s", "time", "pid") }
    for _, column in ipairs(columns) do
      titles[#titles + 1] = string.format("%12s", column.name)
    end
    print(table.concat(titles))
    every(args.every / 1e9, rows)
    atexit(rows)
  end,
}
