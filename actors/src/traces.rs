//! Spans of sampled traces: what a request, a command, an append, a driver, a leg and a turn took, linked by
//! `traceparent`.
//!
//! A span has ids, fixed words and counts as attributes, by its type: no text of a request, no number and no
//! name can get into one. Finished spans go into a bounded queue, from which an exporter takes them; a full
//! queue drops the span and counts it. Nothing here waits. While no exporter began, there are no spans.

use crate::environment::Environment;
use domain::ids::{CallId, CampaignId, CommandId};
use domain::ports::id_source::IdSource;
use domain::stored_event::TraceParent;
use domain::time::Timestamp;
use std::str::FromStr;
use std::sync::OnceLock;
use std::sync::atomic::{AtomicU64, Ordering};
use tokio::sync::mpsc;
use uuid::Uuid;

/// Most finished spans that wait for the exporter: about 3 MB, and two seconds of a busy server.
pub const SPANS_QUEUED_MAX: usize = 8_192;

/// The parts of a ratio of 1.
const MILLION: u32 = 1_000_000;

/// The part of traces that is recorded, in millionths.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct SampleRatio(u32);

impl FromStr for SampleRatio {
    type Err = String;

    /// Parses a decimal from 0 to 1 with at most six digits after the point.
    fn from_str(text: &str) -> Result<Self, String> {
        let wrong = || format!("{text:?} is not a ratio from 0 to 1 with at most six decimals, such as 0.1");
        let (whole, decimals) = text.split_once('.').unwrap_or((text, "0"));
        let is_digits = |part: &str| !part.is_empty() && part.bytes().all(|byte| byte.is_ascii_digit());
        if !is_digits(whole) || !is_digits(decimals) || decimals.len() > 6 {
            return Err(wrong());
        }
        let whole: u32 = whole.parse().map_err(|_error| wrong())?;
        let decimals: u32 = format!("{decimals:0<6}").parse().map_err(|_error| wrong())?;
        let millionths = whole
            .checked_mul(MILLION)
            .and_then(|whole| whole.checked_add(decimals));
        let millionths = millionths.filter(|millionths| *millionths <= MILLION);
        millionths.map(Self).ok_or_else(wrong)
    }
}

/// What a span measures.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum SpanKind {
    /// An HTTP request, from its head to its response.
    Request,
    /// A command to one entity, with the wait for it.
    Command,
    /// The events of a command, until they are durable.
    Append,
    /// What a driver does because of an event or of time.
    Driver,
    /// One dialed leg of a call, until it failed or the conversation is over.
    Leg,
    /// From the callee's last sound or key to the begin of the reply.
    Turn,
}

/// An attribute of a span.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum SpanAttribute {
    Method(&'static str),
    /// The route's template, without the values of its parameters.
    Route(&'static str),
    Status(u16),
    /// The kind of entity, which is the first part of a stream's name.
    Aggregate(&'static str),
    Command(CommandId),
    Correlation(Uuid),
    Events(u64),
    Campaign(CampaignId),
    Call(CallId),
    Leg(u8),
}

/// What is known of a span at its end.
#[derive(Debug)]
pub struct SpanFacts {
    pub kind: SpanKind,
    /// A fixed word: a route, a kind of command, a driver.
    pub name: &'static str,
    pub has_failed: bool,
    pub attributes: Vec<SpanAttribute>,
}

impl SpanFacts {
    pub const fn new(kind: SpanKind, name: &'static str, attributes: Vec<SpanAttribute>) -> Self {
        Self {
            kind,
            name,
            has_failed: false,
            attributes,
        }
    }

    #[must_use]
    pub const fn failed(mut self, has_failed: bool) -> Self {
        self.has_failed = has_failed;
        self
    }
}

/// A span that has begun. It is recorded only if it is ended.
#[derive(Debug, Clone, Copy)]
pub struct OpenSpan {
    context: TraceParent,
    parent: Option<[u8; 8]>,
    began_at: Timestamp,
}

impl OpenSpan {
    /// Returns the context for what follows from the span.
    pub const fn context(&self) -> TraceParent {
        self.context
    }

    /// Returns the span with an earlier begin.
    #[must_use]
    pub const fn since(mut self, began_at: Timestamp) -> Self {
        self.began_at = began_at;
        self
    }
}

/// A recorded span.
#[derive(Debug)]
pub struct FinishedSpan {
    /// The ids of its trace and of the span itself.
    pub context: TraceParent,
    /// The id of the span that it follows from; `None` for the first one of a trace.
    pub parent: Option<[u8; 8]>,
    pub began_at: Timestamp,
    pub ended_at: Timestamp,
    pub facts: SpanFacts,
}

/// The counts of spans since the start.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct SpanCounts {
    pub exported: u64,
    /// Dropped because the queue was full.
    pub queue_full: u64,
    /// Dropped because the collector did not take them.
    pub export_failed: u64,
}

/// The spans of one process. Off until an exporter begins.
#[derive(Debug, Default)]
pub struct Traces {
    recorder: OnceLock<SpanRecorder>,
    exported: AtomicU64,
    queue_full: AtomicU64,
    export_failed: AtomicU64,
}

#[derive(Debug)]
struct SpanRecorder {
    queue: mpsc::Sender<FinishedSpan>,
    ratio: SampleRatio,
    /// The state of the generator of ids. They need to be distinct, not secret.
    state: AtomicU64,
}

impl SpanRecorder {
    /// Returns the next number of a SplitMix64 generator, never zero.
    fn draw(&self) -> u64 {
        const STEP: u64 = 0x9e37_79b9_7f4a_7c15;
        let mut mixed = self.state.fetch_add(STEP, Ordering::Relaxed).wrapping_add(STEP);
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        (mixed ^ (mixed >> 31)).max(1)
    }

    fn span_id(&self) -> [u8; 8] {
        self.draw().to_be_bytes()
    }

    /// Returns the context of a new trace's first span, if the trace is sampled.
    fn sample(&self) -> Option<TraceParent> {
        if self.draw() % u64::from(MILLION) >= u64::from(self.ratio.0) {
            return None;
        }
        let mut trace = [0; 16];
        let (first, second) = trace.split_at_mut(8);
        first.copy_from_slice(&self.span_id());
        second.copy_from_slice(&self.span_id());
        Some(TraceParent::begin(trace, self.span_id()))
    }
}

impl Traces {
    /// Begins to record spans, and returns the queue of finished ones. `None` if that began before.
    pub fn begin(&self, ratio: SampleRatio, ids: &dyn IdSource) -> Option<mpsc::Receiver<FinishedSpan>> {
        let mut seed = [0; 8];
        ids.random(&mut seed);
        let (queue, finished) = mpsc::channel(SPANS_QUEUED_MAX);
        let recorder = SpanRecorder {
            queue,
            ratio,
            state: AtomicU64::new(u64::from_ne_bytes(seed)),
        };
        self.recorder.set(recorder).is_ok().then_some(finished)
    }

    pub fn is_on(&self) -> bool {
        self.recorder.get().is_some()
    }

    pub fn counts(&self) -> SpanCounts {
        SpanCounts {
            exported: self.exported.load(Ordering::Relaxed),
            queue_full: self.queue_full.load(Ordering::Relaxed),
            export_failed: self.export_failed.load(Ordering::Relaxed),
        }
    }

    pub fn note_exported(&self, count: usize) {
        self.exported.fetch_add(count as u64, Ordering::Relaxed);
    }

    pub fn note_export_failed(&self, count: usize) {
        self.export_failed.fetch_add(count as u64, Ordering::Relaxed);
    }
}

impl Environment {
    /// Begins a span that follows from `parent`. `None` if spans are off, or its trace is not sampled.
    pub fn span_in(&self, parent: Option<TraceParent>) -> Option<OpenSpan> {
        let recorder = self.traces.recorder.get()?;
        let parent = parent.filter(TraceParent::is_sampled)?;
        Some(OpenSpan {
            context: parent.with_span(recorder.span_id()),
            parent: Some(parent.span_id()),
            began_at: self.clock.now(),
        })
    }

    /// Begins a span that follows from `parent`, or without one begins a trace, if it is sampled.
    pub fn first_span(&self, parent: Option<TraceParent>) -> Option<OpenSpan> {
        let recorder = self.traces.recorder.get()?;
        if parent.is_some() {
            return self.span_in(parent);
        }
        Some(OpenSpan {
            context: recorder.sample()?,
            parent: None,
            began_at: self.clock.now(),
        })
    }

    /// Ends a span, with the facts that `facts` returns. Does nothing without one.
    pub fn end_span(&self, span: Option<OpenSpan>, facts: impl FnOnce() -> SpanFacts) {
        let Some((span, recorder)) = span.zip(self.traces.recorder.get()) else {
            return;
        };
        let finished = FinishedSpan {
            context: span.context,
            parent: span.parent,
            began_at: span.began_at,
            ended_at: self.clock.now(),
            facts: facts(),
        };
        if recorder.queue.try_send(finished).is_err() {
            self.traces.queue_full.fetch_add(1, Ordering::Relaxed);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::Fakes;

    fn ratio(text: &str) -> SampleRatio {
        text.parse().unwrap()
    }

    #[test]
    fn a_ratio_is_a_decimal_from_none_to_all() {
        assert_eq!(ratio("0"), SampleRatio(0));
        assert_eq!(ratio("0.1"), SampleRatio(100_000));
        assert_eq!(ratio("0.000001"), SampleRatio(1));
        assert_eq!(ratio("1"), SampleRatio(MILLION));
        assert_eq!(ratio("1.0"), SampleRatio(MILLION));
        for wrong in [
            "",
            ".",
            "1.",
            ".5",
            "1.1",
            "2",
            "-0.1",
            "0.0000001",
            "1e-3",
            "9999999999",
        ] {
            assert!(wrong.parse::<SampleRatio>().is_err(), "{wrong}");
        }
    }

    #[test]
    fn without_an_exporter_nothing_is_recorded() {
        let fakes = Fakes::new();
        let sampled = Some(TraceParent::begin([1; 16], [1; 8]));
        assert!(fakes.environment.first_span(None).is_none());
        assert!(fakes.environment.span_in(sampled).is_none());
        assert_eq!(fakes.environment.traces.counts(), SpanCounts::default());
    }

    #[test]
    fn an_unsampled_trace_of_a_client_has_no_spans_and_begins_no_other() {
        let fakes = Fakes::new();
        let environment = &fakes.environment;
        let _queue = environment.traces.begin(ratio("1"), environment.ids.as_ref());
        let text = format!("00-{}-{}-00", "01".repeat(16), "02".repeat(8));
        assert!(environment.first_span(TraceParent::read(&text)).is_none());
    }

    #[test]
    fn the_ratio_is_the_part_of_traces_that_begin() {
        for (text, least, most) in [("0", 0, 0), ("1", 10_000, 10_000), ("0.1", 900, 1_100)] {
            let fakes = Fakes::new();
            let environment = &fakes.environment;
            let _queue = environment.traces.begin(ratio(text), environment.ids.as_ref());
            let sampled = (0..10_000).filter(|_| environment.first_span(None).is_some());
            let sampled = sampled.count();
            assert!((least..=most).contains(&sampled), "{text}: {sampled}");
        }
    }

    #[test]
    fn a_full_queue_drops_spans_and_counts_them() {
        let fakes = Fakes::new();
        let environment = &fakes.environment;
        let queue = environment.traces.begin(ratio("1"), environment.ids.as_ref());
        assert!(
            environment
                .traces
                .begin(ratio("1"), environment.ids.as_ref())
                .is_none()
        );
        for _ in 0..SPANS_QUEUED_MAX + 3 {
            let span = environment.first_span(None);
            environment.end_span(span, || SpanFacts::new(SpanKind::Driver, "test", Vec::new()));
        }
        assert_eq!(environment.traces.counts().queue_full, 3);
        drop(queue);
        let span = environment.first_span(None);
        environment.end_span(span, || SpanFacts::new(SpanKind::Driver, "test", Vec::new()));
        assert_eq!(environment.traces.counts().queue_full, 4);
    }
}
