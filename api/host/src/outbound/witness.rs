//! A client of witnesses: requests a cosignature over HTTP (C2SP tlog-witness, `add-checkpoint`).

use domain::external_address::check_url;
use domain::ports::clock::Clock;
use http_client::{ExchangeError, ExchangeLimits, HttpClient, full_body};
use hyper::{Request, StatusCode};
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
    client: HttpClient,
}

impl WitnessClient {
    /// Makes a client for plain HTTP: what a witness returns is signed.
    pub(crate) fn new() -> Self {
        Self {
            client: HttpClient::plain(ANSWER_MS),
        }
    }

    /// Sends one request. Returns the response, or a text for the log why there is none.
    pub(crate) async fn ask(
        &self,
        witness: &WitnessSpec,
        body: String,
        clock: &dyn Clock,
    ) -> Result<WitnessAnswer, String> {
        let request = Request::post(format!("{}/add-checkpoint", witness.url))
            .body(full_body(body))
            .map_err(|error| error.to_string())?;
        let limits = ExchangeLimits {
            ms_max: ANSWER_MS,
            bytes_max: WITNESS_BODY_BYTES_MAX,
        };
        let answered = self.client.exchange(clock, limits, request).await;
        let response = answered.map_err(|error| match error {
            ExchangeError::Late(_) => "it does not answer".to_owned(),
            ExchangeError::Send(error) => error.cause_text(),
        })?;
        let status = response.status();
        let bytes = response.into_body().map_err(|error| error.to_string())?;
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
