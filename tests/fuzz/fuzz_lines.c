/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * fuzz_lines.c - any bytes as .debug_line, and as the strings it refers to, of an
 * otherwise sound program: a source line is looked for in them. The first two bytes say where
 * the one ends and the other begins.
 */
#include <elf.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "moontap/symbols.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

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
	const char *at = memmem(section_names, sizeof(section_names), name, strlen(name) + 1);

	return (Elf64_Shdr){
	    .sh_name = at - section_names,
	    .sh_type = SHT_PROGBITS,
	    .sh_offset = offset,
	    .sh_size = size,
	};
}

static void make_file(struct file *file, const uint8_t *data, size_t size)
{
	size_t cut = size < 2 ? 0 : (data[0] | data[1] << 8) % (size - 1);

	memcpy(file->header.e_ident, ELFMAG, SELFMAG);
	file->header.e_ident[EI_CLASS] = ELFCLASS64;
	file->header.e_ident[EI_DATA] = ELFDATA2LSB;
	file->header.e_ident[EI_VERSION] = EV_CURRENT;
	file->header.e_type = ET_EXEC;
	file->header.e_machine = EM_X86_64;
	file->header.e_version = EV_CURRENT;
	file->header.e_phoff = offsetof(struct file, segment);
	file->header.e_shoff = offsetof(struct file, sections);
	file->header.e_ehsize = sizeof(file->header);
	file->header.e_phentsize = sizeof(file->segment);
	file->header.e_phnum = 1;
	file->header.e_shentsize = sizeof(file->sections[0]);
	file->header.e_shnum = SECTION_COUNT;
	file->header.e_shstrndx = SECTION_NAMES;
	file->segment =
	    (Elf64_Phdr){PT_LOAD,   PF_R | PF_X, offsetof(struct file, text), TEXT, TEXT, TEXT_SIZE,
			 TEXT_SIZE, 16};
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

static void search_lines(const char *path)
{
	static const char *const texts[] = {"a.c:1", "d/a.c:3", "/c/a.c:70"};
	struct program *program;

	if (program_open(path, &program))
		abort(); /* the file is sound, whatever its lines are */
	for (size_t i = 0; i < ARRAY_SIZE(texts); i++) {
		struct location location;
		place_list places = {0};
		if (location_parse(texts[i], &location))
			abort();
		error_free(location_resolve(&location, program, &places));
		for (size_t j = 0; j < places.size; j++)
			if (places.data[j].address - TEXT >= TEXT_SIZE)
				abort(); /* places are in code, always */
		place_list_deinit(&places);
		location_deinit(&location);
	}
	program_free(program);
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
	if (size > BYTES_MAX)
		return 0;
	memset(&file, 0, sizeof(file));
	make_file(&file, data, size);
	if (ftruncate(fd, 0) != 0 || pwrite(fd, &file, sizeof(file), 0) != sizeof(file))
		abort();
	search_lines(path);
	return 0;
}
