//! Those of the demo's people who speak: who they are, what they say, and the voices they say it with.
//!
//! Only where espeak-ng is installed; the embedded recognizer knows their phrases, and nobody else's.

use crate::demo::customers::DemoCustomer;
use crate::kit::failure::Failure;
use serde_json::{Value, json};
use speech::rehearsal_voices::{COMMANDS, VoicesError, write_voices};
use std::path::{Path, PathBuf};

/// One customer of so many speaks,
const ONE_OF: usize = 5;
/// and not more than this: each kind of person twice.
const SPEAKERS_MAX: usize = 14;

/// What somebody says beside the twelve commands, and how it is said.
const BESIDES: [(&str, &str); 1] = [("你们是骗子", "ni3 men5 shi4 pian4 zi5")];

/// The word that ends a call of the demo.
pub(super) const SENSITIVE: &str = "骗子";

/// A kind of person, and what they do, turn by turn.
struct Persona {
    /// What they do, for whoever reads the folder.
    what: &'static str,
    turns: &'static [Turn],
}

#[derive(Clone, Copy)]
enum Turn {
    Say(&'static str),
    /// So long after the robot has begun to speak.
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

/// The sounds of a demo whose people speak.
#[derive(Debug, Clone)]
pub(super) struct Voices {
    spoken: PathBuf,
    vocabulary: PathBuf,
}

impl Voices {
    /// Those of this directory. They are made when it is new; one that was begun without goes on without.
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
        // Under another name until all are there: a start that is killed here makes them again.
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

    /// The recognizer that knows these phrases, as `--recognizer` takes it.
    pub(super) fn recognizer(&self) -> String {
        format!("template:{}", self.vocabulary.display())
    }

    /// The carrier's profile: the usual mix, and those who speak.
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

/// Who is called by keypad, and who speaks. More customers leave both as they were, and add to them.
pub(super) fn parted(people: Vec<DemoCustomer>) -> (Vec<DemoCustomer>, Vec<DemoCustomer>) {
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

/// The list of those who speak, with what the card instalment asks for; who each is stands in its last
/// column, which no flow reads.
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
        let (others, speakers) = parted(generate(7, 40));
        assert_eq!((others.len(), speakers.len()), (32, 8), "every kind of person");
        let (more_others, more_speakers) = parted(generate(7, 200));
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
