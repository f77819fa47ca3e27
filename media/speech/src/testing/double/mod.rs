//! Doubles of speech engines: servers that speak the published wire formats and return given texts at given
//! times. They can stall, lie, cut, be late, and send messages that are not part of their protocol.
//!
//! They detect speech by its level, and do not recognize it.

mod http_server;
mod speech_detector;
mod websocket_server;
mod wire;

use super::SuiteClock;
use crate::recognition::spec::{RecognizerKind, RecognizerSpec};
use domain::ports::clock::Clock;
use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, AtomicUsize, Ordering};
use tokio::net::{TcpListener, TcpStream};

/// How a double behaves on its connections.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum DoubleBehavior {
    /// It behaves as published.
    Answers,
    /// It reads everything and responds to nothing.
    Stalls,
    /// It accepts the connection but does not even do the handshake.
    Hangs,
    /// It sends texts that were not said, before any speech; then it answers.
    Lies,
    /// It closes in the middle of the first word.
    Cuts,
    /// It sends the final text this much later.
    Late { ms: u64 },
    /// It sends a message that is not part of its protocol.
    Garbles,
    /// It sends partial texts without end.
    Floods,
    /// It sends one message of a megabyte.
    Swells,
    /// It refuses the connection's request with 401.
    Denies,
}

impl DoubleBehavior {
    pub const ALL: [Self; 10] = [
        Self::Answers,
        Self::Stalls,
        Self::Hangs,
        Self::Lies,
        Self::Cuts,
        Self::Late { ms: 3_500 },
        Self::Garbles,
        Self::Floods,
        Self::Swells,
        Self::Denies,
    ];
}

/// Waits this long, in milliseconds, by the wall clock.
async fn late(ms: u64) {
    SuiteClock.wait_until(SuiteClock.now().plus_ms(ms)).await;
}

/// FunASR's two servers, which end in different ways.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum FunAsrServer {
    /// It marks its last message with `is_final`, and sends that without a text if none is left.
    Cpp,
    /// It sets `is_final` in every message while the client speaks, and sends nothing if no text is left.
    Python,
}

/// The settings that all connections of a double share.
struct DoubleSettings {
    kind: RecognizerKind,
    funasr: FunAsrServer,
    manner: DoubleBehavior,
    texts: Vec<String>,
    /// Number of sentences received over HTTP, where each has its own connection.
    heard: AtomicUsize,
}

impl DoubleSettings {
    /// Returns the text of the next sentence over HTTP. All connections share the order, because requests
    /// do not say to which call they belong.
    fn next_text(&self) -> &str {
        self.text(self.heard.fetch_add(1, Ordering::Relaxed))
    }

    /// Returns the text of the sentence with this number on a connection. After the last text, they begin
    /// again.
    fn text(&self, sentence: usize) -> &str {
        let index = sentence % self.texts.len().max(1);
        self.texts.get(index).map_or("", String::as_str)
    }
}

/// A running double; it ends with the runtime.
pub struct EngineDouble {
    address: SocketAddr,
    plan: Arc<DoubleSettings>,
    connections: Arc<AtomicU64>,
}

impl EngineDouble {
    /// Starts a double on a free port of the loopback. Each connection says the texts in order, then again;
    /// over HTTP all connections share that order, so a test that depends on the words needs its own double
    /// for each call.
    pub async fn start(
        kind: RecognizerKind,
        manner: DoubleBehavior,
        texts: &[&str],
    ) -> std::io::Result<Self> {
        Self::start_as(kind, FunAsrServer::Cpp, manner, texts).await
    }

    /// Starts a double of one of FunASR's servers.
    pub async fn funasr(
        server: FunAsrServer,
        manner: DoubleBehavior,
        texts: &[&str],
    ) -> std::io::Result<Self> {
        Self::start_as(RecognizerKind::FunAsr, server, manner, texts).await
    }

    #[expect(clippy::disallowed_methods, reason = "a suite's own server")]
    async fn start_as(
        kind: RecognizerKind,
        funasr: FunAsrServer,
        manner: DoubleBehavior,
        texts: &[&str],
    ) -> std::io::Result<Self> {
        let listener = TcpListener::bind("127.0.0.1:0").await?;
        let address = listener.local_addr()?;
        let texts = texts.iter().map(|text| (*text).to_owned()).collect();
        let plan = Arc::new(DoubleSettings {
            kind,
            funasr,
            manner,
            texts,
            heard: AtomicUsize::new(0),
        });
        let connections = Arc::new(AtomicU64::new(0));
        let (served, counted) = (Arc::clone(&plan), Arc::clone(&connections));
        drop(tokio::spawn(async move {
            while let Ok((stream, _)) = listener.accept().await {
                counted.fetch_add(1, Ordering::Relaxed);
                drop(tokio::spawn(serve(stream, Arc::clone(&served))));
            }
        }));
        Ok(Self {
            address,
            plan,
            connections,
        })
    }

    pub const fn address(&self) -> SocketAddr {
        self.address
    }

    pub fn connections(&self) -> u64 {
        self.connections.load(Ordering::Relaxed)
    }

    /// Returns the SPEC of the double as a user would write it; its secrets are named `APP_KEY` and `TOKEN`.
    pub fn spec(&self) -> String {
        let address = self.address;
        match self.plan.kind {
            RecognizerKind::Nls => format!("nls:ws://{address}/ws/v1?appkey_env=APP_KEY&token_env=TOKEN"),
            RecognizerKind::OpenAi => format!("openai:http://{address}/v1?model=double"),
            kind @ (RecognizerKind::Vosk | RecognizerKind::FunAsr | RecognizerKind::Sherpa) => {
                format!("{}:ws://{address}", kind.name())
            }
        }
    }

    /// Returns the SPEC of the double, parsed.
    pub fn parsed_spec(&self) -> Result<RecognizerSpec, crate::recognition::spec::SpecError> {
        self.spec().parse()
    }
}

/// Serves one connection to its end.
async fn serve(stream: TcpStream, plan: Arc<DoubleSettings>) {
    // A double that hangs keeps its connections open.
    if plan.manner == DoubleBehavior::Hangs {
        std::future::pending::<()>().await;
    }
    let served = match plan.kind {
        RecognizerKind::OpenAi => http_server::serve(stream, &plan).await,
        RecognizerKind::Vosk | RecognizerKind::FunAsr | RecognizerKind::Sherpa | RecognizerKind::Nls => {
            let served = websocket_server::serve(stream, &plan).await;
            served.map_err(std::io::Error::other)
        }
    };
    // The other side may be gone at any time.
    if let Err(error) = served {
        tracing::debug!(%error, "a double's connection ended");
    }
}
