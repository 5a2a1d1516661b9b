/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * settings.c - the table of settings: one row gives set, show, completion, help
 * and the manual page.
 *
 * Apart from the commands that use them, so that a setting is one row and a field.
 */
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "command.h"

#define FIELD(name) offsetof(struct settings, name)

const struct setting settings_table[] = {
    {"args", SETTING_TEXT, FIELD(args),
     "Argument list to give program being traced when it is started", 0},
    {"breakpoint pending", SETTING_AUTO, FIELD(pending),
     "moontap's behavior regarding pending breakpoints", 0},
    {"confirm", SETTING_BOOLEAN, FIELD(confirm),
     "Whether to confirm potentially dangerous operations", 0},
    {"event-lines", SETTING_COUNT, FIELD(event_lines),
     "Lines of events a second that a terminal gets to see", 0},
    {"history save", SETTING_BOOLEAN, FIELD(history_save), "Saving of history to disk", 0},
    {"history size", SETTING_COUNT, FIELD(history_size), "The size of the command history", 0},
    {"listsize", SETTING_COUNT, FIELD(listsize),
     "Number of source lines moontap will list by default", 0},
    {"max-completions", SETTING_COUNT, FIELD(max_completions),
     "Maximum number of completion candidates", 0},
    {"max-depth", SETTING_COUNT, FIELD(limits.depth),
     "How deep structures in structures are printed", 64},
    {"max-elements", SETTING_COUNT, FIELD(limits.elements),
     "How many elements of an array or a sequence are captured and printed", 4096},
    {"max-string", SETTING_COUNT, FIELD(limits.string_bytes),
     "How many bytes of a string are captured, by tracepoints set from now on", STRING_SIZE_MAX},
    {0},
};

const struct setting *setting_args(void)
{
	return &settings_table[0];
}

void settings_init(struct settings *settings)
{
	*settings = (struct settings){
	    .args = xstrdup(""),
	    .confirm = true,
	    .event_lines = 2000,
	    .history_save = true,
	    .history_size = 1000,
	    .listsize = 10,
	    .max_completions = 200,
	    .limits = COMPILE_LIMITS_DEFAULT,
	};
}

void settings_deinit(struct settings *settings)
{
	free(settings->args);
}

/* ------------------------------------------------------------------- finding */

enum fit {
	FIT_NONE,
	FIT_BEGUN, /* each word begins one of the name's; there may be fewer */
	FIT_EXACT,
};

static enum fit name_fits(const char *name, const char *text, const char **ret_rest)
{
	enum fit fit = FIT_EXACT;
	bool has_word = false;
	for (;;) {
		size_t size = strcspn(text, " \t"), length = strcspn(name, " ");
		if (!size && has_word) {
			fit = FIT_BEGUN;
			break;
		}
		if (!size || size > length || memcmp(text, name, size) != 0)
			return FIT_NONE;
		has_word = true;
		if (size < length)
			fit = FIT_BEGUN;
		text += size + strspn(text + size, " \t");
		name += length;
		if (!*name)
			break;
		name++;
	}
	*ret_rest = text;
	return fit;
}

static struct error *undefined(const char *verb, const char *text)
{
	struct nearest near = {.wanted = text};
	struct buffer names = {0};
	struct error *err = error_new(ERR_USAGE, "Undefined %s command: \"%s\".  Try \"help %s\".",
				      verb, text, verb);
	for (const struct setting *s = settings_table; s->name; s++)
		nearest_offer(&near, s->name);
	nearest_format(&near, &names);
	if (setting_absent(text))
		error_hint(err, "%s", setting_absent(text));
	else if (names.size)
		error_hint(err, "Did you mean %s?", names.data);
	buffer_deinit(&names);
	nearest_deinit(&near);
	return err;
}

struct error *setting_find(const char *text, const struct setting **ret, const char **ret_rest)
{
	struct buffer names = {0};
	unsigned count = 0;
	const char *rest;
	for (const struct setting *s = settings_table; s->name; s++) {
		enum fit fit = name_fits(s->name, text, &rest);
		if (fit == FIT_NONE)
			continue;
		buffer_printf(&names, "%s%s", count++ ? ", " : "", s->name);
		*ret = s;
		*ret_rest = rest;
		if (fit == FIT_EXACT) {
			count = 1;
			break;
		}
	}
	struct error *err = NULL;
	if (count > 1)
		err = error_new(ERR_USAGE, "Ambiguous set command \"%s\": %s.", text, names.data);
	else if (!count)
		err = undefined("set", text);
	buffer_deinit(&names);
	return err;
}

/* ------------------------------------------------------------ set and show */

static struct error *parse_boolean(const char *text, bool *ret)
{
	static const char *const words[] = {"off", "on", "no",	    "yes",
					    "0",   "1",	 "disable", "enable"};
	if (!*text) {
		*ret = true;
		return NULL;
	}
	for (size_t i = 0; i < ARRAY_SIZE(words); i++) {
		if (strcmp(text, words[i]) != 0)
			continue;
		*ret = i % 2;
		return NULL;
	}
	return error_new(ERR_USAGE, "\"on\" or \"off\" expected.");
}

const char *const auto_words[] = {"auto", "on", "off", NULL};

static struct error *parse_auto(const char *text, enum setting_auto *ret)
{
	bool is_on;
	if (*text && !strncmp("auto", text, strlen(text))) {
		*ret = SETTING_IS_AUTO;
		return NULL;
	}
	struct error *err = parse_boolean(text, &is_on);
	if (err) {
		error_free(err);
		return error_new(ERR_USAGE, "\"on\", \"off\" or \"auto\" expected.");
	}
	*ret = is_on ? SETTING_IS_ON : SETTING_IS_OFF;
	return NULL;
}

static struct error *parse_count(const char *text, unsigned *ret)
{
	char *end;
	if (!*text)
		return error_new(ERR_USAGE,
				 "Argument required (integer to set it to, or \"unlimited\".).");
	if (!strcmp(text, "unlimited")) {
		*ret = 0;
		return NULL;
	}
	errno = 0;
	unsigned long number = strtoul(text, &end, 10);
	if (*text < '0' || *text > '9' || *end || errno || number > INT32_MAX)
		return error_new(ERR_USAGE, "\"%s\" is neither a number nor \"unlimited\"", text);
	*ret = (unsigned)number;
	return NULL;
}

static struct error *parse_limited(const char *text, unsigned most, unsigned *ret)
{
	unsigned number = 0;

	TRY(parse_count(text, &number));
	if (most && (number < 1 || number > most))
		return error_new(ERR_USAGE, "\"%s\" is not a number from 1 to %u", text, most);
	*ret = number;
	return NULL;
}

struct error *setting_set(struct settings *settings, const struct setting *setting,
			  const char *text)
{
	char *field = (char *)settings + setting->offset;
	switch (setting->kind) {
	case SETTING_BOOLEAN:
		return parse_boolean(text, (bool *)field);
	case SETTING_AUTO:
		return parse_auto(text, (enum setting_auto *)(void *)field);
	case SETTING_COUNT:
		return parse_limited(text, setting->most, (unsigned *)(void *)field);
	case SETTING_TEXT:
		free(*(char **)(void *)field);
		*(char **)(void *)field = xstrdup(text);
	}
	return NULL;
}

static void setting_show(const struct settings *settings, const struct setting *setting,
			 struct buffer *out)
{
	const char *field = (const char *)settings + setting->offset;
	unsigned count;
	buffer_printf(out, "%s is ", setting->meaning);
	switch (setting->kind) {
	case SETTING_BOOLEAN:
		buffer_puts(out, *(const bool *)field ? "on.\n" : "off.\n");
		break;
	case SETTING_AUTO:
		buffer_printf(out, "%s.\n",
			      auto_words[*(const enum setting_auto *)(const void *)field]);
		break;
	case SETTING_COUNT:
		count = *(const unsigned *)(const void *)field;
		if (count)
			buffer_printf(out, "%u.\n", count);
		else
			buffer_puts(out, "unlimited.\n");
		break;
	case SETTING_TEXT:
		buffer_putc(out, '"');
		text_name(out, *(char *const *)(const void *)field);
		buffer_puts(out, "\".\n");
	}
}

struct error *settings_show(const struct settings *settings, const char *text, struct buffer *out)
{
	size_t before = out->size;
	const char *rest;
	for (const struct setting *s = settings_table; s->name; s++)
		if (!*text || name_fits(s->name, text, &rest) != FIT_NONE)
			setting_show(settings, s, out);
	return out->size > before ? NULL : undefined("show", text);
}
