// Package install has no code: its tests try libbips as strangers find it. Each builds a project of a few lines outside of
// the checkout, with CMake, Meson or a Makefile's means, against an installed library or with this checkout's sources in it.
package install
