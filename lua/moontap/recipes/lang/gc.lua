return {
  name = "lang.gc",
  version = "1.0",
  api = 1,
  license = "GPL-2.0-or-later",
  summary = "Garbage collections of Java, Python and Ruby: which kind, and how long.",
  description = [[
Prints a line for each collection that begins after this and takes at least LEAST, and a histogram
of their durations by kind at the end.

The kinds of Java are young and full, as its VM thread stops the program for them; those of Python
are its generations, with how many objects could not be freed by counting alone. Ruby marks, and
then sweeps: at once, which is within the time of the mark, or in steps.]],
  keywords = { "java", "python", "ruby", "garbage", "collector", "gc", "pause", "memory", "usdt",
               "bcc", "ugc" },
  category = "lang",
  args = {
    { name = "least", type = "duration", default = "0s", help = "shorter ones are not printed" },
    { name = "every", type = "duration", default = "0s",
      help = "print and clear the histograms this often; 0s: at the end only" },
    { name = "lang", type = "string", optional = true, choices = { "java", "python", "ruby" },
      help = "the language, if the program's files do not tell" },
  },
  outputs = {
    { name = "collection", type = "string", help = "kind, duration, and what was found" },
    { name = "durations", type = "histogram", unit = "ns", help = "by kind" },
  },
  targets = { { module = "libjvm.so, python3.11 or libruby" } },
  safety = { max_rate = 10000, reads_user_data = false },
  examples = { "lang.gc", "lang.gc least=10ms every=10s" },
  run = function(args)
    local languages = require "moontap.recipe.languages"
    local show = require "moontap.recipe.show"
    local language = languages.choose(args.lang, "collections")
    local durations = aggregate.hist { title = "durations of collections", unit = "ns" }

    local function watch(collection)
      local begun = {} -- by thread: { time =, kind = }
      local function begin(tid, time, kind) begun[tid] = { time = time, kind = kind } end
      local function done(tid, time, comm, found)
        local this = begun[tid]
        begun[tid] = nil
        if not this then return end
        local kind = collection.names[this.kind] or tostring(this.kind)
        local elapsed = time - this.time
        durations:add(elapsed, kind)
        if elapsed < args.least then return end
        local text = string.format("%7s  %s", show.duration(elapsed), kind)
        if found then text = string.format("%s, %s objects collected", text, found) end
        print(show.line(time, comm, tid, text))
      end
      probe(languages.location(language, collection.first),
            callback("begin(tid, time, " .. collection.kind .. ")", { begin = begin }))
      probe(languages.location(language, collection.last),
            callback("done(tid, time, comm, " .. (collection.found or "nil") .. ")",
                     { done = done }))
    end

    for _, collection in ipairs(language.collections) do watch(collection) end
    report(args.every, durations)
  end,
}
