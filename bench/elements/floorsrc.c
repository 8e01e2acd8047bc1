// floorsrc: sleeps on a futex until floorsink has published a frame, and pushes the newest one where it lies.
#include "floorsrc.h"

#include <fcntl.h>
#include <gst/base/gstpushsrc.h>
#include <sys/mman.h>
#include <sys/stat.h>

#include "floorpool.h"

typedef struct {
  GstPushSrc parent;
  gchar *pool;
  FloorHeader *header; // NULL: not found yet
  GstMemory *slots[FLOOR_SLOTS];
  guint32 seen; // value of published at the last look
  gint flushing;
} FloorSrc;

typedef struct {
  GstPushSrcClass parent;
} FloorSrcClass;

G_DEFINE_TYPE(FloorSrc, floor_src, GST_TYPE_PUSH_SRC)

enum { PROP_POOL = 1 };

static GstStaticPadTemplate src_template =
    GST_STATIC_PAD_TEMPLATE("src", GST_PAD_SRC, GST_PAD_ALWAYS, GST_STATIC_CAPS_ANY);

static void floor_src_set_property(GObject *object, guint id, const GValue *value,
                                   GParamSpec *spec) {
  FloorSrc *self = (FloorSrc *)object;
  if (id != PROP_POOL) {
    G_OBJECT_WARN_INVALID_PROPERTY_ID(object, id, spec);
    return;
  }
  g_free(self->pool);
  self->pool = g_value_dup_string(value);
}

static void floor_src_finalize(GObject *object) {
  g_free(((FloorSrc *)object)->pool);
  G_OBJECT_CLASS(floor_src_parent_class)->finalize(object);
}

static FloorHeader *map_file(const gchar *path, gsize *size) {
  struct stat status;
  int fd = open(path, O_RDWR | O_CLOEXEC);
  if (fd < 0)
    return NULL;
  void *mapping = MAP_FAILED;
  if (fstat(fd, &status) == 0) {
    *size = (gsize)status.st_size;
    mapping = mmap(NULL, *size, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_POPULATE, fd, 0);
  }
  close(fd);
  return mapping == MAP_FAILED ? NULL : mapping;
}

// Waits for the sink's file. FALSE: told to stop.
static gboolean find_pool(FloorSrc *self) {
  gchar *path = floor_path(self->pool);
  gsize size = 0;
  while (!self->header && !g_atomic_int_get(&self->flushing)) {
    self->header = map_file(path, &size);
    if (!self->header)
      g_usleep(5000);
  }
  g_free(path);
  for (guint i = 0; self->header && i < FLOOR_SLOTS; i++)
    self->slots[i] = gst_memory_new_wrapped(GST_MEMORY_FLAG_READONLY, floor_slot(self->header, i),
                                            self->header->slot_size, 0, self->header->slot_size,
                                            NULL, NULL);
  return self->header != NULL;
}

static GstFlowReturn floor_src_create(GstPushSrc *base, GstBuffer **buffer) {
  FloorSrc *self = (FloorSrc *)base;
  if (!self->header && !find_pool(self))
    return GST_FLOW_FLUSHING;
  FloorHeader *header = self->header;
  guint32 published;
  while ((published = atomic_load(&header->published)) == self->seen) {
    if (g_atomic_int_get(&self->flushing))
      return GST_FLOW_FLUSHING;
    atomic_fetch_add(&header->waiting, 1);
    // A time limit, so that flushing needs no word of its own.
    struct timespec limit = {0, 50000000};
    syscall(SYS_futex, &header->published, FUTEX_WAIT, self->seen, &limit, NULL, 0);
    atomic_fetch_sub(&header->waiting, 1);
  }
  self->seen = published;
  if (atomic_load(&header->over))
    return GST_FLOW_EOS;
  guint32 slot = atomic_load(&header->newest) % FLOOR_SLOTS;
  *buffer = gst_buffer_new();
  gst_buffer_append_memory(*buffer, gst_memory_ref(self->slots[slot]));
  gst_buffer_resize(*buffer, 0, (gssize)MIN(header->used[slot], header->slot_size));
  return GST_FLOW_OK;
}

static gboolean floor_src_unlock(GstBaseSrc *base) {
  g_atomic_int_set(&((FloorSrc *)base)->flushing, TRUE);
  return TRUE;
}

static gboolean floor_src_unlock_stop(GstBaseSrc *base) {
  g_atomic_int_set(&((FloorSrc *)base)->flushing, FALSE);
  return TRUE;
}

// The mapping stays: frames may be held downstream, and the process ends soon.
static gboolean floor_src_stop(GstBaseSrc *base) {
  FloorSrc *self = (FloorSrc *)base;
  for (guint i = 0; i < FLOOR_SLOTS; i++)
    g_clear_pointer(&self->slots[i], gst_memory_unref);
  self->header = NULL;
  return TRUE;
}

static void floor_src_class_init(FloorSrcClass *klass) {
  GObjectClass *object = G_OBJECT_CLASS(klass);
  GstElementClass *element = GST_ELEMENT_CLASS(klass);
  GstBaseSrcClass *base = GST_BASE_SRC_CLASS(klass);
  object->set_property = floor_src_set_property;
  object->finalize = floor_src_finalize;
  base->unlock = floor_src_unlock;
  base->unlock_stop = floor_src_unlock_stop;
  base->stop = floor_src_stop;
  GST_PUSH_SRC_CLASS(klass)->create = floor_src_create;
  g_object_class_install_property(object, PROP_POOL,
                                  g_param_spec_string("pool", "pool", "Name of the pool", "bench",
                                                      G_PARAM_WRITABLE | G_PARAM_STATIC_STRINGS));
  gst_element_class_add_static_pad_template(element, &src_template);
  gst_element_class_set_static_metadata(element, "Floor source", "Source/Testing",
                                        "The newest frame of floorsink, without any safety", "BIPS");
}

static void floor_src_init(FloorSrc *self) {
  self->pool = g_strdup("bench");
  gst_base_src_set_live(GST_BASE_SRC(self), TRUE);
  gst_base_src_set_format(GST_BASE_SRC(self), GST_FORMAT_TIME);
}
