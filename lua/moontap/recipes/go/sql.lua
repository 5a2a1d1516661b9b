return {
  name = "go.sql",
  version = "1.0",
  api = 1,
  license = "GPL-2.0-or-later",
  summary = "The statements that the program sends by database/sql, and how long they take.",
  description = [[
A line for each query and each Exec, when it returns: how long that took, the text of the
statement, and "ok" or the error with its type; of a DB, a Conn, a Tx, whatever the driver. For a
prepared statement the time has the wait for a connection in it. Rows that a query gives are
fetched later, and are not in the time. The histograms, by statement, are shown at the end and by
"info aggregates".]],
  keywords = { "go", "sql", "database", "query", "exec", "slow", "postgres", "mysql", "sqlite" },
  category = "go",
  targets = { { needs = "go" } },
  args = {
    { name = "slow", type = "duration", default = "0s", help = "only those that took this long" },
    { name = "stack", type = "boolean", default = false, help = "show who asked" },
    { name = "lines", type = "boolean", default = true, help = "print statements" },
  },
  outputs = {
    { name = "statement", help = "goroutine, time, text, ok or error" },
    { name = "latency", type = "histogram", unit = "ns", help = "by statement" },
  },
  safety = { max_rate = 50000, reads_user_data = true },
  examples = { "go.sql", "go.sql slow=100ms stack=yes", "go.sql lines=no" },
  run = function(args)
    local golang = require "moontap.recipe.golang"
    local has_stack <const>, has_lines <const>, slow <const> = args.stack, args.lines, args.slow
    local latency <const> = aggregate.hist { title = "latency by statement", unit = "ns" }
    local long = { when = function(e) return e.elapsed >= slow end }
    local function show(goid, ns, statement, failure)
      printf("goroutine %s %s %s: %s\n", goid, golang.time(ns), (statement:gsub("%s+", " ")),
             failure == nil and "ok" or failure)
    end

    local blocks = {
      -- (db *DB) queryDC(ctx, txctx context.Context, dc *driverConn, releaseConn func(error),
      -- query string, args []any) (*Rows, error)
      ["database/sql.(*DB).queryDC"] = function(e)
        latency:add(e.elapsed, e.bytes(e.entry.arg[8], e.entry.arg[9]))
        if has_lines then
          show(e.goid, e.elapsed, e.bytes(e.entry.arg[8], e.entry.arg[9]),
               e.iface(e.reg.rbx, e.reg.rcx))
          if has_stack then print(e.stack()) end
        end
      end,
      -- (db *DB) execDC(ctx context.Context, dc *driverConn, release func(error), query string,
      -- args []any) (Result, error)
      ["database/sql.(*DB).execDC"] = function(e)
        latency:add(e.elapsed, e.bytes(e.entry.arg[6], e.entry.arg[7]))
        if has_lines then
          show(e.goid, e.elapsed, e.bytes(e.entry.arg[6], e.entry.arg[7]),
               e.iface(e.reg.rcx, e.reg.rdi))
          if has_stack then print(e.stack()) end
        end
      end,
      -- (s *Stmt) QueryContext(ctx context.Context, args ...any) (*Rows, error). Of a Stmt the
      -- query is at 8.
      ["database/sql.(*Stmt).QueryContext"] = function(e)
        latency:add(e.elapsed, e.bytes(e.u64(e.entry.arg[1] + 8), e.u64(e.entry.arg[1] + 16)))
        if has_lines then
          show(e.goid, e.elapsed, e.bytes(e.u64(e.entry.arg[1] + 8), e.u64(e.entry.arg[1] + 16)),
               e.iface(e.reg.rbx, e.reg.rcx))
          if has_stack then print(e.stack()) end
        end
      end,
      -- (s *Stmt) ExecContext(ctx context.Context, args ...any) (Result, error)
      ["database/sql.(*Stmt).ExecContext"] = function(e)
        latency:add(e.elapsed, e.bytes(e.u64(e.entry.arg[1] + 8), e.u64(e.entry.arg[1] + 16)))
        if has_lines then
          show(e.goid, e.elapsed, e.bytes(e.u64(e.entry.arg[1] + 8), e.u64(e.entry.arg[1] + 16)),
               e.iface(e.reg.rcx, e.reg.rdi))
          if has_stack then print(e.stack()) end
        end
      end,
    }
    -- A program that does not prepare statements has no methods of a Stmt.
    for _, name in ipairs(golang.all_of {
      "database/sql.(*DB).queryDC", "database/sql.(*DB).execDC",
      "database/sql.(*Stmt).QueryContext", "database/sql.(*Stmt).ExecContext",
    }) do
      finish(name, long, blocks[name])
    end
  end,
}
