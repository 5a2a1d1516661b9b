/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * goinfo.c - is this a Go program, of which version, and how was it built: from the build
 * info that the linker leaves (strip does too), else from runtime.buildVersion.
 */
#include <ctype.h>

#include "gotab.h"

#define INFO_SIZE	32
#define VERSION_MAX	256
#define MODULES_MAX	(1 << 22)
#define MARK_SIZE	16
#define FLAG_BIG_ENDIAN 1
#define FLAG_INLINE	2
#define PIECE		(1 << 16)

static const char info_magic[] = "\xff Go buildinf:";

/* Where the build info is; 0 if nowhere. Without section headers it is looked
 * for in the writable segments, where the linker puts it, 16-aligned. */
static uint64_t find_info(const struct image *image)
{
	const struct section *section = image_section(image, ".go.buildinfo");
	CLEANUP(free_p) char *piece = NULL;

	if (section)
		return section->address;
	if (image->sections.size)
		return 0;
	piece = xmalloc(PIECE);
	for (size_t i = 0; i < image->segments.size; i++) {
		const struct segment *segment = &image->segments.data[i];
		if (!segment->is_writable)
			continue;
		for (uint64_t at = 0; at < segment->file_size; at += PIECE) {
			uint64_t left = segment->file_size - at;
			size_t size = left < PIECE ? left : PIECE;
			if (!image_pread(image, segment->offset + at, piece, size))
				break;
			for (size_t j = 0; j + sizeof(info_magic) <= size; j += 16)
				if (memcmp(piece + j, info_magic, sizeof(info_magic) - 1) == 0)
					return segment->address + at + j;
		}
	}
	return 0;
}

/* The two strings of the build info. */
struct info_string {
	uint64_t address, size;
};
struct info {
	struct info_string version, modules;
};

/* A string header: pointer and length. */
static bool string_of_header(const struct image *image, uint64_t address, struct info_string *ret)
{
	return image_read_pointer(image, address, &ret->address) &&
	       image_read(image, address + 8, &ret->size, sizeof(ret->size));
}

/* A string after its length in base 128; *address moves behind it. */
static bool string_inline(const struct image *image, uint64_t *address, struct info_string *ret)
{
	uint64_t size = 0;
	uint8_t byte;

	for (unsigned shift = 0; shift < 28; shift += 7) {
		if (!image_read(image, (*address)++, &byte, 1))
			return false;
		size |= (uint64_t)(byte & 0x7f) << shift;
		if (byte & 0x80)
			continue;
		*ret = (struct info_string){*address, size};
		*address += size;
		return true;
	}
	return false;
}

/* Since Go 1.18 the strings follow; before, there are pointers to their headers. */
static bool read_info(const struct image *image, struct info *ret)
{
	uint64_t at = find_info(image), version, modules;
	unsigned char head[INFO_SIZE];

	*ret = (struct info){0};
	if (!at || !image_read(image, at, head, sizeof(head)) ||
	    memcmp(head, info_magic, sizeof(info_magic) - 1) != 0)
		return false;
	if (head[15] & FLAG_INLINE) {
		at += INFO_SIZE;
		return string_inline(image, &at, &ret->version) &&
		       string_inline(image, &at, &ret->modules);
	}
	if (head[14] != 8 || (head[15] & FLAG_BIG_ENDIAN) ||
	    !image_read_pointer(image, at + 16, &version) ||
	    !string_of_header(image, version, &ret->version))
		return false;
	if (image_read_pointer(image, at + 24, &modules) && modules)
		string_of_header(image, modules, &ret->modules);
	return true;
}

/* Go strings hold any bytes; a version is printable ASCII, or it is none. */
static char *take_version(const struct image *image, struct info_string version)
{
	char bytes[VERSION_MAX];

	if (version.size == 0 || version.size > sizeof(bytes) ||
	    !image_read(image, version.address, bytes, version.size))
		return NULL;
	for (size_t i = 0; i < version.size; i++)
		if (!isprint((unsigned char)bytes[i]))
			return NULL;
	return xstrndup(bytes, version.size);
}

/* The Go version that the build info names; NULL if there is none. The caller frees it. */
static char *read_version(const struct image *image, bool *ret_is_go)
{
	struct info info;
	struct info_string variable;
	uint64_t address;
	char *version = read_info(image, &info) ? take_version(image, info.version) : NULL;

	*ret_is_go = version || image_section(image, ".go.buildinfo") ||
		     image_section(image, ".note.go.buildid") ||
		     image_section(image, ".gopclntab") ||
		     image_section(image, ".data.rel.ro.gopclntab");
	if (!version && *ret_is_go && symtab_object(image, "runtime.buildVersion", &address) &&
	    string_of_header(image, address, &variable))
		version = take_version(image, variable);
	return version;
}

char *goinfo_modules(const struct image *image)
{
	struct info info;

	/* 16 bytes that mark its start, and 16 its end, are around the text. */
	if (!read_info(image, &info) || info.modules.size < 2 * MARK_SIZE ||
	    info.modules.size > MODULES_MAX)
		return NULL;
	size_t size = info.modules.size - 2 * MARK_SIZE;
	char *text = xcalloc(1, size + 1);
	if (image_read(image, info.modules.address + MARK_SIZE, text, size) && strlen(text) == size)
		return text;
	free(text);
	return NULL;
}

/* "go1.21.13" and "devel go1.22-abc": 21, 22; 0 if there is no such number. */
static unsigned minor_of(const char *version)
{
	const char *at = strstr(version, "go1.");

	return at ? strtoul(at + 4, NULL, 10) : 0;
}

/* The first and last minor version of each layout of the table. */
static const struct {
	unsigned first, last;
} versions_of[] = {
    [GO_1_2] = {2, 15},
    [GO_1_16] = {16, 17},
    [GO_1_18] = {18, 19},
    [GO_1_20] = {20, -1u},
};

/* Two accounts of one program that differ: neither is believed. A development version may
 * have either layout. */
static char *contradiction(const struct go *go)
{
	unsigned first = versions_of[go->table->layout].first;
	unsigned last = versions_of[go->table->layout].last;

	/* From Go 1.17 on arguments are in registers. */
	if (!go->minor && first < 17)
		return xstrdup("it does not say which version of Go it was built with, and its "
			       ".gopclntab leaves open how\narguments are passed");
	if (!go->minor || strstr(go->version, "devel") || (go->minor >= first && go->minor <= last))
		return NULL;
	return xasprintf("it says it was built with %s, but its .gopclntab is one of Go 1.%u%s",
			 go->version, first, last == -1u ? " or later" : "");
}

struct go *go_open(struct image *image)
{
	bool is_go;
	char *version = read_version(image, &is_go);

	if (!is_go)
		return NULL;
	struct go *go = xcalloc(1, sizeof(*go));
	go->version = version ? version : xstrdup("go (version unknown)");
	go->minor = version ? minor_of(version) : 0;
	struct error *err = gotab_open(image, &go->table);
	if (err) {
		go->problem = xstrdup(err->message);
		error_free(err);
		return go;
	}
	go->problem = contradiction(go);
	if (go->problem) {
		gotab_close(go->table);
		go->table = NULL;
	}
	return go;
}

void go_close(struct go *go)
{
	if (!go)
		return;
	gotab_close(go->table);
	gotypes_free(go->types);
	free(go->version);
	free(go->problem);
	free(go);
}

bool go_has_table(const struct image *image)
{
	return image->go && image->go->table;
}

bool go_covers(const struct image *image, uint64_t address)
{
	return go_has_table(image) && gotab_covers(image->go->table, address);
}

struct function_search {
	const char *name;
	struct image *image;
	struct function *found;
};

static bool take_function(void *context, const struct symbol *symbol)
{
	const struct function_search *search = context;

	if (strcmp(symbol->raw, search->name) != 0)
		return true;
	*search->found = table_function(search->image, symbol);
	return false;
}

bool gotab_function(struct image *image, const char *name, struct function *ret)
{
	struct function_search search = {name, image, ret};

	return go_has_table(image) && !gotab_search(image->go->table, name, take_function, &search);
}
