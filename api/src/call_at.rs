//! A call at a time, on both axes: what was known at a position or instant, and what was true at an instant.
//!
//! Known = the events up to a position, or recorded up to an instant, folded from the call's own stream.
//! True = the same, with every correction read back to the event it corrects: it counts from when the call
//! ended, not from when somebody noticed. Refuses what nobody can know: times to come, and times before the
//! log.

use crate::reply::Problem;
use crate::routes::calls::{describe, describe_finding};
use domain::call::event::CallEvent;
use domain::call::{Call, CallState};
use domain::decider::Decider;
use domain::ids::CallId;
use domain::ports::event_store::EventStore;
use domain::stored_event::{Envelope, Position, StoredEvent, read_event};
use domain::time::{InvalidTimestamp, Timestamp};
use serde_json::{Value, json};

/// Up to where the log is read.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum AsOf {
    /// Events up to this position.
    Position(Position),
    /// Events recorded up to this instant.
    Instant(Timestamp),
}

impl std::str::FromStr for AsOf {
    type Err = &'static str;
    fn from_str(text: &str) -> Result<Self, Self::Err> {
        if let Ok(position) = text.parse() {
            return Ok(Self::Position(Position(position)));
        }
        match text.parse() {
            Ok(at) => Ok(Self::Instant(at)),
            Err(InvalidTimestamp(_)) => {
                Err("must be a position, or an RFC 3339 instant such as 2026-03-02T10:00:00+08:00")
            }
        }
    }
}

/// What is asked of a call; with neither there is nothing to ask here.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(crate) struct Moment {
    pub(crate) as_of: Option<AsOf>,
    pub(crate) valid_at: Option<Timestamp>,
}

impl Moment {
    /// Reads both parameters; an absent one is everything known, or no instant.
    pub(crate) fn parse(as_of: Option<&str>, valid_at: Option<&str>) -> Result<Self, Problem> {
        let as_of: Option<AsOf> = as_of
            .map(str::parse)
            .transpose()
            .map_err(|why| Problem::invalid("as-of-invalid", format!("as_of {why}")))?;
        let valid_at: Option<Timestamp> = match valid_at.map(str::parse) {
            None => None,
            Some(Ok(at)) => Some(at),
            Some(Err(InvalidTimestamp(_))) => {
                return Err(Problem::invalid(
                    "valid-at-invalid",
                    "valid_at must be an RFC 3339 instant such as 2026-03-02T10:00:00+08:00",
                ));
            }
        };
        Ok(Self { as_of, valid_at })
    }

    pub(crate) const fn is_now(&self) -> bool {
        self.as_of.is_none() && self.valid_at.is_none()
    }

    /// Refuses what lies outside of the log.
    pub(crate) fn check(&self, bounds: &Bounds) -> Result<(), Problem> {
        match self.as_of {
            Some(AsOf::Position(position)) if position > bounds.head => Err(Problem::refused(
                "as-of-in-the-future",
                format!("the log ends at position {}", bounds.head),
            )),
            Some(AsOf::Position(position)) if position < bounds.first => Err(Problem::refused(
                "as-of-before-the-log",
                format!("the log begins at position {}", bounds.first),
            )),
            Some(AsOf::Instant(at)) if at > bounds.now => Err(Problem::refused(
                "as-of-in-the-future",
                format!("it is {} now", bounds.now),
            )),
            Some(AsOf::Instant(at)) if at < bounds.began_at => Err(Problem::refused(
                "as-of-before-the-log",
                format!("the log begins at {}", bounds.began_at),
            )),
            Some(AsOf::Position(_) | AsOf::Instant(_)) | None => self.check_valid_at(bounds),
        }
    }

    fn check_valid_at(&self, bounds: &Bounds) -> Result<(), Problem> {
        let Some(valid_at) = self.valid_at else {
            return Ok(());
        };
        let known_until = match self.as_of {
            Some(AsOf::Instant(at)) => at,
            Some(AsOf::Position(_)) | None => bounds.now,
        };
        if valid_at > known_until {
            return Err(Problem::refused(
                "valid-at-in-the-future",
                format!("nobody knew of {valid_at} at {known_until}"),
            ));
        }
        Ok(())
    }

    fn knows(&self, event: &StoredEvent) -> bool {
        match self.as_of {
            None => true,
            Some(AsOf::Position(position)) => event.position <= position,
            Some(AsOf::Instant(at)) => event.recorded_at <= at,
        }
    }
}

/// Where the log begins and ends.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Bounds {
    pub(crate) first: Position,
    pub(crate) began_at: Timestamp,
    pub(crate) head: Position,
    /// The clock, or the last record where that is later.
    pub(crate) now: Timestamp,
}

impl Bounds {
    /// Of a log that has events.
    pub(crate) async fn of(store: &dyn EventStore, clock: Timestamp) -> Result<Self, Problem> {
        let first = store.read_all(Position(0), 1).await?;
        let first = first.first().ok_or_else(|| Problem::missing("this call"))?;
        let last = store.last_recorded_at().await?.unwrap_or(clock);
        Ok(Self {
            first: first.position,
            began_at: first.recorded_at,
            head: store.head().await?,
            now: clock.max(last),
        })
    }
}

/// An event of a call with what stands around it.
struct Told {
    position: Position,
    recorded_at: Timestamp,
    envelope: Envelope,
    event: CallEvent,
}

fn told(stored: &StoredEvent) -> Result<Told, Problem> {
    let envelope = stored
        .envelope()
        .map_err(|error| Problem::fault(&error.to_string()))?;
    let event = read_event::<Call>(&envelope).map_err(|error| Problem::fault(&error.to_string()))?;
    Ok(Told {
        position: stored.position,
        recorded_at: stored.recorded_at,
        envelope,
        event,
    })
}

fn fold<'a>(events: impl Iterator<Item = &'a Told>) -> CallState {
    let mut state = CallState::default();
    for told in events {
        Call::evolve(&mut state, &told.event, told.envelope.at);
    }
    state
}

/// The corrections of a call, in order, as shown.
pub(crate) fn corrections(stored: &[StoredEvent]) -> Result<Vec<Value>, Problem> {
    let told: Vec<Told> = stored.iter().map(told).collect::<Result<_, _>>()?;
    Ok(describe_corrections(&told))
}

fn describe_corrections(known: &[Told]) -> Vec<Value> {
    let mut shown = Vec::new();
    for told in known {
        let CallEvent::Corrected {
            corrects,
            before,
            after,
            reason,
            by,
        } = &told.event
        else {
            continue;
        };
        shown.push(json!({
            "id": told.envelope.id,
            "corrects": corrects,
            "position": told.position.to_string(),
            "at": told.envelope.at,
            "recorded_at": told.recorded_at,
            "before": describe_finding(*before),
            "after": describe_finding(*after),
            "reason": reason,
            "by": by,
        }));
    }
    shown
}

/// The call as known at the moment, with `true_then` beside it where an instant is asked for. The number
/// stays sealed, and so is not shown.
pub(crate) fn describe_at(call: CallId, stored: &[StoredEvent], moment: Moment) -> Result<Value, Problem> {
    let known: Vec<Told> = stored
        .iter()
        .filter(|event| moment.knows(event))
        .map(told)
        .collect::<Result<_, _>>()?;
    let Some(last) = known.last() else {
        return Err(Problem::missing("this call, at the time asked for,"));
    };
    let mut shown = describe(call, &fold(known.iter()));
    let Some(members) = shown.as_object_mut() else {
        return Ok(shown);
    };
    members.insert(
        "known".to_owned(),
        json!({
            "as_of": match moment.as_of {
                None => Value::Null,
                Some(AsOf::Position(position)) => json!(position.to_string()),
                Some(AsOf::Instant(at)) => json!(at),
            },
            "events": known.len(),
            "last_position": last.position.to_string(),
            "last_recorded_at": last.recorded_at,
            "label_zh": "当时所知", "label_en": "known then",
        }),
    );
    members.insert("corrections".to_owned(), json!(describe_corrections(&known)));
    if let Some(valid_at) = moment.valid_at {
        members.insert("true_then".to_owned(), describe_truth(&known, valid_at));
    }
    Ok(shown)
}

/// What had happened by `valid_at`, as far as is known: corrections count from the end of the call.
fn describe_truth(known: &[Told], valid_at: Timestamp) -> Value {
    let happened = |told: &&Told| told.envelope.at <= valid_at;
    let is_correction = |told: &&Told| matches!(told.event, CallEvent::Corrected { .. });
    let is_end = |told: &&Told| matches!(told.event, CallEvent::Ended { .. });
    let ended = known.iter().filter(happened).any(|told| is_end(&told));
    let events = known.iter().filter(|told| {
        if is_correction(told) {
            ended
        } else {
            happened(told)
        }
    });
    let state = fold(events);
    json!({
        "valid_at": valid_at,
        "label_zh": "当时事实", "label_en": "true then",
        "existed": state.permitted().is_some(),
        "state": state.permitted().map(|_| state.four_state()),
        "node": state.node(),
        "answered": state.answered_at().is_some(),
        "ended_at": state.ended().map(|ended| ended.at),
        "finding": state.finding().map(describe_finding),
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::routes::all;
    use crate::routes::tests::settings;
    use crate::running::Running;
    use bytes::Bytes;
    use domain::call::command::{CallCommand, CallEnding};
    use domain::call::event::EndReason;
    use domain::calling_plan::FlowRef;
    use domain::compliance::{CustomerGrant, NumberGrant};
    use domain::ids::{CommandId, EnrolmentId};
    use domain::ports::line::AnsweredDialog;
    use domain::stored_event::Cause;
    use http_body_util::{BodyExt, Full};
    use std::sync::Arc;
    use tokio::runtime::Runtime;
    use tower::ServiceExt;
    use warp::http::Request;

    /// A server without lines, with one call in its log.
    struct World {
        running: Running,
        runtime: Arc<Runtime>,
        call: CallId,
        steps: u32,
        _directory: tempfile::TempDir,
    }

    impl World {
        fn begin() -> Self {
            let directory = tempfile::tempdir().unwrap();
            let runtime = Arc::new(Runtime::new().unwrap());
            let settings = settings(directory.path());
            let running = runtime.block_on(Running::start(settings, None, Arc::clone(&runtime)));
            let enrolment = EnrolmentId {
                campaign: "T".parse().unwrap(),
                customer: "00112233445566778899aabbccddeeff".parse().unwrap(),
            };
            Self {
                running: running.unwrap(),
                runtime,
                call: CallId::derive(&enrolment, 1),
                steps: 0,
                _directory: directory,
            }
        }

        fn ask(&mut self, command: CallCommand) {
            self.steps += 1;
            let cause = Cause::outside(CommandId::derive_from_text(&self.steps.to_string()));
            let asked = self.running.app.system().calls.ask(&self.call, command, cause);
            self.runtime.block_on(asked).unwrap();
        }

        fn answered_call(&mut self) {
            let until = self.running.app.now().plus_ms(60_000);
            let number: domain::ids::NumberId = "ffeeddccbbaa99887766554433221100".parse().unwrap();
            let customer_grant = CustomerGrant {
                call: self.call,
                campaign: "T".parse().unwrap(),
                customer: "00112233445566778899aabbccddeeff".parse().unwrap(),
                number: number.clone(),
                valid_until: until,
                verdicts: Vec::new(),
            };
            let number_grant = NumberGrant {
                call: self.call,
                campaign: "T".parse().unwrap(),
                number,
                valid_until: until,
                verdicts: Vec::new(),
            };
            self.ask(CallCommand::Permit {
                call: self.call,
                attempt: 1,
                callee: "+8613800138000".to_owned(),
                customer_grant: Box::new(customer_grant),
                number_grant: Box::new(number_grant),
                flow: FlowRef {
                    flow: "greeting".parse().unwrap(),
                    version: 1,
                    content_hash: "00".repeat(32),
                },
            });
            self.ask(CallCommand::Dial {
                leg: 1,
                trunk: "first".to_owned(),
                sip_call_id: "id".to_owned(),
                local: "127.0.0.1:5060".to_owned(),
                caller: None,
                hold_off_ms: 5_000,
            });
            let dialog = AnsweredDialog {
                to_tag: "t".to_owned(),
                remote_target: "sip:callee@127.0.0.1:5070".to_owned(),
                route_set: Vec::new(),
                cseq: 1,
            };
            self.ask(CallCommand::Answer { leg: 1, dialog });
        }

        fn ended_call(&mut self) {
            self.answered_call();
            self.ask(CallCommand::End(CallEnding {
                reason: Some(EndReason::FlowEnded),
                heard_rtp: true,
                ..CallEnding::default()
            }));
        }

        fn send(&self, method: &str, rest: &str, body: &str) -> (u16, Value) {
            let request = Request::builder()
                .method(method)
                .uri(format!("/api/v1/calls/{}{rest}", self.call))
                .body(Full::new(Bytes::from(body.to_owned())))
                .unwrap();
            let service = warp::service(all(&self.running.app));
            self.runtime.block_on(async {
                let response = service.oneshot(request).await.unwrap();
                let status = response.status().as_u16();
                let bytes = response.into_body().collect().await.unwrap().to_bytes();
                (status, serde_json::from_slice(&bytes).unwrap())
            })
        }

        fn end(self) {
            self.runtime.block_on(self.running.stop());
        }
    }

    const MACHINE: &str = r#"{"disposition":"machine","reason":"the recording says so","by":"auditor-7"}"#;

    #[test]
    fn a_correction_names_what_it_corrects_and_both_axes_can_be_asked() {
        let mut world = World::begin();
        world.ended_call();
        let (_, before) = world.send("GET", "", "");
        assert_eq!(before["ended"]["disposition"], "answered");
        let (status, corrected) = world.send("POST", "/correct", MACHINE);
        assert_eq!(
            (status, &corrected["corrected"]),
            (200, &json!(true)),
            "{corrected}"
        );
        assert_eq!(corrected["ended"]["disposition"], "machine");
        assert_eq!(corrected["ended"]["recorded"]["disposition_zh"], "接通");

        let (_, events) = world.send("GET", "/events", "");
        let items = events["items"].as_array().unwrap();
        let (ended, fact) = (&items[items.len() - 2], &items[items.len() - 1]);
        assert_eq!(fact["type"], "call.corrected");
        assert_eq!(fact["data"]["corrects"], ended["id"]);
        assert_eq!(fact["causationid"], ended["id"]);

        // As known before the correction, and as true then by what is known now.
        let position = ended["position"].as_str().unwrap();
        let (_, then) = world.send("GET", &format!("?as_of={position}"), "");
        assert_eq!(then["ended"]["disposition"], "answered");
        assert_eq!(then["callee"], "138****8000");
        let ended_at = ended["time"].as_str().unwrap();
        let (_, both) = world.send("GET", &format!("?valid_at={ended_at}"), "");
        assert_eq!(
            both["true_then"]["finding"]["disposition_en"],
            "answering machine"
        );
        assert_eq!(both["corrections"][0]["by"], "auditor-7");
        let (_, earlier) = world.send("GET", &format!("?as_of={position}&valid_at={ended_at}"), "");
        assert_eq!(earlier["true_then"]["finding"]["disposition"], "answered");
        let answered_at = items[2]["time"].as_str().unwrap();
        let (_, talking) = world.send("GET", &format!("?valid_at={answered_at}"), "");
        assert_eq!(talking["true_then"]["state"], "CONVERSATION");
        assert_eq!(talking["true_then"]["finding"], Value::Null);

        let (status, again) = world.send("POST", "/correct", MACHINE);
        assert_eq!(
            (status, &again["corrected"]),
            (200, &json!(false)),
            "nothing to write"
        );
        world.end();
    }

    #[test]
    fn what_nobody_can_know_and_what_makes_no_sense_is_refused() {
        let mut world = World::begin();
        assert_eq!(world.send("POST", "/correct", MACHINE).0, 404);
        world.answered_call();
        let (status, early) = world.send("POST", "/correct", MACHINE);
        assert_eq!((status, &early["code"]), (422, &json!("call-not-ended")));
        for (query, status, code) in [
            ("as_of=yesterday", 400, "as-of-invalid"),
            ("valid_at=7", 400, "valid-at-invalid"),
            ("as_of=0", 422, "as-of-before-the-log"),
            ("as_of=1", 200, ""),
            ("as_of=999", 422, "as-of-in-the-future"),
            ("as_of=2001-01-01T00:00:00Z", 422, "as-of-before-the-log"),
            ("as_of=2999-01-01T00:00:00Z", 422, "as-of-in-the-future"),
            ("valid_at=2999-01-01T00:00:00Z", 422, "valid-at-in-the-future"),
        ] {
            let (found, body) = world.send("GET", &format!("?{query}"), "");
            assert_eq!(found, status, "{query}: {body}");
            assert_eq!(body["code"].as_str().unwrap_or(""), code, "{query}");
        }
        for body in [
            r#"{"reason":"x"}"#,
            r#"{"disposition":"machine"}"#,
            r#"{"disposition":"nothing","reason":"x"}"#,
            r#"{"disposition":"busy","outcome":"great","reason":"x"}"#,
            r#"{"disposition":"busy","reason":"x","more":1}"#,
        ] {
            assert_eq!(world.send("POST", "/correct", body).0, 422, "{body}");
        }
        world.end();
    }
}
