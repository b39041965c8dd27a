/* front.h - the front matter of a Markdown document; for markdown.c alone */
#ifndef TOCSIN_FRONT_H
#define TOCSIN_FRONT_H

#include <stddef.h>

struct front {
	char	kind;		/* 'y' YAML, 't' TOML, 'j' JSON, 0 none */
	int	line;		/* of its first line of content, from 1 */
	size_t	start, n;	/* its content */
	size_t	end;		/* where the Markdown begins */
};

/*
 * Between two lines of --- (YAML; ... ends it too) or +++ (TOML), or a JSON object, at the start
 * of s, behind a byte order mark; line ends are \n.  What is not closed or has no key is Markdown.
 */
void front_find(struct front *out, const char *s, size_t n);

/* Blank it in place, so that the lines behind keep their numbers. */
void front_blank(const struct front *f, char *s);

#endif
