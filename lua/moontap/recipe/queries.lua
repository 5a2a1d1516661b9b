--- Queries of database servers, from their beginning to their end.
--
-- PostgreSQL reports what a backend does: a text when it begins, none when it is idle again.
-- MariaDB has a function that is given one command of a client, and one around it that returns
-- when the command is done.
--
-- @module moontap.recipe.queries
local M = {}

local POSTGRESQL <const> = "pgstat_report_activity"
-- dispatch_command(enum_server_command, THD*, char*, unsigned, bool), do_command(THD*, bool)
local MARIADB <const> = "_Z16dispatch_command19enum_server_commandP3THDPcjb"
local MARIADB_AROUND <const> = "_Z10do_commandP3THDb"

local function is_defined(location) return (pcall(command, "info address " .. location)) end

local function watch_postgresql(set, begin, finished, most_bytes)
  local most <const> = most_bytes
  set.probe(POSTGRESQL, { when = function(e) return e.arg[2] ~= 0 end },
            function(e) begin(e.tid, e.time, e.str(e.arg[2], most)) end)
  set.probe(POSTGRESQL, { when = function(e) return e.arg[2] == 0 end },
            function(e) finished(e.tid, e.time, e.comm) end)
end

local function watch_mariadb(set, begin, finished, most_bytes)
  local most <const>, query <const> = most_bytes, 3 -- COM_QUERY, mysql_com.h
  set.probe(MARIADB, { when = function(e) return e.arg[1] & 0xff == query end }, function(e)
    begin(e.tid, e.time, e.bytes(e.arg[3], e.arg[4] & 0xffffffff, most))
  end)
  set.finish(MARIADB_AROUND, function(e) finished(e.tid, e.time, e.comm) end)
end

--- Calls on_query(TIME, COMM, TID, ELAPSED, TEXT) for each query that took at least `least` ns.
-- @param set `probe` and `finish` as the recipe has them
-- @raise if the program is no database server that is known here
function M.watch(set, least, on_query)
  local begun = {} -- by thread: { time =, text = }
  local function begin(tid, time, text)
    -- Parsing, binding and executing each report the same query.
    begun[tid] = { time = begun[tid] and begun[tid].time or time, text = text }
  end
  local function finished(tid, time, comm)
    local query = begun[tid]
    begun[tid] = nil
    if query and time - query.time >= least then
      on_query(time, comm, tid, time - query.time, query.text)
    end
  end
  if is_defined(POSTGRESQL) then
    watch_postgresql(set, begin, finished, 1024)
  elseif is_defined(MARIADB) then
    watch_mariadb(set, begin, finished, 1024)
  else
    error { refusal = "this is neither PostgreSQL's server (postgres) nor MariaDB's (mariadbd)" }
  end
end

--- What kind of statement a query is: its first word, in capitals.
function M.kind(text)
  local rest = text:gsub("^%s+", "")
  while rest:find("^/%*.-%*/") or rest:find("^%-%-[^\n]*\n") do
    rest = rest:gsub("^/%*.-%*/%s*", ""):gsub("^%-%-[^\n]*\n%s*", "")
  end
  return (rest:match("^%a+") or "(other)"):upper()
end

return M
