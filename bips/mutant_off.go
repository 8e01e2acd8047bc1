//go:build !bipsmutant

package bips

// mutant reports whether a step of the Signaler is to be done wrong: never, and at no
// cost. mutant_on.go is for tests of the tests.
func mutant(string) bool { return false }
