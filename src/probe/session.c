/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * session.c - the probes, the target they are for, the kernel they are in.
 */
#include <sys/stat.h>

#include "internal.h"

/* include/linux/proc_ns.h, PROC_PID_INIT_INO: the same on every kernel. */
#define FIRST_PID_NAMESPACE 0xeffffffcu

static void find_pid_namespace(struct pid_namespace *ret)
{
	struct stat st;

	if (stat("/proc/self/ns/pid", &st) == 0 && st.st_ino != FIRST_PID_NAMESPACE)
		*ret = (struct pid_namespace){st.st_dev, st.st_ino};
}

struct session *session_new(const struct session_options *options)
{
	struct session *session = xcalloc(1, sizeof(*session));

	session->options = *options;
	session->change_fd = -1;
	session->limits = COMPILE_LIMITS_DEFAULT;
	target_init(&session->target);
	find_pid_namespace(&session->pid_namespace);
	return session;
}

static void empty_graveyard(struct session *session)
{
	for (size_t i = 0; i < session->buried.size; i++)
		probe_free(session->buried.data[i]);
	session->buried.size = 0;
}

void session_free(struct session *session)
{
	for (size_t i = 0; i < session->probes.size; i++)
		probe_free(session->probes.data[i]);
	empty_graveyard(session);
	changes_deinit(session);
	vector_deinit(&session->probes);
	vector_deinit(&session->buried);
	target_deinit(&session->target);
	stacks_free(session->stacks);
	kernel_close(session->kernel);
	free(session);
}

void session_set_limits(struct session *session, const struct compile_limits *limits)
{
	session->limits = *limits;
}

const struct compile_limits *session_limits(const struct session *session)
{
	return &session->limits;
}

void session_stop(struct session *session)
{
	session->is_stopped = true;
	changes_deinit(session);
	probes_detach(session->probes.data, session->probes.size);
}

struct error *session_kernel(struct session *session, struct kernel **ret)
{
	if (!session->kernel)
		TRY(kernel_open(&session->options.kernel, &session->kernel));
	*ret = session->kernel;
	return NULL;
}

/* ------------------------------------------------------------------ target */

/* Probes speak of the target they were placed in: that one may not change
 * under them. */
static struct error *check_no_probes(const struct session *session)
{
	const struct probe *probe = session_next_probe(session, NULL);

	if (!probe)
		return NULL;
	return error_hint(error_new(ERR_USAGE, "tracepoint %u is in %s", probe_number(probe),
				    program_path(session->target.public.program)),
			  "Delete the tracepoints first (delete).");
}

struct error *session_set_file(struct session *session, const char *path)
{
	TRY(check_no_probes(session));
	return target_set_file(&session->target, path);
}

struct error *session_attach(struct session *session, pid_t pid)
{
	TRY(check_no_probes(session));
	return target_attach(&session->target, pid);
}

struct error *session_detach(struct session *session)
{
	struct probe *probe;

	if (session->target.public.state != TARGET_PROCESS)
		return error_new(ERR_USAGE, "The program is not being run.");
	while ((probe = session_next_probe(session, NULL)))
		probe_delete(probe);
	target_deinit(&session->target);
	return NULL;
}

/* Before a process is forked that the probes are to go over to: a copy of their
 * descriptors in it would keep them where they were. */
static void unbuild_probes(struct session *session)
{
	probes_detach(session->probes.data, session->probes.size);
	for (struct probe *probe = NULL; (probe = session_next_probe(session, probe));)
		probe_unbuild(probe);
}

static struct error *build_probes(struct session *session)
{
	for (struct probe *probe = NULL; (probe = session_next_probe(session, probe));)
		TRY(probe_build(probe));
	return NULL;
}

static bool is_same_file(const struct program *a, const struct program *b)
{
	struct stat of_a, of_b;

	return a && stat(image_path(program_executable(a)), &of_a) == 0 &&
	       stat(image_path(program_executable(b)), &of_b) == 0 && of_a.st_dev == of_b.st_dev &&
	       of_a.st_ino == of_b.st_ino;
}

struct error *session_launch(struct session *session, char *const argv[])
{
	struct target *target = &session->target.public;
	struct program *program;

	TRY(program_open(argv[0], &program));
	if (is_same_file(target->program, program)) {
		program_free(program);
		program = target->program;
		target->program = NULL; /* handed over, not freed with the old target */
	} else {
		struct error *err = check_no_probes(session);

		if (err) {
			program_free(program);
			return err;
		}
	}
	unbuild_probes(session);
	TRY(target_launch(&session->target, program, argv, session->options.is_interactive));
	return build_probes(session);
}

struct error *session_run(struct session *session)
{
	struct target_private *target = &session->target;

	if (!target->launched.arguments)
		return error_hint(error_new(ERR_NO_TARGET, "there is no program to run"),
				  "Start moontap with --args PROGRAM [ARGUMENTS].");
	if (target->public.state == TARGET_RUNNING)
		return error_new(ERR_USAGE, "The program is running already, as process %d.",
				 target->public.pid);
	if (target->public.state == TARGET_EXITED) {
		unbuild_probes(session);
		TRY(target_hold(target, session->options.is_interactive));
		TRY(build_probes(session));
	}
	return target_release(target);
}

struct error *session_kill(struct session *session)
{
	return target_kill(&session->target);
}

const struct target *session_target(const struct session *session)
{
	return &session->target.public;
}

int session_exit_fd(const struct session *session)
{
	return session->target.pidfd;
}

void session_note_exit(struct session *session)
{
	target_note_exit(&session->target);
	mappings_end(session);
}

/* ------------------------------------------------------------------ probes */

struct probe *session_probe(const struct session *session, unsigned number)
{
	return number >= 1 && number <= session->probes.size ? session->probes.data[number - 1]
							     : NULL;
}

unsigned session_last_number(const struct session *session)
{
	return (unsigned)session->probes.size;
}

bool session_set_dry_run(struct session *session, bool is_dry_run)
{
	bool was = session->options.is_dry_run;

	session->options.is_dry_run = is_dry_run;
	return was;
}

struct probe *session_next_probe(const struct session *session, const struct probe *previous)
{
	for (size_t i = previous ? previous->number : 0; i < session->probes.size; i++)
		if (session->probes.data[i])
			return session->probes.data[i];
	return NULL;
}

void probe_delete(struct probe *probe)
{
	struct session *session = probe->session;

	session->probes.data[probe->number - 1] = NULL;
	if (probe->is_enabled)
		probe_disable(probe);
	probe_going(probe);
	changes_prune(session);
	if (session->is_consuming)
		vector_push(&session->buried, probe);
	else
		probe_free(probe);
}

/* ------------------------------------------------------------------ events */

int session_fd(const struct session *session)
{
	return session->kernel ? kernel_fd(session->kernel) : -1;
}

struct consumer {
	struct session *session;
	bool (*fn)(void *context, const struct delivery *);
	void *context;
};

static bool deliver(void *context, const struct record *record)
{
	struct consumer *consumer = context;
	struct delivery delivery = {
	    .probe = session_probe(consumer->session, RECORD_PROBE(record->cookie)),
	    .record = record,
	};

	if (!delivery.probe)
		return true;
	delivery.site_index = probe_find_site(delivery.probe, record);
	if (delivery.site_index == SIZE_MAX)
		return true;
	if (delivery.probe->ignore) {
		delivery.probe->ignore--;
		probe_note_filtered(delivery.probe, delivery.site_index);
		return true;
	}
	return consumer->fn(consumer->context, &delivery);
}

size_t session_consume(struct session *session, bool (*fn)(void *context, const struct delivery *),
		       void *context)
{
	struct consumer consumer = {session, fn, context};

	if (!session->kernel)
		return 0;
	session->is_consuming = true;
	size_t count = kernel_consume(session->kernel, deliver, &consumer);
	session->is_consuming = false;
	empty_graveyard(session);
	/* Whatever the records just taken were hit in was mapped before: it has been told. */
	mappings_update(session);
	return count;
}

bool session_arm(struct session *session)
{
	pending_relax(session);
	return !session->kernel || kernel_arm(session->kernel);
}
