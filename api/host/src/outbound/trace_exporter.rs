//! Exports finished spans to an OpenTelemetry collector: OTLP over HTTP, as protobuf.
//!
//! It runs beside the runtime of calls and takes spans from a bounded queue in batches. A collector that is
//! slow, absent or answers nonsense costs one request at a time, each with a deadline; its batch is dropped
//! and counted, and the next one waits longer. No span is sent twice.

use crate::trace_args::TraceSettings;
use actors::{Environment, FinishedSpan, SpanAttribute, SpanKind as OwnKind, Traces};
use async_trait::async_trait;
use bytes::Bytes;
use domain::ports::clock::Clock;
use domain::problem::Problem;
use domain::time::Timestamp;
use http_client::{AllowedAddresses, ClientOptions, ExchangeLimits, HttpClient, full_body};
use hyper::{Request, Response};
use opentelemetry::trace::{SpanContext, SpanId, SpanKind, Status, TraceFlags, TraceId, TraceState};
use opentelemetry::{InstrumentationScope, KeyValue, Value};
use opentelemetry_http::HttpError;
use opentelemetry_otlp::{Protocol, RetryPolicy, SpanExporter, WithExportConfig, WithHttpConfig};
use opentelemetry_sdk::Resource;
use opentelemetry_sdk::trace::{SpanData, SpanEvents, SpanExporter as _, SpanLinks};
use std::borrow::Cow;
use std::fmt;
use std::sync::Arc;
use std::time::{Duration, SystemTime};
use tls::Trust;
use tokio::sync::mpsc::Receiver;

/// Most spans of one request: the batch size that the OpenTelemetry specification recommends.
const BATCH_SPANS_MAX: usize = 512;
/// Longest time that a span waits for others of its batch, in milliseconds.
const BATCH_MS: u64 = 1_000;
/// Longest exchange with the collector, in milliseconds. Spans of that time fit into the queue.
const EXPORT_MS_MAX: u64 = 5_000;
/// Longest exchange when the process stops, in milliseconds: nothing waits for spans.
const LAST_EXPORT_MS_MAX: u64 = 1_000;
/// Most bytes of a response. It says only how many spans were refused.
const RESPONSE_BYTES_MAX: usize = 65_536;
/// Wait after the first failed export, in milliseconds; doubled at each further one.
const AGAIN_MS: u64 = 1_000;
/// Longest wait after a failed export, in milliseconds.
const AGAIN_MS_MAX: u64 = 30_000;

/// The name of this program in spans.
const SERVICE: &str = "ledgerline";

/// Begins to record spans and to export them. Fails if the certificates of the system cannot be read.
pub fn begin(environment: &Environment, settings: &TraceSettings) -> Result<(), Problem> {
    let clock = Arc::clone(&environment.clock);
    let exporter = exporter(&clock, settings)?;
    let Some(finished) = environment.traces.begin(settings.ratio, environment.ids.as_ref()) else {
        return Ok(());
    };
    let loop_ = ExportLoop {
        exporter,
        scope: InstrumentationScope::builder(SERVICE).build(),
        traces: Arc::clone(&environment.traces),
        clock,
        failures: 0,
    };
    let stop = environment.tasks.stop_signal();
    let work = async move { loop_.run(finished, stop.stopping()).await };
    environment.tasks.spawn("trace export", Box::pin(work));
    Ok(())
}

fn exporter(clock: &Arc<dyn Clock>, settings: &TraceSettings) -> Result<SpanExporter, Problem> {
    let wrong = |why: String| Problem::invalid("setting-invalid", format!("--otlp-endpoint: {why}"));
    let is_secure = settings.endpoint.as_str().starts_with("https://");
    let trust = match is_secure {
        true => Trust::of_system().map_err(|error| wrong(error.to_string()))?,
        false => Trust::none(),
    };
    let options = ClientOptions {
        connect_ms_max: EXPORT_MS_MAX,
        tcp_ms_max: EXPORT_MS_MAX,
        unread_ms_max: Some(EXPORT_MS_MAX),
        idle_count_max: 1,
        ..ClientOptions::new(trust, AllowedAddresses::Anywhere)
    };
    let client = HttpClient::new(options).map_err(|error| wrong(error.to_string()))?;
    let collector = CollectorClient {
        client,
        clock: Arc::clone(clock),
    };
    // The exporter's own repeats would block the thread of a runtime.
    let built = SpanExporter::builder()
        .with_http()
        .with_http_client(collector)
        .with_endpoint(settings.endpoint.as_str())
        .with_protocol(Protocol::HttpBinary)
        .with_timeout(Duration::from_millis(EXPORT_MS_MAX))
        .with_retry_policy(RetryPolicy::disabled())
        .build();
    let mut exporter = built.map_err(|error| wrong(error.to_string()))?;
    let resource = Resource::builder_empty().with_attributes([
        KeyValue::new("service.name", SERVICE),
        KeyValue::new("service.version", env!("CARGO_PKG_VERSION")),
    ]);
    exporter.set_resource(&resource.build());
    Ok(exporter)
}

/// The loop that exports batches, one at a time.
struct ExportLoop {
    exporter: SpanExporter,
    scope: InstrumentationScope,
    traces: Arc<Traces>,
    clock: Arc<dyn Clock>,
    /// The exports that failed since the last one that did not.
    failures: u32,
}

impl ExportLoop {
    /// Exports until the process stops; then what is queued, once.
    async fn run(mut self, mut finished: Receiver<FinishedSpan>, stopping: impl Future<Output = ()>) {
        tokio::pin!(stopping);
        let mut batch = Vec::with_capacity(BATCH_SPANS_MAX);
        loop {
            tokio::select! {
                biased;
                () = &mut stopping => break,
                () = self.next_batch(&mut finished, &mut batch) => {}
            }
            tokio::select! {
                biased;
                () = &mut stopping => break,
                () = self.export(&mut batch) => {}
            }
        }
        finished.close();
        let latest = Arc::clone(&self.clock);
        let last = async {
            loop {
                while batch.len() < BATCH_SPANS_MAX
                    && let Ok(span) = finished.try_recv()
                {
                    batch.push(span);
                }
                if batch.is_empty() || self.failures > 0 {
                    return;
                }
                self.send(&mut batch).await;
            }
        };
        tokio::select! {
            biased;
            () = latest.wait_until(latest.now().plus_ms(LAST_EXPORT_MS_MAX)) => {}
            () = last => {}
        }
        let left = batch.len().saturating_add(finished.len());
        self.traces.note_export_failed(left);
    }

    /// Collects spans until the batch is full or its first span has waited long enough. Cancel-safe.
    async fn next_batch(&self, finished: &mut Receiver<FinishedSpan>, batch: &mut Vec<FinishedSpan>) {
        if batch.is_empty() && finished.recv_many(batch, BATCH_SPANS_MAX).await == 0 {
            return std::future::pending().await;
        }
        let until = self.clock.wait_until(self.clock.now().plus_ms(BATCH_MS));
        tokio::pin!(until);
        while batch.len() < BATCH_SPANS_MAX {
            let free = BATCH_SPANS_MAX.saturating_sub(batch.len());
            tokio::select! {
                biased;
                () = &mut until => return,
                count = finished.recv_many(batch, free) => if count == 0 { return },
            }
        }
    }

    /// Exports a batch. After a failure it waits, and the queue fills meanwhile.
    async fn export(&mut self, batch: &mut Vec<FinishedSpan>) {
        self.send(batch).await;
        if self.failures > 0 {
            let doubled = AGAIN_MS
                .checked_shl(self.failures.saturating_sub(1))
                .unwrap_or(AGAIN_MS_MAX);
            let wait_ms = doubled.clamp(AGAIN_MS, AGAIN_MS_MAX);
            self.clock.wait_until(self.clock.now().plus_ms(wait_ms)).await;
        }
    }

    async fn send(&mut self, batch: &mut Vec<FinishedSpan>) {
        let count = batch.len();
        if count == 0 {
            return;
        }
        // What is not sent when this is dropped counts as failed.
        let outcome = ExportOutcome {
            traces: Arc::clone(&self.traces),
            count,
            is_sent: false,
        };
        let spans = batch.drain(..).map(|span| span_data(span, &self.scope)).collect();
        match self.exporter.export(spans).await {
            Ok(()) => {
                outcome.sent();
                self.failures = 0;
            }
            // The client has logged why. The error's text would be the collector's.
            Err(_) => self.failures = self.failures.saturating_add(1),
        }
    }
}

/// Counts a batch as failed unless it was sent.
struct ExportOutcome {
    traces: Arc<Traces>,
    count: usize,
    is_sent: bool,
}

impl ExportOutcome {
    fn sent(mut self) {
        self.is_sent = true;
    }
}

impl Drop for ExportOutcome {
    fn drop(&mut self) {
        match self.is_sent {
            true => self.traces.note_exported(self.count),
            false => self.traces.note_export_failed(self.count),
        }
    }
}

/// Returns a span in the form of the exporter.
fn span_data(span: FinishedSpan, scope: &InstrumentationScope) -> SpanData {
    let (context, facts) = (span.context, span.facts);
    let ids = SpanContext::new(
        TraceId::from_bytes(context.trace_id()),
        SpanId::from_bytes(context.span_id()),
        TraceFlags::SAMPLED,
        false,
        TraceState::NONE,
    );
    let kind = match facts.kind {
        OwnKind::Request => SpanKind::Server,
        OwnKind::Driver => SpanKind::Consumer,
        OwnKind::Command | OwnKind::Append | OwnKind::Leg | OwnKind::Turn => SpanKind::Internal,
    };
    let what = KeyValue::new("ledgerline.span", word(facts.kind));
    let attributes = facts.attributes.into_iter().map(key_value);
    SpanData {
        span_context: ids,
        parent_span_id: span.parent.map_or(SpanId::INVALID, SpanId::from_bytes),
        parent_span_is_remote: facts.kind == OwnKind::Request,
        span_kind: kind,
        name: Cow::Borrowed(facts.name),
        start_time: system_time(span.began_at),
        end_time: system_time(span.ended_at.max(span.began_at)),
        attributes: std::iter::once(what).chain(attributes).collect(),
        dropped_attributes_count: 0,
        events: SpanEvents::default(),
        links: SpanLinks::default(),
        status: match facts.has_failed {
            true => Status::error(""),
            false => Status::Unset,
        },
        instrumentation_scope: scope.clone(),
    }
}

const fn word(kind: OwnKind) -> &'static str {
    match kind {
        OwnKind::Request => "request",
        OwnKind::Command => "command",
        OwnKind::Append => "append",
        OwnKind::Driver => "driver",
        OwnKind::Leg => "leg",
        OwnKind::Turn => "turn",
    }
}

fn key_value(attribute: SpanAttribute) -> KeyValue {
    let count = |count: u64| Value::I64(i64::try_from(count).unwrap_or(i64::MAX));
    let (key, value) = match attribute {
        SpanAttribute::Method(method) => ("http.request.method", method.into()),
        SpanAttribute::Route(route) => ("http.route", route.into()),
        SpanAttribute::Status(status) => ("http.response.status_code", count(status.into())),
        SpanAttribute::Aggregate(aggregate) => ("ledgerline.aggregate", aggregate.into()),
        SpanAttribute::Command(id) => ("ledgerline.command.id", id.to_string().into()),
        SpanAttribute::Correlation(id) => ("ledgerline.correlation.id", id.to_string().into()),
        SpanAttribute::Events(events) => ("ledgerline.events", count(events)),
        SpanAttribute::Campaign(id) => ("ledgerline.campaign.id", id.to_string().into()),
        SpanAttribute::Call(id) => ("ledgerline.call.id", id.to_string().into()),
        SpanAttribute::Leg(leg) => ("ledgerline.leg", count(leg.into())),
    };
    KeyValue::new(key, value)
}

fn system_time(at: Timestamp) -> SystemTime {
    SystemTime::UNIX_EPOCH + Duration::from_micros(u64::try_from(at.micros()).unwrap_or(0))
}

/// Sends the exporter's requests through the one client of outgoing requests (decision 0219).
struct CollectorClient {
    client: HttpClient,
    clock: Arc<dyn Clock>,
}

impl fmt::Debug for CollectorClient {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("CollectorClient(..)")
    }
}

#[async_trait]
impl opentelemetry_http::HttpClient for CollectorClient {
    async fn send_bytes(&self, request: Request<Bytes>) -> Result<Response<Bytes>, HttpError> {
        let limits = ExchangeLimits {
            ms_max: EXPORT_MS_MAX,
            bytes_max: RESPONSE_BYTES_MAX,
        };
        let request = request.map(full_body);
        let exchange = self.client.exchange(self.clock.as_ref(), limits, request);
        match exchange.await {
            Ok(response) => {
                let (head, body) = response.into_parts();
                if !head.status.is_success() {
                    tracing::warn!(status = head.status.as_u16(), "a collector refused spans");
                }
                // A body that is too long or cut off says nothing that is needed.
                Ok(Response::from_parts(head, body.unwrap_or_default()))
            }
            Err(error) => {
                tracing::warn!(%error, "a collector took no spans");
                Err(error.into())
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::clock::SystemClock;
    use actors::{SpanCounts, SpanFacts};
    use domain::stored_event::TraceParent;
    use std::io::{BufRead, BufReader, Read, Write};
    use std::net::TcpListener;
    use std::thread::JoinHandle;
    use tokio::sync::mpsc;

    /// Spans that each test exports.
    const SPANS: usize = 3;

    fn span(number: u8) -> FinishedSpan {
        let began_at = Timestamp::from_millis(1_000);
        FinishedSpan {
            context: TraceParent::begin([7; 16], [number; 8]),
            parent: None,
            began_at,
            ended_at: began_at.plus_ms(5),
            facts: SpanFacts::new(OwnKind::Turn, "turn", vec![SpanAttribute::Leg(number)]),
        }
    }

    /// Starts a collector that gives one answer, and returns its URL and the body that it received.
    #[expect(
        clippy::disallowed_methods,
        reason = "a collector of the test's own, on loopback"
    )]
    fn collector(answer: &'static str) -> (String, JoinHandle<Vec<u8>>) {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let url = format!("http://{}", listener.local_addr().unwrap());
        let thread = std::thread::spawn(move || {
            let (mut stream, _) = listener.accept().unwrap();
            let mut reader = BufReader::new(stream.try_clone().unwrap());
            let (mut line, mut length) = (String::new(), 0);
            while line != "\r\n" {
                line.clear();
                reader.read_line(&mut line).unwrap();
                if let Some(value) = line.to_ascii_lowercase().strip_prefix("content-length:") {
                    length = value.trim().parse().unwrap();
                }
            }
            let mut body = vec![0; length];
            reader.read_exact(&mut body).unwrap();
            stream.write_all(answer.as_bytes()).unwrap();
            body
        });
        (url, thread)
    }

    /// Exports three spans while the process stops. Returns the counts.
    async fn export(url: &str) -> SpanCounts {
        let clock: Arc<dyn Clock> = Arc::new(SystemClock::default());
        let settings = TraceSettings {
            endpoint: url.parse().unwrap(),
            ratio: "1".parse().unwrap(),
        };
        let traces = Arc::new(Traces::default());
        let exporting = ExportLoop {
            exporter: exporter(&clock, &settings).unwrap(),
            scope: InstrumentationScope::builder(SERVICE).build(),
            traces: Arc::clone(&traces),
            clock,
            failures: 0,
        };
        let (queue, finished) = mpsc::channel(SPANS);
        for number in 1..=3 {
            queue.try_send(span(number)).unwrap();
        }
        exporting.run(finished, std::future::ready(())).await;
        traces.counts()
    }

    const NONE_SENT: SpanCounts = SpanCounts {
        exported: 0,
        queue_full: 0,
        export_failed: SPANS as u64,
    };

    #[tokio::test]
    async fn what_is_queued_at_the_end_is_exported_once() {
        let (url, thread) = collector("HTTP/1.1 200 OK\r\ncontent-length: 0\r\n\r\n");
        let counts = export(&url).await;
        assert_eq!((counts.exported, counts.export_failed), (SPANS as u64, 0));
        let body = thread.join().unwrap();
        for part in [
            &[7_u8; 16][..],
            &[3; 8],
            b"ledgerline.span",
            b"turn",
            b"service.name",
        ] {
            assert!(body.windows(part.len()).any(|window| window == part), "{part:?}");
        }
    }

    #[tokio::test]
    async fn a_collector_that_refuses_or_sends_elsewhere_costs_its_batch() {
        for answer in [
            "HTTP/1.1 503 -\r\nretry-after: 3600\r\ncontent-length: 0\r\n\r\n",
            "HTTP/1.1 307 -\r\nlocation: http://127.0.0.1:1/\r\ncontent-length: 0\r\n\r\n",
            "SSH-2.0-none\r\n",
        ] {
            let (url, thread) = collector(answer);
            assert_eq!(export(&url).await, NONE_SENT, "{answer}");
            thread.join().unwrap();
        }
    }

    #[tokio::test]
    async fn an_absent_collector_costs_its_batch() {
        assert_eq!(export("http://127.0.0.1:1").await, NONE_SENT);
    }
}
