//! A client of witnesses: requests a cosignature over HTTP (C2SP tlog-witness, `add-checkpoint`).

use bytes::Bytes;
use domain::external_address::check_url;
use domain::ports::clock::Clock;
use http_body_util::{BodyExt, Full, Limited};
use hyper::{Request, StatusCode};
use hyper_util::client::legacy::Client;
use hyper_util::client::legacy::connect::HttpConnector;
use hyper_util::rt::TokioExecutor;
use std::str::FromStr;
use store::proof::{KeyKind, VerifierKey, WITNESS_BODY_BYTES_MAX};

/// The longest wait for a witness, in milliseconds: one signature, one synced file, and the round trip.
const ANSWER_MS: u64 = 5_000;

/// The URL and public key of a witness, parsed from `URL,VKEY`.
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
            return Err(format!(
                "{wanted}; the URL must be http:// and the key a witness's"
            ));
        }
        Ok(Self {
            url: url.trim_end_matches('/').to_owned(),
            key,
        })
    }
}

/// The response of a witness.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum WitnessAnswer {
    /// The signature lines to be added to the checkpoint.
    Cosigned(String),
    /// The witness has last seen this size: the proof must start there.
    LastSeen(u64),
}

/// Sends requests to witnesses.
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

    /// Sends one request. Returns the response, or a text for the log why there is none.
    pub(crate) async fn ask(
        &self,
        witness: &WitnessSpec,
        body: String,
        clock: &dyn Clock,
    ) -> Result<WitnessAnswer, String> {
        let (client, witness) = (self.clone(), witness.clone());
        let exchange = async move { client.send(&witness, body).await };
        let answered = tls::with_deadline(clock, ANSWER_MS, exchange).await;
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
                Err(_) => Err(format!("it responds with {status} without a size")),
            },
            other => Err(format!("it responds with {other}: {}", text.trim())),
        }
    }
}

impl std::fmt::Display for WitnessSpec {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(&self.url)
    }
}
