//! What iceoryx2 costs, without GStreamer around it. The works and the output are those of the other programs of this
//! folder, as ../README.md has them.
//!
//! iceoryx2 hands frames over without a system call and wakes nobody. Who waits for a frame either looks again and
//! again, or listens to a second service, of events, which the sender notifies. The first is done here where both sides are busy
//! (spinning, flow), the second where a reader sleeps.

mod histogram;

use histogram::Histogram;
use iceoryx2::port::{
    listener::Listener, notifier::Notifier, publisher::Publisher, subscriber::Subscriber,
};
use iceoryx2::prelude::*;
use std::error::Error;
use std::io::Read;
use std::process::{Child, Command, ExitCode, Stdio};
use std::time::{Duration, Instant};

type Result<T> = std::result::Result<T, Box<dyn Error>>;
type Sender = Publisher<ipc::Service, [u64], ()>;
type Receiver = Subscriber<ipc::Service, [u64], ()>;

/// A frame is words, of which the first is a number, a time, or END.
const END: u64 = u64::MAX;
const EXCHANGED: usize = 64 / 8;
const BLOCK: usize = 4096 / 8;
const BUFFER: usize = 16; // frames that a reader may be behind
const PATIENCE: Duration = Duration::from_secs(10);

/// A service of frames, and one of events beside it. Both are found by the parent's process id.
struct Link {
    node: Node<ipc::Service>,
    name: String,
    readers: usize, // the memory of a sender is for so many
}

impl Link {
    fn new(run: &str, what: &str, readers: usize) -> Result<Link> {
        Ok(Link {
            node: NodeBuilder::new().create::<ipc::Service>()?,
            name: format!("bips-bench/{run}/{what}"),
            readers,
        })
    }

    /// latest: a reader that is behind loses frames; else the sender waits.
    fn frames(
        &self,
        latest: bool,
    ) -> Result<
        iceoryx2::service::port_factory::publish_subscribe::PortFactory<ipc::Service, [u64], ()>,
    > {
        Ok(self
            .node
            .service_builder(&self.name.as_str().try_into()?)
            .publish_subscribe::<[u64]>()
            .enable_safe_overflow(latest)
            .subscriber_max_buffer_size(if latest { 1 } else { BUFFER })
            .max_subscribers(self.readers)
            .max_nodes(self.readers + 2)
            .open_or_create()?)
    }

    fn events(&self) -> Result<iceoryx2::service::port_factory::event::PortFactory<ipc::Service>> {
        let service = self
            .node
            .service_builder(&self.name.as_str().try_into()?)
            .event();
        Ok(service
            .max_listeners(self.readers)
            .max_nodes(self.readers + 2)
            .open_or_create()?)
    }

    fn sender(&self, words: usize, latest: bool) -> Result<Sender> {
        let frames = self.frames(latest)?;
        let publisher = frames.publisher_builder().initial_max_slice_len(words);
        Ok(publisher
            .backpressure_strategy(BackpressureStrategy::RetryUntilDelivered)
            .create()?)
    }

    fn receiver(&self, latest: bool) -> Result<Receiver> {
        Ok(self.frames(latest)?.subscriber_builder().create()?)
    }

    fn notifier(&self) -> Result<Notifier<ipc::Service>> {
        Ok(self.events()?.notifier_builder().create()?)
    }

    fn listener(&self) -> Result<Listener<ipc::Service>> {
        Ok(self.events()?.listener_builder().create()?)
    }

    fn await_readers(&self, latest: bool) -> Result<()> {
        let (frames, events) = (self.frames(latest)?, self.events()?);
        until("the readers", || {
            frames.dynamic_config().number_of_subscribers() == self.readers
                && events.dynamic_config().number_of_listeners() == self.readers
        })
    }

    fn await_sender(&self) -> Result<()> {
        let frames = self.frames(false)?;
        until("the sender", || {
            frames.dynamic_config().number_of_publishers() == 1
        })
    }
}

/// Waits until those who are named have come.
fn until(who: &str, came: impl Fn() -> bool) -> Result<()> {
    let end = Instant::now() + PATIENCE;
    while !came() {
        if Instant::now() > end {
            return Err(format!("{who} did not come").into());
        }
        std::thread::sleep(Duration::from_millis(1));
    }
    Ok(())
}

/// Sends a frame whose first word is given, and whose blocks all begin with it.
fn send(sender: &Sender, words: usize, first: u64, pattern: &mut [u64]) -> Result<()> {
    let mut sample = sender.loan_slice_uninit(words)?;
    pattern[0] = first;
    for block in sample.payload_mut().chunks_mut(pattern.len()) {
        // SAFETY: words is a multiple of the pattern's length, so that both have as many.
        unsafe {
            std::ptr::copy_nonoverlapping(
                pattern.as_ptr(),
                block.as_mut_ptr().cast(),
                pattern.len(),
            )
        };
    }
    // SAFETY: each of its blocks was written.
    unsafe { sample.assume_init() }.send()?;
    Ok(())
}

/// How a side waits while nothing is there.
enum Wait<'a> {
    Look,
    Yield,
    Listen(&'a Listener<ipc::Service>),
}

impl Wait<'_> {
    fn once(&self) -> Result<()> {
        match self {
            Wait::Look => std::hint::spin_loop(),
            Wait::Yield => std::thread::yield_now(),
            // It takes all that there are, so one that came early ends the next wait at once, and the frame is looked for again.
            Wait::Listen(listener) => listener.timed_wait_all(|_| (), PATIENCE)?,
        }
        Ok(())
    }
}

/// Waits for the next frame, and returns what take makes of it.
fn receive<T>(receiver: &Receiver, wait: &Wait, take: impl FnOnce(&[u64]) -> T) -> Result<T> {
    loop {
        if let Some(sample) = receiver.receive()? {
            return Ok(take(sample.payload()));
        }
        wait.once()?;
    }
}

/// This program in the part of a reader.
fn hire(run: &str, part: &[&str]) -> Result<Child> {
    let program = std::env::current_exe()?;
    Ok(Command::new(program)
        .arg("reader")
        .arg(run)
        .args(part)
        .stdout(Stdio::piped())
        .spawn()?)
}

/// What a reader said at its end.
fn report(mut reader: Child) -> Result<String> {
    let mut said = String::new();
    reader
        .stdout
        .take()
        .ok_or("a reader without output")?
        .read_to_string(&mut said)?;
    if !reader.wait()?.success() {
        return Err("a reader failed".into());
    }
    Ok(said.trim().to_string())
}

/// One side of an exchange.
struct Side {
    sender: Sender,
    receiver: Receiver,
    listener: Listener<ipc::Service>,
    notifier: Notifier<ipc::Service>,
    spin: bool,
    pattern: [u64; EXCHANGED],
}

impl Side {
    fn new(mine: &Link, theirs: &Link, spin: bool) -> Result<Side> {
        let (sender, notifier) = (mine.sender(EXCHANGED, false)?, mine.notifier()?);
        let (receiver, listener) = (theirs.receiver(false)?, theirs.listener()?);
        Ok(Side {
            sender,
            receiver,
            listener,
            notifier,
            spin,
            pattern: [0; EXCHANGED],
        })
    }

    fn send(&mut self, value: u64) -> Result<()> {
        send(&self.sender, EXCHANGED, value, &mut self.pattern)?;
        if !self.spin {
            self.notifier.notify()?;
        }
        Ok(())
    }

    fn receive(&self) -> Result<u64> {
        let wait = if self.spin {
            Wait::Look
        } else {
            Wait::Listen(&self.listener)
        };
        receive(&self.receiver, &wait, |words| words[0])
    }
}

fn exchange(run: &str, spin: &str, seconds: f64) -> Result<String> {
    let (there, back) = (Link::new(run, "there", 1)?, Link::new(run, "back", 1)?);
    let reader = hire(run, &["exchange", spin])?;
    let mut side = Side::new(&there, &back, spin != "0")?;
    there.await_readers(false)?;
    // A subscriber gets what is sent after it has noticed its publisher, which receive does.
    back.await_sender()?;
    side.receiver.receive()?;
    let (start, mut trips) = (Instant::now(), 0);
    while start.elapsed().as_secs_f64() < seconds {
        side.send(trips)?;
        let got = side.receive()?;
        if got != trips {
            return Err(format!("sent {trips}, got {got}").into());
        }
        trips += 1;
    }
    let elapsed = start.elapsed().as_secs_f64();
    side.send(END)?;
    report(reader)?;
    Ok(format!(
        "{{\"bench\":\"exchange\",\"round_trips\":{trips},\"elapsed_s\":{elapsed:.6}}}"
    ))
}

fn answer(run: &str, spin: &str) -> Result<()> {
    let (there, back) = (Link::new(run, "there", 1)?, Link::new(run, "back", 1)?);
    let mut side = Side::new(&back, &there, spin != "0")?;
    loop {
        match side.receive()? {
            END => return Ok(()),
            value => side.send(value)?,
        }
    }
}

fn flow(run: &str, bytes: usize, seconds: f64) -> Result<String> {
    let (words, mut pattern) = (bytes / 8, [0; BLOCK]);
    let link = Link::new(run, "flow", 1)?;
    let sender = link.sender(words, false)?;
    let reader = hire(run, &["flow"])?;
    link.await_readers(false)?;
    let (start, mut frames, mut sum) = (Instant::now(), 0u64, 0u64);
    while start.elapsed().as_secs_f64() < seconds {
        send(&sender, words, frames, &mut pattern)?;
        sum += frames * (words / BLOCK) as u64;
        frames += 1;
    }
    send(&sender, words, END, &mut pattern)?;
    let said = report(reader)?;
    let [came, of, elapsed] = said.split(' ').collect::<Vec<_>>()[..] else {
        return Err(format!("the reader said {said:?}").into());
    };
    if came.parse() != Ok(frames) || of.parse() != Ok(sum) {
        return Err(
            format!("{frames} frames were sent and {came} came, or some were damaged").into(),
        );
    }
    Ok(format!(
        "{{\"bench\":\"flow\",\"frames\":{frames},\"elapsed_s\":{elapsed}}}"
    ))
}

fn read_flow(run: &str) -> Result<()> {
    let link = Link::new(run, "flow", 1)?;
    let (_counted, receiver) = (link.listener()?, link.receiver(false)?);
    let (mut frames, mut sum, mut start, mut end) = (0u64, 0u64, Instant::now(), Instant::now());
    loop {
        let over = receive(&receiver, &Wait::Yield, |words| {
            let over = words[0] == END;
            if !over {
                sum = words.iter().fold(sum, |sum, word| sum.wrapping_add(*word));
            }
            over
        })?;
        if over {
            println!("{frames} {sum} {:.6}", (end - start).as_secs_f64());
            return Ok(());
        }
        end = Instant::now();
        if frames == 0 {
            start = end;
        }
        frames += 1;
    }
}

/// Nanoseconds of CLOCK_MONOTONIC, which all processes share. std's Instant is of that clock, but does not tell its time.
fn now() -> u64 {
    #[repr(C)]
    struct Timespec {
        seconds: i64,
        nanoseconds: i64,
    }
    extern "C" {
        fn clock_gettime(clock: i32, time: *mut Timespec) -> i32;
    }
    const CLOCK_MONOTONIC: i32 = 1;
    let mut time = Timespec {
        seconds: 0,
        nanoseconds: 0,
    };
    // SAFETY: this is struct timespec of 64-bit Linux.
    unsafe { clock_gettime(CLOCK_MONOTONIC, &mut time) };
    time.seconds as u64 * 1_000_000_000 + time.nanoseconds as u64
}

fn latency(run: &str, consumers: usize, spin: &str, rate: f64, seconds: f64) -> Result<String> {
    let mut pattern = [0; EXCHANGED];
    let link = Link::new(run, "latency", consumers)?;
    let (sender, notifier) = (link.sender(EXCHANGED, true)?, link.notifier()?);
    let readers = (0..consumers)
        .map(|_| hire(run, &["latency", &consumers.to_string(), spin]))
        .collect::<Result<Vec<_>>>()?;
    link.await_readers(true)?;
    let start = Instant::now();
    for i in 1..=(rate * seconds) as u64 {
        let due = Duration::from_secs_f64(i as f64 / rate);
        std::thread::sleep(due.saturating_sub(start.elapsed()));
        send(&sender, EXCHANGED, now(), &mut pattern)?;
        notifier.notify()?;
    }
    std::thread::sleep(Duration::from_millis(20)); // else END covers the last frame
    send(&sender, EXCHANGED, END, &mut pattern)?;
    notifier.notify()?;
    let mut all = Histogram::new();
    for reader in readers {
        let said = report(reader)?;
        all.merge(&said).ok_or(format!("a reader said {said:?}"))?;
    }
    Ok(format!(
        "{{\"bench\":\"latency\",\"latency\":{}}}",
        all.json()
    ))
}

fn read_latency(run: &str, consumers: usize, spin: &str) -> Result<()> {
    let link = Link::new(run, "latency", consumers)?;
    let (receiver, listener) = (link.receiver(true)?, link.listener()?);
    let wait = if spin == "0" {
        Wait::Listen(&listener)
    } else {
        Wait::Look
    };
    let mut ages = Histogram::new();
    loop {
        match receive(&receiver, &wait, |words| words[0])? {
            END => {
                println!("{}", ages.json());
                return Ok(());
            }
            stamp => ages.record(now().saturating_sub(stamp)),
        }
    }
}

fn work(words: &[&str]) -> Result<String> {
    let run = std::process::id().to_string();
    match words {
        ["exchange", spin, seconds] => exchange(&run, spin, seconds.parse()?),
        ["flow", size, seconds] if size.parse::<usize>()? % (BLOCK * 8) == 0 => flow(&run, size.parse()?, seconds.parse()?),
        ["latency", consumers, spin, rate, seconds] => latency(&run, consumers.parse()?, spin, rate.parse()?, seconds.parse()?),
        ["reader", run, "exchange", spin] => answer(run, spin).map(|()| String::new()),
        ["reader", run, "flow"] => read_flow(run).map(|()| String::new()),
        ["reader", run, "latency", consumers, spin] => read_latency(run, consumers.parse()?, spin).map(|()| String::new()),
        _ => Err("usage: alone exchange SPIN_US SECONDS | flow SIZE SECONDS | latency CONSUMERS SPIN_US RATE SECONDS".into()),
    }
}

fn main() -> ExitCode {
    set_log_level(LogLevel::Error);
    let words: Vec<String> = std::env::args().skip(1).collect();
    match work(&words.iter().map(String::as_str).collect::<Vec<_>>()) {
        Ok(said) => {
            println!("{said}");
            ExitCode::SUCCESS
        }
        Err(e) => {
            eprintln!("iceoryx2: {e}");
            ExitCode::FAILURE
        }
    }
}
