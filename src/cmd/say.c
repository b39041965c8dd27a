#include "config.h"
#include "cmd/say.h"

#include <stdarg.h>
#include <stdio.h>

#include "core/strbuf.h"
#include "core/text.h"

void say(const char *fmt, ...)
{
	struct strbuf raw = STRBUF_INIT, safe = STRBUF_INIT, out = STRBUF_INIT;
	va_list ap;

	va_start(ap, fmt);
	strbuf_vaddf(&raw, fmt, ap);
	va_end(ap);
	text_safe(&safe, raw.buf, raw.len, true);
	if (text_is_utf8())
		strbuf_add(&out, safe.buf, safe.len);
	else
		text_ascii(&out, safe.buf);
	fwrite(out.buf, 1, out.len, stdout);
	strbuf_release(&raw);
	strbuf_release(&safe);
	strbuf_release(&out);
}
