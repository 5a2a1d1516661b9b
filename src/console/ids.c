/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * ids.c - lists of breakpoint numbers: "1 2-3 1.2 1.2-4 $bpnum".
 *
 * Apart because several commands read them and none needs to know how.
 */
#include <errno.h>
#include <string.h>

#include "command.h"

static bool read_number(const char **text, unsigned *ret)
{
	if (**text < '0' || **text > '9')
		return false;
	char *end;
	errno = 0;
	unsigned long number = strtoul(*text, &end, 10);
	if (errno || number == 0 || number > INT32_MAX)
		return false;
	*text = end;
	*ret = (unsigned)number;
	return true;
}

/* A number, or $bpnum. */
static bool read_first(const char **text, unsigned latest, unsigned *ret)
{
	static const char variable[] = "$bpnum";
	if (strncmp(*text, variable, strlen(variable)) != 0)
		return read_number(text, ret);
	*text += strlen(variable);
	*ret = latest;
	return latest != 0;
}

/* "-3" behind a number makes it a range. */
static bool read_last(const char **text, unsigned first, unsigned *ret)
{
	*ret = first;
	if (**text != '-')
		return true;
	++*text;
	return read_number(text, ret);
}

static struct error *read_range(const char *word, size_t size, unsigned latest,
				struct id_range *ret)
{
	const char *p = word;
	bool is_good = read_first(&p, latest, &ret->first);
	ret->last = ret->first;
	if (is_good && *p == '.') {
		p++;
		is_good = read_number(&p, &ret->location) &&
			  read_last(&p, ret->location, &ret->last_location);
	} else if (is_good) {
		is_good = read_last(&p, ret->first, &ret->last);
	}
	if (!is_good || p != word + size)
		return error_hint(
		    error_new(ERR_USAGE, "Bad breakpoint number '%.*s'", (int)size, word),
		    "Numbers are as \"info breakpoints\" shows them: 1, 2-3, 1.2.");
	if (ret->last < ret->first || ret->last_location < ret->location)
		return error_new(ERR_USAGE, "inverted range '%.*s'", (int)size, word);
	return NULL;
}

struct error *id_list_parse(const char *text, unsigned latest, id_list *ret)
{
	static const char separators[] = " \t\n,";
	id_list list = {0};
	for (text += strspn(text, separators); *text; text += strspn(text, separators)) {
		size_t size = strcspn(text, separators);
		struct error *err = read_range(text, size, latest, vector_add(&list));
		if (err) {
			vector_deinit(&list);
			return err;
		}
		text += size;
	}
	*ret = list;
	return NULL;
}
