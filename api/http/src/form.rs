//! A list sent as a form (`multipart/form-data`, RFC 7578): some short fields and one file, whose bytes are
//! handed on as they come.
//!
//! The parser reads ahead only while it looks for the end of a part's head or for a boundary; what it has
//! taken and not handed on is counted, so that a head without an end is no way to fill the memory.

use crate::body::Body;
use crate::endpoint::Input;
use crate::uploads::Pieces;
use async_trait::async_trait;
use bytes::Bytes;
use domain::ids::CampaignId;
use domain::problem::{Kind, MemberError, Problem};
use futures_util::stream::{self, Stream};
use intake::table::HiddenRows;
use multer::{Constraints, Field, Multipart, SizeLimit, parse_boundary};
use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde_json::{Value, json};
use std::borrow::Cow;
use std::collections::BTreeMap;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

/// The name of the part that is the file.
pub(crate) const FILE: &str = "file";

/// Longest field besides the file: a mapping of a hundred columns.
const FIELD_BYTES_MAX: u64 = 8 * 1024;

/// Most bytes that are taken and not handed on: a piece of a connection, several times.
const AHEAD_BYTES_MAX: usize = 4 * 1024 * 1024;

/// How the text of a file may be encoded.
pub(crate) const ENCODINGS: &[&str] = intake::encoding::CODES;

/// Names of the fields that say how a file is read.
pub(crate) const READING: [&str; 4] = ["encoding", "sheet", "hidden_rows", "header_row"];

/// The fields of a form, by name.
pub(crate) type Fields = BTreeMap<&'static str, String>;

/// A form that is being read.
pub(crate) struct Form {
    parts: Multipart<'static>,
    /// The fields that the route reads besides the file.
    known: &'static [&'static str],
    fields: Fields,
    ahead: Arc<AtomicUsize>,
}

/// The file of a form, while it comes.
pub(crate) struct FilePart {
    field: Field<'static>,
    ahead: Arc<AtomicUsize>,
}

impl Form {
    /// The form that a request sends; `None` where it sends something else.
    pub(crate) fn of(input: &mut Input, known: &'static [&'static str]) -> Result<Option<Self>, Problem> {
        if !input.is_multipart() {
            return Ok(None);
        }
        let kind = input.header("content-type").unwrap_or_default();
        let boundary = parse_boundary(kind).map_err(|error| {
            Problem::new(
                Kind::WrongMediaType,
                "send-the-file-itself",
                format!(
                    "{error}: send the file as the request body or as the part {FILE} of multipart/form-data"
                ),
            )
        })?;
        Ok(Some(Self::new(input.take_body(), boundary, known)))
    }

    pub(crate) fn new(body: Body, boundary: String, known: &'static [&'static str]) -> Self {
        let ahead = Arc::new(AtomicUsize::new(0));
        let sizes = SizeLimit::new()
            .per_field(FIELD_BYTES_MAX)
            .for_field(FILE, u64::MAX);
        let constraints = Constraints::new().size_limit(sizes);
        let counted = counted(body, Arc::clone(&ahead));
        Self {
            parts: Multipart::with_constraints(counted, boundary, constraints),
            known,
            fields: BTreeMap::new(),
            ahead,
        }
    }

    /// The file, with the name that the sender gave it. It is to be read to its end before `fields` is asked.
    pub(crate) async fn file(&mut self) -> Result<(FilePart, Option<String>), Problem> {
        let Some(field) = self.next_file().await? else {
            return Err(wrong(FILE, "is missing: send the list as this part"));
        };
        let name = field.file_name().map(str::to_owned);
        let ahead = Arc::clone(&self.ahead);
        Ok((FilePart { field, ahead }, name))
    }

    /// The fields, when the file was read: those before it and those behind it.
    pub(crate) async fn fields(mut self) -> Result<Fields, Problem> {
        match self.next_file().await? {
            None => Ok(self.fields),
            Some(_) => Err(wrong(FILE, "is there twice: send one list at a time")),
        }
    }

    /// Reads fields up to the next file.
    async fn next_file(&mut self) -> Result<Option<Field<'static>>, Problem> {
        while let Some(field) = self.parts.next_field().await.map_err(broken)? {
            let name = field.name().unwrap_or_default().to_owned();
            if name == FILE {
                return Ok(Some(field));
            }
            let Some(known) = self.known.iter().find(|known| **known == name) else {
                let takes = self.known.join(", ");
                return Err(wrong(
                    &name,
                    &format!("is no part that is read here; there are {FILE}, {takes}"),
                ));
            };
            let text = field.text().await.map_err(broken)?;
            self.ahead.store(0, Ordering::Relaxed);
            if self.fields.insert(known, text).is_some() {
                return Err(wrong(known, "is there twice"));
            }
        }
        Ok(None)
    }
}

#[async_trait]
impl Pieces for FilePart {
    async fn piece(&mut self) -> Result<Option<Bytes>, Problem> {
        let piece = self.field.chunk().await.map_err(broken)?;
        self.ahead.store(0, Ordering::Relaxed);
        Ok(piece)
    }
}

/// A body's pieces, one for each time the parser is polled, as long as it hands on what it takes.
fn counted(body: Body, ahead: Arc<AtomicUsize>) -> impl Stream<Item = Result<Bytes, Problem>> + Send {
    stream::unfold(Some((body, ahead)), |state| async move {
        let (mut body, ahead) = state?;
        // The parser takes all that is ready before it looks at any of it.
        tokio::task::yield_now().await;
        match body.piece().await {
            Ok(None) => None,
            Err(problem) => Some((Err(problem), None)),
            Ok(Some(piece)) => {
                let taken = ahead
                    .fetch_add(piece.len(), Ordering::Relaxed)
                    .saturating_add(piece.len());
                if taken > AHEAD_BYTES_MAX {
                    return Some((Err(too_large("the head of a part")), None));
                }
                Some((Ok(piece), Some((body, ahead))))
            }
        }
    })
}

/// What the parser says of a form that it cannot read.
fn broken(error: multer::Error) -> Problem {
    match error {
        multer::Error::FieldSizeExceeded { field_name, .. } => {
            too_large(&format!("the part {:?}", field_name.unwrap_or_default()))
        }
        multer::Error::StreamReadFailed(cause) => match cause.downcast::<Problem>() {
            Ok(problem) => *problem,
            Err(cause) => Problem::invalid("body-broken", cause.to_string()),
        },
        other => Problem::invalid("form-invalid", format!("the form cannot be read: {other}")),
    }
}

fn too_large(what: &str) -> Problem {
    let detail = format!("{what} is too long: send large lists as the part {FILE}");
    Problem::new(Kind::TooLarge, "body-too-large", detail)
}

fn wrong(part: &str, why: &str) -> Problem {
    let name: String = part
        .chars()
        .filter(|letter| !letter.is_control())
        .take(64)
        .collect();
    Problem::members(vec![MemberError {
        pointer: format!("/{name}"),
        detail: why.to_owned(),
    }])
}

/// A list as a form: its file, and how that is to be read.
pub(crate) struct ListForm;

impl JsonSchema for ListForm {
    fn schema_name() -> Cow<'static, str> {
        "ListForm".into()
    }
    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        let mut schema = schema();
        if let Some(fields) = schema.get_mut("properties").and_then(Value::as_object_mut) {
            let source = json!({ "type": "string", "examples": ["list.csv"],
                "description": "Name of the file, kept with the list; else the name that the form gives it" });
            fields.insert("source".to_owned(), source);
        }
        schema
    }
}

/// The same for a campaign that the form names.
pub(crate) struct TaskForm;

impl JsonSchema for TaskForm {
    fn schema_name() -> Cow<'static, str> {
        "TaskForm".into()
    }
    fn json_schema(generator: &mut SchemaGenerator) -> Schema {
        let task = generator.subschema_for::<CampaignId>();
        let mut schema = schema();
        if let Some(fields) = schema.get_mut("properties").and_then(Value::as_object_mut) {
            fields.insert("task_id".to_owned(), task.to_value());
        }
        schema.insert("required".to_owned(), json!(["task_id", FILE]));
        schema
    }
}

/// What both forms have.
fn schema() -> Schema {
    json_schema!({
        "type": "object", "required": [FILE],
        "properties": {
            FILE: { "type": "string", "format": "binary", "description": "CSV or XLSX",
                "examples": ["customer_id,phone\nC01,13800138000\n"] },
            "map": { "type": "string", "description": "Which column is which member",
                "examples": ["客户ID=customer_id,手机号=phone"] },
            "encoding": { "type": "string", "enum": ENCODINGS,
                "description": "Of the text; auto where it is not said" },
            "sheet": { "type": "string", "examples": ["名单"],
                "description": "The sheet of a workbook, also a hidden one; without it the first visible one" },
            "hidden_rows": { "type": "string", "enum": HiddenRows::CODES,
                "description": "Rows that are hidden or filtered out in Excel; exclude where it is not said" },
            "header_row": { "type": "string", "examples": ["1"],
                "description": "The row of the titles; without it the row is searched for" },
        },
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::body::pieces;

    const HEAD: &str = "--b\r\nContent-Disposition: form-data; name=";

    fn form(text: &str, piece_bytes: usize) -> Form {
        let sent: Vec<Result<Bytes, warp::Error>> = text
            .as_bytes()
            .chunks(piece_bytes)
            .map(|piece| Ok(Bytes::copy_from_slice(piece)))
            .collect();
        Form::new(pieces(stream::iter(sent)), "b".to_owned(), &["task_id", "map"])
    }

    async fn read(text: &str) -> Result<(Vec<u8>, Option<String>, BTreeMap<&'static str, String>), Problem> {
        let mut form = form(text, 7);
        let (mut part, name) = form.file().await?;
        let mut bytes = Vec::new();
        while let Some(piece) = part.piece().await? {
            bytes.extend(piece);
        }
        drop(part);
        Ok((bytes, name, form.fields().await?))
    }

    #[tokio::test]
    async fn fields_before_and_behind_the_file_are_read_and_its_bytes_are_its_own() {
        let text = format!(
            "{HEAD}\"task_id\"\r\n\r\nT\r\n{HEAD}\"file\"; filename=\"名单.csv\"\r\n\r\na,b\r\n1,2\r\n\r\n\
             {HEAD}\"map\"\r\n\r\na=phone\r\n--b--\r\n"
        );
        let (bytes, name, fields) = read(&text).await.unwrap();
        assert_eq!(bytes, b"a,b\r\n1,2\r\n");
        assert_eq!(name.as_deref(), Some("名单.csv"));
        assert_eq!(
            fields,
            BTreeMap::from([("map", "a=phone".to_owned()), ("task_id", "T".to_owned())])
        );
    }

    #[tokio::test]
    async fn a_form_that_is_not_as_it_should_be_is_refused_and_its_part_named() {
        let file = format!("{HEAD}\"file\"; filename=\"a.csv\"\r\n\r\na\r\n");
        for (text, code, pointer) in [
            (
                format!("{HEAD}\"task_id\"\r\n\r\nT\r\n--b--\r\n"),
                "invalid-members",
                "/file",
            ),
            (format!("{file}{file}--b--\r\n"), "invalid-members", "/file"),
            (
                format!("{HEAD}\"colour\"\r\n\r\nT\r\n{file}--b--\r\n"),
                "invalid-members",
                "/colour",
            ),
            (
                format!("{file}{HEAD}\"map\"\r\n\r\na\r\n{HEAD}\"map\"\r\n\r\na\r\n--b--"),
                "invalid-members",
                "/map",
            ),
            (
                format!("{HEAD}\"map\"\r\n\r\n{}\r\n{file}--b--", "x".repeat(9_000)),
                "body-too-large",
                "",
            ),
            (file.clone(), "form-invalid", ""),
            ("no form".to_owned(), "form-invalid", ""),
        ] {
            let problem = read(&text).await.unwrap_err();
            let named = problem.errors.first().map_or("", |error| error.pointer.as_str());
            assert_eq!(
                (problem.code, named),
                (code, pointer),
                "{text:.80}: {}",
                problem.detail
            );
        }
    }

    #[tokio::test]
    async fn a_head_without_an_end_is_cut_off() {
        let text = format!("{HEAD}\"file\"; filename=\"{}", "x".repeat(2 * AHEAD_BYTES_MAX));
        let refused = form(&text, 64 * 1024).file().await.err().unwrap();
        assert_eq!(refused.code, "body-too-large");
    }
}
