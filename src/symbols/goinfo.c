/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * goinfo.c - is this a Go program, and of which version: from the build info that the
 * linker leaves (strip does too), else from runtime.buildVersion.
 */
#include <ctype.h>

#include "internal.h"

#define INFO_SIZE	32
#define VERSION_MAX	256
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

/* Go strings hold any bytes; a version is printable ASCII, or it is none. */
static char *take_version(const struct image *image, uint64_t address, uint64_t size)
{
	char bytes[VERSION_MAX];

	if (size == 0 || size > sizeof(bytes) || !image_read(image, address, bytes, size))
		return NULL;
	for (size_t i = 0; i < size; i++)
		if (!isprint((unsigned char)bytes[i]))
			return NULL;
	return xstrndup(bytes, size);
}

/* A string header: pointer and length. */
static char *version_of_header(const struct image *image, uint64_t address)
{
	uint64_t bytes, size;

	if (!image_read_pointer(image, address, &bytes) ||
	    !image_read(image, address + 8, &size, sizeof(size)))
		return NULL;
	return take_version(image, bytes, size);
}

/* Since Go 1.18 the string follows, after its length in base 128. */
static char *version_inline(const struct image *image, uint64_t address)
{
	uint64_t size = 0;
	uint8_t byte;

	for (unsigned shift = 0; shift < 28; shift += 7) {
		if (!image_read(image, address++, &byte, 1))
			return NULL;
		size |= (uint64_t)(byte & 0x7f) << shift;
		if (!(byte & 0x80))
			return take_version(image, address, size);
	}
	return NULL;
}

static char *version_of_info(const struct image *image, uint64_t info)
{
	unsigned char head[INFO_SIZE];
	uint64_t header;

	if (!image_read(image, info, head, sizeof(head)) ||
	    memcmp(head, info_magic, sizeof(info_magic) - 1) != 0)
		return NULL;
	if (head[15] & FLAG_INLINE)
		return version_inline(image, info + INFO_SIZE);
	if (head[14] != 8 || (head[15] & FLAG_BIG_ENDIAN) ||
	    !image_read_pointer(image, info + 16, &header))
		return NULL;
	return version_of_header(image, header);
}

char *goinfo_version(const struct image *image, bool *ret_is_go)
{
	uint64_t info = find_info(image), variable;
	char *version = info ? version_of_info(image, info) : NULL;

	*ret_is_go = version || image_section(image, ".go.buildinfo") ||
		     image_section(image, ".note.go.buildid") ||
		     image_section(image, ".gopclntab") ||
		     image_section(image, ".data.rel.ro.gopclntab");
	if (!version && *ret_is_go && symtab_object(image, "runtime.buildVersion", &variable))
		version = version_of_header(image, variable);
	return version;
}

/* "go1.21.13" and "devel go1.22-abc": 21, 22; 0 if there is no such number. */
static unsigned minor_of(const char *version)
{
	const char *at = strstr(version, "go1.");

	return at ? strtoul(at + 4, NULL, 10) : 0;
}

struct go *go_open(struct image *image)
{
	bool is_go;
	char *version = goinfo_version(image, &is_go);

	if (!is_go)
		return NULL;
	struct go *go = xcalloc(1, sizeof(*go));
	go->version = version ? version : xstrdup("go (version unknown)");
	go->minor = version ? minor_of(version) : 0;
	struct error *err = gotab_open(image, &go->table);
	if (err) {
		go->problem = xstrdup(err->message);
		error_free(err);
	}
	return go;
}

void go_close(struct go *go)
{
	if (!go)
		return;
	gotab_close(go->table);
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
