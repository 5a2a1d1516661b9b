return {
  name = "db.stat",
  version = "1.0",
  api = 1,
  license = "GPL-2.0-or-later",
  summary = "How long the queries of PostgreSQL or MariaDB take, by kind.",
  description = [[
Histograms of how long queries take, as the server sees it. By kind there is one for SELECT, one
for UPDATE, and so on; by text one for each query, its first 128 bytes; all together is the third
way.]],
  keywords = { "database", "sql", "query", "latency", "histogram", "postgresql", "mariadb",
               "mysql", "bcc", "dbstat" },
  category = "db",
  args = {
    { name = "by", type = "string", default = "kind", choices = { "kind", "text", "all" },
      help = "a histogram for each" },
    { name = "least", type = "duration", default = "0s", help = "shorter ones do not count" },
    { name = "every", type = "duration", default = "0s",
      help = "print and clear the histograms this often; 0s: at the end only" },
  },
  outputs = { { name = "latency", type = "histogram", unit = "time", help = "of queries" } },
  targets = { { module = "postgres", symbols = { "pgstat_report_activity" } },
              { module = "mariadbd",
                symbols = { "_Z16dispatch_command19enum_server_commandP3THDPcjb",
                            "_Z10do_commandP3THDb" }, versions = "10.11" } },
  safety = { max_rate = 50000, reads_user_data = true },
  examples = { "db.stat", "db.stat by=text least=1ms every=10s" },
  run = function(args)
    local queries = require "moontap.recipe.queries"
    local latency <const> = aggregate.hist { title = "latency of queries", unit = "ns" }
    local keys = {
      kind = function(text) return queries.kind(text) end,
      text = function(text) return text end,
      all = function() return "all" end,
    }
    local key = keys[args.by]
    queries.watch({ probe = probe, finish = finish }, args.least,
                  function(_, _, _, elapsed, text) latency:add(elapsed, key(tostring(text))) end)
    report(args.every, latency)
  end,
}
