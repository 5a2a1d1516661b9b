/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * facts.c - what info target says of how the program was built.
 */
#include "moontap/console.h"

static void put_row(struct buffer *out, const char *label, const char *value)
{
	if (!value)
		return;
	buffer_printf(out, "%-12s", label);
	text_name(out, value);
	buffer_putc(out, '\n');
}

static void put_module(struct buffer *out, const struct image_facts *facts)
{
	put_row(out, "Package:", facts->package);
	if (!facts->module)
		return;
	struct buffer module = {0};
	buffer_printf(&module, "%s %s", facts->module, facts->module_version);
	put_row(out, "Module:", module.data);
	buffer_deinit(&module);
}

static void put_linking(struct buffer *out, struct image *image, const struct image_facts *facts)
{
	buffer_printf(out, "%-12s", "Linking:");
	if (facts->interpreter) {
		buffer_puts(out, "dynamic, by ");
		text_name(out, facts->interpreter);
	} else {
		buffer_puts(out, "static");
	}
	buffer_puts(out, image_is_pie(image) ? "; position independent" : "; at fixed addresses");
	if (image_go_version(image))
		buffer_puts(out, facts->has_cgo ? "; with C code (cgo)" : "; without C code");
	buffer_putc(out, '\n');
}

static void put_symbols(struct buffer *out, struct image *image, const struct image_facts *facts)
{
	buffer_printf(out, "%-12s", "Symbols:");
	buffer_puts(out, facts->has_symbols	      ? "symbol table"
			 : image_go_version(image)    ? "stripped: Go's own tables only"
			 : image_has_functions(image) ? "stripped: exported functions only"
						      : "stripped: none");
	if (facts->dwarf_version)
		buffer_printf(out, "; DWARF %u", facts->dwarf_version);
	else
		buffer_puts(out, "; no DWARF");
	buffer_putc(out, '\n');
}

static void put_settings(struct buffer *out, const struct image_facts *facts)
{
	for (size_t i = 0; i < facts->setting_count; i++) {
		const struct build_setting *setting = &facts->settings[i];
		if (!*setting->value)
			continue;
		struct buffer text = {0};
		buffer_printf(&text, "%s=%s", setting->key, setting->value);
		put_row(out, i ? "" : "Settings:", text.data);
		buffer_deinit(&text);
	}
}

void text_facts(struct buffer *out, struct image *image)
{
	struct image_facts facts;
	image_facts(image, &facts);
	put_module(out, &facts);
	put_row(out, "Compiler:", facts.compiler);
	put_linking(out, image, &facts);
	put_symbols(out, image, &facts);
	put_row(out, "Problem:", image_go_problem(image));
	put_row(out, "Debug file:", facts.debug_file);
	put_row(out, "Build id:", facts.build_id);
	put_settings(out, &facts);
}
