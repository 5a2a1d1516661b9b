/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * test_symbols_live.h - a running target, stopped by ptrace: what a scope says is read in it,
 * so that the target itself is the judge. Paths (p.next.value, (*pp)[1]) and texts are those
 * of moontap.
 */
#ifndef TEST_SYMBOLS_LIVE_H
#define TEST_SYMBOLS_LIVE_H

#include <fcntl.h>
#include <inttypes.h>
#include <signal.h>
#include <sys/personality.h>
#include <sys/ptrace.h>
#include <sys/user.h>
#include <sys/wait.h>

#include "test_symbols_scope.h"

struct live {
	pid_t pid;
	uint64_t base; /* where address 0 of the file is */
	struct user_regs_struct registers;
};

/* ------------------------------------------------------------------- process */

static inline bool live_read(const struct live *live, uint64_t address, void *ret, size_t size)
{
	char path[64];

	snprintf(path, sizeof(path), "/proc/%d/mem", live->pid);
	int fd = open(path, O_RDONLY | O_CLOEXEC);
	bool is_read = fd >= 0 && pread(fd, ret, size, (off_t)address) == (ssize_t)size;
	close(fd);
	return is_read;
}

/* Sets the byte at an address and returns the one before. */
static inline unsigned char live_poke(const struct live *live, uint64_t address, unsigned char byte)
{
	long word = ptrace(PTRACE_PEEKTEXT, live->pid, (void *)address, NULL);

	assert_int_equal(
	    ptrace(PTRACE_POKETEXT, live->pid, (void *)address, (void *)((word & ~0xffL) | byte)),
	    0);
	return (unsigned char)word;
}

static inline uint64_t live_base(pid_t pid, const char *path)
{
	char line[512];
	uint64_t start = 0;

	snprintf(line, sizeof(line), "/proc/%d/maps", pid);
	FILE *maps = fopen(line, "r");
	assert_non_null(maps);
	while (!start && fgets(line, sizeof(line), maps))
		if (strstr(line, path))
			start = strtoull(line, NULL, 16);
	fclose(maps);
	assert_true(start != 0);
	return start;
}

/* Runs it for one round, its addresses the same each time; its output goes to a file. */
static inline pid_t live_fork(const char *path, const char *output, bool is_traced)
{
	pid_t pid = fork();

	assert_true(pid >= 0);
	if (pid > 0)
		return pid;
	int fd = open(output, O_WRONLY | O_CREAT | O_TRUNC, 0600);
	if (fd < 0 || dup2(fd, STDOUT_FILENO) < 0 || personality(ADDR_NO_RANDOMIZE) < 0)
		_exit(126);
	if (is_traced && ptrace(PTRACE_TRACEME, 0, NULL, NULL) != 0)
		_exit(127);
	execl(path, path, "1", "0", NULL);
	_exit(126);
}

/* Stopped before its first instruction; false if that is not allowed here. */
static inline bool live_start(const char *path, struct live *ret)
{
	int status;

	ret->pid = live_fork(path, "/dev/null", true);
	assert_int_equal(waitpid(ret->pid, &status, 0), ret->pid);
	if (WIFEXITED(status) && WEXITSTATUS(status) == 127)
		return false;
	assert_true(WIFSTOPPED(status));
	ret->base = live_base(ret->pid, path);
	return true;
}

/* ------------------------------------------------------------------- objects */

#define OBJECT_MAX 256

struct object {
	const struct type *type;
	bool is_in_memory;
	uint64_t address;
	unsigned char bytes[OBJECT_MAX];
	const char *reasons[OBJECT_MAX]; /* byte by byte: why it is not known */
};

static inline uint64_t live_register(const struct live *live, int64_t number)
{
	const struct user_regs_struct *r = &live->registers;
	const uint64_t values[] = {r->rax, r->rdx, r->rcx, r->rbx, r->rsi, r->rdi,
				   r->rbp, r->rsp, r->r8,  r->r9,  r->r10, r->r11,
				   r->r12, r->r13, r->r14, r->r15, r->rip};

	assert_in_range(number, 0, 16);
	return values[number];
}

static inline uint64_t run_steps(const struct live *live, const struct where_piece *piece)
{
	uint64_t stack[64], loaded;
	size_t size = 0;

	for (size_t i = 0; i < piece->step_count; i++) {
		const struct where_step *step = &piece->steps[i];
		uint64_t *top = size ? &stack[size - 1] : NULL, *left = size > 1 ? top - 1 : NULL;
		switch (step->op) {
		case WHERE_CONSTANT:
			stack[size++] = (uint64_t)step->number;
			continue;
		case WHERE_REGISTER:
			stack[size++] = live_register(live, step->number);
			continue;
		case WHERE_ADDRESS:
			stack[size++] = live->base + (uint64_t)step->number;
			continue;
		case WHERE_FSBASE:
			stack[size++] = live->registers.fs_base;
			continue;
		case WHERE_LOAD:
			loaded = 0;
			assert_true(live_read(live, *top, &loaded, step->number));
			*top = loaded;
			continue;
		case WHERE_NEG:
			*top = -*top;
			continue;
		case WHERE_NOT:
			*top = ~*top;
			continue;
		case WHERE_ADD:
			*left += *top;
			break;
		case WHERE_SUB:
			*left -= *top;
			break;
		case WHERE_MUL:
			*left *= *top;
			break;
		case WHERE_AND:
			*left &= *top;
			break;
		case WHERE_OR:
			*left |= *top;
			break;
		case WHERE_XOR:
			*left ^= *top;
			break;
		case WHERE_SHL:
			*left = *top > 63 ? 0 : *left << *top;
			break;
		case WHERE_SHR:
			*left = *top > 63 ? 0 : *left >> *top;
			break;
		case WHERE_SAR:
			*left = (uint64_t)((int64_t)*left >> (*top > 63 ? 63 : *top));
			break;
		}
		size--;
	}
	assert_int_equal(size, 1);
	return stack[0];
}

static inline void lose(struct object *object, size_t at, size_t size, const char *reason)
{
	for (size_t i = at; i < at + size && i < OBJECT_MAX; i++)
		object->reasons[i] = reason;
}

/* Reads what is at its address. */
static inline void object_load(const struct live *live, struct object *object)
{
	size_t size = object->type->size < OBJECT_MAX ? object->type->size : OBJECT_MAX;

	memset(object->reasons, 0, sizeof(object->reasons));
	if (size && !live_read(live, object->address, object->bytes, size))
		lose(object, 0, size, "<unreadable>");
}

static inline void object_of(const struct live *live, const struct variable *variable,
			     struct object *ret)
{
	const struct where *where = &variable->where;
	size_t at = 0;

	memset(ret, 0, sizeof(*ret));
	ret->type = variable->type;
	if (where->piece_count == 1 && where->pieces[0].kind == PIECE_MEMORY) {
		ret->is_in_memory = true;
		ret->address = run_steps(live, &where->pieces[0]);
		object_load(live, ret);
		return;
	}
	for (size_t i = 0; i < where->piece_count; i++) {
		const struct where_piece *piece = &where->pieces[i];
		assert_true(at + piece->size <= OBJECT_MAX);
		if (piece->kind == PIECE_LOST) {
			lose(ret, at, piece->size, piece->reason);
		} else if (piece->kind == PIECE_MEMORY) {
			assert_true(
			    live_read(live, run_steps(live, piece), ret->bytes + at, piece->size));
		} else {
			uint64_t value = run_steps(live, piece);
			assert_true(piece->size <= sizeof(value));
			memcpy(ret->bytes + at, &value, piece->size);
		}
		at += piece->size;
	}
	assert_int_equal(at, variable->type->size);
}

static inline uint64_t object_word(const struct object *object, uint64_t offset, uint64_t size)
{
	uint64_t value = 0;

	assert_true(size <= sizeof(value) && offset + size <= OBJECT_MAX);
	memcpy(&value, object->bytes + offset, size);
	return value;
}

static inline struct object object_at(const struct live *live, uint64_t address,
				      const struct type *type)
{
	struct object object = {.type = type, .is_in_memory = true, .address = address};

	object_load(live, &object);
	return object;
}

/* A part of it, of another type. */
static inline struct object object_part(const struct live *live, const struct object *object,
					uint64_t offset, const struct type *type)
{
	struct object part = {.type = type};

	if (object->is_in_memory)
		return object_at(live, object->address + offset, type);
	assert_true(offset + type->size <= OBJECT_MAX);
	memcpy(part.bytes, object->bytes + offset, type->size);
	memcpy(part.reasons, object->reasons + offset, type->size * sizeof(part.reasons[0]));
	return part;
}

/* ----------------------------------------------------------------------- paths */

/* What a reference, or a pointer that a path goes through, leads to. */
static inline struct object object_target(const struct live *live, struct object object,
					  bool through_pointers)
{
	while (!object.reasons[0]) {
		const struct type *type = object.type;
		bool is_pointer = type->kind == TYPE_POINTER ||
				  (type->kind == TYPE_STRUCT && type->form == FORM_POINTER);
		if (type->kind != TYPE_REFERENCE && !(through_pointers && is_pointer))
			break;
		uint64_t at = type->form == FORM_POINTER ? type->shape.data : 0;
		object = object_at(live, object_word(&object, at, 8), type->target);
	}
	return object;
}

static inline bool find_field(const struct type *type, const char *name, uint64_t *offset,
			      struct type_member *ret)
{
	for (size_t i = 0; i < type->member_count; i++) {
		const struct type_member *member = &type->members[i];
		if (member->name && !member->is_base && strcmp(member->name, name) == 0) {
			*offset += member->offset;
			*ret = *member;
			return true;
		}
		if (member->name && !member->is_base)
			continue;
		*offset += member->offset;
		if (find_field(member->type, name, offset, ret))
			return true;
		*offset -= member->offset;
	}
	return false;
}

static inline struct object take_bits(const struct object *object, const struct type_member *field)
{
	struct object part = *object;
	uint64_t value = object_word(object, 0, object->type->size);

	value <<= 64 - field->bit_offset - field->bit_size;
	if (field->type->is_signed)
		value = (uint64_t)((int64_t)value >> (64 - field->bit_size));
	else
		value >>= 64 - field->bit_size;
	memset(part.bytes, 0, sizeof(part.bytes));
	memcpy(part.bytes, &value, sizeof(value));
	part.is_in_memory = false;
	return part;
}

static inline struct object object_field(const struct live *live, struct object object,
					 const char *name)
{
	struct type_member field;
	uint64_t offset = 0;

	object = object_target(live, object, true);
	if (!find_field(object.type, name, &offset, &field))
		fail_msg("%s has no field %s", object.type->name, name);
	struct object part = object_part(live, &object, offset, field.type);
	return field.bit_size ? take_bits(&part, &field) : part;
}

static inline struct object object_index(const struct live *live, struct object object,
					 uint64_t index)
{
	const struct type *type;

	object = object_target(live, object, false);
	type = object.type;
	assert_non_null(type->target);
	uint64_t offset = index * type->target->size;
	if (type->kind == TYPE_ARRAY)
		return object_part(live, &object, offset, type->target);
	assert_true(type->kind == TYPE_POINTER || type->form == FORM_SEQUENCE);
	return object_at(
	    live,
	    object_word(&object, type->kind == TYPE_POINTER ? 0 : type->shape.data, 8) + offset,
	    type->target);
}

/* False if there is no such variable. */
static inline bool object_path(const struct live *live, struct scope *scope, const char *path,
			       struct object *ret)
{
	bool is_indirect = strncmp(path, "(*", 2) == 0;
	const char *at = path + (is_indirect ? 2 : 0);
	CLEANUP(free_p) char *name = xstrndup(at, strcspn(at, ".[)"));
	struct variable variable;

	if (!scope_variable(scope, name, &variable))
		return false;
	object_of(live, &variable, ret);
	at += strlen(name);
	if (is_indirect) {
		*ret = object_at(live, object_word(ret, 0, 8), ret->type->target);
		at++;
	}
	while (*at) {
		if (*at == '.') {
			CLEANUP(free_p) char *field = xstrndup(at + 1, strcspn(at + 1, ".["));
			*ret = object_field(live, *ret, field);
			at += 1 + strlen(field);
		} else {
			char *end;
			*ret = object_index(live, *ret, strtoull(at + 1, &end, 10));
			at = end + 1;
		}
	}
	*ret = object_target(live, *ret, false);
	return true;
}

/* ------------------------------------------------------------------------ text */

static void put_object(const struct live *live, struct buffer *out, struct object object,
		       bool is_inner);

static inline void put_quoted(struct buffer *out, const char *text, bool is_inner)
{
	buffer_printf(out, is_inner ? "\"%s\"" : "%s", text);
}

static inline void put_text(const struct live *live, struct buffer *out, uint64_t address,
			    size_t size, bool is_inner)
{
	char text[OBJECT_MAX] = "";

	for (size_t i = 0; i < size && i < sizeof(text) - 1; i++)
		if (!live_read(live, address + i, &text[i], 1) || !text[i])
			break;
	put_quoted(out, text, is_inner);
}

static inline void put_elements(const struct live *live, struct buffer *out,
				const struct object *object, uint64_t count)
{
	buffer_putc(out, '{');
	for (uint64_t i = 0; i < count; i++) {
		buffer_puts(out, i ? ", " : "");
		put_object(live, out, object_index(live, *object, i), true);
	}
	buffer_putc(out, '}');
}

static inline void put_members(const struct live *live, struct buffer *out,
			       const struct object *object, bool is_tuple, size_t *count)
{
	for (size_t i = 0; i < object->type->member_count; i++) {
		const struct type_member *member = &object->type->members[i];
		struct object part = object_part(live, object, member->offset, member->type);
		if (member->is_artificial)
			continue;
		if (member->is_base || !member->name) {
			put_members(live, out, &part, is_tuple, count);
			continue;
		}
		buffer_puts(out, (*count)++ ? ", " : "");
		if (!is_tuple)
			buffer_printf(out, "%s = ", member->name);
		put_object(live, out, member->bit_size ? take_bits(&part, member) : part, true);
	}
}

static inline void put_plain(const struct live *live, struct buffer *out,
			     const struct object *object)
{
	const struct type *type = object->type;
	bool is_tuple = type->member_count && type->members[0].name &&
			strcmp(type->members[0].name, "__0") == 0;
	size_t count = 0;

	buffer_putc(out, is_tuple ? '(' : '{');
	put_members(live, out, object, is_tuple, &count);
	buffer_putc(out, is_tuple ? ')' : '}');
}

static inline void put_variant(const struct live *live, struct buffer *out,
			       const struct object *object)
{
	const struct type *type = object->type;
	const struct type_variant *chosen = NULL;
	uint64_t tag = type->tag_offset == TYPE_NO_OFFSET
			   ? 0
			   : object_word(object, type->tag_offset, type->tag_size);

	for (size_t i = 0; i < type->variant_count; i++)
		if (!type->variants[i].is_default && type->variants[i].tag == tag)
			chosen = &type->variants[i];
	for (size_t i = 0; i < type->variant_count && !chosen; i++)
		if (type->variants[i].is_default)
			chosen = &type->variants[i];
	assert_non_null(chosen);
	struct object fields = object_part(live, object, 0, chosen->type);
	buffer_puts(out, chosen->name);
	if (chosen->type->member_count == 0)
		return;
	if (strcmp(chosen->type->members[0].name, "__0") != 0)
		buffer_putc(out, ' ');
	put_plain(live, out, &fields);
}

static inline void put_struct(const struct live *live, struct buffer *out,
			      const struct object *object, bool is_inner)
{
	const struct type *type = object->type;
	uint64_t data, count;

	if (type->form == FORM_PLAIN) {
		put_plain(live, out, object);
		return;
	}
	if (type->form == FORM_VARIANT) {
		put_variant(live, out, object);
		return;
	}
	data = object_word(object, type->shape.data, 8);
	if (type->shape.length != TYPE_NO_OFFSET)
		count = object_word(object, type->shape.length, 8);
	else
		count = type->form == FORM_SEQUENCE
			    ? (object_word(object, type->shape.end, 8) - data) / type->target->size
			    : 0;
	if (type->form == FORM_STRING)
		put_text(live, out, data, count, is_inner);
	else if (type->form == FORM_SEQUENCE)
		put_elements(live, out, object, count);
	else
		buffer_printf(out, "0x%lx", data);
}

static inline void put_integer(struct buffer *out, const struct type *type, uint64_t value)
{
	unsigned unused = 64 - 8 * type->size;

	if (type->is_signed)
		buffer_printf(out, "%" PRId64, (int64_t)(value << unused) >> unused);
	else
		buffer_printf(out, "%" PRIu64, value);
}

static inline void put_enum(struct buffer *out, const struct type *type, uint64_t value)
{
	unsigned unused = 64 - 8 * type->size;
	int64_t number = type->is_signed ? (int64_t)(value << unused) >> unused : (int64_t)value;

	for (size_t i = 0; i < type->enumerator_count; i++)
		if (type->enumerators[i].value == number) {
			buffer_puts(out, type->enumerators[i].name);
			return;
		}
	buffer_printf(out, "%" PRId64, number);
}

static inline void put_float(struct buffer *out, const struct object *object)
{
	float narrow;
	double wide;

	memcpy(&narrow, object->bytes, sizeof(narrow));
	memcpy(&wide, object->bytes, sizeof(wide));
	buffer_printf(out, "%.14g", object->type->size == sizeof(narrow) ? narrow : wide);
}

static inline void put_pointer(const struct live *live, struct buffer *out,
			       const struct object *object, bool is_inner)
{
	const struct type *target = object->type->target;
	uint64_t value = object_word(object, 0, 8);

	if (!value)
		buffer_puts(out, is_inner ? "0x0" : "nil");
	else if (target->kind == TYPE_CHARACTER && target->size == 1)
		put_text(live, out, value, OBJECT_MAX, is_inner);
	else
		buffer_printf(out, "0x%lx", value);
}

static inline void put_array(const struct live *live, struct buffer *out,
			     const struct object *object, bool is_inner)
{
	const struct type *type = object->type;

	if (type->target->kind == TYPE_CHARACTER && type->target->size == 1) {
		CLEANUP(free_p)
		char *text = xstrndup((const char *)object->bytes, type->count);
		put_quoted(out, text, is_inner);
	} else {
		put_elements(live, out, object, type->count);
	}
}

static void put_object(const struct live *live, struct buffer *out, struct object object,
		       bool is_inner)
{
	const struct type *type = object.type;
	uint64_t word = type->size && type->size <= 8 ? object_word(&object, 0, type->size) : 0;

	if (type->size && object.reasons[0] && type->kind != TYPE_STRUCT) {
		buffer_puts(out, object.reasons[0]);
		return;
	}
	switch (type->kind) {
	case TYPE_INTEGER:
		put_integer(out, type, word);
		break;
	case TYPE_CHARACTER:
		put_integer(out, type, word);
		if (is_inner)
			buffer_printf(out, " '%c'", (char)word);
		break;
	case TYPE_BOOLEAN:
		buffer_puts(out, word ? "true" : "false");
		break;
	case TYPE_FLOAT:
		put_float(out, &object);
		break;
	case TYPE_ENUM:
		put_enum(out, type, word);
		break;
	case TYPE_POINTER:
	case TYPE_REFERENCE:
		put_pointer(live, out, &object, is_inner);
		break;
	case TYPE_STRUCT:
	case TYPE_UNION:
		put_struct(live, out, &object, is_inner);
		break;
	case TYPE_ARRAY:
		put_array(live, out, &object, is_inner);
		break;
	default:
		buffer_puts(out, "<unavailable>");
	}
}

#endif
