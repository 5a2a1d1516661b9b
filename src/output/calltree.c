/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * calltree.c - calls and returns, as they come, as lines that are indented by who called whom.
 *
 * A task's calls are a stack, ordered by their frames: a call that begins or ends further out
 * than others of its task shows that those are over, however they were left. So what was
 * missed is noticed at the next event, and said.
 *
 * The line of a call is kept back until something else happens in its task, or for a moment:
 * one that calls nothing is a line of its own, with its result.
 */
#include <inttypes.h>
#include <string.h>

#include "moontap/output.h"

#define INDENT	  2
#define KEEP_NS	  50000000 /* so long a line is kept back */
#define BUCKETS	  256
#define TASKS_MAX 65536

struct open_call {
	uint64_t frame;
	char *name, *arguments; /* arguments NULL: its line has been written */
	int64_t due_ns;		/* when it is to be written */
	bool is_hidden;		/* deeper than is shown */
};

struct task {
	struct calltree_task id;
	VECTOR(struct open_call) calls; /* outermost first */
	struct task *next;
};

struct calltree {
	unsigned depth; /* levels shown; 0: all */
	bool shows_pid;
	struct task *buckets[BUCKETS];
	size_t task_count;
	size_t kept; /* lines kept back */
	struct calltree_task last;
	bool has_last;
};

/* ------------------------------------------------------------------------ tasks */

static bool is_same(const struct calltree_task *a, const struct calltree_task *b)
{
	return a->pid == b->pid && a->number == b->number && a->is_goroutine == b->is_goroutine;
}

static struct task **find_task(struct calltree *tree, const struct calltree_task *id)
{
	struct task **link = &tree->buckets[(id->number * 31 + id->pid) % BUCKETS];

	while (*link && !is_same(&(*link)->id, id))
		link = &(*link)->next;
	return link;
}

static void free_call(struct calltree *tree, struct open_call *call)
{
	tree->kept -= call->arguments != NULL;
	free(call->name);
	free(call->arguments);
}

/* Unlinks the task that *link is. */
static void free_task(struct calltree *tree, struct task **link)
{
	struct task *task = *link;

	if (!task)
		return;
	*link = task->next;
	for (size_t i = 0; i < task->calls.size; i++)
		free_call(tree, &task->calls.data[i]);
	vector_deinit(&task->calls);
	free(task);
	tree->task_count--;
}

struct calltree *calltree_new(unsigned depth, bool shows_pid)
{
	struct calltree *tree = xcalloc(1, sizeof(*tree));

	tree->depth = depth;
	tree->shows_pid = shows_pid;
	return tree;
}

static void free_tasks(struct calltree *tree)
{
	for (size_t i = 0; i < BUCKETS; i++)
		while (tree->buckets[i])
			free_task(tree, &tree->buckets[i]);
}

void calltree_free(struct calltree *tree)
{
	if (!tree)
		return;
	free_tasks(tree);
	free(tree);
}

/* ------------------------------------------------------------------------ lines */

static void put_duration(struct buffer *out, uint64_t ns)
{
	static const char *const units[] = {"ns", "us", "ms"};
	double value = (double)ns;
	size_t unit = 0;

	while (unit < ARRAY_SIZE(units) && value >= 999.95) {
		value /= 1000;
		unit++;
	}
	buffer_printf(out, unit ? "  %.1f%s" : "  %.0f%s", value,
		      unit < ARRAY_SIZE(units) ? units[unit] : "s");
}

/* The task in front, and a line between two tasks. */
static void begin_line(struct calltree *tree, const struct calltree_task *task, size_t level,
		       struct buffer *out)
{
	if (tree->has_last && !is_same(&tree->last, task))
		buffer_puts(out, "----\n");
	tree->last = *task;
	tree->has_last = true;
	buffer_putc(out, '[');
	if (task->is_goroutine && tree->shows_pid)
		buffer_printf(out, "%" PRIu64 " ", task->pid);
	if (!task->is_goroutine || task->number)
		buffer_printf(out, "%s%" PRIu64, task->is_goroutine ? "goroutine " : "",
			      task->number);
	else
		buffer_puts(out, "goroutine ?");
	buffer_printf(out, "] %*s", (int)(level * INDENT), "");
}

static void put_name(struct buffer *out, const char *name)
{
	escape_text(out, name, strlen(name), false);
}

/* Writes what is kept back of a call. */
static void open_line(struct calltree *tree, const struct task *task, size_t level,
		      struct buffer *out)
{
	struct open_call *call = &task->calls.data[level];

	if (!call->arguments)
		return;
	begin_line(tree, &task->id, level, out);
	put_name(out, call->name);
	buffer_puts(out, call->arguments);
	free(call->arguments);
	call->arguments = NULL;
	tree->kept--;
}

/* What ends a call is behind the whole of it, or behind its name. */
static void close_line(struct calltree *tree, struct task *task, size_t level, struct buffer *out)
{
	struct open_call *call = &task->calls.data[level];

	begin_line(tree, &task->id, level, out);
	put_name(out, call->name);
	buffer_puts(out, call->arguments ? call->arguments : "");
}

static void write_open(struct calltree *tree, const struct task *task, struct buffer *out)
{
	for (size_t i = 0; i < task->calls.size; i++)
		if (task->calls.data[i].arguments) {
			open_line(tree, task, i, out);
			buffer_putc(out, '\n');
		}
}

/* ------------------------------------------------------------------------ calls */

static void drop_last(struct calltree *tree, struct task *task)
{
	free_call(tree, &task->calls.data[--task->calls.size]);
}

/* Calls that are further in than frame are over (is_inclusive: one that has it, too). */
static void drop_left(struct calltree *tree, struct task *task, uint64_t frame, bool is_inclusive,
		      struct buffer *out)
{
	while (task->calls.size) {
		size_t level = task->calls.size - 1;
		const struct open_call *call = &task->calls.data[level];

		if (call->frame < frame || (call->frame == frame && !is_inclusive))
			return;
		if (!call->is_hidden) {
			close_line(tree, task, level, out);
			buffer_puts(out, "  no return seen\n");
		}
		drop_last(tree, task);
	}
}

static struct task *make_task(struct calltree *tree, const struct calltree_task *id)
{
	struct task **link = find_task(tree, id);

	if (*link)
		return *link;
	/* Tasks that ended within their calls stay: forget what is there, rather than grow. */
	if (tree->task_count == TASKS_MAX)
		free_tasks(tree);
	link = find_task(tree, id);
	*link = xcalloc(1, sizeof(**link));
	(*link)->id = *id;
	tree->task_count++;
	return *link;
}

bool calltree_enter(struct calltree *tree, const struct calltree_call *call, const char *arguments,
		    int64_t now_ns, struct buffer *out)
{
	struct task *task = make_task(tree, &call->task);

	drop_left(tree, task, call->frame, true, out);
	bool is_hidden = tree->depth && task->calls.size >= tree->depth;
	if (!is_hidden)
		write_open(tree, task, out);
	vector_push(&task->calls, ((struct open_call){
				      .frame = call->frame,
				      .name = xstrdup(call->name),
				      .arguments = is_hidden ? NULL : xstrdup(arguments),
				      .due_ns = now_ns + KEEP_NS,
				      .is_hidden = is_hidden,
				  }));
	tree->kept += !is_hidden;
	return !is_hidden;
}

/* The entry was not seen: the call stands where it would have been. */
static bool leave_unknown(struct calltree *tree, struct task *task,
			  const struct calltree_call *call, const char *result, uint64_t elapsed_ns,
			  struct buffer *out)
{
	if (tree->depth && task->calls.size >= tree->depth)
		return false;
	write_open(tree, task, out);
	begin_line(tree, &task->id, task->calls.size, out);
	put_name(out, call->name);
	buffer_puts(out, "(...)");
	buffer_puts(out, result);
	put_duration(out, elapsed_ns);
	buffer_puts(out, "  its entry was lost\n");
	return true;
}

bool calltree_leave(struct calltree *tree, const struct calltree_call *call, const char *result,
		    uint64_t elapsed_ns, struct buffer *out)
{
	struct task *task = make_task(tree, &call->task);
	bool is_shown;

	drop_left(tree, task, call->frame, false, out);
	size_t count = task->calls.size;
	if (count && task->calls.data[count - 1].frame == call->frame &&
	    strcmp(task->calls.data[count - 1].name, call->name) == 0) {
		is_shown = !task->calls.data[count - 1].is_hidden;
		if (is_shown) {
			close_line(tree, task, count - 1, out);
			buffer_puts(out, result);
			put_duration(out, elapsed_ns);
			buffer_putc(out, '\n');
		}
		drop_last(tree, task);
	} else {
		is_shown = leave_unknown(tree, task, call, result, elapsed_ns, out);
	}
	if (!task->calls.size)
		free_task(tree, find_task(tree, &call->task));
	return is_shown;
}

/* ------------------------------------------------------------------------ time */

int64_t calltree_flush(struct calltree *tree, int64_t now_ns, struct buffer *out)
{
	int64_t next_ns = INT64_MAX;

	for (size_t i = 0; i < BUCKETS && tree->kept; i++)
		for (const struct task *task = tree->buckets[i]; task; task = task->next) {
			const struct open_call *last = &task->calls.data[task->calls.size - 1];

			if (task->calls.size && last->arguments && last->due_ns <= now_ns)
				write_open(tree, task, out);
			else if (task->calls.size && last->arguments && last->due_ns < next_ns)
				next_ns = last->due_ns;
		}
	return next_ns;
}

void calltree_end(struct calltree *tree, struct buffer *out)
{
	size_t count = 0;

	calltree_flush(tree, INT64_MAX, out);
	for (size_t i = 0; i < BUCKETS; i++)
		for (const struct task *task = tree->buckets[i]; task; task = task->next)
			for (size_t k = 0; k < task->calls.size; k++)
				count += !task->calls.data[k].is_hidden;
	if (count)
		buffer_printf(out, "%zu call%s shown above had not returned by then.\n", count,
			      count == 1 ? "" : "s");
	free_tasks(tree);
}
