//! The carrier's side of digest authentication: it challenges a request and checks the answer (RFC 3261, 22).
//!
//! MD5 with qop `auth`, as most carriers still ask. A nonce contains the time at which it was made, so no
//! state is kept for a challenge. Nonces follow from the seed: sufficient for a rehearsal with a known
//! password.

use super::profile::ChallengerRole;
use super::seeded_draws::SeededDraws;
use domain::time::Timestamp;
use media::sip::authentication::verbatim;
use media::sip::header_value::split_list;
use media::sip::message::{SipMessage, reason_phrase};
use rsip::headers::auth::{Algorithm, AuthQop};
use std::fmt;

/// The realm in every challenge.
const REALM: &str = "ledgerline-carrier";
/// Longest age of an accepted nonce, in milliseconds: as long as a SIP transaction. An older one is
/// `Stale`.
const NONCE_MS_MAX: u64 = 32_000;

/// The user and password that the carrier demands. `Debug` does not show the password.
#[derive(Clone, PartialEq, Eq)]
pub struct CarrierUser {
    pub user: String,
    pub password: String,
}

impl fmt::Debug for CarrierUser {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "CarrierUser({})", self.user)
    }
}

/// The result of checking a request's credentials.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum CredentialCheck {
    Missing,
    Wrong,
    /// The credentials are right, but the nonce is too old or was not made here.
    Stale,
    Right,
}

/// Challenges requests (401 or 407) and checks the credentials in them.
pub(super) struct Challenger {
    pub(super) user: CarrierUser,
    pub(super) by: ChallengerRole,
    pub(super) seed: u64,
}

impl Challenger {
    const fn code(&self) -> u16 {
        match self.by {
            ChallengerRole::Registrar => 401,
            ChallengerRole::Proxy => 407,
        }
    }

    /// Returns the response that demands credentials, with a nonce of the time `now`.
    pub(super) fn challenge(
        &self,
        request: &SipMessage,
        now: Timestamp,
        stale: bool,
        tag: &str,
    ) -> SipMessage {
        let name = match self.by {
            ChallengerRole::Registrar => "WWW-Authenticate",
            ChallengerRole::Proxy => "Proxy-Authenticate",
        };
        let nonce = self.nonce(now.micros());
        let stale = if stale { ", stale=true" } else { "" };
        let value =
            format!("Digest realm=\"{REALM}\", nonce=\"{nonce}\", algorithm=MD5, qop=\"auth\"{stale}");
        SipMessage::response(request, self.code(), reason_phrase(self.code()), Some(tag)).with(name, value)
    }

    fn nonce(&self, made_us: i64) -> String {
        let made = format!("{made_us:016x}");
        let proof = SeededDraws::about(self.seed, &["nonce", &made]).next();
        format!("{made}{proof:016x}")
    }

    /// Checks the credentials in a request's `Authorization` or `Proxy-Authorization` header.
    pub(super) fn judge(&self, request: &SipMessage, now: Timestamp) -> CredentialCheck {
        let name = match self.by {
            ChallengerRole::Registrar => "Authorization",
            ChallengerRole::Proxy => "Proxy-Authorization",
        };
        let Some(value) = request.header(name) else {
            return CredentialCheck::Missing;
        };
        let Some(answer) = Answer::read(value) else {
            return CredentialCheck::Wrong;
        };
        if answer.username != self.user.user || !self.is_answered_by(&answer, request.method()) {
            return CredentialCheck::Wrong;
        }
        if self.is_fresh(answer.nonce, now) {
            return CredentialCheck::Right;
        }
        CredentialCheck::Stale
    }

    fn is_answered_by(&self, answer: &Answer<'_>, method: &str) -> bool {
        let Ok(method) = method.parse::<rsip::Method>() else {
            return false;
        };
        let computed = rsip::services::DigestGenerator {
            username: answer.username,
            password: &self.user.password,
            nonce: answer.nonce,
            uri: &verbatim(answer.uri),
            realm: REALM,
            method: &method,
            qop: answer.qop.as_ref(),
            algorithm: Algorithm::Md5,
        }
        .compute();
        computed.eq_ignore_ascii_case(answer.response)
    }

    fn is_fresh(&self, nonce: &str, now: Timestamp) -> bool {
        let made = nonce
            .get(..16)
            .and_then(|made| i64::from_str_radix(made, 16).ok());
        made.is_some_and(|made| {
            self.nonce(made) == nonce && now.ms_since(Timestamp::from_micros(made)) <= NONCE_MS_MAX
        })
    }
}

/// The fields of a digest answer.
struct Answer<'a> {
    username: &'a str,
    nonce: &'a str,
    uri: &'a str,
    response: &'a str,
    qop: Option<AuthQop>,
}

impl<'a> Answer<'a> {
    fn read(value: &'a str) -> Option<Self> {
        let (scheme, rest) = value.split_once([' ', '\t'])?;
        let fields = split_list(rest)?;
        let field = |name: &str| {
            fields.iter().find_map(|field| {
                let (key, value) = field.split_once('=')?;
                key.trim()
                    .eq_ignore_ascii_case(name)
                    .then(|| value.trim().trim_matches('"'))
            })
        };
        let qop = match field("qop") {
            Some("auth") => Some(AuthQop::Auth {
                cnonce: field("cnonce")?.to_owned(),
                nc: field("nc")?.parse().ok()?,
            }),
            Some(_) => return None,
            None => None,
        };
        if !scheme.eq_ignore_ascii_case("Digest") || field("realm") != Some(REALM) {
            return None;
        }
        Some(Self {
            username: field("username")?,
            nonce: field("nonce")?,
            uri: field("uri")?,
            response: field("response")?,
            qop,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn challenger() -> Challenger {
        Challenger {
            user: CarrierUser {
                user: "alice".to_owned(),
                password: "secret".to_owned(),
            },
            by: ChallengerRole::Proxy,
            seed: 7,
        }
    }

    fn at(millis: i64) -> Timestamp {
        Timestamp::from_millis(millis)
    }

    /// Returns an INVITE with the answer by RFC 2617's formula to the nonce made at 1 s.
    fn invite(challenger: &Challenger, password: &str) -> SipMessage {
        let uri = "sip:+15550100@127.0.0.1:5060";
        let nonce = challenger.nonce(at(1_000).micros());
        let qop = AuthQop::Auth {
            cnonce: "c".to_owned(),
            nc: 1,
        };
        let response = rsip::services::DigestGenerator {
            username: "alice",
            password,
            nonce: &nonce,
            uri: &verbatim(uri),
            realm: REALM,
            method: &rsip::Method::Invite,
            qop: Some(&qop),
            algorithm: Algorithm::Md5,
        }
        .compute();
        SipMessage::request("INVITE", uri).with(
            "Proxy-Authorization",
            format!(
                "Digest username=\"alice\", realm=\"{REALM}\", nonce=\"{nonce}\", uri=\"{uri}\", \
                 response=\"{response}\", algorithm=MD5, qop=auth, nc=00000001, cnonce=\"c\""
            ),
        )
    }

    #[test]
    fn the_right_password_is_taken_until_the_nonce_is_old() {
        let challenger = challenger();
        let request = invite(&challenger, "secret");
        let oldest = 1_000 + i64::try_from(NONCE_MS_MAX).unwrap();
        assert_eq!(challenger.judge(&request, at(oldest)), CredentialCheck::Right);
        assert_eq!(challenger.judge(&request, at(oldest + 1)), CredentialCheck::Stale);
    }

    #[test]
    fn a_wrong_password_another_scheme_and_a_foreign_nonce_are_not_right() {
        let challenger = challenger();
        assert_eq!(
            challenger.judge(&invite(&challenger, "guess"), at(1_000)),
            CredentialCheck::Wrong
        );
        let plain = SipMessage::request("INVITE", "sip:a").with("Proxy-Authorization", "Basic YTpi");
        assert_eq!(challenger.judge(&plain, at(1_000)), CredentialCheck::Wrong);
        let none = SipMessage::request("INVITE", "sip:a");
        assert_eq!(challenger.judge(&none, at(1_000)), CredentialCheck::Missing);
        let other = Challenger {
            seed: 8,
            ..self::challenger()
        };
        assert_eq!(
            other.judge(&invite(&challenger, "secret"), at(1_000)),
            CredentialCheck::Stale
        );
    }

    #[test]
    fn the_challenge_names_realm_nonce_and_staleness() {
        let response = challenger().challenge(&SipMessage::request("INVITE", "sip:a"), at(1_000), true, "t");
        assert_eq!(response.code(), Some(407));
        let value = response.header("Proxy-Authenticate").unwrap();
        assert!(value.contains(REALM) && value.contains("stale=true"), "{value}");
    }
}
