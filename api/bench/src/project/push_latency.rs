//! How long after its acknowledgment an event is in a snapshot that a WebSocket has sent: a whole server on a
//! socket of loopback, a client of another library, a thousand events per second.
//!
//! A snapshot counts for an event if its position is the event's or a later one. A counter verifies the
//! positions: each snapshot must show as many dialed calls as the log has up to its position.

use crate::figures::{Report, Target};
use crate::stopwatch::{Stopwatch, Times};
use domain::call::event::CallEvent;
use domain::ids::StreamId;
use domain::ports::clock::Clock;
use domain::ports::event_store::EventStore;
use domain::problem::Problem;
use domain::stored_event::{Record, StoredEvent, StreamVersion};
use futures_util::StreamExt;
use futures_util::future::try_join_all;
use host::advertised_args::AdvertisedChoice;
use host::clock::SystemClock;
use host::messaging_args::MessagingChoice;
use host::open_settings::OpenSettings;
use host::read_db_spec::ReadDbSpec;
use host::serve_settings::ServeSettings;
use host::sign_in_args::SignInSettings;
use host::speech_args::SpeechChoice;
use host::tls_args::TlsChoice;
use http::auth;
use http::listeners::Listeners;
use http::running_server::RunningServer;
use http::server::bind;
use projections::synthetic::SyntheticLog;
use serde_json::Value;
use std::collections::BTreeSet;
use std::net::{Ipv4Addr, SocketAddr};
use std::path::Path;
use std::sync::Arc;
use tokio::runtime::Runtime;
use tokio::sync::{mpsc, oneshot};
use tokio_tungstenite::tungstenite::ClientRequestBuilder;
use tokio_tungstenite::tungstenite::http::uri::InvalidUri;

/// The events of one append, a hundred times per second: a thousand events per second.
const EVENTS_AT_ONCE: usize = 10;

/// Between two ticks.
const TICK_MS: u64 = 10;

/// The ticks of the measurement: twenty seconds.
const TICKS_COUNT: usize = 2_000;

/// The ticks before the first that counts.
const WARM_UP_TICKS: usize = 100;

/// The longest wait for the last snapshot before the measurement is given up, in milliseconds.
const LAST_PICTURE_MS_MAX: u64 = 10_000;

/// The most snapshots that are stored: five per second are sent, and there is room for ten times the
/// measurement.
const PICTURES_MAX: usize = 1_024;

/// Target: milliseconds from the acknowledgment to the receipt on a WebSocket, 99th percentile (issue 4,
/// figures to reach).
const PUSHED_MS_MAX: f64 = 1_000.0;

/// A snapshot as it was received.
struct ReceivedSnapshot {
    position: u64,
    dialed: u64,
    nanos: u64,
}

/// An event as it was acknowledged.
struct AcknowledgedEvent {
    position: u64,
    nanos: u64,
    is_dialed: bool,
    is_counted: bool,
}

/// Starts a server over an empty log and empty rows, appends events while a WebSocket client receives
/// snapshots, and reports the delays.
pub(super) async fn measure(
    directory: &Path,
    read_db: ReadDbSpec,
    runtime: Arc<Runtime>,
    report: &mut Report,
) -> Result<(), Problem> {
    let mut log = SyntheticLog::default();
    let first = page(&mut log)?;
    let Some(begin) = first.first().map(|event| event.recorded_at) else {
        return Err(Problem::fault("a made-up log without events"));
    };
    let data = directory.join("served");
    let settings = ServeSettings {
        read_db: match read_db {
            ReadDbSpec::Sqlite(_) => None,
            postgres @ ReadDbSpec::Postgres(_) => Some(postgres),
        },
        open: OpenSettings {
            // The made-up events' own time: so they are of this hour.
            rehearse_at: Some(begin),
            ..OpenSettings::of_directory(data)
        },
        tls: TlsChoice::default(),
        public_url: None,
        sign_in: SignInSettings::default(),
        speech: SpeechChoice::default(),
        messaging: MessagingChoice::default(),
        trunks: Vec::new(),
        sip: None,
        rtp_ports: None,
        advertised: AdvertisedChoice::default(),
        drain_ms: 0,
        witnesses: Vec::new(),
        tsa: None,
        ntp: None,
        traces: None,
        given: None,
    };
    let listener = bind(SocketAddr::from((Ipv4Addr::LOCALHOST, 0))).await?;
    let address = listener.local_addr()?;
    let running = RunningServer::start(settings, Listeners::http(listener), runtime).await?;
    let measured = watched(&running, address, log, first).await;
    running.stop().await;
    let (acknowledged, received, seconds) = measured?;
    tell(report, &acknowledged, &received, seconds)
}

type PushObservations = (Vec<AcknowledgedEvent>, Vec<ReceivedSnapshot>, f64);

/// Appends events while a client receives snapshots. Returns what was acknowledged, what was received, and
/// how many seconds the appending took.
async fn watched(
    running: &RunningServer,
    address: SocketAddr,
    mut log: SyntheticLog,
    first: Vec<StoredEvent>,
) -> Result<PushObservations, Problem> {
    let asking = with_token(running, address)?;
    let watch = Stopwatch::start();
    let (pictures, mut received) = mpsc::channel(PICTURES_MAX);
    let (opened, is_open) = oneshot::channel();
    running.installation.tasks().spawn(
        "bench-watcher",
        Box::pin(async move {
            if let Err(failure) = receive(asking, watch, opened, pictures).await {
                tracing::error!(%failure, "the watcher of a measurement ended");
            }
        }),
    );
    is_open
        .await
        .map_err(|closed| Problem::unavailable(format!("no WebSocket to the server: {closed}")))?;
    let (clock, store) = (SystemClock::default(), running.installation.store());
    let mut acknowledged = Vec::with_capacity((TICKS_COUNT + WARM_UP_TICKS) * EVENTS_AT_ONCE);
    let mut next = clock.now();
    let mut events = first;
    let began = watch.nanos();
    for tick in 0..TICKS_COUNT + WARM_UP_TICKS {
        // A late tick is followed by the next one sooner: the rate stays.
        next = next.plus_ms(TICK_MS);
        clock.wait_until(next).await;
        let is_counted = tick >= WARM_UP_TICKS;
        let each = events.iter().map(|event| append(store, event, watch, is_counted));
        acknowledged.extend(try_join_all(each).await?);
        events = page(&mut log)?;
    }
    let seconds = std::time::Duration::from_nanos(watch.nanos() - began).as_secs_f64();
    let last = acknowledged.iter().map(|event| event.position).max().unwrap_or(0);
    let deadline = clock.now().plus_ms(LAST_PICTURE_MS_MAX);
    let mut seen: Vec<ReceivedSnapshot> = Vec::new();
    while seen.last().is_none_or(|picture| picture.position < last) {
        tokio::select! {
            biased;
            picture = received.recv() => match picture {
                Some(picture) => seen.push(picture),
                None => return Err(Problem::unavailable("the WebSocket closed before the last picture")),
            },
            () = clock.wait_until(deadline) => {
                return Err(Problem::unavailable("the last event came in no picture within ten seconds"));
            }
        }
    }
    Ok((acknowledged, seen, seconds))
}

fn page(log: &mut SyntheticLog) -> Result<Vec<StoredEvent>, Problem> {
    log.page(EVENTS_AT_ONCE)
        .map_err(|error| Problem::fault(error.to_string()))
}

async fn append(
    store: &dyn EventStore,
    event: &StoredEvent,
    watch: Stopwatch,
    is_counted: bool,
) -> Result<AcknowledgedEvent, Problem> {
    let fault = |error: &dyn std::fmt::Display| Problem::fault(error.to_string());
    let envelope = event.envelope().map_err(|error| fault(&error))?;
    let stream: StreamId = envelope.stream;
    let record = Record::from_stored(Arc::clone(&event.record)).map_err(|error| fault(&error))?;
    let expected = StreamVersion(record.stream_version.0.saturating_sub(1));
    let position = store.append(&stream, expected, vec![record]).await?;
    Ok(AcknowledgedEvent {
        position: position.0,
        nanos: watch.nanos(),
        is_dialed: envelope.kind == CallEvent::DIALING,
        is_counted,
    })
}

/// Returns the request for the WebSocket of live snapshots, with the token of this server.
fn with_token(running: &RunningServer, address: SocketAddr) -> Result<ClientRequestBuilder, Problem> {
    let installation = &running.installation;
    let token = auth::token(&installation.directory, installation.environment.ids.as_ref())?;
    let url = format!("ws://{address}/api/v1/live/ws").parse();
    let url = url.map_err(|error: InvalidUri| Problem::fault(error.to_string()))?;
    Ok(ClientRequestBuilder::new(url).with_header("Authorization", format!("Bearer {token}")))
}

/// Reads snapshots from the WebSocket and sends them to `pictures` until its receiver is gone; reports when
/// the first has arrived.
async fn receive(
    asking: ClientRequestBuilder,
    watch: Stopwatch,
    opened: oneshot::Sender<()>,
    pictures: mpsc::Sender<ReceivedSnapshot>,
) -> Result<(), Problem> {
    let away = |error: tokio_tungstenite::tungstenite::Error| Problem::unavailable(error.to_string());
    let (mut socket, _) = tokio_tungstenite::connect_async(asking).await.map_err(away)?;
    let mut opened = Some(opened);
    while let Some(message) = socket.next().await {
        let nanos = watch.nanos();
        let message = message.map_err(away)?;
        if !message.is_text() {
            continue;
        }
        let text = message.to_text().map_err(away)?;
        let picture: Value = serde_json::from_str(text).map_err(|error| Problem::fault(error.to_string()))?;
        let position = picture.pointer("/position").and_then(Value::as_str);
        let received = ReceivedSnapshot {
            position: position.and_then(|text| text.parse().ok()).unwrap_or(0),
            dialed: picture
                .pointer("/last_hour/dialed")
                .and_then(Value::as_u64)
                .unwrap_or(0),
            nanos,
        };
        if pictures.send(received).await.is_err() {
            return Ok(());
        }
        if let Some(opened) = opened.take() {
            // The receiver of this is gone when the measurement has ended.
            if opened.send(()).is_err() {
                return Ok(());
            }
        }
    }
    Ok(())
}

fn tell(
    report: &mut Report,
    acknowledged: &[AcknowledgedEvent],
    received: &[ReceivedSnapshot],
    seconds: f64,
) -> Result<(), Problem> {
    hold_to_log(acknowledged, received)?;
    let mut behind = Times::default();
    for event in acknowledged.iter().filter(|event| event.is_counted) {
        let shown = received.partition_point(|picture| picture.position < event.position);
        let Some(picture) = received.get(shown) else {
            return Err(Problem::fault("an event was in no picture"));
        };
        // A snapshot may arrive before the acknowledgment does.
        behind.add(picture.nanos.saturating_sub(event.nanos));
    }
    let events = u32::try_from(acknowledged.len()).unwrap_or(u32::MAX);
    report.row("acknowledged until on a WebSocket", "one event", &behind, 1);
    report.fact("pictures received", received.len());
    report.value(
        "events a second while a WebSocket watched",
        f64::from(events) / seconds,
        None,
    );
    report.value(
        "acknowledged to WebSocket, p50 ms",
        behind.p50_us() / 1_000.0,
        None,
    );
    report.value(
        "acknowledged to WebSocket, p99 ms",
        behind.p99_us() / 1_000.0,
        Some(Target::AtMost(PUSHED_MS_MAX)),
    );
    Ok(())
}

/// Checks that each snapshot counts the calls dialed up to its position, and that the positions increase.
fn hold_to_log(acknowledged: &[AcknowledgedEvent], received: &[ReceivedSnapshot]) -> Result<(), Problem> {
    let dialed: BTreeSet<u64> = acknowledged
        .iter()
        .filter(|event| event.is_dialed)
        .map(|event| event.position)
        .collect();
    let mut before = 0;
    for picture in received {
        let wanted = dialed.range(..=picture.position).count() as u64;
        if picture.dialed != wanted || picture.position < before {
            return Err(Problem::fault(format!(
                "a picture at position {} shows {} calls dialed, the log has {wanted}",
                picture.position, picture.dialed
            )));
        }
        before = picture.position;
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn event(position: u64, is_dialed: bool) -> AcknowledgedEvent {
        AcknowledgedEvent {
            position,
            nanos: position * 1_000_000,
            is_dialed,
            is_counted: true,
        }
    }

    fn picture(position: u64, dialed: u64, ms: u64) -> ReceivedSnapshot {
        ReceivedSnapshot {
            position,
            dialed,
            nanos: ms * 1_000_000,
        }
    }

    #[test]
    fn an_event_is_shown_by_the_first_picture_at_its_position_or_later() {
        let events = [event(1, false), event(2, true), event(3, true)];
        let pictures = [picture(0, 0, 0), picture(2, 1, 500), picture(3, 2, 1_003)];
        let mut report = Report::default();
        tell(&mut report, &events, &pictures, 1.0).unwrap();
        // Behind by 499, 498 and 1,000 ms: the longest is the p99, and meets its target exactly.
        assert!((report.value_of("acknowledged to WebSocket, p99 ms") - 1_000.0).abs() < 1e-9);
    }

    #[test]
    fn a_picture_that_counts_otherwise_than_the_log_ends_the_measurement() {
        let events = [event(1, true), event(2, true)];
        let tell = |pictures: &[ReceivedSnapshot]| tell(&mut Report::default(), &events, pictures, 1.0);
        assert!(tell(&[picture(1, 1, 5), picture(2, 2, 9)]).is_ok());
        assert!(tell(&[picture(1, 2, 5), picture(2, 2, 9)]).is_err());
        assert!(tell(&[picture(2, 2, 5), picture(1, 1, 9)]).is_err());
        assert!(tell(&[picture(1, 1, 5)]).is_err(), "an event in no picture");
    }
}
