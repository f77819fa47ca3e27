//! Reader of a list that is sent as a form (`multipart/form-data`, RFC 7578): some short fields and one file,
//! which is passed on as it arrives.
//!
//! The parser reads ahead only while it looks for the end of a part's head or for a boundary. Bytes that it
//! has read and not passed on are counted, so that a head without an end cannot fill the memory.

use crate::body::Body;
use crate::endpoint::Input;
use crate::uploads::ChunkSource;
use async_trait::async_trait;
use bytes::Bytes;
use domain::ids::CampaignId;
use domain::problem::{MemberError, Problem, ProblemKind};
use futures_util::stream::{self, Stream};
use intake::table::HiddenRows;
use multer::{Constraints, Field, Multipart, SizeLimit, parse_boundary};
use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde_json::{Value, json};
use std::borrow::Cow;
use std::collections::BTreeMap;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

/// Name of the form part with the file.
pub(crate) const FILE: &str = "file";

/// Maximum size of a field other than the file, in bytes: a mapping of a hundred columns.
const FIELD_BYTES_MAX: u64 = 8 * 1024;

/// Maximum bytes that the parser has read and not passed on; above that the request fails as too large.
const AHEAD_BYTES_MAX: usize = 4 * 1024 * 1024;

/// Text encodings of a file.
pub(crate) const ENCODINGS: &[&str] = intake::encoding::CODES;

/// Names of the form fields that set how a list file is read.
pub(crate) const READING: [&str; 4] = ["encoding", "sheet", "hidden_rows", "header_row"];

/// The fields of a form, by name.
pub(crate) type Fields = BTreeMap<&'static str, String>;

/// A form that is being read.
pub(crate) struct Form {
    parts: Multipart<'static>,
    /// The fields that the route reads in addition to the file.
    known: &'static [&'static str],
    fields: Fields,
    ahead: Arc<AtomicUsize>,
}

/// The file of a form, as a stream.
pub(crate) struct FilePart {
    field: Field<'static>,
    ahead: Arc<AtomicUsize>,
}

impl Form {
    /// Returns the form of a request; `None` if the body is no form. Fails if its content type has no valid
    /// boundary.
    pub(crate) fn of(input: &mut Input, known: &'static [&'static str]) -> Result<Option<Self>, Problem> {
        if !input.is_multipart() {
            return Ok(None);
        }
        let kind = input.header("content-type").unwrap_or_default();
        let boundary = parse_boundary(kind).map_err(|error| {
            Problem::new(
                ProblemKind::WrongMediaType,
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

    /// Returns the file with the name that the client gave it. It must be read to its end before `fields` is
    /// called.
    pub(crate) async fn file(&mut self) -> Result<(FilePart, Option<String>), Problem> {
        let Some(field) = self.next_file().await? else {
            return Err(wrong(FILE, "is missing: send the list as this part"));
        };
        let name = field.file_name().map(str::to_owned);
        let ahead = Arc::clone(&self.ahead);
        Ok((FilePart { field, ahead }, name))
    }

    /// Returns the fields before and after the file. Called when the file has been read.
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
impl ChunkSource for FilePart {
    async fn piece(&mut self) -> Result<Option<Bytes>, Problem> {
        let piece = self.field.chunk().await.map_err(broken)?;
        self.ahead.store(0, Ordering::Relaxed);
        Ok(piece)
    }
}

/// Returns the pieces of a form's body, one each time the parser polls. Fails if the parser keeps more than
/// `AHEAD_BYTES_MAX`.
fn counted(body: Body, ahead: Arc<AtomicUsize>) -> impl Stream<Item = Result<Bytes, Problem>> + Send {
    stream::unfold(Some((body, ahead)), |state| async move {
        let (mut body, ahead) = state?;
        // The parser reads everything that is ready before it looks at any of it.
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

/// Converts an error of the parser to a problem.
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
    Problem::new(ProblemKind::TooLarge, "body-too-large", detail)
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

/// Schema of a form with a list: its file, and how to read it.
pub(crate) struct ListForm;

impl JsonSchema for ListForm {
    fn schema_name() -> Cow<'static, str> {
        "ListForm".into()
    }
    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        let mut schema = schema();
        if let Some(fields) = schema.get_mut("properties").and_then(Value::as_object_mut) {
            let source = json!({ "type": "string", "examples": ["list.csv"],
                "description": "File name, stored with the list; default: the file name in the form" });
            fields.insert("source".to_owned(), source);
        }
        schema
    }
}

/// Schema of the form of `POST tasks/data`: the list's file, how to read it, and the campaign's id.
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

/// Returns the schema of the members that both list forms have.
fn schema() -> Schema {
    json_schema!({
        "type": "object", "required": [FILE],
        "properties": {
            FILE: { "type": "string", "format": "binary", "description": "CSV or XLSX",
                "examples": ["customer_id,phone\nC01,13800138000\n"] },
            "map": { "type": "string", "description": "Assignment of columns to members",
                "examples": ["客户ID=customer_id,手机号=phone"] },
            "encoding": { "type": "string", "enum": ENCODINGS,
                "description": "Text encoding; default: auto" },
            "sheet": { "type": "string", "examples": ["名单"],
                "description": "Sheet of a workbook, may be hidden; default: the first visible sheet" },
            "hidden_rows": { "type": "string", "enum": HiddenRows::CODES,
                "description": "Rows that are hidden or filtered out in Excel; default: exclude" },
            "header_row": { "type": "string", "examples": ["1"],
                "description": "Row with the column titles; default: detected" },
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
