//! reader POOL [every]: shows the pictures of a pool in the terminal, as characters, until the stream ends: the latest
//! ones, each in the place of the one before, or every one, below each other.

mod bips;
mod picture;

use bips::{Consumer, Error, Mode};
use std::io::{self, Write};
use std::process::ExitCode;

/// Moves a terminal's cursor up, so that a picture covers the one before it.
fn up(lines: usize) -> String {
    format!("\x1b[{lines}A")
}

fn show(pool: &str, mode: Mode) -> Result<u64, Box<dyn std::error::Error>> {
    let camera = Consumer::open(pool, mode)?;
    let mut out = io::stdout().lock();
    let mut frames = 0;
    loop {
        let frame = match camera.pull(None) {
            Ok(frame) => frame,
            Err(e) if e.code == Error::END_OF_STREAM => return Ok(frames),
            Err(e) if e.code == Error::PRODUCER_LOST => {
                eprintln!("{e}");
                continue; // the next pull waits for the next camera
            }
            Err(e) => return Err(e.into()),
        };
        let text = picture::draw(&frame)?;
        if matches!(mode, Mode::Latest) && frames > 0 {
            write!(out, "{}", up(picture::ROWS + 1))?;
        }
        writeln!(out, "frame {}, {} bytes", frame.sequence(), frame.len())?;
        out.write_all(text.as_bytes())?;
        frames += 1;
    }
}

fn main() -> ExitCode {
    let words: Vec<String> = std::env::args().skip(1).collect();
    let (pool, mode) = match words.iter().map(String::as_str).collect::<Vec<_>>()[..] {
        [pool] => (pool, Mode::Latest),
        [pool, "every"] => (pool, Mode::Every),
        _ => {
            eprintln!("usage: reader POOL [every]");
            return ExitCode::from(2);
        }
    };
    match show(pool, mode) {
        Ok(frames) => {
            println!("{frames} frames");
            ExitCode::SUCCESS
        }
        Err(e) => {
            eprintln!("reader: {e}");
            ExitCode::FAILURE
        }
    }
}
