//! Reads the choice of a recognizer from one text: `vosk:ws://HOST:PORT`, `template:DIR`, …
//!
//! Options follow a `?`, as in a URL. A secret is never part of the text: an option names the environment
//! variable that holds it, and the program that uses the SPEC looks it up.

pub use crate::connection::CertificateTrust;
use percent_encoding::percent_decode_str;
use std::fmt;
use std::path::PathBuf;
use std::str::FromStr;

/// Most bytes of a SPEC, a URL and a few options; a longer one is refused.
const SPEC_BYTES_MAX: usize = 2_048;
/// The forms of a SPEC, for error messages.
const FORMS: &str = "vosk:ws://HOST:PORT, funasr:ws://HOST:PORT, sherpa:ws://HOST:PORT, nls:wss://HOST[:PORT]/PATH, \
    openai:https://HOST[:PORT]/v1 or template:DIRECTORY";

/// The kinds of engines over the network.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum RecognizerKind {
    Vosk,
    FunAsr,
    Sherpa,
    Nls,
    OpenAi,
}

impl RecognizerKind {
    const ALL: [Self; 5] = [Self::Vosk, Self::FunAsr, Self::Sherpa, Self::Nls, Self::OpenAi];

    /// Returns the name with which a SPEC of this kind begins.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Vosk => "vosk",
            Self::FunAsr => "funasr",
            Self::Sherpa => "sherpa",
            Self::Nls => "nls",
            Self::OpenAi => "openai",
        }
    }

    const fn schemes(self) -> [&'static str; 2] {
        match self {
            Self::Vosk | Self::FunAsr | Self::Sherpa | Self::Nls => ["ws", "wss"],
            Self::OpenAi => ["http", "https"],
        }
    }

    /// Returns the names of the options that this kind has besides those of TLS.
    const fn options(self) -> &'static [&'static str] {
        match self {
            Self::Vosk | Self::FunAsr | Self::Sherpa => &[],
            Self::Nls => &["appkey_env", "token_env", "vocabulary"],
            Self::OpenAi => &["model", "key_env", "voice", "rate"],
        }
    }
}

/// The address of an engine over the network, with its options.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RemoteEngine {
    pub kind: RecognizerKind,
    pub host: String,
    pub port: u16,
    /// The path; it begins with `/`.
    pub path: String,
    /// Which certificates are accepted; `None` for a connection without TLS.
    pub tls: Option<CertificateTrust>,
    options: Vec<(String, String)>,
}

impl RemoteEngine {
    /// Returns the value of the SPEC's option with this name; `None` if the option is absent.
    pub fn option(&self, name: &str) -> Option<&str> {
        let found = self.options.iter().find(|one| one.0 == name);
        found.map(|one| one.1.as_str())
    }
}

/// The parsed choice of a recognizer, or of another engine that is given in the same form.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum RecognizerSpec {
    Template(PathBuf),
    /// A folder with recordings of a flow's texts; for a synthesizer only.
    Clips(PathBuf),
    Remote(RemoteEngine),
}

/// The error in a SPEC, with the correct form.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum SpecError {
    #[error("`{0}` is not a recognizer; write {FORMS}")]
    UnknownKind(String),
    #[error("a recognizer is one text of at most {SPEC_BYTES_MAX} bytes without control characters")]
    Unreadable,
    #[error("`template:` needs the directory of its WAV files, such as `template:/srv/commands`")]
    NoDirectory,
    #[error("`clips:` needs the directory of its WAV files, such as `clips:/srv/prompts`")]
    NoClips,
    #[error("{kind} is reached by {wanted}://HOST:PORT or {wanted}s://HOST:PORT, not by `{given}`")]
    Scheme {
        kind: &'static str,
        wanted: &'static str,
        given: String,
    },
    #[error("`{0}` is not a host, or its port is not from 1 to 65535; write an IPv6 address in brackets")]
    Host(String),
    #[error(
        "the address contains a user or password; name the environment variable that holds the key in an option"
    )]
    Secret,
    #[error("{kind} has no option `{option}`; it has {known}")]
    UnknownOption {
        kind: &'static str,
        option: String,
        known: String,
    },
    #[error("`ca` and `insecure` are for wss:// and https:// only; this address has no TLS")]
    NoTls,
    #[error("`insecure` is `true` or left out")]
    Insecure,
}

impl FromStr for RecognizerSpec {
    type Err = SpecError;

    fn from_str(text: &str) -> Result<Self, SpecError> {
        if text.len() > SPEC_BYTES_MAX || text.contains(char::is_control) {
            return Err(SpecError::Unreadable);
        }
        let unknown = || SpecError::UnknownKind(text.to_owned());
        let (kind, rest) = text.split_once(':').ok_or_else(unknown)?;
        if kind == "template" {
            return match rest.trim() {
                "" => Err(SpecError::NoDirectory),
                dir => Ok(Self::Template(PathBuf::from(dir))),
            };
        }
        if kind == "clips" {
            return match rest.trim() {
                "" => Err(SpecError::NoClips),
                dir => Ok(Self::Clips(PathBuf::from(dir))),
            };
        }
        let kind = RecognizerKind::ALL
            .into_iter()
            .find(|one| one.name() == kind)
            .ok_or_else(unknown)?;
        remote(kind, rest).map(Self::Remote)
    }
}

impl fmt::Display for RecognizerSpec {
    /// Writes the SPEC without its options, so that it contains no secret.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Template(dir) => write!(f, "template:{}", dir.display()),
            Self::Clips(dir) => write!(f, "clips:{}", dir.display()),
            Self::Remote(remote) => {
                let [plain, secure] = remote.kind.schemes();
                let scheme = if remote.tls.is_some() { secure } else { plain };
                let brackets = if remote.host.contains(':') {
                    ("[", "]")
                } else {
                    ("", "")
                };
                let host = format!("{}{}{}", brackets.0, remote.host, brackets.1);
                write!(
                    f,
                    "{}:{scheme}://{host}:{}{}",
                    remote.kind.name(),
                    remote.port,
                    remote.path
                )
            }
        }
    }
}

fn remote(kind: RecognizerKind, address: &str) -> Result<RemoteEngine, SpecError> {
    let [plain, secure] = kind.schemes();
    let scheme = || SpecError::Scheme {
        kind: kind.name(),
        wanted: plain,
        given: address.to_owned(),
    };
    let (given, rest) = address.split_once("://").ok_or_else(scheme)?;
    let with_tls = match given {
        given if given == plain => false,
        given if given == secure => true,
        _ => return Err(scheme()),
    };
    let (place, query) = rest.split_once('?').unwrap_or((rest, ""));
    let (authority, path) = match place.split_once('/') {
        Some((authority, path)) => (authority, format!("/{path}")),
        None => (place, "/".to_owned()),
    };
    if authority.contains('@') {
        return Err(SpecError::Secret);
    }
    let (host, port) = host_and_port(authority, with_tls, kind)?;
    let options = options(kind, query)?;
    let tls = believe(with_tls, &options)?;
    Ok(RemoteEngine {
        kind,
        host,
        port,
        path,
        tls,
        options,
    })
}

fn host_and_port(authority: &str, with_tls: bool, kind: RecognizerKind) -> Result<(String, u16), SpecError> {
    let bad = || SpecError::Host(authority.to_owned());
    let (host, port) = match authority.strip_prefix('[') {
        Some(rest) => {
            let (host, port) = rest.split_once(']').ok_or_else(bad)?;
            host.parse::<std::net::Ipv6Addr>().map_err(|_address| bad())?;
            (host, port.strip_prefix(':'))
        }
        None => match authority.split_once(':') {
            Some((host, port)) => (host, Some(port)),
            None => (authority, None),
        },
    };
    let plain = |one: u8| one.is_ascii_alphanumeric() || b"-._:".contains(&one);
    if host.is_empty() || !host.bytes().all(plain) {
        return Err(bad());
    }
    let port = match (port, kind, with_tls) {
        (Some(port), _, _) => port.parse().ok().filter(|port| *port > 0).ok_or_else(bad)?,
        // The default ports of these servers.
        (None, RecognizerKind::Vosk, _) => 2_700,
        (None, RecognizerKind::FunAsr, _) => 10_095,
        (None, RecognizerKind::Sherpa, _) => 6_006,
        (None, RecognizerKind::Nls | RecognizerKind::OpenAi, true) => 443,
        (None, RecognizerKind::Nls | RecognizerKind::OpenAi, false) => 80,
    };
    Ok((host.to_owned(), port))
}

fn options(kind: RecognizerKind, query: &str) -> Result<Vec<(String, String)>, SpecError> {
    let mut options = Vec::new();
    for pair in query.split('&').filter(|pair| !pair.is_empty()) {
        let (name, value) = pair.split_once('=').unwrap_or((pair, ""));
        let known = kind.options().iter().chain(&["ca", "insecure"]);
        if !known.clone().any(|one| *one == name) {
            return Err(SpecError::UnknownOption {
                kind: kind.name(),
                option: name.to_owned(),
                known: known.copied().collect::<Vec<_>>().join(", "),
            });
        }
        let value = percent_decode_str(value).decode_utf8_lossy().into_owned();
        options.push((name.to_owned(), value));
    }
    Ok(options)
}

fn believe(with_tls: bool, options: &[(String, String)]) -> Result<Option<CertificateTrust>, SpecError> {
    let option = |name: &str| options.iter().find(|one| one.0 == name).map(|one| one.1.as_str());
    match (with_tls, option("ca"), option("insecure")) {
        (false, None, None) => Ok(None),
        (false, _, _) => Err(SpecError::NoTls),
        (true, _, Some("true")) => Ok(Some(CertificateTrust::Any)),
        (true, _, Some(_)) => Err(SpecError::Insecure),
        (true, Some(file), None) => Ok(Some(CertificateTrust::File(PathBuf::from(file)))),
        (true, None, None) => Ok(Some(CertificateTrust::System)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn spec(text: &str) -> Result<RecognizerSpec, SpecError> {
        text.parse()
    }

    #[test]
    fn every_form_is_read_and_shown_without_its_options() {
        for (text, shown) in [
            ("vosk:ws://127.0.0.1:2700", "vosk:ws://127.0.0.1:2700/"),
            (
                "funasr:wss://asr.example.com?insecure=true",
                "funasr:wss://asr.example.com:10095/",
            ),
            ("sherpa:ws://[::1]:6006/", "sherpa:ws://[::1]:6006/"),
            (
                "nls:wss://nls.example.com/ws/v1?token_env=T&appkey_env=A",
                "nls:wss://nls.example.com:443/ws/v1",
            ),
            (
                "openai:http://localhost:8000/v1?model=a%20b",
                "openai:http://localhost:8000/v1",
            ),
            ("template:/srv/commands", "template:/srv/commands"),
        ] {
            assert_eq!(spec(text).unwrap().to_string(), shown);
        }
        let Ok(RecognizerSpec::Remote(remote)) =
            spec("openai:https://a.example.com/v1?model=a%20b&ca=/x.pem")
        else {
            panic!("an engine");
        };
        assert_eq!(
            (remote.option("model"), remote.option("key_env")),
            (Some("a b"), None)
        );
        assert_eq!(
            (remote.port, remote.tls),
            (443, Some(CertificateTrust::File("/x.pem".into())))
        );
    }

    #[test]
    fn an_error_says_what_to_write() {
        for (text, says) in [
            ("", "write vosk:ws://"),
            ("whisper:ws://asr.example.com", "write vosk:ws://"),
            ("template:", "template:/srv/commands"),
            ("vosk:http://127.0.0.1:2700", "ws://HOST:PORT or wss://HOST:PORT"),
            ("openai:ws://127.0.0.1", "http://HOST:PORT or https://HOST:PORT"),
            ("vosk:ws://127.0.0.1:0", "1 to 65535"),
            ("vosk:ws://127.0.0.1:70000", "1 to 65535"),
            ("vosk:ws://::1:2700", "in brackets"),
            ("vosk:ws://", "not a host"),
            ("vosk:ws://asr.example.com b:2700", "not a host"),
            ("nls:wss://user:key@a.example.com", "environment variable"),
            ("vosk:ws://asr.example.com:1?key=1", "it has ca, insecure"),
            ("vosk:ws://asr.example.com:1?insecure=true", "has no TLS"),
            ("vosk:wss://asr.example.com:1?insecure=1", "`true` or left out"),
            ("vosk:ws://asr.example.com\n:1", "control characters"),
        ] {
            let error = spec(text).unwrap_err().to_string();
            assert!(error.contains(says), "{text}: {error}");
        }
    }
}
