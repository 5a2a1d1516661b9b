/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * fuzz_pclntab.c - any bytes as .gopclntab of an otherwise sound Go program: what
 * the fuzzer of whole files would rarely get to. The first byte chooses the layout's magic.
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
#define TABLE	  0x500000
#define TABLE_MAX 0x4000
#define INFO_SIZE 64
#define MODULE	  0x600000

struct file {
	Elf64_Ehdr header;
	Elf64_Phdr segments[3];
	Elf64_Shdr sections[4];
	char names[48];
	unsigned char text[TEXT_SIZE];
	unsigned char table[TABLE_MAX];
	uint64_t module[64]; /* runtime.moduledata */
	unsigned char info[INFO_SIZE];
};

static const char section_names[] = "\0.gopclntab\0.go.buildinfo\0.shstrtab";

static void make_sections(struct file *file, size_t size)
{
	memcpy(file->names, section_names, sizeof(section_names));
	file->sections[1] = (Elf64_Shdr){.sh_name = 1,
					 .sh_type = SHT_PROGBITS,
					 .sh_flags = SHF_ALLOC,
					 .sh_addr = TABLE,
					 .sh_offset = offsetof(struct file, table),
					 .sh_size = size};
	file->sections[2] = (Elf64_Shdr){.sh_name = 12,
					 .sh_type = SHT_PROGBITS,
					 .sh_flags = SHF_ALLOC,
					 .sh_addr = MODULE + sizeof(file->module),
					 .sh_offset = offsetof(struct file, info),
					 .sh_size = INFO_SIZE};
	file->sections[3] = (Elf64_Shdr){.sh_name = 26,
					 .sh_type = SHT_STRTAB,
					 .sh_offset = offsetof(struct file, names),
					 .sh_size = sizeof(file->names)};
}

/* What the table's magic wants: the version, and module data with text and minpc where
 * they are, and the table as the base of everything else. */
static void make_info(struct file *file, size_t layout, size_t size)
{
	static const char *const versions[] = {"go1.15.1", "go1.16.1", "go1.18.1", "go1.20.1"};

	memcpy(file->info, "\xff Go buildinf:\10\2", 16);
	file->info[32] = 8;
	memcpy(file->info + 33, versions[layout], 8);
	for (size_t i = 0; i < ARRAY_SIZE(file->module); i++)
		file->module[i] = TABLE;
	file->module[(layout == 0 ? 208 : layout == 3 ? 304 : 288) / 8] = TABLE + size; /* etypes */
	file->module[layout ? 160 / 8 : 80 / 8] = TEXT;
	file->module[layout ? 176 / 8 : 96 / 8] = TEXT;
}

static void make_file(struct file *file, const uint8_t *data, size_t size)
{
	static const uint8_t magics[] = {0xfb, 0xfa, 0xf0, 0xf1};

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
	file->header.e_phnum = 3;
	file->header.e_shentsize = sizeof(file->sections[0]);
	file->header.e_shnum = 4;
	file->header.e_shstrndx = 3;
	file->segments[0] =
	    (Elf64_Phdr){PT_LOAD,   PF_R | PF_X, offsetof(struct file, text), TEXT, TEXT, TEXT_SIZE,
			 TEXT_SIZE, 16};
	file->segments[1] =
	    (Elf64_Phdr){PT_LOAD, PF_R, offsetof(struct file, table), TABLE, TABLE, size, size, 16};
	file->segments[2] =
	    (Elf64_Phdr){PT_LOAD, PF_R | PF_W,		offsetof(struct file, module), MODULE,
			 MODULE,  sizeof(file->module), sizeof(file->module),	       16};
	make_sections(file, size);
	make_info(file, size ? data[0] % sizeof(magics) : 0, size);
	memcpy(file->table, data, size);
	if (size >= 8) {
		memcpy(file->table, "\0\xff\xff\xff\0\0\1\10", 8);
		file->table[0] = magics[data[0] % sizeof(magics)];
	}
}

static bool visit(void *context, const struct function *function)
{
	struct image *image = context;
	struct function found;
	struct line line;
	uint64_t offset;

	if (!image_offset(image, function->address, &offset))
		abort(); /* functions are in code, always */
	image_function_at(image, function->address, &found);
	image_line_at(image, function->address + function->size / 2, &line);
	inline_chain chain = {0};
	image_inlined_at(image, function->address + function->size / 2, &chain);
	vector_deinit(&chain);
	return true;
}

static void search_locations(const char *path)
{
	static const char *const texts[] = {"main.go:1", "a.go:70", "a/b.s:3", "f", "main.f"};
	struct program *program;

	if (program_open(path, &program))
		abort();
	for (size_t i = 0; i < ARRAY_SIZE(texts); i++) {
		struct location location;
		place_list places = {0};
		if (location_parse(texts[i], &location))
			abort();
		error_free(location_resolve(&location, program, &places));
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
	struct image *image;

	if (fd < 0) {
		fd = memfd_create("fuzz", MFD_CLOEXEC);
		snprintf(path, sizeof(path), "/proc/self/fd/%d", fd);
	}
	memset(&file, 0, sizeof(file));
	make_file(&file, data, size < TABLE_MAX ? size : TABLE_MAX);
	if (ftruncate(fd, 0) != 0 || pwrite(fd, &file, sizeof(file), 0) != sizeof(file))
		abort();
	if (image_open(path, "fuzz", &image))
		abort(); /* the file is sound, whatever its table is */
	image_each_function(image, visit, image);
	for (uint64_t at = TABLE; at < TABLE + size; at += 8)
		image_go_type(image, at);
	image_unref(image);
	search_locations(path);
	return 0;
}
