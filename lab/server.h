/* server.h - the lab on a port of 127.0.0.1, with its faults; libmicrohttpd on our own loop */
#ifndef LAB_SERVER_H
#define LAB_SERVER_H

#include <stdbool.h>
#include <stdint.h>

#include "core/err.h"
#include "core/loop.h"
#include "lab/request.h"

struct server;

/* lab->url is filled in.  port 0: any that is free. */
int server_new(struct server **out, struct loop *loop, struct lab *lab, uint16_t port,
	struct err *e);
void server_free(struct server *s);
uint16_t server_port(const struct server *s);

#endif
