//! An encoder over HTTP: `POST …/rank` with a masked text returns intents with their probabilities, as the
//! server of the guide does it (`docs/how-to/train-an-encoder.md`).
//!
//! Every other answer is a failure with a class: prose, numbers that are no probabilities, an answer that is
//! late, too long or breaks off. Inputs are cut by the encoder's own tokenizer, at 128 tokens.

use crate::connection::HttpAddress;
use crate::http::{PostError, PostRequest, post};
use crate::recognition::spec::{RecognizerKind, RecognizerSpec};
use async_trait::async_trait;
use bytes::Bytes;
use domain::ports::clock::Clock;
use domain::ports::encoder::{Encoder, EncoderFailure, EncoderRanking, RANKED_MAX};
use domain::spoken_turn::IntentCandidate;
use serde::Deserialize;
use serde_json::json;
use std::sync::Arc;
use tls::TlsError;

/// Most bytes of an answer; a longer one is refused. It holds some hundred intents with their
/// probabilities.
const ANSWER_BYTES_MAX: usize = 64 * 1_024;
/// Most characters of the text that is sent; the rest is cut off. 128 tokens are no longer in any language.
const SAID_CHARS_MAX: usize = 400;
/// Most bytes of the name of an intent or model; an answer with a longer one is refused. A digest in
/// hexadecimal digits and a word fit.
const NAME_BYTES_MAX: usize = 128;
/// The model's name before the server's first answer states its own.
const MODEL: &str = "encoder";

/// The reason why an encoder cannot be made from a SPEC.
#[derive(Debug, thiserror::Error)]
pub enum EncoderError {
    #[error("an encoder is `encoder:http://HOST:PORT` or `encoder:https://HOST`, with `model` and `key_env`")]
    NotEncoder,
    #[error("the environment variable {0}, which `key_env` names, is not set")]
    NoSecret(String),
    #[error(transparent)]
    Tls(#[from] TlsError),
}

/// An encoder server, with its model, key and clock.
pub struct HttpEncoder {
    server: HttpAddress,
    target: String,
    model: String,
    key: Option<String>,
    clock: Arc<dyn Clock>,
}

/// Makes the encoder of a SPEC. `secret` returns the value of an environment variable, for the key. Fails
/// if the SPEC is of another kind or the key is missing. The server is not contacted yet.
pub fn encoder(
    spec: &RecognizerSpec,
    clock: Arc<dyn Clock>,
    secret: &dyn Fn(&str) -> Option<String>,
) -> Result<Arc<dyn Encoder>, EncoderError> {
    let RecognizerSpec::Remote(remote) = spec else {
        return Err(EncoderError::NotEncoder);
    };
    if remote.kind != RecognizerKind::OpenAi {
        return Err(EncoderError::NotEncoder);
    }
    let looked_up = |name: &str| {
        let found = secret(name).filter(|one| !one.is_empty());
        found.ok_or_else(|| EncoderError::NoSecret(name.to_owned()))
    };
    Ok(Arc::new(HttpEncoder {
        server: HttpAddress::new(&remote.host, remote.port, remote.tls.as_ref())?,
        target: format!("{}/rank", remote.path.trim_end_matches('/')),
        model: remote.option("model").unwrap_or(MODEL).to_owned(),
        key: remote.option("key_env").map(looked_up).transpose()?,
        clock,
    }))
}

/// The content that an answer of the encoder must have.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct EncoderAnswer {
    model: String,
    /// The intents, best first.
    candidates: Vec<EncoderCandidate>,
    accept: f64,
    confirm: f64,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct EncoderCandidate {
    intent: String,
    probability: f64,
}

#[async_trait]
impl Encoder for HttpEncoder {
    fn model(&self) -> &str {
        &self.model
    }

    async fn rank(
        &self,
        said: &str,
        language: &str,
        within_ms: u64,
    ) -> Result<EncoderRanking, EncoderFailure> {
        let text: String = said.chars().take(SAID_CHARS_MAX).collect();
        let body = json!({ "text": text, "language": language }).to_string();
        let request = PostRequest {
            target: &self.target,
            content_type: "application/json",
            key: self.key.as_deref(),
            body: Bytes::from(body),
            answer_bytes_max: ANSWER_BYTES_MAX,
            ms_max: within_ms,
        };
        let answer = post(&self.server, self.clock.as_ref(), request).await;
        let answer = answer.map_err(|error| {
            // The error contains no words of the server: it may quote the text that it was sent.
            let failure = failure_of(&error);
            tracing::debug!(class = failure.name(), "an encoder did not answer");
            failure
        })?;
        read(&answer).ok_or(EncoderFailure::Garbled)
    }
}

const fn failure_of(error: &PostError) -> EncoderFailure {
    match error {
        PostError::Unreachable(_) => EncoderFailure::Unreachable,
        PostError::Late(_) => EncoderFailure::Late,
        PostError::Status(_) => EncoderFailure::Denied,
        PostError::Broken(_) => EncoderFailure::Cut,
        PostError::TooLong(_) => EncoderFailure::Garbled,
    }
}

fn read(answer: &[u8]) -> Option<EncoderRanking> {
    let agreed: EncoderAnswer = serde_json::from_slice(answer).ok()?;
    // Names are kept in events for ever: a callee's words must not be taken as a name.
    let is_of_name = |sign: char| sign.is_ascii_alphanumeric() || "_.:@/-".contains(sign);
    let is_name = |name: &str| (1..=NAME_BYTES_MAX).contains(&name.len()) && name.chars().all(is_of_name);
    if !is_name(&agreed.model) || agreed.confirm > agreed.accept {
        return None;
    }
    let mut candidates = Vec::new();
    let mut before = 1_000;
    for one in agreed.candidates.into_iter().take(RANKED_MAX) {
        let score_permille = permille(one.probability)?;
        if !is_name(&one.intent) || score_permille > before {
            return None;
        }
        before = score_permille;
        candidates.push(IntentCandidate {
            intent: one.intent,
            score_permille,
        });
    }
    Some(EncoderRanking {
        model: agreed.model,
        candidates,
        accept_permille: permille(agreed.accept)?,
        confirm_permille: permille(agreed.confirm)?,
    })
}

/// Returns a probability in thousandths; `None` if it is not between 0 and 1.
#[expect(
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "it is held to be between 0 and 1"
)]
fn permille(ratio: f64) -> Option<u16> {
    (0.0..=1.0)
        .contains(&ratio)
        .then(|| (ratio * 1_000.0).round() as u16)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::SuiteClock;
    use tokio::io::{AsyncReadExt, AsyncWriteExt};
    use tokio::net::{TcpListener, TcpStream};
    use tokio::sync::mpsc;

    const GOOD: &str = r#"{"model":"m1","candidates":[{"intent":"busy","probability":0.91},
        {"intent":"later","probability":0.05}],"accept":0.9,"confirm":0.5}"#;

    /// The behaviour of the test's server.
    #[derive(Clone, Copy)]
    enum ServerBehavior {
        Says(&'static str),
        Denies,
        Stalls,
        /// It answers after this many milliseconds.
        Late(u64),
        /// It ends in the middle of the answer.
        Cuts,
        Swells,
    }

    async fn answered(mut stream: TcpStream, other: ServerBehavior, asked: mpsc::Sender<String>) {
        let mut text = String::new();
        let mut piece = [0; 4_096];
        while !text.contains("\"text\"") {
            let Ok(count @ 1..) = stream.read(&mut piece).await else {
                return;
            };
            text.push_str(&String::from_utf8_lossy(&piece[..count]));
        }
        asked.send(text).await.unwrap();
        let with = |status: &str, body: &str, length: usize| {
            format!("HTTP/1.1 {status}\r\nContent-Length: {length}\r\n\r\n{body}")
        };
        let whole = |body: &str| with("200 OK", body, body.len());
        let answer = match other {
            ServerBehavior::Says(body) => whole(body),
            ServerBehavior::Denies => with("401 Unauthorized", "", 0),
            ServerBehavior::Stalls => return std::future::pending().await,
            ServerBehavior::Late(ms) => {
                SuiteClock.wait_until(SuiteClock.now().plus_ms(ms)).await;
                whole(GOOD)
            }
            ServerBehavior::Cuts => with("200 OK", GOOD.get(..40).unwrap(), GOOD.len()),
            ServerBehavior::Swells => whole(&"x".repeat(ANSWER_BYTES_MAX + 1)),
        };
        // The client may have gone away.
        let _gone = stream.write_all(answer.as_bytes()).await;
    }

    /// Asks an encoder against such a server. Returns the request that was sent, and the result within
    /// `within_ms`.
    #[expect(clippy::disallowed_methods, reason = "a test's own server")]
    async fn asked(
        other: ServerBehavior,
        within_ms: u64,
    ) -> (String, Result<EncoderRanking, EncoderFailure>) {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let (tell, mut requests) = mpsc::channel(1);
        let serving = tokio::spawn(async move {
            let (stream, _) = listener.accept().await.unwrap();
            answered(stream, other, tell).await;
        });
        let spec = format!("openai:http://{address}/v1").parse().unwrap();
        let encoder = encoder(&spec, Arc::new(SuiteClock), &|_| None).unwrap();
        let ranked = encoder.rank("现在不方便", "zh-CN", within_ms).await;
        let sent = requests.recv().await.unwrap();
        serving.abort();
        (sent, ranked)
    }

    #[tokio::test]
    async fn a_ranking_comes_with_its_model_and_its_thresholds() {
        let (sent, ranked) = asked(ServerBehavior::Says(GOOD), 20_000).await;
        assert!(sent.starts_with("POST /v1/rank "), "{sent}");
        assert!(sent.contains("现在不方便") && sent.contains("zh-CN"), "{sent}");
        let ranked = ranked.unwrap();
        assert_eq!((ranked.model.as_str(), ranked.candidates.len()), ("m1", 2));
        assert_eq!(ranked.candidates[0].score_permille, 910);
        assert_eq!((ranked.accept_permille, ranked.confirm_permille), (900, 500));
    }

    #[tokio::test]
    async fn what_was_not_agreed_is_a_failure_with_its_class() {
        for (other, class) in [
            (ServerBehavior::Says("好的，没问题"), "garbled"),
            (ServerBehavior::Says(r#"{"choices":[]}"#), "garbled"),
            (
                ServerBehavior::Says(
                    r#"{"model":"m","candidates":[{"intent":"a","probability":7}],"accept":1,"confirm":1}"#,
                ),
                "garbled",
            ),
            (
                ServerBehavior::Says(
                    r#"{"model":"m","candidates":[{"intent":"","probability":0.7}],"accept":1,"confirm":1}"#,
                ),
                "garbled",
            ),
            (
                ServerBehavior::Says(
                    r#"{"model":"m","candidates":[{"intent":"a","probability":0.1},
                        {"intent":"b","probability":0.9}],"accept":0.9,"confirm":0.5}"#,
                ),
                "garbled",
            ),
            (
                ServerBehavior::Says(r#"{"model":"m","candidates":[],"accept":0.5,"confirm":0.9}"#),
                "garbled",
            ),
            (ServerBehavior::Swells, "garbled"),
            (ServerBehavior::Denies, "denied"),
            (ServerBehavior::Cuts, "cut"),
            (ServerBehavior::Stalls, "late"),
            (ServerBehavior::Late(3_000), "late"),
        ] {
            let within_ms = if class == "late" { 300 } else { 20_000 };
            let (_, ranked) = asked(other, within_ms).await;
            assert_eq!(ranked.unwrap_err().name(), class);
        }
    }

    #[test]
    fn a_spec_names_an_encoder_or_says_what_is_wrong() {
        let made = |spec: &str| encoder(&spec.parse().unwrap(), Arc::new(SuiteClock), &|_| None);
        assert_eq!(
            made("openai:http://127.0.0.1:9/?model=m").ok().unwrap().model(),
            "m"
        );
        for (spec, says) in [
            ("vosk:ws://127.0.0.1:9", "encoder:http"),
            ("template:/x", "encoder:http"),
            ("openai:http://127.0.0.1:9/?key_env=K", "K"),
        ] {
            let error = made(spec).err().unwrap().to_string();
            assert!(error.contains(says), "{spec}: {error}");
        }
    }
}
