--[==[ long ]] comment ]==]
local _ENV = _ENV
repeat local x = not a and b or c < d until x >= 1 << 2 | 3 ~ ~4 & 5
if x then goto m elseif y then z:m'n'.o[1] = 3, ... else do ::l:: ; end end ::m::
for k, v in pairs{'a', "b\n\x41\
c"} do if k % 2 == 0 then break end end
return (f)(#t, 0xA.8p-1, 1e-3, 9223372036854775808), function() return nil, true, false end
