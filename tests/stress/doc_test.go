// Package stress runs one producer after another and several consumers, each a
// process of its own, under a seeded schedule of kills, stops, joins and leaves, and
// checks what they saw:
//
//	P1  whole       a frame is what its producer wrote: payload, record, caps, metadata
//	P2  held        it does not change until it is given back
//	P3  order       no frame comes twice, none after a newer one, within an instance
//	P4  every       mode Every misses nothing between its first and its last frame
//	                (unless demoted, or dropped by the policy Drop, and then it is counted)
//	P5  end         and if the producer ended meanwhile, nothing that it had published
//	                (unless it was on its way to a pool that the producer had moved to, which had no
//	                name any more: the producer was killed and replaced, or the names were deleted)
//	P6  counted     what is passed by is counted: Skipped and Lost fill each gap
//	P7  counters    what both sides' statistics say is what happened
//	P8  no wait     after the last fault every process makes progress, and each
//	                leaves when it is told to
//	P9  no leak     no names but lock files, no descriptors, no mappings
//	P10 no slot     with all consumers gone the producer can pull every slot but the newest
//	P11 no error    but those that the schedule explains
//
// The processes are peers (tests/peer/README.md), of any language. Each says what it sees as it
// goes, into a file that survives its death; who judges it is package drive.
// BIPS_STRESS_SECONDS and BIPS_STRESS_SEED choose how long and from which seed. Each round draws its backend, or
// each of its producers does; BIPS_STRESS_BACKEND makes all of them shm or memfd.
package stress
