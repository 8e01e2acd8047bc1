#define G_LOG_DOMAIN "bips"

#include "forked.h"

#include <pthread.h>
#include <sys/mman.h>
#include <unistd.h>

#define SENTENCE "This process was forked after GStreamer had loaded the plugin bips, which works only " \
    "in the process that loaded it: start the child with exec or spawn (in Python: " \
    "multiprocessing.set_start_method(\"spawn\"))."

/* Of a fork only the thread that called it is left, and none of those on which the Go
 * runtime relies: a call of Go would wait for ever, or find a lock taken. */

/* Not 0 in the process in which Go runs, 0 in a child of it; NULL: not known yet. */
static volatile gint *at_home;

static void
leave_home (void)
{
  *at_home = 0;
}

/* A page that the kernel empties in the child (Linux 4.14): also when it was forked by
 * a bare system call, which the handlers of pthread_atfork do not hear of. */
static gint *
page_emptied_by_fork (void)
{
  gsize size = sysconf (_SC_PAGESIZE);
  gpointer page = mmap (NULL, size, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

  if (page == MAP_FAILED)
    return NULL;
#ifdef MADV_WIPEONFORK
  madvise (page, size, MADV_WIPEONFORK);
#endif
  return page;
}

void
gst_bips_forked_init (void)
{
  static gint without_page;
  gint *home = page_emptied_by_fork ();

  if (!home)
    home = &without_page;
  *home = 1;
  at_home = home;
  pthread_atfork (NULL, NULL, leave_home);
}

gboolean
gst_bips_forked (void)
{
  return at_home && *at_home == 0;
}

/* Each call from C of a function that Go exports, here and in the bindings, ends in this one
 * (-Wl,--wrap, forked.go). In a forked child it is not made, and the function returns 0: what that
 * means is seen to by those who call. */
void __real_crosscall2 (void (*function) (void *), void *arguments, int size, size_t context);
void __wrap_crosscall2 (void (*function) (void *), void *arguments, int size, size_t context);

static gint entered;

void
__wrap_crosscall2 (void (*function) (void *), void *arguments, int size, size_t context)
{
  if (gst_bips_forked ())
    return;
  g_atomic_int_inc (&entered);
  __real_crosscall2 (function, arguments, size, context);
}

guint
gst_bips_entered (void)
{
  return (guint) g_atomic_int_get (&entered);
}

/* The methods of a class as the bindings made them. */
typedef struct
{
  void (*constructed) (GObject *);
  void (*finalize) (GObject *);
  void (*set_property) (GObject *, guint, const GValue *, GParamSpec *);
  void (*get_property) (GObject *, guint, GValue *, GParamSpec *);
  GstStateChangeReturn (*change_state) (GstElement *, GstStateChange);
  GObjectClass *parent;
} Methods;

/* Of a type: its methods; of an element: that the child was told of it. */
static GQuark methods_quark, told_quark;

static Methods *
methods_of (gpointer object)
{
  GType type = G_OBJECT_TYPE (object);
  Methods *methods;

  while (!(methods = g_type_get_qdata (type, methods_quark)))   /* of a subclass */
    type = g_type_parent (type);
  return methods;
}

void
gst_bips_forked_report (gpointer element)
{
  GST_ELEMENT_ERROR (element, LIBRARY, INIT, (SENTENCE), (NULL));
}

/* Once for each element. */
static void
tell (GObject * object)
{
  if (g_object_get_qdata (object, told_quark))
    return;
  g_object_set_qdata (object, told_quark, GINT_TO_POINTER (TRUE));
  g_critical ("%s: %s", G_OBJECT_TYPE_NAME (object), SENTENCE);
}

/* Making an object cannot fail. This comes when it has just been made. */
static void
guarded_constructed (GObject * object)
{
  if (gst_bips_forked ())
    tell (object);
  methods_of (object)->constructed (object);
}

static void
guarded_finalize (GObject * object)
{
  Methods *methods = methods_of (object);

  if (gst_bips_forked ())
    methods->parent->finalize (object);
  else
    methods->finalize (object);
}

static void
guarded_set_property (GObject * object, guint id, const GValue * value, GParamSpec * spec)
{
  if (gst_bips_forked ())
    tell (object);
  else
    methods_of (object)->set_property (object, id, value, spec);
}

static void
guarded_get_property (GObject * object, guint id, GValue * value, GParamSpec * spec)
{
  if (gst_bips_forked ()) {
    tell (object);
    g_param_value_set_default (spec, value);
  } else {
    methods_of (object)->get_property (object, id, value, spec);
  }
}

/* On the way down nothing is done either: the base class would wait for threads that were not
 * forked, and for locks that these hold. */
static GstStateChangeReturn
guarded_change_state (GstElement * element, GstStateChange transition)
{
  if (!gst_bips_forked ())
    return methods_of (element)->change_state (element, transition);
  if (GST_STATE_TRANSITION_NEXT (transition) < GST_STATE_TRANSITION_CURRENT (transition))
    return GST_STATE_CHANGE_SUCCESS;
  gst_bips_forked_report (element);
  return GST_STATE_CHANGE_FAILURE;
}

void
gst_bips_forked_guard (GType type)
{
  GObjectClass *object_class = g_type_class_ref (type);
  Methods *methods = g_new0 (Methods, 1);

  methods_quark = g_quark_from_static_string ("gst-bips-methods");
  told_quark = g_quark_from_static_string ("gst-bips-told-of-fork");
  methods->constructed = object_class->constructed;
  methods->finalize = object_class->finalize;
  methods->set_property = object_class->set_property;
  methods->get_property = object_class->get_property;
  methods->change_state = GST_ELEMENT_CLASS (object_class)->change_state;
  methods->parent = g_type_class_peek_parent (object_class);
  g_type_set_qdata (type, methods_quark, methods);
  object_class->constructed = guarded_constructed;
  object_class->finalize = guarded_finalize;
  object_class->set_property = guarded_set_property;
  object_class->get_property = guarded_get_property;
  GST_ELEMENT_CLASS (object_class)->change_state = guarded_change_state;
}
