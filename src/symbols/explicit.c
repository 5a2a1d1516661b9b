/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * explicit.c - locations whose parts say what they are, as in GDB: -source FILE -line N,
 * -function F -label L, -function F -line N. Each word may be shortened as long as it is the only
 * one.
 */
#include <ctype.h>
#include <limits.h>

#include "internal.h"

enum part {
	PART_SOURCE,
	PART_FUNCTION,
	PART_LABEL,
	PART_LINE,
	PART_COUNT
};
static const char *const words[PART_COUNT] = {
    [PART_SOURCE] = "-source",
    [PART_FUNCTION] = "-function",
    [PART_LABEL] = "-label",
    [PART_LINE] = "-line",
};

bool explicit_is(const char *text)
{
	return text[0] == '-' && isalpha((unsigned char)text[1]);
}

static struct error *find_word(const char *word, size_t size, enum part *ret)
{
	unsigned count = 0;

	for (enum part part = 0; part < PART_COUNT; part++)
		if (!strncmp(words[part], word, size)) {
			*ret = part;
			count++;
		}
	if (count == 1)
		return NULL;
	return error_hint(
	    error_new(ERR_LOCATION, "invalid explicit argument, \"%.*s\"", (int)size, word),
	    "There are -source FILE, -function NAME, -label NAME, -line NUMBER, -probe NAME.");
}

/* A value goes on to the next word that begins with a dash, a quoted one to its quote. */
static const char *value_end(const char *value)
{
	const char *end = *value == '\'' || *value == '"' ? strchr(value + 1, *value) : NULL;

	if (end)
		return end + 1;
	for (end = value; *end; end++)
		if (isspace((unsigned char)end[0]) && explicit_is(end + strspn(end, " \t")))
			break;
	return end;
}

static char *take_value(const char *value, const char *end)
{
	while (end > value && isspace((unsigned char)end[-1]))
		end--;
	bool is_quoted = end - value >= 2 && (*value == '\'' || *value == '"') && end[-1] == *value;
	return xstrndup(value + is_quoted, (size_t)(end - value) - 2 * is_quoted);
}

static struct error *take_parts(const char *text, char *parts[PART_COUNT])
{
	for (const char *at = text; *at;) {
		size_t size = strcspn(at, " \t");
		const char *value = at + size + strspn(at + size, " \t"), *end = value_end(value);
		enum part part = 0;

		TRY(find_word(at, size, &part));
		free(parts[part]);
		parts[part] = take_value(value, end);
		if (!*parts[part])
			return error_new(ERR_LOCATION, "missing argument for \"%s\"", words[part]);
		at = end + strspn(end, " \t");
	}
	return NULL;
}

/* Parts that are of no use beside each other are an error, not passed over. */
static struct error *check_parts(char *const parts[PART_COUNT])
{
	if (parts[PART_LINE] && parts[PART_LABEL])
		return error_new(ERR_LOCATION,
				 "-line goes with -source or -function, or stands alone");
	if (parts[PART_LABEL] && !parts[PART_FUNCTION])
		return error_new(ERR_LOCATION, "-label needs -function");
	if (parts[PART_SOURCE] && !parts[PART_LINE] && !parts[PART_FUNCTION])
		return error_new(ERR_LOCATION, "Source filename requires function, label, or line "
					       "offset.");
	return NULL;
}

static char *take(char **part)
{
	char *taken = *part;

	*part = NULL;
	return taken;
}

static struct error *assemble(char *parts[PART_COUNT], struct location *location)
{
	TRY(check_parts(parts));
	if (parts[PART_LINE]) {
		location->name = take(&parts[PART_SOURCE]);
		location->function = take(&parts[PART_FUNCTION]);
		return location_parse_line(parts[PART_LINE], location);
	}
	location->kind = LOCATION_NAME;
	location->name = take(&parts[PART_FUNCTION]);
	location->file = take(&parts[PART_SOURCE]);
	location->label = take(&parts[PART_LABEL]);
	location->has_offset = location->label != NULL; /* taken literally */
	return NULL;
}

struct error *explicit_parse(const char *text, struct location *location)
{
	char *parts[PART_COUNT] = {0};
	struct error *err = take_parts(text, parts);

	if (!err)
		err = assemble(parts, location);
	for (enum part part = 0; part < PART_COUNT; part++)
		free(parts[part]);
	return err;
}
