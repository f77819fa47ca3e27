//! Runs a protocol over a websocket: connects, sends audio, reads texts. Every wait has a limit and every
//! message a largest size. Each call has its own connection.

use super::engine::{Engine, EngineChannels, EngineInput, EngineOutput, EngineSession};
use super::protocol::{Dialect, EngineMessage, Protocol, WireMessage};
use crate::connection::{Connection, StreamAddress, connect};
use async_trait::async_trait;
use domain::ports::clock::Clock;
use domain::ports::recognizer::{
    FINAL_MS_MAX, FailureClass, RecognizerFacts, RecognizerOptions, UtteranceSegmenter,
};
use domain::time::Timestamp;
use domain::turn::PendingTextCount;
use futures_util::{SinkExt, StreamExt};
use std::sync::Arc;
use tokio_tungstenite::WebSocketStream;
use tokio_tungstenite::tungstenite::client::IntoClientRequest;
use tokio_tungstenite::tungstenite::http::HeaderValue;
use tokio_tungstenite::tungstenite::protocol::WebSocketConfig;
use tokio_tungstenite::tungstenite::{Error, Message};

/// Timeout for the connection, its handshakes and the engine's ready message, in milliseconds. Speech
/// meanwhile waits in the queue, which is longer.
const BEGIN_MS_MAX: u64 = 2_000;
/// Silence after the farewell that ends the exchange if the engine may end silently and owes no text, in
/// milliseconds.
const QUIET_END_MS: u64 = 1_000;
/// Longest silence after the farewell if the engine has answered, but given fewer texts than our detector
/// found segments, in milliseconds: shorter than the session's own limit.
const SILENT_END_MS_MAX: u64 = FINAL_MS_MAX - 500;
/// Timeout for sending a message to the engine, in milliseconds.
const SEND_MS_MAX: u64 = 2_000;
/// Most bytes of a message from the engine; a longer one is an error. A text of two minutes with the times
/// of all its words has less.
const MESSAGE_BYTES_MAX: usize = 256 * 1_024;
/// Number of messages that an engine may send in addition to those for its audio; more is an error. It
/// answers each of ours at most once.
const MESSAGES_MAX: u64 = 1_000;
/// Number of further messages that an engine may send for each frame of audio.
const MESSAGES_PER_FRAME: u64 = 2;

/// An engine behind a websocket.
pub(super) struct WebSocketEngine {
    dialect: Arc<dyn Dialect>,
    server: Arc<StreamAddress>,
    /// Path and query of the URL, including secrets.
    target: Arc<str>,
}

impl WebSocketEngine {
    pub(super) fn new(dialect: Arc<dyn Dialect>, server: StreamAddress, target: &str) -> Self {
        Self {
            dialect,
            server: Arc::new(server),
            target: Arc::from(target),
        }
    }
}

impl Engine for WebSocketEngine {
    fn facts(&self) -> RecognizerFacts {
        self.dialect.facts()
    }
    fn task(&self) -> &'static str {
        self.dialect.task()
    }
    fn begin(&self, order: &RecognizerOptions) -> Box<dyn EngineSession> {
        Box::new(WebSocketSession {
            protocol: self.dialect.begin(order),
            subprotocol: self.dialect.subprotocol(),
            server: Arc::clone(&self.server),
            target: Arc::clone(&self.target),
        })
    }
}

struct WebSocketSession {
    protocol: Box<dyn Protocol>,
    subprotocol: Option<&'static str>,
    server: Arc<StreamAddress>,
    target: Arc<str>,
}

type Socket = WebSocketStream<Connection>;

#[async_trait]
impl EngineSession for WebSocketSession {
    async fn run(self: Box<Self>, mut ends: EngineChannels) {
        let heard = ends.heard.clone();
        let Err(class) = self.exchange(&mut ends).await else {
            return;
        };
        // If the session is gone, the reason is not needed.
        drop(heard.send(EngineOutput::Failed(class)).await);
    }
}

impl WebSocketSession {
    async fn exchange(self, ends: &mut EngineChannels) -> Result<(), FailureClass> {
        let clock = Arc::clone(&ends.clock);
        let beginning = self.begun(Arc::clone(&clock));
        let begun = limited(clock.as_ref(), BEGIN_MS_MAX, FailureClass::Unreachable, beginning).await;
        begun?.run(ends).await
    }

    /// Connects, sends the first messages and, if the protocol demands it, waits for the engine's ready
    /// message.
    async fn begun(mut self, clock: Arc<dyn Clock>) -> Result<WebSocketExchange, FailureClass> {
        let mut talk = WebSocketExchange {
            socket: self.open().await?,
            protocol: self.protocol,
            clock,
            budget: MESSAGES_MAX,
            awaited: PendingTextCount::NOTHING,
            speaking: false,
            spoke_at: Timestamp::EPOCH,
        };
        let hello = talk.protocol.hello();
        talk.send_all(hello).await?;
        if talk.protocol.waits_for_ready() {
            talk.ready().await?;
        }
        Ok(talk)
    }

    async fn open(&mut self) -> Result<Socket, FailureClass> {
        let stream = connect(&self.server).await.map_err(|error| {
            tracing::warn!(engine = %self.server, %error, "a recognizer cannot be reached");
            FailureClass::Unreachable
        })?;
        let url = format!("ws://{}{}", self.server, self.target);
        let mut request = url
            .into_client_request()
            .map_err(|_url| FailureClass::Unreachable)?;
        if let Some(name) = self.subprotocol {
            let headers = request.headers_mut();
            headers.insert("Sec-WebSocket-Protocol", HeaderValue::from_static(name));
        }
        let config = WebSocketConfig::default()
            .max_message_size(Some(MESSAGE_BYTES_MAX))
            .max_frame_size(Some(MESSAGE_BYTES_MAX));
        let shaken = tokio_tungstenite::client_async_with_config(request, stream, Some(config)).await;
        match shaken {
            Ok((socket, _response)) => Ok(socket),
            Err(Error::Http(response)) if response.status().is_client_error() => Err(FailureClass::Denied),
            Err(error) => Err(class_of(&error)),
        }
    }
}

struct WebSocketExchange {
    socket: Socket,
    protocol: Box<dyn Protocol>,
    clock: Arc<dyn Clock>,
    /// Number of messages that the engine may still send.
    budget: u64,
    /// Number of texts that are still to come, by our own detector.
    awaited: PendingTextCount,
    speaking: bool,
    /// The time at which the last speech segment ended.
    spoke_at: Timestamp,
}

impl WebSocketExchange {
    async fn send(&mut self, wire: WireMessage) -> Result<(), FailureClass> {
        let message = match wire {
            WireMessage::Text(text) => Message::text(text),
            WireMessage::Binary(bytes) => Message::binary(bytes),
        };
        let sending = async { self.socket.send(message).await.map_err(|error| class_of(&error)) };
        limited(self.clock.as_ref(), SEND_MS_MAX, FailureClass::Late, sending).await
    }

    async fn send_all(&mut self, wires: Vec<WireMessage>) -> Result<(), FailureClass> {
        for wire in wires {
            self.send(wire).await?;
        }
        Ok(())
    }

    /// Returns the engine's next message; `None` if it has closed the connection. Fails if it sends too
    /// many.
    async fn read(&mut self) -> Result<Option<EngineMessage>, FailureClass> {
        let Some(message) = self.socket.next().await else {
            return Ok(None);
        };
        self.budget = self.budget.checked_sub(1).ok_or(FailureClass::Garbled)?;
        let wire = match message {
            Ok(Message::Text(text)) => WireMessage::Text(text.as_str().to_owned()),
            Ok(Message::Binary(bytes)) => WireMessage::Binary(bytes.to_vec()),
            Ok(Message::Close(_)) | Err(Error::ConnectionClosed | Error::AlreadyClosed) => return Ok(None),
            Ok(Message::Ping(_) | Message::Pong(_) | Message::Frame(_)) => {
                return Ok(Some(EngineMessage::Nothing));
            }
            Err(error) => return Err(class_of(&error)),
        };
        self.protocol.read(&wire).map(Some)
    }

    async fn ready(&mut self) -> Result<(), FailureClass> {
        loop {
            match self.read().await? {
                Some(EngineMessage::Ready) => return Ok(()),
                Some(EngineMessage::Nothing | EngineMessage::Idle) => {}
                Some(
                    EngineMessage::Partial(_)
                    | EngineMessage::Final(_)
                    | EngineMessage::Last(_)
                    | EngineMessage::Done,
                ) => {
                    return Err(FailureClass::Garbled);
                }
                None => return Err(FailureClass::Cut),
            }
        }
    }

    async fn run(&mut self, ends: &mut EngineChannels) -> Result<(), FailureClass> {
        loop {
            tokio::select! {
                biased;
                read = self.read() => match read? {
                    None => return Err(FailureClass::Cut),
                    Some(read) => {
                        self.note(&read);
                        if pass_on(ends, read).await {
                            return Err(FailureClass::Cut);
                        }
                    }
                },
                what = ends.audio.recv() => match what {
                    None => return Ok(()),
                    Some(EngineInput::Audio(frame)) => {
                        self.budget = self.budget.saturating_add(MESSAGES_PER_FRAME);
                        if let Some(wire) = self.protocol.audio(&frame) {
                            self.send(wire).await?;
                        }
                    }
                    Some(EngineInput::SpeechStarted { .. }) => {
                        self.awaited = self.awaited.began(UtteranceSegmenter::Engines);
                        self.speaking = true;
                    }
                    Some(EngineInput::SpeechEnded { .. }) => {
                        self.speaking = false;
                        self.spoke_at = self.clock.now();
                    }
                    Some(EngineInput::Finish) => return self.finish(ends).await,
                },
            }
        }
    }

    /// Sends the farewell and passes on the remaining texts. An engine that closes the connection then has
    /// sent them all.
    async fn finish(&mut self, ends: &mut EngineChannels) -> Result<(), FailureClass> {
        let farewell = self.protocol.farewell();
        self.send_all(farewell).await?;
        let clock = Arc::clone(&self.clock);
        let asked_at = clock.now();
        // Speech without a text for that long counts as nothing recognized.
        if !self.speaking && asked_at >= self.spoke_at.plus_ms(FINAL_MS_MAX) {
            self.awaited = PendingTextCount::NOTHING;
        }
        // A text that is on its way does not answer later speech.
        self.speaking = true;
        let rest = async {
            let mut quiet = FarewellWait {
                asked_at,
                since: asked_at,
                answered: false,
            };
            loop {
                let over_at = quiet
                    .over_at(self.awaited)
                    .filter(|_| self.protocol.may_end_silently());
                let read = tokio::select! {
                    biased;
                    () = wait_until(clock.as_ref(), over_at) => return Ok(()),
                    read = self.read() => read?,
                };
                let Some(read) = read else { return Ok(()) };
                self.note(&read);
                quiet.since = clock.now();
                quiet.answered |= matches!(read, EngineMessage::Final(_) | EngineMessage::Idle);
                if pass_on(ends, read).await {
                    return Ok(());
                }
            }
        };
        limited(clock.as_ref(), FINAL_MS_MAX, FailureClass::Late, rest).await
    }

    fn note(&mut self, read: &EngineMessage) {
        if let EngineMessage::Final(_) | EngineMessage::Last(_) = read {
            self.awaited = self.awaited.text(UtteranceSegmenter::Engines, self.speaking);
        }
    }
}

/// What the engine has sent since the farewell.
struct FarewellWait {
    asked_at: Timestamp,
    since: Timestamp,
    answered: bool,
}

impl FarewellWait {
    /// Returns the time at which silence counts as the end, for an engine that may end silently; `None` if
    /// it owes texts and has not answered.
    fn over_at(&self, awaited: PendingTextCount) -> Option<Timestamp> {
        let last_at = self.asked_at.plus_ms(SILENT_END_MS_MAX);
        match (awaited.is_nothing(), self.answered) {
            (true, _) => Some(last_at.min(self.since.plus_ms(QUIET_END_MS))),
            (false, true) => Some(last_at),
            (false, false) => None,
        }
    }
}

async fn wait_until(clock: &dyn Clock, at: Option<Timestamp>) {
    match at {
        Some(at) => clock.wait_until(at).await,
        None => std::future::pending().await,
    }
}

/// Passes a message to the session. Returns true if nothing more will come, or if the session has gone.
async fn pass_on(ends: &EngineChannels, read: EngineMessage) -> bool {
    let (from, done) = match read {
        EngineMessage::Nothing | EngineMessage::Ready => return false,
        EngineMessage::Idle => (EngineOutput::Idle, false),
        EngineMessage::Partial(text) => (EngineOutput::Partial(text), false),
        EngineMessage::Final(made) => (EngineOutput::Final(made), false),
        EngineMessage::Last(made) => (EngineOutput::Final(made), true),
        EngineMessage::Done => return true,
    };
    ends.heard.send(from).await.is_err() || done
}

fn class_of(error: &Error) -> FailureClass {
    match error {
        Error::Io(_) | Error::ConnectionClosed | Error::AlreadyClosed | Error::Tls(_) => FailureClass::Cut,
        Error::Protocol(protocol) if protocol.to_string().contains("closing handshake") => FailureClass::Cut,
        Error::Capacity(_)
        | Error::Protocol(_)
        | Error::Utf8(_)
        | Error::AttackAttempt
        | Error::Http(_)
        | Error::HttpFormat(_)
        | Error::WriteBufferFull(_)
        | Error::Url(_) => FailureClass::Garbled,
    }
}

async fn limited<T>(
    clock: &dyn Clock,
    ms: u64,
    class: FailureClass,
    work: impl Future<Output = Result<T, FailureClass>>,
) -> Result<T, FailureClass> {
    let deadline = clock.now().plus_ms(ms);
    tokio::select! {
        biased;
        () = clock.wait_until(deadline) => Err(class),
        done = work => done,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::recognition::contract::{PATIENCE_MS, order, ports, within};
    use crate::recognition::engine::TO_ENGINE_MAX;
    use crate::recognition::{RecognizerPorts, recognizer};
    use crate::testing::{JUDGES_TIME, SuiteIds};
    use domain::ports::recognizer::{FRAME_MS, RecognitionEvent};
    use std::time::Duration;
    use tokio::net::TcpListener;

    /// Starts a server that accepts a connection after this many milliseconds, and never sends that it has
    /// begun.
    #[expect(
        clippy::disallowed_methods,
        reason = "a suite's own server is late by the wall clock"
    )]
    async fn slow_server(shakes_hands_after_ms: u64) -> u16 {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let port = listener.local_addr().unwrap().port();
        drop(tokio::spawn(async move {
            let (stream, _) = listener.accept().await.unwrap();
            tokio::time::sleep(Duration::from_millis(shakes_hands_after_ms)).await;
            let mut socket = tokio_tungstenite::accept_async(stream).await.unwrap();
            while let Some(Ok(_)) = socket.next().await {}
        }));
        port
    }

    #[tokio::test]
    async fn all_that_comes_before_the_first_word_has_two_seconds_together() {
        let port = slow_server(1_200).await;
        let spec = format!("nls:ws://127.0.0.1:{port}/ws/v1?appkey_env=APP_KEY&token_env=TOKEN");
        let (clock, tasks) = ports();
        let ids = Arc::new(SuiteIds::default());
        let wall = Arc::clone(&clock);
        let ports = RecognizerPorts { clock, tasks, ids };
        let secret = |name: &str| Some(format!("{name}-value"));
        let recognizer = recognizer(&spec.parse().unwrap(), ports, &secret).unwrap();
        let since = wall.now();
        let mut listening = recognizer.open(&order()).unwrap();
        let event = within(BEGIN_MS_MAX + PATIENCE_MS, listening.next())
            .await
            .unwrap();
        assert_eq!(event, Some(RecognitionEvent::failed(FailureClass::Unreachable)));
        let ms = wall.now().ms_since(since);
        // Each step alone would have been in time.
        assert!(ms >= 1_900, "{ms} ms");
        assert!(!JUDGES_TIME || ms < BEGIN_MS_MAX + 700, "{ms} ms");
    }

    #[test]
    fn what_is_said_meanwhile_has_room() {
        let queue_ms = u64::try_from(TO_ENGINE_MAX).unwrap() * FRAME_MS;
        assert!(queue_ms > BEGIN_MS_MAX + 500, "{queue_ms} ms");
    }
}
