/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * fuzz_unwind.c - any bytes as .eh_frame of an otherwise sound program, or as the instructions of
 * a sound entry of one, and as the registers and stack memory that are unwound by it.
 * The first byte says which of the two, and how much is memory.
 */
#include <sys/stat.h>

#include "fuzz_file.h"

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

static Elf64_Shdr section(const char *name, uint32_t type, uint64_t address, uint64_t offset,
			  uint64_t size)
{
	return fuzz_section(section_names, sizeof(section_names), name, type, address, offset,
			    size);
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

	fuzz_header(&file->header, offsetof(struct file, segments), ARRAY_SIZE(file->segments),
		    offsetof(struct file, sections), SECTION_COUNT, SECTION_NAMES);
	file->segments[0] = fuzz_segment(PF_R | PF_X, TEXT, text, TEXT_SIZE);
	file->segments[1] = fuzz_segment(PF_R, TABLE, table, TABLE_SIZE);
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

	if (size < 1 || size > TABLE_SIZE - sizeof(common) - sizeof(entry) - 4)
		return 0;
	size_t memory = (size - 1) * (data[0] >> 1) / 128;
	memset(&file, 0, sizeof(file));
	make_file(&file, data + 1 + memory, size - 1 - memory, data[0] & 1);
	unwind(fuzz_write(&file, sizeof(file)), data + 1, memory);
	return 0;
}
