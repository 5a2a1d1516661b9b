/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * dwarf.h - what the readers of .debug_info share: an image's units with the names in them,
 * its types, and expressions that say where things are.
 *
 * Debug information may be corrupt: whatever follows a reference or nests counts how deep
 * it is, and gives up at DWARF_DEPTH_MAX.
 */
#ifndef SYMBOLS_DWARF_H
#define SYMBOLS_DWARF_H

#include <dwarf.h>

#include "lines.h"

#define DWARF_DEPTH_MAX 64

/* ------------------------------------------------------------------- maps */

/* From an address in memory and a small number to a pointer. {0} is empty. */
struct die_map {
	struct die_map_slot {
		const void *key;
		unsigned part;
		void *value;
	} * slots;
	size_t count, capacity;
};
void *die_map_get(const struct die_map *map, const void *key, unsigned part);
void die_map_put(struct die_map *map, const void *key, unsigned part, void *value);
void die_map_deinit(struct die_map *map);

/* ------------------------------------------------------------------- units */

/* A DIE that has a name, or that encloses some that do. In the order of the unit. */
struct dwarf_entry {
	const char *name;
	void *die;	 /* its address, as in Dwarf_Die */
	const void *end; /* of a scope: behind its last child; NULL: where its parent ends */
	uint32_t parent; /* the namespace or class that it is written in, or DWARF_NO_ENTRY */
	uint16_t tag;
	bool is_declaration;
	bool is_completing; /* a declaration that is written elsewhere */
};
#define DWARF_NO_ENTRY UINT32_MAX

/* Code of a function, by address. */
struct dwarf_range {
	uint64_t start, end;
	Dwarf_Die function;
};

enum dwarf_language {
	LANGUAGE_OTHER,
	LANGUAGE_C,
	LANGUAGE_CXX,
	LANGUAGE_RUST,
	LANGUAGE_GO,
};

struct dwarf_unit {
	Dwarf_CU *cu;
	Dwarf_Die tree;
	enum dwarf_language language;
	const char *problem; /* why not all of it could be read, or NULL */
	VECTOR(struct dwarf_entry) entries;
	VECTOR(struct dwarf_range) ranges;
	/* Entries by hash of their name, made when first asked for: index + 1, 0 is empty. */
	uint32_t *slots;
	size_t slot_count;
};

/* Where a unit is. */
struct dwarf_place {
	Dwarf_Off offset;   /* of its DIE */
	Dwarf_Word strings; /* of its references to strings, in .debug_str_offsets; 0: none */
	Dwarf_Die die;
};

/* A type that has been made, and where it comes from. */
struct dwarf_type {
	struct type type; /* first: what is handed out */
	Dwarf_Die die;
	unsigned part; /* which dimension of an array, beginning with the outermost */
	bool is_filled;
};

struct dwarf {
	struct image *image;
	const struct lines *lines;
	VECTOR(struct dwarf_unit *) units; /* that have been walked */
	struct die_map unit_of;		   /* those, by Dwarf_CU */
	VECTOR(struct dwarf_place) all;	   /* units, walked or not */
	bool is_scattered;	      /* there is more than what .debug_info and .debug_str say */
	bool has_all_units;	      /* all have been walked */
	unsigned searches;	      /* names that were looked for in all */
	struct die_map searched;      /* names whose units have been walked */
	enum dwarf_language language; /* of the unit that was asked for last */
	struct die_map types;	      /* by DIE and dimension */
	VECTOR(struct dwarf_type *) unfilled; /* those that only have their size yet */
	struct die_map pointers;	      /* those made for casts, by their target */
	struct die_map declared;	      /* DIEs of types that are only declared, by type */
};

/* NULL, *ret NULL: the image has no debug information, or only Go's tables. */
struct error *dwarf_get(struct image *image, struct dwarf **ret);
struct error *error_dwarf(const struct image *image, const char *what);

/* The unit that a DIE is in, with its names. */
struct dwarf_unit *dwarf_unit_of(struct dwarf *dwarf, Dwarf_Die *die);
/* The function whose code is at address. */
bool dwarf_unit_function(const struct dwarf_unit *unit, uint64_t address, Dwarf_Die *ret);
/* The entry of the innermost namespace or class that a DIE is written in, and its unit; NULL if
 * it is in none. What completes a declaration, or is a copy, belongs where that does. */
const struct dwarf_entry *dwarf_scope_of(struct dwarf *dwarf, Dwarf_Die *die,
					 struct dwarf_unit **ret);
Dwarf_Die dwarf_unit_die(const struct dwarf_unit *unit, const struct dwarf_entry *entry);
/* Calls fn for each entry of that name; arguments of C++ and Rust types as people write
 * them, or as they are. */
typedef void (*entry_fn)(void *context, struct dwarf_unit *unit, const struct dwarf_entry *entry);
void dwarf_unit_find(struct dwarf_unit *unit, const char *name, entry_fn fn, void *context);
/* Walks all units (dwarffind.c). */
void dwarf_read_all(struct dwarf *dwarf);
/* The same in all units of the file (dwarffind.c). */
void dwarf_find(struct dwarf *dwarf, const char *name, entry_fn fn, void *context);

/* The names of the namespaces and classes that a DIE is written in, outermost first. */
#define DWARF_PATH_MAX 32
struct dwarf_path {
	const char *names[DWARF_PATH_MAX];
	size_t count; /* SIZE_MAX: too many */
};
enum dwarf_path_kind {
	PATH_SOURCE, /* as the source has to write it: inline namespaces, enums left out */
	PATH_FULL,   /* as it can write it: with those */
	PATH_SHOWN,  /* PATH_SOURCE, with "(anonymous)" for what has no name */
};
void dwarf_path(struct dwarf *dwarf, Dwarf_Die *die, enum dwarf_path_kind kind,
		struct dwarf_path *ret);

/* What a name of the source means, looked up from a place in it. */
struct name_query {
	struct dwarf *dwarf;
	struct dwarf_unit *unit;	 /* of the place */
	const struct dwarf_path *around; /* the place */
	const char *name;		 /* "counter", "ns::counter" */
	bool is_anywhere;		 /* in whatever scopes, not only those around the place */
	/* How good an entry is. */
	enum name_quality {
		NAME_WRONG,	  /* of another kind */
		NAME_DECLARATION, /* says that it is elsewhere */
		NAME_PRIVATE,	  /* of another file, which keeps it to itself */
		NAME_DEFINITION,
	} (*judge)(struct dwarf_unit *unit, const struct dwarf_entry *entry, bool is_own);
};
/* The best entry: of the innermost scope, then as judged, then of the own unit. The whole
 * file is searched if the own unit has nothing better than a declaration. */
bool dwarf_lookup(const struct name_query *query, Dwarf_Die *ret);

/* -------------------------------------------------------------------- DIEs */

/* The DIE that an attribute refers to, directly or by what the DIE completes. */
bool die_reference(Dwarf_Die *die, unsigned attribute, Dwarf_Die *ret);
/* An integer attribute: the value as its form has it, sign-extended if that is signed. */
bool die_number(Dwarf_Die *die, unsigned attribute, int64_t *ret);
bool die_flag(Dwarf_Die *die, unsigned attribute);
/* Is it a parameter that is passed to the function? */
bool die_is_parameter(Dwarf_Die *die);
/* An attribute that is an expression, or a list of them. */
bool die_location(Dwarf_Die *die, unsigned attribute, Dwarf_Attribute *ret);
/* Its name, owned by the image, or NULL. */
const char *die_name(struct dwarf *dwarf, Dwarf_Die *die);
/* The DIE that this one is a copy or the definition of; itself if there is none. */
Dwarf_Die die_origin(Dwarf_Die *die);
/* Looks through what changes nothing of a type's shape or name: const and its kin, and a
 * skeleton whose type is in a unit of its own. False if that leads nowhere. */
bool die_peel(Dwarf_Die *type);
/* The same, and through typedefs. */
bool die_strip(Dwarf_Die *type);

/* ------------------------------------------------------------------- types */

/* The type of a DIE that is a type; the type that its DW_AT_type names, void if it names
 * none. With all that can be reached from it. */
const struct type *dwarf_type(struct dwarf *dwarf, Dwarf_Die *die);
const struct type *dwarf_type_of(struct dwarf *dwarf, Dwarf_Die *die);
extern const struct type dwarf_void;

/* Makes what is known of a type before its parts are: kind, size. Never NULL. */
struct dwarf_type *type_shell(struct dwarf *dwarf, Dwarf_Die *die, unsigned part, unsigned depth);
/* The same of the type that DW_AT_type names. */
const struct type *type_shell_of(struct dwarf *dwarf, Dwarf_Die *die, unsigned depth);
/* Members, enumerators (dwarfmember.c). */
void type_fill_members(struct dwarf *dwarf, struct dwarf_type *type);
void type_fill_enumerators(struct dwarf *dwarf, struct dwarf_type *type);
/* What a type is called (dwarfname.c); owned by the image. */
const char *type_name(struct dwarf *dwarf, Dwarf_Die *die, unsigned part);
/* A name of C++ or Rust without modules and arguments that nobody writes. The caller frees
 * it. */
char *name_shorten(const char *name, bool is_rust);
/* What a struct of a library stands for, if it is one of those we know (dwarfform.c). */
void type_set_form(struct dwarf *dwarf, struct dwarf_type *type);
/* The same of one that is only declared here: true if its layout is known all the same. */
bool type_set_known_layout(struct dwarf *dwarf, struct dwarf_type *type);
/* The same of Go's types that are a pointer to something: a function; by a typedef, a map or a
 * channel. */
void type_set_go_code(struct dwarf *dwarf, struct dwarf_type *type);
void type_set_go_reference(struct dwarf *dwarf, struct dwarf_type *type);
/* The variants of an enum of Rust (dwarfvariant.c). */
void type_fill_variants(struct dwarf *dwarf, struct dwarf_type *type);

/* ------------------------------------------------------------ where it is */

/* What expressions at a pc may need of its function. */
struct where_context {
	struct image *image;
	uint64_t address;
	Dwarf_Die function; /* that has DW_AT_frame_base */
};

/* Where the variable of a DIE is: its location, or constant value. */
void dwarf_where(const struct where_context *context, Dwarf_Die *die, uint64_t size,
		 struct where *ret);
/* The same by operations of our own, which refer to no attribute. */
void where_ops(const struct where_context *context, const Dwarf_Op *ops, size_t count,
	       uint64_t size, struct where *ret);
#define WHERE_NOT_STORED "<unavailable before the function's first line>"
void where_lost(struct image *image, uint64_t size, const char *reason, struct where *ret);

/* ------------------------------------------------------------------ scopes */

struct scope {
	struct dwarf *dwarf;
	uint64_t address;
	struct dwarf_unit *unit;
	VECTOR(Dwarf_Die) blocks; /* from the function to the innermost block */
	size_t first;		  /* of these: the function or inlined copy that is seen */
	struct dwarf_path around; /* that one */
	bool has_around;	  /* around has been filled */
};

/* Looks a name up outside of functions, in what is around this one (dwarfglobal.c). */
struct name_query scope_query(struct scope *scope, const char *name);

/* Where a DIE is declared; file NULL if that is not known. */
struct line scope_declared(const struct scope *scope, Dwarf_Die *die);
/* The variable or parameter of a DIE, which is outside of functions or in one. */
void scope_describe(struct scope *scope, Dwarf_Die *die, bool is_outside, struct variable *ret);
void scope_describe_enumerator(struct scope *scope, Dwarf_Die *die, Dwarf_Die *enumeration,
			       struct variable *ret);
struct where_context scope_where(const struct scope *scope);
/* Is the pc before the function's own code, where arguments are being stored? */
bool scope_is_in_prologue(const struct scope *scope);
/* A parameter as the calling convention passes it (dwarfabi.c, dwarfgo.c). */
void scope_argument(struct scope *scope, Dwarf_Die *parameter, struct where *ret);
/* A variable of the function around a closure, where the closure begins; false if that is not
 * known. */
bool scope_go_captured(struct scope *scope, Dwarf_Die *die, uint64_t size, struct where *ret);
/* What the variable &name stands for: one that is not on the stack, or is shared by closures. */
bool scope_go_dereference(struct scope *scope, const struct variable *pointer,
			  struct variable *ret);
void scope_go_argument(struct scope *scope, Dwarf_Die *parameter, struct where *ret);
/* Is a value of the type passed and returned by its address: a C++ class that is not trivial
 * to copy? */
bool type_is_by_address(struct dwarf *dwarf, Dwarf_Die *type);

/* Steps of an address or value that is being made. */
typedef VECTOR(struct where_step) step_list;
#define WHERE_STEPS_MAX 256

/* Appends the canonical frame address at a pc (cfa.c); false if it is not known. */
bool cfa_steps(struct image *image, uint64_t address, step_list *ret);

#endif
