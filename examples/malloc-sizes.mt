#!/usr/bin/env moontap
-- What sizes does a running process ask malloc for?
--
--     sudo build/moontap -p PID examples/malloc-sizes.mt
--
-- Counts in powers of two; prints the table when the process ends, or on Ctrl-C.

local counts = {}

break malloc do
  local size, power = arg[1], 0
  while size > 1 do
    size, power = size >> 1, power + 1
  end
  counts[power] = (counts[power] or 0) + 1
end

atexit(function()
  for power = 0, 63 do
    if counts[power] then
      printf("%12d bytes and more  %8d\n", 1 << power, counts[power])
    end
  end
end)
