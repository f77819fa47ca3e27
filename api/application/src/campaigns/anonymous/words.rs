//! Makes the words of one call or conversation anonymous: pieces between punctuation marks, without
//! anything that is known of the customer or may identify them, without fillers, each once and in
//! alphabetical order.
//!
//! The call's events state openly when and after what something was said, and how long and how many the
//! utterances were. If a copy contained this too, the two could be matched (decision 0142).

use crate::installation::Installation;
use domain::anonymous_transcript::ANONYMOUS_WORDS_BYTES_MAX;
use domain::attribute::AttributeValue;
use domain::call::Call;
use domain::call::event::CallEvent;
use domain::conversation::{Conversation, ConversationEvent};
use domain::customer::CustomerState;
use domain::decider::Decider;
use domain::ids::CustomerId;
use domain::personal::Personal;
use domain::ports::vault::{PersonKey, key_to_read};
use domain::problem::Problem;
use domain::spoken_turn::UnderstandingFact;
use domain::stored_event::{StoredEvent, read_opened_event};
use domain::time::Timestamp;
use domain::transcript::TranscriptParent;
use std::collections::BTreeSet;
use understanding::redaction::{KnownValues, cover};

/// The sealed text is padded to a multiple of this many bytes, so that its length does not identify a call.
const STEP_BYTES: usize = 2_048;

/// Longest piece kept, in characters. A very long one could be recognized by its length.
const PIECE_CHARS_MAX: usize = 40;

/// Fewest characters of a piece without fillers.
const PIECE_CHARS_MIN: usize = 2;

/// A numeric attribute of a customer with this value or more may identify the customer and is masked.
const COUNT_MAX: f64 = 100.0;

/// Filler characters, and the asterisk of masked text.
const FILLERS: &str = "嗯啊哦呃哎唉欸诶喂呀*";

/// Returns the words of a call or conversation that may be kept, padded. `None` if the transcript cannot be
/// read or nothing may be kept.
pub(super) async fn words(
    installation: &Installation,
    of: TranscriptParent,
    customer: &CustomerId,
) -> Result<Option<String>, Problem> {
    let Some(key) = key_to_read(installation.vault(), customer, of).await? else {
        return Ok(None);
    };
    let mut said = UtteranceTexts::of(known_of(installation, customer).await?);
    match of {
        TranscriptParent::Call(call) => {
            for event in opened::<Call>(installation, &call, &key).await? {
                if let CallEvent::Heard(heard) = &event {
                    said.texts.extend(clear(&heard.text));
                } else if let CallEvent::Understood(fact) = &event {
                    said.understand(fact);
                } else if let CallEvent::Permitted { callee, .. } = &event {
                    clear(callee).iter().for_each(|phone| said.known.add_phone(phone));
                }
            }
        }
        TranscriptParent::Conversation(conversation) => {
            for event in opened::<Conversation>(installation, &conversation, &key).await? {
                if let ConversationEvent::Heard(heard) = &event {
                    said.texts.extend(clear(&heard.text).filter(|_| !heard.as_key));
                } else if let ConversationEvent::Understood(fact) = &event {
                    said.understand(fact);
                } else if let ConversationEvent::Opened(opened) = &event {
                    let values = opened.variables.values().filter_map(clear);
                    values.for_each(|value| said.known.add(&value));
                }
            }
        }
    }
    filled(pieces(&said.texts, &said.known))
}

/// The utterances of a transcript, and what is known of the customer.
struct UtteranceTexts {
    known: KnownValues,
    texts: Vec<String>,
    /// Number of texts that belong to earlier turns.
    before_turn: usize,
}

impl UtteranceTexts {
    const fn of(known: KnownValues) -> Self {
        Self {
            known,
            texts: Vec::new(),
            before_turn: 0,
        }
    }

    /// Adds the values that the flow took from a turn to the known values of the customer. If a value is
    /// text and not a number, the turn is removed: it may be a name or an address.
    fn understand(&mut self, fact: &UnderstandingFact) {
        for value in fact.slots.values().filter_map(clear) {
            self.known.add(&value);
            if is_of_words(&value) {
                self.known.add_answer(&value);
                self.texts.truncate(self.before_turn);
            }
        }
        self.before_turn = self.texts.len();
    }
}

/// Returns true if the value is neither a number nor an instant, but free text.
fn is_of_words(value: &str) -> bool {
    let is_of_number = |found: char| found.is_ascii_digit() || matches!(found, '-' | '+' | '.');
    !value.chars().all(is_of_number) && value.parse::<Timestamp>().is_err()
}

fn clear(value: &Personal<String>) -> Option<String> {
    value.value().cloned()
}

/// Returns all events of an entity's stream with their personal values decrypted.
async fn opened<D: Decider>(
    installation: &Installation,
    id: &D::Id,
    key: &PersonKey,
) -> Result<Vec<D::Event>, Problem> {
    let stored = installation.store().read_whole_stream(&D::stream(id)).await?;
    let open = |stored: &StoredEvent| -> Result<D::Event, Problem> {
        let envelope = stored
            .envelope()
            .map_err(|error| Problem::fault(error.to_string()))?;
        Ok(read_opened_event::<D>(
            &envelope,
            installation.vault(),
            Some(key),
        )?)
    };
    stored.iter().map(open).collect()
}

/// Returns all values that this installation stores about a customer, in all campaigns, to mask them.
async fn known_of(installation: &Installation, customer: &CustomerId) -> Result<KnownValues, Problem> {
    let person = installation.entities.customers.state(customer).await?.state;
    Ok(known_in(&person))
}

fn known_in(person: &CustomerState) -> KnownValues {
    let mut known = KnownValues::default();
    if let Some(name) = person.name().and_then(Personal::value) {
        known.add_name(name);
    }
    if let Some(id) = person.external_id().and_then(Personal::value) {
        known.add(id);
    }
    for number in person.numbers() {
        if let Some(phone) = number.phone.value() {
            known.add_phone(phone);
        }
    }
    for (_, enrolment) in person.enrolments().iter() {
        for (name, value) in enrolment.variables.iter() {
            match value.value() {
                Some(value) if name.contains("name") => known.add_name(value),
                Some(value) => known.add(value),
                None => {}
            }
        }
    }
    if let Some(profile) = person.profile() {
        // A small count does not identify a customer.
        let is_count = |written: &String| written.parse::<f64>().is_ok_and(|count| count < COUNT_MAX);
        let values = profile.values().values().map(AttributeValue::written);
        values
            .filter(|value| !is_count(value))
            .for_each(|value| known.add(&value));
        profile.tag_names().for_each(|tag| known.add(tag));
    }
    known
}

/// Returns the pieces of the texts between punctuation marks, with known values masked, each of
/// `PIECE_CHARS_MIN` to `PIECE_CHARS_MAX` characters.
fn pieces(texts: &[String], known: &KnownValues) -> BTreeSet<String> {
    let is_between = |found: char| !(found.is_alphanumeric() || matches!(found, '*' | ' ' | '\'' | '%'));
    let mut pieces = BTreeSet::new();
    for text in texts {
        for piece in cover(text, known).split(is_between) {
            let is_word = |found: &char| found.is_alphanumeric() && !FILLERS.contains(*found);
            if piece.chars().filter(is_word).count() >= PIECE_CHARS_MIN {
                pieces.insert(piece.trim().chars().take(PIECE_CHARS_MAX).collect());
            }
        }
    }
    pieces
}

/// Returns the pieces as they are stored: as many as fit, padded with blanks to a multiple of `STEP_BYTES`.
/// `None` if there is none.
fn filled(mut pieces: BTreeSet<String>) -> Result<Option<String>, Problem> {
    loop {
        if pieces.is_empty() {
            return Ok(None);
        }
        let written = serde_json::to_string(&pieces).map_err(|error| Problem::fault(error.to_string()))?;
        if written.len() <= ANONYMOUS_WORDS_BYTES_MAX {
            let length = written.len().next_multiple_of(STEP_BYTES);
            return Ok(Some(format!(
                "{written:length$}",
                length = blanks_up_to(&written, length)
            )));
        }
        pieces.pop_last();
    }
}

/// Returns the width for `format!`, which counts characters, so that the text has `bytes` bytes.
fn blanks_up_to(written: &str, bytes: usize) -> usize {
    written.chars().count() + bytes.saturating_sub(written.len())
}

#[cfg(test)]
mod tests {
    use super::*;
    use domain::spoken_turn::{Certainty, ReadingSource, SpokenReading, UnderstandingResult};
    use std::collections::BTreeMap;

    fn said(texts: &[&str]) -> Option<String> {
        let texts: Vec<String> = texts.iter().map(|text| (*text).to_owned()).collect();
        let mut known = KnownValues::default();
        known.add_name("欧阳小明");
        filled(pieces(&texts, &known)).unwrap()
    }

    #[test]
    fn pieces_are_kept_once_in_the_order_of_the_alphabet_and_as_long_as_others() {
        let words = said(&["嗯，太贵了。我考虑一下", "我叫欧阳小明，太贵了！", "嗯嗯"]).unwrap();
        assert_eq!(words.trim_end(), r#"["太贵了","我叫*","我考虑一下"]"#);
        assert_eq!(words.len(), STEP_BYTES);
        assert_eq!(said(&["太贵了"]).unwrap().len(), STEP_BYTES);
        assert_eq!(said(&["嗯", "。", "欧阳小明"]), None);
        let long = said(&[&"贵".repeat(900)]).unwrap();
        assert_eq!(long.trim_end().chars().count(), PIECE_CHARS_MAX + 4);
    }

    fn understood(slots: &[(&str, &str)]) -> UnderstandingFact {
        let reading = SpokenReading {
            certainty: Certainty::Accepted,
            read_by: ReadingSource::Rule,
            candidates: Vec::new(),
            accept_permille: None,
            confirm_permille: None,
            knowledge: None,
            picked: None,
        };
        let understood = UnderstandingResult {
            reading,
            slots: slots
                .iter()
                .map(|(name, value)| ((*name).to_owned(), (*value).to_owned()))
                .collect(),
            interest: None,
            opt_out: false,
            answers: BTreeMap::new(),
            emotion: None,
        };
        UnderstandingFact::of("ask".to_owned(), &understood, None)
    }

    #[test]
    fn what_a_flow_took_from_a_turn_is_known_in_all_of_them() {
        let mut said = UtteranceTexts::of(KnownValues::default());
        for (text, slots) in [
            ("王小丽那边太贵了", &[][..]),
            ("我叫王小丽，住学院路", &[("name", "我叫王小丽，住学院路")]),
            ("小丽觉得十八期可以", &[("terms", "18")]),
            ("学院路我考虑一下", &[("street", "学院路")]),
        ] {
            said.texts.push(text.to_owned());
            said.understand(&understood(slots));
        }
        let kept: Vec<String> = pieces(&said.texts, &said.known).into_iter().collect();
        assert_eq!(kept, ["*觉得*可以", "*那边太贵了"]);
    }

    #[test]
    fn more_than_a_record_holds_is_left_out() {
        let texts: Vec<String> = (0..2_000)
            .map(|n| format!("say{} {}", "x".repeat(n % 9), "贵".repeat(n % 37 + 1)))
            .collect();
        let texts: Vec<&str> = texts.iter().map(String::as_str).collect();
        assert!(said(&texts).unwrap().len() <= ANONYMOUS_WORDS_BYTES_MAX);
    }
}
