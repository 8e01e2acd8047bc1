/* epoll POOL: reads a pool in a loop of epoll, beside a timer that tells each second how many frames came. */
#include <bips/bips.h>
#include <errno.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <sys/epoll.h>
#include <sys/timerfd.h>
#include <unistd.h>

static unsigned long frames;

/* read_frames pulls until nothing is left; false: the stream is over, or something is wrong. */
static bool read_frames(bips_consumer *camera) {
  bips_frame *frame;
  int err;

  while ((err = bips_consumer_pull(camera, 0, &frame)) == 0) {
    if (frames++ == 0)
      printf("%s, %zu bytes a frame\n", bips_frame_caps(frame), bips_frame_size(frame)); /* bips_frame_data: read-only */
    bips_frame_release(frame);
  }
  if (err == -BIPS_TIMEOUT) /* until the next one */
    return true;
  printf("%s\n", bips_error_message());
  return err == -BIPS_PRODUCER_LOST; /* the next pull finds the next producer */
}

static void tell(int timer) {
  uint64_t seconds;

  if (read(timer, &seconds, sizeof seconds) == sizeof seconds)
    printf("%lu frames so far\n", frames);
}

/* watch adds a descriptor to a loop. */
static int watch(int loop, int fd) {
  struct epoll_event event = {.events = EPOLLIN, .data.fd = fd};

  return epoll_ctl(loop, EPOLL_CTL_ADD, fd, &event);
}

int main(int count, char **arguments) {
  struct itimerspec each_second = {{1, 0}, {1, 0}};
  bips_consumer *camera;
  bool reading = true;

  setvbuf(stdout, NULL, _IOLBF, 0);
  if (bips_consumer_open(count > 1 ? arguments[1] : "camera0", NULL, &camera) < 0) {
    fprintf(stderr, "%s\n", bips_error_message());
    return 1;
  }
  int fd = bips_consumer_fd(camera), loop = epoll_create1(EPOLL_CLOEXEC), timer = timerfd_create(CLOCK_MONOTONIC, TFD_CLOEXEC);
  if (fd < 0) {
    fprintf(stderr, "%s\n", bips_error_message());
    return 1;
  }
  if (loop < 0 || timer < 0 || timerfd_settime(timer, 0, &each_second, NULL) < 0 || watch(loop, fd) < 0 || watch(loop, timer) < 0) {
    perror("epoll");
    return 1;
  }
  while (reading) {
    struct epoll_event event;
    if (epoll_wait(loop, &event, 1, -1) < 1) { /* a signal */
      if (errno != EINTR)
        break;
    } else if (event.data.fd == fd) {
      reading = read_frames(camera);
    } else {
      tell(timer);
    }
  }
  printf("%lu frames in all\n", frames);
  close(timer);
  close(loop);
  bips_consumer_close(camera); /* closes fd */
  return 0;
}
