#include "gstpeer.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

const char *
option (int count, char **options, const char *name, const char *otherwise)
{
  size_t length = strlen (name);

  for (int i = 0; i < count; i++)
    if (strncmp (options[i], "--", 2) == 0 && strncmp (options[i] + 2, name, length) == 0 && options[i][2 + length] == '=')
      return options[i] + 2 + length + 1;
  return otherwise;
}

gint64
number_option (int count, char **options, const char *name, gint64 otherwise)
{
  const char *text = option (count, options, name, NULL);

  return text ? g_ascii_strtoll (text, NULL, 10) : otherwise;
}

GstElement *
pipeline_of (const char *description)
{
  GError *error = NULL;
  GstElement *pipeline = gst_parse_launch (description, &error);

  if (!pipeline || error)
    die ("%s: %s", description, error ? error->message : "no pipeline");
  return pipeline;
}

GError *
error_of (GstElement * pipeline)
{
  GstBus *bus = gst_element_get_bus (pipeline);
  GstMessage *message = gst_bus_pop_filtered (bus, GST_MESSAGE_ERROR);
  GError *error = NULL;

  gst_object_unref (bus);
  if (message) {
    gst_message_parse_error (message, &error, NULL);
    gst_message_unref (message);
  }
  return error;
}

const char *
name_of (const GError * error)
{
  static const struct
  {
    const char *text, *name;
  } known[] = {
    {"producer lost", "producer-lost"},
    {"pool damaged", "damaged"},
    {"another version", "version"},
    {"pool full", "pool-full"},
    {"permission denied", "permission"},
    {"another producer is alive", "pool-busy"},
    {"does not fit the format", "not-whole"},
  };

  for (gsize i = 0; i < G_N_ELEMENTS (known); i++)
    if (strstr (error->message, known[i].text))
      return known[i].name;
  return "other";
}

guint64
counted (GstElement * element, const char *name)
{
  GstStructure *stats = NULL;
  guint64 number = 0;

  g_object_get (element, "stats", &stats, NULL);
  if (!stats || !gst_structure_get_uint64 (stats, name, &number))
    die ("%s does not count \"%s\"", GST_OBJECT_NAME (element), name);
  gst_structure_free (stats);
  return number;
}

void
obey_orders (role_order carry_out)
{
  struct line answer;
  gboolean closed = FALSE;
  char *text = NULL;
  size_t room = 0;

  while (getline (&text, &room, stdin) >= 0) {
    struct json *fields = json_parse (text);
    const char *order;

    if (!fields)
      die ("order %s: it is no object of JSON", text);
    order = json_text (fields, "do");
    line_begin (&answer, "done");
    line_text (&answer, "order", order);
    carry_out (order, fields, &answer);
    line_end (&answer);
    closed = strcmp (order, "close") == 0;
    json_free (fields);
  }
  free (text);
  if (!closed) {
    line_begin (&answer, "done");
    carry_out ("close", NULL, &answer);
    free (answer.text);
  }
}

int
main (int count, char **arguments)
{
  gst_init (NULL, NULL);
  if (count >= 3 && strcmp (arguments[1], "produce") == 0)
    produce (arguments[2], count - 3, arguments + 3);
  else if (count >= 3 && strcmp (arguments[1], "consume") == 0)
    consume (arguments[2], count - 3, arguments + 3);
  else
    die ("usage: gst-peer produce|consume POOL [--OPTION=VALUE]..., see tests/peer/README.md");
  return 0;
}
