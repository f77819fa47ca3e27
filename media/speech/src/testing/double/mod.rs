//! Doubles of speech engines: servers that speak the published wire formats and say what they are told to,
//! when they are told to. They can stall, lie, cut, be late, and send what is no message at all.
//!
//! They hear where speech is, by its level, and not what it is.

mod hearing;
mod over_http;
mod over_websocket;
mod wire;

use super::SuiteClock;
use crate::recognition::spec::{Kind, RecognizerSpec};
use domain::ports::clock::Clock;
use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, AtomicUsize, Ordering};
use tokio::net::{TcpListener, TcpStream};

/// How a double behaves.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Manner {
    /// As published.
    Answers,
    /// Takes everything and says nothing.
    Stalls,
    /// Takes the connection and not even the handshake.
    Hangs,
    /// Says texts that nobody said, before anybody spoke; then answers.
    Lies,
    /// Closes in the middle of the first word.
    Cuts,
    /// Says the final text so much later.
    Late { ms: u64 },
    /// Sends what is no message of its protocol.
    Garbles,
    /// Sends partial texts without end.
    Floods,
    /// Sends one message of a megabyte.
    Swells,
    /// Refuses the connection's request with 401.
    Denies,
}

impl Manner {
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

/// So much later, by the wall clock.
async fn late(ms: u64) {
    SuiteClock.wait_until(SuiteClock.now().plus_ms(ms)).await;
}

/// FunASR's two servers, which end in different ways.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum FunAsrServer {
    /// Marks its last message with `is_final`, and says so without a text where none is left.
    Cpp,
    /// Says `is_final` of whatever comes while the client speaks, and nothing at all when no text is left.
    Python,
}

/// What every connection of a double goes by.
struct Plan {
    kind: Kind,
    funasr: FunAsrServer,
    manner: Manner,
    texts: Vec<String>,
    /// Sentences that were heard over HTTP, where each is a connection of its own.
    heard: AtomicUsize,
}

impl Plan {
    /// The text of the next sentence over HTTP: nothing there says whose it is.
    fn next_text(&self) -> &str {
        self.text(self.heard.fetch_add(1, Ordering::Relaxed))
    }

    /// The text of a connection's so-many-th sentence.
    fn text(&self, sentence: usize) -> &str {
        let index = sentence % self.texts.len().max(1);
        self.texts.get(index).map_or("", String::as_str)
    }
}

/// A running double; it ends with the runtime.
pub struct EngineDouble {
    address: SocketAddr,
    plan: Arc<Plan>,
    connections: Arc<AtomicU64>,
}

impl EngineDouble {
    /// Listens on a free port of the loopback. Each connection says the texts in order, then again; over HTTP
    /// all that reach it do so together, so that each call whose words matter has a double of its own.
    pub async fn start(kind: Kind, manner: Manner, texts: &[&str]) -> std::io::Result<Self> {
        Self::start_as(kind, FunAsrServer::Cpp, manner, texts).await
    }

    /// The same of one of FunASR's servers.
    pub async fn funasr(server: FunAsrServer, manner: Manner, texts: &[&str]) -> std::io::Result<Self> {
        Self::start_as(Kind::FunAsr, server, manner, texts).await
    }

    #[expect(clippy::disallowed_methods, reason = "a suite's own server")]
    async fn start_as(
        kind: Kind,
        funasr: FunAsrServer,
        manner: Manner,
        texts: &[&str],
    ) -> std::io::Result<Self> {
        let listener = TcpListener::bind("127.0.0.1:0").await?;
        let address = listener.local_addr()?;
        let texts = texts.iter().map(|text| (*text).to_owned()).collect();
        let plan = Arc::new(Plan {
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

    /// How it is reached, as somebody would write it; secrets are named `APP_KEY`, `TOKEN`.
    pub fn spec(&self) -> String {
        let address = self.address;
        match self.plan.kind {
            Kind::Nls => format!("nls:ws://{address}/ws/v1?appkey_env=APP_KEY&token_env=TOKEN"),
            Kind::OpenAi => format!("openai:http://{address}/v1?model=double"),
            kind @ (Kind::Vosk | Kind::FunAsr | Kind::Sherpa) => format!("{}:ws://{address}", kind.name()),
        }
    }

    /// The same, read.
    pub fn parsed_spec(&self) -> Result<RecognizerSpec, crate::recognition::spec::SpecError> {
        self.spec().parse()
    }
}

/// One connection, to its end.
async fn serve(stream: TcpStream, plan: Arc<Plan>) {
    // A double that hangs holds its connections.
    if plan.manner == Manner::Hangs {
        std::future::pending::<()>().await;
    }
    let served = match plan.kind {
        Kind::OpenAi => over_http::serve(stream, &plan).await,
        Kind::Vosk | Kind::FunAsr | Kind::Sherpa | Kind::Nls => {
            let served = over_websocket::serve(stream, &plan).await;
            served.map_err(std::io::Error::other)
        }
    };
    // The other side may be gone at any time.
    if let Err(error) = served {
        tracing::debug!(%error, "a double's connection ended");
    }
}
