/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * match.c - does a function's name answer what the user asked for?
 *
 * People leave out parameters, type arguments, escapes, packages and namespaces; compilers add
 * suffixes. The rules of all that are here, on two strings, and nowhere else.
 */
#include <ctype.h>

#include "internal.h"

#define ABI0 ".abi0"

static bool is_ident(char c)
{
	return isalnum((unsigned char)c) || c == '_' || (c & 0x80);
}

static char closing(char open)
{
	return open == '(' ? ')' : open == '[' ? ']' : open == '{' ? '}' : '>';
}

/* s is at an opening bracket: what follows its closing one, or NULL. */
static const char *skip_balanced(const char *s)
{
	char open = *s, close = closing(open);
	int depth = 0;

	for (; *s; s++) {
		if (*s == open)
			depth++;
		else if (*s == close && !(close == '>' && s[-1] == '-') && --depth == 0)
			return s + 1;
	}
	return NULL;
}

/* ----------------------------------------------------------------------- Go */

static int hex(char c)
{
	return isdigit((unsigned char)c)    ? c - '0'
	       : isxdigit((unsigned char)c) ? tolower((unsigned char)c) - 'a' + 10
					    : -1;
}

/* One character of a Go name: %2e is '.', as are the dot and slash that
 * assembly sources write instead. */
static char go_char(const char **s)
{
	const char *at = *s;

	if (at[0] == '%' && hex(at[1]) >= 0 && hex(at[2]) >= 0) {
		*s = at + 3;
		return (char)(hex(at[1]) * 16 + hex(at[2]));
	}
	if (strncmp(at, "\u00b7", 2) == 0) {
		*s = at + 2;
		return '.';
	}
	if (strncmp(at, "\u2215", 3) == 0) {
		*s = at + 3;
		return '/';
	}
	*s = at + 1;
	return *at;
}

/* Type arguments as the source has them: [go.shape.int_0] is [int]. */
static char *plain_type_arguments(const char *from, const char *to)
{
	static const char shape[] = "go.shape.";
	struct buffer plain = {0};

	while (from < to) {
		if (strncmp(from, shape, sizeof(shape) - 1) == 0) {
			from += sizeof(shape) - 1;
			continue;
		}
		size_t digits = *from == '_' ? strspn(from + 1, "0123456789") : 0;
		if (digits && strchr(",]", from[1 + digits])) {
			from += 1 + digits; /* up to Go 1.20: the number of the parameter */
			continue;
		}
		if (*from != ' ')
			buffer_putc(&plain, *from);
		from++;
	}
	return buffer_take(&plain);
}

/* Both are at '[': do the type arguments agree? Advances both past them. */
static bool same_type_arguments(const char **wanted, const char **name)
{
	const char *wanted_end = skip_balanced(*wanted), *name_end = skip_balanced(*name);

	if (!wanted_end || !name_end)
		return false;
	CLEANUP(free_p) char *left = plain_type_arguments(*wanted, wanted_end);
	CLEANUP(free_p) char *right = plain_type_arguments(*name, name_end);
	*wanted = wanted_end;
	*name = name_end;
	return strcmp(left, "[...]") == 0 || strcmp(left, right) == 0;
}

static bool go_same(const char *wanted, const char *name)
{
	for (;;) {
		if (*name == '[' && *wanted != '[') {
			name = skip_balanced(name);
			if (!name)
				return false;
			continue;
		}
		if (*wanted == '\0')
			return *name == '\0' || strcmp(name, ABI0) == 0;
		if (*wanted == '[' && *name == '[') {
			if (!same_type_arguments(&wanted, &name))
				return false;
			continue;
		}
		if (*name == '\0' || go_char(&wanted) != go_char(&name))
			return false;
	}
}

static enum match match_go(const char *wanted, const char *name)
{
	if (go_same(wanted, name))
		return MATCH_EXACT;
	for (const char *s = name; s && *s; s = *s == '[' ? skip_balanced(s) : s + 1)
		if ((*s == '.' || *s == '/') && go_same(wanted, s + 1))
			return MATCH_SUFFIX;
	return MATCH_NONE;
}

/* --------------------------------------------------------------- C++ and Rust */

/* Without [abi:...] tags and the spaces that mean nothing. */
static char *squeeze(const char *name)
{
	struct buffer plain = {0};
	char last = '\0';

	while (*name) {
		const char *end = strncmp(name, "[abi:", 5) == 0 ? strchr(name, ']') : NULL;
		if (end) {
			name = end + 1;
			continue;
		}
		if (*name == ' ') {
			name += strspn(name, " ");
			if (!is_ident(last) || !is_ident(*name))
				continue;
			buffer_putc(&plain, ' ');
		}
		last = *name;
		if (*name)
			buffer_putc(&plain, *name++);
	}
	return buffer_take(&plain);
}

/* What may follow the wanted part: template arguments, parameters and qualifiers. */
static enum match judge_rest(const char *rest)
{
	static const char *const qualifiers[] = {"const", "volatile", "&", "noexcept"};

	if (strncmp(rest, "::<", 3) == 0) /* Rust's type arguments */
		rest += 2;
	if (*rest == '<')
		rest = skip_balanced(rest);
	if (rest && *rest == '(')
		rest = skip_balanced(rest);
	if (!rest)
		return MATCH_NONE;
	for (size_t i = 0; i < ARRAY_SIZE(qualifiers); i++) {
		size_t size = strlen(qualifiers[i]);
		while (*rest == ' ' || strncmp(rest, qualifiers[i], size) == 0)
			rest += *rest == ' ' ? 1 : size;
	}
	if (strncmp(rest, "[clone.", 7) == 0)
		return match_is_cold(rest) || strstr(rest, ".part") ? MATCH_NONE : MATCH_CLONE;
	return *rest == '\0' ? MATCH_EXACT : MATCH_NONE;
}

static enum match cxx_same(const char *wanted, const char *name)
{
	while (*wanted) {
		if (*wanted == *name) {
			wanted++;
			name++;
			continue;
		}
		/* ns::f is any ns<...>::f, but < may also be the name of an operator. */
		if (*name != '<' || (*wanted != ':' && *wanted != '('))
			return MATCH_NONE;
		name = skip_balanced(name);
		if (!name)
			return MATCH_NONE;
	}
	return judge_rest(name);
}

static enum match match_cxx(const char *wanted_text, const char *name_text)
{
	CLEANUP(free_p) char *wanted = squeeze(wanted_text);
	CLEANUP(free_p) char *name = squeeze(name_text);
	enum match match = cxx_same(wanted, name);

	for (const char *s = name; match == MATCH_NONE && s && *s;) {
		bool is_scope = s[0] == ':' && s[1] == ':';
		if (is_scope && cxx_same(wanted, s + 2) == MATCH_EXACT)
			match = MATCH_SUFFIX;
		s = *s == '<' || *s == '(' ? skip_balanced(s) : s + 1;
	}
	return match;
}

/* ------------------------------------------------------------------------- C */

bool match_is_cold(const char *name)
{
	const char *cold = strstr(name, ".cold");

	return cold && !is_ident(cold[5]);
}

/* f.constprop.0 and f.isra.0 are f, specialised for some callers. f.part.0 is only a
 * piece of it, and f.cold the piece that is rarely reached. */
static bool is_clone(const char *wanted, const char *name)
{
	static const char *const kinds[] = {".constprop", ".isra", ".lto_priv", ".llvm"};
	size_t size = strlen(wanted);

	if (strncmp(name, wanted, size) != 0 || name[size] != '.' || match_is_cold(name) ||
	    strstr(name + size, ".part"))
		return false;
	for (size_t i = 0; i < ARRAY_SIZE(kinds); i++)
		if (strncmp(name + size, kinds[i], strlen(kinds[i])) == 0)
			return true;
	return false;
}

/* ----------------------------------------------------------------------- all */

enum match match_name(const char *wanted, const char *name, bool is_go)
{
	if (strcmp(wanted, name) == 0)
		return MATCH_EXACT;
	if (is_go)
		return match_go(wanted, name);
	if (is_clone(wanted, name))
		return MATCH_CLONE;
	/* Only demangled names have components or parameters. */
	return strpbrk(name, ":(<") ? match_cxx(wanted, name) : MATCH_NONE;
}

static char *go_owner(const char *name)
{
	struct buffer owner = {0};

	while (*name && strcmp(name, ABI0) != 0) {
		const char *end = *name == '[' ? skip_balanced(name) : NULL;
		if (end)
			name = end;
		else
			buffer_putc(&owner, go_char(&name));
	}
	return buffer_take(&owner);
}

static char *cxx_owner(const char *name)
{
	static const char unnamed[] = "(anonymous namespace)", operator_name[] = "operator";
	struct buffer owner = {0};

	while (*name) {
		const char *end = NULL;
		if (strncmp(name, unnamed, sizeof(unnamed) - 1) == 0) {
			buffer_append(&owner, unnamed, sizeof(unnamed) - 1);
			name += sizeof(unnamed) - 1;
			continue;
		}
		if (strncmp(name, operator_name, sizeof(operator_name) - 1) == 0) {
			size_t size = strcspn(name, "("); /* up to the parameters, or () itself */
			size += strncmp(name + size, "()(", 3) == 0 ? 2 : 0;
			buffer_append(&owner, name, size);
			break;
		}
		if (*name == '(' && owner.size)
			break;
		end = *name == '<' && owner.size ? skip_balanced(name) : NULL;
		if (end)
			name = end;
		else
			buffer_putc(&owner, *name++);
	}
	return buffer_take(&owner);
}

char *match_owner(const char *name, bool is_go)
{
	return is_go ? go_owner(name) : cxx_owner(name);
}
