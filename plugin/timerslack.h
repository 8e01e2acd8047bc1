#ifndef GST_BIPS_TIMERSLACK_H
#define GST_BIPS_TIMERSLACK_H

/* Gives the thread that loads the plugin its own timer slack back. */
void gst_bips_restore_timer_slack (void);

#endif
