/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * format.c - print and printf, byte for byte as Lua's, on typed values.
 * Apart from Lua: values that came from the kernel are written out without ever
 * becoming Lua strings, and what a target put in a string is escaped here.
 */
#include <ctype.h>
#include <math.h>
#include <string.h>

#include "number.h"

/* Almost every string is plain; escape_text takes its time over each byte. */
static bool is_plain(const char *bytes, size_t size)
{
	for (size_t i = 0; i < size; i++)
		if ((unsigned char)(bytes[i] - 0x20) >= 0x7f - 0x20 && bytes[i] != '\n' &&
		    bytes[i] != '\t')
			return false;
	return true;
}

static void put_text(struct buffer *out, const char *bytes, size_t size)
{
	if (is_plain(bytes, size))
		buffer_append(out, bytes, size);
	else
		escape_text(out, bytes, size, true);
}

static void put_value(struct buffer *out, const struct format_value *value)
{
	switch (value->kind) {
	case FORMAT_NIL:
		buffer_append(out, "nil", 3);
		break;
	case FORMAT_BOOLEAN:
		buffer_puts(out, value->boolean ? "true" : "false");
		break;
	case FORMAT_INTEGER:
		number_put_integer(out, value->integer);
		break;
	case FORMAT_UNSIGNED:
		number_put_unsigned(out, (uint64_t)value->integer);
		break;
	case FORMAT_ADDRESS:
		number_put_hex(out, 0, (uint64_t)value->integer);
		break;
	case FORMAT_FLOAT:
		number_put_float(out, value->number);
		break;
	case FORMAT_STRING:
	case FORMAT_STACK:
	case FORMAT_OTHER:
	case FORMAT_MISSING:
		put_text(out, value->string.bytes, value->string.size);
		break;
	}
}

static bool is_stack(const struct format_value *value)
{
	return value->kind == FORMAT_STACK;
}

void format_print(struct buffer *out, const struct format_value *values, size_t count)
{
	for (size_t i = 0; i < count; i++) {
		if (i > 0)
			buffer_putc(out,
				    is_stack(&values[i - 1]) || is_stack(&values[i]) ? '\n' : '\t');
		put_value(out, &values[i]);
	}
}

/* ------------------------------------------------------------- directives */

static const char *read_two_digits(const char *at, int *ret)
{
	for (int digits = 0; digits < 2 && isdigit((unsigned char)*at); digits++)
		*ret = *ret * 10 + (*at++ - '0');
	return at;
}

/* Marks the flag; false if it is none, or not one of those allowed. */
static bool read_flag(struct directive *d, char flag, const char *allowed)
{
	if (!flag || !strchr(allowed, flag))
		return false;
	d->is_left |= flag == '-';
	d->is_signed |= flag == '+';
	d->is_spaced |= flag == ' ';
	d->is_alternate |= flag == '#';
	d->is_zeroed |= flag == '0';
	return true;
}

/* Which flags, and whether a precision, Lua allows with a conversion. */
static const struct {
	const char *conversions, *flags;
	bool has_precision;
} forms[] = {
    {"di", "-+0 ", true}, {"u", "-0", true}, {"aAeEfFgG", "-+#0 ", true},
    {"oxX", "-#0", true}, {"c", "-", false}, {"s", "-", true},
    {"q", "", false},	  {"p", "-", false},
};

/* Reads what stands between % and the conversion at end. */
static bool read_modifiers(const char *at, const char *end, struct directive *d)
{
	for (size_t i = 0; i < ARRAY_SIZE(forms); i++) {
		if (!strchr(forms[i].conversions, d->conversion))
			continue;
		while (read_flag(d, *at, forms[i].flags))
			at++;
		if (d->conversion != 'q' && *at != '0')
			at = read_two_digits(at, &d->width);
		if (*at == '.' && forms[i].has_precision) {
			d->precision = 0;
			at = read_two_digits(at + 1, &d->precision);
		}
		return at == end;
	}
	return false;
}

/* Parses the directive after the % at start - 1. ret_end: after the conversion. */
static struct error *read_directive(const char *start, const char *limit, struct directive *ret,
				    const char **ret_end)
{
	size_t modifiers = strspn(start, "-+ #0123456789.");
	const char *end = start + modifiers;
	/* C's "%ld", "%zu": here integers have one length. */
	const char *conversion = end + strspn(end, "hljztL");

	*ret = (struct directive){.precision = -1,
				  .conversion = conversion < limit ? *conversion : '\0'};
	if (modifiers > 20)
		return error_new(ERR_TYPE, "invalid format (too long) to 'printf'");
	if (!ret->conversion || !read_modifiers(start, end, ret))
		return error_new(ERR_TYPE, "invalid conversion '%%%.*s' to 'printf'",
				 (int)(conversion - start + (conversion < limit)), start);
	*ret_end = conversion + 1;
	return NULL;
}

/* -------------------------------------------------------------- arguments */

static const char *type_name(const struct format_value *value)
{
	switch (value->kind) {
	case FORMAT_NIL:
		return "nil";
	case FORMAT_BOOLEAN:
		return "boolean";
	case FORMAT_STACK:
		return "stack";
	case FORMAT_OTHER:
		return value->other_type;
	default:
		return "string";
	}
}

/* Gives value as a number, reading strings as Lua does: false if it is none. */
static bool as_number(const struct format_value *value, struct format_value *ret)
{
	*ret = *value;
	if (value->kind == FORMAT_STRING)
		return number_parse(value->string.bytes, value->string.size, ret);
	return value->kind >= FORMAT_INTEGER && value->kind <= FORMAT_FLOAT;
}

/* A clause that says what is wrong with the argument, or NULL. */
static const char *to_integer(const struct format_value *number, int64_t *ret)
{
	if (number->kind != FORMAT_FLOAT) {
		*ret = number->integer;
		return NULL;
	}
	/* -2^63 is a double, 2^63 - 1 is not. */
	if (floor(number->number) != number->number || number->number < -0x1p63 ||
	    number->number >= 0x1p63)
		return "number has no integer representation";
	*ret = (int64_t)number->number;
	return NULL;
}

static void put_padded(struct buffer *out, const struct directive *d, const char *bytes,
		       size_t size)
{
	size_t start = out->size;

	put_text(out, bytes, size);
	size_t shown = out->size - start, width = (size_t)d->width;
	if (shown >= width)
		return;
	size_t spaces = width - shown;
	buffer_reserve(out, spaces);
	char *field = out->data + start;
	if (!d->is_left)
		memmove(field + spaces, field, shown);
	memset(d->is_left ? field + shown : field, ' ', spaces);
	out->size += spaces;
	out->data[out->size] = '\0';
}

static void put_string(struct buffer *out, const struct directive *d,
		       const struct format_value *value)
{
	bool is_text = value->kind >= FORMAT_STRING;

	if (!d->width && d->precision < 0) {
		put_value(out, value);
		return;
	}
	struct buffer plain = {0};
	if (!is_text)
		put_value(&plain, value);
	const char *bytes = is_text ? value->string.bytes : plain.data;
	size_t size = is_text ? value->string.size : plain.size;
	if (d->precision >= 0 && (size_t)d->precision < size)
		size = (size_t)d->precision;
	put_padded(out, d, bytes, size);
	buffer_deinit(&plain);
}

/* As %q: a string that Lua reads back. What escape_text makes of the bytes in
 * between, \xNN, means the same byte in a Lua string. */
static void put_quoted_string(struct buffer *out, const char *at, size_t size)
{
	const char *end = at + size;

	buffer_putc(out, '"');
	while (at < end) {
		const char *start = at;

		while (at < end && *at != '"' && *at != '\\' && !iscntrl((unsigned char)*at))
			at++;
		put_text(out, start, (size_t)(at - start));
		if (at == end)
			break;
		bool is_before_digit = at + 1 < end && isdigit((unsigned char)at[1]);
		if (!iscntrl((unsigned char)*at) || *at == '\n')
			buffer_printf(out, "\\%c", *at);
		else
			buffer_printf(out, is_before_digit ? "\\%03d" : "\\%d", *at);
		at++;
	}
	buffer_putc(out, '"');
}

static const char *put_quoted(struct buffer *out, const struct format_value *value)
{
	switch (value->kind) {
	case FORMAT_STRING:
		put_quoted_string(out, value->string.bytes, value->string.size);
		return NULL;
	case FORMAT_INTEGER:
		if (value->integer == INT64_MIN)
			buffer_puts(out, "0x8000000000000000");
		else
			number_put_integer(out, value->integer);
		return NULL;
	case FORMAT_FLOAT:
		if (isinf(value->number))
			buffer_puts(out, value->number < 0 ? "-1e9999" : "1e9999");
		else if (isnan(value->number))
			buffer_puts(out, "(0/0)");
		else
			buffer_printf(out, "%a", value->number);
		return NULL;
	case FORMAT_UNSIGNED:
	case FORMAT_ADDRESS:
	case FORMAT_STACK:
	case FORMAT_OTHER:
		return "value has no literal form";
	default:
		put_value(out, value);
		return NULL;
	}
}

static double to_float(const struct format_value *number)
{
	switch (number->kind) {
	case FORMAT_FLOAT:
		return number->number;
	case FORMAT_INTEGER:
		return (double)number->integer;
	default:
		return (double)(uint64_t)number->integer;
	}
}

static void put_integer(struct buffer *out, const struct directive *d,
			const struct format_value *number, int64_t integer)
{
	bool is_unsigned = number->kind == FORMAT_UNSIGNED || number->kind == FORMAT_ADDRESS;
	struct directive own = *d;

	if (is_unsigned && (d->conversion == 'd' || d->conversion == 'i'))
		own.conversion = 'u';
	number_format_integer(out, &own, integer);
}

/* Integers have come here already (put_directive); NULL or what is wrong. */
static const char *put_number(struct buffer *out, const struct directive *d,
			      const struct format_value *value)
{
	struct format_value number;

	if (!as_number(value, &number))
		return "";
	if (strchr("aAeEfFgG", d->conversion)) {
		number_format_float(out, d, to_float(&number));
		return NULL;
	}
	int64_t integer = 0;
	const char *wrong = to_integer(&number, &integer);
	if (wrong)
		return wrong;
	if (d->conversion == 'c')
		put_padded(out, d, &(char){(char)integer}, 1);
	else
		put_integer(out, d, &number, integer);
	return NULL;
}

/* As C's: a null pointer, which is nil in Lua, is (nil). */
static const char *put_pointer(struct buffer *out, const struct directive *d,
			       const struct format_value *value)
{
	static const char nil[] = "(nil)";
	struct directive own = *d;
	struct format_value number;

	if (value->kind == FORMAT_NIL || (as_number(value, &number) && !number.integer)) {
		put_padded(out, d, nil, strlen(nil));
		return NULL;
	}
	own.conversion = 'x';
	own.is_alternate = true;
	return put_number(out, &own, value);
}

static struct error *put_directive(struct buffer *out, const struct directive *d,
				   const struct format_value *value, size_t argument)
{
	const char *wrong = NULL;

	if (d->conversion == 's')
		put_string(out, d, value);
	else if (value->kind == FORMAT_MISSING)
		put_padded(out, d, value->string.bytes, value->string.size);
	else if (d->conversion == 'q')
		wrong = put_quoted(out, value);
	else if (d->conversion == 'p')
		wrong = put_pointer(out, d, value);
	else
		wrong = put_number(out, d, value);
	if (!wrong)
		return NULL;
	if (*wrong)
		return error_new(ERR_TYPE, "bad argument #%zu to 'printf' (%s)", argument, wrong);
	return error_new(ERR_TYPE, "bad argument #%zu to 'printf' (number expected, got %s)",
			 argument, type_name(value));
}

/* ----------------------------------------------------------------- printf */

/* The commonest directives have no modifiers and values of the right kind. */
static bool put_simple(struct buffer *out, char conversion, const struct format_value *value)
{
	if (conversion == 'd' && value->kind == FORMAT_INTEGER)
		number_put_integer(out, value->integer);
	else if (conversion == 's')
		put_value(out, value);
	else
		return false;
	return true;
}

/* Copies what stands before the next directive; returns where that is, or the end. Formats are
 * short: a loop has done that before memchr is called. */
static const char *put_plain(struct buffer *out, const char *at, const char *end)
{
	char *start = buffer_reserve(out, (size_t)(end - at)), *to = start;

	while (at < end && *at != '%')
		*to++ = *at++;
	*to = '\0';
	out->size += (size_t)(to - start);
	return at;
}

static struct error *format_items(struct buffer *out, const char *at, const char *end,
				  const struct format_value *values, size_t count)
{
	size_t used = 0;

	for (;;) {
		at = put_plain(out, at, end);
		if (at == end)
			return NULL;
		at++;
		if (at < end && *at == '%') {
			buffer_putc(out, *at++);
			continue;
		}
		if (used < count && at < end && put_simple(out, *at, &values[used])) {
			used++;
			at++;
			continue;
		}
		struct directive directive;
		if (used == count)
			return error_new(ERR_TYPE, "bad argument #%zu to 'printf' (no value)",
					 used + 2);
		TRY(read_directive(at, end, &directive, &at));
		TRY(put_directive(out, &directive, &values[used], used + 2));
		used++;
	}
}

struct error *format_printf(struct buffer *out, const char *format, size_t format_size,
			    const struct format_value *values, size_t count)
{
	size_t start = out->size;
	struct error *err = format_items(out, format, format + format_size, values, count);

	if (err) {
		out->size = start;
		if (out->data)
			out->data[start] = '\0';
	}
	return err;
}
