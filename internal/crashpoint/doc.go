// Package crashpoint gives the steps of the protocol names at which a process can be
// made to die. [Hit] stands right after each step; the name is the step's id in
// docs/protocol.md, and stands nowhere else in the code.
//
// In a build without tags both functions are empty, and nothing is left of them
// (tests/arch looks at the machine code). With the tag bipscrash, or bipsmutant,
// BIPS_CRASH_POINT chooses a point and BIPS_CRASH_HIT the hit, by default the first,
// at which the process kills itself; and here and there a hit takes a short pause, in
// a process that is to die more often than in others, so that what others do meanwhile
// differs from run to run. BIPS_CRASH_SLOW chooses a point at which each hit takes
// long enough for the others to do a lot.
package crashpoint
