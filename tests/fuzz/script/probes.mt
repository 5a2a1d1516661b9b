#!/usr/bin/env moontap
local n <const>, t <close> = 0x1p4, nil
break main.f+0x6d if n > 1 and x ~= "\u{e9}\z  \065" do print(n, [==[a]]]==]) end
tbreak *0x1234 force -- comment
rbreak /re do (/ do x() end
finish main.(*T).M if result[1] // 2 == 0 do return end
dprintf f(int, char), "%d", a,
  b
every 1.5ms do local function f(...) return ... end end
break 'a do b'+4; break F[go.shape.int_0]
for i = 1, 2 do break f(int) break main.g do y() end end
while finish(x) do every = 3 break end
goto done
function a.b:c(d, ...) return {1, e = 2; [3] = 4}, -5 ^ -6 .. 7 end
::done::
