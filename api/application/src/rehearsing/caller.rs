//! Simulated callers of rehearsals (模拟客户): the persona decides what a caller says, presses, and leaves
//! unsaid. Random numbers come from a seed.

use super::phrases::{Phrases, named_values};
use super::random::SplitMix64;
use domain::flow::{AskNode, FlowDefinition, FlowRun};

/// The behavior of a simulated caller in a call.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Persona {
    Agrees,
    AsksTheRate,
    NamesTheTerm,
    ChangesTheirMind,
    Interrupts,
    Swears,
    Silent,
    Busy,
    Noisy,
    PressesKeys,
    Refuses,
    Stranger,
    /// A call in which our own recognizer or synthesizer fails.
    Unlucky,
}

/// The personas and how many of a hundred callers have each.
const SHARES: [(Persona, u64); 13] = [
    (Persona::Agrees, 18),
    (Persona::AsksTheRate, 10),
    (Persona::NamesTheTerm, 10),
    (Persona::ChangesTheirMind, 9),
    (Persona::Interrupts, 8),
    (Persona::Swears, 4),
    (Persona::Silent, 7),
    (Persona::Busy, 6),
    (Persona::Noisy, 7),
    (Persona::PressesKeys, 9),
    (Persona::Refuses, 4),
    (Persona::Stranger, 5),
    (Persona::Unlucky, 3),
];

/// What a caller does in a turn.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Turn {
    Say(String),
    /// Speaks while a prompt is playing.
    Interrupt(String),
    Press(char),
    Nothing,
    /// Says something that cannot be recognized.
    Mumble,
    Fault,
    HangUp,
}

impl Persona {
    /// Returns the persona's name in reports.
    pub const fn code(self) -> &'static str {
        match self {
            Self::Agrees => "agrees",
            Self::AsksTheRate => "asks_the_rate",
            Self::NamesTheTerm => "names_the_term",
            Self::ChangesTheirMind => "changes_their_mind",
            Self::Interrupts => "interrupts",
            Self::Swears => "swears",
            Self::Silent => "silent",
            Self::Busy => "busy",
            Self::Noisy => "noisy",
            Self::PressesKeys => "presses_keys",
            Self::Refuses => "refuses",
            Self::Stranger => "stranger",
            Self::Unlucky => "unlucky",
        }
    }

    pub(super) fn drawn(draw: &mut SplitMix64) -> Self {
        let mut at = draw.below(100);
        for (persona, share) in SHARES {
            match at.checked_sub(share) {
                Some(rest) => at = rest,
                None => return persona,
            }
        }
        Self::Agrees
    }
}

/// One simulated caller in one call.
pub(super) struct Caller<'a> {
    pub(super) persona: Persona,
    phrases: &'a Phrases,
    flow: &'a FlowDefinition,
    draw: SplitMix64,
    asked: u32,
}

impl<'a> Caller<'a> {
    pub(super) const fn new(
        persona: Persona,
        phrases: &'a Phrases,
        flow: &'a FlowDefinition,
        draw: SplitMix64,
    ) -> Self {
        Self {
            persona,
            phrases,
            flow,
            draw,
            asked: 0,
        }
    }

    /// Returns how long the caller waits before answering, in milliseconds, drawn at random.
    pub(super) fn thinks_ms(&mut self) -> u64 {
        300 + self.draw.below(1_500)
    }

    /// Returns what the caller does while a text without a question is played; `None` for listening. Drawn
    /// at random by persona.
    pub(super) fn speaks_into(&mut self) -> Option<Turn> {
        let speaks = match self.persona {
            Persona::Interrupts => 40,
            Persona::Noisy => 20,
            Persona::Unlucky => 10,
            _ => 2,
        };
        if !self.draw.percent(speaks) {
            return None;
        }
        Some(match self.persona {
            Persona::Unlucky => Turn::Fault,
            Persona::Noisy => self.phrases.say("noise", &mut self.draw),
            _ => {
                let intent = self.draw.one(&["who_are_you", "is_robot", "repeat"]).copied();
                self.phrases.say(intent.unwrap_or("repeat"), &mut self.draw)
            }
        })
    }

    /// Returns what the caller does at a question of the flow, by persona and at random.
    pub(super) fn answers(&mut self, run: &FlowRun) -> Turn {
        self.asked = self.asked.saturating_add(1);
        let first = self.asked == 1;
        match self.persona {
            Persona::Silent => Turn::Nothing,
            Persona::Swears => self.phrases.say("swears", &mut self.draw),
            Persona::Refuses if !first => self.phrases.say("refuse_call", &mut self.draw),
            Persona::Stranger if first => {
                let intent = if self.draw.percent(15) {
                    "deceased"
                } else {
                    "wrong_number"
                };
                self.phrases.say(intent, &mut self.draw)
            }
            Persona::Busy if !first => self.phrases.say("busy", &mut self.draw),
            Persona::Unlucky if self.draw.percent(40) => Turn::Fault,
            Persona::Unlucky => Turn::Mumble,
            Persona::Noisy if self.draw.percent(60) => {
                if self.draw.percent(30) {
                    return Turn::Nothing;
                }
                self.phrases.say("noise", &mut self.draw)
            }
            Persona::AsksTheRate if self.draw.percent(50) => {
                let asks = [
                    "ask_fee",
                    "too_expensive",
                    "ask_process",
                    "ask_amount",
                    "early_repay",
                    "slower",
                ];
                let intent = self.draw.one(&asks).copied().unwrap_or("ask_fee");
                self.phrases.say(intent, &mut self.draw)
            }
            Persona::Interrupts if self.draw.percent(50) => match self.plainly(run) {
                Turn::Say(text) => Turn::Interrupt(text),
                other => other,
            },
            Persona::PressesKeys => self.press(run),
            _ if self.asked > 12 => Turn::HangUp,
            _ => self.plainly(run),
        }
    }

    /// Returns a plain answer to the question: a value for a slot without one, one of its intents, or one
    /// of its keys.
    fn plainly(&mut self, run: &FlowRun) -> Turn {
        let Some(ask) = run.asking() else {
            return self.press(run);
        };
        let mind = self.persona == Persona::ChangesTheirMind;
        if let Some(slot) = ask.slots.iter().find(|slot| !run.values().contains_key(*slot)) {
            return self.name(slot);
        }
        let corrects = mind && self.draw.percent(60);
        if let Some(slot) = self.flow.dialogue().slots.keys().next().filter(|_| corrects) {
            let value = self.name(slot);
            return match value {
                Turn::Say(text) if self.phrases.is_chinese() => Turn::Say(format!("不是，是{text}")),
                other => other,
            };
        }
        let keys_bind = !ask.keys.is_empty() && !ask.intents.contains_key("affirm");
        if keys_bind && self.draw.percent(70) {
            return self.press(run);
        }
        let intent = self.intent(ask);
        self.phrases.say(&intent, &mut self.draw)
    }

    /// Returns one of the question's intents: mostly yes. Callers who change their mind, and some others,
    /// use any intent that leads on.
    fn intent(&mut self, ask: &AskNode) -> String {
        let yes = match self.persona {
            Persona::Agrees | Persona::NamesTheTerm => 85,
            Persona::ChangesTheirMind => 50,
            _ => 60,
        };
        let known: Vec<&str> = ask.expected().collect();
        if self.draw.percent(yes) {
            return "affirm".to_owned();
        }
        if self.draw.percent(50) {
            return "deny".to_owned();
        }
        let anywhere: Vec<&str> = self.flow.dialogue().intents.keys().map(String::as_str).collect();
        let list = if self.draw.percent(50) || known.is_empty() {
            &anywhere
        } else {
            &known
        };
        self.draw.one(list).map_or("affirm", |one| *one).to_owned()
    }

    /// Returns words that name a value of a slot, sometimes a wrong one.
    fn name(&mut self, slot: &str) -> Turn {
        let Some(slot) = self.flow.dialogue().slots.get(slot) else {
            return Turn::Mumble;
        };
        let wrong = self.draw.percent(8);
        let option = self.draw.one(&slot.options).filter(|_| !wrong).cloned();
        let number = option.unwrap_or_else(|| (self.draw.below(9) + 1).to_string());
        let values = named_values(slot.kind, &number, self.phrases.is_chinese());
        // A number is drawn only if there is a choice, so that equal seeds still produce the same calls as
        // before.
        let value = match values.as_slice() {
            [only] => Some(only),
            several => self.draw.one(several),
        };
        value.cloned().map_or(Turn::Mumble, Turn::Say)
    }

    /// Returns a key: mostly one that the node accepts. If the node accepts none, words or nothing.
    fn press(&mut self, run: &FlowRun) -> Turn {
        let keys = run.keys();
        if keys.is_empty() {
            return match run.asking() {
                Some(ask) => {
                    let intent = self.intent(ask);
                    self.phrases.say(&intent, &mut self.draw)
                }
                None => Turn::Nothing,
            };
        }
        if self.draw.percent(6) {
            return Turn::Press('8');
        }
        if self.draw.percent(8) {
            return Turn::Nothing;
        }
        // The first key usually means agreement.
        let first = keys.first().copied().filter(|_| self.draw.percent(45));
        first
            .or_else(|| self.draw.one(&keys).copied())
            .map_or(Turn::Nothing, Turn::Press)
    }
}
