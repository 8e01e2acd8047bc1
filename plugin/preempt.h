#ifndef GST_BIPS_PREEMPT_H
#define GST_BIPS_PREEMPT_H

/* Has the Go runtime that was in the process before this one get its signals again. */
void gst_bips_share_preemption (void);

#endif
