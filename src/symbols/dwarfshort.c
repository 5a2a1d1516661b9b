/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * dwarfshort.c - names of C++ and Rust types as people write them: std::vector<int> for
 * std::vector<int, std::allocator<int> >, Option<Box<Tree>> for
 * core::option::Option<alloc::boxed::Box<crate::Tree, alloc::alloc::Global>>.
 */
#include <ctype.h>

#include "dwarf.h"

#define ARGUMENTS_MAX 64

struct shortener {
	const char *at;
	bool is_rust;
	unsigned depth;
};

/* Arguments that are what they are unless somebody says otherwise. */
static const char *const defaults[] = {
    "std::allocator<",
    "std::char_traits<",
    "std::default_delete<",
    "std::less<",
    "std::hash<",
    "std::equal_to<",
    "std::pmr::polymorphic_allocator<",
};

static bool is_default(const char *argument, bool is_rust)
{
	if (is_rust)
		return strcmp(argument, "Global") == 0;
	for (size_t i = 0; i < ARRAY_SIZE(defaults); i++)
		if (strncmp(argument, defaults[i], strlen(defaults[i])) == 0)
			return true;
	return false;
}

static bool is_word(char c)
{
	return isalnum((unsigned char)c) || c == '_' || c == '#' || c == '{' || c == '}' ||
	       (unsigned char)c >= 0x80;
}

/* Takes the module before a :: away. */
static void drop_module(struct buffer *out)
{
	if (out->size && !is_word(out->data[out->size - 1]))
		buffer_puts(out, "::");
	while (out->size && is_word(out->data[out->size - 1]))
		out->data[--out->size] = '\0';
}

static void put_short(struct shortener *in, struct buffer *out);

/* From < to >. */
static void put_arguments(struct shortener *in, struct buffer *out)
{
	bool has_defaults = in->is_rust || (out->data && strstr(out->data, "std::"));
	size_t index = 0;

	buffer_putc(out, *in->at++);
	do {
		struct buffer argument = {0};
		while (*in->at == ' ')
			in->at++;
		put_short(in, &argument);
		bool is_shown = argument.size && !(index > 0 && has_defaults &&
						   is_default(argument.data, in->is_rust));
		if (is_shown)
			buffer_printf(out, "%s%s", index ? ", " : "", argument.data);
		index += is_shown;
		buffer_deinit(&argument);
	} while (*in->at == ',' && in->at++);
	if (*in->at == '>')
		in->at++;
	buffer_putc(out, '>');
}

/* To the end of the name, or of an argument. */
static void put_short(struct shortener *in, struct buffer *out)
{
	unsigned nesting = 0;

	in->depth++;
	for (; *in->at; in->at++) {
		char c = *in->at;
		if (!nesting && (c == ',' || c == '>'))
			break;
		if (c == '-' && in->at[1] == '>') {
			buffer_puts(out, "->");
			in->at++;
			continue;
		}
		if (c == '<' && in->depth < DWARF_DEPTH_MAX) {
			put_arguments(in, out);
			in->at--;
			continue;
		}
		nesting += c == '(' || c == '[' || c == '{';
		nesting -= nesting && (c == ')' || c == ']' || c == '}');
		if (in->is_rust && c == ':' && in->at[1] == ':') {
			drop_module(out);
			in->at++;
			continue;
		}
		buffer_putc(out, c);
	}
	while (out->size && out->data[out->size - 1] == ' ')
		out->data[--out->size] = '\0';
	in->depth--;
}

static void replace(struct buffer *text, const char *from, const char *to)
{
	struct buffer out = {0};
	const char *at = text->data, *found;

	while ((found = strstr(at, from))) {
		buffer_append(&out, at, found - at);
		buffer_puts(&out, to);
		at = found + strlen(from);
	}
	buffer_puts(&out, at);
	buffer_deinit(text);
	*text = out;
}

char *name_shorten(const char *name, bool is_rust)
{
	struct shortener in = {.at = name, .is_rust = is_rust};
	struct buffer out = {0};

	buffer_puts(&out, "");
	put_short(&in, &out);
	buffer_puts(&out, in.at); /* what is not balanced */
	if (!is_rust) {
		replace(&out, "std::__cxx11::", "std::");
		replace(&out, "std::basic_string<char>", "std::string");
		replace(&out, "std::basic_string_view<char>", "std::string_view");
	}
	return buffer_take(&out);
}
