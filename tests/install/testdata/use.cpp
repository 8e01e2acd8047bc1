/* use.c in C++. */
#include <bips/bips.hpp>
#include <bips/meta.hpp>
#include <algorithm>
#include <chrono>
#include <iostream>
#include <string>

int main() try {
  const std::string hello = "hello";
  bips::ProducerOptions options;
  options.slot_size = hello.size();
  options.caps = "text/plain";
  bips::Producer producer("outside", options);
  bips::Slot slot = producer.Pull();
  std::copy(hello.begin(), hello.end(), slot.data().begin());
  producer.Push(slot);
  bips::Consumer consumer("outside");
  bips::Frame frame = consumer.Pull(std::chrono::seconds(10));
  std::cout << std::string(frame.data().begin(), frame.data().end()) << " " << frame.caps() << ", libbips " << bips_version() << ", a record is a "
            << bips::meta::TypeName(BIPS_META_REGION) << "\n";
  return 0;
} catch (const bips::Error &error) {
  std::cerr << error.what() << "\n";
  return 1;
}
