// The same as header.c, for C++17.
#include <bips/bips.h>

bips_consumer_options consumer_options = BIPS_CONSUMER_OPTIONS_INIT;
bips_consumer_stats consumer_stats = BIPS_CONSUMER_STATS_INIT;
bips_frame_delivery frame_delivery = BIPS_FRAME_DELIVERY_INIT;
bips_frame_info frame_info = BIPS_FRAME_INFO_INIT;
bips_pool_info pool_info = BIPS_POOL_INFO_INIT;
bips_producer_options producer_options = BIPS_PRODUCER_OPTIONS_INIT;
bips_producer_stats producer_stats = BIPS_PRODUCER_STATS_INIT;

int main(void) { return bips_check_name("header"); }
