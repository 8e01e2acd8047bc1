// Package gststubs lets one plugin binary load on GStreamer 1.18 to 1.26.
//
// go-gst wraps all of GStreamer 1.26 and GLib 2.84, so a plugin made with it
// wants functions that older systems do not have, although nothing here calls
// them. GStreamer refuses a plugin with a missing function. This package
// defines each of them: a stub that goes on to the real function where the
// loaded libraries have it, and says what is missing and aborts where they have
// not. So it makes no difference on which system the plugin was built.
//
// It also asks glibc for the old versions of a few thread functions, so that
// what is built with glibc 2.36 loads with 2.31 (oldglibc.c).
//
// Import it for its effect, once, wherever go-gst is linked in. It has no API.
//
// stubs.inc, the list, is generated: tools/stubs makes and checks it. The build
// tag nostubs leaves the stubs out, to see what is wanted.
package gststubs
