#ifndef BIPS_CONNECTION_H
#define BIPS_CONNECTION_H

#include <stdbool.h>

#include "attach.h"
#include "sys/memfd.h"
#include "wire/wire.h"

/* struct letter is a message with what came along. */
struct letter {
  uint8_t message[BIPS_WIRE_MAX_SIZE];
  size_t size;
  struct received received;
};

/* struct connection is a consumer's end of the connection with a producer. A thread receives, so that whoever sleeps at a bell
 * is told at once when the producer is gone. All but connection_close may be called by any thread. */
struct connection;

/* connection_begin takes a connection over, whose hold it gives up if that fails. Whatever comes interrupts the consumer's waiter: so
 * the consumer must live as long as the connection. */
int connection_begin(struct conn *conn, bips_consumer *c, struct connection **connection);
/* connection_take takes the next message; the caller discards what came along. *there false: there is none; and *ended: no other
 * will come. An error: the connection ended for another reason than that the producer closed it. */
int connection_take(struct connection *c, struct letter *l, bool *there, bool *ended);
/* connection_is_alive reports whether the producer lives. */
bool connection_is_alive(struct connection *c);
/* connection_send sends a message without descriptors. It never waits. */
int connection_send(struct connection *c, const uint8_t *message, size_t size);
/* connection_shutdown has the connection end: whoever looks at it finds that. */
void connection_shutdown(struct connection *c);
/* connection_close ends it, and frees it. NULL: nothing. */
void connection_close(struct connection *c);

#endif
