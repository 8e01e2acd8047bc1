#include "meta_text.h"

#include <string.h>

#include "meta_structure.h"

/* New names, and their bytes, that are kept for others. */
#define MAX_NEW_NAMES 10000
#define MAX_NEW_BYTES (1 << 20)

#define MAX_CAPS_LENGTH 1000

static gboolean
is_made_of (const gchar * name, const gchar * others)
{
  const gchar *c;

  for (c = name; *c; c++) {
    if (!g_ascii_isalnum (*c) && !strchr (others, *c))
      return FALSE;
  }
  return TRUE;
}

gboolean
gst_bips_is_structure_name (const gchar * name)
{
  return name && g_ascii_isalpha (name[0]) && strlen (name) <= BIPS_LAYOUT_META_MAX_NAME &&
      is_made_of (name, "/-_.:+");
}

gboolean
gst_bips_is_meta_name (const gchar * name)
{
  return gst_bips_is_structure_name (name) && strlen (name) >= 3 && is_made_of (name, "-_+");
}

gboolean
gst_bips_may_keep_name (const gchar * name)
{
  static GMutex lock;
  static gsize names, bytes;
  gsize length = strlen (name) + 1;
  gboolean may;

  if (g_quark_try_string (name))
    return TRUE;
  g_mutex_lock (&lock);
  may = names < MAX_NEW_NAMES && bytes + length <= MAX_NEW_BYTES;
  if (may) {
    names++;
    bytes += length;
  }
  g_mutex_unlock (&lock);
  if (may)
    g_quark_from_string (name); /* GStreamer 1.26 does not, of all names: each would be a new one again */
  return may;
}

/* Each value says its type, which is a simple one: "name, key=(type)value, ...", as GStreamer writes it. */
static gboolean
is_simple (const gchar * fields)
{
  static const gchar *types[] = { "int", "uint", "int64", "uint64", "gint64", "guint64", "boolean", "string",
    "float", "double", "fraction", "bitmask"
  };
  const gchar *c;

  if (!is_made_of (fields, " ,=()/-_.:+"))
    return FALSE;
  for (c = fields; *c; c++) {
    gsize i, n;

    if (*c == '(' && (c == fields || c[-1] != '='))
      return FALSE;
    if (*c != '=')
      continue;
    if (c[1] != '(')
      return FALSE;
    n = strcspn (c + 2, ")");
    for (i = 0; i < G_N_ELEMENTS (types); i++) {
      if (strlen (types[i]) == n && strncmp (types[i], c + 2, n) == 0)
        break;
    }
    if (i == G_N_ELEMENTS (types))
      return FALSE;
  }
  return TRUE;
}

gboolean
gst_bips_are_simple_caps (const gchar * text)
{
  gchar name[BIPS_LAYOUT_META_MAX_NAME + 1];
  gsize n = strcspn (text, ", ");

  if (strlen (text) > MAX_CAPS_LENGTH || n >= sizeof name)
    return FALSE;
  memcpy (name, text, n);
  name[n] = 0;
  return gst_bips_is_structure_name (name) && !g_str_equal (name, "ANY") && !g_str_equal (name, "EMPTY") &&
      !g_str_equal (name, "NONE") && is_simple (text + n);
}

GstCaps *
gst_bips_simple_caps (const gchar * text)
{
  return gst_bips_are_simple_caps (text) && gst_bips_may_keep_name (text) ? gst_caps_from_string (text) : NULL;
}

gboolean
gst_bips_value_is_sound (const GValue * value)
{
  gpointer class = NULL;
  gboolean sound = TRUE;

  if (G_VALUE_HOLDS_ENUM (value)) {
    class = g_type_class_ref (G_VALUE_TYPE (value));
    sound = g_enum_get_value (class, g_value_get_enum (value)) != NULL;
  } else if (G_VALUE_HOLDS_FLAGS (value)) {
    class = g_type_class_ref (G_VALUE_TYPE (value));
    sound = (g_value_get_flags (value) & ~((GFlagsClass *) class)->mask) == 0;
  } else if (G_VALUE_HOLDS_BOXED (value)) {
    sound = g_value_get_boxed (value) != NULL;
  }
  if (class)
    g_type_class_unref (class);
  return sound;
}

gboolean
gst_bips_type_crosses_as_text (GType type)
{
  return type == G_TYPE_DATE || type == GST_TYPE_DATE_TIME || type == GST_TYPE_BITMASK ||
      type == GST_TYPE_CAPS || G_TYPE_IS_ENUM (type) || G_TYPE_IS_FLAGS (type);
}
