/* An element that does what well-behaved ones do not. It passes buffers through, and
 *   hold-write     maps each for writing, and keeps it so until the next one
 *   hold-readwrite the same, for reading and writing, as decoders do
 *   write-later    keeps each, and writes over the previous one when the next comes
 *   split          cuts its memory in two
 *   half           passes on the first half of it
 *   part           passes on all of it, as a part of itself
 *   lie            says with GstVideoMeta that its rows are further apart than they are
 *   apart          moves the channels of planar audio apart, which GstAudioMeta says, last first
 *   memories       prints the sizes of its memories, and whether they lie where their numbers may
 *   pad            moves the rows of I420 and GRAY8 apart, which GstVideoMeta says
 *   unmappable     replaces its memory by one that the CPU cannot map
 *   make-elements  makes a bipssink and a bipssrc for each, and throws them away
 *   keep           keeps the first few until the element itself goes, and prints
 *                  checksums of them from before and from then
 * It is compiled by the tests and not part of the plugin. */
#include <gst/audio/audio.h>
#include <gst/base/gstbasetransform.h>
#include <gst/gst.h>
#include <gst/video/video.h>
#include <string.h>

#define KEPT 2
#define PADDING 64

typedef struct
{
  GstBaseTransform parent;
  gchar *kind;
  GstBuffer *previous;
  GstMemory *mapped;
  GstMapInfo map;
  GstVideoInfo info;
  GstAudioInfo audio;
  GstBuffer *kept[KEPT];
  gchar *checksums[KEPT];
  guint n_kept;
} Trouble;

typedef struct
{
  GstBaseTransformClass parent_class;
} TroubleClass;

GType trouble_get_type (void);
G_DEFINE_TYPE (Trouble, trouble, GST_TYPE_BASE_TRANSFORM);

static gboolean
is (Trouble * self, const gchar * kind)
{
  return g_strcmp0 (self->kind, kind) == 0;
}

static gchar *
checksum (GstBuffer * buffer)
{
  gchar *text = NULL;
  GstMapInfo map;

  if (gst_buffer_map (buffer, &map, GST_MAP_READ)) {
    text = g_compute_checksum_for_data (G_CHECKSUM_SHA256, map.data, map.size);
    gst_buffer_unmap (buffer, &map);
  }
  return text;
}

static void
let_go (Trouble * self)
{
  if (self->mapped) {
    gst_memory_unmap (self->mapped, &self->map);
    gst_memory_unref (self->mapped);
    self->mapped = NULL;
  }
  gst_clear_buffer (&self->previous);
}

/* The memory is held, not the buffer, which has to be writable where it goes. */
static void
hold_map (Trouble * self, GstBuffer * buffer, GstMapFlags flags)
{
  let_go (self);
  self->mapped = gst_memory_ref (gst_buffer_peek_memory (buffer, 0));
  if (!gst_memory_map (self->mapped, &self->map, flags)) {
    g_printerr ("trouble: cannot map for writing\n");
    gst_memory_unref (self->mapped);
    self->mapped = NULL;
  }
}

static void
write_later (Trouble * self, GstBuffer * buffer)
{
  GstMapInfo map;

  if (self->previous) {
    self->previous = gst_buffer_make_writable (self->previous);
    if (gst_buffer_map (self->previous, &map, GST_MAP_WRITE)) {
      memset (map.data, 0xee, map.size);
      gst_buffer_unmap (self->previous, &map);
    }
    gst_clear_buffer (&self->previous);
  }
  self->previous = gst_buffer_ref (buffer);
}

static GstBuffer *
split (GstBuffer * buffer)
{
  gsize size = gst_buffer_get_size (buffer);
  GstBuffer *out = gst_buffer_copy_region (buffer, GST_BUFFER_COPY_ALL, 0, size / 2);
  GstBuffer *rest = gst_buffer_copy_region (buffer, GST_BUFFER_COPY_MEMORY, size / 2, -1);

  return gst_buffer_append (out, rest);
}

static GstBuffer *
part (GstBuffer * buffer)
{
  GstBuffer *out = gst_buffer_new ();

  gst_buffer_append_memory (out, gst_memory_share (gst_buffer_peek_memory (buffer, 0), 0, -1));
  gst_buffer_copy_into (out, buffer, GST_BUFFER_COPY_METADATA, 0, -1);
  return out;
}

static GstBuffer *
lie (Trouble * self, GstBuffer * buffer)
{
  GstBuffer *out = gst_buffer_copy_region (buffer, GST_BUFFER_COPY_FLAGS | GST_BUFFER_COPY_TIMESTAMPS |
      GST_BUFFER_COPY_MEMORY, 0, -1);
  GstVideoInfo *info = &self->info;
  gint stride[GST_VIDEO_MAX_PLANES];
  guint i;

  for (i = 0; i < GST_VIDEO_MAX_PLANES; i++)
    stride[i] = info->stride[i] + PADDING;
  gst_buffer_add_video_meta_full (out, GST_VIDEO_FRAME_FLAG_NONE, GST_VIDEO_INFO_FORMAT (info),
      info->width, info->height, GST_VIDEO_INFO_N_PLANES (info), info->offset, stride);
  return out;
}

static GstBuffer *
pad_rows (Trouble * self, GstBuffer * buffer)
{
  gsize offset[GST_VIDEO_MAX_PLANES] = { 0, }, size = 0;
  gint stride[GST_VIDEO_MAX_PLANES] = { 0, };
  guint i, planes = GST_VIDEO_INFO_N_PLANES (&self->info);
  GstVideoFrame from, to;
  GstBuffer *out;

  for (i = 0; i < planes; i++) {
    offset[i] = size;
    stride[i] = GST_VIDEO_INFO_PLANE_STRIDE (&self->info, i) + PADDING;
    size += (gsize) stride[i] * GST_VIDEO_INFO_COMP_HEIGHT (&self->info, i);
  }
  out = gst_buffer_new_allocate (NULL, size, NULL);
  gst_buffer_memset (out, 0, 0x55, size);
  gst_buffer_copy_into (out, buffer, GST_BUFFER_COPY_FLAGS | GST_BUFFER_COPY_TIMESTAMPS, 0, -1);
  gst_buffer_add_video_meta_full (out, GST_VIDEO_FRAME_FLAG_NONE,
      GST_VIDEO_INFO_FORMAT (&self->info), GST_VIDEO_INFO_WIDTH (&self->info),
      GST_VIDEO_INFO_HEIGHT (&self->info), planes, offset, stride);
  if (gst_video_frame_map (&from, &self->info, buffer, GST_MAP_READ)) {
    if (gst_video_frame_map (&to, &self->info, out, GST_MAP_WRITE)) {
      gst_video_frame_copy (&to, &from);
      gst_video_frame_unmap (&to);
    }
    gst_video_frame_unmap (&from);
  }
  return out;
}

static GstBuffer *
channels_apart (Trouble * self, GstBuffer * buffer)
{
  gint i, channels = GST_AUDIO_INFO_CHANNELS (&self->audio);
  GstAudioBuffer audio;
  gsize *offsets = g_new0 (gsize, channels), size;
  GstBuffer *out;

  if (!gst_audio_buffer_map (&audio, &self->audio, buffer, GST_MAP_READ)) {
    g_printerr ("trouble: no audio\n");
    return gst_buffer_ref (buffer);
  }
  size = GST_AUDIO_BUFFER_PLANE_SIZE (&audio);
  out = gst_buffer_new_allocate (NULL, channels * (size + PADDING), NULL);
  gst_buffer_memset (out, 0, 0x55, channels * (size + PADDING));
  for (i = 0; i < channels; i++) {
    offsets[i] = (channels - 1 - i) * (size + PADDING) + PADDING;
    gst_buffer_fill (out, offsets[i], audio.planes[i], size);
  }
  gst_buffer_copy_into (out, buffer, GST_BUFFER_COPY_FLAGS | GST_BUFFER_COPY_TIMESTAMPS, 0, -1);
  gst_buffer_add_audio_meta (out, &self->audio, GST_AUDIO_BUFFER_N_SAMPLES (&audio), offsets);
  gst_audio_buffer_unmap (&audio);
  g_free (offsets);
  return out;
}

static void
tell_memories (GstBuffer * buffer)
{
  GString *text = g_string_new ("memories:");
  guint i;

  for (i = 0; i < gst_buffer_n_memory (buffer); i++) {
    GstMapInfo map;

    gst_memory_map (gst_buffer_peek_memory (buffer, i), &map, GST_MAP_READ);
    g_string_append_printf (text, " %" G_GSIZE_FORMAT "%s", map.size, (guintptr) map.data % 4 ? "!" : "");
    gst_memory_unmap (gst_buffer_peek_memory (buffer, i), &map);
  }
  g_print ("%s\n", text->str);
  g_string_free (text, TRUE);
}

static gpointer
refuse_map (GstMemory * memory, gsize size, GstMapFlags flags)
{
  return NULL;
}

static void
nothing_to_unmap (GstMemory * memory)
{
}

typedef GstAllocator Unmappable;
typedef GstAllocatorClass UnmappableClass;
GType unmappable_get_type (void);
G_DEFINE_TYPE (Unmappable, unmappable, GST_TYPE_ALLOCATOR);

static void
unmappable_free (GstAllocator * allocator, GstMemory * memory)
{
  g_free (memory);
}

static void
unmappable_class_init (UnmappableClass * klass)
{
  klass->free = unmappable_free;
}

static void
unmappable_init (Unmappable * self)
{
  self->mem_type = "Unmappable";
  self->mem_map = refuse_map;
  self->mem_unmap = nothing_to_unmap;
  GST_OBJECT_FLAG_SET (self, GST_ALLOCATOR_FLAG_CUSTOM_ALLOC);
}

static GstBuffer *
unmappable (GstBuffer * buffer)
{
  gsize size = gst_buffer_get_size (buffer);
  GstAllocator *allocator = g_object_new (unmappable_get_type (), NULL);
  GstMemory *memory = g_new0 (GstMemory, 1);
  GstBuffer *out = gst_buffer_new ();

  gst_memory_init (memory, GST_MEMORY_FLAG_NO_SHARE, allocator, NULL, size, 0, 0, size);
  gst_object_unref (allocator);
  gst_buffer_append_memory (out, memory);
  gst_buffer_copy_into (out, buffer, GST_BUFFER_COPY_FLAGS | GST_BUFFER_COPY_TIMESTAMPS, 0, -1);
  return out;
}

static void
make_elements (void)
{
  const gchar *names[] = { "bipssink", "bipssrc" };
  guint i;

  for (i = 0; i < G_N_ELEMENTS (names); i++) {
    GstElement *element = gst_element_factory_make (names[i], NULL);

    if (!element)
      g_printerr ("trouble: no %s\n", names[i]);
    gst_clear_object (&element);
  }
}

static void
keep (Trouble * self, GstBuffer * buffer)
{
  if (self->n_kept == KEPT)
    return;
  self->checksums[self->n_kept] = checksum (buffer);
  self->kept[self->n_kept++] = gst_buffer_ref (buffer);
}

static GstFlowReturn
prepare (GstBaseTransform * base, GstBuffer * in, GstBuffer ** out)
{
  Trouble *self = (Trouble *) base;

  if (is (self, "split"))
    *out = split (in);
  else if (is (self, "half"))
    *out = gst_buffer_copy_region (in, GST_BUFFER_COPY_ALL, 0, gst_buffer_get_size (in) / 2);
  else if (is (self, "part"))
    *out = part (in);
  else if (is (self, "apart"))
    *out = channels_apart (self, in);
  else if (is (self, "lie"))
    *out = lie (self, in);
  else if (is (self, "pad"))
    *out = pad_rows (self, in);
  else if (is (self, "unmappable"))
    *out = unmappable (in);
  else
    *out = in;
  return GST_FLOW_OK;
}

static GstFlowReturn
transform_ip (GstBaseTransform * base, GstBuffer * buffer)
{
  Trouble *self = (Trouble *) base;

  if (is (self, "hold-write"))
    hold_map (self, buffer, GST_MAP_WRITE);
  else if (is (self, "hold-readwrite"))
    hold_map (self, buffer, GST_MAP_READWRITE);
  else if (is (self, "write-later"))
    write_later (self, buffer);
  else if (is (self, "make-elements"))
    make_elements ();
  else if (is (self, "memories"))
    tell_memories (buffer);
  else if (is (self, "keep"))
    keep (self, buffer);
  return GST_FLOW_OK;
}

/* So that upstream gets the pool that the element behind this one offers. */
static gboolean
propose_allocation (GstBaseTransform * base, GstQuery * decided, GstQuery * query)
{
  return gst_pad_peer_query (base->srcpad, query);
}

static gboolean
decide_allocation (GstBaseTransform * base, GstQuery * query)
{
  while (gst_query_get_n_allocation_pools (query) > 0)
    gst_query_remove_nth_allocation_pool (query, 0);
  return TRUE;
}

static gboolean
set_caps (GstBaseTransform * base, GstCaps * in, GstCaps * out)
{
  Trouble *self = (Trouble *) base;

  if (!gst_video_info_from_caps (&self->info, in))
    gst_video_info_init (&self->info);
  if (!gst_audio_info_from_caps (&self->audio, in))
    gst_audio_info_init (&self->audio);
  return TRUE;
}

static gboolean
stop (GstBaseTransform * base)
{
  let_go ((Trouble *) base);
  return TRUE;
}

static void
set_property (GObject * object, guint id, const GValue * value, GParamSpec * spec)
{
  Trouble *self = (Trouble *) object;

  g_free (self->kind);
  self->kind = g_value_dup_string (value);
}

static void
finalize (GObject * object)
{
  Trouble *self = (Trouble *) object;
  guint i;

  for (i = 0; i < self->n_kept; i++) {
    gchar *now = checksum (self->kept[i]);

    g_print ("kept: %s %s\n", self->checksums[i], now ? now : "nothing");
    g_free (now);
    g_free (self->checksums[i]);
    gst_buffer_unref (self->kept[i]);
  }
  let_go (self);
  g_free (self->kind);
  G_OBJECT_CLASS (trouble_parent_class)->finalize (object);
}

static void
trouble_class_init (TroubleClass * klass)
{
  static GstStaticPadTemplate sink = GST_STATIC_PAD_TEMPLATE ("sink", GST_PAD_SINK, GST_PAD_ALWAYS,
      GST_STATIC_CAPS_ANY);
  static GstStaticPadTemplate src = GST_STATIC_PAD_TEMPLATE ("src", GST_PAD_SRC, GST_PAD_ALWAYS,
      GST_STATIC_CAPS_ANY);
  GstBaseTransformClass *transform = GST_BASE_TRANSFORM_CLASS (klass);

  G_OBJECT_CLASS (klass)->set_property = set_property;
  G_OBJECT_CLASS (klass)->finalize = finalize;
  g_object_class_install_property (G_OBJECT_CLASS (klass), 1,
      g_param_spec_string ("kind", "Kind", "What to do wrong", NULL, G_PARAM_WRITABLE | G_PARAM_STATIC_STRINGS));
  gst_element_class_add_static_pad_template (GST_ELEMENT_CLASS (klass), &sink);
  gst_element_class_add_static_pad_template (GST_ELEMENT_CLASS (klass), &src);
  gst_element_class_set_static_metadata (GST_ELEMENT_CLASS (klass), "Trouble", "Testing",
      "Does what well-behaved elements do not", "BIPS");
  transform->prepare_output_buffer = prepare;
  transform->transform_ip = transform_ip;
  transform->transform_ip_on_passthrough = TRUE;
  transform->propose_allocation = propose_allocation;
  transform->decide_allocation = decide_allocation;
  transform->set_caps = set_caps;
  transform->stop = stop;
}

static void
trouble_init (Trouble * self)
{
}

static gboolean
plugin_init (GstPlugin * plugin)
{
  return gst_element_register (plugin, "trouble", GST_RANK_NONE, trouble_get_type ());
}

#define PACKAGE "bips"
GST_PLUGIN_DEFINE (1, 18, trouble, "Misbehaves for tests",
    plugin_init, "1.0.0", "MIT/X11", "bips", "tests")
