#ifndef BIPS_LIMITS_H
#define BIPS_LIMITS_H

/* advise_on adds to an error of the system which limit was reached and what raises it. */
int advise_on(int error);

#endif
