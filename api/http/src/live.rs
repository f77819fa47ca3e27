//! Live figures as server-sent events (HTML Living Standard, 9.2) and over a WebSocket (RFC 6455).
//!
//! Each snapshot is complete, so a client needs no history: after a reconnect it starts with the latest.

use crate::event_stream::sse::SyncStream;
use crate::line_use::{LineUse, lines_of};
use application::event_stream::{FeedEnd, StreamSlot};
use application::figures::{FORMULA, MetricVersions, PEOPLE, no_metric, versions};
use application::installation::DialingControl;
use application::live::LiveUpdate;
use application::reply_value::value;
use domain::ids::CampaignId;
use domain::permission::DataScope;
use domain::ports::clock::Clock;
use domain::ports::tasks::StopSignal;
use futures_util::SinkExt;
use futures_util::stream::{self, StreamExt};
use projections::live_figures::LiveSnapshot;
use schemars::JsonSchema;
use serde::Serialize;
use serde_json::json;
use std::convert::Infallible;
use std::sync::Arc;
use tokio::sync::watch;
use warp::Reply;
use warp::reply::Response;
use warp::sse::Event;
use warp::ws::{Message, WebSocket};

/// Ratios of the live figures that are no metrics: member, Chinese and English definition. They count calls
/// with a result only, so that ringing and talking calls do not lower them.
const OF_WINDOWS: [(&str, &str, &str); 2] = [
    (
        "settled_answer_ratio",
        "接通 ÷ 已有结果的呼叫（按呼叫，含应答机）",
        "answered ÷ calls that were answered or have ended",
    ),
    (
        "conversion_ratio",
        "转化 ÷ 已结束的接通呼叫（含应答机）",
        "conversions ÷ answered calls that have ended, machines included",
    ),
];

/// Close code (RFC 6455, 7.4.1) with which the live figures end when the server stops or the client loses
/// its permission.
const GOING_AWAY: u16 = 1_001;
const FAILED: u16 = 1_011;

/// What a client's stream needs.
pub struct LiveStreamContext {
    pub pictures: watch::Receiver<LiveUpdate>,
    pub watcher: LiveSnapshotFilter,
    pub stop: Arc<dyn StopSignal>,
    /// The stream slot; freed when the stream ends.
    pub _place: StreamSlot,
}

/// The next message of a stream.
enum LiveMessage {
    Figures(String),
    /// The last message: its name and data.
    End(&'static str, String),
}

impl LiveStreamContext {
    /// Returns why the stream ends.
    fn why_over(&self) -> String {
        let why = match self.stop.is_stopping() {
            true => FeedEnd::Stopping,
            false => FeedEnd::NotAllowed,
        };
        why.text().into_owned()
    }

    /// Waits for the next snapshot that was not sent yet, or the end message if the log is damaged; `None`
    /// when the process stops. Cancel-safe.
    async fn next(&mut self) -> Option<LiveMessage> {
        loop {
            tokio::select! {
                biased;
                () = self.stop.stopping() => return None,
                changed = self.pictures.changed() => changed.ok()?,
            }
            let picture = self.pictures.borrow_and_update().clone();
            match picture {
                LiveUpdate::Starting => {}
                LiveUpdate::Figures(figures) => {
                    let picture = self.watcher.shown(&figures);
                    return Some(LiveMessage::Figures(value(&picture).to_string()));
                }
                LiveUpdate::Damaged { at, why } => {
                    let data = json!({ "position": at.to_string(), "reason": why.as_ref() });
                    return Some(LiveMessage::End("end", data.to_string()));
                }
            }
        }
    }
}

/// What a client may see of the live figures.
pub struct LiveSnapshotFilter {
    pub scope: DataScope,
    pub clock: Arc<dyn Clock>,
    pub dialing: Arc<DialingControl>,
}

/// The campaigns that a snapshot covers.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
enum SnapshotCoverage {
    /// All campaigns, with trunks and engines.
    All,
    /// Only the campaigns in the caller's data scope, without trunks and engines.
    NamedCampaigns,
}

/// A snapshot of the live figures, with its age.
#[derive(Debug, Serialize, JsonSchema)]
pub struct LiveSnapshotResponse {
    #[serde(flatten)]
    figures: LiveSnapshot,
    /// The campaigns that the figures cover.
    of: SnapshotCoverage,
    /// Load of each line of this process; absent if it does not dial, and for a caller who is limited to
    /// campaigns.
    #[serde(skip_serializing_if = "Option::is_none")]
    lines: Option<Vec<LineUse>>,
    /// Age of the snapshot when it was sent, in milliseconds.
    age_ms: u64,
    versions: MetricVersions,
}

impl LiveSnapshotFilter {
    /// Returns the snapshot as this client may see it.
    pub fn shown(&self, figures: &LiveSnapshot) -> LiveSnapshotResponse {
        let age_ms = self.clock.now().ms_since(figures.shown_at);
        let of = match self.scope.is_all() {
            true => SnapshotCoverage::All,
            false => SnapshotCoverage::NamedCampaigns,
        };
        let (figures, lines) = match of {
            SnapshotCoverage::All => (figures.clone(), lines_of(&self.dialing)),
            SnapshotCoverage::NamedCampaigns => {
                let admits = |campaign: &CampaignId| self.scope.admits_campaign(campaign);
                (figures.of_campaigns(admits), None)
            }
        };
        LiveSnapshotResponse {
            figures,
            of,
            lines,
            age_ms,
            versions: measures(),
        }
    }
}

/// Returns the definitions of the ratios of a window: metrics with their versions, and two that exist only
/// here.
pub(crate) fn measures() -> MetricVersions {
    let people = PEOPLE
        .iter()
        .filter(|(member, ..)| *member == "answer_ratio_people");
    let metrics = FORMULA
        .iter()
        .filter(|(member, ..)| *member != "conversion_ratio");
    // Every other reply reads the catalog too and reports an error in it.
    let mut all = versions(metrics.chain(people)).unwrap_or_default();
    for (member, zh, en) in OF_WINDOWS {
        // Both ratios are known; a test checks it.
        all.put(member, no_metric(zh, en)).unwrap_or_default();
    }
    all
}

/// Sends snapshots as server-sent events named `figures`, starting with the latest.
pub fn sse(mut watching: LiveStreamContext) -> Response {
    watching.pictures.mark_changed();
    let events = stream::unfold(Some(watching), |open| async move {
        let mut watching = open?;
        match watching.next().await? {
            LiveMessage::Figures(data) => {
                let event = Event::default().event("figures").data(data);
                Some((Ok::<Event, Infallible>(event), Some(watching)))
            }
            LiveMessage::End(name, data) => Some((Ok(Event::default().event(name).data(data)), None)),
        }
    });
    warp::sse::reply(SyncStream::of(events.boxed())).into_response()
}

/// Sends snapshots as text messages, starting with the latest, until the client disconnects or the process
/// stops.
pub async fn web_socket(socket: WebSocket, mut watching: LiveStreamContext) {
    watching.pictures.mark_changed();
    let (mut sink, mut incoming) = socket.split();
    loop {
        let said = tokio::select! {
            biased;
            heard = incoming.next() => match heard {
                Some(Ok(message)) if !message.is_close() => continue,
                Some(_) | None => break,
            },
            said = watching.next() => said,
        };
        let (message, is_last) = match said {
            Some(LiveMessage::Figures(data)) => (Message::text(data), false),
            Some(LiveMessage::End(_, data)) => (Message::close_with(FAILED, short(&data)), true),
            None => (Message::close_with(GOING_AWAY, watching.why_over()), true),
        };
        if sink.send(message).await.is_err() || is_last {
            break;
        }
    }
    // The client may be gone already; the closing handshake is then not needed.
    drop(sink.close().await);
}

/// Shortens a text to the length of a close reason: a close frame has at most 123 bytes for it (RFC 6455,
/// 5.5).
fn short(text: &str) -> String {
    let mut taken = String::new();
    for character in text.chars() {
        if taken.len() + character.len_utf8() > 120 {
            break;
        }
        taken.push(character);
    }
    taken
}
