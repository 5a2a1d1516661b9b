/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * image.c - one ELF file: segments, sections, and bytes by address.
 * Knows no names of functions; everything that does reads through it.
 */
#include <fcntl.h>
#include <gelf.h>
#include <unistd.h>

#include "internal.h"

#define STRING_MAX 4096

bool image_pread(const struct image *image, uint64_t offset, void *ret, size_t size)
{
	char *at = ret;

	if (offset > image->file_size || size > image->file_size - offset)
		return false;
	while (size) {
		ssize_t got = TEMP_FAILURE_RETRY(pread(image->fd, at, size, offset));
		if (got <= 0)
			return false;
		at += got;
		offset += got;
		size -= got;
	}
	return true;
}

/* ------------------------------------------------------------------ opening */

static struct error *bad_elf(const struct image *image, const char *what)
{
	struct error *err =
	    error_new(ERR_BAD_ELF, "%s is truncated or corrupt: %s", image->name, what);

	return error_hint(err, "it is %llu bytes long; is it still being written or copied?",
			  (unsigned long long)image->file_size);
}

static bool is_beyond(const struct image *image, uint64_t offset, uint64_t size)
{
	return offset > image->file_size || size > image->file_size - offset;
}

static struct error *read_segments(struct image *image, Elf *elf, bool is_debug_file)
{
	size_t count = 0;
	GElf_Phdr phdr;

	if (elf_getphdrnum(elf, &count) != 0)
		return bad_elf(image, "its program headers cannot be read");
	for (size_t i = 0; i < count; i++) {
		if (!gelf_getphdr(elf, i, &phdr))
			return bad_elf(image, "its program headers lie beyond its end");
		if (phdr.p_type == PT_DYNAMIC) {
			image->dynamic_address = phdr.p_vaddr;
			image->dynamic_size = phdr.p_filesz;
		}
		if (phdr.p_type == PT_TLS) {
			image->tls_size = phdr.p_memsz;
			image->tls_align = phdr.p_align;
		}
		if (phdr.p_type != PT_LOAD)
			continue;
		if (!is_debug_file && is_beyond(image, phdr.p_offset, phdr.p_filesz))
			return bad_elf(image, "a segment lies beyond its end");
		if (phdr.p_vaddr + phdr.p_memsz < phdr.p_vaddr || phdr.p_filesz > phdr.p_memsz)
			return bad_elf(image, "a segment's size is impossible");
		*vector_add(&image->segments) = (struct segment){
		    .address = phdr.p_vaddr,
		    .offset = phdr.p_offset,
		    .file_size = phdr.p_filesz,
		    .memory_size = phdr.p_memsz,
		    .is_code = (phdr.p_flags & PF_X) && !(phdr.p_flags & PF_W),
		    .is_writable = phdr.p_flags & PF_W,
		};
	}
	return NULL;
}

static void add_section(struct image *image, Elf *elf, size_t names, const GElf_Shdr *shdr)
{
	const char *name = elf_strptr(elf, names, shdr->sh_name);

	if (!name)
		name = "";
	*vector_add(&image->sections) = (struct section){
	    .name = arena_strndup(&image->arena, name, strlen(name)),
	    .type = shdr->sh_type,
	    .link = shdr->sh_link,
	    .flags = shdr->sh_flags,
	    .address = shdr->sh_addr,
	    .offset = shdr->sh_offset,
	    .size = shdr->sh_size,
	};
}

/* Section i of the file becomes sections.data[i]: sh_link indexes it. */
static struct error *read_sections(struct image *image, Elf *elf)
{
	size_t count = 0, names = 0;
	GElf_Ehdr ehdr;
	GElf_Shdr shdr;

	if (!gelf_getehdr(elf, &ehdr))
		return bad_elf(image, "its header cannot be read");
	if (ehdr.e_shoff &&
	    is_beyond(image, ehdr.e_shoff, (uint64_t)ehdr.e_shnum * sizeof(Elf64_Shdr)))
		return bad_elf(image, "its section headers lie beyond its end");
	image->is_pie = ehdr.e_type == ET_DYN;
	if (elf_getshdrnum(elf, &count) != 0 || elf_getshdrstrndx(elf, &names) != 0)
		return NULL; /* no section headers: legal, and handled by whoever misses them */
	for (size_t i = 0; i < count; i++) {
		Elf_Scn *section = elf_getscn(elf, i);
		if (!section || !gelf_getshdr(section, &shdr))
			return bad_elf(image, "its section headers cannot be read");
		if (i && shdr.sh_type != SHT_NOBITS &&
		    is_beyond(image, shdr.sh_offset, shdr.sh_size))
			return bad_elf(image, "a section lies beyond its end");
		add_section(image, elf, names, &shdr);
	}
	return NULL;
}

/* libelf reads the headers only; tables are read with pread, in pieces. */
static struct error *read_headers(struct image *image, bool is_debug_file)
{
	elf_version(EV_CURRENT);
	Elf *elf = elf_begin(image->fd, ELF_C_READ, NULL);

	if (!elf)
		return bad_elf(image, elf_errmsg(-1));
	struct error *err = read_segments(image, elf, is_debug_file);
	if (!err)
		err = read_sections(image, elf);
	elf_end(elf);
	return err;
}

static struct error *open_file(struct image *image, bool is_debug_file)
{
	struct stat st;

	/* Opening a FIFO blocks and opening a device may do anything: look first. */
	if (stat(image->path, &st) != 0)
		return error_new(errno == ENOENT || errno == ENOTDIR ? ERR_NO_FILE : ERR_OS,
				 "%s: %m", image->name);
	if (S_ISDIR(st.st_mode))
		return error_new(ERR_NOT_ELF, "%s is a directory, not a program", image->name);
	if (!S_ISREG(st.st_mode))
		return error_new(ERR_NOT_ELF, "%s is not a regular file", image->name);
	image->fd = open(image->path, O_RDONLY | O_CLOEXEC | O_NOCTTY);
	if (image->fd < 0)
		return error_new(ERR_OS, "%s: %m", image->name);
	if (fstat(image->fd, &image->stat) != 0)
		return error_new(ERR_OS, "%s: %m", image->name);
	image->file_size = (uint64_t)image->stat.st_size;
	/* A file of dwz is an object file; that it belongs to the image is checked elsewhere. */
	return is_debug_file ? NULL : kind_check(image->name, image->fd, image->file_size);
}

static struct error *open_image(const char *path, const char *name, bool is_debug_file,
				struct image **ret)
{
	struct image *image = xcalloc(1, sizeof(*image));

	image->references = 1;
	image->fd = -1;
	image->path = xstrdup(path);
	image->name = xstrdup(name ? name : path);
	image->name_filters = name_filters_new();
	image->symbol_lists = symbol_lists_new();
	struct error *err = open_file(image, is_debug_file);
	if (!err)
		err = read_headers(image, is_debug_file);
	if (err) {
		image_unref(image);
		return err;
	}
	*ret = image;
	return NULL;
}

struct error *image_open_debug(const char *path, struct image **ret)
{
	return open_image(path, NULL, true, ret);
}

struct error *image_open(const char *path, const char *name, struct image **ret)
{
	struct image *image;

	TRY(open_image(path, name, false, &image));
	bool has_lines =
	    image_section(image, ".debug_line") || image_section(image, ".zdebug_line");
	if (!has_lines || !image_section_of_type(image, SHT_SYMTAB))
		image->debug = debugfile_open(image);
	image->go = go_open(image);
	*ret = image;
	return NULL;
}

struct image *image_ref(struct image *image)
{
	image->references++;
	return image;
}

void image_unref(struct image *image)
{
	if (!image || --image->references)
		return;
	dwarf_free(image->dwarf);
	usdts_free(image->usdts);
	cfi_free(image->cfi);
	lines_free(image->lines);
	relocations_free(image->relocations);
	table_free(image->table);
	symbol_lists_free(image->symbol_lists);
	name_filters_free(image->name_filters);
	go_close(image->go);
	image_unref(image->debug);
	vector_deinit(&image->segments);
	vector_deinit(&image->sections);
	arena_deinit(&image->arena);
	intern_deinit(&image->names);
	close_p(&image->fd);
	free(image->path);
	free(image->name);
	free(image);
}

/* -------------------------------------------------------------------- facts */

const char *image_path(const struct image *image)
{
	return image->path;
}

const char *image_name(const struct image *image)
{
	return image->name;
}

static bool is_same_file(const struct stat *a, const struct stat *b)
{
	return a->st_dev == b->st_dev && a->st_ino == b->st_ino && a->st_size == b->st_size &&
	       a->st_mtim.tv_sec == b->st_mtim.tv_sec && a->st_mtim.tv_nsec == b->st_mtim.tv_nsec;
}

bool image_is_as_read(const struct image *image)
{
	struct stat now;

	return fstat(image->fd, &now) == 0 && is_same_file(&now, &image->stat);
}

struct error *image_check_unchanged(const struct image *image)
{
	struct stat now;
	bool is_there = stat(image->path, &now) == 0;

	if (is_there && is_same_file(&now, &image->stat))
		return NULL;
	if (!is_there && strncmp(image->path, "/proc/", 6) == 0)
		return error_new(ERR_NO_PROCESS, "the process that ran %s has exited", image->name);
	return error_hint(error_new(ERR_CHANGED,
				    "%s is not the file that was read: it was changed "
				    "or replaced",
				    image->name),
			  "Delete its probes and name it again.");
}

bool image_is_pie(const struct image *image)
{
	return image->is_pie;
}

const struct section *image_section(const struct image *image, const char *name)
{
	for (size_t i = 1; i < image->sections.size; i++) {
		const struct section *section = &image->sections.data[i];
		if (section->type != SHT_NOBITS && strcmp(section->name, name) == 0)
			return section;
	}
	return NULL;
}

const struct section *image_section_of_type(const struct image *image, uint32_t type)
{
	for (size_t i = 1; i < image->sections.size; i++)
		if (image->sections.data[i].type == type && image->sections.data[i].size)
			return &image->sections.data[i];
	return NULL;
}

bool image_has_dwarf(const struct image *image)
{
	return image_section(image, ".debug_info") || image_section(image, ".zdebug_info") ||
	       (image->debug && image_has_dwarf(image->debug));
}

const char *image_go_version(const struct image *image)
{
	return image->go ? image->go->version : NULL;
}

const char *image_go_problem(const struct image *image)
{
	return image->go ? image->go->problem : NULL;
}

/* ---------------------------------------------------------------- addresses */

static const struct segment *segment_at(const struct image *image, uint64_t address)
{
	for (size_t i = 0; i < image->segments.size; i++) {
		const struct segment *segment = &image->segments.data[i];
		if (address >= segment->address && address - segment->address < segment->file_size)
			return segment;
	}
	return NULL;
}

bool image_is_code(const struct image *image, uint64_t address)
{
	const struct segment *segment = segment_at(image, address);

	return segment && segment->is_code;
}

bool image_offset(const struct image *image, uint64_t address, uint64_t *ret)
{
	const struct segment *segment = segment_at(image, address);

	if (!segment || !segment->is_code)
		return false;
	*ret = address - segment->address + segment->offset;
	return true;
}

bool image_address(const struct image *image, uint64_t offset, uint64_t *ret)
{
	for (size_t i = 0; i < image->segments.size; i++) {
		const struct segment *segment = &image->segments.data[i];
		if (!segment->is_code || offset < segment->offset ||
		    offset - segment->offset >= segment->file_size)
			continue;
		*ret = offset - segment->offset + segment->address;
		return true;
	}
	return false;
}

uint64_t image_code_end(const struct image *image, uint64_t address)
{
	for (size_t i = 1; i < image->sections.size; i++) {
		const struct section *section = &image->sections.data[i];
		if ((section->flags & SHF_ALLOC) && !(section->flags & SHF_TLS) &&
		    address >= section->address && address - section->address < section->size)
			return section->address + section->size;
	}
	const struct segment *segment = segment_at(image, address);
	return segment ? segment->address + segment->file_size : address;
}

bool image_file_offset(const struct image *image, uint64_t address, size_t size, uint64_t *ret)
{
	const struct segment *segment = segment_at(image, address);

	if (!segment || size > segment->file_size - (address - segment->address))
		return false;
	*ret = address - segment->address + segment->offset;
	return true;
}

bool image_read(const struct image *image, uint64_t address, void *ret, size_t size)
{
	uint64_t offset;

	return image_file_offset(image, address, size, &offset) &&
	       image_pread(image, offset, ret, size);
}

char *image_read_string(const struct image *image, uint64_t address)
{
	const struct segment *segment = segment_at(image, address);
	char bytes[STRING_MAX];

	if (!segment)
		return NULL;
	uint64_t left = segment->file_size - (address - segment->address);
	size_t size = left < sizeof(bytes) ? left : sizeof(bytes);
	if (!image_read(image, address, bytes, size) || !memchr(bytes, '\0', size))
		return NULL;
	return xstrdup(bytes);
}
