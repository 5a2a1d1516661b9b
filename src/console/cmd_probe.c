/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * cmd_probe.c - delete, enable, disable, ignore: tracepoints come, go and wait.
 */
#include <errno.h>
#include <inttypes.h>
#include <string.h>

#include "command.h"

/* ------------------------------------------------------------------ numbers */

static struct error *no_such_probe(unsigned number)
{
	return error_new(ERR_NO_PROBE, "No breakpoint number %u.", number);
}

struct error *console_take_probe(struct console *console, const char *text, struct probe **ret,
				 const char **ret_rest)
{
	size_t size = strcspn(text, " \t\n");
	CLEANUP(free_p) char *word = xstrndup(text, size);
	id_list list = {0};
	TRY(id_list_parse(word, session_last_number(console->session), &list));
	struct id_range range = list.size == 1 ? list.data[0] : (struct id_range){0};
	vector_deinit(&list);
	if (!range.first || range.first != range.last || range.location)
		return error_new(ERR_USAGE, "Bad breakpoint argument: '%s'", word);
	*ret = session_probe(console->session, range.first);
	if (ret_rest)
		*ret_rest = text + size + strspn(text + size, " \t\n");
	return *ret ? NULL : no_such_probe(range.first);
}

typedef struct error *(*act_fn)(struct console *console, struct probe *probe, void *context);

static struct error *act_on_range(struct console *console, const struct id_range *range, act_fn act,
				  void *context)
{
	if (range->location)
		return error_hint(error_new(ERR_USAGE, "%u.%u is one location of a tracepoint",
					    range->first, range->location),
				  "The whole tracepoint is %u.", range->first);
	bool is_any = false;
	for (struct probe *p = session_next_probe(console->session, NULL), *next; p; p = next) {
		next = session_next_probe(console->session, p);
		if (probe_number(p) < range->first || probe_number(p) > range->last)
			continue;
		is_any = true;
		TRY(act(console, p, context));
	}
	return is_any ? NULL : no_such_probe(range->first);
}

/* Notes the first error for the caller, reports the others. */
static void note_error(struct console *console, struct error *err, struct error **first)
{
	if (*first)
		console_report(console, err);
	else
		*first = err;
}

struct error *console_each_probe(struct console *console, const char *ids, act_fn act,
				 void *context)
{
	static const struct id_range all = {1, UINT32_MAX, 0, 0};
	if (!*ids)
		return session_next_probe(console->session, NULL)
			   ? act_on_range(console, &all, act, context)
			   : NULL;
	id_list list;
	TRY(id_list_parse(ids, session_last_number(console->session), &list));
	struct error *first = NULL;
	for (size_t i = 0; i < list.size; i++)
		note_error(console, act_on_range(console, &list.data[i], act, context), &first);
	vector_deinit(&list);
	return first;
}

/* ------------------------------------------------------------------- delete */

/* Probes to act on together: taking one out takes 40 ms, and no longer for all. */
typedef VECTOR(struct probe *) chosen_probes;

static struct error *choose(struct console *console, struct probe *probe, void *context)
{
	chosen_probes *chosen = context;
	(void)console;
	for (size_t i = 0; i < chosen->size; i++)
		if (chosen->data[i] == probe)
			return NULL;
	vector_push(chosen, probe);
	return NULL;
}

struct error *cmd_delete(struct console *console, const char *arguments, struct buffer *out)
{
	(void)out;
	/* GDB's "delete breakpoints 1". */
	size_t size = strcspn(arguments, " \t");
	if (size > 1 && !strncmp(arguments, "breakpoints", size))
		arguments += size + strspn(arguments + size, " \t");
	if (!*arguments && session_next_probe(console->session, NULL) &&
	    !console_query(console, "Delete all breakpoints?"))
		return NULL;
	chosen_probes chosen = {0};
	struct error *err = console_each_probe(console, arguments, choose, &chosen);
	probes_disable(chosen.data, chosen.size);
	for (size_t i = 0; i < chosen.size; i++)
		probe_delete(chosen.data[i]);
	vector_deinit(&chosen);
	return err;
}

/* -------------------------------------------------------- enable and disable */

static struct error *turn_sites(struct console *console, const struct id_range *range, bool is_on)
{
	struct probe *probe = session_probe(console->session, range->first);
	if (!probe)
		return no_such_probe(range->first);
	if (probe_kind(probe) == PROBE_COVER || probe_kind(probe) == PROBE_FLOW)
		return error_new(ERR_USAGE,
				 "Tracepoint %u is one picture: its places are not turned on and "
				 "off by themselves",
				 probe_number(probe));
	if (range->last_location > probe_site_count(probe))
		return error_new(ERR_USAGE, "Bad breakpoint location number '%u'",
				 range->last_location);
	for (unsigned i = range->location; i <= range->last_location; i++)
		TRY(probe_enable_site(probe, i - 1, is_on));
	return NULL;
}

/* A tracepoint that disables itself is good for another hit. */
static struct error *turn_on(struct console *console, struct probe *probe, void *context)
{
	struct runtime_limit limit;
	(void)context;
	runtime_get_limit(probe, &limit);
	if (limit.disables && !limit.events) {
		limit.events = 1;
		TRY(runtime_set_limit(console->runtime, probe, &limit));
	}
	return probe_enable(probe);
}

static struct error *turn_listed(struct console *console, const char *ids, bool is_on,
				 chosen_probes *off)
{
	act_fn act = is_on ? turn_on : choose;
	if (!*ids)
		return console_each_probe(console, ids, act, off);
	id_list list;
	TRY(id_list_parse(ids, session_last_number(console->session), &list));
	struct error *first = NULL;
	for (size_t i = 0; i < list.size; i++) {
		const struct id_range *range = &list.data[i];
		note_error(console,
			   range->location ? turn_sites(console, range, is_on)
					   : act_on_range(console, range, act, off),
			   &first);
	}
	vector_deinit(&list);
	return first;
}

static struct error *turn(struct console *console, const char *ids, bool is_on)
{
	chosen_probes off = {0};
	struct error *err = turn_listed(console, ids, is_on, &off);
	probes_disable(off.data, off.size);
	vector_deinit(&off);
	return err;
}

struct error *cmd_disable(struct console *console, const char *arguments, struct buffer *out)
{
	(void)out;
	return turn(console, arguments, false);
}

static struct error *turn_on_limited(struct console *console, struct probe *probe, void *limit)
{
	TRY(runtime_set_limit(console->runtime, probe, limit));
	return probe_enable(probe);
}

/* All of them is too easily said by a slip: `enable once` wants to be told which. */
static struct error *limit_probes(struct console *console, const char *ids,
				  struct runtime_limit *limit)
{
	if (!*ids)
		return error_new(ERR_USAGE, "Argument required (one or more breakpoint numbers).");
	return console_each_probe(console, ids, turn_on_limited, limit);
}

static struct error *enable_once(struct console *console, const char *arguments, struct buffer *out)
{
	struct runtime_limit limit = {.disables = true, .events = 1};
	(void)out;
	return limit_probes(console, arguments, &limit);
}

static struct error *enable_delete(struct console *console, const char *arguments,
				   struct buffer *out)
{
	struct runtime_limit limit = {.deletes = true};
	(void)out;
	return limit_probes(console, arguments, &limit);
}

/* A number of hits; the rest of the text is behind it. */
static struct error *take_hits(const char **text, uint64_t *ret)
{
	char *end;
	errno = 0;
	long long hits = strtoll(*text, &end, 0);
	if (end == *text || errno || hits < 0 || (*end && !strchr(" \t\n", *end)))
		return error_new(ERR_USAGE, "\"%.*s\" is not a number of hits",
				 (int)strcspn(*text, " \t\n"), *text);
	*text = end + strspn(end, " \t\n");
	*ret = (uint64_t)hits;
	return NULL;
}

static struct error *enable_count(struct console *console, const char *arguments,
				  struct buffer *out)
{
	struct runtime_limit limit = {.disables = true};
	(void)out;
	if (!*arguments)
		return error_new(ERR_USAGE, "Argument required (hit count).");
	TRY(take_hits(&arguments, &limit.events));
	if (!limit.events)
		return error_new(ERR_USAGE, "the number of hits must be at least 1");
	return limit_probes(console, arguments, &limit);
}

const struct command enable_commands[] = {
    {
	.name = "count",
	.usage = "enable count N NUMBERS",
	.summary = "Enable tracepoints for N hits, then disable them.",
	.run = enable_count,
	.flags = COMMAND_OF_NUMBERS,
	.examples = "enable count 5 1\n",
    },
    {
	.name = "delete",
	.usage = "enable delete NUMBERS",
	.summary = "Enable tracepoints and delete them at the next hit.",
	.run = enable_delete,
	.flags = COMMAND_OF_NUMBERS,
	.examples = "enable delete 1\n",
    },
    {
	.name = "once",
	.usage = "enable once NUMBERS",
	.summary = "Enable tracepoints for one hit.",
	.run = enable_once,
	.flags = COMMAND_OF_NUMBERS,
	.examples = "enable once 1\n",
    },
    {0},
};

struct error *cmd_enable(struct console *console, const char *arguments, struct buffer *out)
{
	if (*arguments < 'a' || *arguments > 'z')
		return turn(console, arguments, true);
	return command_run_child(console, "enable ", enable_commands, arguments, out);
}

/* ------------------------------------------------------------------- ignore */

static struct error *check_ignorable(const struct probe *probe)
{
	const struct plan *plan = probe_plan(probe);
	if (probe_kind(probe) == PROBE_FLOW)
		return error_new(ERR_USAGE,
				 "tracepoint %u cannot ignore hits: half a call would be left",
				 probe_number(probe));
	if (!plan || (!plan->is_in_kernel && !plan->has_guard))
		return NULL;
	return error_hint(
	    error_new(ERR_USAGE, "tracepoint %u cannot ignore hits: its %s", probe_number(probe),
		      plan->is_in_kernel ? "block runs in the kernel" : "condition runs in Lua"),
	    "\"explain %u\" shows what runs where.", probe_number(probe));
}

struct error *cmd_ignore(struct console *console, const char *arguments, struct buffer *out)
{
	struct probe *probe = NULL;
	uint64_t hits = 0;
	if (!*arguments)
		return error_new(ERR_USAGE, "Argument required (a breakpoint number).");
	TRY(console_take_probe(console, arguments, &probe, &arguments));
	if (!*arguments)
		return error_new(ERR_USAGE, "Second argument (specified ignore-count) is missing.");
	TRY(take_hits(&arguments, &hits));
	if (hits)
		TRY(check_ignorable(probe));
	probe_set_ignored(probe, hits);
	unsigned number = probe_number(probe);
	if (!hits)
		buffer_printf(out, "Will run next time breakpoint %u is reached.\n", number);
	else if (hits == 1)
		buffer_printf(out, "Will ignore next crossing of breakpoint %u.\n", number);
	else
		buffer_printf(out, "Will ignore next %" PRIu64 " crossings of breakpoint %u.\n",
			      hits, number);
	return NULL;
}
