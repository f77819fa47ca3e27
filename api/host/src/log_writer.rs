//! The writer of log lines: to standard error. Lines that cannot be written are dropped and counted.
//!
//! A log line that cannot be written must not stop the program: `tracing_subscriber` prints an error of its
//! writer, and that print panics if standard error is full. This writer therefore never returns an error. It
//! also limits floods: of the warnings and errors of one cause (one place in the source) it writes one line
//! per minute, and reports the number of suppressed lines with the next line that it writes.

use domain::ports::clock::Clock;
use domain::time::Timestamp;
use serde_json::json;
use std::collections::BTreeMap;
use std::io::{self, Write};
use std::sync::{Arc, Mutex, PoisonError};
use tracing::{Level, Metadata};
use tracing_subscriber::fmt::MakeWriter;

/// The period in which one line per cause is written, in milliseconds.
const HELD_BACK_MS: u64 = 60_000;

/// Makes the writer of each log line. All writers share one state.
#[derive(Clone)]
pub struct LogWriter {
    shared: Arc<Mutex<WriterState>>,
    clock: Arc<dyn Clock>,
}

struct WriterState {
    out: Box<dyn Write + Send>,
    /// The number of lines dropped since the last one that was written.
    dropped: u64,
    /// True if the last line was cut off in the middle.
    is_torn: bool,
    /// The suppressed lines by cause: a place in the source, so that there are at most as many as the program
    /// has.
    causes: BTreeMap<&'static str, SuppressedLines>,
}

/// The suppressed lines of one cause: since when they are counted, and how many.
struct SuppressedLines {
    since: Timestamp,
    count: u64,
}

impl LogWriter {
    /// Makes a writer to standard error. `clock` sets the periods of suppressed lines.
    pub fn to_stderr(clock: Arc<dyn Clock>) -> Self {
        Self::new(Box::new(io::stderr()), clock)
    }

    fn new(out: Box<dyn Write + Send>, clock: Arc<dyn Clock>) -> Self {
        let shared = WriterState {
            out,
            dropped: 0,
            is_torn: false,
            causes: BTreeMap::new(),
        };
        Self {
            shared: Arc::new(Mutex::new(shared)),
            clock,
        }
    }
}

/// Writes one log line.
pub struct LineWriter {
    shared: Arc<Mutex<WriterState>>,
    now: Timestamp,
    /// The cause of a warning or an error, for the limit on its lines; `None` for other levels.
    cause: Option<&'static str>,
}

impl<'a> MakeWriter<'a> for LogWriter {
    type Writer = LineWriter;

    fn make_writer(&'a self) -> LineWriter {
        LineWriter {
            shared: Arc::clone(&self.shared),
            now: self.clock.now(),
            cause: None,
        }
    }

    fn make_writer_for(&'a self, metadata: &Metadata<'_>) -> LineWriter {
        let is_limited = *metadata.level() <= Level::WARN;
        LineWriter {
            cause: is_limited.then(|| metadata.name()),
            ..self.make_writer()
        }
    }
}

impl Write for LineWriter {
    /// Writes or suppresses one whole line: `tracing_subscriber` passes it in one call. Never fails.
    fn write(&mut self, line: &[u8]) -> io::Result<usize> {
        let mut shared = self.shared.lock().unwrap_or_else(PoisonError::into_inner);
        if self
            .cause
            .is_none_or(|cause| shared.lets_through(cause, self.now))
        {
            shared.tell_held(self.now);
            shared.put(line);
        }
        Ok(line.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

impl WriterState {
    /// Returns true if a line of this cause may be written. Within a minute of the last one it returns false
    /// and counts the line.
    fn lets_through(&mut self, cause: &'static str, now: Timestamp) -> bool {
        let Some(held) = self.causes.get_mut(cause) else {
            self.causes
                .insert(cause, SuppressedLines { since: now, count: 0 });
            return true;
        };
        // A clock that was set back also ends the minute.
        if now >= held.since && now < held.since.plus_ms(HELD_BACK_MS) {
            held.count += 1;
            return false;
        }
        true
    }

    /// Writes how many lines of each cause were suppressed, when its minute is over.
    fn tell_held(&mut self, now: Timestamp) {
        let is_over = |held: &SuppressedLines| now < held.since || now >= held.since.plus_ms(HELD_BACK_MS);
        let over: Vec<_> = self
            .causes
            .iter()
            .filter(|(_, held)| is_over(held))
            .map(|(cause, held)| (*cause, held.count))
            .collect();
        for (cause, count) in over {
            self.causes
                .insert(cause, SuppressedLines { since: now, count: 0 });
            if count > 0 {
                let said = "more lines of one cause were held back";
                let fields = json!({"message": said, "cause": cause, "count": count});
                let line = json!({"timestamp": now.to_string(), "level": "WARN", "target": "ledgerline",
                    "fields": fields});
                self.put(format!("{line}\n").as_bytes());
            }
        }
    }

    /// Writes a line, or counts it as dropped. Before the next line that can be written, it reports how many
    /// were dropped.
    fn put(&mut self, line: &[u8]) {
        if self.dropped > 0 {
            let said = "log lines could not be written and were dropped";
            let record = json!({"level": "WARN", "target": "ledgerline",
                "fields": {"message": said, "count": self.dropped}});
            if !self.write_out(format!("{record}\n").as_bytes()) {
                self.dropped += 1;
                return;
            }
            self.dropped = 0;
        }
        if !self.write_out(line) {
            self.dropped += 1;
        }
    }

    fn write_out(&mut self, line: &[u8]) -> bool {
        if self.is_torn && self.out.write_all(b"\n").is_err() {
            return false;
        }
        self.is_torn = self.out.write_all(line).is_err();
        !self.is_torn
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::sync::atomic::{AtomicBool, Ordering};
    use store::test_ports::StepClock;

    /// A simulated disk that becomes full in the middle of a line.
    #[derive(Clone, Default)]
    struct Disk {
        written: Arc<Mutex<Vec<u8>>>,
        is_full: Arc<AtomicBool>,
    }

    impl Write for Disk {
        fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
            if self.is_full.load(Ordering::Relaxed) {
                return Err(io::Error::from(io::ErrorKind::StorageFull));
            }
            self.written.lock().unwrap().extend(bytes);
            Ok(bytes.len())
        }
        fn flush(&mut self) -> io::Result<()> {
            Ok(())
        }
    }

    impl Disk {
        fn lines(&self) -> Vec<serde_json::Value> {
            let written = String::from_utf8(self.written.lock().unwrap().clone()).unwrap();
            let lines = written.lines().filter(|line| !line.is_empty());
            lines.map(|line| serde_json::from_str(line).unwrap()).collect()
        }
    }

    fn logging(disk: &Disk, clock: &Arc<StepClock>) -> impl tracing::Subscriber + Send + Sync + use<> {
        let clock = Arc::<StepClock>::clone(clock);
        let writer = LogWriter::new(Box::new(disk.clone()), clock);
        tracing_subscriber::fmt().with_writer(writer).json().finish()
    }

    fn messages(disk: &Disk) -> Vec<(String, u64)> {
        let fields = disk.lines().into_iter().map(|line| line["fields"].clone());
        let pair = |fields: serde_json::Value| {
            let message = fields["message"].as_str().unwrap_or_default().to_owned();
            (message, fields["count"].as_u64().unwrap_or(0))
        };
        fields.map(pair).collect()
    }

    #[test]
    fn a_line_that_cannot_be_written_ends_nothing_and_is_counted() {
        let (disk, clock) = (Disk::default(), Arc::default());
        tracing::subscriber::with_default(logging(&disk, &clock), || {
            tracing::info!("before");
            disk.is_full.store(true, Ordering::Relaxed);
            for _ in 0..3 {
                tracing::info!("lost");
            }
            disk.is_full.store(false, Ordering::Relaxed);
            tracing::info!("after");
        });
        let dropped = "log lines could not be written and were dropped".to_owned();
        let expected = [("before".to_owned(), 0), (dropped, 3), ("after".to_owned(), 0)];
        assert_eq!(messages(&disk), expected);
    }

    /// A value from the network cannot imitate a log line of its own (OWASP ASVS 5, V16.4.1).
    #[test]
    fn what_ends_a_line_in_a_value_ends_none_in_the_log() {
        let (disk, clock) = (Disk::default(), Arc::default());
        let forged = "x\n{\"level\":\"INFO\",\"fields\":{\"message\":\"forged\"}}\r\u{85}\u{2028}\u{1b}[2J";
        tracing::subscriber::with_default(logging(&disk, &clock), || {
            tracing::warn!(peer = forged, "a datagram was dropped");
            tracing::warn!("{forged}");
        });
        let lines = disk.lines();
        assert_eq!(lines.len(), 2, "{lines:?}");
        assert_eq!(lines[0]["fields"]["peer"], forged);
        assert_eq!(lines[1]["fields"]["message"], forged);
    }

    #[test]
    fn of_one_cause_one_line_a_minute_is_written_and_then_the_count_of_the_others() {
        let (disk, clock) = (Disk::default(), Arc::<StepClock>::default());
        tracing::subscriber::with_default(logging(&disk, &clock), || {
            let flood = || tracing::warn!("flood");
            for _ in 0..5 {
                flood();
            }
            tracing::warn!("another cause");
            clock.set(Timestamp::from_micros(61_000_000));
            flood();
            for _ in 0..2 {
                tracing::info!("news are not held back");
            }
        });
        let news = || ("news are not held back".to_owned(), 0);
        let expected = [
            ("flood".to_owned(), 0),
            ("another cause".to_owned(), 0),
            ("more lines of one cause were held back".to_owned(), 4),
            ("flood".to_owned(), 0),
            news(),
            news(),
        ];
        assert_eq!(messages(&disk), expected);
    }
}
