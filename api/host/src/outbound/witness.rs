//! A witness as seen by the log: asks for a cosignature over HTTP (C2SP tlog-witness, `add-checkpoint`).

use bytes::Bytes;
use domain::outside_address::check_url;
use domain::ports::clock::Clock;
use http_body_util::{BodyExt, Full, Limited};
use hyper::{Request, StatusCode};
use hyper_util::client::legacy::Client;
use hyper_util::client::legacy::connect::HttpConnector;
use hyper_util::rt::TokioExecutor;
use std::str::FromStr;
use store::proof::{KeyKind, VerifierKey, WITNESS_BODY_BYTES_MAX};

/// How long a witness may take: one signature and one synced file, and the way there and back.
const ANSWER_MS: u64 = 5_000;

/// A witness to ask: `URL,VKEY`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct WitnessSpec {
    url: String,
    pub key: VerifierKey,
}

impl FromStr for WitnessSpec {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let wanted = "a witness is URL,VKEY, such as http://192.0.2.1:8090,NAME+ID+KEY";
        let (url, key) = text.split_once(',').ok_or(wanted)?;
        let key: VerifierKey = key.parse().map_err(|error| format!("{wanted}: {error}"))?;
        if !url.starts_with("http://") || check_url(url).is_err() || key.kind() != KeyKind::Witness {
            return Err(format!("{wanted}; plain HTTP, and a key of a witness"));
        }
        Ok(Self {
            url: url.trim_end_matches('/').to_owned(),
            key,
        })
    }
}

/// What a witness answered.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum WitnessAnswer {
    /// Signature lines.
    Cosigned(String),
    /// It has last seen this size; ask again from there.
    LastSeen(u64),
}

/// Asks witnesses.
#[derive(Clone)]
pub(crate) struct WitnessClient {
    client: Client<HttpConnector, Full<Bytes>>,
}

impl WitnessClient {
    pub(crate) fn new() -> Self {
        Self {
            client: Client::builder(TokioExecutor::new()).build_http(),
        }
    }

    /// Sends one request; an error says why in words for the log.
    pub(crate) async fn ask(
        &self,
        witness: &WitnessSpec,
        body: String,
        clock: &dyn Clock,
    ) -> Result<WitnessAnswer, String> {
        let (client, witness) = (self.clone(), witness.clone());
        let exchange = async move { client.send(&witness, body).await };
        let answered = tls::within(clock, ANSWER_MS, exchange).await;
        answered.unwrap_or_else(|| Err("it does not answer".to_owned()))
    }

    async fn send(&self, witness: &WitnessSpec, body: String) -> Result<WitnessAnswer, String> {
        let request = Request::post(format!("{}/add-checkpoint", witness.url))
            .body(Full::new(Bytes::from(body)))
            .map_err(|error| error.to_string())?;
        let response = self
            .client
            .request(request)
            .await
            .map_err(|error| error.to_string())?;
        let status = response.status();
        let body = Limited::new(response.into_body(), WITNESS_BODY_BYTES_MAX);
        let bytes = body
            .collect()
            .await
            .map_err(|error| error.to_string())?
            .to_bytes();
        let text = String::from_utf8_lossy(&bytes).into_owned();
        match status {
            StatusCode::OK => Ok(WitnessAnswer::Cosigned(text)),
            StatusCode::CONFLICT => match text.trim_end_matches('\n').parse() {
                Ok(size) => Ok(WitnessAnswer::LastSeen(size)),
                Err(_) => Err(format!("it answers {status} without a size")),
            },
            other => Err(format!("it answers {other}: {}", text.trim())),
        }
    }
}

impl std::fmt::Display for WitnessSpec {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(&self.url)
    }
}
