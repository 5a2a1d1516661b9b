return {
  name = "lang.flow",
  version = "1.0",
  api = 1,
  license = "GPL-2.0-or-later",
  summary = "Calls of methods and functions of Java, PHP, Python and Ruby: who calls whom.",
  description = [[
Prints a line when a call begins and one when it ends, with how long it took, each thread's calls
indented by how many are around them. Calls under way when it starts are not seen to end.

Java tells its calls only with -XX:+ExtendedDTraceProbes, PHP with USE_ZEND_DTRACE=1 in its
environment, Python 3.11 while sys.settrace or sys.setprofile has a function, Ruby those of methods
that are not written in C while the program has a TracePoint.new(:call, :return) {}.enable on.]],
  keywords = { "java", "php", "python", "ruby", "method", "function", "call", "tree", "flow",
               "trace", "usdt", "bcc", "uflow" },
  category = "lang",
  args = {
    { name = "class", type = "string", optional = true,
      help = "only its methods; '': functions; of Python, a file" },
    { name = "depth", type = "integer", default = 100, min = 1, max = 1000,
      help = "calls within so many others are not shown" },
    { name = "native", type = "boolean", default = true, help = "Ruby's methods in C as well" },
    { name = "lang", type = "string", optional = true,
      choices = { "java", "php", "python", "ruby" },
      help = "the language, if the program's files do not tell" },
  },
  outputs = {
    { name = "->", type = "string", help = "the class and the method that is called" },
    { name = "<-", type = "string", help = "the one that returns, and after how long" },
  },
  targets = { { module = "libjvm.so, php, python3.11 or libruby" } },
  safety = { max_rate = 50000, reads_user_data = false },
  examples = { "lang.flow", "lang.flow native=no depth=5" },
  run = function(args)
    local languages = require "moontap.recipe.languages"
    local show = require "moontap.recipe.show"
    local language = languages.choose(args.lang, "calls")

    local function line(time, comm, tid, depth, arrow, class, method, rest)
      if depth > args.depth then return end
      local name = class == "" and method or class .. (language.joint or ".") .. method
      print(show.line(time, comm, tid, string.rep("  ", depth - 1) .. arrow .. show.text(name) ..
                                       rest))
    end
    local function entered(time, comm, tid, depth, class, method)
      line(time, comm, tid, depth, "-> ", class, method, "")
    end
    local function left(time, comm, tid, depth, class, method, elapsed)
      line(time, comm, tid, depth, "<- ", class, method, "  " .. show.duration(elapsed))
    end

    languages.watch_calls({ probe = probe }, language, languages.calls(language, args.native),
                          args.class, entered, left)
  end,
}
