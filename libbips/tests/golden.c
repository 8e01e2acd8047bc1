#include "golden.h"

#include "check.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

char *golden_load(const char *path) {
  FILE *file = fopen(path, "rb");
  long size = -1;

  if (file && fseek(file, 0, SEEK_END) == 0)
    size = ftell(file);
  NEED(size >= 0 && fseek(file, 0, SEEK_SET) == 0, "the golden file \"%s\" is needed", path);
  char *text = malloc((size_t)size + 1);
  NEED(text && fread(text, 1, (size_t)size, file) == (size_t)size, "read %s", path);
  text[size] = 0;
  fclose(file);
  return text;
}

bool golden_next(const char **at, struct golden *object) {
  const char *begin = strstr(*at, "\n  {\n");
  const char *end = begin ? strstr(begin, "\n  }") : NULL;

  if (!end)
    return false;
  object->begin = begin + 4;
  object->end = end;
  *at = end;
  return true;
}

const char *golden_value(const struct golden *object, const char *key, size_t *length) {
  char pattern[64];
  snprintf(pattern, sizeof pattern, "\n    \"%s\": ", key);
  const char *value = strstr(object->begin, pattern);

  if (!value || value >= object->end)
    return NULL;
  value += strlen(pattern);
  /* A field ends where the next one of the same level begins, or with the object. */
  const char *end = value;
  for (;;) {
    end = strchr(end, '\n');
    if (!end || end >= object->end) {
      end = object->end;
      break;
    }
    if (strncmp(end, "\n    \"", 6) == 0)
      break;
    end++;
  }
  if (end[-1] == ',')
    end--;
  *length = (size_t)(end - value);
  return value;
}

void golden_text(const struct golden *object, const char *key, char *text, size_t room) {
  size_t length = 0;
  const char *value = golden_value(object, key, &length);

  text[0] = 0;
  if (value && length >= 2)
    snprintf(text, room, "%.*s", (int)(length - 2), value + 1);
}

size_t golden_bytes(const struct golden *object, const char *key, uint8_t **bytes) {
  size_t length = 0;
  const char *value = golden_value(object, key, &length);

  NEED(value && length >= 2, "a field \"%s\"", key);
  size_t size = (length - 2) / 2;
  *bytes = malloc(size ? size : 1);
  NEED(*bytes, "memory");
  for (size_t i = 0; i < size; i++) {
    unsigned byte;

    NEED(sscanf(value + 1 + 2 * i, "%2x", &byte) == 1, "hex digits");
    (*bytes)[i] = (uint8_t)byte;
  }
  return size;
}
