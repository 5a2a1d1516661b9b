/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * text.c - turns capstone's AT&T text into objdump's.
 * People compare what they see here with an objdump listing, so
 * `movq %rsp, %rbp` becomes `mov %rsp,%rbp`, and `8(%rax, %rcx)` `0x8(%rax,%rcx,1)`.
 */
#include <ctype.h>
#include <stdio.h>
#include <string.h>

#include "encoding.h"

/* Mnemonics that objdump prints without a size where a register shows it. */
static const char sized_stems[] = " adc add and bsf bsr bswap bt btc btr bts cmp cmpxchg dec div "
				  "idiv imul inc lea lzcnt mov movbe mul neg not or popcnt rcl rcr "
				  "rol ror sal sar sbb shl shld shr shrd sub test tzcnt xadd xchg "
				  "xor adcx adox crc32 ";
static const char shift_stems[] = " rcl rcr rol ror sal sar shl shr ";
/* Mnemonics whose only size in 64-bit code is not worth a letter. */
static const char wide_names[] = " callq jmpq retq pushq popq leaveq enterq pushfq popfq movabsq "
				 "lretq ";

static bool list_has(const char *list, const char *word, size_t length)
{
	char padded[16];

	if (length > sizeof(padded) - 3)
		return false;
	snprintf(padded, sizeof(padded), " %.*s ", (int)length, word);
	return strstr(list, padded) != NULL;
}

/* Does a register stand among the operands, outside an address? */
static bool has_register(const char *operands)
{
	int depth = 0;

	for (const char *s = operands; *s; s++) {
		depth += (*s == '(') - (*s == ')');
		if (*s != '%' || depth > 0)
			continue;
		s += strcspn(s, ",:(");
		if (*s != ':')
			return true;
		if (!*s)
			break;
	}
	return false;
}

static bool shows_size(const char *stem, size_t length, const char *operands)
{
	if (list_has(shift_stems, stem, length) && strncmp(operands, "%cl,", 4) == 0)
		operands += 4;
	return has_register(operands);
}

/* How many letters of word, one word of a mnemonic, objdump prints. */
static size_t shown_length(const char *word, size_t length, const char *operands)
{
	if (length < 2 || !strchr("bwlq", word[length - 1]))
		return length;
	if (list_has(wide_names, word, length))
		return length - 1;
	bool is_vector = strstr(operands, "mm") != NULL; /* movq %rax,%xmm0 */
	bool is_sized = list_has(sized_stems, word, length - 1) || strncmp(word, "cmov", 4) == 0;
	if (is_sized && !is_vector && shows_size(word, length - 1, operands))
		return length - 1;
	return length;
}

/* Copies an address's inside, from after its '(', adding the scale of 1 that
 * capstone leaves out. Returns where it stopped: at the ')'. */
static const char *copy_address(struct buffer *out, const char *s)
{
	unsigned commas = 0;

	for (; *s && *s != ')'; s++) {
		commas += *s == ',';
		if (*s != ' ')
			buffer_putc(out, *s);
	}
	if (commas == 1)
		buffer_puts(out, ",1");
	return s;
}

static void copy_operands(struct buffer *out, const char *s)
{
	char previous = ',';

	for (; *s; s++) {
		if (*s == ' ')
			continue;
		if (isdigit((unsigned char)*s) && s[1] != 'x' && strchr(",$-:*", previous))
			buffer_puts(out, "0x");
		previous = *s;
		buffer_putc(out, *s);
		if (*s == '(' && (s[1] == '%' || s[1] == ',')) /* not %st(1) */
			s = copy_address(out, s + 1) - 1;
	}
}

void text_format(const char *mnemonic, const char *operands, char *ret, size_t size)
{
	struct buffer out = {0};
	const char *last = strrchr(mnemonic, ' '); /* "lock cmpxchgq": the last word has the size */

	last = last ? last + 1 : mnemonic;
	buffer_append(&out, mnemonic, last - mnemonic);
	buffer_append(&out, last, shown_length(last, strlen(last), operands));
	if (*operands) {
		buffer_putc(&out, ' ');
		copy_operands(&out, operands);
	}
	snprintf(ret, size, "%s", out.data);
	buffer_deinit(&out);
}

bool code_names_address(const struct insn *insn, const struct insn_text *text, uint64_t *ret)
{
	static const char digits[] = "-0123456789abcdefx";
	const char *end = strstr(text->text, "(%rip)"), *at = end;

	while (at && at > text->text && strchr(digits, at[-1]))
		at--;
	if (!end)
		return false;
	*ret = insn->address + insn->size + strtoull(at, NULL, 16);
	return true;
}
