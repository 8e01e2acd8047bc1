// Package platform has nothing in it but the systems that BIPS is for: for others it does not compile, and says why. Words of
// shared memory have 64 bits, are little-endian, and are loaded and stored at once; the rest is Linux'.
package platform
