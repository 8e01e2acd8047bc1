//go:build !linux || !(amd64 || arm64)

package platform

// What the compiler says of the name on the right is the error message.
var _ = BIPS_is_for_64_bit_Linux_on_amd64_and_arm64
