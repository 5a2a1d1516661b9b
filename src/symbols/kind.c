/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * kind.c - what a file is when it is not a program we can trace, in words that
 * say what to do instead. Apart from image.c: these are the files that never
 * become an image.
 */
#include <ctype.h>
#include <endian.h>
#include <unistd.h>

#include "internal.h"

#define HEAD_SIZE 256

struct machine {
	uint16_t number;
	const char *name;
};
static const struct machine machines[] = {
    {EM_386, "32-bit x86"},
    {EM_ARM, "32-bit Arm"},
    {EM_AARCH64, "arm64"},
    {EM_RISCV, "RISC-V"},
    {EM_PPC64, "64-bit PowerPC"},
    {EM_PPC, "32-bit PowerPC"},
    {EM_S390, "s390x"},
    {EM_MIPS, "MIPS"},
    {EM_SPARCV9, "64-bit SPARC"},
    {EM_LOONGARCH, "LoongArch"},
    {EM_BPF, "BPF"},
    {EM_CUDA, "NVIDIA GPU"},
};

static struct error *wrong_arch(const char *name, unsigned machine, const char *detail)
{
	for (size_t i = 0; i < ARRAY_SIZE(machines); i++)
		if (machines[i].number == machine)
			return error_new(ERR_WRONG_ARCH,
					 "%s is for %s; moontap traces x86-64 programs", name,
					 machines[i].name);
	return error_new(ERR_WRONG_ARCH, "%s is for machine %u%s; moontap traces x86-64 programs",
			 name, machine, detail);
}

/* The program that a #! line starts: what follows env, where env is used. */
static char *interpreter(const char *line)
{
	while (*line == ' ' || *line == '\t')
		line++;
	size_t size = strcspn(line, " \t\r\n");
	char *first = xstrndup(line, size);
	const char *base = strrchr(first, '/');

	if (strcmp(base ? base + 1 : first, "env") != 0)
		return first;
	const char *rest = line + size;
	for (;;) { /* options and assignments of env come before the program */
		rest += strspn(rest, " \t");
		size = strcspn(rest, " \t\r\n");
		if (size == 0)
			return first;
		if (*rest != '-' && !memchr(rest, '=', size))
			break;
		rest += size;
	}
	free(first);
	return xstrndup(rest, size);
}

static struct error *not_elf(const char *name, const char *head, size_t size)
{
	if (size == 0)
		return error_new(ERR_NOT_ELF, "%s is empty", name);
	if (size >= 2 && memcmp(head, "#!", 2) == 0) {
		CLEANUP(free_p) char *program = interpreter(head + 2);
		struct error *err =
		    error_new(ERR_NOT_ELF, "%s is a script run by %s, not a program", name,
			      *program ? program : "the shell");
		return error_hint(err, "trace the interpreter: file %s, or attach to a running one",
				  *program ? program : "/bin/sh");
	}
	if (size >= 8 && (memcmp(head, "!<arch>\n", 8) == 0 || memcmp(head, "!<thin>\n", 8) == 0))
		return error_hint(error_new(ERR_NOT_ELF, "%s is an archive of object files", name),
				  "trace the program that was linked with it");
	if (size >= 2 && memcmp(head, "\x1f\x8b", 2) == 0)
		return error_new(ERR_NOT_ELF, "%s is gzip-compressed, not a program", name);
	return error_new(ERR_NOT_ELF, "%s is not an ELF program", name);
}

static struct error *check_header(const char *name, const Elf64_Ehdr *header)
{
	bool is_little = header->e_ident[EI_DATA] == ELFDATA2LSB;
	unsigned machine = is_little ? le16toh(header->e_machine) : be16toh(header->e_machine);
	unsigned type = is_little ? le16toh(header->e_type) : be16toh(header->e_type);

	if (machine != EM_X86_64)
		return wrong_arch(name, machine, "");
	if (header->e_ident[EI_CLASS] != ELFCLASS64)
		return error_new(ERR_WRONG_ARCH, "%s is an x32 program; moontap traces 64-bit ones",
				 name);
	if (!is_little)
		return wrong_arch(name, machine, " with big-endian bytes");
	if (type == ET_REL)
		return error_hint(
		    error_new(ERR_NOT_ELF, "%s is an object file, not linked yet", name),
		    "trace the program it is linked into");
	if (type == ET_CORE)
		return error_hint(
		    error_new(ERR_NOT_ELF, "%s is a core dump: nothing runs in it", name),
		    "open it with gdb; moontap traces running programs");
	if (type != ET_EXEC && type != ET_DYN)
		return error_new(ERR_BAD_ELF, "%s is an ELF file of unknown type %u", name, type);
	return NULL;
}

struct error *kind_check(const char *name, int fd, uint64_t file_size)
{
	union {
		char bytes[HEAD_SIZE + 1];
		Elf64_Ehdr header;
	} head = {0};
	ssize_t size = pread(fd, head.bytes, HEAD_SIZE, 0);

	if (size < 0)
		return error_new(ERR_OS, "%s: %m", name);
	if (size < SELFMAG || memcmp(head.bytes, ELFMAG, SELFMAG) != 0)
		return not_elf(name, head.bytes, size);
	if (size < (ssize_t)sizeof(head.header) && file_size < sizeof(Elf32_Ehdr))
		return error_new(ERR_BAD_ELF, "%s is truncated: only %llu bytes of an ELF header",
				 name, (unsigned long long)file_size);
	TRY(check_header(name, &head.header));
	if (size < (ssize_t)sizeof(head.header))
		return error_new(ERR_BAD_ELF, "%s is truncated: only %llu bytes of an ELF header",
				 name, (unsigned long long)file_size);
	return NULL;
}
