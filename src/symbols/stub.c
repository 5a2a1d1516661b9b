/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * stub.c - which function of a library a stub jumps to: its slot in the global offset
 * table has a relocation, which has a name.
 */
#include "internal.h"

#define STUB_MAX 16

/* The slot that `jmp *n(%rip)` or `call *n(%rip)` at address reads, endbr64 and bnd before it
 * skipped; 0 if it is none. */
static uint64_t slot_of(const struct image *image, uint64_t address)
{
	static const uint8_t endbr64[] = {0xf3, 0x0f, 0x1e, 0xfa};
	uint8_t bytes[STUB_MAX];
	size_t at = 0;
	int32_t distance;

	if (!image_read(image, address, bytes, sizeof(bytes)))
		return 0;
	if (memcmp(bytes, endbr64, sizeof(endbr64)) == 0)
		at = sizeof(endbr64);
	at += bytes[at] == 0xf2; /* bnd */
	if (bytes[at] != 0xff || (bytes[at + 1] != 0x25 && bytes[at + 1] != 0x15))
		return 0;
	memcpy(&distance, bytes + at + 2, sizeof(distance));
	return address + at + 6 + distance;
}

static const char *symbol_name(struct image *image, const struct section *relocations,
			       uint32_t index)
{
	const struct section *symbols = &image->sections.data[relocations->link];
	Elf64_Sym symbol;

	if (symbols->link >= image->sections.size || index >= symbols->size / sizeof(symbol) ||
	    !image_pread(image, symbols->offset + index * sizeof(symbol), &symbol, sizeof(symbol)))
		return NULL;
	const struct section *strings = &image->sections.data[symbols->link];
	char raw[1024] = "";
	if (symbol.st_name >= strings->size)
		return NULL;
	uint64_t left = strings->size - symbol.st_name;
	size_t size = left < sizeof(raw) - 1 ? left : sizeof(raw) - 1;
	if (!image_pread(image, strings->offset + symbol.st_name, raw, size) || !*raw)
		return NULL;
	CLEANUP(free_p) char *name = function_name(raw, false);
	return image_intern(image, name);
}

static const char *slot_name(struct image *image, uint64_t slot)
{
	for (size_t i = 1; i < image->sections.size; i++) {
		const struct section *section = &image->sections.data[i];
		if (section->type != SHT_RELA || !(section->flags & SHF_ALLOC) ||
		    section->link >= image->sections.size)
			continue;
		Elf64_Rela rela;
		for (uint64_t at = 0; at + sizeof(rela) <= section->size; at += sizeof(rela))
			if (image_pread(image, section->offset + at, &rela, sizeof(rela)) &&
			    rela.r_offset == slot && ELF64_R_SYM(rela.r_info))
				return symbol_name(image, section, ELF64_R_SYM(rela.r_info));
	}
	return NULL;
}

uint64_t image_stub_function(const struct image *image, uint64_t address, uint64_t target)
{
	uint64_t slot = slot_of(image, target ? target : address);

	return slot ? image_slot_function(image, slot) : 0;
}

const char *image_stub_name(struct image *image, uint64_t address, uint64_t target)
{
	uint64_t slot = slot_of(image, target ? target : address);

	return slot ? slot_name(image, slot) : NULL;
}
