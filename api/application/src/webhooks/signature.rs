//! Signatures of Standard Webhooks 1.0.0: `v1,` and the HMAC-SHA-256 of `id.timestamp.body`, one for each
//! valid secret, so that a receiver can change over in its own time.

use crate::webhooks::courier::Header;
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use domain::ports::id_source::IdSource;
use domain::time::Timestamp;
use hmac::{Hmac, KeyInit, Mac};
use sha2::Sha256;

/// Prefix of a signing secret.
const SECRET_PREFIX: &str = "whsec_";

/// Random bytes of a new secret. The specification asks for 24 to 64.
const SECRET_BYTES: usize = 32;

/// Fewest bytes of a secret that was made elsewhere, by the same specification.
const SECRET_BYTES_MIN: usize = 24;

/// Returns a new signing secret.
pub(super) fn new_secret(ids: &dyn IdSource) -> String {
    let mut bytes = [0_u8; SECRET_BYTES];
    ids.random(&mut bytes);
    format!("{SECRET_PREFIX}{}", STANDARD.encode(bytes))
}

/// Returns the value of the header `webhook-signature`: one signature per secret, newest first.
pub(super) fn signatures<'a>(
    secrets: impl Iterator<Item = &'a String>,
    id: &str,
    seconds: i64,
    body: &[u8],
) -> String {
    let signed = secrets.filter_map(|secret| {
        let key = STANDARD.decode(secret.strip_prefix(SECRET_PREFIX)?).ok()?;
        let mut mac = keyed(&key)?;
        mac.update(format!("{id}.{seconds}.").as_bytes());
        mac.update(body);
        Some(format!("v1,{}", STANDARD.encode(mac.finalize().into_bytes())))
    });
    signed.collect::<Vec<_>>().join(" ")
}

/// Returns true if a text is a signing secret: `whsec_` and base64 of at least `SECRET_BYTES_MIN` bytes.
pub fn is_signing_secret(text: &str) -> bool {
    let key = text.strip_prefix(SECRET_PREFIX).map(|key| STANDARD.decode(key));
    key.and_then(Result::ok)
        .is_some_and(|key| key.len() >= SECRET_BYTES_MIN)
}

/// Returns the three headers of a request that is signed like a webhook: id, timestamp and signature.
pub fn signed_headers(secret: &String, id: String, sent_at: Timestamp, body: &[u8]) -> [Header; 3] {
    let seconds = sent_at.micros().div_euclid(1_000_000);
    let signature = signatures(std::iter::once(secret), &id, seconds, body);
    let header = |name, value| Header { name, value };
    [
        header("webhook-id", id),
        header("webhook-timestamp", seconds.to_string()),
        header("webhook-signature", signature),
    ]
}

/// Returns DingTalk's signature: base64 of the HMAC-SHA-256 of `milliseconds\nsecret` under the secret.
pub(super) fn dingtalk(secret: &str, at_ms: i64) -> String {
    mac_of(secret.as_bytes(), format!("{at_ms}\n{secret}").as_bytes())
}

/// Returns Feishu's signature: base64 of the HMAC-SHA-256 of the empty text under `seconds\nsecret`.
pub(super) fn feishu(secret: &str, seconds: i64) -> String {
    mac_of(format!("{seconds}\n{secret}").as_bytes(), b"")
}

fn mac_of(key: &[u8], text: &[u8]) -> String {
    let mac = keyed(key).map(|mut mac| {
        mac.update(text);
        STANDARD.encode(mac.finalize().into_bytes())
    });
    mac.unwrap_or_default()
}

/// Returns the HMAC under a key of any length.
fn keyed(key: &[u8]) -> Option<Hmac<Sha256>> {
    Hmac::new_from_slice(key).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_published_example_is_signed_as_published() {
        // The example of the specification's reference libraries.
        let secret = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw".to_owned();
        let id = "msg_p5jXN8AQM9LWM0D4loKWxJek";
        let signature = signatures(
            [&secret].into_iter(),
            id,
            1_614_265_330,
            b"{\"test\": 2432232314}",
        );
        assert_eq!(signature, "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE=");
        let other = "whsec_AAAA".to_owned();
        let both = signatures(
            [&other, &secret].into_iter(),
            id,
            1_614_265_330,
            b"{\"test\": 2432232314}",
        );
        assert!(both.ends_with(&signature) && both.split(' ').count() == 2);
    }

    #[test]
    fn group_robots_are_signed_as_their_makers_say() {
        // Computed with Python's hmac and hashlib.
        assert_eq!(
            dingtalk("SECabc", 1_700_000_000_000),
            "jcUpW0QmtKduN03n4JqQ0PBosVjqnM8gU7fIIvsDmCM="
        );
        assert_eq!(
            feishu("demo", 1_599_360_473),
            "l1N0gAcBjdwBvGm1xMjOF0XSyaLRpR7tuO5dHfhAYc8="
        );
    }
}
