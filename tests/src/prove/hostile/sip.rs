//! Attack: forged and broken SIP: responses built from everything that the API shows of a leg, and messages
//! broken at random, each from another port of the trunk's host and from another host.

use super::{ANSWER_MS, AttackContext, SEED, Verdict, timed};
use crate::history::member;
use crate::passing_time::{HUNG_AFTER, at_each_beat, wait_one_beat};
use crate::program::instant;
use crate::prove::{Form, short_call_customers};
use crate::split_mix::SplitMix64;
use domain::call::LegIdentity;
use domain::ids::CallId;
use serde_json::{Value, json};
use std::net::UdpSocket;
use std::time::Duration;

/// The mark of forged messages: no event of a leg may contain it.
const FORGED: &str = "forged";

/// The broken datagrams per second.
const RATE: u128 = 5_000;

/// The least rate on average in the long form, otherwise the attack proves nothing. In the short form it is
/// enough that the server refused some.
const RATE_MIN: u128 = 2_500;

/// A leg as the API shows it to a user with permission to read events.
struct ApiLeg {
    call: CallId,
    leg: u8,
    sip_call_id: String,
    local: String,
}

impl ApiLeg {
    fn of(event: &Value) -> Option<Self> {
        let text = |pointer: &str| member(event, pointer).as_str().map(str::to_owned);
        Some(Self {
            call: text("/subject")?.strip_prefix("call-")?.parse().ok()?,
            leg: u8::try_from(member(event, "/data/leg").as_u64()?).ok()?,
            sip_call_id: text("/data/sip_call_id")?,
            local: text("/data/local")?,
        })
    }
}

/// A campaign of customers that are called during one attack.
struct Campaign<'a> {
    stage: &'a AttackContext<'a>,
    id: &'static str,
    people: u32,
    /// The position up to which dialed legs were read.
    after: String,
}

impl<'a> Campaign<'a> {
    fn start(stage: &'a AttackContext<'a>, id: &'static str, salt: u32) -> Self {
        let people = match stage.form {
            Form::Short => 6,
            Form::Long => 150,
        };
        let called = short_call_customers::records_for_form(stage.form, SEED, people, salt);
        stage.server.call(id, &called);
        let after = "0".to_owned();
        Self {
            stage,
            id,
            people,
            after,
        }
    }

    /// Returns its events of one kind after a position, and the position to continue from.
    fn events(&self, kind: &str, after: &str) -> (Vec<Value>, String) {
        let path = format!(
            "/api/v1/events?kind={kind}&campaign={}&after={after}&limit=1000",
            self.id
        );
        let Ok(reply) = self.stage.server.get(&path) else {
            return (Vec::new(), after.to_owned());
        };
        let items = member(&reply.body, "/items")
            .as_array()
            .cloned()
            .unwrap_or_default();
        let next = member(&reply.body, "/next").as_str().unwrap_or(after).to_owned();
        (items, next)
    }

    /// Returns the legs dialed since the last call.
    fn dialed(&mut self) -> Vec<ApiLeg> {
        let (items, next) = self.events("call.dialing", &self.after);
        self.after = next;
        items.iter().filter_map(ApiLeg::of).collect()
    }

    /// Calls `enough` with each leg as it is dialed, until it returns something.
    fn until_dialed<T>(&self, mut enough: impl FnMut(ApiLeg) -> Option<T>) -> Option<T> {
        let query = format!("kind=call.dialing&campaign={}", self.id);
        let server = self.stage.server;
        server.follow_events(&query, HUNG_AFTER, |event| enough(ApiLeg::of(event)?))
    }

    /// Returns what forged messages changed: events of legs with their mark.
    fn broken(&self) -> Vec<String> {
        let mut broken = Vec::new();
        for kind in [
            "call.answered",
            "call.leg_failed",
            "call.ended",
            "call.late_answered",
        ] {
            let (items, _) = self.events(kind, "0");
            let taken = items
                .iter()
                .filter(|event| event.to_string().contains(FORGED))
                .count();
            if taken > 0 {
                broken.push(format!("{taken} {kind} were forged"));
            }
        }
        broken
    }

    /// Waits until all customers have been called. Returns a violation otherwise.
    fn finish(&self) -> Vec<String> {
        match self
            .stage
            .server
            .has_ended_calls(self.id, self.people, HUNG_AFTER)
        {
            true => Vec::new(),
            false => vec![format!(
                "not all {} people of {} were called",
                self.people, self.id
            )],
        }
    }
}

#[expect(clippy::disallowed_methods, reason = "plays a stranger on the network")]
fn stranger(host: &str) -> UdpSocket {
    UdpSocket::bind((host, 0)).expect("loopback has a free port")
}

/// Opens a port of the trunk's host that is not the trunk's, and one of another host.
fn strangers() -> [UdpSocket; 2] {
    [stranger("127.0.0.1"), stranger("127.0.0.66")]
}

/// Returns the headers of a leg as far as its ids give them: the derivation before names had a secret.
fn named(seen: &ApiLeg, method: &str) -> String {
    let names = LegIdentity::from_ids(seen.call, seen.leg);
    format!(
        "Via: SIP/2.0/UDP {local};branch={};rport\r\nFrom: <sip:a@{local}>;tag={}\r\n\
         To: <sip:b@127.0.0.1>;tag={FORGED}\r\nCall-ID: {}\r\nCSeq: 1 {method}\r\n",
        names.branch("INVITE", 1),
        names.local_tag(),
        seen.sip_call_id,
        local = seen.local,
    )
}

/// Returns two forged responses: busy, and an answer that directs audio to the forger.
fn answers(seen: &ApiLeg, sound: u16) -> [String; 2] {
    let body = format!(
        "v=0\r\no=f 1 1 IN IP4 127.0.0.1\r\ns=-\r\nc=IN IP4 127.0.0.1\r\nt=0 0\r\n\
         m=audio {sound} RTP/AVP 8 101\r\na=rtpmap:101 telephone-event/8000\r\n"
    );
    let headers = named(seen, "INVITE");
    [
        format!(
            "SIP/2.0 486 Busy Here\r\n{headers}Reason: Q.850;cause=17;text=\"{FORGED}\"\r\nContent-Length: 0\r\n\r\n"
        ),
        format!(
            "SIP/2.0 200 OK\r\n{headers}Contact: <sip:{FORGED}@127.0.0.1>\r\nContent-Type: application/sdp\r\n\
             Content-Length: {}\r\n\r\n{body}",
            body.len()
        ),
    ]
}

/// Returns the number of messages since the start that reached the server's sockets and belong to no leg.
fn refused_count(stage: &AttackContext<'_>) -> u64 {
    let reply = stage
        .server
        .get("/readyz")
        .map(|reply| reply.body)
        .unwrap_or_default();
    let count = |kind: &str| {
        let pointer = format!("/sip_datagrams_refused/{kind}");
        member(&reply, &pointer).as_u64().unwrap_or(0)
    };
    count("foreign") + count("malformed")
}

/// Attack: a user with permission to read events forges responses: each leg gets a busy and an answer.
pub(super) fn forge_responses(stage: &AttackContext<'_>) -> Verdict {
    let before = refused_count(stage);
    let campaign = Campaign::start(stage, "FORGED", 7);
    let forgers = strangers();
    let sound = stranger("127.0.0.1");
    let sound_port = sound.local_addr().map_or(0, |address| address.port());
    let (mut legs, mut sent) = (0_u32, 0_u64);
    campaign.until_dialed(|seen| {
        legs += 1;
        for (forger, message) in forgers.iter().zip(answers(&seen, sound_port).iter().cycle()) {
            sent += u64::from(forger.send_to(message.as_bytes(), &seen.local).is_ok());
        }
        for message in answers(&seen, sound_port) {
            let first = forgers
                .first()
                .map(|forger| forger.send_to(message.as_bytes(), &seen.local));
            sent += u64::from(first.is_some_and(|sent| sent.is_ok()));
        }
        (legs >= campaign.people).then_some(())
    });
    let mut broken = campaign.finish();
    broken.extend(campaign.broken());
    let refused = refused_count(stage).saturating_sub(before);
    if sent == 0 || refused == 0 {
        broken.push(format!("{sent} were sent and {refused} came: no attack"));
    }
    let heard = sound.set_nonblocking(true).is_ok() && sound.recv_from(&mut [0; 2_048]).is_ok();
    if heard {
        broken.push("the robot's sound goes to the forger".to_owned());
    }
    Verdict {
        broken,
        measured: json!({"legs": legs, "forged": sent, "refused": refused}),
    }
}

/// Breaks a message in one to four places: a byte changed, a piece removed, a piece repeated, or its end cut.
fn break_up(message: &mut Vec<u8>, chance: &mut SplitMix64) {
    for _ in 0..=chance.index(4) {
        let at = chance.index(message.len());
        let until = (at + chance.index(64)).min(message.len());
        match chance.index(4) {
            0 => {
                let byte = u8::try_from(chance.index(256)).unwrap_or(0);
                message.splice(at..(at + 1).min(message.len()), [byte]);
            }
            1 => drop(message.drain(at..until)),
            2 => {
                let piece = message.get(at..until).unwrap_or(&[]).repeat(chance.index(20));
                message.splice(at..at, piece);
            }
            _ => message.truncate(at.max(1)),
        }
    }
}

/// Returns the complete requests and responses of a leg that are then broken.
fn whole(seen: &ApiLeg) -> Vec<Vec<u8>> {
    let request = |method: &str| {
        let headers = named(seen, method);
        format!(
            "{method} sip:robot@{} SIP/2.0\r\n{headers}Max-Forwards: 70\r\nSession-Expires: 90\r\nContent-Length: 0\r\n\r\n",
            seen.local
        )
    };
    let requests = ["INVITE", "BYE", "CANCEL", "OPTIONS", "UPDATE", "INFO", "ACK"].map(request);
    let all = requests.into_iter().chain(answers(seen, 9));
    all.map(String::into_bytes).collect()
}

/// Attack: broken SIP at full rate while customers are called and commands are sent.
pub(super) fn send_mutated_sip(stage: &AttackContext<'_>) -> Verdict {
    let seconds = match stage.form {
        Form::Short => 5,
        Form::Long => 120,
    };
    let before = refused_count(stage);
    let mut campaign = Campaign::start(stage, "BROKEN", 8);
    let strangers = strangers();
    let mut chance = SplitMix64(1);
    let mut messages: Vec<Vec<u8>> = Vec::new();
    let mut local = String::new();
    let (mut sent, mut slowest, mut broken) = (0_u128, 0_u128, Vec::new());
    // Before the first leg there is nothing to break: the attack's time begins then.
    campaign.until_dialed(|seen| {
        local.clone_from(&seen.local);
        messages = whole(&seen);
        Some(())
    });
    let began = instant();
    let lasts = Duration::from_secs(seconds);
    let mut asked = 0_u32;
    at_each_beat(lasts, wait_one_beat, || {
        let elapsed = instant() - began;
        if elapsed.as_secs() >= u64::from(asked) {
            asked += 1;
            for seen in campaign.dialed() {
                local.clone_from(&seen.local);
                messages = whole(&seen);
            }
            let (reply, ms) = timed(&stage.server.url, "GET", "/livez", &json!({}));
            slowest = slowest.max(ms);
            let is_late = stage.form.judges_time() && ms > ANSWER_MS;
            if is_late || !reply.is_ok_and(|reply| reply.status == 200) {
                broken.push(format!("/livez after {ms} ms"));
            }
        }
        while sent < elapsed.as_millis() * RATE / 1_000 {
            let mut message = messages
                .get(chance.index(messages.len()))
                .cloned()
                .unwrap_or_default();
            break_up(&mut message, &mut chance);
            if let Some(stranger) = strangers.get(chance.index(strangers.len())) {
                drop(stranger.send_to(&message, &local));
            }
            sent += 1;
        }
        true
    });
    let rate = sent / u128::from(seconds);
    if stage.form.judges_time() && rate < RATE_MIN {
        broken.push(format!("only {rate} a second were sent"));
    }
    broken.extend(campaign.finish());
    broken.extend(campaign.broken());
    let refused = refused_count(stage).saturating_sub(before);
    if asked == 0 || refused == 0 {
        broken.push(format!("{sent} were sent and {refused} came: no attack"));
    }
    let small = |count: u128| u64::try_from(count).unwrap_or(u64::MAX);
    Verdict {
        broken,
        measured: json!({"sent": small(sent), "per_second": small(rate), "refused": refused,
            "slowest_ms": small(slowest), "seconds": seconds}),
    }
}
