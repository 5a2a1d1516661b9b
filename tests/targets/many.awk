# SPDX-License-Identifier: GPL-2.0-or-later
# Writes a C program of `count` functions, fn_0001 and on. It prints "pid P", and for
# each byte on standard input calls every function once and prints "round N".
BEGIN {
	print "/* written by many.awk */"
	print "#include <stdio.h>\n#include <unistd.h>"
	for (i = 1; i <= count; i++)
		printf "__attribute__((noinline, noclone)) int fn_%04d(int n)\n" \
		       "{\n\t__asm__ volatile(\"\" ::: \"memory\");\n\treturn n + %d;\n}\n", i, i
	printf "int (*const all[%d])(int) = {\n", count
	for (i = 1; i <= count; i++)
		printf "\tfn_%04d,\n", i
	print "};"
	print "int main(void)\n{\n\tchar byte;\n\tint rounds = 0;\n"
	print "\tsetvbuf(stdout, NULL, _IOLBF, 0);\n\tprintf(\"pid %d\\n\", (int)getpid());"
	print "\twhile (read(STDIN_FILENO, &byte, 1) == 1) {"
	printf "\t\tfor (int i = 0; i < %d; i++)\n\t\t\tall[i](i);\n", count
	print "\t\tprintf(\"round %d\\n\", ++rounds);\n\t}\n\treturn 0;\n}"
}
