/* inventory.h - one list for every kind of record: what was read, as its table says */
#ifndef TOCSIN_PANES_INVENTORY_H
#define TOCSIN_PANES_INVENTORY_H

#include "model/record.h"
#include "model/slo.h"
#include "tui/pane.h"

struct inventory_kind {
	const char		*name;		/* of the pane: "flags" */
	enum record_kind	kind;
};

struct inventory {
	const struct inventory_kind *what;
	const struct record_def	*def;
	struct column		*columns;	/* owned; ends with name NULL */
};

struct inventory_row {
	const void	*record;
	const char	*source, *key;
	int64_t		since;
	enum severity	severity;
	const char	*word;		/* of its state; NULL: it has none */
};

/* A field's value for people; long: on a page, where there is room. */
void field_text(struct strbuf *out, struct pane *p, const struct field *f, const void *record,
	bool on_page);

/* N_(): what people call it; its name where the table has none. */
const char *field_title(const struct field *f);

/* inventory_page.c */
void inventory_detail(struct pane *p, const void *data, struct doc *out);

#endif
