// libuv POOL: reads a pool in a loop of libuv, in C++.
#include <bips/bips.hpp>
#include <uv.h>

#include <cstdio>

class Reader {
 public:
  Reader(uv_loop_t *loop, const char *pool) : camera_(pool) {
    uv_poll_init(loop, &poll_, camera_.Fd());
    uv_timer_init(loop, &timer_);
    poll_.data = timer_.data = this;
    uv_poll_start(&poll_, UV_READABLE, [](uv_poll_t *poll, int, int) { static_cast<Reader *>(poll->data)->ReadFrames(); });
    uv_timer_start(&timer_, [](uv_timer_t *timer) { static_cast<Reader *>(timer->data)->Tell("so far"); }, 1000, 1000);
  }

  void Tell(const char *when) const { std::printf("%lu frames %s\n", frames_, when); }

 private:
  // ReadFrames pulls until nothing is left.
  void ReadFrames() {
    bips::Frame frame;
    int result;

    while ((result = camera_.TryPull(&frame, std::chrono::seconds(0))) == 0)
      if (frames_++ == 0)
        std::printf("%s, %zu bytes a frame\n", frame.caps().data(), frame.size()); // frame.data(): read-only
    if (result == -BIPS_TIMEOUT) // until the next one
      return;
    std::printf("%s\n", bips::Error(result).what());
    if (result != -BIPS_PRODUCER_LOST) // else the next pull finds the next producer
      Stop();
  }

  // Stop takes both handles out of the loop, which ends then.
  void Stop() {
    uv_close(reinterpret_cast<uv_handle_t *>(&poll_), nullptr);
    uv_close(reinterpret_cast<uv_handle_t *>(&timer_), nullptr);
  }

  bips::Consumer camera_; // its descriptor is closed with it, when the loop is done
  uv_poll_t poll_;
  uv_timer_t timer_;
  unsigned long frames_ = 0;
};

int main(int count, char **arguments) {
  std::setvbuf(stdout, nullptr, _IOLBF, 0);
  try {
    Reader reader(uv_default_loop(), count > 1 ? arguments[1] : "camera0");
    uv_run(uv_default_loop(), UV_RUN_DEFAULT);
    reader.Tell("in all");
  } catch (const bips::Error &error) {
    std::fprintf(stderr, "%s\n", error.what());
    return 1;
  }
  return uv_loop_close(uv_default_loop());
}
