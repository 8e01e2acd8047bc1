// floorsink: offers slots of shared memory upstream, and wakes the readers of the frames that it gets there with a futex.
#include "floorsink.h"

#include <fcntl.h>
#include <gst/base/gstbasesink.h>
#include <stdio.h>
#include <sys/mman.h>

#include "floorpool.h"

// FloorPool hands out buffers that are slots. Each is a slot's for good.
typedef struct {
  GstBufferPool parent;
  FloorHeader *header; // stays mapped for good
  guint made;
} FloorPool;

typedef struct {
  GstBufferPoolClass parent;
} FloorPoolClass;

static GType floor_pool_get_type(void);
G_DEFINE_TYPE(FloorPool, floor_pool, GST_TYPE_BUFFER_POOL)

static GQuark slot_quark(void) { return g_quark_from_static_string("bench-floor-slot"); }

static GstFlowReturn floor_pool_alloc(GstBufferPool *base, GstBuffer **buffer,
                                      GstBufferPoolAcquireParams *params) {
  FloorPool *self = (FloorPool *)base;
  if (self->made == FLOOR_SLOTS)
    return GST_FLOW_ERROR;
  guint slot = self->made++;
  gsize size = self->header->slot_size;
  GstMemory *memory = gst_memory_new_wrapped(GST_MEMORY_FLAG_NO_SHARE, floor_slot(self->header, slot), size,
                                             0, size, NULL, NULL);
  *buffer = gst_buffer_new();
  gst_buffer_append_memory(*buffer, memory);
  // Plus one: 0 is what a buffer of somebody else's has.
  gst_mini_object_set_qdata(GST_MINI_OBJECT(*buffer), slot_quark(), GUINT_TO_POINTER(slot + 1), NULL);
  return GST_FLOW_OK;
}

static void floor_pool_class_init(FloorPoolClass *klass) {
  GST_BUFFER_POOL_CLASS(klass)->alloc_buffer = floor_pool_alloc;
}

static void floor_pool_init(FloorPool *self) {}

// So many frames stay away from the source after they were published.
#define KEPT (FLOOR_SLOTS - 4)

typedef struct {
  GstBaseSink parent;
  gchar *pool;
  guint64 slot_size; // bytes
  gchar *path;
  FloorHeader *header;
  GstBufferPool *slots;
  GstBuffer *kept[KEPT];
  guint64 frames;
} FloorSink;

typedef struct {
  GstBaseSinkClass parent;
} FloorSinkClass;

G_DEFINE_TYPE(FloorSink, floor_sink, GST_TYPE_BASE_SINK)

enum { PROP_POOL = 1, PROP_SLOT_SIZE };

static GstStaticPadTemplate sink_template =
    GST_STATIC_PAD_TEMPLATE("sink", GST_PAD_SINK, GST_PAD_ALWAYS, GST_STATIC_CAPS_ANY);

static void floor_sink_set_property(GObject *object, guint id, const GValue *value,
                                    GParamSpec *spec) {
  FloorSink *self = (FloorSink *)object;
  switch (id) {
  case PROP_POOL:
    g_free(self->pool);
    self->pool = g_value_dup_string(value);
    break;
  case PROP_SLOT_SIZE:
    self->slot_size = g_value_get_uint64(value);
    break;
  default:
    G_OBJECT_WARN_INVALID_PROPERTY_ID(object, id, spec);
  }
}

static void floor_sink_finalize(GObject *object) {
  g_free(((FloorSink *)object)->pool);
  G_OBJECT_CLASS(floor_sink_parent_class)->finalize(object);
}

// Makes the file under another name, so that whoever finds it finds it whole.
static FloorHeader *make_file(const gchar *path, guint64 slot_size) {
  gchar *unnamed = g_strconcat(path, ".new", NULL);
  gsize size = floor_file_size(slot_size);
  void *mapping = MAP_FAILED;
  int fd = open(unnamed, O_RDWR | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
  if (fd >= 0 && posix_fallocate(fd, 0, (off_t)size) == 0)
    mapping = mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_POPULATE, fd, 0);
  if (mapping != MAP_FAILED) {
    ((FloorHeader *)mapping)->slot_size = slot_size;
    if (rename(unnamed, path) != 0) {
      munmap(mapping, size);
      mapping = MAP_FAILED;
    }
  }
  if (fd >= 0)
    close(fd);
  g_free(unnamed);
  return mapping == MAP_FAILED ? NULL : mapping;
}

static gboolean floor_sink_start(GstBaseSink *base) {
  FloorSink *self = (FloorSink *)base;
  self->path = floor_path(self->pool);
  self->header = make_file(self->path, self->slot_size);
  if (!self->header) {
    GST_ELEMENT_ERROR(self, RESOURCE, OPEN_READ_WRITE, ("%s cannot be made", self->path), (NULL));
    g_clear_pointer(&self->path, g_free);
    return FALSE;
  }
  self->slots = g_object_new(floor_pool_get_type(), NULL);
  gst_object_ref_sink(self->slots);
  ((FloorPool *)self->slots)->header = self->header;
  return TRUE;
}

static void end(FloorSink *self) {
  atomic_store(&self->header->over, 1);
  floor_ring(self->header);
}

// The mapping stays: whoever still has a buffer of it may be writing there, and the process ends soon.
static gboolean floor_sink_stop(GstBaseSink *base) {
  FloorSink *self = (FloorSink *)base;
  end(self);
  unlink(self->path);
  for (guint i = 0; i < KEPT; i++)
    gst_clear_buffer(&self->kept[i]);
  g_clear_pointer(&self->slots, gst_object_unref);
  g_clear_pointer(&self->path, g_free);
  return TRUE;
}

static gboolean floor_sink_propose_allocation(GstBaseSink *base, GstQuery *query) {
  FloorSink *self = (FloorSink *)base;
  GstCaps *caps;
  gst_query_parse_allocation(query, &caps, NULL);
  GstStructure *config = gst_buffer_pool_get_config(self->slots);
  gst_buffer_pool_config_set_params(config, caps, (guint)self->slot_size, FLOOR_SLOTS, FLOOR_SLOTS);
  if (!gst_buffer_pool_set_config(self->slots, config))
    return FALSE;
  gst_query_add_allocation_pool(query, self->slots, (guint)self->slot_size, FLOOR_SLOTS,
                                FLOOR_SLOTS);
  return TRUE;
}

static gboolean floor_sink_event(GstBaseSink *base, GstEvent *event) {
  if (GST_EVENT_TYPE(event) == GST_EVENT_EOS)
    end((FloorSink *)base);
  return GST_BASE_SINK_CLASS(floor_sink_parent_class)->event(base, event);
}

static GstFlowReturn floor_sink_render(GstBaseSink *base, GstBuffer *buffer) {
  FloorSink *self = (FloorSink *)base;
  guint slot = GPOINTER_TO_UINT(gst_mini_object_get_qdata(GST_MINI_OBJECT(buffer), slot_quark()));
  if (slot == 0) {
    GST_ELEMENT_ERROR(self, STREAM, FAILED, ("a buffer came that is no slot"), (NULL));
    return GST_FLOW_ERROR;
  }
  gst_buffer_replace(&self->kept[self->frames++ % KEPT], buffer);
  self->header->used[slot - 1] = (guint32)gst_buffer_get_size(buffer);
  atomic_store(&self->header->newest, slot - 1);
  floor_ring(self->header);
  return GST_FLOW_OK;
}

static void floor_sink_class_init(FloorSinkClass *klass) {
  GObjectClass *object = G_OBJECT_CLASS(klass);
  GstElementClass *element = GST_ELEMENT_CLASS(klass);
  GstBaseSinkClass *base = GST_BASE_SINK_CLASS(klass);
  object->set_property = floor_sink_set_property;
  object->finalize = floor_sink_finalize;
  base->start = floor_sink_start;
  base->stop = floor_sink_stop;
  base->propose_allocation = floor_sink_propose_allocation;
  base->event = floor_sink_event;
  base->render = floor_sink_render;
  GParamFlags flags = G_PARAM_WRITABLE | G_PARAM_STATIC_STRINGS;
  g_object_class_install_property(
      object, PROP_POOL, g_param_spec_string("pool", "pool", "Name of the pool", "bench", flags));
  g_object_class_install_property(
      object, PROP_SLOT_SIZE,
      g_param_spec_uint64("slot-size", "slot-size", "Bytes of a slot", 1, G_MAXUINT, 3110400, flags));
  gst_element_class_add_static_pad_template(element, &sink_template);
  gst_element_class_set_static_metadata(element, "Floor sink", "Sink/Testing",
                                        "Slots of shared memory and a futex, without any safety", "BIPS");
}

static void floor_sink_init(FloorSink *self) {
  self->pool = g_strdup("bench");
  self->slot_size = 3110400;
  gst_base_sink_set_sync(GST_BASE_SINK(self), FALSE);
  gst_base_sink_set_async_enabled(GST_BASE_SINK(self), FALSE);
  gst_base_sink_set_last_sample_enabled(GST_BASE_SINK(self), FALSE);
}
