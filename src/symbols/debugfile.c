/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * debugfile.c - the separate debug file of a stripped image: by build id, then
 * by .gnu_debuglink; and the file to which dwz has moved what several have in common. Only
 * files of this machine; nothing is ever downloaded.
 */
#include <libgen.h>
#include <limits.h>
#include <stdio.h>
#include <unistd.h>

#include "internal.h"

#define DEBUG_ROOT    "/usr/lib/debug"
#define BUILD_ID_MAX  64
#define NOTE_SIZE_MAX (1 << 20)

static size_t align4(size_t size)
{
	return (size + 3) & ~(size_t)3;
}

size_t image_build_id(const struct image *image, unsigned char ret[BUILD_ID_MAX])
{
	const struct section *section = image_section(image, ".note.gnu.build-id");

	if (!section || section->size > NOTE_SIZE_MAX)
		return 0;
	CLEANUP(free_p) char *notes = xmalloc(section->size + 1);
	if (!image_pread(image, section->offset, notes, section->size))
		return 0;
	for (size_t at = 0; at + sizeof(Elf64_Nhdr) <= section->size;) {
		Elf64_Nhdr note;
		memcpy(&note, notes + at, sizeof(note));
		size_t name = at + sizeof(note), bytes = name + align4(note.n_namesz);
		if (bytes > section->size || note.n_descsz > section->size - bytes)
			return 0;
		if (note.n_type == NT_GNU_BUILD_ID && note.n_namesz == 4 &&
		    memcmp(notes + name, "GNU", 4) == 0 && note.n_descsz <= BUILD_ID_MAX) {
			memcpy(ret, notes + bytes, note.n_descsz);
			return note.n_descsz;
		}
		at = bytes + align4(note.n_descsz);
	}
	return 0;
}

static bool has_build_id(const struct image *image, const unsigned char *id, size_t size)
{
	unsigned char own[BUILD_ID_MAX];

	return image_build_id(image, own) == size && memcmp(own, id, size) == 0;
}

/* The CRC of .gnu_debuglink: the usual CRC-32, over the whole debug file. */
static bool has_crc(const struct image *image, uint32_t wanted)
{
	unsigned char bytes[1 << 14];
	uint32_t table[256], crc = ~0u;

	for (uint32_t i = 0; i < 256; i++) {
		table[i] = i;
		for (int bit = 0; bit < 8; bit++)
			table[i] = table[i] >> 1 ^ (table[i] & 1 ? 0xedb88320u : 0);
	}
	for (uint64_t at = 0; at < image->file_size; at += sizeof(bytes)) {
		uint64_t left = image->file_size - at;
		size_t size = left < sizeof(bytes) ? left : sizeof(bytes);
		if (!image_pread(image, at, bytes, size))
			return false;
		for (size_t i = 0; i < size; i++)
			crc = table[(crc ^ bytes[i]) & 0xff] ^ crc >> 8;
	}
	return ~crc == wanted;
}

struct wanted {
	unsigned char id[BUILD_ID_MAX];
	size_t id_size;
	bool has_crc;
	uint32_t crc;
};

/* Opens a candidate if it is the debug file of the very same build. */
static struct image *try_open(const char *path, const struct wanted *wanted)
{
	struct image *debug = NULL;

	if (access(path, R_OK) != 0)
		return NULL;
	struct error *err = image_open_debug(path, &debug);
	if (err) {
		error_free(err);
		return NULL;
	}
	bool is_same = wanted->id_size ? has_build_id(debug, wanted->id, wanted->id_size)
				       : wanted->has_crc && has_crc(debug, wanted->crc);
	if (is_same)
		return debug;
	image_unref(debug);
	return NULL;
}

static struct image *open_by_id(const struct wanted *wanted)
{
	struct buffer path = {0};

	if (wanted->id_size < 2)
		return NULL;
	buffer_printf(&path, DEBUG_ROOT "/.build-id/%02x/", wanted->id[0]);
	for (size_t i = 1; i < wanted->id_size; i++)
		buffer_printf(&path, "%02x", wanted->id[i]);
	buffer_puts(&path, ".debug");
	struct image *debug = try_open(path.data, wanted);
	buffer_deinit(&path);
	return debug;
}

static struct image *open_by_link(const struct image *image, struct wanted *wanted)
{
	static const char *const patterns[] = {"%s/%s", "%s/.debug/%s", DEBUG_ROOT "%s/%s"};
	const struct section *section = image_section(image, ".gnu_debuglink");
	char link[PATH_MAX], resolved[PATH_MAX], path[3 * PATH_MAX];

	if (!section || section->size < 8 || section->size > sizeof(link) ||
	    !image_pread(image, section->offset, link, section->size))
		return NULL;
	size_t length = strnlen(link, section->size);
	if (align4(length + 1) + 4 > section->size || strchr(link, '/') ||
	    !realpath(image->path, resolved))
		return NULL;
	memcpy(&wanted->crc, link + align4(length + 1), 4);
	wanted->has_crc = true;
	const char *directory = dirname(resolved);
	for (size_t i = 0; i < ARRAY_SIZE(patterns); i++) {
		snprintf(path, sizeof(path), patterns[i], directory, link);
		struct image *debug = try_open(path, wanted);
		if (debug)
			return debug;
	}
	return NULL;
}

struct image *debugfile_open(const struct image *image)
{
	struct wanted wanted = {0};

	wanted.id_size = image_build_id(image, wanted.id);
	struct image *debug = open_by_id(&wanted);
	return debug ? debug : open_by_link(image, &wanted);
}

struct image *debugfile_open_supplement(const struct image *image)
{
	const struct section *section = image_section(image, ".gnu_debugaltlink");
	char link[PATH_MAX], resolved[PATH_MAX], path[2 * PATH_MAX];
	struct wanted wanted = {0};

	if (!section || section->size > sizeof(link) ||
	    !image_pread(image, section->offset, link, section->size))
		return NULL;
	size_t length = strnlen(link, section->size);
	if (length + 2 > section->size || section->size - length - 1 > BUILD_ID_MAX ||
	    !realpath(image->path, resolved))
		return NULL;
	wanted.id_size = section->size - length - 1;
	memcpy(wanted.id, link + length + 1, wanted.id_size);
	struct image *supplement = open_by_id(&wanted);
	if (supplement)
		return supplement;
	snprintf(path, sizeof(path), "%s%s%s", link[0] == '/' ? "" : dirname(resolved),
		 link[0] == '/' ? "" : "/", link);
	return try_open(path, &wanted);
}
