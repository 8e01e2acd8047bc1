#include "crashpoint.h"
#include "errors.h"
#include "link.h"

/* ---- The reader: the producer says where it has moved to */

/* read_move is X3 with a MOVE. */
static int read_move(struct link *l, struct attachment *a, struct letter *letter) {
  struct connection *c = connection_of(l);
  struct bips_wire_grant grant;
  struct bips_wire_move move;
  struct attachment *next;
  struct wire_why why;
  enum wire_result result = wire_parse_move(letter->message, letter->size, &move, &why);
  int err;

  if (result != WIRE_OK)
    return wrong_message(result, &why);
  wire_grant_of_move(&move, &grant);
  if ((err = accept_pool(a->consumer, &grant, &letter->received, &next)) < 0)
    return err;
  const struct geometry *g = &next->pool.g;
  if (move.left != a->pool.g.instance || g->instance != a->pool.g.instance || g->move != a->pool.g.move + 1 || g->first != move.first ||
      next->index != a->index || next->generation != a->generation || next->granted != a->granted) {
    free_attachment(next);
    return fail(BIPS_DAMAGED, "it moves to another pool, or to another one's seat");
  }
  link_of(next)->slots = l->slots;
  l->next = next;
  l->seated = false;
  HIT("X3");
  if (send_ready(c, &grant) < 0)
    connection_shutdown(c); /* the end of the connection tells the rest */
  return 0;
}

static int read_letter(struct link *l, struct attachment *a, struct letter *letter) {
  struct bips_wire_head head;
  struct wire_why why;
  enum wire_result result = wire_parse_head(letter->message, letter->size, &head, &why);

  if (result != WIRE_OK)
    return wrong_message(result, &why);
  if (head.magic == BIPS_WIRE_SITS_MAGIC && l->next != NULL && is_seated(l->next, letter)) {
    l->seated = true;
    HIT("X4");
    return 0;
  }
  if (head.magic != BIPS_WIRE_MOVE_MAGIC || l->next != NULL)
    return unexpected(letter, "to a reader that sits");
  return read_move(l, a, letter);
}

/* read_letters reads what has come, and says whether nothing more will. */
static int read_letters(struct link *l, struct attachment *a, bool *ended) {
  for (;;) {
    struct letter letter;
    bool there;
    int err = connection_take(connection_of(l), &letter, &there, ended);
    if (err < 0)
      return wrong_end(err);
    if (!there)
      return 0;
    err = read_letter(l, a, &letter);
    received_discard(&letter.received);
    if (err < 0)
      return err;
  }
}

/* If the producer dies after it said where it has moved to, the place there is the reader's own all the same. */
int link_find_next(struct peer *peer, struct attachment *a, bool suspended, struct attachment **next, enum whereabouts *found) {
  struct link *l = (struct link *)peer;
  struct attachment *n;
  bool ended;
  int err = read_letters(l, a, &ended);

  *next = NULL;
  *found = GONE;
  if (err < 0)
    return err;
  if (l->next == NULL || (!l->seated && !ended)) {
    *found = l->next == NULL && ended ? NEWCOMER : NOT_YET; /* a newcomer; or the producer is lost, as its name will show */
    return 0;
  }
  n = l->next;
  l->next = NULL;
  if (!take_place(n, a, suspended)) {
    free_attachment(n);
    *found = NEWCOMER;
    return 0;
  }
  __atomic_store_n(&link_of(n)->connection, __atomic_exchange_n(&l->connection, NULL, __ATOMIC_SEQ_CST), __ATOMIC_SEQ_CST);
  link_populate(link_of(n));
  *next = n;
  *found = TAKEN;
  return 0;
}
