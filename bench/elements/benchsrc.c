// benchsrc: frames at a fixed rate or flat out, in whatever memory downstream offers.
//
// It stamps each frame with its number and CLOCK_MONOTONIC. Until the file "start"
// exists it sends warm-up frames, at most 300 a second; then it measures for
// "seconds", ends the stream and prints one line of JSON on stderr: how long getting
// an empty buffer (acquire) and pushing a full one (publish) took, and the processor
// time of the whole process meanwhile.
#include "benchsrc.h"

#include <gst/base/gstpushsrc.h>
#include <string.h>
#include <unistd.h>

#include "cpu.h"
#include "histogram.h"
#include "stamp.h"

#define WARM_UP_RATE 300.0
// After the start, so that the change of pace is over: not measured either.
#define SETTLING_NS 150000000u

typedef struct {
  GstPushSrc parent;
  // properties
  guint size;
  gdouble rate, seconds;
  gboolean fill;
  GstCaps *caps;
  gchar *start;
  // where we are; times in nanoseconds, 0: not yet
  guint64 origin, origin_frames; // the pace is counted from here
  guint64 settling, measuring;
  guint64 sequence, frames;
  guint64 filled;   // when the frame under way was ready to be pushed
  guint64 acquired; // how long its buffer took
  gdouble cpu;
  Histogram *acquire, *publish; // too large for an instance
} BenchSrc;

typedef struct {
  GstPushSrcClass parent;
} BenchSrcClass;

G_DEFINE_TYPE(BenchSrc, bench_src, GST_TYPE_PUSH_SRC)

enum { PROP_SIZE = 1, PROP_RATE, PROP_SECONDS, PROP_FILL, PROP_CAPS, PROP_START };

static GstStaticPadTemplate src_template =
    GST_STATIC_PAD_TEMPLATE("src", GST_PAD_SRC, GST_PAD_ALWAYS, GST_STATIC_CAPS_ANY);

static void bench_src_set_property(GObject *object, guint id, const GValue *value,
                                   GParamSpec *spec) {
  BenchSrc *self = (BenchSrc *)object;
  switch (id) {
  case PROP_SIZE:
    self->size = g_value_get_uint(value);
    gst_base_src_set_blocksize(GST_BASE_SRC(self), self->size);
    break;
  case PROP_RATE:
    self->rate = g_value_get_double(value);
    break;
  case PROP_SECONDS:
    self->seconds = g_value_get_double(value);
    break;
  case PROP_FILL:
    self->fill = g_value_get_boolean(value);
    break;
  case PROP_CAPS:
    gst_caps_replace(&self->caps, (GstCaps *)gst_value_get_caps(value));
    break;
  case PROP_START:
    g_free(self->start);
    self->start = g_value_dup_string(value);
    break;
  default:
    G_OBJECT_WARN_INVALID_PROPERTY_ID(object, id, spec);
  }
}

static void bench_src_finalize(GObject *object) {
  BenchSrc *self = (BenchSrc *)object;
  gst_caps_replace(&self->caps, NULL);
  g_free(self->start);
  g_free(self->acquire);
  g_free(self->publish);
  G_OBJECT_CLASS(bench_src_parent_class)->finalize(object);
}

static GstCaps *bench_src_get_caps(GstBaseSrc *base, GstCaps *filter) {
  BenchSrc *self = (BenchSrc *)base;
  GstCaps *caps = self->caps ? gst_caps_ref(self->caps) : gst_caps_new_any();
  if (filter) {
    GstCaps *both = gst_caps_intersect_full(filter, caps, GST_CAPS_INTERSECT_FIRST);
    gst_caps_unref(caps);
    caps = both;
  }
  return caps;
}

// The base class asks for a buffer as soon as the last one is pushed: between
// bench_src_fill and here lies what downstream took.
static GstFlowReturn bench_src_alloc(GstBaseSrc *base, guint64 offset, guint size,
                                     GstBuffer **buffer) {
  BenchSrc *self = (BenchSrc *)base;
  guint64 before = now_ns();
  if (self->measuring && self->frames) {
    histogram_record(self->publish, before - self->filled);
    histogram_record(self->acquire, self->acquired);
  }
  GstFlowReturn flow =
      GST_BASE_SRC_CLASS(bench_src_parent_class)->alloc(base, offset, size, buffer);
  self->acquired = now_ns() - before;
  return flow;
}

static void set_pace(BenchSrc *self, guint64 now) {
  self->origin = now;
  self->origin_frames = 0;
}

static void keep_pace(BenchSrc *self, gdouble rate) {
  if (rate <= 0)
    return;
  guint64 due = self->origin + (guint64)((gdouble)self->origin_frames++ * 1e9 / rate);
  struct timespec until = {(time_t)(due / 1000000000u), (long)(due % 1000000000u)};
  clock_nanosleep(CLOCK_MONOTONIC, TIMER_ABSTIME, &until, NULL);
}

// Goes from warming up to settling to measuring, each when its time has come.
static void advance(BenchSrc *self) {
  guint64 now = now_ns();
  if (!self->origin)
    set_pace(self, now);
  if (!self->settling && (!self->start || access(self->start, F_OK) == 0)) {
    self->settling = now;
    set_pace(self, now);
  }
  if (self->settling && !self->measuring && now - self->settling >= SETTLING_NS) {
    self->measuring = now;
    self->cpu = cpu_seconds();
  }
}

static void report(BenchSrc *self) {
  gdouble elapsed = (gdouble)(now_ns() - self->measuring) / 1e9;
  fprintf(stderr, "{\"bench\":\"src\",\"frames\":%" PRIu64 ",\"elapsed_s\":%.6f,\"cpu_s\":%.6f,",
          self->frames, elapsed, cpu_seconds() - self->cpu);
  histogram_print(self->acquire, "acquire", stderr);
  fputc(',', stderr);
  histogram_print(self->publish, "publish", stderr);
  fputs("}\n", stderr);
}

static gboolean is_over(BenchSrc *self) {
  return self->measuring && now_ns() - self->measuring >= (guint64)(self->seconds * 1e9);
}

static GstFlowReturn bench_src_fill(GstPushSrc *base, GstBuffer *buffer) {
  BenchSrc *self = (BenchSrc *)base;
  advance(self);
  if (is_over(self)) {
    report(self);
    return GST_FLOW_EOS;
  }
  keep_pace(self, self->settling ? self->rate : WARM_UP_RATE);
  GstMapInfo map;
  if (!gst_buffer_map(buffer, &map, GST_MAP_WRITE)) {
    GST_ELEMENT_ERROR(self, RESOURCE, WRITE, ("downstream's memory cannot be written"), (NULL));
    return GST_FLOW_ERROR;
  }
  if (self->fill)
    memset(map.data, (int)(self->sequence & 0xff), map.size);
  Stamp stamp = {STAMP_MAGIC, 0, self->measuring ? self->frames++ : 0, (guint32)map.size,
                 self->measuring != 0};
  GST_BUFFER_PTS(buffer) = self->sequence * (GST_SECOND / 300);
  GST_BUFFER_OFFSET(buffer) = self->sequence++;
  stamp.time_ns = now_ns();
  if (map.size >= sizeof stamp)
    memcpy(map.data, &stamp, sizeof stamp);
  gst_buffer_unmap(buffer, &map);
  self->filled = now_ns();
  return GST_FLOW_OK;
}

static void bench_src_class_init(BenchSrcClass *klass) {
  GObjectClass *object = G_OBJECT_CLASS(klass);
  GstElementClass *element = GST_ELEMENT_CLASS(klass);
  GstBaseSrcClass *base = GST_BASE_SRC_CLASS(klass);
  object->set_property = bench_src_set_property;
  object->finalize = bench_src_finalize;
  base->get_caps = bench_src_get_caps;
  base->alloc = bench_src_alloc;
  GST_PUSH_SRC_CLASS(klass)->fill = bench_src_fill;
  GParamFlags flags = G_PARAM_WRITABLE | G_PARAM_STATIC_STRINGS;
  g_object_class_install_property(
      object, PROP_SIZE,
      g_param_spec_uint("size", "size", "Bytes per frame", 1, G_MAXUINT, 3110400, flags));
  g_object_class_install_property(
      object, PROP_RATE,
      g_param_spec_double("rate", "rate", "Frames per second (0: flat out)", 0, 1e9, 0, flags));
  g_object_class_install_property(
      object, PROP_SECONDS,
      g_param_spec_double("seconds", "seconds", "How long to measure", 0, 1e6, 1, flags));
  g_object_class_install_property(
      object, PROP_FILL,
      g_param_spec_boolean("fill", "fill", "Write every byte, not the stamp only", FALSE, flags));
  g_object_class_install_property(
      object, PROP_CAPS,
      g_param_spec_boxed("caps", "caps", "Caps to announce", GST_TYPE_CAPS, flags));
  g_object_class_install_property(
      object, PROP_START,
      g_param_spec_string("start", "start", "Measure once this file exists (none: at once)", NULL,
                          flags));
  gst_element_class_add_static_pad_template(element, &src_template);
  gst_element_class_set_static_metadata(element, "Benchmark source", "Source/Testing",
                                        "Stamped frames at a fixed rate or flat out", "BIPS");
}

static void bench_src_init(BenchSrc *self) {
  self->size = 3110400;
  self->seconds = 1;
  self->acquire = g_new0(Histogram, 1);
  self->publish = g_new0(Histogram, 1);
  gst_base_src_set_format(GST_BASE_SRC(self), GST_FORMAT_TIME);
}
