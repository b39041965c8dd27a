/*
 * stream.h - detectors that watch one value at a time: Page-Hinkley, DDM, EDDM, ADWIN
 *
 * Each starts anew by itself after it found drift.  Give the values in order.
 */
#ifndef TOCSIN_STREAM_H
#define TOCSIN_STREAM_H

#include <stdbool.h>
#include <stddef.h>

enum stream_found { STREAM_NOTHING, STREAM_WARNING, STREAM_DRIFT, STREAM_RISE, STREAM_FALL };

/* The mean moved: for latencies, scores.  Zeroed but for what is not a default. */
struct page_hinkley {
	double	delta, lambda, alpha;	/* page_hinkley_init(): 0.005, 50, 0.9999 */
	size_t	least;			/* 30 */
	size_t	n;
	double	mean, up, down, least_up, most_down;
};

void page_hinkley_init(struct page_hinkley *p, double lambda);
enum stream_found page_hinkley_add(struct page_hinkley *p, double value);

/* The share of errors rose. */
struct ddm {
	size_t	n;
	double	errors, least_p, least_s;
};

void ddm_init(struct ddm *d);
enum stream_found ddm_add(struct ddm *d, bool error);

/* Errors come closer together: finds slow drift before ddm does. */
struct eddm {
	double	warning, drift;		/* eddm_init(): 0.95, 0.9 */
	size_t	n, last, errors;
	double	mean, squares, best;
};

void eddm_init(struct eddm *d, double warning, double drift);
enum stream_found eddm_add(struct eddm *d, bool error);

/* A window that shrinks to what is alike (Bifet and Gavalda). */
#define ADWIN_BUCKETS 5
#define ADWIN_ROWS 48

struct adwin {
	double	delta;			/* adwin_init(): 0.002 */
	size_t	width, seen;
	double	total, variance;	/* of the window; variance times width */
	/* Row r: buckets of 2^r values, oldest first. */
	struct adwin_row {
		double	total[ADWIN_BUCKETS + 1], variance[ADWIN_BUCKETS + 1];
		size_t	n;
	} rows[ADWIN_ROWS];
	size_t	n_rows;
};

void adwin_init(struct adwin *a, double delta);
/* True: the window was cut; width and total say what is left.  Does not start anew. */
bool adwin_add(struct adwin *a, double value);

#endif
