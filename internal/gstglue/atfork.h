/* Locks of ours must not outlive us in a forked child. */
#ifndef GST_BIPS_ATFORK_H
#define GST_BIPS_ATFORK_H

void gst_bips_atfork_init (void);
/* FALSE: too many descriptors are tracked. */
int gst_bips_atfork_track (int fd);
void gst_bips_atfork_forget (int fd);

#endif
