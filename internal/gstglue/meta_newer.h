/* Functions of GStreamer that are newer than 1.18. */
#ifndef GST_BIPS_META_NEWER_H
#define GST_BIPS_META_NEWER_H

#include <gst/gst.h>

G_BEGIN_DECLS

/* Each is NULL where the GStreamer that is loaded does not have it. */
typedef struct
{
  /* 1.20: custom metas */
  gboolean (*meta_info_is_custom) (const GstMetaInfo *);
  GstStructure *(*custom_meta_get_structure) (gpointer);
  gpointer (*buffer_add_custom_meta) (GstBuffer *, const gchar *);
  const GstMetaInfo *(*meta_register_custom) (const gchar *, const gchar **, gpointer, gpointer, GDestroyNotify);
  /* 1.24 */
  gboolean (*meta_serialize_simple) (const GstMeta *, GByteArray *);
  GstMeta *(*meta_deserialize) (GstBuffer *, const guint8 *, gsize, guint32 *);
} GstBipsNewer;

const GstBipsNewer *gst_bips_newer (void);

/* Whether meta is a custom one: never before 1.20. */
gboolean gst_bips_is_custom (const GstMetaInfo * info);

/* Whether metas of a kind say where the bytes of a frame are and who owns them: nothing to another process. */
gboolean gst_bips_is_of_memory (GType api);

G_END_DECLS

#endif
