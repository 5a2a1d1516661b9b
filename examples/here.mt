#!/usr/bin/env moontap
-- Three places in a Go function, by their offsets as a disassembler shows them:
-- where control arrives after each of its three conditions, true or not.
--
--     sudo build/moontap examples/here.mt          (from the top of the tree)
--
-- The offsets are those of a Go 1.21 or 1.22 build of examples/go-play;
-- here-any.lua finds them in any build.

file "build/go-play"

break main.neatFunction+0x6d  do print("here 1") end
break main.neatFunction+0x133 do print("here 2") end
break main.neatFunction+0x17d do print("here 3") end
