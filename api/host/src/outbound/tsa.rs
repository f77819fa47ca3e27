//! A client of a timestamping authority over HTTP (RFC 3161, 3.4): one POST, one response.

use domain::external_address::check_url;
use domain::ports::clock::Clock;
use domain::ports::id_source::IdSource;
use http_client::{ExchangeError, ExchangeLimits, HttpClient, full_body};
use hyper::header::{ACCEPT, CONTENT_TYPE};
use hyper::{Request, StatusCode, Uri};
use std::str::FromStr;
use store::proof::{STAMP_BYTES_MAX, SignedCheckpoint, StampRequest, TimeStamp};

/// The longest wait for the authority, in milliseconds: one signature by a hardware module, and the round
/// trip.
const ANSWER_MS: u64 = 10_000;

const QUERY: &str = "application/timestamp-query";
const REPLY: &str = "application/timestamp-reply";

/// The URL of a timestamping authority, plain http: the response is signed, so that it cannot be changed on
/// the way.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TsaUrl(Uri);

impl FromStr for TsaUrl {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        match text.parse::<Uri>() {
            Ok(url) if url.scheme_str() == Some("http") && check_url(text).is_ok() => Ok(Self(url)),
            Ok(_) | Err(_) => Err(format!(
                "{text:?} is not a plain URL such as http://tsa.example.com/tsr"
            )),
        }
    }
}

impl std::fmt::Display for TsaUrl {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        self.0.fmt(f)
    }
}

/// Has a signed checkpoint timestamped. Returns the stamp, or a text for the log why there is none.
pub async fn stamp(
    url: &TsaUrl,
    checkpoint: &SignedCheckpoint,
    clock: &dyn Clock,
    ids: &dyn IdSource,
) -> Result<TimeStamp, String> {
    let mut random = [0; 8];
    ids.random(&mut random);
    let note = checkpoint.text();
    let question = StampRequest::new(&note, random);
    let answer = send(url, question.der().to_vec(), clock).await?;
    question.accept(&note, answer).map_err(|error| error.to_string())
}

async fn send(url: &TsaUrl, question: Vec<u8>, clock: &dyn Clock) -> Result<Vec<u8>, String> {
    let request = Request::post(url.0.clone())
        .header(CONTENT_TYPE, QUERY)
        .header(ACCEPT, REPLY)
        .body(full_body(question))
        .map_err(|error| error.to_string())?;
    let limits = ExchangeLimits {
        ms_max: ANSWER_MS,
        bytes_max: STAMP_BYTES_MAX,
    };
    let answered = HttpClient::plain(ANSWER_MS)
        .exchange(clock, limits, request)
        .await;
    let response = answered.map_err(|error| match error {
        ExchangeError::Late(_) => "it does not answer".to_owned(),
        ExchangeError::Send(error) => error.cause_text(),
    })?;
    let status = response.status();
    if status != StatusCode::OK {
        return Err(format!("it responds with {status}"));
    }
    let body = response.into_body().map_err(|error| error.to_string())?;
    Ok(body.to_vec())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_authority_is_a_plain_url() {
        for text in ["http://tsa.example.com/tsr", "http://127.0.0.1:8318"] {
            assert!(text.parse::<TsaUrl>().is_ok(), "{text}");
        }
        for text in [
            "",
            "tsa.example.com",
            "https://tsa.example.com",
            "http:///x",
            "http://u:p@tsa.example.com",
        ] {
            assert!(text.parse::<TsaUrl>().is_err(), "{text}");
        }
    }
}
