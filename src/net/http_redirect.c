#include "config.h"

#include "net/http_redirect.h"

#include <strings.h>

#include <curl/curl.h>

static char *url_part(const char *url, CURLUPart part)
{
	CURLU *u = curl_url();
	char *text = NULL;

	if (u && !curl_url_set(u, CURLUPART_URL, url, CURLU_NON_SUPPORT_SCHEME))
		(void)curl_url_get(u, part, &text, CURLU_DEFAULT_PORT);
	curl_url_cleanup(u);
	return text;
}

static bool part_equal(const char *a, const char *b, CURLUPart part)
{
	char *x = url_part(a, part), *y = url_part(b, part);
	bool equal = x && y && !strcasecmp(x, y);

	curl_free(x);
	curl_free(y);
	return equal;
}

bool http_may_follow(const char *from, const char *to)
{
	char *user = url_part(to, CURLUPART_USER);
	bool has_user = user != NULL;
	bool upgrade =
		!strncasecmp(from, "http://", 7) && !strncasecmp(to, "https://", 8);

	curl_free(user);
	if (has_user || !part_equal(from, to, CURLUPART_HOST))
		return false;
	return upgrade ||
		(part_equal(from, to, CURLUPART_SCHEME) &&
			part_equal(from, to, CURLUPART_PORT));
}
