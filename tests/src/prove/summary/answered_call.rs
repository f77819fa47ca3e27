//! Reads what the stored events of one call contain, from their JSON alone: no code of the product is used.

use crate::history::member;
use serde_json::{Value, json};
use std::collections::BTreeSet;

/// One answered call that has ended.
pub(super) struct AnsweredCallFacts {
    pub(super) ended_at: String,
    /// The id of `call.ended`.
    pub(super) ended_id: Value,
    end: Value,
    version: Value,
    position: u64,
    kinds: Vec<String>,
    tags: BTreeSet<&'static str>,
    /// The accepted intents.
    intents: BTreeSet<String>,
    models: BTreeSet<String>,
    interest: Option<String>,
    /// The rule and intent of the last decision that moved the call.
    moved_by: Option<(String, Option<String>)>,
    flow: Value,
}

/// Reads the events of a call; `None` if it was not answered.
pub(super) fn read(events: &[&Value]) -> Option<AnsweredCallFacts> {
    let is = |event: &&&Value, kind: &str| member(event, "/type") == kind;
    let at = events.iter().position(|event| is(&event, "call.ended"))?;
    let upto = events.get(..=at)?;
    upto.iter().find(|event| is(event, "call.answered"))?;
    let end = *upto.last()?;
    let permitted = *upto.first()?;
    let mut read = AnsweredCallFacts {
        ended_at: text(end, "/time"),
        ended_id: member(end, "/id").clone(),
        end: member(end, "/data").clone(),
        version: member(end, "/streamversion").clone(),
        position: text(end, "/position").parse().unwrap_or_default(),
        kinds: upto.iter().map(|event| text(event, "/type")).collect(),
        tags: BTreeSet::new(),
        intents: BTreeSet::new(),
        models: BTreeSet::new(),
        interest: None,
        moved_by: None,
        flow: member(permitted, "/data/flow").clone(),
    };
    for (place, event) in upto.iter().enumerate() {
        read.take(event, upto.get(place + 1..).unwrap_or_default());
    }
    Some(read)
}

fn text(of: &Value, pointer: &str) -> String {
    member(of, pointer).as_str().unwrap_or_default().to_owned()
}

impl AnsweredCallFacts {
    pub(super) fn is_spoken(&self) -> bool {
        self.tags.contains("spoken")
    }

    fn take(&mut self, event: &Value, behind: &[&Value]) {
        let data = member(event, "/data");
        let tag = match text(event, "/type").as_str() {
            "call.heard" => "spoken",
            "call.keypressed" => "keyed",
            "call.barged_in" => "barged_in",
            "call.silence_timed_out" => "silent",
            "call.sensitive_word_matched" => "sensitive_word",
            "call.engine_failed" => "engine_failed",
            "call.transfer_requested" => "transferred",
            "call.understood" => return self.understood(data),
            "call.decided" => return self.decided(data, behind),
            _ => return,
        };
        self.tags.insert(tag);
    }

    fn understood(&mut self, data: &Value) {
        self.tags.insert("spoken");
        let certainty = text(data, "/certainty");
        if certainty == "abstained" {
            self.tags.insert("unclear");
        }
        if *member(data, "/opt_out") == true {
            self.tags.insert("opted_out");
        }
        if certainty == "accepted" {
            self.intents
                .extend(member(data, "/intent").as_str().map(str::to_owned));
        }
        self.models
            .extend(member(data, "/model").as_str().map(str::to_owned));
        if let Some(interest) = member(data, "/interest").as_str() {
            self.interest = Some(interest.to_owned());
        }
    }

    /// Applies a decision. It moves the call if a node is entered before the next decision that an act of the
    /// callee caused.
    fn decided(&mut self, data: &Value, behind: &[&Value]) {
        if member(data, "/explanation/corrected")
            .as_array()
            .is_some_and(|all| !all.is_empty())
        {
            self.tags.insert("corrected");
        }
        let input = text(data, "/explanation/input");
        if input == "played" {
            return;
        }
        let next = behind.iter().find(|event| {
            let kind = text(event, "/type");
            let is_act = member(event, "/data/explanation/input") != "played";
            kind == "call.node_entered" || (kind == "call.decided" && is_act)
        });
        if next.is_none_or(|event| text(event, "/type") != "call.node_entered") {
            return;
        }
        let rule = text(data, "/rule");
        let named = rule
            .split(".intents.")
            .nth(1)
            .and_then(|rest| rest.split('.').next());
        let reading = member(data, "/explanation/reading");
        let accepted = (text(reading, "/certainty") == "accepted")
            .then(|| member(reading, "/candidates/0/intent").as_str())
            .flatten();
        let intent = named
            .or(accepted)
            .filter(|_| input == "spoken")
            .map(str::to_owned);
        self.moved_by = Some((rule, intent));
    }

    fn count(&self, kind: &str) -> usize {
        self.kinds.iter().filter(|one| *one == kind).count()
    }

    fn outcome(&self) -> &str {
        member(&self.end, "/outcome").as_str().unwrap_or("")
    }

    fn is_opted_out(&self) -> bool {
        self.tags.contains("opted_out") || self.outcome() == "opted_out"
    }

    fn intent(&self) -> (Value, Value) {
        if self.is_opted_out() {
            return (json!("opt_out"), json!("opt_out"));
        }
        if let Some((rule, Some(intent))) = &self.moved_by {
            return (json!(intent), json!(rule));
        }
        let by_outcome = match self.outcome() {
            "success" => "affirm",
            "declined" => "deny",
            "callback" => "callback",
            "wrong_party" => "wrong_number",
            "transferred" => "transfer_human",
            _ => return (Value::Null, Value::Null),
        };
        (json!(by_outcome), json!("outcome"))
    }

    fn interest(&self) -> Value {
        if !self.is_spoken() {
            return Value::Null;
        }
        let (intent, _) = self.intent();
        let is = |list: &[&str]| intent.as_str().is_some_and(|intent| list.contains(&intent));
        let outcome = self.outcome();
        let refused = self.is_opted_out()
            || is(&["deny", "not_interested", "no_money_need", "refuse_call"])
            || ["declined", "wrong_party"].contains(&outcome);
        let noted = match self.interest.as_deref() {
            Some("低" | "low") => Some("low"),
            Some("中" | "medium") => Some("medium"),
            Some("高" | "high") => Some("high"),
            _ => None,
        };
        let (level, rule) = match noted {
            _ if refused => ("low", "refused"),
            Some(level) => (level, "noted"),
            None if outcome == "success" => ("high", "agreed"),
            None if self.tags.contains("transferred") => ("medium", "asked_for_person"),
            None if outcome == "callback" || is(&["busy", "callback", "consider"]) => ("medium", "later"),
            None if self.intents.iter().any(|intent| intent.starts_with("ask_")) => ("medium", "asked"),
            None => ("low", "nothing_shown"),
        };
        json!({ "level": level, "rule": rule })
    }

    fn follow_up(&self) -> Value {
        let (intent, _) = self.intent();
        let is = |list: &[&str]| intent.as_str().is_some_and(|intent| list.contains(&intent));
        let interest = self.interest();
        let is_low = ["low", ""].contains(&text(&interest, "/level").as_str());
        let disposition = text(&self.end, "/disposition");
        let (action, reason) = if self.is_opted_out() {
            ("do_not_call", "opted_out")
        } else if self.tags.contains("sensitive_word") {
            ("human", "sensitive_word")
        } else if self.intents.contains("complaint") || is(&["complaint"]) {
            ("human", "complained")
        } else if self.tags.contains("transferred") || self.outcome() == "transferred" {
            ("human", "asked_for_person")
        } else {
            match self.outcome() {
                "wrong_party" => ("do_not_call", "wrong_party"),
                "callback" => ("call_back", "asked_for_later"),
                "success" => ("send_message", "agreed"),
                "declined" => ("none", "declined"),
                "failed" => ("call_back", "failed_by_us"),
                "no_response" => ("call_back", "nothing_heard"),
                "hung_up" if is(&["busy", "callback", "consider"]) => ("call_back", "asked_for_later"),
                "hung_up" if !is_low => ("call_back", "hung_up_interested"),
                "hung_up" => ("none", "hung_up"),
                _ if ["machine", "screened", "answered_short"].contains(&disposition.as_str()) => {
                    ("call_back", "not_a_person")
                }
                _ if disposition == "answered" => ("none", "finished"),
                _ => ("call_back", "failed_by_us"),
            }
        };
        json!({ "action": action, "reason": reason })
    }

    /// Returns every member of the summary that the events determine; `null` where it must be absent.
    pub(super) fn members(&self) -> Vec<(&'static str, Value)> {
        let (intent, intent_rule) = self.intent();
        let order = [
            "spoken",
            "keyed",
            "opted_out",
            "transferred",
            "barged_in",
            "silent",
            "unclear",
            "corrected",
            "sensitive_word",
            "engine_failed",
        ];
        let tags: Vec<&str> = order.into_iter().filter(|tag| self.tags.contains(tag)).collect();
        let absent = |is_empty: bool, value: Value| if is_empty { Value::Null } else { value };
        vec![
            ("disposition", member(&self.end, "/disposition").clone()),
            ("outcome", member(&self.end, "/outcome").clone()),
            ("talk_ms", member(&self.end, "/talk_ms").clone()),
            ("ended_at", json!(self.ended_at)),
            ("flow", self.flow.clone()),
            ("intent", intent),
            ("intent_rule", intent_rule),
            ("interest", self.interest()),
            ("follow_up", self.follow_up()),
            ("tags", absent(tags.is_empty(), json!(tags))),
            ("models", absent(self.models.is_empty(), json!(self.models))),
            ("emotion", Value::Null),
            ("made_at_position", json!(self.position)),
            ("made_at_version", self.version.clone()),
            (
                "turns",
                json!({
                    "heard_count": self.count("call.heard"), "understood_count": self.count("call.understood"),
                    "decided_count": self.count("call.decided"), "said_count": self.count("call.said"),
                    "keypress_count": self.count("call.keypressed"),
                    "barge_in_count": self.count("call.barged_in"),
                    "silence_count": self.count("call.silence_timed_out"),
                }),
            ),
        ]
    }
}
