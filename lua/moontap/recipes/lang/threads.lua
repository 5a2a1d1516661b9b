return {
  name = "lang.threads",
  version = "1.0",
  api = 1,
  license = "GPL-2.0-or-later",
  summary = "Threads of Java and Ruby programs, as they start and end.",
  description = [[
Prints a line for each thread. Java tells the start and the end of one, in that thread, with its
name. Ruby tells in the thread that starts another one, with the file and line, and not its end:
there the calls of methods in C are looked at for it, in the kernel. Python 3.11 tells neither.
threads.threads shows those of any program, by the routine in C.]],
  keywords = { "java", "ruby", "thread", "start", "end", "usdt", "bcc", "uthreads" },
  category = "lang",
  args = {
    { name = "lang", type = "string", optional = true, choices = { "java", "ruby" },
      help = "the language, if the program's files do not tell" },
  },
  outputs = { { name = "thread", type = "string", help = "starts or ends; its name or place" } },
  targets = { { module = "libjvm.so or libruby" } },
  safety = { max_rate = 10000, reads_user_data = false },
  examples = { "lang.threads" },
  run = function(args)
    local languages = require "moontap.recipe.languages"
    local show = require "moontap.recipe.show"
    local language = languages.choose(args.lang, "threads")

    local function watch(thread)
      local what = thread.is_end and "thread ends" or "thread starts"
      local function line(time, comm, tid, name)
        print(show.line(time, comm, tid, what .. "  " .. show.text(name)))
      end
      probe(languages.location(language, thread.probe),
            callback("line(time, comm, tid, " .. thread.name .. ")", { line = line }, thread.when))
    end

    for _, thread in ipairs(language.threads) do watch(thread) end
  end,
}
