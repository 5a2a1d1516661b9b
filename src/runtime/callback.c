/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * callback.c - what happens when a callback raises an error: it is told once for
 * each distinct message, counted, and ends the callback after too many in a row.
 * The session and the target go on.
 */
#include <string.h>

#include "internal.h"

/* Messages that hold values are all distinct: then the first few must do. */
enum {
	TOLD_MAX = 20
};

static bool is_new(struct callback_health *health, const char *message)
{
	for (size_t i = 0; i < health->told.size; i++)
		if (strcmp(health->told.data[i], message) == 0)
			return false;
	if (health->told.size == TOLD_MAX)
		return false;
	vector_push(&health->told, xstrdup(message));
	return true;
}

static void tell(struct runtime *runtime, struct buffer *text)
{
	runtime_flush(runtime);
	runtime->options.notice(runtime->options.context, text->data);
	buffer_clear(text);
}

bool callback_failed(struct runtime *runtime, struct callback_health *health, const char *what,
		     struct error *err)
{
	struct buffer text = {0};

	health->errors++;
	health->errors_in_row++;
	if (is_new(health, err->message)) {
		buffer_printf(&text, "%s: ", what);
		error_format(err, &text);
		tell(runtime, &text);
	}
	error_free(err);
	if (health->errors_in_row == CALLBACK_ERRORS_MAX) {
		buffer_printf(&text, "%s is disabled: its block failed %d times in a row.\n", what,
			      CALLBACK_ERRORS_MAX);
		tell(runtime, &text);
	}
	buffer_deinit(&text);
	return health->errors_in_row >= CALLBACK_ERRORS_MAX;
}

void callback_deinit(struct callback_health *health)
{
	for (size_t i = 0; i < health->told.size; i++)
		free(health->told.data[i]);
	vector_deinit(&health->told);
}
