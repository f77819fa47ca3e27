//! The parser of a knowledge file. It reads row by row: good rows become the content, bad rows are listed
//! with their place and fault.

use super::content::{Fact, KnowledgeContent, KnownAnswer, Objection, Thresholds};
use super::placeholder::{PlaceholderFault, check, is_name, split_entity_selector};
use serde::de::DeserializeOwned;
use serde_json::{Map, Value};
use std::collections::BTreeMap;
use values::fabe::Fabe;
use values::ids::KnowledgeId;
use values::yaml;

/// Largest knowledge file, in bytes; a larger one is refused. About four times the limit of a content, to
/// allow for comments and blanks.
pub const FILE_BYTES_MAX: usize = 256 * 1024;

/// Most bad rows of a file that are listed; all are counted.
pub const ROW_FAULTS_LISTED_MAX: usize = 100;

/// Longest spoken text, in characters; a row with a longer one is bad. The same limit as in a flow.
const TEXT_CHARS_MAX: usize = 500;
/// Longest question, wording or fact value, in characters; a row with a longer one is bad.
const VARIANT_CHARS_MAX: usize = 100;
/// Most further wordings of one question or objection; a row with more is bad.
const VARIANTS_MAX: usize = 50;
/// Most tags of one answer.
const TAGS_MAX: usize = 10;

/// The permitted members of a knowledge file.
const MEMBERS: [&str; 6] = [
    "knowledge",
    "lang",
    "thresholds",
    "answers",
    "objections",
    "facts",
];

/// The result of reading a knowledge file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct KnowledgeFile {
    pub knowledge: KnowledgeId,
    /// The good rows.
    pub content: KnowledgeContent,
    /// The first `ROW_FAULTS_LISTED_MAX` bad rows.
    pub faults: Vec<RowFault>,
    pub faults_count: u32,
}

/// Why a knowledge file is refused as a whole.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum FileFault {
    #[error("the file has {bytes} bytes, more than {FILE_BYTES_MAX}")]
    TooLarge { bytes: usize },
    #[error("not YAML: {why}")]
    NotYaml { why: String },
    #[error("{member}: {why}")]
    Member { member: String, why: String },
    #[error("it has no valid rows")]
    NothingGood,
}

/// One bad row of a knowledge file: its place and its fault.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize, schemars::JsonSchema)]
pub struct RowFault {
    #[schemars(example = &"answers[3]")]
    pub place: String,
    #[schemars(example = &"its id is used already")]
    pub what: String,
}

impl KnowledgeFile {
    /// Reads a knowledge file in YAML or JSON: good rows become the content, bad ones are listed. Fails as
    /// `yaml_value` and `from_value` do.
    pub fn from_yaml(text: &str) -> Result<Self, FileFault> {
        Self::from_value(&Self::yaml_value(text)?)
    }

    /// Parses a YAML or JSON file to JSON, without interpreting it. Fails if it is larger than
    /// `FILE_BYTES_MAX` or is not YAML.
    pub fn yaml_value(text: &str) -> Result<Value, FileFault> {
        if text.len() > FILE_BYTES_MAX {
            return Err(FileFault::TooLarge { bytes: text.len() });
        }
        let not_yaml = |why: String| FileFault::NotYaml { why };
        yaml::value(text).map_err(|error| not_yaml(error.to_string()))
    }

    /// Reads a knowledge file from JSON, row by row. Fails if a member is missing, unknown or wrong, or if
    /// no answer and no objection is good.
    pub fn from_value(value: &Value) -> Result<Self, FileFault> {
        let member = |member: &str, why: String| FileFault::Member {
            member: member.to_owned(),
            why,
        };
        let Value::Object(members) = value else {
            return Err(member("knowledge", "is missing: the file is no map".to_owned()));
        };
        if let Some(unknown) = members.keys().find(|name| !MEMBERS.contains(&name.as_str())) {
            return Err(member(unknown, "is not a member of a knowledge file".to_owned()));
        }
        let knowledge = part::<KnowledgeId>(members, "knowledge")?;
        let knowledge = knowledge.ok_or_else(|| member("knowledge", "is missing".to_owned()))?;
        let lang = part::<String>(members, "lang")?.unwrap_or_else(|| "zh-CN".to_owned());
        let thresholds = part::<Thresholds>(members, "thresholds")?.unwrap_or_default();
        let Thresholds {
            accept_permille: accept,
            confirm_permille: confirm,
        } = thresholds;
        if !(1..=accept).contains(&confirm) || accept > 1_000 {
            let why =
                "confirm_permille must be 1 to accept_permille, and accept_permille at most 1000".to_owned();
            return Err(member("thresholds", why));
        }
        let mut reading = FileParser::default();
        let facts = reading.rows(members, "facts", FileParser::fact)?;
        reading.known = facts;
        let answers = reading.rows(members, "answers", FileParser::answer)?;
        let objections = reading.rows(members, "objections", FileParser::objection)?;
        if answers.is_empty() && objections.is_empty() {
            return Err(FileFault::NothingGood);
        }
        Ok(Self {
            knowledge,
            content: KnowledgeContent {
                lang,
                thresholds,
                answers,
                objections,
                facts: reading.known,
            },
            faults: reading.faults,
            faults_count: reading.faults_count,
        })
    }
}

fn part<T: DeserializeOwned>(members: &Map<String, Value>, name: &str) -> Result<Option<T>, FileFault> {
    let Some(value) = members.get(name) else {
        return Ok(None);
    };
    let read = serde_json::from_value(value.clone()).map(Some);
    read.map_err(|error| FileFault::Member {
        member: name.to_owned(),
        why: error.to_string(),
    })
}

/// What was read of the file so far; later rows are checked against it.
#[derive(Debug, Default)]
struct FileParser {
    known: Vec<Fact>,
    /// Id of the row, by normalized wording.
    wordings: BTreeMap<String, String>,
    ids: Vec<String>,
    /// Entity and attribute of each fact read.
    fact_keys: Vec<(String, String)>,
    faults: Vec<RowFault>,
    faults_count: u32,
}

impl FileParser {
    fn rows<T: DeserializeOwned>(
        &mut self,
        members: &Map<String, Value>,
        name: &str,
        good: fn(&mut Self, &T) -> Result<(), String>,
    ) -> Result<Vec<T>, FileFault> {
        let rows = match members.get(name) {
            None => return Ok(Vec::new()),
            Some(Value::Array(rows)) => rows,
            Some(_) => {
                return Err(FileFault::Member {
                    member: name.to_owned(),
                    why: "is not a list".to_owned(),
                });
            }
        };
        let mut kept = Vec::with_capacity(rows.len());
        for (place, row) in rows.iter().enumerate() {
            let read = serde_json::from_value::<T>(row.clone()).map_err(|error| error.to_string());
            match read.and_then(|row| good(self, &row).map(|()| row)) {
                Ok(row) => kept.push(row),
                Err(what) => self.note(format!("{name}[{place}]"), what),
            }
        }
        Ok(kept)
    }

    fn note(&mut self, place: String, what: String) {
        self.faults_count = self.faults_count.saturating_add(1);
        if self.faults.len() < ROW_FAULTS_LISTED_MAX {
            self.faults.push(RowFault { place, what });
        }
    }

    fn fact(&mut self, fact: &Fact) -> Result<(), String> {
        let entity = split_entity_selector(&fact.entity).map_or(fact.entity.as_str(), |(of, _)| of);
        if !is_name(entity) || !is_name(&fact.attribute) {
            return Err(
                "entity and attribute have letters, digits and _; one of several is entity[value]".into(),
            );
        }
        short("value", &fact.value, VARIANT_CHARS_MAX)?;
        let key = (fact.entity.clone(), fact.attribute.clone());
        if self.fact_keys.contains(&key) {
            return Err("has the entity and attribute of an earlier fact".into());
        }
        self.fact_keys.push(key);
        Ok(())
    }

    fn answer(&mut self, answer: &KnownAnswer) -> Result<(), String> {
        short("question", &answer.question, VARIANT_CHARS_MAX)?;
        self.said(&answer.answer)?;
        if answer.tags.len() > TAGS_MAX {
            return Err(format!("has more than {TAGS_MAX} tags"));
        }
        if let (Some(from), Some(until)) = (answer.effective_from, answer.effective_until)
            && until < from
        {
            return Err(format!("effective_until {until} is before effective_from {from}"));
        }
        let asked = std::iter::once(&answer.question).chain(&answer.variants);
        self.take(&answer.id, asked)
    }

    fn objection(&mut self, objection: &Objection) -> Result<(), String> {
        if objection.variants.is_empty() {
            return Err("has no variants".into());
        }
        let Fabe {
            feature,
            advantage,
            benefit,
            evidence,
        } = &objection.fabe;
        for (name, part) in [
            ("feature", feature),
            ("advantage", advantage),
            ("benefit", benefit),
            ("evidence", evidence),
        ] {
            short(&format!("fabe.{name}"), part, VARIANT_CHARS_MAX)?;
            check(part, &self.known).map_err(describe_fault)?;
        }
        if let Some(answer) = &objection.answer {
            self.said(answer)?;
        }
        self.take(&objection.id, objection.variants.iter())
    }

    fn said(&self, text: &str) -> Result<(), String> {
        short("answer", text, TEXT_CHARS_MAX)?;
        check(text, &self.known).map_err(describe_fault)
    }

    /// Registers a row's id and wordings; fails if one of them is used by an earlier row, because the same
    /// wording in two rows would have two answers.
    fn take<'a>(&mut self, id: &str, wordings: impl Iterator<Item = &'a String>) -> Result<(), String> {
        if !is_name(id) {
            return Err("its id must have 1 to 64 letters, digits and _".into());
        }
        if self.ids.iter().any(|known| known == id) {
            return Err("its id is used already".into());
        }
        let mut own = Vec::new();
        for (place, wording) in wordings.enumerate() {
            if place > VARIANTS_MAX {
                return Err(format!("has more than {VARIANTS_MAX} variants"));
            }
            short("a variant", wording, VARIANT_CHARS_MAX)?;
            let bare = bare(wording);
            if let Some(other) = self.wordings.get(&bare) {
                return Err(format!("{wording:?} is already a wording of {other:?}"));
            }
            own.push(bare);
        }
        self.ids.push(id.to_owned());
        self.wordings
            .extend(own.into_iter().map(|wording| (wording, id.to_owned())));
        Ok(())
    }
}

fn describe_fault(fault: PlaceholderFault) -> String {
    fault.to_string()
}

fn short(name: &str, text: &str, chars_max: usize) -> Result<(), String> {
    if text.trim().is_empty() {
        return Err(format!("{name} is empty"));
    }
    if text.chars().count() > chars_max {
        return Err(format!("{name} has more than {chars_max} characters"));
    }
    Ok(())
}

/// Returns only the letters and digits of a text, in lower case.
fn bare(text: &str) -> String {
    let kept = text.chars().filter(|one| one.is_alphanumeric());
    kept.flat_map(char::to_lowercase).collect()
}
