/* Pools whose files somebody cut short. */
#ifndef GST_BIPS_FAULT_H
#define GST_BIPS_FAULT_H

/* Has accesses to a pool that was cut short go on, so that the element can say what happened, instead of ending
 * the process. Call it once. */
void gst_bips_fault_init (void);

#endif
