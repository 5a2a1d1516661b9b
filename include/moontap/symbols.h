/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * symbols.h - what a program's files say: functions, lines, addresses.
 *
 *   image.c      one ELF file: segments, sections, bytes by address
 *   kind.c       what a file is that is no program, in words
 *   debugfile.c  its separate debug file, by build id or debug link
 *   names.c      strings of a file that contain a literal
 *   symtab.c     functions of .symtab and .dynsym whose name has a literal
 *   stub.c       functions of libraries, by their stubs
 *   table.c      all functions by address, whichever table names them
 *   demangle.c   C++ and Rust names (libiberty)
 *   facts.c      what a file says of how it was built
 *   goinfo.c     is it Go, and which version
 *   gotab.c      .gopclntab: Go's functions, left by strip
 *   gomodule.c   runtime.moduledata: what .gopclntab does not hold
 *   goline.c     .gopclntab: address to file and line
 *   goinline.c   .gopclntab: what was inlined where
 *   gosource.c   .gopclntab: a source line's code
 *   gotype.c     types as Go's runtime describes them
 *   goroutine.c  where the running goroutine and its number are
 *   abi.c        how a function receives its arguments
 *   usdt.c       static probes (USDT): the notes of .note.stapsdt
 *   usdtarg.c    ... where their arguments are
 *   usdtplace.c  ... -probe PROVIDER:NAME -> places
 *   mappedelf.c  a file as libelf is given it, its compressed sections inflated
 *   line.c       address to file:line (Go's table, else DWARF by libdw)
 *   rows.c       .debug_line: files and rows of a table
 *   linerows.c   the lines of a stretch of code; all code of some lines
 *   inlined.c    the inlined calls at an address (Go's table, else DWARF)
 *   instance.c   which copy of a function an address is in (DWARF)
 *   source.c     a source line's code, in each copy of its function
 *   dwarfunit.c  .debug_info: a unit's functions by address, its names
 *   dwarffind.c  ... the units that may have a name
 *   dwarfdie.c   ... attributes of a DIE
 *   dwarftype.c  ... types as data
 *   dwarfmember.c ... members, enumerators
 *   dwarfname.c  ... what a type is called
 *   dwarfop.c    ... expressions, as steps
 *   dwarfwhere.c ... where a variable is
 *   dwarfvariable.c ... a variable
 *   dwarflookup.c ... what a name means, seen from a place
 *   dwarflabel.c labels of functions, the lines they are declared on
 *   dwarflist.c  all variables and types outside of functions
 *   dwarfscope.c ... variables at a pc
 *   dwarfglobal.c ... variables outside of functions
 *   dwarfcast.c  ... a type by its name
 *   dwarfform.c  ... strings, vectors and the like of C++, Rust and Go
 *   dwarfvariant.c ... enums of Rust
 *   dwarfshort.c ... names without what nobody writes
 *   dwarftrivial.c ... is a class passed by its address
 *   dwarfabi.c   ... arguments that are not stored yet
 *   dwarfgo.c    ... arguments and results of Go
 *   dwarfline.c  ... the prologue, lines at which a variable can be read
 *   operand.c    which variable an instruction reads
 *   cfa.c        the frame at a pc, by call frame information
 *   pointer.c    pointers as the loader will make them; interned strings
 *   ifunc.c      which implementation an IFUNC stands for
 *   process.c    what /proc says: executable, mappings
 *   loader.c     where the dynamic loader finds libraries
 *   program.c    an executable or process, and its libraries
 *   location.c   a location's text, taken apart
 *   pattern.c    globs, and the literal by which candidates are found
 *   match.c      does a function's name answer the wanted one
 *   explicit.c   ... of -source, -line, -function, -label
 *   prefix.c     functions whose name begins so
 *   resolve.c    location -> places
 *   nosymbol.c   ... and what to say if there are none
 *   fileline.c   ... of a FILE:LINE
 *   cursor.c     DWARF's numbers and strings out of bytes
 *   cfitable.c   unwind tables: which entry covers an address
 *   cfirules.c   ... what its instructions say there
 *   operations.c expressions of DWARF, run on registers and stack memory
 *   cfi.c        from a frame to its caller
 *   unwind.c     ... to all of them
 *   framepointer.c  does code keep frame pointers
 *   number.c     pointers by number
 *   module.c     files that processes map
 *   space.c      what a process has mapped
 *   spaces.c     ... at a time, although it has ended
 *   perfmap.c    names of code that a process generates
 *   frame.c      an address -> frames with names
 *   stack.c      stacks, each distinct one kept
 *
 * The only room that knows libelf, libdw and /proc/PID/maps. Every address here
 * is a virtual address of the file (as in `nm`), never of a process.
 */
#ifndef MOONTAP_SYMBOLS_H
#define MOONTAP_SYMBOLS_H

#include <sys/types.h>

#include "moontap/base.h"
#include "moontap/disasm.h"
#include "moontap/type.h"

/* ------------------------------------------------------------------- image */

struct image; /* one open ELF file; counted */

/* Opens path; name is what messages call it (NULL: path). Reads with pread,
 * never a read-only private mapping: breakpoint bytes would show through. Errors:
 * ERR_NO_FILE, ERR_OS, ERR_NOT_ELF (says what it is: a script with its
 * interpreter, a directory, an archive, an object file ...), ERR_BAD_ELF,
 * ERR_WRONG_ARCH. */
struct error *image_open(const char *path, const char *name, struct image **ret);
struct image *image_ref(struct image *image);
void image_unref(struct image *image);

const char *image_path(const struct image *image); /* what image_open opened */
const char *image_name(const struct image *image);
bool image_is_pie(const struct image *image); /* ET_DYN */
bool image_has_dwarf(const struct image *image);
/* Of a Go program: do its maps consist of groups, as from Go 1.24 on, or of buckets? */
enum go_maps {
	GO_MAPS_UNKNOWN,
	GO_MAPS_BUCKETS,
	GO_MAPS_GROUPS,
};
enum go_maps image_go_maps(const struct image *image);
const char *image_go_version(const struct image *image); /* "go1.21.13", or NULL: not Go */

/* Why a Go program's own tables could not be read, or NULL. */
const char *image_go_problem(const struct image *image);

/* What a file says of how it was built; strings live as long as the image, NULL (or a
 * count of 0) where it says nothing. */
struct build_setting {
	const char *key, *value;
};
struct image_facts {
	const char *interpreter; /* the dynamic loader; NULL: static */
	const char *build_id;	 /* hexadecimal; Go's own where there is no other */
	const char *debug_file;	 /* path of its separate debug file */
	const char *compiler;	 /* "GNU C17 12.2.0 -O2 -g", "GCC: (Debian 12.2.0) 12.2.0" */
	bool has_symbols;	 /* .symtab, here or in the debug file */
	unsigned dwarf_version;	 /* 0: no DWARF */
	/* Go only. */
	const char *package; /* path of the main package */
	const char *module, *module_version;
	const struct build_setting *settings; /* "-ldflags", "CGO_ENABLED", "vcs.revision" ... */
	size_t setting_count;
	bool has_cgo; /* C code is linked in */
};
void image_facts(struct image *image, struct image_facts *ret);

/* Is the file still the one that was read: not written to since, and not another
 * one under its path? ERR_CHANGED: addresses found before mean nothing in it. ERR_NO_PROCESS:
 * the process whose file it is has ended. */
struct error *image_check_unchanged(const struct image *image);
/* Does the open file still hold what it did, whatever its path leads to by now? */
bool image_is_as_read(const struct image *image);

/* Virtual address to file offset and back, through the executable PT_LOADs
 * only: false if no executable, non-writable segment holds it. */
bool image_offset(const struct image *image, uint64_t address, uint64_t *ret);
bool image_address(const struct image *image, uint64_t offset, uint64_t *ret);
/* Reads file bytes at a virtual address; false if not all of them are there. */
bool image_read(const struct image *image, uint64_t address, void *ret, size_t size);
/* The pointer stored at a virtual address, as it will be in a process into which the file
 * is loaded at address 0: relocated. */
bool image_read_pointer(const struct image *image, uint64_t address, uint64_t *ret);

struct function {
	const char *name; /* demangled, symbol version stripped; owned by the image */
	uint64_t address, size;
	bool is_size_guessed; /* the table said 0: size reaches to the next symbol */
	bool is_go;	      /* from pclntab, or its address is covered by it */
	bool is_ifunc;	      /* address is a resolver's, which picks the implementation */
};

/* The function that covers address. */
bool image_function_at(struct image *image, uint64_t address, struct function *ret);
/* The function that begins at address, where it is known where it ends: by its symbol, or by the
 * unwind table alone, and then it has no name (NULL). */
bool image_function_from(struct image *image, uint64_t address, struct function *ret);
/* What an IFUNC stands for in process pid, or in moontap's own (pid 0): its implementation under
 * its own name. False: no process that may be looked into has the file, or the file does not call
 * the function itself, or where the implementation ends is not known. */
bool image_ifunc(struct image *image, const struct function *function, pid_t pid,
		 struct function *ret);
/* Calls fn for every function, in address order, aliases included, until it
 * returns false. Names live as long as the image. */
void image_each_function(struct image *image, bool (*fn)(void *context, const struct function *),
			 void *context);
/* Calls fn for functions whose name begins with prefix, in no order, overloads of one name each,
 * until it returns false: C++ names without their parameters, unless prefix has some. name is the
 * caller's for the moment only. Made for prefixes of some length: reads no more than it must. */
void image_each_beginning(struct image *image, const char *prefix,
			  bool (*fn)(void *context, const char *name), void *context);
/* Are there any function names at all (false: stripped, and not Go)? */
bool image_has_functions(struct image *image);

/* The function of a library that the call or jump at address leads to: by the stub at target
 * (puts@plt), or through the slot of the global offset table that it reads (target 0). NULL if
 * it is neither. Owned by the image. */
const char *image_stub_name(struct image *image, uint64_t address, uint64_t target);
/* The same where that is a function of the file itself: its address; 0 if it is not. (The
 * program, or a library that is loaded before, may have another one of that name.) */
uint64_t image_stub_function(const struct image *image, uint64_t address, uint64_t target);

/* How a function receives its arguments. */
enum abi {
	ABI_SYSV,	  /* rdi rsi rdx rcx r8 r9, then the stack at CFA */
	ABI_GO_REGISTERS, /* Go >= 1.17: rax rbx rcx rdi rsi r8 r9 r10 r11 */
	ABI_GO_STACK,	  /* Go's ABI0: all on the stack from CFA */
};
enum abi image_abi(const struct image *image, const struct function *function);

struct line {
	const char *file; /* as the tables give it; owned by the image */
	unsigned number;
};
bool image_line_at(struct image *image, uint64_t address, struct line *ret);
/* The code from address on, up to that of the next row, is of line (file NULL: of none). Several
 * may have one address: all but the last have no code of their own. */
struct line_row {
	uint64_t address;
	struct line line;
	bool is_statement; /* it begins one; Go's own table says so of every row */
};
typedef VECTOR(struct line_row) line_rows;
/* Appends the rows of the code in [start, end), a function's, by address; none if no line of it
 * is known. Inlined code has the lines of the function that it is a copy of. */
void image_line_rows(struct image *image, uint64_t start, uint64_t end, line_rows *ret);
/* Calls fn for each row of lines first to last of file (as rows have it), in all functions: also
 * where they were inlined. By DWARF alone. */
void image_each_line(struct image *image, const char *file, unsigned first, unsigned last,
		     void (*fn)(void *context, uint64_t address), void *context);
/* Calls fn for each source file that the line tables name, many of them often: whole
 * paths, where the tables have them. */
void image_each_source(struct image *image, void (*fn)(void *context, const char *path),
		       void *context);

/* A call that the compiler replaced by the code of what is called. */
struct inlined_call {
	const char *name; /* of the function inlined; owned by the image */
	struct line line; /* of the call, in the caller; file NULL: not known */
};
typedef VECTOR(struct inlined_call) inline_chain;
/* Appends the inlined calls that the code at address stems from, innermost first: the
 * first is inlined into the second, and the last into the function that covers address. Go by
 * its own tables, other languages by DWARF. */
void image_inlined_at(struct image *image, uint64_t address, inline_chain *ret);

/* ----------------------------------------------------------- names at a pc */

/*
 * Where a value is, as steps of a small stack machine that debug information, an ABI or a
 * probe's notes all come down to. The call frame address (CFA) and the frame base have been
 * expanded: what is left speaks of registers at the pc, constants and memory.
 */
enum where_op {
	WHERE_CONSTANT, /* push number */
	WHERE_REGISTER, /* push the register of DWARF number `number` (0 rax, 1 rdx, 2 rcx,
			   3 rbx, 4 rsi, 5 rdi, 6 rbp, 7 rsp, 8.. r8-r15, 16 return address) */
	WHERE_ADDRESS,	/* push the run-time address of the file address `number` */
	WHERE_FSBASE,	/* push the base of %fs: thread-local storage of the thread that runs */
	WHERE_LOAD, /* pop an address, push the `number` (1, 2, 4, 8) bytes there, as unsigned */
	WHERE_ADD,  /* pop b, pop a, push a op b: 64 bits, wrapping around */
	WHERE_SUB,
	WHERE_MUL,
	WHERE_AND,
	WHERE_OR,
	WHERE_XOR,
	WHERE_SHL,
	WHERE_SHR, /* with zeros */
	WHERE_SAR, /* with the sign */
	WHERE_NEG, /* pop a, push op a */
	WHERE_NOT,
};
struct where_step {
	enum where_op op;
	int64_t number;
};

/* A part of a value: in memory, in a register or computed, or nowhere. */
struct where_piece {
	enum {
		PIECE_MEMORY, /* the steps give the address of its first byte */
		PIECE_VALUE,  /* the steps give its (at most 8) bytes */
		PIECE_LOST,   /* reason */
	} kind;
	const struct where_step *steps;
	size_t step_count;
	uint64_t size;	    /* bytes of the value it makes up; the pieces follow one another */
	const char *reason; /* "<optimized out>", "<unavailable in %xmm0>" */
};
struct where {
	const struct where_piece *pieces;
	size_t piece_count; /* never 0 */
};

enum variable_kind {
	VARIABLE_PARAMETER,
	VARIABLE_LOCAL,
	VARIABLE_GLOBAL,     /* also a static of a function */
	VARIABLE_ENUMERATOR, /* where is one PIECE_VALUE, a constant */
};
struct variable {
	enum variable_kind kind;
	const char *name; /* "" if it has none */
	const struct type *type;
	struct where where;
	struct line declared; /* file NULL if not known */
};

/* What names mean at one address of an image: the innermost block first, then what encloses
 * it (the inlined function and its caller's blocks are apart: an inlined copy sees its own
 * names only, as its source does), then the file's own variables, then other files'. */
struct scope;
/* NULL, *ret NULL: the image has no debug information for address. ERR_DWARF names what is
 * corrupt or not supported. Everything it hands out lives as long as the image. */
struct error *scope_open(struct image *image, uint64_t address, struct scope **ret);
void scope_close(struct scope *scope);
/* Names of the function itself, where another is inlined into it: what a tracepoint of
 * FUNCTION+OFFSET may rather mean. At a function's very address it is so from the start. */
void scope_leave_inlined(struct scope *scope);
/* The innermost variable of that name; false if there is none. Namespaces: "ns::counter", and
 * a name is also looked up in the namespaces and the class that the function is in. Enumerators
 * count. */
bool scope_variable(struct scope *scope, const char *name, struct variable *ret);
/* Parameters of the function at the address, in order, from 0. */
bool scope_parameter(struct scope *scope, size_t index, struct variable *ret);
/* A global or static by name, in any file: "counter", "ns::counter", "main.table" in Go. */
bool scope_global(struct scope *scope, const char *name, struct variable *ret);
/* Calls fn for each parameter and local that is visible, innermost first, hidden ones left
 * out, until it returns false. */
void scope_each(struct scope *scope, bool (*fn)(void *context, const struct variable *),
		void *context);
/* The function's return type: TYPE_VOID if it returns nothing; NULL if it is not known, or there
 * may be several (Go). */
const struct type *scope_result(struct scope *scope);
/* The results of a Go function, from 0, in order, where its ABI has them when it returns. "~r0"
 * and the like are names of those that have none. False: there are not so many, or not Go. */
bool scope_go_result(struct scope *scope, size_t index, struct variable *ret);
/* Is the value of the type returned in memory, its address in rax (C++: a type with a copy
 * constructor or destructor), although it would fit in registers? */
bool scope_result_is_by_address(struct scope *scope);
/* A type by what a programmer writes in a cast: "struct point *", "unsigned int", "ns::T",
 * "point_t". NULL if there is none. */
const struct type *scope_type(struct scope *scope, const char *name);
/* The same where there is no debug information: C's own words, and pointers to void and char. */
const struct type *type_of_words(const char *name);
/* The definition of a TYPE_OPAQUE that is only declared here, from another file; the type
 * itself if there is none, or it is of another kind. Searches the whole program: to be asked
 * when a path leads through the type. */
const struct type *scope_complete(struct scope *scope, const struct type *type);
/* The nearest lines before and after the address, in the same function, at which the variable
 * can be read; 0 where there is none. */
void scope_readable_lines(struct scope *scope, const char *name, unsigned *ret_before,
			  unsigned *ret_after);

/* What debug information defines outside of functions, in no order, perhaps several times. */
enum definition_kind {
	DEFINITION_VARIABLE,
	DEFINITION_TYPE,
};
struct definition {
	enum {
		DEFINED_VARIABLE,
		DEFINED_TYPE,
		DEFINED_ALIAS, /* a typedef: of type */
		DEFINED_BASE,
	} kind;
	const char *name; /* with namespaces and classes; the caller's for the moment only */
	const struct type *type;
	struct line declared; /* file NULL if not known; of a base type the file that uses it */
	bool is_private;      /* a variable of its file alone */
};
/* Calls fn for those that wants wants by their name. Nothing for a file without debug information.
 * ERR_DWARF. */
struct error *image_each_definition(struct image *image, enum definition_kind kind,
				    bool (*wants)(void *context, const char *name),
				    void (*fn)(void *context, const struct definition *definition),
				    void *context);
/* Calls fn for each symbol of data in the tables of symbols whose name, demangled, begins with
 * prefix, in no order. */
void image_each_datum(struct image *image, const char *prefix,
		      void (*fn)(void *context, const char *name, uint64_t address), void *context);

/* What the program calls the operand of the instruction at address: "n", "req.Method",
 * "p->next", "len(s)"; NULL if no visible variable is there. The caller frees it. */
char *image_operand_name(struct image *image, uint64_t address, const struct code_operand *operand);

/* The Go type whose descriptor (abi.Type, as an interface value points to) is at an address of
 * the file: its name, size, elements, fields, also of a stripped program. Strings and slices are
 * FORM_STRING and FORM_SEQUENCE; interfaces structs of two words; maps and channels pointers to
 * something opaque. NULL: no descriptor is there, or the version of Go is not known. */
const struct type *image_go_type(struct image *image, uint64_t address);

/* How many words the arguments of the Go function at address take, without which it would be
 * unknown what they are; 0: none, or not known. Before Go 1.17 results count as well. */
unsigned image_go_argument_words(struct image *image, uint64_t address);

/* The goroutine that runs. */
struct goroutine {
	struct where_piece id; /* its number, a PIECE_VALUE; unreadable where none runs */
	/* The thread's own runtime.g, which on a system stack is not the goroutine's, is in %r14
	 * (has_register), or at this distance from the base of %fs. */
	int64_t tls;
	/* Where in that the address is that its stack begins at: the stack may move, and this
	 * moves with it. */
	int64_t stack_hi;
};
/*
 * g, at a site of a Go program. has_register: %r14 holds it there, which is so at the entry and
 * the exits of functions of ABI_GO_REGISTERS only; elsewhere it is found by %fs. On a system
 * stack, where the runtime works for a goroutine, id is that goroutine's. False: the image is not
 * Go, or of a version whose runtime we do not know and that has no DWARF.
 */
bool image_goroutine(struct image *image, bool has_register, struct goroutine *ret);

/* The canonical frame address at address, by .eh_frame, .debug_frame or Go's own table: steps as of
 * a PIECE_MEMORY (the address itself); false if no row covers it. */
bool image_cfa(struct image *image, uint64_t address, struct where_piece *ret);

/* ----------------------------------------------------------- static probes */

/* A probe that the program's own source has (USDT): a nop, and a note of where it is, its
 * name, and where its arguments are when the nop is reached (<sys/sdt.h>). One that was inlined,
 * or stands in several places of the source, has a note for each. */
struct usdt {
	const char *provider, *name;
	const char *whole;     /* "provider:name", escaped: for people to see */
	uint64_t address;      /* of the nop */
	uint64_t semaphore;    /* address of the count of those who listen; 0: it has none */
	const char *arguments; /* as the note has them: "-4@%eax 8@-24(%rbp)" */
};
struct usdt_argument {
	const char *text;	 /* "-4@%eax" */
	const struct type *type; /* an INTEGER or a FLOAT; equal ones are one, in all images */
	struct where where;	 /* of one piece */
};
/* Those of an image, by address; they live as long as the image. A note that is malformed ends
 * the list. */
const struct usdt *image_usdts(struct image *image, size_t *ret_count);
/* Its arguments, in order, which live as long as the image. One of a form that is not understood,
 * or in a register that a probe cannot read, is a PIECE_LOST that says so. */
const struct usdt_argument *image_usdt_arguments(struct image *image, const struct usdt *usdt,
						 size_t *ret_count);
/* File offset of the semaphore that has to be raised for the code at address to run; 0: none. */
uint64_t image_usdt_semaphore(struct image *image, uint64_t address);

/* ----------------------------------------------------------------- program */

/* An executable, or a process, with the libraries it maps (or, for a file that
 * does not run yet, those the loader would map). */
struct program;

/* By path: "./go-play", or a bare name searched in PATH. */
struct error *program_open(const char *path, struct program **ret);
/* By process: its executable through /proc/PID/exe, its libraries through
 * /proc/PID/map_files or /proc/PID/root, so that what is mapped is what is read. Errors:
 * ERR_NO_PROCESS, ERR_PERMISSION (says what is missing), and image_open's. */
struct error *program_of_process(pid_t pid, struct program **ret);
void program_free(struct program *program);
struct image *program_executable(const struct program *program); /* borrowed */
/* The executable's path as a user knows it (for a process: readlink of exe). */
const char *program_path(const struct program *program);
/* A library by "libc.so.6", "libc", "c" (as in -lc) or a path; the executable by its base
 * name. Looks among what is mapped, then DT_NEEDED and the loader's
 * directories, so a library loaded later is found too. Borrowed. ERR_NO_MODULE with
 * near misses. */
struct error *program_module(struct program *program, const char *name, struct image **ret);
/* Calls fn for the executable, then each library known now. */
void program_each_module(struct program *program, void (*fn)(void *context, struct image *),
			 void *context);

/* The process has mapped the file at path (as /proc/PID/maps has it), or several (path NULL):
 * makes them libraries of the program. False if they are already, or are no ELF files. */
bool program_note_mapped(struct program *program, pid_t pid, const char *path);

/* The line that was looked at last, which LINE, +LINES and -LINES are about; file as an image's
 * tables have it. Before the first it is main's; false if there is no main, or no lines. */
void program_set_line(struct program *program, const char *file, unsigned line);
bool program_line(struct program *program, struct line *ret);

/* Maps an instruction pointer of a running process to a file address. */
bool process_locate_ip(pid_t pid, uint64_t ip, const struct image *image, uint64_t *ret);
/* What to add, in a process, to an address of the file: data's as well as code's. */
bool process_bias(pid_t pid, const struct image *image, uint64_t *ret);

/* ------------------------------------------------------------------ stacks */

/*
 * Names for the code addresses of processes: of what they have mapped, as far as it was
 * seen in time, so that processes that have ended count too. Each distinct stack is kept and has
 * its frames once.
 */
struct stacks;
struct stacks *stacks_new(void);
void stacks_free(struct stacks *stacks);

/* An image that is open already, and that is traced: what has been mapped by processes that
 * map it is remembered after they end. */
void stacks_add_image(struct stacks *stacks, struct image *image);

/* What a process has mapped now, by /proc; done by need, but it may have ended by then. */
void stacks_read_process(struct stacks *stacks, pid_t pid);
/* What was told of a process, in the order in which it happened; times are of
 * CLOCK_MONOTONIC. */
struct mapping_notice {
	uint64_t start, end, offset, inode;
	const char *path; /* as in /proc/PID/maps; "" if anonymous */
};
void stacks_note_mapping(struct stacks *stacks, pid_t pid, const struct mapping_notice *mapping);
void stacks_note_exec(struct stacks *stacks, pid_t pid, uint64_t time_ns);
void stacks_note_fork(struct stacks *stacks, pid_t parent, pid_t child, uint64_t time_ns);
void stacks_note_exit(struct stacks *stacks, pid_t pid);

/* A stack as it was captured: addresses, or what they are to be found by. */
struct stack_capture {
	pid_t pid;
	uint64_t time_ns; /* of the capture; UINT64_MAX: not known */
	size_t wanted;	  /* frames, at most */
	/* The instruction pointer, then return addresses, innermost first. NULL: */
	const uint64_t *addresses;
	size_t count;
	/* By DWARF number, the return address (16) being the instruction pointer; and the memory
	 * from the stack pointer on. */
	const uint64_t *registers;
	const void *memory;
	size_t memory_size;
};
#define STACK_REGISTERS	 17
#define STACK_FRAMES_MAX 127
struct stack_frame {
	const char *function; /* NULL: not known */
	uint64_t offset;      /* of the address in it */
	uint64_t address;     /* in the module's file; without a module, the process's */
	const char *module;   /* its file's name without folders, "[vdso]"; NULL: none */
	struct line line;     /* file NULL: not known */
	bool is_inlined;      /* into the function of the next frame: no offset */
};
struct stack {
	const struct stack_frame *frames;
	size_t count;
	const char *end; /* why there is nothing further up: "<truncated>"; NULL: it is all, or
			    as many as wanted */
	/* Equal stacks have the same; in this generation none else has it. From 0 on. */
	unsigned number, generation;
};
/* The stack of a capture. Valid until the next call; its number as long as the generation
 * of later ones is the same. */
const struct stack *stacks_find(struct stacks *stacks, const struct stack_capture *capture);

/* Has the code around address a frame pointer (in most functions of its image)? Then a
 * walk along frame pointers finds its callers. */
bool image_has_frame_pointers(struct image *image, uint64_t address);
/* Has the code of every module? Else the walk misses the frames of those that have none, and
 * may end there. */
bool program_has_frame_pointers(struct program *program);

/* ---------------------------------------------------------------- location */

/*
 * [MODULE:]FUNC[+OFF]   [MODULE:]*ADDR   [MODULE:]*FUNC[+OFF]
 * [MODULE:]glob*        [MODULE:]/regex/    (POSIX extended)
 * [MODULE:]FILE:LINE    FILE: a base name, the end of a path from a '/' on, or a path
 * LINE  +LINES  -LINES  of the file looked at last, and from the line there (program_set_line)
 * FILE:FUNC
 * -source FILE -line LINE    -line LINE    [-source FILE] -function FUNC [-label LABEL]
 * [-source FILE] -function FUNC -line LINE    LINE: also +LINES, -LINES from the function's own
 * -probe [[MODULE:]PROVIDER:]NAME    a static probe; PROVIDER and NAME may be globs; also
 *                                    -probe-stap, -p, -pstap
 *
 * each optionally followed by the word `force`. OFF and ADDR are decimal or 0x
 * hexadecimal. Quotes '...' or "..." protect a name. The whole text is tried as a
 * name before it is split at ':' or '+', or taken for a glob: operator*, F[int]. In a glob
 * the star of (*T) is a star.
 */
struct location {
	char *text;
	char *module;	/* or NULL */
	char *name;	/* function name, glob, regex source or file; NULL for *ADDR, and for a LINE
			   of the file looked at last */
	char *file;	/* that the function is in, or NULL */
	char *label;	/* in the function, or NULL */
	char *function; /* of LOCATION_LINE: the line is of, or counted from, it; or NULL */
	char *provider; /* of LOCATION_PROBE, or NULL: any */
	enum {
		LOCATION_NAME,
		LOCATION_GLOB,
		LOCATION_REGEX,
		LOCATION_ADDRESS,
		LOCATION_LINE,
		LOCATION_PROBE, /* module: NULL is any; name is a glob or a name */
	} kind;
	bool has_offset; /* +OFF or a leading '*' was written: taken literally */
	uint64_t offset;
	uint64_t address; /* LOCATION_ADDRESS */
	unsigned line;	  /* LOCATION_LINE */
	int direction;	  /* of a LINE without a file: 1 and -1 count from the one looked at last */
	bool is_forced;
};

/* ERR_LOCATION says what is malformed and shows the grammar in its hint. */
struct error *location_parse(const char *text, struct location *ret);
void location_deinit(struct location *location);

/* One answer of a location. */
struct place {
	struct image *image;	  /* a reference of its own */
	struct function function; /* covers address; name NULL if nothing does */
	uint64_t address;	  /* function.address + offset, *ADDR, or where a line begins */
	/* The function of that name was inlined here, into function; NULL: the place is in
	 * function as such. An inlined copy has no return of its own. */
	const char *inlined;
	const struct usdt *usdt; /* of -probe: the probe, as its note has it; else NULL */
	struct line line;	 /* of FILE:LINE: the one that has the code; else file NULL */
	unsigned wanted_line;	 /* of FILE:LINE: LINE */
};
typedef VECTOR(struct place) place_list;
void place_list_deinit(place_list *list);

/*
 * All places of a location, by image and address, each address once. A name
 * not in the executable is looked for in its libraries (a glob or regex is not:
 * it wants a MODULE). The best kind of match counts: the name itself (a C++ name
 * without its parameters or template arguments, a Go name without its type arguments, its path
 * unescaped); else a unique suffix of it ((*T).M, Class::method); else a compiler's clone
 * (f.constprop.0 for f). Go wrappers are skipped, and .cold parts by patterns. A
 * plain name with several addresses: all of them where they are the copies of
 * one function (overloads, statics of that name, Go generics). In Go, also where it was
 * inlined: the lowest address of each copy's code.
 *
 * A line without code means the next one of the file that has some. It has a place in each
 * copy of a function that has code of it (the function itself, inlined copies, instances
 * of a template, and blocks of these that declare variables): the lowest address there that
 * begins a statement (or, if none of the line's code does, that belongs to it). One at a function's
 * very address means the function.
 *
 * Errors: ERR_NO_SYMBOL (near misses), ERR_NO_SYMBOLS, ERR_NO_MODULE, ERR_AMBIGUOUS (a
 * suffix with several owners, a file name with several files: lists them),
 * ERR_OUT_OF_FUNCTION, ERR_NOT_CODE.
 *
 * Static probes are looked for in all modules that are known, and all of that name are places:
 * function.name is NULL where no function is known to cover one.
 */
struct error *location_resolve(const struct location *location, struct program *program,
			       place_list *ret);

/* Does name match a glob (* ? [a-z], with backtracking)? */
bool glob_match(const char *glob, const char *name);

#endif
