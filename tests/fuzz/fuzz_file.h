/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * fuzz_file.h - what the fuzzers of files share: sound tables of an ELF program around the bytes
 * that are not, a file in memory, and the search for locations in it.
 */
#ifndef FUZZ_FILE_H
#define FUZZ_FILE_H

#include <elf.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "moontap/symbols.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* Has header (at the file's begin) say where the tables are; names: which section has names. */
static inline void fuzz_header(Elf64_Ehdr *header, size_t segments, size_t segment_count,
			       size_t sections, size_t section_count, size_t names)
{
	*header = (Elf64_Ehdr){
	    .e_ident = {ELFMAG0, ELFMAG1, ELFMAG2, ELFMAG3, ELFCLASS64, ELFDATA2LSB, EV_CURRENT},
	    .e_type = ET_EXEC,
	    .e_machine = EM_X86_64,
	    .e_version = EV_CURRENT,
	    .e_phoff = segments,
	    .e_shoff = sections,
	    .e_ehsize = sizeof(*header),
	    .e_phentsize = sizeof(Elf64_Phdr),
	    .e_phnum = segment_count,
	    .e_shentsize = sizeof(Elf64_Shdr),
	    .e_shnum = section_count,
	    .e_shstrndx = names,
	};
}

static inline Elf64_Phdr fuzz_segment(uint32_t flags, uint64_t address, uint64_t offset,
				      uint64_t size)
{
	return (Elf64_Phdr){PT_LOAD, flags, offset, address, address, size, size, 1};
}

/* names: the bytes of all names, of names_size with the last NUL. address 0: not loaded. */
static inline Elf64_Shdr fuzz_section(const char *names, size_t names_size, const char *name,
				      uint32_t type, uint64_t address, uint64_t offset,
				      uint64_t size)
{
	const char *at = memmem(names, names_size, name, strlen(name) + 1);

	return (Elf64_Shdr){
	    .sh_name = at - names,
	    .sh_type = type,
	    .sh_flags = address ? SHF_ALLOC : 0,
	    .sh_addr = address,
	    .sh_offset = offset,
	    .sh_size = size,
	};
}

/* The path of a file with these bytes, the same each time. */
static inline const char *fuzz_write(const void *bytes, size_t size)
{
	static int fd = -1;
	static char path[64];

	if (fd < 0) {
		fd = memfd_create("fuzz", MFD_CLOEXEC);
		snprintf(path, sizeof(path), "/proc/self/fd/%d", fd);
	}
	if (ftruncate(fd, 0) != 0 || pwrite(fd, bytes, size, 0) != (ssize_t)size)
		abort();
	return path;
}

/* Looks for the places that a sound text means, and passes each to check, if there is one. */
static inline void fuzz_search(struct program *program, const char *text,
			       void (*check)(const struct place *place))
{
	struct location location;
	place_list places = {0};

	if (location_parse(text, &location))
		abort();
	error_free(location_resolve(&location, program, &places));
	for (size_t i = 0; i < places.size && check; i++)
		check(&places.data[i]);
	place_list_deinit(&places);
	location_deinit(&location);
}

#endif
