// benchsink: reads the stamps of benchsrc and notes how old they are.
//
// It prints {"bench":"first"} on stderr with the first frame, so that others know
// that it is connected, and when the stream ends or the element stops one line of
// JSON: frames that were measured, lost (numbers that did not come), bad (frames that
// are not whole), the processor time of the whole process since the first of them, and the latencies.
#include "benchsink.h"

#include <gst/base/gstbasesink.h>
#include <string.h>

#include "cpu.h"
#include "histogram.h"
#include "stamp.h"

typedef struct {
  GstBaseSink parent;
  // properties
  gboolean touch;
  guint work_us;
  // what came
  gboolean greeted, reported;
  guint64 frames, lost, bad, next;
  guint64 first, last; // when, in nanoseconds
  gdouble cpu;         // seconds that the process had used at the first measured frame
  guint64 sum;         // of the bytes: what is read must be of use, or no compiler reads it
  Histogram *latency;  // too large for an instance
} BenchSink;

typedef struct {
  GstBaseSinkClass parent;
} BenchSinkClass;

G_DEFINE_TYPE(BenchSink, bench_sink, GST_TYPE_BASE_SINK)

enum { PROP_TOUCH = 1, PROP_WORK_US };

static GstStaticPadTemplate sink_template =
    GST_STATIC_PAD_TEMPLATE("sink", GST_PAD_SINK, GST_PAD_ALWAYS, GST_STATIC_CAPS_ANY);

static void bench_sink_set_property(GObject *object, guint id, const GValue *value,
                                    GParamSpec *spec) {
  BenchSink *self = (BenchSink *)object;
  switch (id) {
  case PROP_TOUCH:
    self->touch = g_value_get_boolean(value);
    break;
  case PROP_WORK_US:
    self->work_us = g_value_get_uint(value);
    break;
  default:
    G_OBJECT_WARN_INVALID_PROPERTY_ID(object, id, spec);
  }
}

static void bench_sink_finalize(GObject *object) {
  g_free(((BenchSink *)object)->latency);
  G_OBJECT_CLASS(bench_sink_parent_class)->finalize(object);
}

static void report(BenchSink *self) {
  if (self->reported)
    return;
  self->reported = TRUE;
  fprintf(stderr,
          "{\"bench\":\"sink\",\"frames\":%" PRIu64 ",\"lost\":%" PRIu64 ",\"bad\":%" PRIu64
          ",\"elapsed_s\":%.6f,\"cpu_s\":%.6f,\"sum\":%u,",
          self->frames, self->lost, self->bad, (gdouble)(self->last - self->first) / 1e9,
          self->frames ? cpu_seconds() - self->cpu : 0, (guint8)self->sum);
  histogram_print(self->latency, "latency", stderr);
  fputs("}\n", stderr);
}

static guint64 sum_of(const guint8 *data, gsize size) {
  guint64 sum = 0, word;
  for (gsize i = 0; i + sizeof word <= size; i += sizeof word) {
    memcpy(&word, data + i, sizeof word);
    sum += word;
  }
  return sum;
}

static void note(BenchSink *self, const Stamp *stamp, guint64 now) {
  if (!self->frames++) {
    self->first = now;
    self->cpu = cpu_seconds();
  }
  self->last = now;
  if (stamp->sequence > self->next)
    self->lost += stamp->sequence - self->next;
  self->next = stamp->sequence + 1;
  histogram_record(self->latency, now - stamp->time_ns);
}

static GstFlowReturn bench_sink_render(GstBaseSink *base, GstBuffer *buffer) {
  BenchSink *self = (BenchSink *)base;
  GstMapInfo map;
  if (!gst_buffer_map(buffer, &map, GST_MAP_READ)) {
    GST_ELEMENT_ERROR(self, RESOURCE, READ, ("the frame cannot be read"), (NULL));
    return GST_FLOW_ERROR;
  }
  Stamp stamp = {0};
  if (map.size >= sizeof stamp)
    memcpy(&stamp, map.data, sizeof stamp);
  guint64 now = now_ns();
  if (stamp.magic != STAMP_MAGIC || stamp.size != map.size)
    self->bad++;
  else if (stamp.measured)
    note(self, &stamp, now);
  if (self->touch)
    self->sum += sum_of(map.data, map.size);
  gst_buffer_unmap(buffer, &map);
  if (!self->greeted) {
    self->greeted = TRUE;
    fputs("{\"bench\":\"first\"}\n", stderr);
  }
  if (self->work_us)
    g_usleep(self->work_us);
  return GST_FLOW_OK;
}

static gboolean bench_sink_event(GstBaseSink *base, GstEvent *event) {
  if (GST_EVENT_TYPE(event) == GST_EVENT_EOS)
    report((BenchSink *)base);
  return GST_BASE_SINK_CLASS(bench_sink_parent_class)->event(base, event);
}

static gboolean bench_sink_stop(GstBaseSink *base) {
  report((BenchSink *)base);
  return TRUE;
}

static void bench_sink_class_init(BenchSinkClass *klass) {
  GObjectClass *object = G_OBJECT_CLASS(klass);
  GstElementClass *element = GST_ELEMENT_CLASS(klass);
  GstBaseSinkClass *base = GST_BASE_SINK_CLASS(klass);
  object->set_property = bench_sink_set_property;
  object->finalize = bench_sink_finalize;
  base->render = bench_sink_render;
  base->event = bench_sink_event;
  base->stop = bench_sink_stop;
  GParamFlags flags = G_PARAM_WRITABLE | G_PARAM_STATIC_STRINGS;
  g_object_class_install_property(
      object, PROP_TOUCH,
      g_param_spec_boolean("touch", "touch", "Read every byte, not the stamp only", FALSE, flags));
  g_object_class_install_property(
      object, PROP_WORK_US,
      g_param_spec_uint("work-us", "work-us", "Microseconds to sleep with each frame", 0, G_MAXUINT,
                        0, flags));
  gst_element_class_add_static_pad_template(element, &sink_template);
  gst_element_class_set_static_metadata(element, "Benchmark sink", "Sink/Testing",
                                        "Reads the stamps of benchsrc", "BIPS");
}

static void bench_sink_init(BenchSink *self) {
  self->latency = g_new0(Histogram, 1);
  gst_base_sink_set_sync(GST_BASE_SINK(self), FALSE);
  gst_base_sink_set_async_enabled(GST_BASE_SINK(self), FALSE);
  gst_base_sink_set_last_sample_enabled(GST_BASE_SINK(self), FALSE);
}
