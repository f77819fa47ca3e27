//! Settings from the command line and the environment with their limits and errors: trunk SPECs, durations,
//! addresses. Only this file reads environment variables, besides `configuration/environment.rs`.

use crate::{carrier_settings, log_level, trunk_callers};
use domain::caller_number::CallerNumber;
use domain::problem::Problem;
use media::driver::ResponsePortRule;
use media::lines::{NumberForm, ProbeMode, TrunkProfile};
use media::rtp::latch::LatchRule;
use std::fs;
use std::net::{IpAddr, Ipv4Addr, SocketAddr};
use std::ops::RangeInclusive;
use std::path::PathBuf;
use std::str::FromStr;

/// The address on which HTTP listens by default.
pub const HTTP_DEFAULT: SocketAddr = SocketAddr::new(IpAddr::V4(Ipv4Addr::LOCALHOST), 8080);

/// SIP's well-known port (RFC 3261, 18.1.1), used for trunks that are not on this machine.
pub(crate) const SIP_PORT: u16 = 5060;

/// The UDP ports for audio by default: below the ports that the system assigns by itself.
pub const RTP_PORTS_DEFAULT: RangeInclusive<u16> = 16_384..=32_767;

/// New legs per second on a trunk by default. Carriers begin to refuse at about this rate.
const DIALS_PER_SECOND_DEFAULT: u32 = 10;

/// The ring timeout of a trunk by default in milliseconds, from the first 18x (call progress: 30 s).
const RING_TIMEOUT_MS: u64 = 30_000;

/// The wait for a first SIP response by default, in milliseconds: timer B, 64 x T1 (RFC 3261, 17.1.1.2).
const FIRST_RESPONSE_MS: u64 = 32_000;

/// The wait for a first response if another trunk can take the call, in milliseconds (call progress: 4 s).
const FIRST_RESPONSE_BEFORE_NEXT_MS: u64 = 4_000;

/// How long a number is not dialed again after an interrupted call, in milliseconds: timer C of RFC 3261,
/// during which the first phone may still ring.
const HOLD_OFF_MS: u64 = 180_000;

/// How long a number is not dialed again after an interrupted call on a loopback trunk, in milliseconds:
/// the rehearsal carrier drops an unanswered leg 4 s after its peer is gone.
const HOLD_OFF_LOOPBACK_MS: u64 = 5_000;

/// The most legs of a loopback trunk by default (requirements DEP-4).
const LEGS_LOOPBACK_MAX: u32 = 200;

/// Legs per processor of any other trunk by default (requirements DEP-4).
const LEGS_PER_CORE: u32 = 2;

/// The highest `legs-max` that a trunk may have (DEP-4: 1,000 concurrent calls, with room to grow).
const LEGS_MAX: u32 = 10_000;

/// The longest duration that a setting may have: a day.
const DURATION_MS_MAX: u64 = 86_400_000;

/// A setting that cannot be used, with the reason. The text never repeats a password.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum ConfigError {
    #[error("trunk {trunk:?}: {why}")]
    Trunk { trunk: String, why: String },
    #[error("{0:?} is not a duration such as 30s, 500ms, 2m")]
    Duration(String),
    #[error("{0:?} is not a port range such as 20000-20199")]
    PortRange(String),
}

impl From<ConfigError> for Problem {
    fn from(error: ConfigError) -> Self {
        Self::invalid("setting-invalid", error.to_string())
    }
}

/// Parses a duration such as `30s`, `500ms`, `2m` or `1h`, at most 24 h. Returns milliseconds.
pub fn parse_duration_ms(text: &str) -> Result<u64, ConfigError> {
    let bad = || ConfigError::Duration(text.to_owned());
    let digits = text.bytes().take_while(u8::is_ascii_digit).count();
    let (number, unit) = text.split_at_checked(digits).ok_or_else(bad)?;
    let factor = match unit {
        "ms" => 1,
        "s" => 1_000,
        "m" => 60_000,
        "h" => 3_600_000,
        _ => return Err(bad()),
    };
    number
        .parse::<u64>()
        .ok()
        .and_then(|number| number.checked_mul(factor))
        .filter(|&ms| ms <= DURATION_MS_MAX)
        .ok_or_else(bad)
}

/// Parses a range of UDP ports `A-B`, both ends included. A may be even or odd; RTP uses the even ports.
pub fn parse_port_range(text: &str) -> Result<RangeInclusive<u16>, ConfigError> {
    let bad = || ConfigError::PortRange(text.to_owned());
    let (first, last) = text.split_once('-').ok_or_else(bad)?;
    let port = |text: &str| text.trim().parse::<u16>().ok();
    let (first, last) = port(first).zip(port(last)).ok_or_else(bad)?;
    if first == 0 || last <= first {
        return Err(bad());
    }
    Ok(first..=last)
}

/// Returns the concurrent calls that a range of audio ports carries: each needs an even port (RFC 3550, 11).
pub fn calls_in_ports(ports: &RangeInclusive<u16>) -> usize {
    ports.clone().filter(|port| port % 2 == 0).count()
}

/// The source of a trunk's password. It is read only when the trunk is opened.
#[derive(Clone, PartialEq, Eq)]
pub enum Password {
    File(PathBuf),
    Environment(String),
    /// The password itself, in the SPEC: loopback trunks only.
    Plain(String),
}

impl std::fmt::Debug for Password {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Password(..)")
    }
}

impl Password {
    /// Reads the password. Returns an error text if the file or the environment variable cannot be read.
    #[expect(clippy::disallowed_methods, reason = "the only reader of the environment")]
    pub fn read(&self) -> Result<String, String> {
        match self {
            Self::Plain(password) => Ok(password.clone()),
            Self::File(path) => fs::read_to_string(path)
                .map(|text| text.trim_end_matches(['\r', '\n']).to_owned())
                .map_err(|error| format!("password file {}: {error}", path.display())),
            Self::Environment(name) => {
                std::env::var(name).map_err(|error| format!("environment variable {name}: {error}"))
            }
        }
    }
}

/// Returns the log filter of a command without a configuration: the environment variable `LEDGERLINE_LOG`, or
/// `unset` without it, with the caps of `log_level`.
#[expect(clippy::disallowed_methods, reason = "the only reader of the environment")]
pub fn log_filter(unset: &str) -> String {
    log_level::capped(&std::env::var("LEDGERLINE_LOG").unwrap_or_else(|_| unset.to_owned()))
}

/// Returns the user's locale, such as `zh_CN.UTF-8`, from `LC_ALL`, `LC_MESSAGES` or `LANG` in the order of
/// POSIX. Empty if none is set.
#[expect(clippy::disallowed_methods, reason = "the only reader of the environment")]
pub fn locale() -> String {
    let said = |name: &&str| std::env::var(name).ok().filter(|value| !value.is_empty());
    ["LC_ALL", "LC_MESSAGES", "LANG"]
        .iter()
        .find_map(said)
        .unwrap_or_default()
}

/// Returns the value of the environment variable `name`, which a command line names as `env:NAME`; `None`
/// if it is not set.
#[expect(clippy::disallowed_methods, reason = "the only reader of the environment")]
pub fn named_variable(name: &str) -> Option<String> {
    std::env::var(name).ok()
}

/// The settings of one trunk, parsed from `sip:HOST:PORT[;key=value]…`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TrunkSpec {
    pub name: String,
    pub host: String,
    pub port: u16,
    pub user: Option<String>,
    pub password: Option<Password>,
    /// The caller numbers of the trunk, in the given order; calls rotate through them.
    pub from: Vec<CallerNumber>,
    /// The most concurrent calls that show the same caller number.
    pub calls_per_number_max: Option<u32>,
    pub legs_max: u32,
    pub dials_per_second: u32,
    pub ring_timeout_ms: u64,
    first_response_ms: Option<u64>,
    pub hold_off_ms: u64,
    /// Whether SIP responses must come from the trunk's port or may come from any port of its address.
    pub replies: ResponsePortRule,
    /// Addresses between which and us audio may flow. Empty: the addresses in the SDP of the trunk.
    pub media: Vec<IpAddr>,
    /// How far the source of audio may differ from the address in the SDP.
    pub(crate) latch: LatchRule,
    pub dial: NumberForm,
    pub prefix: String,
    /// The longest silence in milliseconds of a far end that announces audio and gives no other sign of
    /// life; then the call is ended.
    pub(crate) silence_ms: u64,
    /// The identities in SIP messages to this trunk, and the outbound proxy.
    pub profile: TrunkProfile,
    pub probing: ProbeMode,
}

impl TrunkSpec {
    /// Returns true if the trunk's host is this machine: a rehearsal.
    pub fn is_loopback(&self) -> bool {
        is_loopback(&self.host)
    }

    /// Returns the wait for a first response in milliseconds: the setting, or a default, which is shorter if
    /// another trunk can take the call.
    pub(crate) fn first_response_ms(&self, another_follows: TrunkSuccessor) -> u64 {
        let default = match another_follows {
            TrunkSuccessor::ByAnother => FIRST_RESPONSE_BEFORE_NEXT_MS,
            TrunkSuccessor::ByNone => FIRST_RESPONSE_MS,
        };
        self.first_response_ms.unwrap_or(default)
    }
}

/// Whether another trunk comes after this one in the order of preference.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum TrunkSuccessor {
    ByAnother,
    ByNone,
}

/// Returns true for a name or address of this machine. An IPv6 address may have brackets.
pub fn is_loopback(host: &str) -> bool {
    let plain = host.trim_start_matches('[').trim_end_matches(']');
    plain.parse::<IpAddr>().map_or_else(
        |_| plain.eq_ignore_ascii_case("localhost"),
        |address| address.is_loopback(),
    )
}

impl FromStr for TrunkSpec {
    type Err = ConfigError;

    fn from_str(text: &str) -> Result<Self, ConfigError> {
        let mut parts = text.split(';');
        let address = parts.next().unwrap_or_default();
        // Errors repeat only the address: the rest of the SPEC may contain a password.
        let bad = |why: String| ConfigError::Trunk {
            trunk: address.to_owned(),
            why,
        };
        let mut pairs = Vec::new();
        for part in parts.filter(|part| !part.is_empty()) {
            let pair = part.split_once('=');
            let (key, value) = pair.ok_or_else(|| bad("a setting is not key=value".to_owned()))?;
            pairs.push((key.trim(), value.trim()));
        }
        Self::of_pairs(address, pairs, LiteralPassword::Refused).map_err(|fault| bad(fault.why))
    }
}

/// Whether a trunk that is not on this machine may have its password in the setting itself.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum LiteralPassword {
    /// On the command line, which every user of the machine can read.
    Refused,
    Allowed,
}

/// A setting of a trunk that cannot be used, or the trunk as a whole.
pub(crate) struct TrunkFault {
    /// The key in the SPEC; `None` for the trunk as a whole.
    pub(crate) key: Option<String>,
    pub(crate) why: String,
}

impl TrunkSpec {
    /// Builds a trunk from its address and settings; their values may contain any character.
    pub(crate) fn of_pairs<'a>(
        address: &str,
        pairs: impl IntoIterator<Item = (&'a str, &'a str)>,
        literal: LiteralPassword,
    ) -> Result<Self, TrunkFault> {
        let whole = |why: String| TrunkFault { key: None, why };
        let (host, port) = carrier_settings::address(address).map_err(whole)?;
        let loopback = is_loopback(host);
        let mut spec = Self::of_address(host, port, loopback);
        for (key, value) in pairs {
            spec.set(key, value).map_err(|why| TrunkFault {
                key: Some(key.to_owned()),
                why,
            })?;
        }
        spec.check(loopback, literal).map_err(whole)?;
        Ok(spec)
    }

    fn of_address(host: &str, port: u16, loopback: bool) -> Self {
        Self {
            name: format!("{host}:{port}"),
            host: host.to_owned(),
            port,
            user: None,
            password: None,
            from: Vec::new(),
            calls_per_number_max: None,
            legs_max: default_legs(loopback),
            dials_per_second: DIALS_PER_SECOND_DEFAULT,
            ring_timeout_ms: RING_TIMEOUT_MS,
            first_response_ms: None,
            hold_off_ms: if loopback {
                HOLD_OFF_LOOPBACK_MS
            } else {
                HOLD_OFF_MS
            },
            replies: ResponsePortRule::SamePort,
            media: Vec::new(),
            latch: LatchRule::default(),
            dial: NumberForm::E164,
            prefix: String::new(),
            silence_ms: media::lines::SILENCE_MS,
            profile: TrunkProfile::default(),
            probing: ProbeMode::On,
        }
    }
}

impl TrunkSpec {
    fn set(&mut self, key: &str, value: &str) -> Result<(), String> {
        let duration = |value| parse_duration_ms(value).map_err(|error| format!("{key}: {error}"));
        match key {
            // `user=phone` is the parameter of SIP URIs with a telephone number, not a user name.
            "user" if value == "phone" => self.profile.user_phone = true,
            "user" | "user-name" => self.user = Some(value.to_owned()),
            "password-file" => self.set_password(Password::File(value.into()))?,
            "password-env" => self.set_password(Password::Environment(value.to_owned()))?,
            "password" => self.set_password(Password::Plain(value.to_owned()))?,
            "name" => self.name = value.to_owned(),
            "from" => self.from = trunk_callers::caller_numbers(value)?,
            "calls-per-number" => self.calls_per_number_max = Some(count(key, value, LEGS_MAX)?),
            "legs-max" => self.legs_max = count(key, value, LEGS_MAX)?,
            "dials-per-second" => self.dials_per_second = count(key, value, LEGS_MAX)?,
            "ring-timeout" => self.ring_timeout_ms = duration(value)?,
            "first-response" => self.first_response_ms = Some(duration(value)?),
            "hold-off" => self.hold_off_ms = duration(value)?,
            "replies" => self.replies = carrier_settings::replies(value)?,
            "media" => self.media = carrier_settings::media(value)?,
            "latch" => self.latch = carrier_settings::latch(value)?,
            "dial" => self.dial = carrier_settings::dial(value)?,
            "silence" => self.silence_ms = carrier_settings::silence(duration(value)?)?,
            "prefix" => self.prefix = carrier_settings::prefix(value)?,
            "probe" => self.probing = carrier_settings::probing(value)?,
            _ => carrier_settings::profile(&mut self.profile, key, value)?,
        }
        Ok(())
    }

    fn set_password(&mut self, password: Password) -> Result<(), String> {
        if self.password.is_some() {
            return Err("more than one password is given".to_owned());
        }
        self.password = Some(password);
        Ok(())
    }

    fn check(&self, loopback: bool, literal: LiteralPassword) -> Result<(), String> {
        if !loopback && self.from.is_empty() {
            return Err("from=NUMBER is required: the caller number that calls show".to_owned());
        }
        let is_literal = matches!(self.password, Some(Password::Plain(_)));
        if !loopback && is_literal && literal == LiteralPassword::Refused {
            return Err(
                "password= is visible in the process list; use password-file= or password-env=".to_owned(),
            );
        }
        if self.user.is_some() != self.password.is_some() {
            return Err("user and a password belong together".to_owned());
        }
        let word = |c: char| c.is_ascii_alphanumeric() || "._-:[]".contains(c);
        if self.name.is_empty() || !self.name.chars().all(word) {
            return Err("name may have A-Z a-z 0-9 . _ - only".to_owned());
        }
        Ok(())
    }
}

fn count(key: &str, value: &str, max: u32) -> Result<u32, String> {
    match value.parse::<u32>() {
        Ok(count) if (1..=max).contains(&count) => Ok(count),
        Ok(_) | Err(_) => Err(format!("{key} must be 1 to {max}")),
    }
}

fn default_legs(loopback: bool) -> u32 {
    if loopback {
        return LEGS_LOOPBACK_MAX;
    }
    let cores = std::thread::available_parallelism().map_or(1, usize::from);
    u32::try_from(cores)
        .unwrap_or(LEGS_MAX)
        .saturating_mul(LEGS_PER_CORE)
        .min(LEGS_MAX)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn why(text: &str) -> String {
        text.parse::<TrunkSpec>().unwrap_err().to_string()
    }

    #[test]
    fn a_loopback_trunk_needs_nothing_but_its_address() {
        let spec: TrunkSpec = "sip:127.0.0.1:5070".parse().unwrap();
        assert!(spec.is_loopback());
        assert_eq!((spec.legs_max, spec.dials_per_second), (200, 10));
        assert_eq!((spec.ring_timeout_ms, spec.hold_off_ms), (30_000, 5_000));
        assert_eq!(spec.first_response_ms(TrunkSuccessor::ByNone), 32_000);
        assert_eq!(spec.first_response_ms(TrunkSuccessor::ByAnother), 4_000);
    }

    #[test]
    fn every_setting_of_the_contract_is_taken() {
        let spec: TrunkSpec = "sip:trunk.example.com:5060;user=u;password-file=/run/p;name=first;\
            from=+15550100,+15550101;legs-max=30;dials-per-second=5;ring-timeout=25s;first-response=8s;hold-off=2m"
            .parse()
            .unwrap();
        assert_eq!(
            (spec.host.as_str(), spec.port, spec.name.as_str()),
            ("trunk.example.com", 5060, "first")
        );
        assert_eq!(spec.password, Some(Password::File("/run/p".into())));
        assert_eq!(
            spec.from,
            ["+15550100", "+15550101"].map(CallerNumber::without_end)
        );
        assert_eq!(spec.calls_per_number_max, None);
        assert_eq!((spec.legs_max, spec.dials_per_second), (30, 5));
        assert_eq!((spec.ring_timeout_ms, spec.hold_off_ms), (25_000, 120_000));
        assert_eq!(spec.first_response_ms(TrunkSuccessor::ByAnother), 8_000);
    }

    #[test]
    fn a_trunk_to_the_world_must_show_a_number_and_hide_its_password() {
        assert!(why("sip:192.0.2.1:5060").contains("from=NUMBER"));
        assert!(why("sip:192.0.2.1:5060;from=+15550100;user=u;password=p").contains("password-file"));
        assert!(
            "sip:127.0.0.1:5060;user=u;password=p"
                .parse::<TrunkSpec>()
                .is_ok()
        );
    }

    #[test]
    fn a_wrong_spec_is_named_without_its_password() {
        for (text, part) in [
            ("127.0.0.1:5060", "sip:HOST:PORT"),
            ("sip:127.0.0.1", "port"),
            ("sip:127.0.0.1:x", "port"),
            ("sip:127.0.0.1:5060;colour=red", "colour"),
            ("sip:127.0.0.1:5060;legs-max=0", "legs-max"),
            ("sip:127.0.0.1:5060;legs-max=10001", "legs-max"),
            (
                "sip:127.0.0.1:5060;ring-timeout=30",
                "ring-timeout: \"30\" is not a duration",
            ),
            ("sip:127.0.0.1:5060;hold-off=x", "hold-off"),
            ("sip:127.0.0.1:5060;password=secret", "belong together"),
        ] {
            let why = why(text);
            assert!(why.contains(part), "{why}");
            assert!(!why.contains("secret"), "{why}");
        }
        assert!(!format!("{:?}", Password::Plain("secret".to_owned())).contains("secret"));
    }

    #[test]
    fn durations_and_port_ranges_have_limits() {
        assert_eq!(parse_duration_ms("500ms"), Ok(500));
        assert_eq!(parse_duration_ms("24h"), Ok(DURATION_MS_MAX));
        for bad in ["", "30", "s", "25h", "-1s", "1.5s"] {
            assert!(parse_duration_ms(bad).is_err(), "{bad}");
        }
        assert_eq!(parse_port_range("20000-20199"), Ok(20_000..=20_199));
        for bad in ["20000", "0-10", "10-10", "11-10"] {
            assert!(parse_port_range(bad).is_err(), "{bad}");
        }
    }
}
