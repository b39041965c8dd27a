#include "config.h"

#include "core/number.h"

#include <ctype.h>
#include <locale.h>
#include <stdlib.h>
#include <string.h>

enum { NUMBER_MAX = 400 };

bool number_parse(double *out, const char *s, size_t n)
{
	const char *point = localeconv()->decimal_point;
	size_t point_n = strlen(point);
	char text[NUMBER_MAX + 8];
	size_t len = 0;
	char *end;
	double value;

	if (!n || n > NUMBER_MAX / 2 || point_n > 2 || isspace((unsigned char)*s))
		return false;
	for (size_t i = 0; i < n; i++) {
		if (!isalnum((unsigned char)s[i]) && !strchr("+-.", s[i]))
			return false;
		if (!s[i])
			return false;
		if (s[i] == '.') {
			memcpy(text + len, point, point_n);
			len += point_n;
		} else {
			text[len++] = s[i];
		}
	}
	text[len] = '\0';
	value = strtod(text, &end);
	if (*end || end == text)
		return false;
	*out = value;
	return true;
}
