//! The customers of the demo who speak: what they say, and the voices for it.
//!
//! Available only if espeak-ng is installed. The embedded recognizer knows only their phrases.

use crate::demo::customers::DemoCustomer;
use crate::kit::failure::Failure;
use serde_json::{Value, json};
use speech::rehearsal_voices::{COMMANDS, VoicesError, write_voices};
use std::path::{Path, PathBuf};

/// One customer in this many speaks.
const ONE_OF: usize = 5;
/// Most customers who speak: two of each kind.
const SPEAKERS_MAX: usize = 14;

/// Phrases other than the twelve commands, with their pronunciation.
const BESIDES: [(&str, &str); 1] = [("你们是骗子", "ni3 men5 shi4 pian4 zi5")];

/// The sensitive word that ends a call of the demo.
pub(super) const SENSITIVE: &str = "骗子";

/// A kind of customer, and what they do turn by turn.
struct Persona {
    /// Description, written to the list for its readers.
    what: &'static str,
    turns: &'static [Turn],
}

#[derive(Clone, Copy)]
enum Turn {
    Say(&'static str),
    /// Interrupts the robot with a phrase, this many milliseconds after it began to speak.
    Into(&'static str, u64),
    Press(char),
    Nothing,
}

const PERSONAS: [Persona; 7] = [
    Persona {
        what: "agrees",
        turns: &[
            Turn::Say("是的"),
            Turn::Say("可以办理"),
            Turn::Say("三期"),
            Turn::Press('1'),
        ],
    },
    Persona {
        what: "asks what it costs",
        turns: &[
            Turn::Say("是的"),
            Turn::Say("利率太高"),
            Turn::Say("六期"),
            Turn::Press('1'),
        ],
    },
    Persona {
        what: "says three months at once",
        turns: &[Turn::Say("是的"), Turn::Say("三期"), Turn::Press('1')],
    },
    Persona {
        what: "changes their mind",
        turns: &[
            Turn::Say("是的"),
            Turn::Say("三期"),
            Turn::Press('2'),
            Turn::Say("十二期"),
            Turn::Press('1'),
        ],
    },
    Persona {
        what: "interrupts",
        turns: &[Turn::Say("是的"), Turn::Say("六期"), Turn::Into("不需要", 2_500)],
    },
    Persona {
        what: "swears",
        turns: &[Turn::Say("是的"), Turn::Say("你们是骗子")],
    },
    Persona {
        what: "says nothing",
        turns: &[Turn::Nothing],
    },
];

impl Persona {
    fn conversation(&self) -> Vec<Value> {
        let turn = |turn: &Turn| match *turn {
            Turn::Say(text) => json!({"say": text}),
            Turn::Into(text, ms) => json!({"say": text, "interrupt_after_ms": ms}),
            Turn::Press(digit) => json!({"press": digit}),
            Turn::Nothing => json!({}),
        };
        self.turns.iter().map(turn).collect()
    }
}

/// Folders of the demo's voices and of the recognizer's vocabulary.
#[derive(Debug, Clone)]
pub(super) struct Voices {
    spoken: PathBuf,
    vocabulary: PathBuf,
}

impl Voices {
    /// Returns the voices of this directory. They are made for a new one; a demo that was started without
    /// voices continues without.
    pub(super) fn of(rehearsal: &Path, is_new: bool) -> Result<Option<Self>, Failure> {
        let voices = Self {
            spoken: rehearsal.join("voices"),
            vocabulary: rehearsal.join("vocabulary"),
        };
        if voices.vocabulary.exists() {
            return Ok(Some(voices));
        }
        if !is_new {
            return Ok(None);
        }
        // Under another name until complete: if the start is killed here, the next one makes them again.
        let begun = rehearsal.join("vocabulary.begun");
        for folder in [&voices.spoken, &begun] {
            std::fs::create_dir_all(folder)?;
        }
        let phrases: Vec<(&str, &str)> = COMMANDS.into_iter().chain(BESIDES).collect();
        match write_voices(&phrases, &voices.spoken, &begun) {
            Ok(()) => {}
            Err(VoicesError::NoEspeak) => return Ok(None),
            Err(error @ VoicesError::File { .. }) => return Err(Failure::unavailable(error.to_string())),
        }
        std::fs::rename(&begun, &voices.vocabulary)?;
        Ok(Some(voices))
    }

    /// Returns the SPEC of the recognizer that knows these phrases, as for `--recognizer`.
    pub(super) fn recognizer(&self) -> String {
        format!("template:{}", self.vocabulary.display())
    }

    /// Returns the carrier's profile: the usual mix of customers, and those who speak.
    pub(super) fn profile(&self, speakers: &[DemoCustomer]) -> String {
        let conversations: Vec<Vec<Value>> = PERSONAS.iter().map(Persona::conversation).collect();
        let numbers: serde_json::Map<String, Value> = speakers
            .iter()
            .enumerate()
            .map(|(place, one)| (format!("86{}", one.phone), json!(place % PERSONAS.len())))
            .collect();
        json!({"voices": self.spoken, "conversations": conversations, "speakers": numbers}).to_string()
    }
}

/// Splits the customers into those who press keys and those who speak. A larger count keeps both groups and
/// adds to them.
pub(super) fn split_by_speech(people: Vec<DemoCustomer>) -> (Vec<DemoCustomer>, Vec<DemoCustomer>) {
    let mut speakers = Vec::new();
    let mut others = Vec::new();
    for (place, one) in people.into_iter().enumerate() {
        if place % ONE_OF == ONE_OF - 1 && speakers.len() < SPEAKERS_MAX {
            speakers.push(one);
        } else {
            others.push(one);
        }
    }
    (others, speakers)
}

/// Returns the list of the customers who speak, with the variables of the card instalment flow. The last
/// column names the kind of customer; no flow reads it.
pub(super) fn to_csv(speakers: &[DemoCustomer]) -> String {
    let mut text = "客户ID,手机号,姓名,bank_name,card_tail,amount,fee_text,persona\n".to_owned();
    for (place, one) in speakers.iter().enumerate() {
        let persona = PERSONAS.get(place % PERSONAS.len());
        let tail = one.account.trim_start_matches("尾号");
        text.push_str(&format!(
            "{},{},{},示例银行,{tail},{},年化百分之十二,{}\n",
            one.customer_id,
            one.phone,
            one.name,
            one.days * 500,
            persona.map_or("", |persona| persona.what),
        ));
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::demo::customers::generate;

    #[test]
    fn more_customers_leave_those_before_as_they_were() {
        let (others, speakers) = split_by_speech(generate(7, 40));
        assert_eq!((others.len(), speakers.len()), (32, 8), "every kind of person");
        let (more_others, more_speakers) = split_by_speech(generate(7, 200));
        assert_eq!((more_others.len(), more_speakers.len()), (186, SPEAKERS_MAX));
        assert!(more_others.starts_with(&others) && more_speakers.starts_with(&speakers));
    }

    #[test]
    fn whatever_is_said_has_a_sound_and_a_sensitive_word_is_said() {
        let known = |text: &str| COMMANDS.iter().chain(&BESIDES).any(|(known, _)| *known == text);
        let said = || {
            PERSONAS
                .iter()
                .flat_map(|persona| persona.turns)
                .filter_map(|turn| match turn {
                    Turn::Say(text) | Turn::Into(text, _) => Some(*text),
                    Turn::Press(_) | Turn::Nothing => None,
                })
        };
        assert!(said().all(known));
        assert!(said().any(|text| text.contains(SENSITIVE)));
    }
}
