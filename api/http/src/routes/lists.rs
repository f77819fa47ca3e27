//! Routes of contact lists: import a file, or the records of `POST tasks/data` (CUS-2).

use crate::api_description::{ChangeReply, ReadReply};
use crate::endpoint::{Ctx, Endpoint, EndpointSubject, Input, Permission, parse_object};
use crate::form::{ENCODINGS, Fields, Form, ListForm, READING, TaskForm};
use crate::guard::require_campaign_in_scope;
use crate::list_import::{
    APPROVAL, COUNTRY, HEADER_ROW, HIDDEN_ROWS, ImportParameters, ListRows, QUERY, SHEET, SINCE_COLUMN,
    SINCE_VALUE, run,
};
use crate::record_schema::ListRecord;
use crate::uploads::{ReceivedFile, read_form_fields, receive};
use application::installation::Installation;
use application::lists::load::{ImportReport, ListImport, SharedRowsFilter};
use application::lists::running_imports::RunningImportResponse;
use application::parameter::Parameter;
use application::stored_text_masking::masked_file_name;
use domain::calling_plan::DeduplicationScope;
use domain::campaign::QueryMark;
use domain::hex;
use domain::ids::CampaignId;
use domain::problem::{MemberError, Problem, ProblemKind};
use intake::mapping::Mapping;
use intake::members::Members;
use intake::table::{HiddenRows, TableOptions};
use schemars::JsonSchema;
use serde::Serialize;
use serde_json::{Map, Value};
use sha2::{Digest, Sha256};
use std::collections::BTreeMap;
use std::sync::Arc;

/// Maximum length of the source name in `campaign.list_opened`, in bytes; a longer name is cut.
const SOURCE_BYTES_MAX: usize = 128;

/// Maximum records in a JSON body; larger lists are sent as files.
const RECORDS_MAX: usize = 10_000;

pub fn endpoints() -> Vec<Endpoint> {
    let mut endpoints = vec![
        Endpoint::post(
            "/api/v1/tasks/data",
            "Enrol customers into a campaign",
            records,
        )
            .describe(
                "Enrols the records of a JSON body, or of a file in a form, into the campaign `task_id`. \
                 The same list again enrols no customer twice and returns its own progress.",
            )
        .needs(Permission::CampaignsWrite, EndpointSubject::Handler)
        .takes::<TaskData>()
        .takes_form::<TaskForm>()
        .query(
            const {
                &[
                    Parameter::flag("dry_run", "true: check every record, enrol no customer"),
                    COUNTRY,
                    APPROVAL,
                ]
            },
        ),
        Endpoint::post(
            "/api/v1/campaigns/{id}/lists",
            "Import a list file into a campaign",
            file,
        )
            .describe(
                "Enrols the customers of a CSV or XLSX file, sent as the body or as the form part `file`. \
                 Good rows are enrolled; bad rows are listed. The same file again enrols no customer \
                 twice.",
            )
        .needs(Permission::CampaignsWrite, EndpointSubject::Campaign)
        .takes_file()
        .takes_form::<ListForm>()
        .query(
            const {
                &[
                    Parameter::flag("dry_run", "true: check every row, enrol no customer"),
                    Parameter::text(
                        "map",
                        "Assignment of columns to members: 客户ID=customer_id,手机号=phone, or a list of {column, member, type}",
                        "客户ID=customer_id,手机号=phone",
                    ),
                    Parameter::one_of("encoding", "Text encoding; default: auto", ENCODINGS),
                    SHEET,
                    HIDDEN_ROWS,
                    HEADER_ROW,
                    Parameter::text("source", "File name, stored with the list", "list.csv"),
                    Parameter::one_of(
                        "dedupe",
                        "Deduplication scope: campaign (default) or everywhere",
                        DeduplicationScope::CODES,
                    ),
                    COUNTRY,
                    QUERY,
                    SINCE_COLUMN,
                    SINCE_VALUE,
                    APPROVAL,
                ]
            },
        ),
    ];
    endpoints.extend(progress());
    endpoints
}

/// Returns the endpoints that show imports: how far a database query has come, and which imports run.
fn progress() -> Vec<Endpoint> {
    vec![
        Endpoint::get(
            "/api/v1/campaigns/{id}/query",
            "Get the import position of a database query",
            query_mark,
        )
        .describe(
            "Returns how far a query of another database was imported into the campaign, by its column.",
        )
        .needs(Permission::CampaignsWrite, EndpointSubject::Campaign)
        .query(const { &[QUERY] }),
        Endpoint::get("/api/v1/imports", "List running imports", |ctx, _| {
            std::future::ready(Ok(under_way(&ctx.installation)))
        })
        .describe("Returns the imports that run in this server process, with their progress.")
        .needs(Permission::CampaignsWrite, EndpointSubject::Everybody),
    ]
}

/// The imports that run in this server process.
#[derive(Debug, Serialize, JsonSchema)]
struct Imports {
    items: Vec<RunningImportResponse>,
}

/// The body with records to enrol.
#[derive(Debug, JsonSchema)]
struct TaskData {
    #[schemars(with = "CampaignId")]
    task_id: Option<String>,
    #[schemars(with = "Vec<ListRecord>", length(max = RECORDS_MAX))]
    records: Vec<Map<String, Value>>,
}

/// The import position of a query.
#[derive(Debug, Serialize, JsonSchema)]
struct QueryMarkResponse {
    /// Absent if the query was never imported by a column.
    #[serde(skip_serializing_if = "Option::is_none")]
    mark: Option<QueryMark>,
}

async fn query_mark(ctx: Ctx, input: Input) -> Result<ReadReply<QueryMarkResponse>, Problem> {
    let campaign: CampaignId = input.id(0, "this campaign")?;
    let query = input.text(QUERY.name).unwrap_or_default().to_owned();
    let state = ctx.installation.campaign(&campaign).await?;
    let mark = state.query_marks().get(&query).cloned();
    Ok(ReadReply(QueryMarkResponse { mark }))
}

fn under_way(installation: &Installation) -> ReadReply<Imports> {
    ReadReply(Imports {
        items: installation.imports.shown(installation.now()),
    })
}

/// Names of the form fields that a list's file may have with it.
const FIELDS_OF_FILE: &[&str] = &["map", "source", "encoding", "sheet", "hidden_rows", "header_row"];
const FIELDS_OF_RECORDS: &[&str] = &["task_id", "map", "encoding", "sheet", "hidden_rows", "header_row"];

/// How to read a file: column mapping, table options and source name, from the query or a form.
struct FileReadOptions {
    mapping: Mapping,
    options: TableOptions,
    source: String,
}

impl FileReadOptions {
    /// Builds the reading options; `said` returns the value of a parameter or form field by name.
    fn of(said: &dyn Fn(&str) -> Option<String>) -> Result<Self, Problem> {
        let [encoding, sheet, hidden_rows, header_row] = READING.map(said);
        Ok(Self {
            mapping: Mapping::parse(&said("map").unwrap_or_default())?,
            options: TableOptions::parse(
                encoding.as_deref(),
                sheet.as_deref(),
                hidden_rows.as_deref(),
                header_row.as_deref(),
                HiddenRows::Exclude,
            )?,
            source: source_name(said("source").as_deref().unwrap_or("upload")),
        })
    }

    /// Adds the reading options to the import's parameters: an approval covers the file as it is read with
    /// them.
    fn asked(&self, asked: ImportParameters, said: &dyn Fn(&str) -> Option<String>) -> ImportParameters {
        let (map, encoding) = (said("map"), said("encoding"));
        asked.reading(map.as_deref(), encoding.as_deref(), &self.options.reading())
    }
}

async fn file(ctx: Ctx, mut input: Input) -> Result<ChangeReply<ImportReport>, Problem> {
    let campaign: CampaignId = input.id(0, "this campaign")?;
    let asked = ImportParameters::of(&ctx.installation, &input)?;
    let names = READING.into_iter().chain(["map", "source"]);
    let given: BTreeMap<&str, String> = names
        .filter_map(|name| Some((name, input.text(name)?.to_owned())))
        .collect();
    // Checked before the file is received: an unknown campaign or wrong parameters are refused without
    // reading it.
    let reading = FileReadOptions::of(&|name| given.get(name).cloned())?;
    ctx.installation.list_rules(&campaign, "").await?;
    let Some(form) = Form::of(&mut input, FIELDS_OF_FILE)? else {
        let received = receive(&ctx.installation, &mut input.body).await?;
        received.turn.is_over();
        let asked = reading.asked(asked, &|name| given.get(name).cloned());
        return list_of(&ctx, campaign, received, reading, asked).await;
    };
    let (received, fields, name) = filled(&ctx.installation, form).await?;
    // A form field takes precedence over the query, and both over the name of the uploaded file.
    let said = |field: &str| {
        let own_name = if field == "source" { name.clone() } else { None };
        fields.get(field).or(given.get(field)).cloned().or(own_name)
    };
    let reading = FileReadOptions::of(&said)?;
    let asked = reading.asked(asked, &said);
    list_of(&ctx, campaign, received, reading, asked).await
}

/// Handles `POST tasks/data` as a form. The campaign is a form field, so its data scope is checked after the
/// form was read.
async fn form_of_records(
    ctx: Ctx,
    form: Form,
    asked: ImportParameters,
) -> Result<ChangeReply<ImportReport>, Problem> {
    let (received, fields, name) = filled(&ctx.installation, form).await?;
    let campaign = fields.get("task_id").ok_or_else(|| {
        Problem::members(vec![MemberError {
            pointer: "/task_id".to_owned(),
            detail: "is missing".to_owned(),
        }])
    })?;
    let campaign = campaign
        .parse()
        .ok()
        .ok_or_else(|| Problem::missing("this campaign"))?;
    require_campaign_in_scope(&asked.scope, &campaign)?;
    let said = |field: &str| {
        let own_name = if field == "source" { name.clone() } else { None };
        fields.get(field).cloned().or(own_name)
    };
    let reading = FileReadOptions::of(&said)?;
    let asked = reading.asked(asked, &said);
    list_of(&ctx, campaign, received, reading, asked).await
}

/// Returns a form's file, its fields, and the file name that the client sent.
async fn filled(
    installation: &Installation,
    mut form: Form,
) -> Result<(ReceivedFile, Fields, Option<String>), Problem> {
    let (mut part, name) = form.file().await?;
    let received = receive(installation, &mut part).await?;
    drop(part);
    let clock = installation.environment.clock.as_ref();
    let fields = read_form_fields(clock, &received.turn, form).await?;
    received.turn.is_over();
    Ok((received, fields, name))
}

/// Imports a list from a file that was received completely.
async fn list_of(
    ctx: &Ctx,
    campaign: CampaignId,
    received: ReceivedFile,
    reading: FileReadOptions,
    asked: ImportParameters,
) -> Result<ChangeReply<ImportReport>, Problem> {
    let installation = &ctx.installation;
    let ReceivedFile { spool, turn } = received;
    let mut spooled = spool.finish(reading.options);
    if asked.query.is_some() {
        spooled = spooled.of_query();
    }
    // It reads an archive to its end, so it must not block a thread that serves other requests.
    tokio::task::block_in_place(|| spooled.check(&reading.source))?;
    let name = match &asked.query {
        Some(query) => installation.list_of_query(&campaign, query).await?,
        None => spooled.list_name(),
    };
    let rules = installation.list_rules(&campaign, &name).await?;
    let asked = asked.holding(&spooled.content_sha256);
    let plan = ListImport {
        rules: asked.rules(rules),
        source: reading.source,
        format: spooled.format(),
        dry_run: asked.dry_run,
        shared: SharedRowsFilter::OfFile,
        course: Arc::default(),
    };
    let rows = ListRows::File(Box::new(spooled), reading.mapping);
    // Boxed: plan and rows make the future too large for the stack.
    let done = Box::pin(run(ctx, plan, rows, asked)).await;
    // The turn is held to the end, because an import takes a core.
    drop(turn);
    done
}

async fn records(ctx: Ctx, mut input: Input) -> Result<ChangeReply<ImportReport>, Problem> {
    let asked = ImportParameters::of(&ctx.installation, &input)?;
    if let Some(form) = Form::of(&mut input, FIELDS_OF_RECORDS)? {
        return form_of_records(ctx, form, asked).await;
    }
    let bytes = input.body.whole().await?;
    let (work, length) = (input.work, bytes.len());
    let read = move || -> Result<_, Problem> {
        Ok((
            hex::encode(&Sha256::digest(&bytes)),
            task_data(parse_object(&bytes)?)?,
        ))
    };
    let (content_sha256, TaskData { task_id, records }) = work.run_sized(length, read).await??;
    let campaign = task_id
        .and_then(|id| id.parse().ok())
        .ok_or_else(|| Problem::missing("this campaign"))?;
    require_campaign_in_scope(&asked.scope, &campaign)?;
    let plan = ListImport {
        rules: asked.rules(ctx.installation.list_rules(&campaign, &content_sha256).await?),
        source: "tasks/data".to_owned(),
        format: "JSON".to_owned(),
        dry_run: asked.dry_run,
        shared: SharedRowsFilter::OfFile,
        course: Arc::default(),
    };
    run(&ctx, plan, ListRows::Body(records), asked).await
}

/// Reads the body `{"task_id":…,"records":[{…}]}`.
fn task_data(object: Map<String, Value>) -> Result<TaskData, Problem> {
    let mut body = Members::new(object);
    let task_id = body.needed_text("task_id");
    let items = body.list("records");
    if items.is_none() {
        body.wrong("records", "must be a list of records");
    }
    let items = items.unwrap_or_default();
    if items.len() > RECORDS_MAX {
        return Err(Problem::new(
            ProblemKind::TooLarge,
            "too-many-records",
            format!("a body may have {RECORDS_MAX} records; send larger lists as files"),
        ));
    }
    let mut records = Vec::with_capacity(items.len());
    for (index, item) in items.into_iter().enumerate() {
        match item {
            Value::Object(record) => records.push(record),
            _ => body.wrong_at(&format!("/records/{index}"), "must be an object"),
        }
    }
    body.refuse_the_rest();
    body.finish()?;
    Ok(TaskData { task_id, records })
}

/// Returns the file name without its path, without control characters, with phone numbers masked, at most
/// `SOURCE_BYTES_MAX` long.
fn source_name(text: &str) -> String {
    let name = masked_file_name(text.rsplit(['/', '\\']).next().unwrap_or_default());
    let mut plain = String::new();
    for character in name.chars().filter(|c| !c.is_control()) {
        if plain.len() + character.len_utf8() > SOURCE_BYTES_MAX {
            break;
        }
        plain.push(character);
    }
    plain
}

#[cfg(test)]
mod tests {
    use super::*;

    fn object(text: &str) -> Map<String, Value> {
        parse_object(text.as_bytes()).unwrap()
    }

    #[test]
    fn the_body_of_the_requirements_is_read() {
        let body = r#"{"task_id":"TASK20230801","records":[{"customer_id":"C001","phone":"13800138000"}]}"#;
        let TaskData { task_id, records } = task_data(object(body)).unwrap();
        assert_eq!(task_id.as_deref(), Some("TASK20230801"));
        assert_eq!(records.len(), 1);
    }

    #[test]
    fn a_malformed_body_names_its_member() {
        for (body, pointer) in [
            (r#"{"records":[]}"#, "/task_id"),
            (r#"{"task_id":"T"}"#, "/records"),
            (r#"{"task_id":"T","records":[1]}"#, "/records/0"),
            (r#"{"task_id":"T","records":[],"x":1}"#, "/x"),
        ] {
            let problem = task_data(object(body)).unwrap_err();
            assert_eq!(problem.errors[0].pointer, pointer);
        }
    }

    #[test]
    fn a_source_is_a_bare_file_name() {
        assert_eq!(source_name("lists/名单.csv"), "名单.csv");
        assert_eq!(source_name("a\nb.csv"), "ab.csv");
        assert_eq!(source_name("C:\\催收_13800138000.xlsx"), "催收_138****8000.xlsx");
    }
}
