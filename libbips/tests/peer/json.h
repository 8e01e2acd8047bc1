/* As much of JSON as orders need: one object, its members in a list. */
#ifndef PEER_JSON_H
#define PEER_JSON_H

#include <stdbool.h>
#include <stdint.h>

enum json_type { JSON_NOTHING, JSON_BOOL, JSON_NUMBER, JSON_TEXT, JSON_ARRAY, JSON_OBJECT };

struct json {
  enum json_type type;
  char *key;             /* in an object; else NULL */
  char *text;            /* JSON_TEXT */
  int64_t number;        /* JSON_NUMBER, JSON_BOOL; cut off */
  struct json *children; /* a list */
  struct json *next;
};

/* json_parse reads a line; NULL: it is none. json_free frees it. */
struct json *json_parse(const char *line);
void json_free(struct json *j);

/* These look up a member of an object; what is not there is 0, "" or NULL. */
const struct json *json_member(const struct json *j, const char *key);
int64_t json_number(const struct json *j, const char *key);
const char *json_text(const struct json *j, const char *key);

#endif
