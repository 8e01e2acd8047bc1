//! The brightness of a frame, as characters.

use crate::bips::Frame;

/// How many characters a picture has.
pub const COLUMNS: usize = 64;
pub const ROWS: usize = 24;

/// From dark to bright.
const CHARACTERS: &[u8] = b" .:-=+*#%@";

/// The field of caps: "width" of "video/x-raw, width=(int)640, ..." is "640".
fn field<'a>(caps: &'a str, name: &str) -> Option<&'a str> {
    caps.split(',').find_map(|part| {
        let (key, value) = part.trim().split_once('=')?;
        (key == name).then(|| value.rsplit(')').next().unwrap_or(value).trim_matches('"'))
    })
}

/// Where the brightness lies in a frame.
struct Plane {
    width: usize,
    height: usize,
    offset: usize,
    stride: usize,
}

impl Plane {
    /// Of formats whose first plane is the brightness, a byte a pixel.
    fn of(frame: &Frame) -> Result<Plane, String> {
        let caps = frame.caps();
        let format = field(caps, "format").unwrap_or("none");
        if !caps.starts_with("video/x-raw")
            || !["GRAY8", "NV12", "NV21", "I420", "YV12", "Y42B", "Y444"].contains(&format)
        {
            return Err(format!("format {format} has no plane of brightness: put videoconvert ! video/x-raw,format=NV12 before bipssink"));
        }
        let number = |name| {
            field(caps, name)
                .and_then(|n| n.parse().ok())
                .ok_or(format!("caps without {name}: {caps}"))
        };
        let (width, height): (usize, usize) = (number("width")?, number("height")?);
        // Unless the frame says otherwise, rows lie as GStreamer has them: padded to four bytes.
        let (offset, stride) = frame.first_plane().unwrap_or((0, (width + 3) / 4 * 4));
        let plane = Plane {
            width,
            height,
            offset,
            stride,
        };
        match plane.end() {
            Some(end) if width > 0 && height > 0 && stride >= width && end <= frame.len() => {
                Ok(plane)
            }
            _ => Err(format!(
                "a frame of {} bytes is too short for {caps}",
                frame.len()
            )),
        }
    }

    /// The byte after the last pixel; None where numbers are too large for a picture.
    fn end(&self) -> Option<usize> {
        self.stride
            .checked_mul(self.height.checked_sub(1)?)?
            .checked_add(self.width)?
            .checked_add(self.offset)
    }

    /// The average of one character's pixels, of which there is at least one.
    fn average(&self, bytes: &[u8], column: usize, row: usize) -> usize {
        let (left, top) = (column * self.width / COLUMNS, row * self.height / ROWS);
        let right = ((column + 1) * self.width / COLUMNS).max(left + 1);
        let bottom = ((row + 1) * self.height / ROWS).max(top + 1);
        let sum: usize = (top..bottom)
            .map(|y| &bytes[self.offset + y * self.stride..][left..right])
            .map(|pixels| pixels.iter().map(|&b| usize::from(b)).sum::<usize>())
            .sum();
        sum / ((right - left) * (bottom - top))
    }
}

/// The frame's picture, ROWS lines.
pub fn draw(frame: &Frame) -> Result<String, String> {
    let plane = Plane::of(frame)?;
    let mut text = String::with_capacity((COLUMNS + 1) * ROWS);
    for row in 0..ROWS {
        for column in 0..COLUMNS {
            let brightness = plane.average(frame, column, row);
            text.push(char::from(CHARACTERS[brightness * CHARACTERS.len() / 256]));
        }
        text.push('\n');
    }
    Ok(text)
}
