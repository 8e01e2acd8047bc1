/* A peer of tests/peer/README.md behind which the elements are: a producer that is appsrc ! bipssink, a consumer that is
 * bipssrc ! appsink. It does what a pipeline can be asked, is always --idle, and knows no other order. */
#ifndef GSTPEER_H
#define GSTPEER_H

#include <gst/gst.h>

#include "../../../libbips/tests/peer/json.h"
#include "../../../libbips/tests/peer/output.h"

/* The flags that mean something to another process: not those that are about memory. */
#define CROSSING_FLAGS ((guint) ~((GST_MINI_OBJECT_FLAG_LAST - 1) | GST_BUFFER_FLAG_TAG_MEMORY))

/* Options are --NAME=VALUE. Those that elements do not have are taken and not used. */
const char *option (int count, char **options, const char *name, const char *otherwise);
gint64 number_option (int count, char **options, const char *name, gint64 otherwise);

/* The elements of a pipeline, of which the first or the last is the application's. It ends the program if there are none. */
GstElement *pipeline_of (const char *description);

/* A message that a pipeline posts: its error, which is the caller's, or NULL. An error ends the pipeline. */
GError *error_of (GstElement * pipeline);

/* What an error that an element posts is called in lines. */
const char *name_of (const GError * error);

/* One of the numbers in the property stats of an element. */
guint64 counted (GstElement * element, const char *name);

/* A role carries out orders until its input ends. close lets go of all that there is of a pool. */
typedef void (*role_order) (const char *order, const struct json * fields, struct line * answer);
void obey_orders (role_order carry_out);

void produce (const char *pool, int count, char **options);
void consume (const char *pool, int count, char **options);

#endif
