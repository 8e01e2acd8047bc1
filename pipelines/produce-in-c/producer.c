/*
 * producer POOL [FRAMES]: a camera in C, without GStreamer. It draws a ball that bounces, 30 times a second, into the
 * slots of a pool, until Ctrl-C or for so many frames.
 */
#include <bips/bips.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

enum { WIDTH = 320, HEIGHT = 240, RATE = 30, RADIUS = 24, STEP = 4 };
#define CAPS "video/x-raw,format=BGRx,width=320,height=240,framerate=30/1" /* 4 bytes a pixel, no padding */

static volatile sig_atomic_t interrupted;

static void interrupt(int signal) {
  (void)signal;
  interrupted = 1;
}

static uint64_t now(void) {
  struct timespec t;

  clock_gettime(CLOCK_MONOTONIC, &t);
  return (uint64_t)t.tv_sec * (uint64_t)BIPS_SECOND + (uint64_t)t.tv_nsec;
}

/* sleep_until returns earlier for a signal. */
static void sleep_until(uint64_t when) {
  struct timespec t = {(time_t)(when / (uint64_t)BIPS_SECOND), (long)(when % (uint64_t)BIPS_SECOND)};

  clock_nanosleep(CLOCK_MONOTONIC, TIMER_ABSTIME, &t, NULL);
}

/* bounce is where a ball is at a step: RADIUS, up to size - RADIUS, and back. */
static int bounce(uint64_t step, int size) {
  int way = size - 2 * RADIUS;
  int at = (int)(step % (uint64_t)(2 * way));

  return RADIUS + (at < way ? at : 2 * way - at);
}

/* draw writes a whole picture: the slot still has an older one in it. */
static void draw(uint8_t *pixel, uint64_t number) {
  int ball_x = bounce(number * STEP, WIDTH), ball_y = bounce(number * STEP, HEIGHT);

  for (int y = 0; y < HEIGHT; y++)
    for (int x = 0; x < WIDTH; x++, pixel += 4) {
      int dx = x - ball_x, dy = y - ball_y;
      int ball = dx * dx + dy * dy <= RADIUS * RADIUS;

      pixel[0] = ball ? 40 : (uint8_t)(60 + y / 2); /* blue */
      pixel[1] = ball ? 200 : 40;
      pixel[2] = ball ? 250 : 20;
      pixel[3] = 0;
    }
}

/* publish makes one frame. A frame for which no slot is free is left out, and readers see that it is missing. */
static int publish(bips_producer *camera, uint64_t number) {
  bips_frame_info info = BIPS_FRAME_INFO_INIT;
  bips_slot *slot;
  int err = bips_producer_pull(camera, BIPS_FOREVER, &slot);

  if (err < 0)
    return err == -BIPS_DROPPED ? 0 : err;
  info.capture_time = now();
  info.pts = number * (uint64_t)BIPS_SECOND / RATE;
  info.duration = (uint64_t)BIPS_SECOND / RATE;
  info.data_size = (size_t)WIDTH * HEIGHT * 4;
  draw(bips_slot_data(slot), number);
  err = bips_producer_push(camera, slot, &info);
  if (err < 0)
    bips_slot_return(slot);
  return err;
}

int main(int argc, char **argv) {
  bips_producer_options options = BIPS_PRODUCER_OPTIONS_INIT;
  bips_producer_stats stats = BIPS_PRODUCER_STATS_INIT;
  struct sigaction action = {.sa_handler = interrupt};
  bips_producer *camera;
  int err = 0;

  if (argc < 2) {
    fprintf(stderr, "usage: %s POOL [FRAMES]\n", argv[0]);
    return 2;
  }
  sigaction(SIGINT, &action, NULL);
  sigaction(SIGTERM, &action, NULL);
  options.slot_size = (size_t)WIDTH * HEIGHT * 4;
  options.caps = CAPS;
  options.overflow = BIPS_DROP; /* a camera waits for nobody */
  if (bips_producer_open(argv[1], &options, &camera) < 0) {
    fprintf(stderr, "%s: %s\n", argv[0], bips_error_message());
    return 1;
  }
  uint64_t frames = argc > 2 ? strtoull(argv[2], NULL, 10) : UINT64_MAX, start = now();
  for (uint64_t i = 0; i < frames && !interrupted && err == 0; i++) {
    sleep_until(start + i * (uint64_t)BIPS_SECOND / RATE);
    err = publish(camera, i);
  }
  if (err < 0)
    fprintf(stderr, "%s: %s\n", argv[0], bips_error_message());
  else
    bips_producer_end_of_stream(camera);
  bips_producer_get_stats(camera, &stats);
  printf("%llu frames published, %llu dropped\n", (unsigned long long)stats.published, (unsigned long long)stats.dropped);
  bips_producer_close(camera);
  return err < 0;
}
