#include "source.h"

#include <string.h>

#include "meta_tags.h"

#include "_cgo_export.h"

#define UPRIGHT "rotate-0"

static void
tell_dropped (gpointer source, guint64 kind, const gchar * tag, const gchar * detail, gboolean quiet)
{
  gstBipsSourceTagDropped (gst_bips_source_state (source)->handle, source, (gchar *) tag, (gchar *) detail);
}

static gboolean
is_turned (const GstTagList * list)
{
  return list && gst_tag_list_get_tag_size (list, GST_TAG_IMAGE_ORIENTATION) > 0;
}

/* Elements that turn the picture keep to the last tag that they have seen: where there is none any more, it has
 * to be said that the picture is upright. */
static void
say_upright (GstBipsTags * tags)
{
  if (!tags->lists[BIPS_LAYOUT_TAGS_OF_STREAM])
    tags->lists[BIPS_LAYOUT_TAGS_OF_STREAM] = gst_tag_list_new_empty ();
  gst_tag_list_add (tags->lists[BIPS_LAYOUT_TAGS_OF_STREAM], GST_TAG_MERGE_REPLACE, GST_TAG_IMAGE_ORIENTATION, UPRIGHT,
      NULL);
}

/* The base class sends the events before the next buffer, behind caps and segment. A list without tags takes the
 * place of one that has some. */
static void
send_tags (GstElement * source, GstBipsSourceState * state, const guint8 * records, gsize size)
{
  GstBipsMetaReport report = { tell_dropped, source };
  GstBipsTags tags = { {NULL, NULL} };
  guint i;

  gst_bips_tags_read (&tags, records, size, &report);
  if (is_turned (state->tags.lists[BIPS_LAYOUT_TAGS_OF_STREAM]) && !is_turned (tags.lists[BIPS_LAYOUT_TAGS_OF_STREAM]))
    say_upright (&tags);
  for (i = 0; i < G_N_ELEMENTS (tags.lists); i++) {
    if (!tags.lists[i] && !state->tags.lists[i])
      continue;
    if (!tags.lists[i])
      tags.lists[i] = gst_tag_list_new_empty ();
    gst_tag_list_set_scope (tags.lists[i], i == BIPS_LAYOUT_TAGS_GLOBAL ? GST_TAG_SCOPE_GLOBAL : GST_TAG_SCOPE_STREAM);
    gst_element_send_event (source, gst_event_new_tag (gst_tag_list_ref (tags.lists[i])));
  }
  gst_bips_tags_clear (&state->tags);
  state->tags = tags;
}

void
gst_bips_source_pass_tags (gpointer source, GstBipsSourceState * state, const guint8 * records, gsize size)
{
  GstBipsReading *reading = &state->reading;

  if (size == reading->tags_size && (size == 0 || memcmp (records, reading->tags, size) == 0))
    return;
  send_tags (source, state, records, size);
  g_free (reading->tags);
  reading->tags = g_malloc (size);
  reading->tags_size = size;
  if (size > 0)
    memcpy (reading->tags, records, size);
}

void
gst_bips_source_forget_tags (GstBipsSourceState * state)
{
  g_free (state->reading.tags);
  state->reading.tags = NULL;
  state->reading.tags_size = 0;
  gst_bips_tags_clear (&state->tags);
}
