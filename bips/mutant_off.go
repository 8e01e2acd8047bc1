//go:build !bipsmutant

package bips

// mutant reports whether a step of the Signaler is to be done wrong: never. pause
// does nothing. Both cost nothing; mutant_on.go is for tests of the tests.
func mutant(string) bool { return false }

func pause() {}
