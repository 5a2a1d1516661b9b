/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * fuzz_pclntab.c - any bytes as .gopclntab of an otherwise sound Go program: what
 * the fuzzer of whole files would rarely get to. The first byte chooses the layout's magic.
 */
#include "fuzz_file.h"

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

static Elf64_Shdr section(const char *name, uint32_t type, uint64_t address, uint64_t offset,
			  uint64_t size)
{
	return fuzz_section(section_names, sizeof(section_names), name, type, address, offset,
			    size);
}

static void make_sections(struct file *file, size_t size)
{
	memcpy(file->names, section_names, sizeof(section_names));
	file->sections[1] =
	    section(".gopclntab", SHT_PROGBITS, TABLE, offsetof(struct file, table), size);
	file->sections[2] = section(".go.buildinfo", SHT_PROGBITS, MODULE + sizeof(file->module),
				    offsetof(struct file, info), INFO_SIZE);
	file->sections[3] =
	    section(".shstrtab", SHT_STRTAB, 0, offsetof(struct file, names), sizeof(file->names));
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

	fuzz_header(&file->header, offsetof(struct file, segments), ARRAY_SIZE(file->segments),
		    offsetof(struct file, sections), ARRAY_SIZE(file->sections), 3);
	file->segments[0] = fuzz_segment(PF_R | PF_X, TEXT, offsetof(struct file, text), TEXT_SIZE);
	file->segments[1] = fuzz_segment(PF_R, TABLE, offsetof(struct file, table), size);
	file->segments[2] =
	    fuzz_segment(PF_R | PF_W, MODULE, offsetof(struct file, module), sizeof(file->module));
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
	for (size_t i = 0; i < ARRAY_SIZE(texts); i++)
		fuzz_search(program, texts[i], NULL);
	program_free(program);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static struct file file;
	struct image *image;

	memset(&file, 0, sizeof(file));
	make_file(&file, data, size < TABLE_MAX ? size : TABLE_MAX);
	const char *path = fuzz_write(&file, sizeof(file));
	if (image_open(path, "fuzz", &image))
		abort(); /* the file is sound, whatever its table is */
	image_each_function(image, visit, image);
	for (uint64_t at = TABLE; at < TABLE + size; at += 8)
		image_go_type(image, at);
	image_unref(image);
	search_locations(path);
	return 0;
}
