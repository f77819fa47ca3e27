//! What a process has used so far, as Linux counts it; zero on other systems.

/// The processor time and bytes of a process since its start.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct ProcessUsage {
    pub(super) processor_ms: u64,
    /// The bytes sent to the disk, in whole pages.
    pub(super) written_bytes: u64,
    pub(super) resident_kb: u64,
    /// The peak of its resident memory.
    pub(super) resident_kb_max: u64,
    /// Its resident memory at the first reading.
    at_first_kb: u64,
}

/// A tick of processor time in `/proc` (Linux, USER_HZ 100).
const TICK_MS: u64 = 10;

/// The positions of user and system time after the name in `/proc/PID/stat` (proc(5)).
const TIMES: [usize; 2] = [11, 12];

impl ProcessUsage {
    /// Reads what a process has used so far.
    pub(super) fn of(process: u32) -> Self {
        let read =
            |name: &str| std::fs::read_to_string(format!("/proc/{process}/{name}")).unwrap_or_default();
        let (status, io) = (read("status"), read("io"));
        Self {
            processor_ms: processor_ms(&read("stat")),
            written_bytes: number(&io, "write_bytes:").saturating_sub(number(&io, "cancelled_write_bytes:")),
            resident_kb: number(&status, "VmRSS:"),
            resident_kb_max: number(&status, "VmHWM:"),
            at_first_kb: 0,
        }
    }

    /// Returns these values with the resident memory of `first` as the first reading.
    pub(super) const fn since(mut self, first: Self) -> Self {
        self.at_first_kb = first.resident_kb;
        self
    }

    /// Returns by how much its peak memory exceeds the first reading.
    pub(super) const fn grown_kb(&self) -> u64 {
        self.resident_kb_max.saturating_sub(self.at_first_kb)
    }
}

fn number(text: &str, name: &str) -> u64 {
    let line = text.lines().find_map(|line| line.strip_prefix(name));
    let digits = line.and_then(|line| line.split_whitespace().next());
    digits.and_then(|digits| digits.parse().ok()).unwrap_or(0)
}

fn processor_ms(stat: &str) -> u64 {
    let (_, fields) = stat.rsplit_once(") ").unwrap_or_default();
    let fields: Vec<&str> = fields.split_whitespace().collect();
    let ticks = |place: &usize| fields.get(*place).and_then(|ticks| ticks.parse::<u64>().ok());
    TIMES.iter().filter_map(ticks).sum::<u64>() * TICK_MS
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_process_is_counted_whatever_its_name() {
        assert_eq!(
            processor_ms("42 (a (b) c) S 1 2 3 4 5 6 7 8 9 10 70 30 0 0 20 0"),
            1_000
        );
        let io = "wchar: 9\nwrite_bytes: 20\ncancelled_write_bytes: 3\n";
        assert_eq!((number(io, "write_bytes:"), number(io, "nothing:")), (20, 0));
        let used = ProcessUsage::of(std::process::id());
        assert!(
            used.resident_kb > 0 && used.resident_kb_max >= used.resident_kb,
            "{used:?}"
        );
    }
}
