/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * mappedelf.c - a file as libelf is given it: its bytes, and after them what its compressed
 * debug sections hold. Go's linker compresses them all.
 * Apart because libelf would do that too, at a third of the speed.
 */
#include <gelf.h>
#include <libdeflate.h>
#include <sys/mman.h>
#include <unistd.h>

#include "lines.h"

/* No byte of deflate becomes more than these; a header that says so lies. */
#define EXPANSION_MAX 1032
#define ALIGNMENT     64

static uint64_t rounded(uint64_t size, uint64_t to)
{
	return (size + to - 1) / to * to;
}

/* What the bytes of a compressed section begin with. False: it is not one, or not of zlib. */
static bool read_compression(const struct section *section, const uint8_t *file, Elf64_Chdr *ret)
{
	if (!(section->flags & SHF_COMPRESSED) || section->type == SHT_NOBITS ||
	    section->size < sizeof(*ret) || strncmp(section->name, ".debug_", 7) != 0)
		return false;
	memcpy(ret, file + section->offset, sizeof(*ret)); /* not aligned */
	return ret->ch_type == ELFCOMPRESS_ZLIB && ret->ch_size / EXPANSION_MAX <= section->size;
}

/* The section's header in the file's bytes; NULL if libelf would find it elsewhere. */
static Elf64_Shdr *header_of(const struct image *image, uint8_t *file, size_t index)
{
	const Elf64_Ehdr *header = (const void *)file;
	uint64_t end = header->e_shoff + (index + 1) * sizeof(Elf64_Shdr);

	if (file[EI_CLASS] != ELFCLASS64 || header->e_shentsize != sizeof(Elf64_Shdr) ||
	    header->e_shoff % _Alignof(Elf64_Shdr) || end > image->file_size)
		return NULL;
	return (Elf64_Shdr *)(file + header->e_shoff) + index;
}

/* Makes the header, in our copy of it, say that the section is at offset and as it was. */
static void relocate(Elf64_Shdr *header, const Elf64_Chdr *compression, uint64_t offset)
{
	header->sh_flags &= ~(uint64_t)SHF_COMPRESSED;
	header->sh_addralign = compression->ch_addralign;
	header->sh_size = compression->ch_size;
	header->sh_offset = offset;
}

/* Inflates all sections into the room behind the file; one that cannot be stays as it is, for
 * libelf to complain about. */
static void inflate_sections(const struct image *image, uint8_t *file, uint64_t at)
{
	struct libdeflate_decompressor *inflater = libdeflate_alloc_decompressor();

	for (size_t i = 1; inflater && i < image->sections.size; i++) {
		const struct section *section = &image->sections.data[i];
		const uint8_t *bytes = file + section->offset + sizeof(Elf64_Chdr);
		Elf64_Shdr *header = header_of(image, file, i);
		Elf64_Chdr compression;

		if (!header || !read_compression(section, file, &compression))
			continue;
		if (libdeflate_zlib_decompress(inflater, bytes, section->size - sizeof(compression),
					       file + at, compression.ch_size,
					       NULL) == LIBDEFLATE_SUCCESS)
			relocate(header, &compression, at);
		at += rounded(compression.ch_size, ALIGNMENT);
	}
	libdeflate_free_decompressor(inflater);
}

/* Bytes for what the compressed sections hold. */
static uint64_t inflated_size(const struct image *image, const uint8_t *file)
{
	uint64_t size = 0;

	for (size_t i = 1; i < image->sections.size; i++) {
		Elf64_Chdr compression;

		if (read_compression(&image->sections.data[i], file, &compression))
			size += rounded(compression.ch_size, ALIGNMENT);
	}
	return size;
}

/* Writable because libelf keeps notes in the section headers, as we do, and because the kernel puts
 * no breakpoints in writable mappings. */
static void *map_file(const struct image *image)
{
	void *mapping = mmap(NULL, image->file_size, PROT_READ | PROT_WRITE,
			     MAP_PRIVATE | MAP_NORESERVE, image->fd, 0);

	return mapping == MAP_FAILED ? NULL : mapping;
}

/* The same with so many bytes of room behind, a page's boundary between. */
static void *map_with_room(void *file, uint64_t file_size, uint64_t room)
{
	void *mapping = mmap(NULL, file_size + room, PROT_READ | PROT_WRITE,
			     MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);

	if (mapping == MAP_FAILED)
		return NULL;
	if (mremap(file, file_size, file_size, MREMAP_MAYMOVE | MREMAP_FIXED, mapping) !=
	    MAP_FAILED)
		return mapping;
	munmap(mapping, file_size + room);
	return NULL;
}

bool mapped_elf_open(const struct image *image, struct mapped_elf *ret)
{
	uint8_t *file = map_file(image);

	if (!file)
		return false;
	ret->mapping = file;
	ret->size = image->file_size;
	uint64_t end = rounded(image->file_size, (uint64_t)sysconf(_SC_PAGESIZE));
	uint64_t room = inflated_size(image, file);
	void *larger = room ? map_with_room(file, end, room) : NULL;
	if (larger) {
		ret->mapping = larger;
		ret->size = end + room;
		inflate_sections(image, larger, end);
	}
	elf_version(EV_CURRENT);
	ret->elf = elf_memory(ret->mapping, ret->size);
	return ret->elf;
}

void mapped_elf_close(struct mapped_elf *file)
{
	elf_end(file->elf);
	if (file->mapping)
		munmap(file->mapping, file->size);
}
