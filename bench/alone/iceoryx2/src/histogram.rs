//! The histogram of bench/elements/histogram.h: times in nanoseconds, 128 buckets for each power of two.

const SHIFT: u32 = 7;
const BUCKETS: usize = 34 << SHIFT;

pub struct Histogram(Vec<u64>);

impl Histogram {
    pub fn new() -> Histogram {
        Histogram(vec![0; BUCKETS])
    }

    pub fn record(&mut self, ns: u64) {
        let ns = ns.min((1 << 40) - 1);
        let shift = if ns >> SHIFT == 0 {
            0
        } else {
            63 - ns.leading_zeros() - SHIFT
        };
        self.0[((shift as usize) << SHIFT) + (ns >> shift) as usize] += 1;
    }

    /// Adds what json printed.
    pub fn merge(&mut self, json: &str) -> Option<()> {
        let pairs = json.strip_prefix("[[")?.strip_suffix("]]")?;
        for pair in pairs.split("],[") {
            let (bucket, count) = pair.split_once(',')?;
            *self.0.get_mut(bucket.parse::<usize>().ok()?)? += count.parse::<u64>().ok()?;
        }
        Some(())
    }

    /// [[bucket,count],...]
    pub fn json(&self) -> String {
        let filled = self.0.iter().enumerate().filter(|(_, &count)| count > 0);
        let pairs: Vec<String> = filled
            .map(|(bucket, count)| format!("[{bucket},{count}]"))
            .collect();
        format!("[{}]", pairs.join(","))
    }
}
