#include <bips/bips.h>
#include <stdbool.h>
#include <string.h>

static bool is_type(const char *type, size_t length, const char *name) {
  return length == strlen(name) && strncmp(type, name, length) == 0;
}

BIPS_API int bips_frames_stand_alone(const char *caps) {
  static const char *const types[] = {"", "video/x-raw", "video/x-bayer", "other/tensor", "other/tensors", "tensor/strided"};
  size_t length;

  if (caps == NULL)
    return 1;
  caps += strspn(caps, " \t\n\v\f\r");
  length = strcspn(caps, ",("); /* caps features, or a type before a value */
  while (length > 0 && strchr(" \t\n\v\f\r", caps[length - 1]) != NULL)
    length--;
  for (size_t i = 0; i < sizeof types / sizeof types[0]; i++)
    if (is_type(caps, length, types[i]))
      return 1;
  return length >= 6 && strncmp(caps, "image/", 6) == 0;
}
