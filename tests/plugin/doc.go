// Package plugin tests the GStreamer plugin from outside: real gst-launch-1.0 and
// gst-inspect-1.0 processes, one file per behaviour. The plugin is never loaded into
// the test's own process, which has a Go runtime already; there package bips plays the
// other side, so that a test sees each frame, or makes it.
//
// What gst-launch-1.0 cannot do, the program of testdata/drive does on command: several
// pipelines in one process, changes of state, seeks, a look at what the process has.
//
// The plugin is looked for in $BIPS_PLUGIN_DIR, or else in build/plugin. The pools of the tests have the backend that
// $BIPS_TEST_BACKEND names: shm, which is the default, or memfd.
package plugin
