/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * fuzz_unwind.c - any bytes as .eh_frame of an otherwise sound program, or as the instructions of
 * a sound entry of one, and as the registers and stack memory that are unwound by it.
 * The first byte says which of the two, and how much is memory.
 */
#include <elf.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include "moontap/symbols.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

#define TEXT	   0x401000
#define TEXT_SIZE  0x1000
#define TABLE	   0x402000
#define TABLE_SIZE 0x1000
#define STACK	   0x7ffd0000
#define PID	   0x7ffffff0 /* nobody has it */

enum {
	SECTION_NULL,
	SECTION_TEXT,
	SECTION_TABLE,
	SECTION_NAMES,
	SECTION_COUNT
};

static const char section_names[] = "\0.text\0.eh_frame\0.shstrtab";

/* A CIE (zR, absolute addresses; CFA = rsp + 8, return address at CFA - 8), and the head of an
 * FDE for all of the text. */
static const unsigned char common[] = {20, 0,	 0,  0, 0, 0,  0, 0, 1,	   'z', 'R', 0,
				       1,  0x78, 16, 1, 0, 12, 7, 8, 0x90, 1,	0,   0};
static const unsigned char entry[] = {0, 0, 0, 0, 28,	0, 0, 0, 0, 0x10, 0x40, 0, 0,
				      0, 0, 0, 0, 0x10, 0, 0, 0, 0, 0,	  0,	0};

struct file {
	Elf64_Ehdr header;
	Elf64_Phdr segments[2];
	Elf64_Shdr sections[SECTION_COUNT];
	char names[sizeof(section_names)];
	unsigned char text[TEXT_SIZE], table[TABLE_SIZE];
};

static Elf64_Shdr section(const char *name, unsigned type, uint64_t address, uint64_t offset,
			  uint64_t size)
{
	const char *at = memmem(section_names, sizeof(section_names), name, strlen(name) + 1);

	return (Elf64_Shdr){
	    .sh_name = at - section_names,
	    .sh_type = type,
	    .sh_flags = address ? SHF_ALLOC : 0,
	    .sh_addr = address,
	    .sh_offset = offset,
	    .sh_size = size,
	};
}

static size_t fill_table(unsigned char *table, const uint8_t *data, size_t size, bool is_sound)
{
	uint32_t length;

	if (!is_sound) {
		memcpy(table, data, size);
		return size;
	}
	memcpy(table, common, sizeof(common));
	memcpy(table + sizeof(common), entry, sizeof(entry));
	memcpy(table + sizeof(common) + sizeof(entry), data, size);
	length = (uint32_t)(sizeof(entry) - 4 + size);
	memcpy(table + sizeof(common), &length, sizeof(length));
	return sizeof(common) + sizeof(entry) + size + 4; /* an end of 0 */
}

static void make_file(struct file *file, const uint8_t *data, size_t size, bool is_sound)
{
	const size_t text = offsetof(struct file, text), table = offsetof(struct file, table);

	memcpy(file->header.e_ident, ELFMAG, SELFMAG);
	file->header.e_ident[EI_CLASS] = ELFCLASS64;
	file->header.e_ident[EI_DATA] = ELFDATA2LSB;
	file->header.e_ident[EI_VERSION] = EV_CURRENT;
	file->header.e_type = ET_EXEC;
	file->header.e_machine = EM_X86_64;
	file->header.e_version = EV_CURRENT;
	file->header.e_phoff = offsetof(struct file, segments);
	file->header.e_shoff = offsetof(struct file, sections);
	file->header.e_ehsize = sizeof(file->header);
	file->header.e_phentsize = sizeof(file->segments[0]);
	file->header.e_phnum = 2;
	file->header.e_shentsize = sizeof(file->sections[0]);
	file->header.e_shnum = SECTION_COUNT;
	file->header.e_shstrndx = SECTION_NAMES;
	file->segments[0] =
	    (Elf64_Phdr){PT_LOAD, PF_R | PF_X, text, TEXT, TEXT, TEXT_SIZE, TEXT_SIZE, 1};
	file->segments[1] =
	    (Elf64_Phdr){PT_LOAD, PF_R, table, TABLE, TABLE, TABLE_SIZE, TABLE_SIZE, 1};
	memcpy(file->names, section_names, sizeof(section_names));
	size_t used = fill_table(file->table, data, size, is_sound);
	file->sections[SECTION_TEXT] = section(".text", SHT_PROGBITS, TEXT, text, TEXT_SIZE);
	file->sections[SECTION_TABLE] = section(".eh_frame", SHT_PROGBITS, TABLE, table, used);
	file->sections[SECTION_NAMES] = section(
	    ".shstrtab", SHT_STRTAB, 0, offsetof(struct file, names), sizeof(section_names));
}

/* Registers that point into the text or the stack, or anywhere. */
static void unwind(const char *path, const uint8_t *data, size_t size)
{
	struct stacks *stacks = stacks_new();
	uint64_t registers[STACK_REGISTERS];
	struct stat st;

	if (stat(path, &st) != 0)
		abort();
	for (size_t i = 0; i < STACK_REGISTERS; i++)
		registers[i] = i < size ? data[i] * 0x0101010101010101u : STACK + i;
	registers[7] = STACK;
	registers[16] = TEXT + (size ? data[0] : 0) * 8;
	stacks_note_exec(stacks, PID, 0);
	stacks_note_mapping(stacks, PID,
			    &(struct mapping_notice){.start = TEXT,
						     .end = TEXT + TEXT_SIZE,
						     .offset = offsetof(struct file, text),
						     .inode = st.st_ino,
						     .path = path});
	const struct stack *stack = stacks_find(stacks, &(struct stack_capture){
							    .pid = PID,
							    .wanted = STACK_FRAMES_MAX,
							    .registers = registers,
							    .memory = data,
							    .memory_size = size,
							});
	if (stack->count == 0 || stack->count > STACK_FRAMES_MAX)
		abort();
	stacks_free(stacks);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static struct file file;
	static int fd = -1;
	static char path[64];

	if (fd < 0) {
		fd = memfd_create("fuzz", MFD_CLOEXEC);
		snprintf(path, sizeof(path), "/proc/self/fd/%d", fd);
	}
	if (size < 1 || size > TABLE_SIZE - sizeof(common) - sizeof(entry) - 4)
		return 0;
	size_t memory = (size - 1) * (data[0] >> 1) / 128;
	memset(&file, 0, sizeof(file));
	make_file(&file, data + 1 + memory, size - 1 - memory, data[0] & 1);
	if (ftruncate(fd, 0) != 0 || pwrite(fd, &file, sizeof(file), 0) != sizeof(file))
		abort();
	unwind(path, data + 1, memory);
	return 0;
}
