#include "config.h"
#include "core/log.h"

#include <errno.h>
#include <fcntl.h>
#include <stdarg.h>
#include <stdio.h>
#include <time.h>
#include <unistd.h>

#include "core/clock.h"
#include "core/i18n.h"
#include "core/strbuf.h"

static int sink = -1;
static enum log_level threshold = LOG_OFF;

int log_open(const char *file, enum log_level level, struct err *e)
{
	int fd = STDERR_FILENO;

	if (file)
		fd = open(file, O_WRONLY | O_APPEND | O_CREAT | O_CLOEXEC | O_NOFOLLOW,
			0600);
	if (fd < 0)
		return err_errno(e, errno, _("cannot open the log %s"), file);
	log_close();
	sink = fd;
	threshold = level;
	return 0;
}

void log_close(void)
{
	if (sink > STDERR_FILENO)
		close(sink);
	sink = -1;
	threshold = LOG_OFF;
}

void log_at(enum log_level level, const char *fmt, ...)
{
	static const char *const names[] = {"off", "warn", "info", "debug"};
	struct strbuf line = STRBUF_INIT;
	int64_t now = clock_now();
	time_t seconds = (time_t)(now / NS_PER_S);
	struct tm tm;
	va_list ap;

	if (level > threshold || sink < 0)
		return;
	gmtime_r(&seconds, &tm);
	strbuf_addf(&line, "%02d:%02d:%02d.%03d %d %s ", tm.tm_hour, tm.tm_min, tm.tm_sec,
		(int)(now / NS_PER_MS % 1000), (int)getpid(), names[level]);
	va_start(ap, fmt);
	strbuf_vaddf(&line, fmt, ap);
	va_end(ap);
	strbuf_addc(&line, '\n');
	if (write(sink, line.buf, line.len) < 0)
		threshold = LOG_OFF;
	strbuf_release(&line);
}
