//! Contact lists over HTTP: a file per upload, or the records of `POST tasks/data` (CUS-2).

use crate::body::Body;
use crate::described::{Changed, Read};
use crate::endpoint::{About, Ctx, Endpoint, Input, Permission, parse_object};
use crate::guard::in_scope;
use crate::reply::Written;
use application::access::Caller;
use application::approvals::{Doing, four_eyes};
use application::installation::Installation;
use application::lists::enroller::CampaignEnroller;
use application::lists::load::{ImportReport, Load, load};
use application::lists::under_way::ImportShown;
use application::paced_places::{PacedPlace, PacedPlaces};
use application::parameter::Parameter;
use bytes::Bytes;
use domain::actor::Actor;
use domain::approval::{Act, Asked};
use domain::approvals_asked::NeedsApproval;
use domain::four_eyes::FourEyes;
use domain::ids::{ApprovalId, CampaignId};
use domain::problem::{Kind, Problem};
use domain::stored_event::{Cause, Position};
use intake::body::BodySource;
use intake::encoding::EncodingChoice;
use intake::mapping::Mapping;
use intake::members::Members;
use intake::source::RowSource;
use intake::spool::{Spool, hex};
use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde::Serialize;
use serde_json::{Map, Value};
use sha2::{Digest, Sha256};
use std::borrow::Cow;
use std::sync::{Arc, LazyLock};

/// Longest name of a source kept in `campaign.list_opened`.
const SOURCE_BYTES_MAX: usize = 128;

/// Most records of one body; larger lists go as files.
const RECORDS_MAX: usize = 10_000;

/// Files read at once: each may take a core, and 300 MB where it is a large workbook.
const UPLOADS_MAX: usize = 2;

/// Their turns, over all campaigns of the process: a sender who is slow keeps one while nobody else sends.
static UPLOADS: LazyLock<Arc<PacedPlaces>> = LazyLock::new(|| PacedPlaces::new(UPLOADS_MAX));

/// Of a campaign whose lists another person approves.
const APPROVAL: Parameter = Parameter::uuid(
    "approval",
    "The approval that another person gave, where the campaign asks for one",
);

pub fn endpoints() -> Vec<Endpoint> {
    vec![
        Endpoint::post(
            "/api/v1/tasks/data",
            "Enrol the records of a body; the same body again enrols nobody twice",
            records,
        )
        .needs(Permission::CampaignsWrite, About::Handler)
        .takes::<TaskData>()
        .query(
            const {
                &[
                    Parameter::flag("dry_run", "true: check every record, enrol nobody"),
                    APPROVAL,
                ]
            },
        ),
        Endpoint::post(
            "/api/v1/campaigns/{id}/lists",
            "Import a CSV or XLSX file, sent as it is",
            file,
        )
        .needs(Permission::CampaignsWrite, About::Campaign)
        .takes_file()
        .query(
            const {
                &[
                    Parameter::flag("dry_run", "true: check every row, enrol nobody"),
                    Parameter::text(
                        "map",
                        "Which column is which member: 客户ID=customer_id,手机号=phone",
                        "客户ID=customer_id,手机号=phone",
                    ),
                    Parameter::one_of(
                        "encoding",
                        "Of the text; auto where it is not said",
                        &["auto", "utf-8", "gbk", "gb18030"],
                    ),
                    Parameter::text("source", "Name of the file, kept with the list", "list.csv"),
                    APPROVAL,
                ]
            },
        ),
        Endpoint::get(
            "/api/v1/imports",
            "Imports that run in this process now, and how far each is",
            |ctx, _| std::future::ready(Ok(under_way(&ctx.installation))),
        )
        .needs(Permission::CampaignsWrite, About::Everybody),
    ]
}

/// The imports that run now.
#[derive(Debug, Serialize, JsonSchema)]
struct Imports {
    items: Vec<ImportShown>,
}

/// Records to be enrolled.
#[derive(Debug, JsonSchema)]
struct TaskData {
    #[schemars(with = "CampaignId")]
    task_id: Option<String>,
    #[schemars(with = "Vec<RecordSent>", length(max = RECORDS_MAX))]
    records: Vec<Map<String, Value>>,
}

/// A record: who, under which number, and the values of variables by their names.
struct RecordSent;

impl JsonSchema for RecordSent {
    fn schema_name() -> Cow<'static, str> {
        "Record".into()
    }
    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        json_schema!({
            "type": "object", "required": ["customer_id", "phone"],
            "properties": { "customer_id": { "type": "string" }, "phone": { "type": "string" } },
            "additionalProperties": { "type": ["string", "number", "boolean", "null"] },
            "examples": [{ "customer_id": "C01", "phone": "13800138000", "days": 3 }],
        })
    }
}

fn under_way(installation: &Installation) -> Read<Imports> {
    Read(Imports {
        items: installation.imports.shown(installation.now()),
    })
}

async fn file(ctx: Ctx, mut input: Input) -> Result<Changed<ImportReport>, Problem> {
    let campaign: CampaignId = input.id(0, "this campaign")?;
    if input
        .header("content-type")
        .is_some_and(|kind| kind.starts_with("multipart/"))
    {
        return Err(Problem::new(
            Kind::WrongMediaType,
            "send-the-file-itself",
            "send the file as the body itself (curl --data-binary @FILE), not as a form",
        ));
    }
    let dry_run = input.flag("dry_run")?;
    let importer = importer(&ctx, &input)?;
    let mapping = Mapping::parse(input.text("map").unwrap_or_default())?;
    let encoding = EncodingChoice::parse(input.text("encoding").unwrap_or_default())?;
    let source = source_name(input.text("source").unwrap_or("upload"));
    // Before the bytes come: a campaign that does not exist takes none.
    ctx.installation.list_rules(&campaign, "").await?;
    let Some(turn) = UPLOADS.enter(ctx.installation.now()) else {
        return Err(Problem::new(
            Kind::Busy,
            "two-uploads-at-once",
            format!("{UPLOADS_MAX} files are being read already; send this one when one of them is done"),
        ));
    };
    let mut spool = Spool::new(&ctx.installation.directory)?;
    while let Some(piece) = sent(&ctx.installation, &turn, &mut input.body).await? {
        spool.write(&piece)?;
    }
    turn.is_over();
    let spooled = spool.finish(encoding);
    spooled.check(&source)?;
    let plan = Load {
        rules: ctx
            .installation
            .list_rules(&campaign, &spooled.content_sha256)
            .await?,
        source,
        format: spooled.format(),
        dry_run,
        course: Arc::default(),
    };
    let rows = spooled.into_rows(mapping);
    run(&ctx.installation, plan, rows, importer).await
}

/// The next piece of a file; whoever sends little gives the turn to whoever asks for one.
async fn sent(
    installation: &Installation,
    turn: &PacedPlace,
    body: &mut Body,
) -> Result<Option<Bytes>, Problem> {
    let clock = installation.environment.clock.as_ref();
    let bytes = |piece: &Result<Option<Bytes>, Problem>| match piece {
        Ok(Some(piece)) => piece.len(),
        Ok(None) | Err(_) => 0,
    };
    match turn.wait_for(clock, body.piece(), bytes).await {
        Some(piece) => piece,
        None => Err(Problem::new(
            Kind::Busy,
            "upload-too-slow",
            "the file came so slowly that its turn went to another: send it again",
        )),
    }
}

async fn records(ctx: Ctx, input: Input) -> Result<Changed<ImportReport>, Problem> {
    let dry_run = input.flag("dry_run")?;
    let (importer, scope) = (importer(&ctx, &input)?, input.scope.clone());
    let bytes = input.body.whole().await?;
    let content_sha256 = hex(&Sha256::digest(&bytes));
    let TaskData { task_id, records } = task_data(parse_object(&bytes)?)?;
    let campaign = task_id
        .and_then(|id| id.parse().ok())
        .ok_or_else(|| Problem::missing("this campaign"))?;
    in_scope(&scope, &campaign)?;
    let plan = Load {
        rules: ctx.installation.list_rules(&campaign, &content_sha256).await?,
        source: "tasks/data".to_owned(),
        format: "JSON".to_owned(),
        dry_run,
        course: Arc::default(),
    };
    run(
        &ctx.installation,
        plan,
        Box::new(BodySource::new(records)),
        importer,
    )
    .await
}

/// `{"task_id":…,"records":[{…}]}`.
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
            Kind::TooLarge,
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

async fn run(
    installation: &Arc<Installation>,
    plan: Load,
    rows: Box<dyn RowSource>,
    importer: Importer,
) -> Result<Changed<ImportReport>, Problem> {
    let four_eyes = behind(installation, &plan, &importer).await?;
    let enroller = CampaignEnroller::new(Arc::clone(installation), &plan.rules, importer.by)
        .behind(four_eyes)
        .assigning(importer.may_assign);
    let report = load_into(installation, plan, rows, &enroller).await?;
    let position = report
        .position
        .as_deref()
        .and_then(|text| text.parse().ok())
        .map(Position);
    Ok(Changed(Written {
        body: report,
        version: None,
        position,
    }))
}

/// Who imports.
struct Importer {
    by: Option<Actor>,
    caller: Caller,
    cause: Cause,
    approval: Option<ApprovalId>,
    may_assign: bool,
}

fn importer(ctx: &Ctx, input: &Input) -> Result<Importer, Problem> {
    let approval = input.text(APPROVAL.name).map(str::parse).transpose();
    Ok(Importer {
        by: input.actor(),
        caller: input.caller.clone(),
        cause: input.cause(&ctx.installation, "lists/approve")?,
        approval: approval.map_err(|_| Problem::invalid("query-invalid", "approval is no id"))?,
        may_assign: input.caller.scope_for(Permission::CustomersAssign).is_ok(),
    })
}

/// Who stands behind a list of a campaign that asks for somebody (CMP-8): nobody is enrolled before. A list
/// that was begun goes on by the approval that it was begun with.
async fn behind(
    installation: &Installation,
    plan: &Load,
    importer: &Importer,
) -> Result<Option<Box<FourEyes>>, Problem> {
    let campaign = &plan.rules.campaign;
    let state = installation.entities.campaigns.state(campaign).await?.state;
    let asks = state.asks_for_approval_of(NeedsApproval::Lists);
    if plan.dry_run || !asks || state.lists().contains_key(&plan.rules.list) {
        return Ok(None);
    }
    let asked = Asked {
        campaign: Some(campaign.clone()),
        ..Asked::of(Act::ImportList)
    };
    let doing = Doing {
        asked: asked.with("list", Some(plan.rules.list)),
        reason: plan.source.clone(),
        approval: importer.approval,
    };
    four_eyes(installation, &importer.caller, doing, importer.cause)
        .await
        .map(Some)
}

/// Runs one load into its campaign.
pub async fn import(
    installation: &Arc<Installation>,
    plan: Load,
    rows: Box<dyn RowSource>,
    by: Option<Actor>,
) -> Result<ImportReport, Problem> {
    let enroller = CampaignEnroller::new(Arc::clone(installation), &plan.rules, by);
    load_into(installation, plan, rows, &enroller).await
}

async fn load_into(
    installation: &Arc<Installation>,
    plan: Load,
    rows: Box<dyn RowSource>,
    enroller: &CampaignEnroller,
) -> Result<ImportReport, Problem> {
    let campaign = plan.rules.campaign.to_string();
    let _listed = installation.imports.list(
        &campaign,
        &plan.source,
        installation.now(),
        Arc::clone(&plan.course),
    );
    let vault = Arc::clone(&installation.environment.vault);
    load(plan, rows, enroller, vault, installation.tasks()).await
}

/// A file's name without its path and without what a log should not hold.
fn source_name(text: &str) -> String {
    let name = text.rsplit(['/', '\\']).next().unwrap_or_default();
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
    }
}
