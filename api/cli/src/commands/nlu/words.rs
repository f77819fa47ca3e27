//! `nlu read` and `nlu say`: finds values in utterances, and writes values as spoken words.

use super::unavailable;
use crate::kit::failure::Failure;
use crate::kit::output;
use chrono::DateTime;
use serde::Deserialize;
use serde_json::{Value, json};
use std::io::{BufRead, BufReader, Read};
use std::path::Path;
use understanding::entities::{CallMoment, find};
use understanding::spoken_values::{Language, SpokenValue};
use understanding::{answers, masking, priority, spoken_values};

/// Longest line read, in bytes: an utterance is a few sentences.
const LINE_BYTES_MAX: u64 = 64 * 1024;

/// A line with an utterance; other members are ignored.
#[derive(Deserialize)]
struct Utterance {
    text: String,
}

pub(super) fn read(file: &Path, at: &str) -> Result<(), Failure> {
    let moment = moment(at)?;
    each_line(file, |line| {
        let Utterance { text } = serde_json::from_str(line).map_err(|error| error.to_string())?;
        Ok(json!({
            "text": text, "masked": masking::mask(&text).text, "entities": find(&text, moment),
            "answer": answers::read(&text), "rule": priority::find_first_rule(&text).map(|rule| rule.priority),
        }))
    })
}

pub(super) fn say(file: &Path, lang: &str) -> Result<(), Failure> {
    let language = match lang {
        "zh" | "zh-CN" => Language::Chinese,
        "en" => Language::English,
        other => return Err(Failure::usage(format!("no language {other}: zh or en"))),
    };
    each_line(file, |line| {
        let value: SpokenValue<'_> = serde_json::from_str(line).map_err(|error| error.to_string())?;
        let said = spoken_values::say(&value, language);
        let said = said.ok_or_else(|| "there is no spoken form of this value".to_owned())?;
        Ok(json!({ "said": said }))
    })
}

fn moment(at: &str) -> Result<CallMoment, Failure> {
    let parsed = DateTime::parse_from_rfc3339(at).map_err(|error| {
        Failure::usage(format!(
            "--at {at}: {error}; for example 2026-03-02T10:00:00+08:00"
        ))
    })?;
    Ok(CallMoment {
        at_ms: parsed.timestamp_millis(),
        zone_minutes: parsed.offset().local_minus_utc() / 60,
    })
}

/// Prints the result of each line. A line that cannot be read is printed with its number and the reason; then
/// the command fails at the end.
fn each_line(file: &Path, made_of: impl Fn(&str) -> Result<Value, String>) -> Result<(), Failure> {
    let opened = std::fs::File::open(file).map_err(|error| unavailable(file, &error))?;
    let mut reader = BufReader::new(opened);
    let mut wrong = 0_u64;
    for number in 1_u64.. {
        let mut line = Vec::new();
        let taken = reader.by_ref().take(LINE_BYTES_MAX).read_until(b'\n', &mut line);
        if taken.map_err(|error| unavailable(file, &error))? == 0 {
            break;
        }
        let text = String::from_utf8_lossy(&line);
        if text.trim().is_empty() {
            continue;
        }
        let said = made_of(&text).unwrap_or_else(|why| {
            wrong += 1;
            json!({ "line": number, "wrong": why })
        });
        output::json(&said)?;
    }
    match wrong {
        0 => Ok(()),
        wrong => Err(Failure::found(format!(
            "{wrong} lines of {} cannot be used; they are listed above",
            file.display()
        ))),
    }
}
