/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * internal.h - what the files of this room share; nobody else includes it.
 */
#ifndef SYMBOLS_INTERNAL_H
#define SYMBOLS_INTERNAL_H

#include <elf.h>
#include <errno.h>
#include <string.h>
#include <sys/stat.h>

#include "moontap/symbols.h"

/* ------------------------------------------------------------------- image */

struct segment { /* one PT_LOAD */
	uint64_t address, offset, file_size, memory_size;
	bool is_code; /* executable and not writable */
	bool is_writable;
};

struct section {
	const char *name;
	uint32_t type, link;
	uint64_t flags, address, offset, size;
};

/* Strings that live as long as this, each stored once. */
struct intern {
	struct arena arena;
	struct intern_slot {
		const char *string;
		uint64_t hash;
	} * slots;
	size_t count, capacity;
};

struct go;
struct table;
struct lines;
struct dwarf;
struct cfi;
struct relocations;
struct name_filters;
struct symbol_lists;
struct usdts;

struct image {
	unsigned references;
	char *path, *name;
	int fd;
	struct stat stat; /* when it was read */
	uint64_t file_size;
	bool is_pie;
	struct arena arena;
	VECTOR(struct segment) segments;
	VECTOR(struct section) sections;
	uint64_t dynamic_address, dynamic_size; /* PT_DYNAMIC; size 0: static */
	uint64_t tls_size, tls_align;		/* PT_TLS; size 0: none */
	struct image *debug;			/* its separate debug file, or NULL */
	struct go *go;				/* NULL: not Go */
	struct table *table;			/* functions by address, made when first needed */
	struct lines *lines;			/* DWARF, opened when first needed */
	struct dwarf *dwarf;			/* its names, read when first needed */
	struct relocations *relocations;	/* by address, made when first needed */
	struct cfi *cfi;			/* unwind tables, likewise */
	struct name_filters *name_filters;	/* what searching often has made; empty at first */
	struct symbol_lists *symbol_lists;	/* likewise */
	struct usdts *usdts;			/* static probes, read when first needed */
	struct intern names;
};

bool image_pread(const struct image *image, uint64_t offset, void *ret, size_t size);
/* Where in the file size bytes at an address of any segment are. */
bool image_file_offset(const struct image *image, uint64_t address, size_t size, uint64_t *ret);
/* The section of that name that has bytes in the file, or NULL. */
const struct section *image_section(const struct image *image, const char *name);
const struct section *image_section_of_type(const struct image *image, uint32_t type);
/* Is address in a code segment? */
bool image_is_code(const struct image *image, uint64_t address);
/* The first address after the section (or else segment) that holds address. */
uint64_t image_code_end(const struct image *image, uint64_t address);
/* Reads a NUL-terminated string; NULL if there is none. The caller frees it. */
char *image_read_string(const struct image *image, uint64_t address);
void relocations_free(struct relocations *relocations);
/* Calls fn for each relocation of a type until it returns true. */
bool image_each_relocation(const struct image *image, uint32_t type,
			   bool (*fn)(void *context, const Elf64_Rela *), void *context);
/* Where a pointer to target is stored, after relocation by base 0, in the data
 * segments. Calls fn for each such address until it returns true. */
bool image_find_pointer(const struct image *image, uint64_t target,
			bool (*fn)(void *context, uint64_t address), void *context);
const char *intern(struct intern *names, const char *s);
void intern_deinit(struct intern *names);
const char *image_intern(struct image *image, const char *s);
/* Build id into ret (at most 64 bytes); 0 if there is none. */
size_t image_build_id(const struct image *image, unsigned char ret[64]);
/* As image_open, of a file that has sections but no bytes of code. */
struct error *image_open_debug(const char *path, struct image **ret);
/* Finds image's separate debug file (debugfile.c). */
struct image *debugfile_open(const struct image *image);
/* The file that .gnu_debugaltlink names: NULL if there is none, or not of that build. */
struct image *debugfile_open_supplement(const struct image *image);

/* Says what an open file is, unless it is an ELF for this machine (kind.c). */
struct error *kind_check(const char *name, int fd, uint64_t file_size);

void lines_free(struct lines *lines);
void dwarf_free(struct dwarf *dwarf);
void cfi_free(struct cfi *cfi);
/* What the unwind table says of the function that begins at address: where it ends. */
bool cfi_function_end(struct image *image, uint64_t address, uint64_t *ret);
void usdts_free(struct usdts *usdts);
/* The arguments of a note's string, in the image's arena (usdtarg.c). */
const struct usdt_argument *usdt_parse_arguments(struct image *image, const char *text,
						 size_t *ret_count);

typedef VECTOR(char *) path_list;
void path_list_deinit(path_list *list);

/* ------------------------------------------------------------- source lines */

/* Where code of a line begins, and in which copy of its function. */
struct line_start {
	uint64_t address;
	uint64_t unit, instance; /* the pair names the copy; instance 0: not known */
	bool is_empty;		 /* code of another file begins at the same address */
	bool is_settled;	 /* instance is final */
};

/* A file that answers the wanted name. */
struct source_file {
	char *path;
	unsigned line; /* the first from the wanted one on that has code; 0: none has */
	uint64_t rank; /* of starts: the lower, the nearer to what was wanted */
	unsigned last; /* the last that has code; 0: none has */
	VECTOR(struct line_start) starts; /* of line */
};

/* One image searched for the code of a line. */
struct source {
	struct image *image;
	char *wanted; /* a base name, the end of a path, or a path */
	unsigned line;
	VECTOR(struct source_file) files;
};
#define NO_SOURCE SIZE_MAX

/* Has the image a table of lines, Go's or DWARF's? */
bool image_has_lines(const struct image *image);
/* Collects the files that answer, and the lowest address of the line's code in each copy of
 * a function, by address. */
void source_search(struct source *ret, struct image *image, const char *wanted, unsigned line);
void source_deinit(struct source *source);

/* For those who read the tables: the index of the file of that path, NO_SOURCE if it
 * does not answer; and a piece of its code. One that begins no statement counts only if the
 * wanted line has no other. */
size_t source_find(struct source *source, const char *path);
void source_add(struct source *source, size_t file, uint64_t line, bool is_statement,
		const struct line_start *start);
/* Can a path that ends in this name answer? Cheap, and may say yes too often. */
bool source_may_answer(const struct source *source, const char *name);
/* Takes . and .. and doubled slashes out of a path, in place; returns it. */
char *path_normalize(char *path);

/* A line's number, "+3" too, into a location whose text is known. */
struct error *location_parse_line(const char *line, struct location *location);
/* explicit.c: "-source FILE -line 3" */
bool explicit_is(const char *text);
struct error *explicit_parse(const char *text, struct location *location);
/* usdtplace.c: "-probe provider:name" */
bool usdt_location_is(const char *text);
struct error *usdt_location_parse(const char *text, struct location *location);
struct error *usdt_resolve(const struct location *location, struct program *program,
			   place_list *ret);
/* Where a label of the function at an address is (dwarflabel.c). */
bool image_label(struct image *image, uint64_t function, const char *name, uint64_t *ret);
/* The line that the function at an address is declared on, or else that its code begins at; the
 * file is that of its code. */
bool image_function_line(struct image *image, uint64_t function, struct line *ret);
/* Is a path what FILE means? */
bool path_answers(const char *wanted, const char *path);
bool image_has_source(struct image *image, const char *file);
/* "No source file named t.c.", with near misses. */
struct error *error_no_file(struct image *image, const char *file);

/* The places of FILE:LINE (fileline.c). */
struct error *resolve_line(const struct location *location, struct program *program,
			   place_list *ret);
/* wanted may be any of several functions (or files: what); lists the first of them. */
struct error *error_ambiguous(const char *wanted, const char *what, const path_list *choices);
/* No function answers (nosymbol.c). */
struct error *error_no_symbol(const struct location *location, struct program *program,
			      struct image *image);
/* Names one function: F[int] has the looks of a glob, but is meant as a name. */
bool location_is_one_name(const struct location *location);

/* -------------------------------------------------------- functions by name */

/* A name as its table has it, before demangling. */
struct symbol {
	uint64_t address, size; /* size 0: not known */
	const char *raw;
	bool is_ifunc;
};
typedef bool (*symbol_fn)(void *context, const struct symbol *symbol);

/* Strings of a region of the file that contain a literal. */
struct span_of_names {
	uint64_t start, last; /* offsets in the region: string, last hit in it */
	char *copy;
};
struct name_spans {
	struct arena arena;
	VECTOR(struct span_of_names) spans;
};
/* True if that region is asked so often that its symbols should be listed by name. */
bool name_spans_collect(struct name_spans *spans, const struct image *image, uint64_t offset,
			uint64_t size, const char *literal);
/* The string that begins at that offset if it contains the literal, or NULL. */
const char *name_spans_at(const struct name_spans *spans, uint64_t offset);
void name_spans_deinit(struct name_spans *spans);
struct name_filters *name_filters_new(void);
void name_filters_free(struct name_filters *filters);

/* Calls fn for each function symbol of .symtab (its own or its debug file's)
 * and .dynsym whose raw name contains literal (all if it is ""), in no order,
 * some twice. The raw names live during fn. Reads the tables in pieces and
 * keeps nothing, until it is asked often. False if fn stopped it. */
bool symtab_search(const struct image *image, const char *literal, symbol_fn fn, void *context);
struct symbol_lists *symbol_lists_new(void);
void symbol_lists_free(struct symbol_lists *lists);
/* Is there a .symtab, here or in the debug file? */
bool symtab_is_there(const struct image *image);
/* The value (address) of an object symbol by exact name (not a function). */
bool symtab_object(const struct image *image, const char *name, uint64_t *ret);
/* How many values symbols of that very name have, in the first of .symtab and .dynsym that has
 * any: 0, 1, or 2 for more. *ret is one of them. */
unsigned symtab_values(const struct image *image, const char *name, uint64_t *ret);

/* All functions in address order. */
struct table {
	struct arena arena;
	VECTOR(struct symbol) symbols;
};
const struct table *table_get(struct image *image);
void table_free(struct table *table);
/* Fills in what a symbol's table does not say: the size, demangled name, is_go. */
struct function table_function(struct image *image, const struct symbol *symbol);
/* The same where the name to show, and whether Go's table covers it, are known. */
struct function table_named(struct image *image, const struct symbol *symbol, const char *name,
			    bool is_go);

/* The name to show: demangled, without its symbol version (memcpy@@GLIBC_2.14).
 * The caller frees it. */
char *function_name(const char *raw, bool is_go);

/* Every function whose raw name contains literal, table or no table. */
void functions_search(struct image *image, const char *literal, symbol_fn fn, void *context);

/* ---------------------------------------------------------------------- Go */

struct gotab;	/* an open .gopclntab */
struct gotypes; /* types that its runtime describes */

struct go {
	char *version;	       /* "go1.21.13 X:..." as the linker left it */
	unsigned minor;	       /* 21; 0 if not known */
	struct gotab *table;   /* or NULL: */
	char *problem;	       /* why it could not be used */
	struct gotypes *types; /* made when first needed (gotype.c) */
};

/* NULL if image is not a Go program. */
struct go *go_open(struct image *image);
void go_close(struct go *go);
/* What the build info says of modules and settings, a line each; NULL if nothing. The
 * caller frees it. */
char *goinfo_modules(const struct image *image);

/* Is address in a function that Go's table describes? */
bool go_covers(const struct image *image, uint64_t address);
bool go_has_table(const struct image *image);

struct error *gotab_open(const struct image *image, struct gotab **ret);
void gotab_close(struct gotab *table);
bool gotab_covers(const struct gotab *table, uint64_t address);
/* Sizes stop before the padding between functions. */
bool gotab_search(struct gotab *table, const char *literal, symbol_fn fn, void *context);
/* File (the caller frees it) and line of address. */
bool gotab_line(struct gotab *table, uint64_t address, char **ret_file, unsigned *ret_line);
/* Where the line of an address may change next. */
uint64_t gotab_line_end(struct gotab *table, uint64_t address);
/* Appends the chain of calls inlined at address, innermost first (goinline.c). */
void gotab_inlined_at(struct image *image, uint64_t address, inline_chain *ret);
/* Calls fn for each inlined copy of the functions whose name contains literal and is wanted:
 * its name and the lowest address of its code. */
void gotab_search_inlined(struct gotab *table, const char *literal,
			  bool (*is_wanted)(void *context, const char *name), symbol_fn fn,
			  void *context);
void gotypes_free(struct gotypes *types);
/* Makes a type one of Go's forms: a pointer to a map, to a channel; the two of package time. */
void gotype_set_map(const struct image *image, struct type *type, const struct type *key,
		    const struct type *value);
void gotype_set_channel(const struct image *image, struct type *type, const struct type *element);
void gotype_set_time(struct type *type);
/* A function of Go's table by its exact name; the first one. */
bool gotab_function(struct image *image, const char *name, struct function *ret);
/* How far below where it was at the function's entry the stack pointer is (goline.c). */
bool gotab_depth(struct gotab *table, uint64_t address, int64_t *ret);
/* As source_search and image_each_source, by Go's table (gosource.c). */
void gotab_source(struct gotab *table, struct source *source);
void gotab_each_source(struct gotab *table, void (*fn)(void *context, const char *path),
		       void *context);

/* ------------------------------------------------------------------- names */

/* C++ or Rust name in readable form, or NULL if it is not mangled. The caller
 * frees it. */
char *demangle(const char *raw);
bool is_mangled(const char *raw);

/* How a function's name answers a wanted one. The lower, the better. */
enum match {
	MATCH_WHOLE,  /* the location's whole text, not split at ':' or '+' */
	MATCH_EXACT,  /* the same, but for parameters, type arguments, escapes */
	MATCH_SUFFIX, /* the last components of it */
	MATCH_CLONE,  /* a compiler's copy: f.constprop.0 for f */
	MATCH_GLOB,   /* of a pattern that is not the name of anything */
	MATCH_NONE,
};
enum match match_name(const char *wanted, const char *name, bool is_go);
/* Go name without type arguments and .abi0, path unescaped, or C++ name without
 * parameters: what makes two functions "the same". The caller frees it. */
char *match_owner(const char *name, bool is_go);
/* Is this the split-off cold part of a function, which nobody calls? */
bool match_is_cold(const char *name);

/* A literal that the raw name of everything that can match the wanted name (or
 * glob) must contain; "" if there is none. The caller frees it. */
char *pattern_literal(const char *wanted, bool is_glob);
/* Can this mangled name be what a wanted name (no glob) means? Cheap, and may say
 * yes too often: it spares the demangling of most. */
bool pattern_may_name(const char *wanted, const char *mangled);
/* Does text have characters that make it a glob? */
bool glob_is(const char *text);
/* Does it have a star or a question mark? [ and ] alone are Go's type arguments too. */
bool glob_has_wildcard(const char *text);

/* --------------------------------------------------------------- processes */

struct mapping {
	uint64_t start, end, offset, inode;
	unsigned device_major, device_minor;
	bool is_executable, is_writable;
	char *path; /* without " (deleted)"; "" if anonymous */
};
typedef VECTOR(struct mapping) mapping_list;
struct error *process_mappings(pid_t pid, mapping_list *ret);
void mapping_list_deinit(mapping_list *list);
/* A path as the kernel writes it, made a plain one, without " (deleted)"; uses up text. The caller
 * frees it. */
char *process_path(char *text);
/* Is there such a process, and may we look into it? *ret is its executable's path. */
struct error *process_executable(pid_t pid, char **ret);

/* Where the loader finds libraries (loader.c). root is a prefix of every path: "" or
 * "/proc/PID/root". */
void loader_needed(const struct image *image, path_list *ret);
/* The file of a library that image needs; NULL if it is not there. */
char *loader_find(const struct image *image, const char *root, const char *soname);
/* Does a file of that name answer to what a user calls the library? */
bool loader_is_named(const char *wanted, const char *path);
/* The path of a library in the loader's cache or directories that answers to a name;
 * NULL if there is none. The caller frees it. */
char *loader_find_by_name(const char *root, const char *wanted);

#endif
