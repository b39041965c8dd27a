/*
 * markdown.h - CommonMark and GFM, on libcmark-gfm, which is seen nowhere else
 *
 * A flat list of blocks in source order, which is what runbooks and postmortems need.
 */
#ifndef TOCSIN_MARKDOWN_H
#define TOCSIN_MARKDOWN_H

#include <stdbool.h>
#include <stddef.h>

#include "core/arena.h"
#include "core/err.h"
#include "core/strbuf.h"

#define MARKDOWN_MAX_BYTES ((size_t)4 << 20)

enum md_kind {
	MD_NONE,
	MD_HEADING,
	MD_PARAGRAPH,
	MD_FENCE,	/* fenced code */
	MD_INDENTED,	/* indented code */
	MD_TASK,	/* a task list's item */
	MD_ITEM,	/* any other list item */
	MD_QUOTE,
	MD_TABLE,
	MD_HTML,
	MD_RULE,
};

struct md_block {
	enum md_kind	kind;
	int		level;		/* heading: 1-6; item: depth from 1 */
	int		line, end_line;	/* from 1, in the file */
	bool		checked;	/* task */
	bool		in_list, in_quote;
	bool		unclosed;	/* fence that only the end of the file or item closes */
	const char	*text;		/* heading, paragraph, item: plain text; code, HTML: as is;
					   table: rows on lines, " | " between cells; else "" */
	const char	*info;		/* fence: what follows the marker in the source, undecoded */
	const char	*title;		/* code in a list item: the item's text, else NULL */
};

struct md_doc {
	struct md_block	*blocks;	/* from the arena */
	size_t		n;
	const char	*front;		/* front matter's text, or NULL */
	char		front_kind;	/* 'y' YAML, 't' TOML, 'j' JSON, 0 none */
	int		front_line;	/* of its first line of content */
};

/*
 * Never fails on content: everything is Markdown.  Refuses more than MARKDOWN_MAX_BYTES
 * (ERR_LIMIT).  An item's first paragraph is the item's text and no block of its own; front
 * matter is no block, but its lines count.  Line ends in all texts are \n.
 */
int markdown_parse(struct md_doc *out, const char *s, size_t n, struct arena *a, struct err *e);

/* As HTML, raw HTML and unsafe links left out; append to out. */
int markdown_html(struct strbuf *out, const char *s, size_t n, struct err *e);

#endif
