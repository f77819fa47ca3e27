//! Processor time of this process and its threads, as the kernel counts it (Linux, `/proc/self`).

/// The length of a clock tick of `/proc` (`USER_HZ` is 100 on every Linux that Rust runs on).
const TICK_MS: u64 = 10;

/// The places of `utime` and `stime` after the command's closing parenthesis (proc(5): fields 14 and 15).
const USER_TIME: usize = 11;
const SYSTEM_TIME: usize = 12;

/// Returns the milliseconds of processor time so far, user and system; `None` if it cannot be read.
pub(crate) fn processor_ms() -> Option<u64> {
    let text = std::fs::read_to_string("/proc/self/stat").ok()?;
    ticks_ms(&text)
}

/// Returns the nanoseconds of processor time of the running threads; 0 if it cannot be read.
pub(crate) fn processor_nanos() -> u64 {
    let Ok(threads) = std::fs::read_dir("/proc/self/task") else {
        return 0;
    };
    let of = |thread: std::io::Result<std::fs::DirEntry>| {
        let text = std::fs::read_to_string(thread.ok()?.path().join("schedstat"));
        first_number(&text.ok()?)
    };
    threads.filter_map(of).sum()
}

/// Returns the nanoseconds of processor time of the calling thread; 0 if it cannot be read.
pub(crate) fn thread_nanos() -> u64 {
    let text = std::fs::read_to_string("/proc/thread-self/schedstat");
    text.ok().and_then(|text| first_number(&text)).unwrap_or(0)
}

/// Returns the first number: `schedstat` begins with the time on a processor (proc(5)).
fn first_number(text: &str) -> Option<u64> {
    text.split_whitespace().next()?.parse().ok()
}

/// Returns the milliseconds of processor time in a `stat` of a process or thread.
pub(crate) fn ticks_ms(text: &str) -> Option<u64> {
    let (_, rest) = text.rsplit_once(')')?;
    let fields: Vec<&str> = rest.split_whitespace().collect();
    let ticks = |place: usize| fields.get(place)?.parse::<u64>().ok();
    Some((ticks(USER_TIME)? + ticks(SYSTEM_TIME)?) * TICK_MS)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_command_with_spaces_and_parentheses_does_not_shift_the_fields() {
        let text = "42 (a (b) c) S 1 2 3 4 5 6 7 8 9 10 70 30 0 0 20 0";
        assert_eq!(ticks_ms(text), Some(1_000));
        assert_eq!(ticks_ms("nothing"), None);
    }

    #[test]
    fn time_passes_for_a_process_that_runs() {
        assert!(processor_ms().is_some());
    }
}
