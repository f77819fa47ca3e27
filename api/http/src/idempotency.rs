//! Idempotency: a request with an `Idempotency-Key` is executed once, however often it is sent.
//!
//! The key determines the id of the command, and the ids of its events follow from it, so the log itself
//! recognizes a repeat, permanently. A mark of the body is stored with the events: the same key with another
//! body is refused. The log cannot recognize a request that is still in progress; the keys of those are held
//! in this process, and a second request gets 409.

use crate::input::{Input, without_mark};
use application::installation::Installation;
use domain::problem::{Problem, ProblemKind};
use domain::stored_event::{RequestFacts, RequestMark, StreamVersion, TraceParent};
use serde_json::Value;
use std::collections::BTreeSet;
use std::sync::{Arc, Mutex, PoisonError};

/// The header by which a client makes a command idempotent.
const KEY_HEADER: &str = "idempotency-key";

/// Maximum length of an `Idempotency-Key`, in bytes.
const KEY_BYTES_MAX: usize = 256;

/// The keys of requests in progress; at most one per connection.
#[derive(Debug, Default)]
pub struct InFlightKeys(Arc<Mutex<BTreeSet<String>>>);

/// The key of one request in progress; dropping it ends the request.
#[derive(Debug)]
pub(crate) struct InFlightKey {
    all: Arc<Mutex<BTreeSet<String>>>,
    key: String,
}

impl Drop for InFlightKey {
    fn drop(&mut self) {
        let mut keys = self.all.lock().unwrap_or_else(PoisonError::into_inner);
        keys.remove(&self.key);
    }
}

impl InFlightKeys {
    fn enter(&self, key: String) -> Result<InFlightKey, Problem> {
        let mut keys = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if !keys.insert(key.clone()) {
            return Err(Problem::new(
                ProblemKind::Conflict,
                "idempotency-key-in-flight",
                "a request with this Idempotency-Key is still running: wait for its response, then send it \
                 again",
            ));
        }
        let all = Arc::clone(&self.0);
        Ok(InFlightKey { all, key })
    }

    /// Admits a request with a key, or refuses it while another one with this key is in progress; `None`
    /// without a key. Sets the facts that its events keep. With `reads_json` the body is read to compute
    /// its mark, and put back for the handler.
    pub(crate) async fn admit(
        &self,
        installation: &Installation,
        input: &mut Input,
        reads_json: bool,
    ) -> Result<Option<InFlightKey>, Problem> {
        // With spans on, the request's own span, which follows from the one of the header.
        let own = input.request.traceparent;
        let traceparent = own.or_else(|| TraceParent::read(input.header("traceparent")?));
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
            let body = input.read_whole_body().await?;
            let length = body.len();
            let said = input.work.run_sized(length, move || said_by(&body)).await?;
            input.request.mark = mark(installation, &key, &said);
        }
        Ok(Some(entered))
    }
}

/// Returns the version in `If-Match`; `None` without the header, or for `*`.
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

/// Returns the request's idempotency key together with what it applies to: route, path parameters and user;
/// `None` without a key.
fn own_key(input: &Input) -> Result<Option<String>, Problem> {
    let Some(key) = key_of(input)? else {
        return Ok(None);
    };
    let mut text = format!("{}/{}/{key}", input.route(), input.params.join("/"));
    if let Some(known) = input.caller.user() {
        // A header value contains no line feed, so no key can end in another user's name.
        text.push('\n');
        text.push_str(known.user.as_str());
    }
    Ok(Some(input.caller.realm().own_name(&text)))
}

/// Returns the value of `Idempotency-Key`; `None` without the header. Fails unless it has 1 to
/// `KEY_BYTES_MAX` bytes of visible ASCII.
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

/// Returns the mark of the key itself, for imports of lists. The id of a list follows from its content, so
/// its key names nothing else, and a list of many megabytes has no mark of its body.
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

/// Returns the mark of a request body under its idempotency key, a keyed hash. It depends on the content,
/// not on the order of members or on white space.
fn mark(installation: &Installation, key: &str, said: &str) -> Option<RequestMark> {
    let hash = installation
        .environment
        .vault
        .hash(&format!("request:{key}:{said}"));
    RequestMark::of(&hash)
}

/// Returns a JSON body in a canonical form, with its members in one order; another body as its text.
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
    fn the_second_of_two_at_once_has_to_wait_and_may_come_again_after() {
        let in_flight = InFlightKeys::default();
        let first = in_flight.enter("a".to_owned()).unwrap();
        let other = in_flight.enter("b".to_owned()).unwrap();
        let refused = in_flight.enter("a".to_owned()).unwrap_err();
        assert_eq!(
            (refused.kind, refused.code),
            (ProblemKind::Conflict, "idempotency-key-in-flight")
        );
        drop((first, other));
        assert!(in_flight.enter("a".to_owned()).is_ok());
    }
}
