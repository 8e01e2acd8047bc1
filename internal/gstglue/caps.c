#include "caps.h"

static const gchar *
foreign_memory (GstCapsFeatures * features)
{
  guint i;

  if (!features || gst_caps_features_is_any (features))
    return NULL;
  for (i = 0; i < gst_caps_features_get_size (features); i++) {
    const gchar *feature = gst_caps_features_get_nth (features, i);

    if (g_str_has_prefix (feature, "memory:") &&
        g_strcmp0 (feature, GST_CAPS_FEATURE_MEMORY_SYSTEM_MEMORY) != 0)
      return feature;
  }
  return NULL;
}

const gchar *
gst_bips_caps_foreign_memory (GstCaps * caps)
{
  guint i;

  for (i = 0; i < gst_caps_get_size (caps); i++) {
    const gchar *feature = foreign_memory (gst_caps_get_features (caps, i));

    if (feature)
      return feature;
  }
  return NULL;
}

/* Views in memories of their own are several frames to a buffer. */
const gchar *
gst_bips_caps_unshareable (GstCaps * caps)
{
  const GstStructure *s = gst_caps_get_structure (caps, 0);
  const gchar *memory = gst_bips_caps_foreign_memory (caps);

  if (!memory && gst_structure_has_name (s, "video/x-raw") &&
      g_strcmp0 (gst_structure_get_string (s, "multiview-mode"), "separated") == 0)
    return "multiview-mode=separated";
  return memory;
}

GstCaps *
gst_bips_caps_in_system_memory (GstCaps * caps)
{
  GstCaps *result;
  guint i;

  if (gst_caps_is_any (caps))
    return gst_caps_ref (caps);
  result = gst_caps_new_empty ();
  for (i = 0; i < gst_caps_get_size (caps); i++) {
    GstCapsFeatures *features = gst_caps_get_features (caps, i);

    if (!foreign_memory (features))
      gst_caps_append_structure_full (result, gst_structure_copy (gst_caps_get_structure (caps, i)),
          features ? gst_caps_features_copy (features) : NULL);
  }
  return result;
}

GstClockTime
gst_bips_caps_frame_duration (GstCaps * caps)
{
  gint n, d;

  if (!gst_structure_get_fraction (gst_caps_get_structure (caps, 0), "framerate", &n, &d) ||
      n <= 0 || d <= 0)
    return GST_CLOCK_TIME_NONE;
  return gst_util_uint64_scale_int (GST_SECOND, d, n);
}
