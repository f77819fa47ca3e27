//! A SIP trunk: the line that reaches a carrier over SIP and RTP.
//!
//! It checks the permit against the order, keeps the trunk's own limit of legs, and turns an order into a leg
//! of the media driver. The `Line` port specifies the behavior of a leg; this file only connects.

use crate::driver::leg_mailbox::LegStage;
use crate::driver::{LegHandle, MediaDriver, ResponsePortRule, TrunkRegistration};
use crate::error::MediaError;
use crate::lines::dialed_number::{NumberForm, format_dialed_number};
use crate::rtp::latch::LatchRule;
use crate::sip::authentication::Credentials;
use crate::sip::crash_cleanup::LeftOverTrunk;
use crate::sip::trunk_profile::TrunkProfile;
use crate::sip::user_agent::LegSettings;
use async_trait::async_trait;
use domain::call::EndCause;
use domain::caller_number::CallerNumber;
use domain::compliance::DialPermit;
use domain::ids::CallId;
use domain::ports::line::{
    DialOrder, LeftOverLeg, Leg, LegEvent, LegFacts, Line, LineError, LineFacts, ProbeAnswer,
};
use domain::ports::recognizer::HeardAudio;
use domain::ports::speech::Clip;
use domain::time::Timestamp;
use std::net::{IpAddr, SocketAddr};
use std::sync::Arc;
use tokio::sync::Semaphore;

/// How long an INVITE may take from our decision to the carrier, in milliseconds. No INVITE leaves later
/// than this before its last permitted time, because it would reach the callee after it.
const ON_ITS_WAY_MS: u64 = 100;

/// Default of the longest ringing before we cancel, in ms (call progress: 30 s from the first 18x).
pub const RING_TIMEOUT_MS: u64 = 30_000;
/// Default of the longest wait for a first response, in milliseconds: timer B (RFC 3261, 17.1.1.2).
pub const FIRST_RESPONSE_MS: u64 = 32_000;
/// Longest wait for a first response if another trunk can take the call, in milliseconds (call progress).
pub const FIRST_RESPONSE_BEFORE_ANOTHER_MS: u64 = 4_000;
/// Default of the time without a sign of life after which a far end that says that it sends is hung up, in
/// milliseconds. A phone with silence suppression is silent while its user thinks: less than a minute.
pub const SILENCE_MS: u64 = 60_000;
/// Hold-off of an enrolment after a crash in its call, in ms: timer C, as the phone may still ring.
pub const HOLD_OFF_MS: u64 = 180_000;
/// Time for which the enrolment of a call that a crash interrupted waits on a loopback trunk, in
/// milliseconds: its carrier drops an unanswered leg 4 s after its peer is gone.
pub const HOLD_OFF_LOOPBACK_MS: u64 = 5_000;
/// Most simultaneous legs of a trunk, unless its SPEC sets a limit.
pub const LEGS_MAX: u32 = 100;
/// Most new legs per second of a trunk, unless its SPEC sets a limit.
pub const DIALS_PER_SECOND: u32 = 10;

/// Longest number in a URI's user part, in bytes: E.164 has 15 digits, carriers' own forms a few more.
const NUMBER_BYTES_MAX: usize = 32;

/// The configuration of one trunk, from its SPEC.
#[derive(Debug, Clone)]
pub struct TrunkConfig {
    /// The trunk's name, which `call.dialing` stores.
    pub name: String,
    /// Host name or address of the carrier; an IPv6 address without brackets.
    pub host: String,
    pub port: u16,
    pub credentials: Option<Credentials>,
    /// Caller numbers that may be shown; empty on a loopback trunk.
    pub caller_numbers: Vec<CallerNumber>,
    /// Most simultaneous calls that show the same caller number; `None` for no limit.
    pub calls_per_number_max: Option<u32>,
    pub legs_max: u32,
    pub dials_per_second: u32,
    pub ring_timeout_ms: u64,
    pub first_response_ms: u64,
    /// How long an interrupted call's enrolment waits, in milliseconds; `None`: 180 s, on a loopback 5 s.
    pub hold_off_ms: Option<u64>,
    pub replies: ResponsePortRule,
    /// Addresses from which the carrier's audio may come. Empty: those in its session descriptions.
    pub media_addresses: Vec<IpAddr>,
    /// How far the source of the audio may differ from the described address.
    pub latch: LatchRule,
    pub dial: NumberForm,
    /// The carrier's prefix in front of each dialed number; may be empty.
    pub prefix: String,
    /// Longest time without a sign of life of a far end that says that it sends, in milliseconds.
    pub silence_ms: u64,
    /// What the carrier requires of SIP messages.
    pub profile: TrunkProfile,
    /// Whether an OPTIONS is sent to the trunk every 10 s.
    pub probing: ProbeMode,
}

/// Whether a trunk is probed by OPTIONS.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum ProbeMode {
    #[default]
    On,
    /// For a carrier that treats OPTIONS of strangers as an attack.
    Off,
}

impl TrunkConfig {
    /// Returns the settings of a trunk with all defaults, without credentials and caller numbers.
    pub fn new(name: &str, host: &str, port: u16) -> Self {
        Self {
            name: name.to_owned(),
            host: host.to_owned(),
            port,
            credentials: None,
            caller_numbers: Vec::new(),
            calls_per_number_max: None,
            legs_max: LEGS_MAX,
            dials_per_second: DIALS_PER_SECOND,
            ring_timeout_ms: RING_TIMEOUT_MS,
            first_response_ms: FIRST_RESPONSE_MS,
            hold_off_ms: None,
            replies: ResponsePortRule::SamePort,
            media_addresses: Vec::new(),
            latch: LatchRule::default(),
            dial: NumberForm::E164,
            prefix: String::new(),
            silence_ms: SILENCE_MS,
            profile: TrunkProfile::default(),
            probing: ProbeMode::On,
        }
    }

    /// Returns `host:port` in the form for a URI, an IPv6 address in brackets.
    fn authority(&self) -> String {
        match self.host.parse::<IpAddr>() {
            Ok(ip) => SocketAddr::new(ip, self.port).to_string(),
            Err(_) => format!("{}:{}", self.host, self.port),
        }
    }

    fn check(&self) -> Result<(), MediaError> {
        let bad = |why| {
            Err(MediaError::InvalidTrunk {
                trunk: self.name.clone(),
                why,
            })
        };
        if !is_host(&self.host) {
            return bad("its host is neither a name nor an address");
        }
        let proxy = self.profile.outbound_proxy.as_ref().map(|proxy| &proxy.host);
        if !proxy
            .into_iter()
            .chain(&self.profile.from_domain)
            .all(|host| is_host(host))
        {
            return bad("its outbound proxy or From domain is neither a name nor an address");
        }
        let user = self.credentials.as_ref().map(|one| one.user.as_str());
        if user.is_some_and(|user| user.contains(|c: char| c.is_control() || matches!(c, '"' | '\\'))) {
            return bad("its user holds quotes, backslashes or control characters");
        }
        if self.legs_max == 0 || self.dials_per_second == 0 {
            return bad("a limit of 0 allows no call");
        }
        if self.ring_timeout_ms == 0 || self.first_response_ms == 0 || self.silence_ms == 0 {
            return bad("a timeout of 0 reaches no callee");
        }
        if !self.prefix.is_empty() && !is_dialable(&self.prefix) {
            return bad("its prefix holds more than digits, +, * and #");
        }
        let mut callers = self.caller_numbers.iter();
        if !callers.all(|caller| is_dialable(&caller.number)) {
            return bad("a caller number holds more than digits, +, * and #");
        }
        Ok(())
    }
}

/// Returns true if the text may be the host part of a URI.
fn is_host(host: &str) -> bool {
    let is_plain = |b: u8| b.is_ascii_alphanumeric() || b"-.:_".contains(&b);
    !host.is_empty() && host.bytes().all(is_plain)
}

/// Returns true if the text may be the user part of a URI: with only digits, `+`, `*` and `#` it cannot add
/// a parameter, a header or another host.
fn is_dialable(number: &str) -> bool {
    (1..=NUMBER_BYTES_MAX).contains(&number.len())
        && number
            .bytes()
            .all(|b| b.is_ascii_digit() || matches!(b, b'+' | b'*' | b'#'))
}

/// A line that places calls over a carrier's SIP trunk.
pub struct SipTrunk {
    config: TrunkConfig,
    driver: Arc<MediaDriver>,
    pub(super) place: TrunkRegistration,
    loopback: bool,
    slots: Arc<Semaphore>,
}

impl SipTrunk {
    /// Checks the settings, resolves the host once and registers the trunk with the driver. Fails if the
    /// host has no address of the driver's IP version.
    pub async fn start(config: TrunkConfig, driver: &Arc<MediaDriver>) -> Result<Arc<Self>, MediaError> {
        config.check()?;
        let proxy = config.profile.outbound_proxy.clone();
        let (host, port) = match proxy {
            Some(proxy) => (proxy.host, proxy.port),
            None => (config.host.clone(), config.port),
        };
        let looked_up = tokio::net::lookup_host((host, port)).await;
        let remote = match looked_up {
            Ok(mut addresses) => addresses.find(|address| address.is_ipv4() == driver.local().is_ipv4()),
            Err(error) => {
                let trunk = config.name.clone();
                return Err(MediaError::Unreachable { trunk, error });
            }
        };
        let remote = remote.ok_or_else(|| MediaError::NoAddress(config.name.clone()))?;
        let place = driver.add_trunk(&config.name, remote, config.replies).await?;
        let legs_max = usize::try_from(config.legs_max).unwrap_or(Semaphore::MAX_PERMITS);
        Ok(Arc::new(Self {
            slots: Arc::new(Semaphore::new(legs_max.min(Semaphore::MAX_PERMITS))),
            driver: Arc::clone(driver),
            loopback: remote.ip().is_loopback(),
            place,
            config,
        }))
    }

    fn settings(&self, order: &DialOrder, leaves_by: Timestamp) -> LegSettings {
        LegSettings {
            local: self.place.local.to_string(),
            // The driver sets the port that it bound for this leg.
            media: SocketAddr::new(self.place.media, self.place.local.port()),
            trunk: self.config.authority(),
            trunk_ip: self.place.remote.ip(),
            callee: format_dialed_number(&order.callee, self.config.dial, &self.config.prefix),
            caller: order.caller.clone(),
            credentials: self.config.credentials.clone(),
            leaves_by,
            ring_timeout_ms: order.ring_timeout_ms.unwrap_or(self.config.ring_timeout_ms),
            first_response_ms: self.config.first_response_ms,
            media_addresses: self.config.media_addresses.clone(),
            latch: self.config.latch,
            silence_ms: self.config.silence_ms,
            profile: self.config.profile.clone(),
        }
    }
}

#[async_trait]
impl Line for SipTrunk {
    fn facts(&self) -> LineFacts {
        let hold_off_ms = match self.loopback {
            true => HOLD_OFF_LOOPBACK_MS,
            false => HOLD_OFF_MS,
        };
        LineFacts {
            name: self.config.name.clone(),
            local: self.place.local.to_string(),
            loopback: self.loopback,
            legs_max: self.config.legs_max,
            dials_per_second: self.config.dials_per_second,
            ring_timeout_ms: self.config.ring_timeout_ms,
            first_response_ms: self.config.first_response_ms,
            hold_off_ms: self.config.hold_off_ms.unwrap_or(hold_off_ms),
            caller_numbers: self.config.caller_numbers.clone(),
            calls_per_number_max: self.config.calls_per_number_max,
        }
    }

    async fn probe(&self) -> Option<ProbeAnswer> {
        match self.config.probing {
            ProbeMode::On => Some(self.driver.probe(&self.place).await),
            ProbeMode::Off => None,
        }
    }

    async fn reserve(&self, call: CallId, leg: u8) -> Result<(), LineError> {
        self.driver.reserve(call, leg).await
    }

    fn release(&self, call: CallId, leg: u8) {
        self.driver.release(call, leg);
    }

    async fn dial(&self, permit: DialPermit, order: DialOrder) -> Result<Box<dyn Leg>, LineError> {
        if permit.call() != order.call || permit.leg() != order.leg {
            return Err(LineError::PermitMismatch {
                permitted: permit.call(),
                ordered: order.call,
            });
        }
        let numbers = [Some(&order.callee), order.caller.as_ref()];
        if !numbers.into_iter().flatten().all(|number| is_dialable(number)) {
            return Err(LineError::Invalid(
                "a number holds more than digits, +, * and #".to_owned(),
            ));
        }
        let Ok(slot) = Arc::clone(&self.slots).try_acquire_owned() else {
            return Err(LineError::Busy);
        };
        let settings = self.settings(&order, permit.leaves_by().minus_ms(ON_ITS_WAY_MS));
        let handle = self
            .driver
            .dial(&self.place, settings, order.call, order.leg, order.identity, slot)
            .await
            .map_err(|error| match error {
                LineError::TooLate(_) => LineError::TooLate(permit.leaves_by()),
                other => other,
            })?;
        Ok(Box::new(SipLeg { handle }))
    }

    async fn end_left_over(&self, mut facts: LegFacts) -> Result<Box<dyn LeftOverLeg>, LineError> {
        if !facts.callee.is_empty() {
            facts.callee = format_dialed_number(&facts.callee, self.config.dial, &self.config.prefix);
        }
        let trunk = LeftOverTrunk {
            authority: &self.config.authority(),
            ip: self.place.remote.ip(),
            credentials: self.config.credentials.clone(),
            profile: &self.config.profile,
        };
        let leg = self.driver.end_left_over(&self.place, &facts, trunk).await?;
        Ok(Box::new(leg))
    }

    fn lack(&self) -> Option<EndCause> {
        self.driver.lack()
    }
}

/// One leg of a trunk.
struct SipLeg {
    handle: LegHandle,
}

impl SipLeg {
    /// Returns an error unless the leg is answered and not ended; only then it has audio.
    fn answered(&self) -> Result<(), LineError> {
        match self.handle.mailbox.stage() {
            LegStage::Answered => Ok(()),
            LegStage::Unanswered => Err(LineError::Invalid("the leg is not answered".to_owned())),
            LegStage::Ended => Err(LineError::Ended),
        }
    }

    async fn give_up(&self) -> Result<(), LineError> {
        match self.handle.mailbox.stage() {
            LegStage::Unanswered | LegStage::Answered => self.handle.give_up().await,
            LegStage::Ended => Err(LineError::Ended),
        }
    }
}

#[async_trait]
impl Leg for SipLeg {
    async fn next(&mut self) -> LegEvent {
        self.handle.mailbox.next().await
    }
    async fn acknowledge(&mut self) -> Result<(), LineError> {
        self.answered()?;
        match self.handle.acknowledge().await? {
            true => Ok(()),
            false => Err(LineError::Ended),
        }
    }
    async fn play(&mut self, play: u32, clip: Arc<Clip>) -> Result<(), LineError> {
        self.answered()?;
        self.handle.play(play, clip).await
    }
    async fn stop_playing(&mut self) -> Result<(), LineError> {
        self.answered()?;
        self.handle.stop_playing().await
    }
    async fn record_callee(&mut self) -> Result<(), LineError> {
        self.answered()?;
        self.handle.record_callee().await
    }
    async fn listen(&mut self) -> Result<Box<dyn HeardAudio>, LineError> {
        self.answered()?;
        Ok(Box::new(self.handle.listen().await?))
    }
    async fn cancel(&mut self) -> Result<(), LineError> {
        self.give_up().await
    }
    async fn hang_up(&mut self) -> Result<(), LineError> {
        self.give_up().await
    }
}

impl Drop for SipLeg {
    fn drop(&mut self) {
        if self.handle.mailbox.stage() != LegStage::Ended {
            self.handle.abandon();
        }
    }
}

#[cfg(test)]
mod tests {
    use super::{CallerNumber, ON_ITS_WAY_MS, TrunkConfig, is_dialable};
    use crate::lines::contract::{self, CrashPoint, LineFactory, ScriptedCallee};
    use crate::lines::suite_legs::{new_call, order, permit_until};
    use crate::lines::tests::{Network, quick};
    use crate::sip::authentication::Credentials;
    use crate::testing::SuiteClock;
    use async_trait::async_trait;
    use carrier::{CalleeBehavior, SpanMs};
    use domain::compliance::NEXT_LEG_WITHIN_MS;
    use domain::ids::CallId;
    use domain::ports::clock::Clock;
    use domain::ports::line::{AnsweredDialog, Leg, Line, LineError};
    use std::sync::{Arc, Mutex};

    #[test]
    fn what_could_add_to_a_header_or_uri_is_refused_at_start() {
        let good = || TrunkConfig::new("one", "sip.example.com", 5060);
        assert!(good().check().is_ok());
        for host in ["", "a b", "a;b", "a@b", "a\r\nVia: x", "a>b", "[::1]"] {
            assert!(TrunkConfig::new("one", host, 5060).check().is_err(), "{host:?}");
        }
        for user in ["a\"b", "a\\", "a\r\nX: y"] {
            let mut config = good();
            config.credentials = Some(Credentials {
                user: user.to_owned(),
                password: "p".to_owned(),
            });
            assert!(config.check().is_err(), "{user:?}");
        }
        for number in [
            "",
            "1;ext=2",
            "1@evil.example.com",
            "1\r\nX: y",
            "+1 555",
            "1>",
            "tel:1",
            "\"1\"",
        ] {
            let mut config = good();
            config.caller_numbers = vec![CallerNumber::without_end(number)];
            assert!(config.check().is_err(), "{number:?}");
            assert!(!is_dialable(number), "{number:?}");
        }
        assert!(is_dialable(&"1".repeat(32)) && !is_dialable(&"1".repeat(33)));
    }

    #[tokio::test(flavor = "multi_thread", worker_threads = 2)]
    async fn an_invite_that_would_arrive_behind_its_last_instant_does_not_leave() {
        let network = Network::new((42_561, 42_580));
        let carrier = network.carrier(quick(CalleeBehavior::SaysNothing), None);
        let line = network.trunk_to(&carrier, |_| ()).await;
        let call = new_call();
        let last_instant = SuiteClock.now().plus_ms(ON_ITS_WAY_MS / 2);
        let permit = permit_until(call, last_instant.minus_ms(NEXT_LEG_WITHIN_MS));
        assert_eq!(permit.leaves_by(), last_instant);
        let refused = line.dial(permit, order(call)).await.err();
        assert_eq!(refused, Some(LineError::TooLate(last_instant)));
    }

    /// The network, and legs that lost their owners: their events are no longer read.
    struct CarrierLineFactory(Network, Mutex<Vec<Box<dyn Leg>>>);

    #[async_trait]
    impl LineFactory for CarrierLineFactory {
        async fn line_to(&self, callee: ScriptedCallee) -> Arc<dyn Line> {
            let manner = match callee {
                ScriptedCallee::Answers => CalleeBehavior::SaysNothing,
                ScriptedCallee::PressesKey => CalleeBehavior::PressesKey,
                ScriptedCallee::HangsUp => CalleeBehavior::HangsUpMidway,
                ScriptedCallee::Busy => CalleeBehavior::Busy,
                ScriptedCallee::Rings => CalleeBehavior::NoAnswer,
                ScriptedCallee::CrossesCancel => CalleeBehavior::AnswersAcrossCancel,
                ScriptedCallee::Silent => CalleeBehavior::Silent,
            };
            let mut profile = quick(manner);
            if matches!(callee, ScriptedCallee::Rings | ScriptedCallee::CrossesCancel) {
                profile.ring_ms = SpanMs {
                    min: 3_000,
                    max: 3_500,
                };
            }
            let carrier = self.0.carrier(profile, None);
            self.0
                .trunk_to(&carrier, |config| {
                    config.legs_max = 2;
                    if callee == ScriptedCallee::Silent {
                        config.first_response_ms = 400;
                    }
                })
                .await
        }

        async fn lose(&self, line: &Arc<dyn Line>, loss: CrashPoint) -> (CallId, Option<AnsweredDialog>) {
            let (call, leg, dialog) = contract::dial_until(line, loss).await;
            self.1.lock().unwrap().push(leg);
            (call, dialog)
        }
    }

    #[tokio::test(flavor = "multi_thread", worker_threads = 2)]
    async fn the_sip_trunk_keeps_the_contract() {
        let stage = CarrierLineFactory(Network::new((41_000, 41_400)), Mutex::default());
        contract::keeps_the_contract(&stage).await;
    }
}
