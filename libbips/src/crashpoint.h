/*
 * Places where a process can be made to die, one at each step of the protocol. HIT("P2a") stands right
 * behind the step. In the library it is nothing; the peer of the tests is built with BIPS_CRASH.
 */
#ifndef BIPS_CRASHPOINT_H
#define BIPS_CRASHPOINT_H

#ifdef BIPS_CRASH
void crashpoint_hit(const char *point);
void crashpoint_pause(void); /* what tests/mutants/c do beside a step that is done wrong */
#define HIT(point) crashpoint_hit(point)
#else
#define HIT(point) ((void)0)
#endif

#endif
