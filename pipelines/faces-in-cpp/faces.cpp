/*
 * faces POOL PICTURE CASCADE [every]: looks for faces in the frames of a pool, with OpenCV, where they lie. Says where they
 * are, and keeps the last picture with one in it, with a box around each. It looks at the latest frame, or at every one.
 */
#include <bips/bips.hpp>

#include <opencv2/imgcodecs.hpp>
#include <opencv2/imgproc.hpp>
#include <opencv2/objdetect.hpp>

#include <algorithm>
#include <cstdio>
#include <exception>
#include <stdexcept>
#include <string>
#include <string_view>
#include <vector>

namespace {

// Field is the value of a field of caps, as a text: "width" of "video/x-raw, width=(int)640, ..." is "640".
std::string Field(std::string_view caps, std::string_view name) {
  for (std::size_t at = caps.find(','); at != std::string_view::npos; at = caps.find(',', at + 1)) {
    std::string_view part = caps.substr(at + 1, caps.find(',', at + 1) - at - 1);
    part.remove_prefix(std::min(part.find_first_not_of(' '), part.size()));
    if (part.size() <= name.size() || part.substr(0, name.size()) != name || part[name.size()] != '=')
      continue;
    part.remove_prefix(name.size() + 1);
    if (!part.empty() && part[0] == '(')
      part.remove_prefix(part.find(')') + 1);
    return std::string(part);
  }
  throw std::runtime_error("caps without " + std::string(name) + ": " + std::string(caps));
}

// Picture is a frame in NV12 as OpenCV sees it: two planes of the pool's own memory, which nobody may write to.
struct Picture {
  cv::Mat brightness, colour;

  explicit Picture(const bips::Frame &frame) {
    if (frame.caps().substr(0, 11) != "video/x-raw" || Field(frame.caps(), "format") != "NV12")
      throw std::runtime_error("this program reads NV12: put videoconvert ! video/x-raw,format=NV12 before bipssink. The caps are " + std::string(frame.caps()));
    int width = std::stoi(Field(frame.caps(), "width")), height = std::stoi(Field(frame.caps(), "height"));
    if (width < 2 || height < 2)
      throw std::runtime_error("a picture of " + std::to_string(width) + " by " + std::to_string(height));
    // Where the planes lie, if the frame does not say: rows are padded to four bytes.
    bips::FrameInfo info = frame.info();
    std::size_t stride[2], offset[2];
    for (int plane = 0; plane < 2; plane++) {
      std::size_t padded = (static_cast<std::size_t>(width) + 3) / 4 * 4;
      bool told = info.plane_count == 2;
      stride[plane] = told ? static_cast<std::size_t>(info.plane_stride[plane]) : padded;
      offset[plane] = told ? info.plane_offset[plane] : plane * padded * ((static_cast<std::size_t>(height) + 1) / 2 * 2);
    }
    brightness = Plane(frame, CV_8UC1, width, height, offset[0], stride[0]);
    colour = Plane(frame, CV_8UC2, (width + 1) / 2, (height + 1) / 2, offset[1], stride[1]);
  }

  // In colours that OpenCV draws with and writes: a copy.
  cv::Mat Copy() const {
    cv::Mat copy;
    cv::cvtColorTwoPlane(brightness, colour, copy, cv::COLOR_YUV2BGR_NV12);
    return copy;
  }

 private:
  static cv::Mat Plane(const bips::Frame &frame, int type, int width, int height, std::size_t offset, std::size_t stride) {
    std::size_t row = static_cast<std::size_t>(width) * CV_ELEM_SIZE(type);
    if (stride < row || offset > frame.size() || frame.size() - offset < stride * (static_cast<std::size_t>(height) - 1) + row)
      throw std::runtime_error("a frame of " + std::to_string(frame.size()) + " bytes is too short for " + std::string(frame.caps()));
    // cv::Mat has no const. Nothing here writes to it: that would be SIGSEGV.
    return cv::Mat(height, width, type, const_cast<std::uint8_t *>(frame.data().data()) + offset, stride);
  }
};

void Look(const std::string &pool, const std::string &file, const std::string &cascade, bips::Mode mode) {
  cv::CascadeClassifier detector;
  if (!detector.load(cascade))
    throw std::runtime_error("cannot read the cascade " + cascade + " (Debian: opencv-data)");
  unsigned long frames = 0, with_faces = 0;
  bips::ConsumerOptions options;
  options.mode = mode;
  for (bips::Frame &frame : bips::Consumer(pool, options)) { // until the end of the stream
    Picture picture(frame);
    std::vector<cv::Rect> faces;
    detector.detectMultiScale(picture.brightness, faces, 1.1, 3, 0, cv::Size(picture.brightness.rows / 5, picture.brightness.rows / 5));
    frames++;
    if (faces.empty())
      continue;
    with_faces++;
    cv::Mat copy = picture.Copy();
    for (const cv::Rect &face : faces) {
      std::printf("frame %llu: a face at %d,%d, %dx%d\n", static_cast<unsigned long long>(frame.sequence()), face.x, face.y, face.width, face.height);
      cv::rectangle(copy, face, cv::Scalar(0, 255, 0), 2);
    }
    std::fflush(stdout);
    if (!cv::imwrite(file, copy))
      throw std::runtime_error("cannot write " + file);
  }
  std::printf("%lu frames, %lu of them with faces\n", frames, with_faces);
}

}  // namespace

int main(int argc, char **argv) {
  if (argc < 4 || argc > 5 || (argc == 5 && std::string_view(argv[4]) != "every")) {
    std::fprintf(stderr, "usage: %s POOL PICTURE CASCADE [every]\n", argv[0]);
    return 2;
  }
  try {
    Look(argv[1], argv[2], argv[3], argc == 5 ? bips::Mode::kEvery : bips::Mode::kLatest);
  } catch (const std::exception &e) {
    std::fprintf(stderr, "%s: %s\n", argv[0], e.what());
    return 1;
  }
  return 0;
}
