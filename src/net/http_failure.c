#include "config.h"

#include "net/http_failure.h"

#include <string.h>

#include "core/duration.h"
#include "core/i18n.h"
#include "net/url.h"

struct code_row {
	CURLcode curl;
	enum err_code code;
	enum err_retry retry;
	const char *what, *hint;
};

static const struct code_row code_rows[] = {
	{CURLE_COULDNT_RESOLVE_HOST, ERR_NET, RETRY_LATER,
		N_("the host's name is not known"),
		N_("check the host in the URL and this machine's name service")},
	{CURLE_COULDNT_RESOLVE_PROXY, ERR_NET, RETRY_LATER,
		N_("the proxy's name is not known"),
		N_("check the proxy variables of the environment")},
	{CURLE_GOT_NOTHING, ERR_NET, RETRY_LATER,
		N_("the server hung up without an answer"), NULL},
	{CURLE_PARTIAL_FILE, ERR_NET, RETRY_LATER,
		N_("the answer broke off in the middle"), NULL},
	{CURLE_RECV_ERROR, ERR_NET, RETRY_LATER, N_("the connection broke off"), NULL},
	{CURLE_SEND_ERROR, ERR_NET, RETRY_LATER, N_("the connection broke off"), NULL},
	{CURLE_HTTP2, ERR_NET, RETRY_LATER, N_("the connection broke off"), NULL},
	{CURLE_HTTP2_STREAM, ERR_NET, RETRY_LATER, N_("the connection broke off"), NULL},
	{CURLE_BAD_CONTENT_ENCODING, ERR_BACKEND, RETRY_LATER,
		N_("the answer's compression is damaged"), NULL},
	{CURLE_WEIRD_SERVER_REPLY, ERR_BACKEND, RETRY_LATER,
		N_("what answers speaks no HTTP"), N_("check the port in the URL")},
	{CURLE_UNSUPPORTED_PROTOCOL, ERR_BACKEND, RETRY_LATER,
		N_("what answers speaks no HTTP"), N_("check the port in the URL")},
	{CURLE_URL_MALFORMAT, ERR_INPUT, RETRY_NEVER, N_("the URL is malformed"), NULL},
	{CURLE_SSL_CERTPROBLEM, ERR_INPUT, RETRY_LATER,
		N_("our own certificate cannot be used"),
		N_("check tls: cert and key of this source")},
	{CURLE_SSL_CACERT_BADFILE, ERR_INPUT, RETRY_LATER,
		N_("the authority's certificate cannot be read"),
		N_("check tls: ca of this source")},
	{CURLE_OUT_OF_MEMORY, ERR_SYSTEM, RETRY_LATER, N_("memory is exhausted"), NULL},
};

static void connect_err(const struct http_failure *f, struct err *e)
{
	long number = 0;

	curl_easy_getinfo(f->easy, CURLINFO_OS_ERRNO, &number);
	if (number)
		err_set(e, ERR_NET, _("cannot connect: %s"), strerror((int)number));
	else
		err_set(e, ERR_NET, _("cannot connect"));
	err_hint(e, _("is the server up, and do its host and port stand in the URL?"));
	err_retry(e, RETRY_LATER);
}

static void tls_err(const struct http_failure *f, struct err *e)
{
	err_set(e, ERR_NET, _("no secure connection: %s"),
		*f->tls_words ? f->tls_words : curl_easy_strerror(f->code));
	err_hint(e, _("an authority of your own is named with tls: {ca: FILE}"));
	err_retry(e, RETRY_LATER);
}

static void timeout_err(const struct http_failure *f, struct err *e)
{
	struct strbuf time = STRBUF_INIT;

	duration_format(&time, f->timeout_ns);
	err_set(e, ERR_NET, _("no complete answer came within %s"), time.buf);
	err_retry(e, RETRY_LATER);
	strbuf_release(&time);
}

static void large_err(const struct http_failure *f, struct err *e)
{
	err_set(e, ERR_LIMIT, _("the answer is larger than the %lld bytes allowed"),
		(long long)f->max_bytes);
	err_hint(e, _("raise max_bytes of this source, or ask for less"));
	err_retry(e, RETRY_LATER);
}

static void many_err(struct err *e)
{
	err_set(e, ERR_LIMIT, "%s", _("too many large answers arrive at once"));
	err_hint(e, "%s", _("lower max_bytes of the sources, or ask for less"));
	err_retry(e, RETRY_LATER);
}

int http_failure_err(const struct http_failure *f, struct err *e)
{
	const struct code_row *row = NULL;
	struct strbuf shown = STRBUF_INIT;

	for (size_t i = 0; i < ARRAY_LEN(code_rows) && !row; i++) {
		if (code_rows[i].curl == f->code)
			row = &code_rows[i];
	}
	if (f->too_large || f->code == CURLE_FILESIZE_EXCEEDED) {
		large_err(f, e);
	} else if (f->too_many) {
		many_err(e);
	} else if (f->code == CURLE_OPERATION_TIMEDOUT) {
		timeout_err(f, e);
	} else if (f->code == CURLE_COULDNT_CONNECT) {
		connect_err(f, e);
	} else if (f->code == CURLE_SSL_CONNECT_ERROR ||
		f->code == CURLE_PEER_FAILED_VERIFICATION) {
		tls_err(f, e);
	} else if (row) {
		err_set(e, row->code, "%s", _(row->what));
		if (row->hint)
			err_hint(e, "%s", _(row->hint));
		err_retry(e, row->retry);
	} else {
		err_set(e, ERR_NET, _("the request failed: %s"),
			curl_easy_strerror(f->code));
		err_retry(e, RETRY_LATER);
	}
	url_shown(&shown, f->url);
	err_where(e, "%s", shown.buf);
	strbuf_release(&shown);
	return -1;
}
