/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * location.c - the text of a location, taken apart. Knows no program: what the
 * parts mean in one is resolve.c's business.
 */
#include <ctype.h>
#include <inttypes.h>
#include <limits.h>
#include <regex.h>

#include "internal.h"

static const char grammar[] =
    "a location is FUNCTION, FUNCTION+OFFSET, FILE:LINE, LINE, *ADDRESS, MODULE:FUNCTION,\n"
    "a glob (fn_*), a /regular expression/ or -probe PROVIDER:NAME, for example main.f+0x6d";

static struct error *malformed(const char *text, const char *what)
{
	return error_hint(error_new(ERR_LOCATION, "location \"%s\": %s", text, what), "%s",
			  grammar);
}

/* Decimal or 0x hex, all of it; too large a number is none. */
static bool parse_number(const char *text, uint64_t *ret)
{
	bool is_hex = text[0] == '0' && (text[1] == 'x' || text[1] == 'X');
	const char *digits = text + (is_hex ? 2 : 0);
	char *end;

	if (!isxdigit((unsigned char)*digits))
		return false;
	errno = 0;
	*ret = strtoull(digits, &end, is_hex ? 16 : 10);
	return *end == '\0' && errno == 0;
}

static bool is_all_digits(const char *text)
{
	return *text && text[strspn(text, "0123456789")] == '\0';
}

/* ------------------------------------------------------------------ splitting */

static const char *skip_quoted(const char *s)
{
	const char *end = strchr(s + 1, *s);

	return end ? end : s + strlen(s) - 1;
}

/* The ':' between module and name: a single one, outside brackets and quotes. */
static const char *find_colon(const char *text)
{
	int depth = 0;

	for (const char *s = text; *s; s++) {
		if (*s == '\'' || *s == '"')
			s = skip_quoted(s);
		else if (strchr("([{<", *s))
			depth++;
		else if (strchr(")]}>", *s))
			depth--;
		else if (s[0] == ':' && s[1] == ':')
			s++;
		else if (*s == ':' && depth <= 0 && s > text)
			return s;
	}
	return NULL;
}

static bool is_regex(const char *text)
{
	size_t size = strlen(text);
	const char *colon = strstr(text, ":/");

	if (size < 2 || text[0] != '/' || text[size - 1] != '/')
		return false;
	/* /usr/lib/libx.so:/regex/ is a module and a regular expression. */
	return !colon || !memchr(text + 1, '/', colon - text - 1);
}

/* The '+' before an offset: the last one outside brackets that is not part of an
 * operator's name. */
static char *find_plus(char *name)
{
	char *plus = strrchr(name, '+');

	if (!plus || plus == name || strpbrk(plus, ")>]'\""))
		return NULL;
	const char *operator_name = strstr(name, "operator");
	bool is_operator =
	    operator_name && plus - operator_name <= 9 && !isdigit((unsigned char)plus[1]);
	return is_operator || plus[1] == ' ' ? NULL : plus;
}

static struct error *split_offset(const char *text, char *name, struct location *location)
{
	char *plus = find_plus(name);

	if (!plus)
		return NULL;
	if (!parse_number(plus + 1, &location->offset))
		return malformed(text, "what follows the + is no number");
	location->has_offset = true;
	*plus = '\0';
	return NULL;
}

/* --------------------------------------------------------------------- parts */

static struct error *check_regex(const char *text, const char *pattern)
{
	regex_t regex;
	char reason[128];
	int code = regcomp(&regex, pattern, REG_EXTENDED | REG_NOSUB);

	if (code == 0) {
		regfree(&regex);
		return NULL;
	}
	regerror(code, &regex, reason, sizeof(reason));
	return malformed(text, reason);
}

/* 'name' or "name", perhaps with an offset after it: never a glob. */
static struct error *parse_quoted(const char *text, const char *rest, struct location *location)
{
	const char *end = strchr(rest + 1, *rest);

	if (!end)
		return malformed(text, "the quote is not closed");
	if (end == rest + 1)
		return malformed(text, "the name is empty");
	location->name = xstrndup(rest + 1, end - rest - 1);
	if (end[1] == '\0')
		return NULL;
	if (end[1] != '+' || !parse_number(end + 2, &location->offset))
		return malformed(text, "only +OFFSET may follow the quoted name");
	location->has_offset = true;
	return NULL;
}

static struct error *parse_name(const char *text, const char *rest, struct location *location)
{
	if (*rest == '\0')
		return malformed(text, "the function is missing");
	if (*rest == '\'' || *rest == '"')
		return parse_quoted(text, rest, location);
	location->name = xstrdup(rest);
	TRY(split_offset(text, location->name, location));
	if (*location->name == '\0')
		return malformed(text, "the function is missing");
	if (glob_is(location->name))
		location->kind = LOCATION_GLOB;
	return NULL;
}

/* *0x401136, *main, *main+4; but *alloc* is a glob. */
static struct error *parse_star(const char *text, const char *rest, struct location *location)
{
	const char *target = rest + 1;

	if (*target == '\0')
		return parse_name(text, rest, location); /* every function */
	if (isdigit((unsigned char)*target)) {
		location->kind = LOCATION_ADDRESS;
		return parse_number(target, &location->address)
			   ? NULL
			   : malformed(text, "the address is no number");
	}
	if (*target != '\'' && *target != '"' && glob_is(target))
		return parse_name(text, rest, location);
	location->has_offset = true; /* taken literally, as *ADDR is */
	return parse_name(text, target, location);
}

static struct error *parse_part(const char *text, const char *rest, struct location *location)
{
	size_t size = strlen(rest);

	if (*rest == '*')
		return parse_star(text, rest, location);
	if (*rest != '/' || size < 2 || rest[size - 1] != '/')
		return parse_name(text, rest, location);
	location->kind = LOCATION_REGEX;
	location->name = xstrndup(rest + 1, size - 2);
	if (*location->name == '\0')
		return malformed(text, "the regular expression is empty");
	return check_regex(text, location->name);
}

/* The ':' before a line number that ends the text; NULL if there is none. */
static const char *find_line(const char *text)
{
	const char *colon = strrchr(text, ':');

	return colon && is_all_digits(colon + 1) && (colon == text || colon[-1] != ':') ? colon
											: NULL;
}

static struct error *parse_file(const char *text, const char *file, size_t size,
				struct location *location)
{
	if (size && (*file == '\'' || *file == '"')) {
		const char *end = strchr(file + 1, *file);
		if (!end || end != file + size - 1)
			return malformed(text, end ? "only :LINE may follow the quoted file"
						   : "the quote is not closed");
		file++;
		size -= 2;
	}
	if (size == 0)
		return malformed(text, "the file is missing");
	location->name = xstrndup(file, size);
	return NULL;
}

struct error *location_parse_line(const char *line, struct location *location)
{
	uint64_t number;

	location->kind = LOCATION_LINE;
	location->direction = *line == '+' ? 1 : *line == '-' ? -1 : 0;
	line += location->direction != 0;
	if (!is_all_digits(line))
		return malformed(location->text, "the line is no number");
	if (!parse_number(line, &number) || number > UINT_MAX)
		return malformed(location->text, "that line number is too large");
	if (number == 0 && !location->direction)
		return malformed(location->text, "lines are counted from 1");
	location->line = (unsigned)number;
	return NULL;
}

/* [MODULE:]FILE:LINE; colon is the one before LINE. */
static struct error *parse_line(const char *text, const char *colon, struct location *location)
{
	CLEANUP(free_p) char *front = xstrndup(text, colon - text);
	const char *module_end = find_colon(front), *file = front;

	TRY(location_parse_line(colon + 1, location));
	if (module_end) {
		location->module = xstrndup(front, module_end - front);
		file = module_end + 1;
	}
	return parse_file(text, file, strlen(file), location);
}

static struct error *parse(struct location *location)
{
	const char *text = location->text, *colon;

	if (*text == '\0')
		return error_hint(error_new(ERR_LOCATION, "the location is missing"), "%s",
				  grammar);
	if (is_all_digits(text + (*text == '+' || *text == '-')))
		return location_parse_line(text, location);
	if (usdt_location_is(text))
		return usdt_location_parse(text, location);
	if (explicit_is(text))
		return explicit_parse(text, location);
	colon = find_line(text);
	if (colon)
		return parse_line(text, colon, location);
	colon = is_regex(text) ? NULL : find_colon(text);
	if (!colon)
		return parse_part(text, text, location);
	location->module = xstrndup(text, colon - text);
	return parse_part(text, colon + 1, location);
}

/* Takes the word `force` off the end. */
static bool take_force(char *text)
{
	static const char word[] = "force";
	size_t size = strlen(text), length = sizeof(word) - 1;

	if (size <= length || strcmp(text + size - length, word) != 0 ||
	    !isspace((unsigned char)text[size - length - 1]))
		return false;
	size -= length;
	while (size && isspace((unsigned char)text[size - 1]))
		size--;
	text[size] = '\0';
	return true;
}

struct error *location_parse(const char *text, struct location *ret)
{
	struct location location = {0};
	size_t size = strlen(text);

	while (size && isspace((unsigned char)*text))
		text++, size--;
	while (size && isspace((unsigned char)text[size - 1]))
		size--;
	location.text = xstrndup(text, size);
	location.is_forced = take_force(location.text);
	struct error *err = parse(&location);
	if (err) {
		location_deinit(&location);
		return err;
	}
	*ret = location;
	return NULL;
}

void location_deinit(struct location *location)
{
	free(location->text);
	free(location->module);
	free(location->name);
	free(location->file);
	free(location->label);
	free(location->function);
	free(location->provider);
	*location = (struct location){0};
}
