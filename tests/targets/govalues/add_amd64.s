// SPDX-License-Identifier: GPL-2.0-or-later
#include "textflag.h"

// func add(a int64, b int32, s string) (sum int64, length int)
TEXT ·add(SB), NOSPLIT, $0-48
	MOVQ a+0(FP), AX
	MOVLQSX b+8(FP), BX
	ADDQ BX, AX
	MOVQ AX, sum+32(FP)
	MOVQ s_len+24(FP), CX
	MOVQ CX, length+40(FP)
	RET
