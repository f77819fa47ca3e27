//! Digest authentication (RFC 3261, 22; RFC 7616, RFC 8760): which challenges are answered, and how often.
//!
//! A realm is answered once per request, and again only if the challenge calls our nonce stale, at most
//! `STALE_RETRIES_MAX` times: a wrong password must not lock the account. SHA-256 is preferred over MD5. The
//! hashing is rsip's `DigestGenerator`.

use super::header_value::split_list;
use super::message::SipMessage;
use domain::hex;
use rsip::headers::auth::{Algorithm, AuthQop};
use std::fmt;

/// Most times that one request is sent again because the far end called its nonce stale; after that the
/// challenge is a failure.
pub const STALE_RETRIES_MAX: u8 = 2;

/// Most realms for which one leg sends credentials: a proxy's and the far end's.
const REALMS_MAX: usize = 2;

/// User and password of a trunk. `Debug` does not show the password.
#[derive(Clone, PartialEq, Eq)]
pub struct Credentials {
    pub user: String,
    pub password: String,
}

impl fmt::Debug for Credentials {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Credentials({})", self.user)
    }
}

/// The party that sent a challenge. It decides the header of the answer.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ChallengeSource {
    FarEnd,
    Proxy,
}

impl ChallengeSource {
    const fn answer_header(self) -> &'static str {
        match self {
            Self::FarEnd => "Authorization",
            Self::Proxy => "Proxy-Authorization",
        }
    }
}

/// A `WWW-Authenticate` or `Proxy-Authenticate` challenge that can be answered.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Challenge {
    pub by: ChallengeSource,
    pub realm: String,
    pub nonce: String,
    pub opaque: Option<String>,
    hash: Algorithm,
    /// The algorithm as the challenge spells it, to be echoed; `None` if it names none (MD5).
    algorithm: Option<String>,
    qop_auth: bool,
    stale: bool,
}

impl Challenge {
    /// Parses a challenge; `None` for another scheme than Digest, an unknown algorithm, or only `auth-int`.
    pub fn read(value: &str, by: ChallengeSource) -> Option<Self> {
        let (scheme, rest) = value.split_once([' ', '\t'])?;
        if !scheme.eq_ignore_ascii_case("Digest") {
            return None;
        }
        let fields = split_list(rest)?;
        let field = |name: &str| -> Option<&str> {
            fields.iter().find_map(|field| {
                let (key, value) = field.split_once('=')?;
                key.trim()
                    .eq_ignore_ascii_case(name)
                    .then(|| value.trim().trim_matches('"'))
            })
        };
        let algorithm = field("algorithm");
        let hash = match algorithm {
            None => Algorithm::Md5,
            Some(name) if name.eq_ignore_ascii_case("MD5") => Algorithm::Md5,
            Some(name) if name.eq_ignore_ascii_case("SHA-256") => Algorithm::Sha256,
            Some(_) => return None,
        };
        let qop = field("qop");
        let qop_auth =
            qop.is_some_and(|qop| qop.split(',').any(|one| one.trim().eq_ignore_ascii_case("auth")));
        if qop.is_some() && !qop_auth {
            return None;
        }
        Some(Self {
            by,
            realm: field("realm")?.to_owned(),
            nonce: field("nonce").filter(|nonce| !nonce.is_empty())?.to_owned(),
            opaque: field("opaque").map(str::to_owned),
            hash,
            algorithm: algorithm.map(str::to_owned),
            qop_auth,
            stale: field("stale").is_some_and(|stale| stale.eq_ignore_ascii_case("true")),
        })
    }
}

/// A challenge that is being answered.
struct Realm {
    challenge: Challenge,
    /// Number of times that the current request has answered the challenge.
    answers_count: u8,
    /// Number of requests sent with this nonce (RFC 7616, 3.4: nc).
    nonce_count: u8,
}

/// Answers the authentication challenges of one leg.
pub struct Authenticator {
    credentials: Option<Credentials>,
    realms: Vec<Realm>,
    realms_max: usize,
    /// Random bytes of this leg, from which its client nonces are derived.
    seed: [u8; 16],
}

impl Authenticator {
    /// Makes the client side of digest authentication. Without credentials it answers no challenge. `seed`
    /// makes the cnonces unpredictable.
    pub fn new(credentials: Option<Credentials>, seed: [u8; 16]) -> Self {
        Self {
            credentials,
            realms: Vec::new(),
            realms_max: REALMS_MAX,
            seed,
        }
    }

    /// Starts a new request: each realm may challenge it once again.
    pub fn next_request(&mut self) {
        for realm in &mut self.realms {
            realm.answers_count = 0;
        }
    }

    /// Accepts challenges of no further realm. Called after the answer: the far end may be any phone, and
    /// digests for realms of its choice would let it guess the trunk's password offline.
    pub fn admit_no_more(&mut self) {
        self.realms_max = self.realms.len();
    }

    /// Stores the challenges of a 401 or 407. Returns true if the request may be sent again with `headers`,
    /// false if it would be refused again or there are no credentials.
    pub fn take(&mut self, response: &SipMessage) -> bool {
        if self.credentials.is_none() {
            return false;
        }
        let offered: Vec<Challenge> = [
            ("WWW-Authenticate", ChallengeSource::FarEnd),
            ("Proxy-Authenticate", ChallengeSource::Proxy),
        ]
        .into_iter()
        .flat_map(|(name, by)| {
            response
                .headers(name)
                .filter_map(move |value| Challenge::read(value, by))
        })
        .collect();
        let mut chosen: Vec<Challenge> = Vec::new();
        for challenge in offered {
            let same = |known: &Challenge| known.by == challenge.by && known.realm == challenge.realm;
            match chosen.iter_mut().find(|known| same(known)) {
                Some(known) if known.hash == Algorithm::Md5 => *known = challenge,
                Some(_) => {}
                None => chosen.push(challenge),
            }
        }
        !chosen.is_empty() && chosen.into_iter().all(|challenge| self.take_one(challenge))
    }

    fn take_one(&mut self, challenge: Challenge) -> bool {
        let known = self
            .realms
            .iter_mut()
            .find(|known| known.challenge.by == challenge.by && known.challenge.realm == challenge.realm);
        let Some(known) = known else {
            let room = self.realms.len() < self.realms_max;
            if room {
                self.realms.push(Realm {
                    challenge,
                    answers_count: 1,
                    nonce_count: 0,
                });
            }
            return room;
        };
        let may = known.answers_count == 0 || (challenge.stale && known.answers_count <= STALE_RETRIES_MAX);
        if may {
            known.answers_count = known.answers_count.saturating_add(1);
            known.nonce_count = 0;
            known.challenge = challenge;
        }
        may
    }

    /// Returns the `Authorization` and `Proxy-Authorization` headers for a request, one per known realm.
    pub fn headers(&mut self, method: &str, uri: &str) -> Vec<(&'static str, String)> {
        let Some(credentials) = &self.credentials else {
            return Vec::new();
        };
        let Ok(method) = method.parse::<rsip::Method>() else {
            return Vec::new();
        };
        let seed = hex::encode(&self.seed);
        let mut headers = Vec::new();
        for realm in &mut self.realms {
            realm.nonce_count = realm.nonce_count.saturating_add(1);
            let cnonce = format!("{seed}{:02x}", realm.nonce_count);
            let name = realm.challenge.by.answer_header();
            headers.push((name, answer(realm, credentials, method, uri, &cnonce)));
        }
        headers
    }
}

fn answer(realm: &Realm, credentials: &Credentials, method: rsip::Method, uri: &str, cnonce: &str) -> String {
    let challenge = &realm.challenge;
    let qop = challenge.qop_auth.then(|| AuthQop::Auth {
        cnonce: cnonce.to_owned(),
        nc: realm.nonce_count,
    });
    let response = rsip::services::DigestGenerator {
        username: &credentials.user,
        password: &credentials.password,
        nonce: &challenge.nonce,
        uri: &verbatim(uri),
        realm: &challenge.realm,
        method: &method,
        qop: qop.as_ref(),
        algorithm: challenge.hash,
    }
    .compute();
    let mut value = format!(
        "Digest username=\"{}\", realm=\"{}\", nonce=\"{}\", uri=\"{uri}\", response=\"{response}\"",
        credentials.user, challenge.realm, challenge.nonce
    );
    if let Some(algorithm) = &challenge.algorithm {
        value.push_str(&format!(", algorithm={algorithm}"));
    }
    if challenge.qop_auth {
        // rsip hashes nc in decimal digits; the same text is sent, and it grows as RFC 7616 requires.
        value.push_str(&format!(
            ", qop=auth, nc={:08}, cnonce=\"{cnonce}\"",
            realm.nonce_count
        ));
    }
    if let Some(opaque) = &challenge.opaque {
        value.push_str(&format!(", opaque=\"{opaque}\""));
    }
    value
}

/// Wraps a URI so that rsip prints it unchanged: its own parser would rewrite `transport=udp` and refuse
/// `[::1]`.
pub fn verbatim(uri: &str) -> rsip::Uri {
    rsip::Uri {
        scheme: None,
        auth: None,
        host_with_port: rsip::HostWithPort {
            host: rsip::Host::Domain(uri.into()),
            port: None,
        },
        params: Vec::new(),
        headers: Vec::new(),
    }
}

#[cfg(test)]
mod tests {
    use super::{Authenticator, Challenge, ChallengeSource, Credentials, REALMS_MAX, answer};
    use crate::sip::message::SipMessage;

    fn credentials() -> Credentials {
        Credentials {
            user: "Mufasa".to_owned(),
            password: "Circle of Life".to_owned(),
        }
    }

    fn challenged(headers: &[(&str, &str)]) -> SipMessage {
        let mut message =
            SipMessage::response(&SipMessage::request("INVITE", "sip:a"), 401, "Unauthorized", None);
        for (name, value) in headers {
            message.push(name, value);
        }
        message
    }

    /// Expected values from Python's hashlib: `h(h(u:r:p):nonce[:nc:cnonce:auth]:h(method:uri))`.
    #[test]
    fn answers_have_the_values_of_an_independent_hash() {
        let nonce = "7ypf/xlj9XXwfDPEoM4URrv/xwf94BcCAzFZH4GiTo0v";
        let rows = [
            (
                "MD5",
                ", qop=\"auth, auth-int\"",
                "2ab31275e2e1217ebe6351b00f63c9a7",
            ),
            ("MD5", "", "6253dd886894ff04c0e716973f3de36b"),
            (
                "SHA-256",
                ", qop=\"auth\"",
                "9a5a8002b6ef8179fd173d0ce1b7c00056b309b78d2eeb91b5b8ddd09b95cccd",
            ),
            (
                "SHA-256",
                "",
                "4e11dafe00ad4806ac3d1349866ffa6f9fd507f0e997f03fbeae481691a58a10",
            ),
        ];
        for (algorithm, qop, expected) in rows {
            let value = format!(
                "Digest realm=\"http-auth@example.org\", nonce=\"{nonce}\", algorithm={algorithm}{qop}, opaque=\"o\""
            );
            let realm = super::Realm {
                challenge: Challenge::read(&value, ChallengeSource::FarEnd).unwrap(),
                answers_count: 1,
                nonce_count: 1,
            };
            let uri = "sip:a@[::1];transport=udp";
            let text = answer(&realm, &credentials(), rsip::Method::Invite, uri, "0a4f113b");
            assert!(text.contains(&format!("uri=\"{uri}\"")), "{text}");
            assert!(text.contains(&format!("response=\"{expected}\"")), "{text}");
            assert_eq!(text.contains("nc=00000001, cnonce=\"0a4f113b\""), !qop.is_empty());
        }
    }

    #[test]
    fn a_realm_is_answered_once_and_again_only_while_stale() {
        let mut one = Authenticator::new(Some(credentials()), [7; 16]);
        let first = challenged(&[("WWW-Authenticate", "Digest realm=\"r\", nonce=\"1\"")]);
        let stale = challenged(&[("WWW-Authenticate", "Digest realm=\"r\", nonce=\"2\", stale=TRUE")]);
        assert!(one.take(&first));
        assert!(!one.take(&first), "a wrong password is not tried twice");
        assert!(one.take(&stale));
        assert!(one.take(&stale));
        assert!(!one.take(&stale), "bounded");
        one.next_request();
        assert!(one.take(&first), "another request may be challenged again");
    }

    #[test]
    fn both_kinds_of_challenge_are_answered_and_a_third_realm_is_not() {
        let mut one = Authenticator::new(Some(credentials()), [7; 16]);
        let both = challenged(&[
            ("WWW-Authenticate", "Digest realm=\"r\", nonce=\"1\""),
            (
                "WWW-Authenticate",
                "Digest realm=\"r\", nonce=\"1s\", algorithm=SHA-256",
            ),
            (
                "Proxy-Authenticate",
                "Digest realm=\"p\", nonce=\"2\", qop=\"auth\"",
            ),
        ]);
        assert!(one.take(&both));
        let headers = one.headers("INVITE", "sip:a");
        assert_eq!(headers.len(), REALMS_MAX);
        assert!(headers[0].1.contains("algorithm=SHA-256"), "{}", headers[0].1);
        assert_eq!(headers[1].0, "Proxy-Authorization");
        assert!(!one.take(&challenged(&[(
            "WWW-Authenticate",
            "Digest realm=\"third\", nonce=\"1\""
        )])));
    }

    #[test]
    fn what_cannot_be_answered_is_not() {
        let mut none = Authenticator::new(None, [7; 16]);
        assert!(!none.take(&challenged(&[(
            "WWW-Authenticate",
            "Digest realm=\"r\", nonce=\"1\""
        )])));
        for value in [
            "Basic realm=\"r\"",
            "Digest realm=\"r\"",
            "Digest nonce=\"1\"",
            "Digest realm=\"r\", nonce=\"1\", algorithm=AKAv1-MD5",
            "Digest realm=\"r\", nonce=\"1\", qop=\"auth-int\"",
            "Digest",
        ] {
            assert_eq!(Challenge::read(value, ChallengeSource::Proxy), None, "{value}");
        }
        assert_eq!(format!("{:?}", credentials()), "Credentials(Mufasa)");
    }
}
