//go:build !bipscrash && !bipsmutant

package crashpoint

// Enabled reports whether this build can crash.
const Enabled = false

// Hit does nothing.
func Hit(string) {}

// Pause does nothing.
func Pause() {}
