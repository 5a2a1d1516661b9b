/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * fuzz_lines.c - any bytes as .debug_line, and as the strings it refers to, of an
 * otherwise sound program: a source line is looked for in them. The first two bytes say where
 * the one ends and the other begins.
 */
#include "fuzz_file.h"

#define TEXT	  0x401000
#define TEXT_SIZE 0x1000
#define BYTES_MAX 0x4000

enum {
	SECTION_NULL,
	SECTION_TEXT,
	SECTION_INFO,
	SECTION_ABBREV,
	SECTION_LINE,
	SECTION_LINE_STR,
	SECTION_NAMES,
	SECTION_COUNT
};

/* One unit of DWARF 5 with DW_AT_stmt_list 0, DW_AT_comp_dir "/c", low_pc, high_pc. */
static const unsigned char info[] = {29,  0,   0, 0, 5,	   0,	 1, 8, 0, 0, 0, 0, 1,	 0, 0, 0, 0,
				     '/', 'c', 0, 0, 0x10, 0x40, 0, 0, 0, 0, 0, 0, 0x10, 0, 0, 0};
static const unsigned char abbrev[] = {1,    0x11, 0,	 0x10, 0x17, 0x1b, 0x08,
				       0x11, 0x01, 0x12, 0x06, 0,    0,	   0};
static const char section_names[] =
    "\0.text\0.debug_info\0.debug_abbrev\0.debug_line\0.debug_line_str\0.shstrtab";

struct file {
	Elf64_Ehdr header;
	Elf64_Phdr segment;
	Elf64_Shdr sections[SECTION_COUNT];
	char names[sizeof(section_names)];
	unsigned char info[sizeof(info)], abbrev[sizeof(abbrev)];
	unsigned char text[TEXT_SIZE], bytes[BYTES_MAX];
};

static Elf64_Shdr section(const char *name, uint64_t offset, uint64_t size)
{
	return fuzz_section(section_names, sizeof(section_names), name, SHT_PROGBITS, 0, offset,
			    size);
}

static void make_file(struct file *file, const uint8_t *data, size_t size)
{
	size_t cut = size < 2 ? 0 : (data[0] | data[1] << 8) % (size - 1);

	fuzz_header(&file->header, offsetof(struct file, segment), 1,
		    offsetof(struct file, sections), SECTION_COUNT, SECTION_NAMES);
	file->segment = fuzz_segment(PF_R | PF_X, TEXT, offsetof(struct file, text), TEXT_SIZE);
	memcpy(file->names, section_names, sizeof(section_names));
	memcpy(file->info, info, sizeof(info));
	memcpy(file->abbrev, abbrev, sizeof(abbrev));
	if (size > 2)
		memcpy(file->bytes, data + 2, size - 2);
	size_t start = offsetof(struct file, bytes), left = size < 2 ? 0 : size - 2 - cut;
	file->sections[SECTION_TEXT] = section(".text", offsetof(struct file, text), TEXT_SIZE);
	file->sections[SECTION_TEXT].sh_flags = SHF_ALLOC | SHF_EXECINSTR;
	file->sections[SECTION_TEXT].sh_addr = TEXT;
	file->sections[SECTION_INFO] =
	    section(".debug_info", offsetof(struct file, info), sizeof(info));
	file->sections[SECTION_ABBREV] =
	    section(".debug_abbrev", offsetof(struct file, abbrev), sizeof(abbrev));
	file->sections[SECTION_LINE] = section(".debug_line", start, cut);
	file->sections[SECTION_LINE_STR] = section(".debug_line_str", start + cut, left);
	file->sections[SECTION_NAMES] =
	    section(".shstrtab", offsetof(struct file, names), sizeof(section_names));
	file->sections[SECTION_NAMES].sh_type = SHT_STRTAB;
}

static void check_place(const struct place *place)
{
	if (place->address - TEXT >= TEXT_SIZE)
		abort(); /* places are in code, always */
}

static void search_lines(const char *path)
{
	static const char *const texts[] = {"a.c:1", "d/a.c:3", "/c/a.c:70"};
	struct program *program;

	if (program_open(path, &program))
		abort(); /* the file is sound, whatever its lines are */
	for (size_t i = 0; i < ARRAY_SIZE(texts); i++)
		fuzz_search(program, texts[i], check_place);
	program_free(program);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static struct file file;

	if (size > BYTES_MAX)
		return 0;
	memset(&file, 0, sizeof(file));
	make_file(&file, data, size);
	search_lines(fuzz_write(&file, sizeof(file)));
	return 0;
}
