/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * facts.c - what a file says of how it was built, for a person to read.
 */
#include <dwarf.h>

#include "lines.h"

#define TEXT_MAX     (1 << 16)
#define BUILD_ID_MAX 64

static const char *hexadecimal(struct image *image, const unsigned char *bytes, size_t size)
{
	struct buffer text = {0};

	for (size_t i = 0; i < size; i++)
		buffer_printf(&text, "%02x", bytes[i]);
	const char *kept = size ? image_intern(image, text.data) : NULL;
	buffer_deinit(&text);
	return kept;
}

/* The strings of a section, each once, with commas between; NULL if there are none. */
static const char *section_text(struct image *image, const char *name, size_t skipped)
{
	const struct section *section = image_section(image, name);
	struct buffer list = {0};

	if (!section || section->size <= skipped || section->size - skipped > TEXT_MAX)
		return NULL;
	size_t size = section->size - skipped;
	CLEANUP(free_p) char *text = xcalloc(1, size + 1);
	if (!image_pread(image, section->offset + skipped, text, size))
		return NULL;
	for (const char *s = text; s < text + size; s += strlen(s) + 1)
		if (*s && !(list.size && strstr(list.data, s)))
			buffer_printf(&list, "%s%s", list.size ? ", " : "", s);
	const char *kept = list.size ? image_intern(image, list.data) : NULL;
	buffer_deinit(&list);
	return kept;
}

/* A note's header (12 bytes) and the owner "Go" are before the id. */
static const char *build_id(struct image *image)
{
	unsigned char id[BUILD_ID_MAX];
	size_t size = image_build_id(image, id);

	return size ? hexadecimal(image, id, size) : section_text(image, ".note.go.buildid", 16);
}

/* The compiler of the first unit that is not assembly, as its command line tells it. */
static const char *producer(struct image *image, unsigned *ret_version)
{
	const struct lines *lines = lines_get(image);
	const char *found = NULL;
	Dwarf_CU *unit = NULL;
	Dwarf_Die die;
	Dwarf_Half version;

	if (!lines)
		return NULL;
	while (!found &&
	       dwarf_get_units(lines->dwarf, unit, &unit, &version, NULL, &die, NULL) == 0) {
		Dwarf_Attribute attribute;
		if (!*ret_version)
			*ret_version = version;
		if (dwarf_srclang(&die) != DW_LANG_Mips_Assembler)
			found = dwarf_formstring(dwarf_attr(&die, DW_AT_producer, &attribute));
	}
	return found ? image_intern(image, found) : NULL;
}

/* Takes the next word of a line that ends in end, at a tab or at the line's end. */
static char *take_field(char **line)
{
	char *field = *line;
	size_t size = strcspn(field, "\t");

	*line += size + (field[size] == '\t');
	field[size] = '\0';
	return field;
}

static bool note_function(void *context, const struct symbol *symbol)
{
	bool *is_found = context;

	*is_found = strcmp(symbol->raw, "crosscall2") == 0;
	return !*is_found;
}

/* "path\tmain", "mod\texample.org/x\tv1.2\th1:...", "build\t-compiler=gc" */
static void read_module_line(struct image *image, char *line, struct image_facts *facts,
			     struct build_setting *settings)
{
	const char *kind = take_field(&line), *name = take_field(&line);

	if (strcmp(kind, "path") == 0)
		facts->package = image_intern(image, name);
	if (strcmp(kind, "mod") == 0) {
		facts->module = image_intern(image, name);
		facts->module_version = image_intern(image, take_field(&line));
	}
	const char *equals = strchr(name, '=');
	if (strcmp(kind, "build") != 0 || !equals)
		return;
	CLEANUP(free_p) char *key = xstrndup(name, equals - name);
	settings[facts->setting_count++] =
	    (struct build_setting){image_intern(image, key), image_intern(image, equals + 1)};
}

static void read_go(struct image *image, struct image_facts *facts)
{
	CLEANUP(free_p) char *text = goinfo_modules(image);
	size_t count = 0;

	functions_search(image, "crosscall2", note_function, &facts->has_cgo);
	if (!text)
		return;
	for (const char *s = text; *s; s++)
		count += *s == '\n';
	struct build_setting *settings =
	    arena_alloc(&image->arena, (count + 1) * sizeof(*settings));
	char *rest = text;
	for (char *line; (line = strsep(&rest, "\n"));)
		read_module_line(image, line, facts, settings);
	facts->settings = settings;
}

void image_facts(struct image *image, struct image_facts *ret)
{
	*ret = (struct image_facts){
	    .interpreter = section_text(image, ".interp", 0),
	    .build_id = build_id(image),
	    .debug_file = image->debug ? image_path(image->debug) : NULL,
	    .has_symbols = symtab_is_there(image),
	};
	ret->compiler = producer(image, &ret->dwarf_version);
	if (!ret->compiler)
		ret->compiler = section_text(image, ".comment", 0);
	if (image->go)
		read_go(image, ret);
}
