#define _GNU_SOURCE             /* RTLD_DEFAULT */
#include "meta_newer.h"

#include <dlfcn.h>

#define FIND(newer, function) (*(void **) &(newer).function = dlsym (RTLD_DEFAULT, "gst_" #function))

const GstBipsNewer *
gst_bips_newer (void)
{
  static GstBipsNewer newer;
  static gsize found;

  if (g_once_init_enter (&found)) {
    FIND (newer, meta_info_is_custom);
    FIND (newer, custom_meta_get_structure);
    FIND (newer, buffer_add_custom_meta);
    FIND (newer, meta_register_custom);
    FIND (newer, meta_serialize_simple);
    FIND (newer, meta_deserialize);
    g_once_init_leave (&found, 1);
  }
  return &newer;
}

gboolean
gst_bips_is_custom (const GstMetaInfo * info)
{
  const GstBipsNewer *newer = gst_bips_newer ();

  return newer->meta_info_is_custom && newer->custom_meta_get_structure && newer->meta_info_is_custom (info);
}

gboolean
gst_bips_is_of_memory (GType api)
{
  static gsize once;
  static GQuark memory, reference;

  if (g_once_init_enter (&once)) {
    memory = g_quark_from_static_string ("memory");
    reference = g_quark_from_static_string ("memory-reference");
    g_once_init_leave (&once, 1);
  }
  return api == GST_PARENT_BUFFER_META_API_TYPE || gst_meta_api_type_has_tag (api, memory) ||
      gst_meta_api_type_has_tag (api, reference);
}
