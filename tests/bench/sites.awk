# SPDX-License-Identifier: GPL-2.0-or-later
# Writes assembly: `count` functions of `size` bytes, fn_000000 and on, each a nop, a ret and
# filling, and a main that says its pid and waits for the end of its input.
BEGIN {
	print ".text"
	for (i = 0; i < count; i++)
		printf ".globl fn_%06d\n.type fn_%06d, @function\nfn_%06d:\n\tnop\n\tret\n" \
		       "\t.skip %d, 0x90\n.size fn_%06d, .-fn_%06d\n", i, i, i, size - 2, i, i
	print ".globl main\n.type main, @function\nmain:\n\tpush %rbx"
	print "\tcall getpid@PLT\n\tmov %eax, %esi\n\tlea text(%rip), %rdi\n\txor %eax, %eax"
	print "\tcall printf@PLT\n\txor %edi, %edi\n\tcall fflush@PLT"
	print "1:\tcall fn_000000\n\tmov $1000, %edi\n\tcall usleep@PLT"
	print "\tjmp 1b\n.size main, .-main\n.section .rodata\ntext:\t.asciz \"pid %d\\n\""
	print ".section .note.GNU-stack,\"\",@progbits"
}
