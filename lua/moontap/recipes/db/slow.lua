return {
  name = "db.slow",
  version = "1.0",
  api = 1,
  license = "GPL-2.0-or-later",
  summary = "Queries of PostgreSQL or MariaDB that take longer than a threshold.",
  description = [[
Prints a line for each query that took at least LEAST, as the server sees it: from when it has
the text until it is done. The text is shown up to 1,024 bytes, with the values in it.

The program is /usr/lib/postgresql/15/bin/postgres or its like, which traces every connection, now
and later, or mariadbd. PostgreSQL tells the name of what a prepared statement executes; of MariaDB
only queries that are sent as text are seen.]],
  keywords = { "database", "sql", "query", "slow", "postgresql", "mariadb", "mysql", "bcc",
               "dbslower" },
  category = "db",
  args = {
    { name = "least", type = "duration", default = "1ms", help = "the shortest that is shown" },
  },
  outputs = {
    { name = "latency", type = "duration", help = "how long the query took" },
    { name = "query", type = "string", help = "its text" },
  },
  targets = { { module = "postgres", symbols = { "pgstat_report_activity" } },
              { module = "mariadbd",
                symbols = { "_Z16dispatch_command19enum_server_commandP3THDPcjb",
                            "_Z10do_commandP3THDb" }, versions = "10.11" } },
  safety = { max_rate = 50000, reads_user_data = true },
  examples = { "db.slow", "db.slow least=100ms" },
  run = function(args)
    local show = require "moontap.recipe.show"
    local function line(time, comm, tid, elapsed, text)
      print(show.line(time, comm, tid, string.format("%7s  %s", show.duration(elapsed),
                                                     show.text(text))))
    end
    local set = { probe = probe, finish = finish }
    require("moontap.recipe.queries").watch(set, args.least, line)
  end,
}
