return {
  name = "lang.calls",
  version = "1.0",
  api = 1,
  license = "GPL-2.0-or-later",
  summary = "Calls of methods and functions of Java, PHP, Python and Ruby: how many, how long.",
  description = [[
Counts the calls by class and method, in the kernel; with latency=yes there is a histogram of each
method's time, and every call is told to moontap, twice. Python has the file instead of the class.

Java tells its calls only with -XX:+ExtendedDTraceProbes. PHP does with USE_ZEND_DTRACE=1 in its
environment, those of functions that are written in PHP. Python 3.11 tells every return, a yield
being one, so that calls can be counted; where they begin, which latency=yes needs, it tells while
sys.settrace or sys.setprofile has a function. Ruby tells calls of methods that are written in C
(native=no leaves them out), and others while the program has a
TracePoint.new(:call, :return) {}.enable on. Node, Perl and Tcl have no such probes in Debian.]],
  keywords = { "java", "php", "python", "ruby", "method", "function", "call", "count", "latency",
               "usdt", "bcc", "ucalls" },
  category = "lang",
  args = {
    { name = "class", type = "string", optional = true,
      help = "only its methods; '': functions; of Python, a file" },
    { name = "by", type = "string", default = "method", choices = { "method", "class" },
      help = "what is counted by itself" },
    { name = "latency", type = "boolean", default = false, help = "how long they take" },
    { name = "native", type = "boolean", default = true, help = "Ruby's methods in C as well" },
    { name = "every", type = "duration", default = "0s",
      help = "print and clear this often; 0s: at the end only" },
    { name = "lang", type = "string", optional = true,
      choices = { "java", "php", "python", "ruby" },
      help = "the language, if the program's files do not tell" },
  },
  outputs = { { name = "calls", type = "count", help = "by class and method" },
              { name = "latency", type = "histogram", unit = "ns", help = "by class and method" } },
  targets = { { module = "libjvm.so, php, python3.11 or libruby" } },
  safety = { max_rate = 100000, reads_user_data = false },
  examples = { "lang.calls", "lang.calls by=class every=1s", "lang.calls latency=yes native=no" },
  run = function(args)
    local languages = require "moontap.recipe.languages"
    local language = languages.choose(args.lang, "calls")
    local wanted = languages.calls(language, args.native)
    local is_by_class = args.by == "class"

    local function count_calls()
      local calls = aggregate.count { title = "calls" }
      for _, call in ipairs(wanted) do
        local key = is_by_class and call.class or call.class .. ", " .. call.method
        probe(languages.location(language, call.counted or call.entry),
              callback("calls:add(" .. key .. ")", { calls = calls, class = args.class },
                       languages.call_condition(call, args.class)))
      end
      report(args.every, calls)
    end

    local function measure_calls()
      local latency = aggregate.hist { title = "latency of calls", unit = "ns" }
      local function entered() end
      local function left(_, _, _, _, class, method, elapsed)
        if is_by_class then latency:add(elapsed, class) else latency:add(elapsed, class, method) end
      end
      languages.watch_calls({ probe = probe }, language, wanted, args.class, entered, left)
      report(args.every, latency)
    end

    if args.latency then measure_calls() else count_calls() end
  end,
}
