#include "metas.h"

#include "meta.h"
#include "meta_tags.h"

#include "_cgo_export.h"

typedef struct
{
  GstBaseSink *sink;
  guint64 handle;
} Told;

/* Where metadata of a kind is counted, or, for kind 0, that of a kind to come; NULL: nowhere. */
static GstBipsDroppedKind *
place_of (GstBipsSinkCounts * counts, guint64 kind)
{
  guint i;

  for (i = 0; i < GST_BIPS_DROPPED_KINDS; i++) {
    if (counts->dropped[i].kind == kind)
      return &counts->dropped[i];
  }
  return NULL;
}

static void
tell_dropped (gpointer user, guint64 kind, const gchar * api, const gchar * detail, gboolean quiet)
{
  Told *told = user;
  GstBipsSinkCounts *counts = gst_bips_sink_counts (told->sink);
  GstBipsDroppedKind *place = kind == 0 ? NULL : place_of (counts, kind);

  if (place) {
    __atomic_add_fetch (&place->count, 1, __ATOMIC_RELAXED);
    return;
  }
  if (gstBipsSinkMetaDropped (told->handle, told->sink, kind, (gchar *) api, (gchar *) detail, quiet)
      && (place = place_of (counts, 0)))
    __atomic_store_n (&place->kind, kind, __ATOMIC_SEQ_CST);
}

void
gst_bips_sink_describe_metas (GstBaseSink * sink, GstBipsSinkState * state, GstBuffer * buffer,
    GstBipsFrame * frame)
{
  Told told = { sink, state->handle };
  GstBipsMetaReport report = { tell_dropped, &told };

  gst_bips_metas_write (&state->format, buffer, frame, state->meta, state->meta_size, &report);
}

static void
tell_tag_dropped (gpointer user, guint64 kind, const gchar * tag, const gchar * detail, gboolean quiet)
{
  Told *told = user;

  gstBipsSinkTagDropped (told->handle, told->sink, (gchar *) tag, (gchar *) detail, quiet);
}

static void
tell_tags (GstBaseSink * sink, GstBipsSinkState * state, const GstBipsMetaReport * report)
{
  guint8 records[GST_BIPS_TAGS_SIZE];
  gsize size = gst_bips_tags_write (&state->tags, records, report);

  gstBipsSinkTags (state->handle, sink, records, size);
}

void
gst_bips_sink_take_tags (GstBaseSink * sink, GstBipsSinkState * state, GstEvent * event)
{
  Told told = { sink, state->handle };
  GstBipsMetaReport report = { tell_tag_dropped, &told };
  GstTagList *list;

  gst_event_parse_tag (event, &list);
  gst_bips_tags_merge (&state->tags, list, &report);
  tell_tags (sink, state, &report);
}

void
gst_bips_sink_begin_stream (GstBaseSink * sink, GstBipsSinkState * state, GstEvent * event)
{
  Told told = { sink, state->handle };
  GstBipsMetaReport report = { tell_tag_dropped, &told };
  const gchar *id;

  gst_event_parse_stream_start (event, &id);
  if (g_strcmp0 (id, state->stream_id) == 0)
    return;
  g_free (state->stream_id);
  state->stream_id = g_strdup (id);
  gst_bips_tags_clear (&state->tags);
  tell_tags (sink, state, &report);
}
