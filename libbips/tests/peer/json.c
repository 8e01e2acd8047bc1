#include "json.h"

#include <stdlib.h>
#include <string.h>

static void skip(const char **at) { *at += strspn(*at, " \t\r\n"); }

static void put_utf8(char *text, size_t *used, unsigned code) {
  if (code < 0x80) {
    text[(*used)++] = (char)code;
  } else if (code < 0x800) {
    text[(*used)++] = (char)(0xc0 | code >> 6);
    text[(*used)++] = (char)(0x80 | (code & 0x3f));
  } else {
    text[(*used)++] = (char)(0xe0 | code >> 12);
    text[(*used)++] = (char)(0x80 | (code >> 6 & 0x3f));
    text[(*used)++] = (char)(0x80 | (code & 0x3f));
  }
}

/* parse_text reads what is between quotes; NULL: it is no text. */
static char *parse_text(const char **at) {
  static const char names[] = "\"\\/bfnrt", values[] = "\"\\/\b\f\n\r\t";
  char *text = malloc(strlen(*at) + 1);
  size_t used = 0;

  for ((*at)++; **at != 0 && **at != '"'; (*at)++) {
    if (**at != '\\') {
      text[used++] = **at;
      continue;
    }
    const char *name = strchr(names, *++*at);
    if (**at == 'u' && strlen(*at) > 4) {
      char digits[5] = {(*at)[1], (*at)[2], (*at)[3], (*at)[4], 0};
      put_utf8(text, &used, (unsigned)strtoul(digits, NULL, 16));
      *at += 4;
    } else if (**at != 0 && name != NULL) {
      text[used++] = values[name - names];
    } else {
      break;
    }
  }
  if (**at != '"') {
    free(text);
    return NULL;
  }
  ++*at;
  text[used] = 0;
  return text;
}

static struct json *parse_value(const char **at);

/* parse_children reads the members of an object or the elements of an array up to its end. */
static bool parse_children(const char **at, struct json *j, char end) {
  struct json **last = &j->children;

  ++*at;
  skip(at);
  while (**at != end) {
    char *key = NULL;
    if (j->type == JSON_OBJECT) {
      if (**at != '"' || (key = parse_text(at)) == NULL)
        return false;
      skip(at);
      if (**at != ':') {
        free(key);
        return false;
      }
      ++*at;
    }
    if ((*last = parse_value(at)) == NULL) {
      free(key);
      return false;
    }
    (*last)->key = key;
    last = &(*last)->next;
    skip(at);
    if (**at == ',')
      ++*at;
    else if (**at != end)
      return false;
    skip(at);
  }
  ++*at;
  return true;
}

static struct json *parse_value(const char **at) {
  struct json *j = calloc(1, sizeof *j);
  bool ok = true;
  char *end;

  skip(at);
  if (**at == '{') {
    j->type = JSON_OBJECT;
    ok = parse_children(at, j, '}');
  } else if (**at == '[') {
    j->type = JSON_ARRAY;
    ok = parse_children(at, j, ']');
  } else if (**at == '"') {
    j->type = JSON_TEXT;
    ok = (j->text = parse_text(at)) != NULL;
  } else if (strncmp(*at, "true", 4) == 0 || strncmp(*at, "false", 5) == 0) {
    j->type = JSON_BOOL;
    j->number = **at == 't';
    *at += **at == 't' ? 4 : 5;
  } else if (strncmp(*at, "null", 4) == 0) {
    *at += 4;
  } else {
    j->type = JSON_NUMBER;
    j->number = strtoll(*at, &end, 10);
    ok = end != *at;
    *at = end + strspn(end, "0123456789.eE+-");
  }
  if (ok)
    return j;
  json_free(j);
  return NULL;
}

struct json *json_parse(const char *line) {
  struct json *j = parse_value(&line);

  skip(&line);
  if (j != NULL && *line == 0 && j->type == JSON_OBJECT)
    return j;
  json_free(j);
  return NULL;
}

void json_free(struct json *j) {
  while (j != NULL) {
    struct json *next = j->next;
    json_free(j->children);
    free(j->key);
    free(j->text);
    free(j);
    j = next;
  }
}

const struct json *json_member(const struct json *j, const char *key) {
  for (const struct json *m = j == NULL ? NULL : j->children; m != NULL; m = m->next)
    if (m->key != NULL && strcmp(m->key, key) == 0)
      return m;
  return NULL;
}

int64_t json_number(const struct json *j, const char *key) {
  const struct json *m = json_member(j, key);

  return m == NULL ? 0 : m->number;
}

const char *json_text(const struct json *j, const char *key) {
  const struct json *m = json_member(j, key);

  return m == NULL || m->text == NULL ? "" : m->text;
}
