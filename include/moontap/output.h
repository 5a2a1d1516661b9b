/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * output.h - from values to text, and text to where it goes.
 *
 *   sink.c       a buffered stream: terminal, file or pipe
 *   format.c     print and printf on typed values, without Lua's intermediate strings
 *   number.c     integers and floats to text, text to numbers
 *   view.c       values of the target's types: what their bytes come down to
 *   member.c     the values inside them
 *   memory.c     what was at addresses at the hit
 *   golang.c     interfaces, channels, functions and times of Go
 *   gomap.c      maps of Go
 *   letter.c     numbers by GDB's format letters
 *   typed.c      these values as text
 *   typedjson.c  these values as JSON
 *   json.c       strings and numbers as JSON
 *   table.c      columns
 *   calltree.c   calls and returns as an indented tree
 *   aggregate.c  rows of values by key: count, sum ... lhist
 *   histogram.c  aggregates as text
 *   rowjson.c    ... as JSON
 */
#ifndef MOONTAP_OUTPUT_H
#define MOONTAP_OUTPUT_H

#include "moontap/base.h"
#include "moontap/record.h"
#include "moontap/type.h"

/* How what is written is meant to be read. */
enum output_format {
	OUTPUT_TEXT, /* lines for people */
	OUTPUT_JSON, /* one object a line (docs/json.md) */
};

/* ------------------------------------------------------------------- sink */

/*
 * Where lines go. Writes collect in the buffer; sink_flush writes them out in
 * one call. edit, before and after may be NULL; the latter let the console take its
 * prompt out of the way and put it back.
 */
struct sink {
	int fd;
	struct buffer pending;
	/* Has the last word on what is written: may take some away. */
	void (*edit)(void *context, struct buffer *pending);
	void (*before)(void *context);
	void (*after)(void *context);
	void *context;
	bool is_broken; /* the reader has gone (EPIPE): say nothing more */
};

void sink_init(struct sink *sink, int fd);
void sink_deinit(struct sink *sink); /* flushes; does not close fd */
/* Retries short and interrupted writes, waits where fd would block. ERR_OS
 * once, then is_broken. */
struct error *sink_flush(struct sink *sink);
/* Flushes when more than this is pending (a batch of events). */
#define SINK_HIGH_WATER (64 * 1024)

/* ----------------------------------------------------------------- format */

/* One argument of printf or print. */
struct format_value {
	enum {
		FORMAT_NIL,
		FORMAT_BOOLEAN,
		FORMAT_INTEGER,
		FORMAT_UNSIGNED, /* integer: its bits */
		FORMAT_ADDRESS,	 /* integer; shown as 0x..., a number to %d and %x */
		FORMAT_FLOAT,
		FORMAT_STRING,
		FORMAT_STACK,	/* string: indented lines, to stand on lines of their own */
		FORMAT_OTHER,	/* string: what tostring gives; other_type: its type */
		FORMAT_MISSING, /* string: why; every directive shows just that */
	} kind;
	union {
		bool boolean;
		int64_t integer;
		double number;
		struct {
			const char *bytes;
			size_t size;
		} string;
	};
	const char *other_type;
};

/* As tostring and tab-joined print do, without the newline; strings escaped
 * (escape_text, lines kept). A stack begins on a new line, and so does what follows it. */
void format_print(struct buffer *out, const struct format_value *values, size_t count);
/* As Lua's string.format does (d i u c x X o e E f F g G a A s q %; u and F
 * are additions); a result differs from Lua's in no byte but escapes: the values are
 * escaped, the format is the script's own. ERR_TYPE: "bad argument #2 to
 * 'printf' (number expected, got string)", Lua's texts; out is then as before. A
 * NUL follows the format, as it does in Lua. */
struct error *format_printf(struct buffer *out, const char *format, size_t format_size,
			    const struct format_value *values, size_t count);

/* ------------------------------------------------------------ typed values */

/* What a pointer inside a value leads to, or why a part of it is not known. */
struct typed_part {
	uint64_t offset;	 /* in the value */
	const struct type *type; /* of the elements; NULL: text */
	const void *bytes;
	size_t size;
	bool is_cut;	    /* there was more */
	const char *reason; /* not NULL: it could not be read, and this is why */
	uint64_t lost_size; /* not 0: of the value itself, that many bytes are not known */
	bool are_texts;	    /* bytes: struct record_text, for the text of elements of that type */
	/* Not NULL: bytes are memory (record.h), which whatever is in the value may lead to. */
	const struct typed_program *program;
	uint64_t bias; /* what was added, in the process, to addresses of the program's file */
};

/* What a program says of addresses in its file. */
struct typed_program {
	/* The type whose descriptor is there, NULL: none; a function's name, or NULL. */
	const struct type *(*type_at)(const struct typed_program *program, uint64_t address);
	const char *(*function_at)(const struct typed_program *program, uint64_t address);
	/* Not NULL: memory is read now, by this, and not from the part's bytes: how much is known
	 * from the address (in the process) on, and where that is. */
	size_t (*read)(const struct typed_program *program, uint64_t address, const void **ret);
	void *image;
};

/*
 * A value of the target: its bytes as they were at the hit. Borrowed, the type as well:
 * whoever keeps a value keeps the image that its type is of (see type.h).
 */
struct typed_value {
	const struct type *type;
	const void *bytes;
	size_t size;			/* less than type->size: the rest was cut off */
	const struct typed_part *parts; /* in any order; never of parts of a part */
	size_t part_count;
	uint64_t origin; /* of a value inside another: where in the one that has the parts */
	const struct typed_part *texts; /* of an element, or what is in it: of all; or NULL */
	unsigned bit_offset, bit_size;	/* of a bit-field, as in struct type_member */
};

/* What a value comes down to: the one place where bytes are read. */
struct typed_view {
	enum {
		VIEW_MISSING,	/* name: why */
		VIEW_INTEGER,	/* integer; so is an enum's value without a name */
		VIEW_UNSIGNED,	/* integer, its bits: 2^63 or more */
		VIEW_WIDE,	/* integer, high: the two halves of 16 bytes */
		VIEW_CHARACTER, /* integer: the code */
		VIEW_BOOLEAN,	/* integer: 0 or 1 */
		VIEW_FLOAT,	/* number */
		VIEW_ENUM,	/* integer; name: the enumerator's */
		VIEW_POINTER,	/* integer: an address; 0: null */
		VIEW_TEXT,	/* bytes, count of them; is_cut: there was more */
		VIEW_STRUCT,	/* inner: it has members; is_tuple: all of them numbered */
		VIEW_VARIANT,	/* the same; name: of the variant */
		VIEW_ELEMENTS,	/* count; inner: where they are, known: how many of them */
		VIEW_INTERFACE, /* inner: what is in it; name: of its type */
		VIEW_MAP,	/* count; inner: the map: typed_pairs */
		VIEW_CHANNEL,	/* count, known: of the elements that wait; capacity; inner: the
				   buffer, first: where in it they begin */
	} kind;
	int64_t integer;
	uint64_t high;
	double number;
	const char *name;
	const char *bytes;
	uint64_t count, known; /* TYPE_NO_OFFSET: how many there are is not known */
	uint64_t capacity, first;
	bool is_cut, is_tuple;
	char room[64]; /* that name or bytes may be in */
	struct typed_value inner;
};
void typed_view(const struct typed_value *value, struct typed_view *ret);
/* The bits of a value of an enum as its enumerators have them. */
int64_t typed_enum_value(const struct type *type, uint64_t bits);

/* A member, found by name, of the inner value of a STRUCT or VARIANT: members of its base
 * classes and anonymous members are its own, those that are not shown are not found. */
bool typed_member(const struct typed_value *inner, const char *name, struct typed_value *ret);
/* Each of them, in the order of declaration. */
void typed_each_member(const struct typed_value *inner,
		       void (*fn)(void *context, const char *name, const struct typed_value *),
		       void *context);
/* Element index, below known, of ELEMENTS or CHANNEL. */
struct typed_value typed_element(const struct typed_view *elements, uint64_t index);
/* What a pointer points to, if that was captured: false. */
bool typed_target(const struct typed_value *pointer, struct typed_value *ret);

/* The pairs of a MAP, one after the other. */
struct typed_pairs {
	struct typed_value map;
	uint64_t left; /* of them, according to the map */
	/* The part of the map that comes next. */
	unsigned array; /* of buckets: the new, then the old one */
	uint64_t bucket, slot, address;
	unsigned overflows;
	bool is_cut; /* at the end: there are others, that were not captured */
};
void typed_pairs(const struct typed_view *map, struct typed_pairs *ret);
/* False: there is no other. */
bool typed_next_pair(struct typed_pairs *pairs, struct typed_value *key, struct typed_value *value);

/* An integer, or a float's bits, of 1, 2, 4 or 8 bytes by GDB's letter: x(hex), z(hex with all
 * its zeros), d(decimal), u(unsigned), o(octal), t(binary), c(character), f(float, of 4 and 8
 * bytes). is_padded: x and t with all their zeros, too. */
void number_put_letter(struct buffer *out, uint64_t bits, size_t size, char letter, bool is_padded);

/* An interface value's message, where it is an error of a kind that keeps it in a field: false. */
bool typed_message(const struct typed_value *error, struct typed_view *ret);
/* 1.5s, 2h0m0s: as Go writes a time.Duration. */
#define TYPED_DURATION_SIZE 40
void typed_duration(int64_t nanoseconds, char ret[TYPED_DURATION_SIZE]);
struct typed_limits {
	unsigned depth;	   /* of braces in braces; deeper ones are {...} */
	unsigned elements; /* of an array; then ... */
	char letter;	   /* of number_put_letter, for integers and addresses; 0: as they are */
};

/* Appends it as GDB prints it: {x = 1, y = {a = 2}, name = "abc", list = {1, 2, 3...},
 * next = 0x5555}. Text from the target is escaped. Pointers to functions and the like are
 * addresses; what cannot be known is <truncated>, <unreadable> ... */
void typed_format(struct buffer *out, const struct typed_value *value,
		  const struct typed_limits *limits);
/* The same, with the name of its type before a struct's braces: struct point {x = 1}. */
void typed_print(struct buffer *out, const struct typed_value *value,
		 const struct typed_limits *limits);
/* The same as JSON: objects, arrays, strings, numbers; addresses are strings, a null pointer
 * is null; {"missing":"<truncated>"} where a value, or the rest of an array, is missing. */
void typed_json(struct buffer *out, const struct typed_value *value,
		const struct typed_limits *limits);

/* ------------------------------------------------------------------- json */

/* A JSON string. Bytes that are not UTF-8 cannot be one: such a string comes
 * out as an object of their hexadecimal digits, {"bytes":"66ff"}. */
void json_string(struct buffer *out, const char *bytes, size_t size);
/* The same of one that was cut: it ends in "...". */
void json_cut_string(struct buffer *out, const char *bytes, size_t size);
/* What must be a string, as a name in an object: \xNN stands for a wrong byte. */
void json_text(struct buffer *out, const char *bytes, size_t size);
void json_integer(struct buffer *out, int64_t value);
void json_unsigned(struct buffer *out, uint64_t value);
/* "0x...", of 128 bits: few readers of JSON keep numbers of more than 53. */
void json_hex(struct buffer *out, uint64_t high, uint64_t low);
/* {"missing":"<unreadable>"}: not null, which would look like a value. */
void json_missing(struct buffer *out, const char *reason);
/* The fewest digits that read back as the same value; null for inf and nan. */
void json_float(struct buffer *out, double value);

/* ------------------------------------------------------------------ table */

/* Rows of cells, columns as wide as their widest cell; numbers to the right. */
struct table {
	size_t columns;
	VECTOR(char *) cells; /* a line stands as its text and columns - 1 NULLs */
	bool is_right[16];
};
void table_init(struct table *table, size_t columns); /* 1..16 */
void table_right(struct table *table, size_t column); /* right-align */
void table_cell(struct table *table, const char *format, ...) PRINTF_LIKE(2, 3);
/* A line of its own between rows, not aligned (GDB's sub-lines). Fills a row
 * that was begun with empty cells. */
void table_line(struct table *table, const char *format, ...) PRINTF_LIKE(2, 3);
void table_format(const struct table *table, struct buffer *out);
void table_deinit(struct table *table);

/* -------------------------------------------------------------- aggregate */

/*
 * One call of count() and its kin: rows by key, whichever half fills them. What
 * the kernel has counted is merged in here to be shown.
 */
struct aggregate_key {
	enum {
		AGGREGATE_KEY_NIL, /* a site without a name or line */
		AGGREGATE_KEY_MISSING,
		AGGREGATE_KEY_BOOLEAN,
		AGGREGATE_KEY_INTEGER,
		AGGREGATE_KEY_UNSIGNED, /* integer: its bits; 2^63 or more */
		AGGREGATE_KEY_ADDRESS,	/* the same, shown as 0x... */
		AGGREGATE_KEY_STRING,
		AGGREGATE_KEY_STACK, /* shown below its row */
	} kind;
	int64_t integer;   /* BOOLEAN: 0 or 1 */
	const char *bytes; /* STRING; STACK: indented lines; MISSING: the reason */
	size_t size;
};
struct aggregate {
	struct aggregate_shape shape;
	const char *unit; /* of the values, or NULL; borrowed */
	size_t key_count;
	VECTOR(struct aggregate_row {
		struct aggregate_key *keys; /* its own */
		mt_u64 *words;
	})
	rows;		  /* in the order of their keys */
	uint64_t dropped; /* updates of keys for which there was no row left */
};

void aggregate_init(struct aggregate *aggregate, const struct aggregate_shape *shape,
		    size_t key_count);
void aggregate_deinit(struct aggregate *aggregate);
/* The words of the row of these keys, made if need be; NULL, and one more dropped, if
 * there is no room for another. Valid until the next call. */
mt_u64 *aggregate_row(struct aggregate *aggregate, const struct aggregate_key *keys);
/* The same, NULL if there is no such row. */
const mt_u64 *aggregate_find(const struct aggregate *aggregate, const struct aggregate_key *keys);
/* From low up to high, but not high itself, is what a bucket of a hist or lhist counts. */
struct aggregate_range {
	bool has_low, has_high;
	int64_t low, high;
};
struct aggregate_range aggregate_bucket(const struct aggregate_shape *shape, size_t bucket);
/* Counts a value in (none for count: any), as a generated program does. */
void aggregate_add(const struct aggregate *aggregate, mt_u64 *row, int64_t value);
/* The rows, each line indented: ascending by value, so that the greatest comes
 * last; equal ones by key. */
void aggregate_format(const struct aggregate *aggregate, struct buffer *out);
/* The same as members of a JSON object (docs/json.md), rows in the order of their keys:
 * "kind":"hist","unit":"ns","rows":[...],"dropped":0 */
void aggregate_json(const struct aggregate *aggregate, struct buffer *out);
/* "hist" */
const char *aggregate_kind_name(enum aggregate_kind kind);

/* --------------------------------------------------------------- calltree */

/* Lines for the calls of many tasks, as they begin and end. */
struct calltree;
struct calltree_task {
	uint64_t pid, number; /* number 0 of a goroutine: not known */
	bool is_goroutine;
};
struct calltree_call {
	struct calltree_task task;
	uint64_t frame; /* the greater, the further in: of all calls of the task at one time */
	const char *name;
};

/* depth: levels that are shown, 0: all. shows_pid: goroutines of several processes may come. */
struct calltree *calltree_new(unsigned depth, bool shows_pid);
void calltree_free(struct calltree *tree);
/* arguments as they stand behind the name: "(a=1)". False: it is deeper than is shown. Times are
 * any clock's. A call's line may be kept back: calltree_flush. */
bool calltree_enter(struct calltree *tree, const struct calltree_call *call, const char *arguments,
		    int64_t now_ns, struct buffer *out);
/* result as it stands behind the arguments: " = 3", or "". */
bool calltree_leave(struct calltree *tree, const struct calltree_call *call, const char *result,
		    uint64_t elapsed_ns, struct buffer *out);
/* Writes lines that have been kept back for long enough; returns when the next is due,
 * INT64_MAX: there is none. */
int64_t calltree_flush(struct calltree *tree, int64_t now_ns, struct buffer *out);
/* No more comes: writes all lines, and says, once, how many calls are still open. */
void calltree_end(struct calltree *tree, struct buffer *out);

#endif
