/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * fuzz_usdt.c - any bytes as .note.stapsdt of an otherwise sound program, or, if the first is
 * odd, any text as the arguments of one sound note: read, and looked for by -probe.
 */
#include "fuzz_file.h"

#define BASE	  0x401000
#define BYTES_MAX 0x2000

enum {
	SECTION_NULL,
	SECTION_NOTES,
	SECTION_NAMES,
	SECTION_SYMBOLS,
	SECTION_STRINGS,
	SECTION_COUNT
};
static const char section_names[] = "\0.note.stapsdt\0.shstrtab\0.symtab\0.strtab";
static const char strings[] = "\0sym\0twice\0";

struct note {
	Elf64_Nhdr header;
	char owner[8];
	uint64_t address, base, semaphore;
	char strings[8];
} __attribute__((packed));

struct file {
	Elf64_Ehdr header;
	Elf64_Phdr segment;
	Elf64_Shdr sections[SECTION_COUNT];
	char names[sizeof(section_names)], strings[sizeof(strings)];
	Elf64_Sym symbols[4];
	union {
		struct note note;
		unsigned char bytes[sizeof(struct note) + BYTES_MAX + 1];
	} notes;
};

static Elf64_Shdr section(const char *name, uint32_t type, uint64_t offset, uint64_t size)
{
	return fuzz_section(section_names, sizeof(section_names), name, type, 0, offset, size);
}

/* The size of the notes. */
static size_t make_notes(struct file *file, const uint8_t *data, size_t size)
{
	struct note *note = &file->notes.note;

	if (size == 0)
		return 0;
	if (data[0] % 2 == 0) {
		memcpy(file->notes.bytes, data + 1, size - 1);
		return size - 1;
	}
	*note = (struct note){
	    .header = {sizeof(note->owner),
		       (uint32_t)(sizeof(*note) + size - sizeof(Elf64_Nhdr) - sizeof(note->owner)),
		       3},
	    .owner = "stapsdt",
	    .address = BASE,
	    .strings = "p\0name",
	};
	memcpy(file->notes.bytes + sizeof(*note) - 1, data + 1, size - 1);
	return sizeof(*note) + size;
}

static void make_file(struct file *file, const uint8_t *data, size_t size)
{
	fuzz_header(&file->header, offsetof(struct file, segment), 1,
		    offsetof(struct file, sections), SECTION_COUNT, SECTION_NAMES);
	file->segment = fuzz_segment(PF_R | PF_W, BASE, 0, 64);
	memcpy(file->names, section_names, sizeof(section_names));
	memcpy(file->strings, strings, sizeof(strings));
	for (unsigned i = 1; i < 4; i++)
		file->symbols[i] = (Elf64_Sym){.st_name = i == 1 ? 1 : 5,
					       .st_info = STT_OBJECT,
					       .st_shndx = SECTION_NOTES,
					       .st_value = BASE + i};
	file->sections[SECTION_NOTES] = section(
	    ".note.stapsdt", SHT_NOTE, offsetof(struct file, notes), make_notes(file, data, size));
	file->sections[SECTION_NAMES] =
	    section(".shstrtab", SHT_STRTAB, offsetof(struct file, names), sizeof(section_names));
	file->sections[SECTION_SYMBOLS] =
	    section(".symtab", SHT_SYMTAB, offsetof(struct file, symbols), sizeof(file->symbols));
	file->sections[SECTION_SYMBOLS].sh_link = SECTION_STRINGS;
	file->sections[SECTION_STRINGS] =
	    section(".strtab", SHT_STRTAB, offsetof(struct file, strings), sizeof(strings));
}

/* What is handed out is sound, whatever the note says. */
static void check_argument(const struct usdt_argument *argument)
{
	const struct where_piece *piece = argument->where.pieces;

	if (argument->where.piece_count != 1 || !argument->type || !*argument->text)
		abort();
	if (piece->kind == PIECE_LOST ? !piece->reason : !piece->step_count)
		abort();
	for (const char *c = piece->kind == PIECE_LOST ? piece->reason : ""; *c; c++)
		if ((unsigned char)*c < ' ')
			abort(); /* nothing for a terminal to obey */
}

static void read_probes(const char *path)
{
	static const char *const texts[] = {"-probe name", "-probe *:*", "-probe p:nam"};
	struct program *program;
	size_t count, arguments;

	if (program_open(path, &program))
		abort(); /* the file is sound, whatever its notes are */
	struct image *image = program_executable(program);
	const struct usdt *usdts = image_usdts(image, &count);
	for (size_t i = 0; i < count; i++) {
		const struct usdt_argument *all =
		    image_usdt_arguments(image, &usdts[i], &arguments);
		for (size_t j = 0; j < arguments; j++)
			check_argument(&all[j]);
		image_usdt_semaphore(image, usdts[i].address);
	}
	for (size_t i = 0; i < ARRAY_SIZE(texts); i++)
		fuzz_search(program, texts[i], NULL);
	program_free(program);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static struct file file;

	if (size > BYTES_MAX)
		return 0;
	memset(&file, 0, sizeof(file));
	make_file(&file, data, size);
	read_probes(fuzz_write(&file, sizeof(file)));
	return 0;
}
