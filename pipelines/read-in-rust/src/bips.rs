//! What a reader needs of libbips: the declarations of bips.h, and safe types around them.
//!
//! All that is unsafe is in this file. bips.h documents the functions.

use std::ffi::{CStr, CString};
use std::fmt;
use std::ops::Deref;
use std::os::raw::{c_char, c_int, c_void};
use std::ptr::{self, NonNull};
use std::time::Duration;

/// The declarations, one for one as bips.h has them. bindgen makes the same of it.
#[allow(non_camel_case_types)]
mod c {
    use super::{c_char, c_int, c_void};

    #[repr(C)]
    pub struct bips_consumer {
        _opaque: [u8; 0],
    }

    #[repr(C)]
    pub struct bips_frame {
        _opaque: [u8; 0],
    }

    /// 0 in a field means its default.
    #[repr(C)]
    #[derive(Default)]
    pub struct bips_consumer_options {
        pub size: usize,
        pub mode: u32,
        pub max_held: u32,
        pub min_held: u32,
        pub reserved: u32,
        pub max_age: i64,
        pub spin: i64,
        pub stall_timeout: i64,
    }

    #[repr(C)]
    pub struct bips_frame_info {
        pub size: usize,
        pub data_size: usize,
        pub pts: u64,
        pub dts: u64,
        pub duration: u64,
        pub capture_time: u64,
        pub offset: u64,
        pub offset_end: u64,
        pub flags: u32,
        pub plane_count: u32,
        pub plane_stride: [i32; 4],
        pub plane_offset: [u64; 4],
        pub meta: *const c_void,
        pub meta_size: usize,
    }

    extern "C" {
        pub fn bips_error_message() -> *const c_char;
        pub fn bips_consumer_open(
            name: *const c_char,
            options: *const bips_consumer_options,
            consumer: *mut *mut bips_consumer,
        ) -> c_int;
        pub fn bips_consumer_close(consumer: *mut bips_consumer) -> *mut bips_consumer;
        pub fn bips_consumer_pull(
            consumer: *mut bips_consumer,
            timeout: i64,
            frame: *mut *mut bips_frame,
        ) -> c_int;
        pub fn bips_frame_release(frame: *mut bips_frame) -> c_int;
        pub fn bips_frame_data(frame: *const bips_frame) -> *const c_void;
        pub fn bips_frame_size(frame: *const bips_frame) -> usize;
        pub fn bips_frame_caps(frame: *const bips_frame) -> *const c_char;
        pub fn bips_frame_sequence(frame: *const bips_frame) -> u64;
        pub fn bips_frame_get_info(frame: *const bips_frame, info: *mut bips_frame_info) -> c_int;
    }
}

/// Which frames a consumer wants: enum bips_mode.
#[derive(Clone, Copy)]
pub enum Mode {
    /// The newest one. The producer never waits for this consumer.
    Latest = 1,
    /// Each one.
    Every = 2,
}

/// A sentence with what happened, to what, and what to do; and its number in enum bips_error.
#[derive(Debug)]
pub struct Error {
    pub code: i32,
    message: String,
}

impl Error {
    pub const END_OF_STREAM: i32 = 1013;
    pub const PRODUCER_LOST: i32 = 1014;

    /// Of a call that has just returned a negative number, in the same thread.
    fn last(result: c_int) -> Error {
        // SAFETY: the message is a text of this thread's own, valid until its next call that fails.
        let message = unsafe { CStr::from_ptr(c::bips_error_message()) };
        Error {
            code: -result,
            message: message.to_string_lossy().into_owned(),
        }
    }
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter) -> fmt::Result {
        f.write_str(&self.message)
    }
}

impl std::error::Error for Error {}

/// A reader of a pool.
pub struct Consumer(NonNull<c::bips_consumer>);

// SAFETY: all functions may be called from any thread at any time; close is the last one, in drop.
unsafe impl Send for Consumer {}
unsafe impl Sync for Consumer {}

impl Consumer {
    /// A reader of the pool of a name, which need not be there yet: pull waits for it.
    pub fn open(name: &str, mode: Mode) -> Result<Consumer, Error> {
        let name = CString::new(name).map_err(|_| Error {
            code: 1001, // BIPS_BAD_NAME
            message: format!("pool name {name:?} has a zero byte"),
        })?;
        let options = c::bips_consumer_options {
            size: std::mem::size_of::<c::bips_consumer_options>(),
            mode: mode as u32,
            ..Default::default()
        };
        let mut consumer = ptr::null_mut();
        // SAFETY: name and options are copied, and consumer is stored to only if the result is no error.
        let result = unsafe { c::bips_consumer_open(name.as_ptr(), &options, &mut consumer) };
        NonNull::new(consumer)
            .map(Consumer)
            .ok_or_else(|| Error::last(result))
    }

    /// The next frame. Waits for it, and for a pool, at most so long; None: for ever.
    pub fn pull(&self, timeout: Option<Duration>) -> Result<Frame, Error> {
        let nanoseconds = timeout.map_or(-1, |t| i64::try_from(t.as_nanos()).unwrap_or(i64::MAX));
        let mut frame = ptr::null_mut();
        // SAFETY: the consumer is open.
        let result = unsafe { c::bips_consumer_pull(self.0.as_ptr(), nanoseconds, &mut frame) };
        NonNull::new(frame)
            .map(Frame)
            .ok_or_else(|| Error::last(result))
    }
}

impl Drop for Consumer {
    fn drop(&mut self) {
        // SAFETY: nobody else has the handle. Frames stay valid.
        unsafe { c::bips_consumer_close(self.0.as_ptr()) };
    }
}

/// A published frame: its bytes lie in the pool, and nobody writes to them until it is dropped.
/// It may outlive its consumer and its producer.
pub struct Frame(NonNull<c::bips_frame>);

// SAFETY: a frame does not change, and may be released from any thread.
unsafe impl Send for Frame {}
unsafe impl Sync for Frame {}

impl Frame {
    /// What the bytes are, in GStreamer's notation; "": the producer has not said.
    pub fn caps(&self) -> &str {
        // SAFETY: the text is valid while the frame is held.
        let caps = unsafe { CStr::from_ptr(c::bips_frame_caps(self.0.as_ptr())) };
        caps.to_str().unwrap_or_default()
    }

    /// Counts the frames of one run of the producer, from 1.
    pub fn sequence(&self) -> u64 {
        // SAFETY: the frame is held.
        unsafe { c::bips_frame_sequence(self.0.as_ptr()) }
    }

    /// Where the first plane begins, and the bytes from one of its rows to the next. None: as the caps say.
    pub fn first_plane(&self) -> Option<(usize, usize)> {
        let mut info = std::mem::MaybeUninit::<c::bips_frame_info>::zeroed();
        // SAFETY: zeros are a valid bips_frame_info. The library fills as many bytes as size says, and the frame is held.
        let info = unsafe {
            (*info.as_mut_ptr()).size = std::mem::size_of::<c::bips_frame_info>();
            c::bips_frame_get_info(self.0.as_ptr(), info.as_mut_ptr());
            info.assume_init()
        };
        let stride = usize::try_from(info.plane_stride[0]).ok()?;
        let offset = usize::try_from(info.plane_offset[0]).ok()?;
        (info.plane_count > 0).then_some((offset, stride))
    }
}

/// The bytes, where they lie.
impl Deref for Frame {
    type Target = [u8];

    fn deref(&self) -> &[u8] {
        // SAFETY: the frame is held, so there are so many bytes, and no producer writes to them.
        unsafe {
            let size = c::bips_frame_size(self.0.as_ptr());
            match c::bips_frame_data(self.0.as_ptr()) {
                data if data.is_null() => &[],
                data => std::slice::from_raw_parts(data.cast(), size),
            }
        }
    }
}

impl Drop for Frame {
    fn drop(&mut self) {
        // SAFETY: this is the only hold, and no slice of its bytes outlives it.
        unsafe { c::bips_frame_release(self.0.as_ptr()) };
    }
}
