//! The health of speech engines by their last calls: for each engine, the calls in which it recognized or
//! spoke, and those in which it failed.
//!
//! A call counts once for an engine, when it ends; it counts as failed if the engine failed in it, however
//! often. An engine that no call has used yet is not listed, because nothing is known about it.
//!
//! A call answered by keypresses stores no turns and does not name the engine that spoke. If its notice was
//! heard and no synthesizer failed, it counts for every known synthesizer.

use domain::call::event::CallEvent;
use domain::call::{EngineFailedFact, EngineKind, SaidFact};
use domain::ids::CallId;
use domain::time::Timestamp;
use serde::Serialize;
use std::collections::{BTreeMap, BTreeSet, VecDeque};

/// Most recent calls of an engine from which its figures are computed.
const ENGINE_CALLS_MAX: usize = 20;

/// Most engines remembered; further ones are ignored. An installation has a handful.
const ENGINES_MAX: usize = 100;

/// Most open calls of which the engines are remembered, as for the other live figures.
const CALLS_MAX: usize = super::CALLS_MAX;

/// The figures of one speech engine over its last calls.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, schemars::JsonSchema)]
pub struct EngineFigures {
    pub engine_kind: EngineKind,
    #[schemars(example = &"vosk")]
    pub engine: String,
    /// The engine's calls in the last hour; at most its last 20 are counted.
    pub calls: u64,
    /// The engine's calls, among `calls`, in which it failed.
    pub failed_calls: u64,
    /// Whether the engine failed in its last call.
    pub failed_last: bool,
    /// The class of the engine's last failure among `calls`; absent without one.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(example = &"unreachable")]
    pub last_failure: Option<String>,
    /// When the engine's last call ended.
    pub last_call_at: Timestamp,
}

type Engine = (EngineKind, String);

#[derive(Debug, Clone)]
struct EngineCall {
    at: Timestamp,
    failure: Option<String>,
}

/// The state of all speech engines, updated by the events of calls.
#[derive(Debug, Default)]
pub(super) struct Engines {
    /// For each open call the engines that it used, with the class of failure if one failed.
    open: BTreeMap<CallId, BTreeMap<Engine, Option<String>>>,
    served: BTreeMap<Engine, VecDeque<EngineCall>>,
    /// Open calls in which a notice was played to its end.
    noticed: BTreeSet<CallId>,
    /// End times of calls in which a voice spoke but no engine was named.
    unnamed: VecDeque<Timestamp>,
}

/// Returns the key of an engine: its kind and name.
fn key(kind: EngineKind, engine: &str) -> Engine {
    (kind, engine.to_owned())
}

impl Engines {
    pub(super) fn take(&mut self, call: CallId, fact: &CallEvent, at: Timestamp) {
        match fact {
            CallEvent::Heard(heard) => {
                if let Some(asked) = self.asked(call) {
                    asked
                        .entry(key(EngineKind::Recognizer, &heard.engine))
                        .or_default();
                }
            }
            CallEvent::NoticePlayed { .. } if self.noticed.len() < CALLS_MAX => {
                self.noticed.insert(call);
            }
            CallEvent::Said(SaidFact {
                engine: Some(engine), ..
            }) => {
                if let Some(asked) = self.asked(call) {
                    asked.entry(key(EngineKind::Synthesizer, engine)).or_default();
                }
            }
            CallEvent::EngineFailed(EngineFailedFact {
                engine_kind,
                engine,
                class,
                ..
            }) => {
                if let Some(asked) = self.asked(call) {
                    asked.insert(key(*engine_kind, engine), Some(class.clone()));
                }
            }
            CallEvent::Ended { .. } => self.end(call, at),
            _ => {}
        }
    }

    fn asked(&mut self, call: CallId) -> Option<&mut BTreeMap<Engine, Option<String>>> {
        if !self.open.contains_key(&call) && self.open.len() >= CALLS_MAX {
            return None;
        }
        Some(self.open.entry(call).or_default())
    }

    fn end(&mut self, call: CallId, at: Timestamp) {
        let asked = self.open.remove(&call).unwrap_or_default();
        let is_named = asked.keys().any(|(kind, _)| *kind == EngineKind::Synthesizer);
        if self.noticed.remove(&call) && !is_named {
            if self.unnamed.len() == ENGINE_CALLS_MAX {
                self.unnamed.pop_front();
            }
            self.unnamed.push_back(at);
        }
        for (engine, failure) in asked {
            if !self.served.contains_key(&engine) && self.served.len() >= ENGINES_MAX {
                continue;
            }
            let calls = self.served.entry(engine).or_default();
            if calls.len() == ENGINE_CALLS_MAX {
                calls.pop_front();
            }
            calls.push_back(EngineCall { at, failure });
        }
    }

    pub(super) fn forget_before(&mut self, oldest: Timestamp) {
        for calls in self.served.values_mut() {
            calls.retain(|call| call.at >= oldest);
        }
        self.served.retain(|_, calls| !calls.is_empty());
        self.unnamed.retain(|at| *at >= oldest);
    }

    /// Returns an engine's last calls in order of their ends, at most 20, each with the class of its
    /// failure if it failed. A synthesizer also gets the calls in which a voice spoke but no engine was
    /// named.
    fn last_calls<'a>(
        &'a self,
        kind: EngineKind,
        named: &'a VecDeque<EngineCall>,
    ) -> Vec<(Timestamp, Option<&'a str>)> {
        let mut calls: Vec<_> = named
            .iter()
            .map(|call| (call.at, call.failure.as_deref()))
            .collect();
        if kind == EngineKind::Synthesizer {
            calls.extend(self.unnamed.iter().map(|at| (*at, None)));
            calls.sort_by_key(|(at, _)| *at);
        }
        calls.split_off(calls.len().saturating_sub(ENGINE_CALLS_MAX))
    }

    pub(super) fn shown(&self) -> Vec<EngineFigures> {
        let shown = self.served.iter().filter_map(|((kind, engine), named)| {
            let calls = self.last_calls(*kind, named);
            let (last_call_at, last) = calls.last().copied()?;
            let failed = calls.iter().filter(|(_, failure)| failure.is_some());
            Some(EngineFigures {
                engine_kind: *kind,
                engine: engine.clone(),
                calls: u64::try_from(calls.len()).unwrap_or(u64::MAX),
                failed_calls: u64::try_from(failed.count()).unwrap_or(u64::MAX),
                failed_last: last.is_some(),
                last_failure: calls
                    .iter()
                    .rev()
                    .find_map(|(_, failure)| failure.map(str::to_owned)),
                last_call_at,
            })
        });
        shown.collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use domain::call::HeardFact;
    use domain::call::event::EndReason;
    use domain::disposition::Disposition;
    use domain::personal::Personal;
    use domain::turn::AnswerChannel;

    const NOW: Timestamp = Timestamp::from_millis(1_772_416_800_000);

    fn call(number: u128) -> CallId {
        CallId::new(uuid::Uuid::from_u128(number))
    }

    fn heard() -> CallEvent {
        CallEvent::Heard(HeardFact {
            leg: 1,
            node: "a".to_owned(),
            text: Personal::Erased { hash: None },
            confidence_permille: None,
            engine: "vosk".to_owned(),
            begins_ms: 0,
            ends_ms: 1,
        })
    }

    fn said() -> CallEvent {
        CallEvent::Said(SaidFact {
            leg: 1,
            node: "a".to_owned(),
            prompt: "nodes.a.text".to_owned(),
            variant: None,
            spoken_chars: 1,
            prompt_chars: 1,
            engine: Some("espeak".to_owned()),
        })
    }

    fn failed() -> CallEvent {
        failed_of(EngineKind::Recognizer, "vosk")
    }

    fn failed_of(engine_kind: EngineKind, engine: &str) -> CallEvent {
        CallEvent::EngineFailed(EngineFailedFact {
            leg: 1,
            node: "a".to_owned(),
            engine_kind,
            engine: engine.to_owned(),
            class: "late".to_owned(),
            answer_by: AnswerChannel::Keypress,
        })
    }

    fn ended() -> CallEvent {
        CallEvent::Ended {
            disposition: Disposition::Answered,
            disposition_version: 1,
            outcome: None,
            talk_ms: 1,
            charged: true,
            reason: EndReason::FlowEnded,
            sip_code: None,
            reason_header: None,
            q850: None,
            late_answer: false,
            recording_sha256: None,
            recording_bytes: None,
            cause: None,
            recording_ms: None,
            callee_audio_from_ms: None,
        }
    }

    #[test]
    fn an_engine_is_as_its_last_calls_were_and_a_call_counts_once() {
        let mut engines = Engines::default();
        engines.take(call(0), &ended(), NOW);
        assert_eq!(engines.shown(), [], "no call has used it yet");
        for event in [heard(), failed(), failed()] {
            engines.take(call(1), &event, NOW);
        }
        assert_eq!(engines.shown(), [], "the call is not over");
        engines.take(call(1), &ended(), NOW);
        let shown = engines.shown().remove(0);
        assert_eq!((shown.calls, shown.failed_calls, shown.failed_last), (1, 1, true));
        assert_eq!(shown.last_failure.as_deref(), Some("late"));
        for number in 2..22 {
            engines.take(call(number), &heard(), NOW);
            engines.take(call(number), &ended(), NOW);
        }
        let shown = engines.shown().remove(0);
        assert_eq!(
            (shown.calls, shown.failed_calls),
            (20, 0),
            "the first is out of sight"
        );
        engines.forget_before(NOW.plus_ms(1));
        assert_eq!(engines.shown(), []);
    }

    #[test]
    fn a_call_in_which_an_engine_spoke_counts_for_it_too() {
        let mut engines = Engines::default();
        for number in 0..4 {
            engines.take(call(number), &said(), NOW);
            engines.take(call(number), &ended(), NOW);
        }
        for event in [
            said(),
            failed_of(EngineKind::Synthesizer, "espeak"),
            said(),
            ended(),
        ] {
            engines.take(call(4), &event, NOW);
        }
        let shown = engines.shown().remove(0);
        let EngineFigures {
            engine_kind,
            calls,
            failed_calls,
            ..
        } = shown;
        assert_eq!(
            (engine_kind, calls, failed_calls),
            (EngineKind::Synthesizer, 5, 1)
        );
    }

    #[test]
    fn a_call_by_keys_in_which_a_notice_was_heard_counts_for_the_voice() {
        let noticed = || CallEvent::NoticePlayed {
            leg: 1,
            notice: domain::call::event::Notice::Recording,
            recorded_ms: Some(1),
        };
        let mut engines = Engines::default();
        for number in 0..3 {
            engines.take(call(number), &noticed(), NOW);
            engines.take(call(number), &ended(), NOW);
        }
        assert_eq!(engines.shown(), [], "no voice is known by name");
        let failure = failed_of(EngineKind::Synthesizer, "espeak");
        for event in [noticed(), failure, ended()] {
            engines.take(call(3), &event, NOW);
        }
        engines.take(call(4), &noticed(), NOW);
        engines.take(call(4), &ended(), NOW);
        let shown = engines.shown().remove(0);
        assert_eq!(
            (shown.calls, shown.failed_calls, shown.failed_last),
            (5, 1, false)
        );
    }
}
