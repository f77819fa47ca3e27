//! Requests that may come again: one with an `Idempotency-Key` is done once, however often it is sent.
//!
//! The key names the command, whose events name their ids by it, so the log itself knows it for ever. Beside
//! the events stands a mark of the body: the same key with another body is refused. What the log cannot know
//! is a request that is being answered: of those this process holds the keys, and the second is told to wait.

use crate::input::{Input, without_mark};
use application::installation::Installation;
use domain::problem::{Kind, Problem};
use domain::stored_event::{RequestFacts, RequestMark, StreamVersion, TraceParent};
use serde_json::Value;
use std::collections::BTreeSet;
use std::sync::{Arc, Mutex, PoisonError};

/// The header by which a caller names a command, so that it is done once.
const KEY_HEADER: &str = "idempotency-key";

/// Longest `Idempotency-Key`.
const KEY_BYTES_MAX: usize = 256;

/// The requests that are being answered, of those that may come again. There is one for each place of a
/// connection at most.
#[derive(Debug, Default)]
pub struct InFlight(Arc<Mutex<BTreeSet<String>>>);

/// One of them; it is over when this is dropped.
#[derive(Debug)]
pub(crate) struct Entered {
    all: Arc<Mutex<BTreeSet<String>>>,
    key: String,
}

impl Drop for Entered {
    fn drop(&mut self) {
        let mut keys = self.all.lock().unwrap_or_else(PoisonError::into_inner);
        keys.remove(&self.key);
    }
}

impl InFlight {
    fn enter(&self, key: String) -> Result<Entered, Problem> {
        let mut keys = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if !keys.insert(key.clone()) {
            return Err(Problem::new(
                Kind::Conflict,
                "idempotency-key-in-flight",
                "a request with this Idempotency-Key is still running: wait for its response, then send it \
                 again",
            ));
        }
        let all = Arc::clone(&self.0);
        Ok(Entered { all, key })
    }

    /// Before a request's handler: what its events are to keep of it. `reads_json`: the body is short enough
    /// to be read whole, and is given back to be read again.
    pub(crate) async fn admit(
        &self,
        installation: &Installation,
        input: &mut Input,
        reads_json: bool,
    ) -> Result<Option<Entered>, Problem> {
        let traceparent = input.header("traceparent").and_then(TraceParent::read);
        input.request = RequestFacts {
            mark: None,
            traceparent,
            expected: expected(input)?,
        };
        let Some(key) = own_key(input)? else {
            return Ok(None);
        };
        let entered = self.enter(key.clone())?;
        if reads_json {
            let body = input.whole_body().await?;
            let length = body.len();
            let said = input.work.run_sized(length, move || said_by(&body)).await?;
            input.request.mark = mark(installation, &key, &said);
        }
        Ok(Some(entered))
    }
}

/// The version that the caller believes in; a star is whatever there is.
fn expected(input: &Input) -> Result<Option<StreamVersion>, Problem> {
    let Some(header) = input.headers().get("if-match") else {
        return Ok(None);
    };
    let text = header.to_str().unwrap_or_default().trim();
    if text == "*" {
        return Ok(None);
    }
    let number = text.strip_prefix("\"v").and_then(|rest| rest.strip_suffix('"'));
    match number.and_then(|number| number.parse().ok()) {
        Some(version) => Ok(Some(StreamVersion(version))),
        None => Err(Problem::invalid(
            "if-match-invalid",
            "If-Match must be one version, as in the ETag of a response, such as \"v3\"",
        )),
    }
}

/// The request's key with what it counts for: the route, the thing and the user.
fn own_key(input: &Input) -> Result<Option<String>, Problem> {
    let Some(key) = key_of(input)? else {
        return Ok(None);
    };
    let mut text = format!("{}/{}/{key}", input.route(), input.params.join("/"));
    if let Some(known) = input.caller.user() {
        // A header holds no line feed, so no key ends in another's name.
        text.push('\n');
        text.push_str(known.user.as_str());
    }
    Ok(Some(text))
}

/// The caller's key, where there is one.
pub(crate) fn key_of(input: &Input) -> Result<Option<&str>, Problem> {
    let Some(key) = input.headers().get(KEY_HEADER) else {
        return Ok(None);
    };
    let key = key.to_str().ok();
    match key.filter(|key| (1..=KEY_BYTES_MAX).contains(&key.len())) {
        Some(key) => Ok(Some(key)),
        None => Err(Problem::invalid(
            "idempotency-key-invalid",
            format!("Idempotency-Key must have 1 to {KEY_BYTES_MAX} bytes of visible ASCII"),
        )),
    }
}

/// What the request's key is known by where it names a list: a list is named by what is in it, so that its
/// key names nothing else, and a list of many megabytes has no mark of its body.
pub(crate) fn mark_of_key(
    installation: &Installation,
    input: &Input,
) -> Result<Option<RequestMark>, Problem> {
    let Some(key) = own_key(input)? else {
        return Ok(None);
    };
    let hash = installation.environment.vault.hash(&format!("request-key:{key}"));
    Ok(RequestMark::of(&hash))
}

/// The mark of a body: of what it says, whatever the order of its members and the space between them.
fn mark(installation: &Installation, key: &str, said: &str) -> Option<RequestMark> {
    let hash = installation
        .environment
        .vault
        .hash(&format!("request:{key}:{said}"));
    RequestMark::of(&hash)
}

/// What a body says, its members in one order.
fn said_by(body: &[u8]) -> String {
    match serde_json::from_slice::<Value>(without_mark(body)) {
        Ok(value) => value.to_string(),
        Err(_) => String::from_utf8_lossy(body).into_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_second_of_two_at_once_is_told_to_wait_and_may_come_again_after() {
        let in_flight = InFlight::default();
        let first = in_flight.enter("a".to_owned()).unwrap();
        let other = in_flight.enter("b".to_owned()).unwrap();
        let refused = in_flight.enter("a".to_owned()).unwrap_err();
        assert_eq!(
            (refused.kind, refused.code),
            (Kind::Conflict, "idempotency-key-in-flight")
        );
        drop((first, other));
        assert!(in_flight.enter("a".to_owned()).is_ok());
    }
}
