/* Locks and connections of ours must not outlive us in a forked child: they last as long as any
 * process has the descriptor. */
#ifndef GST_BIPS_ATFORK_H
#define GST_BIPS_ATFORK_H

void gst_bips_atfork_init (void);
/* FALSE: the descriptor's number is too large to be tracked, and the child keeps it. */
int gst_bips_atfork_track (int fd);
void gst_bips_atfork_forget (int fd);

#endif
