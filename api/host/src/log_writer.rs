//! The writer of log lines: to standard error, and to a bounded file of recent lines. Lines that cannot be
//! written are dropped and counted.
//!
//! A log line that cannot be written must not stop the program: `tracing_subscriber` prints an error of its
//! writer, and that print panics if standard error is full. This writer therefore never returns an error. It
//! also limits floods: of the warnings and errors of one cause (one place in the source), and of equal lines
//! of other levels, it writes one line per minute, and reports the number of suppressed lines later.

use crate::line_limits::LineLimits;
use crate::recent_log::RecentLog;
use domain::ports::clock::Clock;
use domain::time::Timestamp;
use serde_json::json;
use std::io::{self, Write};
use std::path::Path;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use tracing::{Level, Metadata};
use tracing_subscriber::fmt::MakeWriter;

/// The form of a log line.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum LogFormat {
    /// One JSON object per line.
    #[default]
    Json,
    /// Text for people.
    Text,
}

impl LogFormat {
    /// Every form, with its word.
    pub const ALL: [(Self, &'static str); 2] = [(Self::Json, "json"), (Self::Text, "text")];
}

impl std::str::FromStr for LogFormat {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let found = Self::ALL.iter().find(|(_, word)| *word == text);
        let found = found.map(|(format, _)| *format);
        found.ok_or_else(|| format!("{text:?} is not a log format: json, text"))
    }
}

/// Makes the writer of each log line. All writers share one state.
#[derive(Clone)]
pub struct LogWriter {
    shared: Arc<Mutex<WriterState>>,
    clock: Arc<dyn Clock>,
}

struct WriterState {
    out: Box<dyn Write + Send>,
    format: LogFormat,
    /// The file of recent lines, if there is one.
    recent: Option<RecentLog>,
    /// The number of lines dropped since the last one that was written.
    dropped: u64,
    /// True if the last line was cut off in the middle.
    is_torn: bool,
    limits: LineLimits,
}

impl LogWriter {
    /// Makes a writer to standard error. `clock` sets the periods of suppressed lines.
    pub fn to_stderr(clock: Arc<dyn Clock>, format: LogFormat) -> Self {
        Self::new(Box::new(io::stderr()), clock, format)
    }

    fn new(out: Box<dyn Write + Send>, clock: Arc<dyn Clock>, format: LogFormat) -> Self {
        let shared = WriterState {
            out,
            format,
            recent: None,
            dropped: 0,
            is_torn: false,
            limits: LineLimits::default(),
        };
        Self {
            shared: Arc::new(Mutex::new(shared)),
            clock,
        }
    }

    /// From now on also writes each line to the file of recent lines in this folder.
    pub fn keep_in(&self, folder: &Path) -> io::Result<()> {
        let recent = RecentLog::open(folder)?;
        self.lock().recent = Some(recent);
        Ok(())
    }

    fn lock(&self) -> MutexGuard<'_, WriterState> {
        self.shared.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Writes one log line.
pub struct LineWriter {
    shared: Arc<Mutex<WriterState>>,
    now: Timestamp,
    /// The place in the source.
    cause: &'static str,
    /// True for a warning or an error: the limit is that of its cause, whatever its values.
    is_by_cause: bool,
}

impl<'a> MakeWriter<'a> for LogWriter {
    type Writer = LineWriter;

    fn make_writer(&'a self) -> LineWriter {
        LineWriter {
            shared: Arc::clone(&self.shared),
            now: self.clock.now(),
            cause: "",
            is_by_cause: false,
        }
    }

    fn make_writer_for(&'a self, metadata: &Metadata<'_>) -> LineWriter {
        LineWriter {
            cause: metadata.name(),
            is_by_cause: *metadata.level() <= Level::WARN,
            ..self.make_writer()
        }
    }
}

impl Write for LineWriter {
    /// Writes or suppresses one whole line: `tracing_subscriber` passes it in one call. Never fails.
    fn write(&mut self, line: &[u8]) -> io::Result<usize> {
        let mut shared = self.shared.lock().unwrap_or_else(PoisonError::into_inner);
        let admitted = match self.is_by_cause {
            true => shared.limits.admit_cause(self.cause, self.now),
            false => shared.limits.admit_line(self.cause, without_time(line), self.now),
        };
        if admitted {
            shared.report_suppressed(self.now);
            shared.put(line);
        }
        Ok(line.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

/// Returns a line without its time, which is the first member or word of it.
fn without_time(line: &[u8]) -> &[u8] {
    let ends = |byte: &u8| matches!(byte, b',' | b' ');
    let end = line.iter().position(ends).unwrap_or(0);
    line.get(end..).unwrap_or(line)
}

impl WriterState {
    /// Writes how many lines were suppressed, of each cause and of each equal line whose minute is over.
    fn report_suppressed(&mut self, now: Timestamp) {
        for (cause, count) in self.limits.take_over(now) {
            let said = "more lines of one cause were held back";
            let line = match self.format {
                LogFormat::Json => {
                    json!({"timestamp": now.to_string(), "level": "WARN", "target": "ledgerline",
                    "fields": {"message": said, "cause": cause, "count": count}})
                    .to_string()
                }
                LogFormat::Text => format!("{now}  WARN ledgerline: {said} cause={cause:?} count={count}"),
            };
            self.put(format!("{line}\n").as_bytes());
        }
    }

    /// Writes a line, or counts it as dropped. Before the next line that can be written, it reports how many
    /// were dropped.
    fn put(&mut self, line: &[u8]) {
        if let Some(recent) = &mut self.recent {
            recent.write(line);
        }
        if self.dropped > 0 {
            let (said, count) = ("log lines could not be written and were dropped", self.dropped);
            let record = match self.format {
                LogFormat::Json => json!({"level": "WARN", "target": "ledgerline",
                    "fields": {"message": said, "count": count}})
                .to_string(),
                LogFormat::Text => format!("WARN ledgerline: {said} count={count}"),
            };
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
        let writer = LogWriter::new(Box::new(disk.clone()), clock, LogFormat::Json);
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
            for number in 0..3 {
                tracing::info!(number, "lost");
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
            for number in 0..2 {
                tracing::info!(number, "news are not held back");
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

    /// Logs the same words three times in a minute, and once after it.
    fn equal_lines(disk: &Disk, format: LogFormat) {
        let clock = Arc::<StepClock>::default();
        let writer = LogWriter::new(Box::new(disk.clone()), Arc::<StepClock>::clone(&clock), format);
        let say = || {
            let news = |call: u64| tracing::info!(call, "a call ended");
            for call in [1, 2, 1, 1] {
                news(call);
            }
            clock.set(Timestamp::from_micros(61_000_000));
            news(1);
        };
        let logs = tracing_subscriber::fmt().with_writer(writer);
        match format {
            LogFormat::Json => tracing::subscriber::with_default(logs.json().finish(), say),
            LogFormat::Text => tracing::subscriber::with_default(logs.with_ansi(false).finish(), say),
        }
    }

    #[test]
    fn of_equal_lines_one_a_minute_is_written_and_then_the_count_of_the_others() {
        let disk = Disk::default();
        equal_lines(&disk, LogFormat::Json);
        let ended = || ("a call ended".to_owned(), 0);
        let held = ("more lines of one cause were held back".to_owned(), 2);
        assert_eq!(messages(&disk), [ended(), ended(), held, ended()]);
    }

    #[test]
    fn lines_of_text_are_limited_like_those_of_json() {
        let disk = Disk::default();
        equal_lines(&disk, LogFormat::Text);
        let written = String::from_utf8(disk.written.lock().unwrap().clone()).unwrap();
        let lines: Vec<&str> = written.lines().collect();
        assert_eq!(lines.len(), 4, "{written}");
        assert!(lines[1].ends_with("a call ended call=2"), "{written}");
        assert!(lines[2].ends_with("count=2"), "{written}");
    }

    #[test]
    fn recent_lines_are_also_in_a_file() {
        let (disk, folder) = (Disk::default(), tempfile::tempdir().unwrap());
        let writer = LogWriter::new(
            Box::new(disk.clone()),
            Arc::<StepClock>::default(),
            LogFormat::Json,
        );
        writer.keep_in(folder.path()).unwrap();
        disk.is_full.store(true, Ordering::Relaxed);
        let logs = tracing_subscriber::fmt().with_writer(writer).json().finish();
        tracing::subscriber::with_default(logs, || tracing::warn!("kept"));
        let recent = RecentLog::read(folder.path()).unwrap();
        assert!(recent.contains("\"kept\""), "{recent}");
        assert_eq!(disk.lines().len(), 0);
    }
}
