/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * sink.c - lines collect here and leave in one write.
 * Apart because one write a batch of events, not one a line, is what makes
 * a million lines a second possible.
 */
#include <errno.h>
#include <poll.h>
#include <string.h>
#include <unistd.h>

#include "moontap/output.h"

void sink_init(struct sink *sink, int fd)
{
	*sink = (struct sink){.fd = fd};
}

void sink_deinit(struct sink *sink)
{
	error_free(sink_flush(sink));
	buffer_deinit(&sink->pending);
}

/* Is it worth trying again? */
static bool wait_writable(int fd, int error)
{
	if (error == EINTR)
		return true;
	if (error != EAGAIN && error != EWOULDBLOCK)
		return false;
	struct pollfd wait = {.fd = fd, .events = POLLOUT};
	return poll(&wait, 1, -1) >= 0 || errno == EINTR;
}

static struct error *write_all(int fd, const char *bytes, size_t size)
{
	while (size > 0) {
		ssize_t written = write(fd, bytes, size);

		if (written >= 0) {
			bytes += written;
			size -= (size_t)written;
		} else if (!wait_writable(fd, errno)) {
			return error_new(ERR_OS, "cannot write the output: %s", strerror(errno));
		}
	}
	return NULL;
}

struct error *sink_flush(struct sink *sink)
{
	struct error *err = NULL;

	if (sink->edit)
		sink->edit(sink->context, &sink->pending);
	if (sink->pending.size > 0 && !sink->is_broken) {
		if (sink->before)
			sink->before(sink->context);
		err = write_all(sink->fd, sink->pending.data, sink->pending.size);
		if (sink->after)
			sink->after(sink->context);
	}
	sink->is_broken |= err != NULL;
	buffer_clear(&sink->pending);
	return err;
}
