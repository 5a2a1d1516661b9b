/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * base.h - what every room stands on.
 *
 *   error.c    struct error: the only way a function says that it failed
 *   memory.c   allocation that does not fail; clean-up
 *   arena.c    memory that lives and dies together (one arena per compilation)
 *   buffer.c   growing bytes and growing arrays
 *   nearest.c  near misses, for messages that say "did you mean"
 *   escape.c   foreign bytes made harmless for a terminal
 *   trust.c    whether a file is nobody else's
 *
 * Memory: allocation failure ends the process with a message (a tracer that
 * cannot allocate a few bytes has no better move), so no caller checks for it.
 */
#ifndef MOONTAP_BASE_H
#define MOONTAP_BASE_H

#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#define ARRAY_SIZE(a)	       (sizeof(a) / sizeof((a)[0]))
#define PRINTF_LIKE(fmt, args) __attribute__((format(printf, fmt, args)))

/* CLEANUP(free_p) char *s = NULL; runs free_p(&s) when s leaves its scope.
 * Never live across a Lua call that can raise: longjmp skips it. */
#define CLEANUP(fn) __attribute__((cleanup(fn)))
void free_p(void *pointer_to_pointer);
void close_p(int *fd);
/* Hands the descriptor over: returns *fd and leaves -1 behind. */
int fd_take(int *fd);

void *xmalloc(size_t size);
void *xcalloc(size_t count, size_t size);
void *xrealloc(void *memory, size_t size);
char *xstrdup(const char *s);
char *xstrndup(const char *s, size_t length);
char *xasprintf(const char *format, ...) PRINTF_LIKE(1, 2);

/* ------------------------------------------------------------------ errors */

/* Stable names of what can go wrong; scripts and tests may rely on them. */
#define ERROR_TAGS(X)                                                                              \
	X(OS, "os")			      /* a system call failed; the message has errno */    \
	X(USAGE, "usage")		      /* wrong command line or command argument */         \
	X(SYNTAX, "syntax")		      /* the script or block does not parse */             \
	X(INCOMPLETE, "incomplete")	      /* ... only because the text ends too early */       \
	X(LUA, "lua")			      /* a Lua error in the user's script */               \
	X(NO_FILE, "no-file")		      /* the target file does not exist */                 \
	X(NOT_ELF, "not-elf")		      /* it is something else (a script, say) */           \
	X(BAD_ELF, "bad-elf")		      /* truncated or corrupt */                           \
	X(DWARF, "dwarf")		      /* debug information that is corrupt or unknown */   \
	X(WRONG_ARCH, "wrong-arch")	      /* for another machine */                            \
	X(CHANGED, "changed")		      /* the file is not the one that was read */          \
	X(NO_TARGET, "no-target")	      /* nothing to trace has been named yet */            \
	X(NO_PROCESS, "no-process")	      /* no such pid, or it has exited */                  \
	X(LOCATION, "location")		      /* the location's text is malformed */               \
	X(NO_SYMBOL, "no-symbol")	      /* nothing of that name */                           \
	X(NO_SYMBOLS, "no-symbols")	      /* the file has no function names at all */          \
	X(AMBIGUOUS, "ambiguous")	      /* several functions of that name */                 \
	X(NO_MODULE, "no-module")	      /* no such shared library */                         \
	X(BOUNDARY, "boundary")		      /* the middle of an instruction */                   \
	X(OUT_OF_FUNCTION, "out-of-function") /* an offset beyond the function's end */            \
	X(NOT_CODE, "not-code")		      /* the address is in no executable segment */        \
	X(REFUSED, "refused")		      /* probing this instruction would harm the target */ \
	X(NAME, "name")			      /* a name in a block means nothing there */          \
	X(TYPE, "type")			      /* wrong kind or number of arguments */              \
	X(UNREADABLE, "unreadable")	      /* a value that cannot be read at this place */      \
	X(TOO_LARGE, "too-large")	      /* more captures or code than a program can hold */  \
	X(PERMISSION, "permission")	      /* a capability or privilege is missing */           \
	X(NO_BPF, "no-bpf")		      /* the kernel has no BPF, or not what we need */     \
	X(VERIFIER, "verifier")		      /* the kernel refused our program: our bug */        \
	X(ATTACH, "attach")		      /* the kernel refused the attachment */              \
	X(NO_PROBE, "no-probe")		      /* no probe of that number */                        \
	X(DECLINED, "declined")		      /* told already; the user was asked and said no */

enum error_tag {
#define X(tag, name) ERR_##tag,
	ERROR_TAGS(X)
#undef X
	ERR_COUNT
};

/*
 * NULL means success. Whoever receives an error owns it and either passes it
 * on or frees it. Only the console prints errors.
 */
struct error {
	enum error_tag tag;
	char *message; /* one line, no full stop needed at the end, no newline */
	char *where;   /* "file:line:column" in the user's text, or NULL */
	char *excerpt; /* the user's source line and a caret line below it, or NULL */
	char *hint;    /* what to do next (may have several lines), or NULL */
};

struct error *error_new(enum error_tag tag, const char *format, ...) PRINTF_LIKE(2, 3);
struct error *error_vnew(enum error_tag tag, const char *format, va_list args) PRINTF_LIKE(2, 0);
/* Sets (replacing) the hint; returns err, so that it can be chained on return. */
struct error *error_hint(struct error *err, const char *format, ...) PRINTF_LIKE(2, 3);
/* Puts "prefix: " before the message. */
struct error *error_prefix(struct error *err, const char *format, ...) PRINTF_LIKE(2, 3);
void error_free(struct error *err);
const char *error_tag_name(enum error_tag tag);

struct buffer;
/* Appends where, message, excerpt and hint as a person should see them, each
 * line ended by a newline. Text is escaped already by whoever built it. */
void error_format(const struct error *err, struct buffer *out);

#define TRY(call)                                  \
	do {                                       \
		struct error *try_error_ = (call); \
		if (try_error_)                    \
			return try_error_;         \
	} while (0)

/* ------------------------------------------------------------------- arena */

struct arena {
	struct arena_chunk *chunks;
};

void *arena_alloc(struct arena *arena, size_t size); /* zeroed, 16-aligned */
char *arena_strndup(struct arena *arena, const char *s, size_t length);
char *arena_printf(struct arena *arena, const char *format, ...) PRINTF_LIKE(2, 3);
void arena_deinit(struct arena *arena);
#define ARENA_NEW(arena, type) ((type *)arena_alloc(arena, sizeof(type)))

/* ------------------------------------------------------------------ buffer */

/* {0} is an empty buffer. data is NUL-terminated whenever it is not NULL. */
struct buffer {
	char *data;
	size_t size, capacity;
};

void buffer_append(struct buffer *b, const void *bytes, size_t size);
void buffer_puts(struct buffer *b, const char *s);
void buffer_putc(struct buffer *b, char c);
void buffer_printf(struct buffer *b, const char *format, ...) PRINTF_LIKE(2, 3);
/* Makes room for size more bytes and returns where to write them; the caller
 * then adds what it wrote to b->size. */
char *buffer_reserve(struct buffer *b, size_t size);
void buffer_clear(struct buffer *b);
void buffer_deinit(struct buffer *b);
/* Hands the NUL-terminated data (never NULL) to the caller and empties b. */
char *buffer_take(struct buffer *b);

/* ------------------------------------------------------------------ vector */

/* VECTOR(type) declares { type *data; size_t size, capacity; }; {0} is empty. */
#define VECTOR(type)                   \
	struct {                       \
		type *data;            \
		size_t size, capacity; \
	}
/* Appends room for one zeroed element and returns its address. */
#define vector_add(v)                                                                         \
	(vector_grow((void **)&(v)->data, (v)->size + 1, &(v)->capacity, sizeof(*(v)->data)), \
	 (v)->size++, vector_zero_last(v))
#define vector_push(v, value) (*vector_add(v) = (value))
#define vector_deinit(v)      (free((v)->data), (v)->data = NULL, (v)->size = (v)->capacity = 0)
#define vector_zero_last(v) \
	(__typeof__((v)->data))memset(&(v)->data[(v)->size - 1], 0, sizeof(*(v)->data))
void vector_grow(void **data, size_t needed, size_t *capacity, size_t element_size);

/* ----------------------------------------------------------------- nearest */

/*
 * Keeps the few candidates nearest to a wanted name (Damerau-Levenshtein over
 * bytes, case folded; a candidate that contains the name counts as near).
 */
#define NEAREST_MAX 3
struct nearest {
	const char *wanted;
	struct {
		char *name;
		unsigned distance;
	} best[NEAREST_MAX];
	size_t count;
};
void nearest_offer(struct nearest *n, const char *candidate);
/* Appends `a`, `b` or `c` to out; nothing if nothing was near. */
void nearest_format(const struct nearest *n, struct buffer *out);
void nearest_deinit(struct nearest *n);

/* ------------------------------------------------------------------ escape */

/*
 * Appends bytes that came from a target so that no terminal obeys them: C0
 * (tab and newline too unless keep_lines), DEL, C1 and invalid UTF-8 become
 * \xNN or the usual \n \t \e forms. Valid UTF-8 passes.
 */
void escape_text(struct buffer *out, const char *bytes, size_t size, bool keep_lines);
/* Length of the valid sequence of several bytes at p (RFC 3629); 0: there is none. */
size_t utf8_length(const unsigned char *p, size_t left);

/* ------------------------------------------------------------------- trust */

/* Why somebody else than the user and root could have written the file or directory: the end
 * of a sentence that begins with it. NULL: nobody could. */
const char *file_danger(const char *path);

#endif
