return {
  name = "calls.argdist",
  version = "1.0",
  api = 1,
  license = "GPL-2.0-or-later",
  summary = "How an argument or a result is distributed: a histogram, or a count of each value.",
  description = [[
Shows what VALUE is in the calls of FUNCTIONS: as=hist a histogram of it, as=count how often each
value comes, as=sum, avg, min, max that of all. What the kernel can read is added up there.

VALUE is arg[1], or a name if the program has debug information; str(arg[1]) is text. With
at=return it may be result, elapsed, or entry.arg[1].]],
  keywords = { "argument", "distribution", "size", "frequency", "histogram", "return", "bcc",
               "argdist" },
  category = "calls",
  args = {
    { name = "functions", type = "location", help = "a function, a glob, or /REGEX/" },
    { name = "value", type = "expression", default = "arg[1]", help = "what is looked at" },
    { name = "as", type = "string", default = "hist",
      choices = { "hist", "count", "sum", "avg", "min", "max" }, help = "how it is added up" },
    { name = "at", type = "string", default = "entry", choices = { "entry", "return" },
      help = "where it is read" },
    { name = "by", type = "expressions", default = "func", help = "a row or one each for" },
    { name = "when", type = "expression", optional = true, help = "only calls for which it holds" },
    { name = "every", type = "duration", default = "0s",
      help = "print and clear this often; 0s: at the end only" },
  },
  outputs = { { name = "value", type = "aggregate", help = "what AS says of VALUE" } },
  safety = { reads_user_data = true },
  examples = { "calls.argdist malloc", "calls.argdist malloc as=count when='arg[1] > 4096'",
               "calls.argdist libc:read value=result at=return by='entry.arg[1]' every=1s" },
  run = function(args)
    local values <const> =
      aggregate[args.as] { title = string.format("%s of %s", args.value, args.functions) }
    local list = args.as == "count" and args.by .. ", " .. args.value or
                 args.value .. ", " .. args.by
    local set = args.at == "return" and finish or probe
    set(args.functions, callback("values:add(" .. list .. ")", { values = values }, args.when))
    report(args.every, values)
  end,
}
