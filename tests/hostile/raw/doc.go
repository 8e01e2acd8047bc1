// Package raw speaks the messages of a memfd pool without package bips: a reader, and what listens in the place of a
// producer, which keep to the protocol exactly as far as a test wants them to. Descriptors are plain numbers, which
// whoever gets them closes.
package raw
