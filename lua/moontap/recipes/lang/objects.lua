return {
  name = "lang.objects",
  version = "1.0",
  api = 1,
  license = "GPL-2.0-or-later",
  summary = "Objects that Java and Ruby programs make, by type or by where.",
  description = [[
Counts the objects that are made, in the kernel: by type, or with by=place by the file and line of
Ruby that makes them. Of Ruby's strings the bytes of their text are added up, too.

Java tells its objects only with -XX:+ExtendedDTraceProbes, and no bytes are shown: its
interpreter does not pass them. Ruby tells arrays, hashes, strings and symbols, and of other classes
what new and allocate make; floats, big integers and threads are not among them.]],
  keywords = { "java", "ruby", "object", "new", "allocation", "memory", "usdt", "bcc", "uobjnew" },
  category = "lang",
  args = {
    { name = "by", type = "string", default = "type", choices = { "type", "place" },
      help = "what is counted by itself" },
    { name = "every", type = "duration", default = "0s",
      help = "print and clear this often; 0s: at the end only" },
    { name = "lang", type = "string", optional = true, choices = { "java", "ruby" },
      help = "the language, if the program's files do not tell" },
  },
  outputs = { { name = "objects", type = "count", help = "by type or by place" },
              { name = "bytes", type = "sum", unit = "bytes", help = "of texts, of Ruby" } },
  targets = { { module = "libjvm.so or libruby" } },
  safety = { max_rate = 200000, reads_user_data = false },
  examples = { "lang.objects", "lang.objects every=5s" },
  run = function(args)
    local languages = require "moontap.recipe.languages"
    local language = languages.choose(args.lang, "objects")
    local objects = aggregate.count { title = "objects by " .. args.by }
    local shown = { objects }

    local function watch(object)
      local key = object[args.by]
      local text, names = "objects:add(" .. key .. ")", { objects = objects }
      if object.bytes then
        names.bytes = aggregate.sum { title = "bytes of texts by " .. args.by, unit = "bytes" }
        shown[2] = names.bytes
        text = text .. " bytes:add(" .. object.bytes .. ", " .. key .. ")"
      end
      probe(languages.location(language, object.probe), callback(text, names))
    end

    for _, object in ipairs(language.objects) do
      if not object[args.by] then
        error { refusal = "the probe tells the type of an object, and not where it is made" }
      end
      watch(object)
    end
    report(args.every, table.unpack(shown))
  end,
}
