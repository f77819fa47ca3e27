//! Routes of audit samples: draw calls, show the sample, record findings, and sign it off.

use crate::api_description::{ChangeReply, ReadReply};
use crate::endpoint::{Ctx, Endpoint, EndpointSubject, Input, Permission};
use crate::paging::{LONG, ListPage, PAGED, Paging};
use crate::reply::WriteResult;
use domain::ids::{CallId, CampaignId, CommandId, SampleId};
use domain::problem::Problem;
use domain::sample::{
    BY_BYTES_MAX, DrawFacts, Finding, REMARK_BYTES_MAX, SEED_BYTES_MAX, Sample, SampleCommand, SampleEvent,
    StratificationKey,
};
use domain::stored_event::{Cause, Position, read_event};
use domain::time::Timestamp;
use evidence::log_walk::{FilteredEventReader, acquire_walk_permit, unreadable};
use evidence::sampling::{SampleParameters, SampleResponse, SignOff, document, draw, sample_id, signed_off};
use intake::members::{ApiRequest, Members};
use schemars::JsonSchema;
use serde::Serialize;
use std::cmp::Reverse;
use std::collections::BTreeMap;

/// Maximum calls of a sample; the domain has the same limit.
const SIZE_MAX: u32 = 1_000;

pub(super) fn endpoints() -> Vec<Endpoint> {
    vec![
        Endpoint::get("/api/v1/samples", "List samples", list)
            .describe("Returns samples of calls, latest first.")
            .needs(Permission::SamplesRead, EndpointSubject::Everybody)
            .query(PAGED),
        Endpoint::post("/api/v1/samples", "Draw a sample of calls", post)
            .describe(
                "Draws calls at random for an audit, seeded, stratified and reproducible. The same draw \
                 again returns the same sample.",
            )
            .needs(Permission::SamplesWrite, EndpointSubject::Everybody)
            .takes::<SampleDraw>(),
        Endpoint::get("/api/v1/samples/{id}", "Get a sample", show)
            .describe("Returns the draw, how to repeat it, the checklist and the findings.")
            .needs(Permission::SamplesRead, EndpointSubject::Everybody),
        Endpoint::post(
            "/api/v1/samples/{id}/findings",
            "Record a finding",
            record_finding,
        )
        .describe("Stores the result of checking one drawn call. The last finding of a call counts.")
        .needs(Permission::SamplesWrite, EndpointSubject::Everybody)
        .takes::<SampleFinding>(),
        Endpoint::post("/api/v1/samples/{id}/sign-off", "Sign off a sample", sign_off)
            .describe("Closes the sample. Refused while calls have no finding.")
            .needs(Permission::SamplesWrite, EndpointSubject::Everybody)
            .takes::<SampleSignOff>(),
    ]
}

/// A page of samples, latest first.
#[derive(Debug, Serialize, JsonSchema)]
struct Samples {
    items: Vec<SampleListItem>,
}

/// A sample in the list.
#[derive(Debug, Serialize, JsonSchema)]
struct SampleListItem {
    #[schemars(with = "SampleId")]
    sample: String,
    drawn_at: Timestamp,
    facts: DrawFacts,
    population: u64,
    calls: usize,
    signed_off: Option<SignOff>,
}

/// The body of a draw of calls for an audit.
#[derive(ApiRequest, JsonSchema)]
struct SampleDraw {
    #[schemars(length(min = 1, max = SEED_BYTES_MAX), example = &"2026-11-20")]
    seed: String,
    #[schemars(range(min = 1, max = SIZE_MAX))]
    size: u32,
    stratify: Option<StratificationKey>,
    #[member(parse)]
    campaign: Option<CampaignId>,
    /// Only calls that ended at this instant or later.
    #[member(parse)]
    from: Option<Timestamp>,
    /// Only calls that ended before this instant.
    #[member(parse)]
    to: Option<Timestamp>,
    /// Log position up to which calls are drawn; default: the head.
    #[schemars(with = "Option<String>")]
    #[member(read = position)]
    position: Option<Position>,
}

fn position(body: &mut Members, name: &str) -> Option<Position> {
    let position = body.text(name)?.parse();
    if position.is_err() {
        body.wrong(name, "is not a position of the log");
    }
    position.ok()
}

/// The body with the finding of one drawn call.
#[derive(JsonSchema)]
struct SampleFinding {
    #[schemars(with = "CallId")]
    call: Option<CallId>,
    #[serde(flatten)]
    finding: Finding,
}

impl ApiRequest for SampleFinding {
    fn read(body: &mut Members) -> Self {
        let call: Option<CallId> = body.parsed("call");
        let finding = Finding {
            answers: body.value("answers").unwrap_or_default(),
            remark: body.text("remark"),
            by: body.needed_text("by").unwrap_or_default(),
        };
        if call.is_none() {
            body.wrong("call", "is missing or no call's id");
        }
        Self { call, finding }
    }
}

/// The body of a sign-off: the user who closes the sample.
#[derive(ApiRequest, JsonSchema)]
struct SampleSignOff {
    #[schemars(length(min = 1, max = BY_BYTES_MAX))]
    by: String,
    /// Stored permanently; must not name a person.
    #[schemars(length(max = REMARK_BYTES_MAX), example = &"complete")]
    remark: Option<String>,
}

/// A sample after a finding or a sign-off.
#[derive(Debug, Serialize, JsonSchema)]
struct SampleChangeResponse {
    sample: SampleId,
    /// Number of calls without a finding.
    lacking: usize,
    signed_off: Option<SignOff>,
    position: String,
}

async fn list(ctx: Ctx, input: Input) -> Result<ReadReply<ListPage<Samples>>, Problem> {
    let paging = Paging::of(&ctx.installation, &input, LONG)?;
    let mut samples: BTreeMap<String, (Position, SampleListItem)> = BTreeMap::new();
    let mut log = FilteredEventReader::of_kinds(
        ctx.installation.store(),
        &[SampleEvent::DRAWN, SampleEvent::SIGNED_OFF],
    );
    while let Some(page) = log.next().await? {
        for stored in &page {
            let envelope = stored.envelope().map_err(unreadable)?;
            let event = read_event::<Sample>(&envelope).map_err(|error| Problem::fault(error.to_string()))?;
            let id = envelope.stream.id().to_owned();
            note(&mut samples, id, stored.position, envelope.at, &event);
        }
    }
    let mut latest: Vec<(Position, SampleListItem)> = samples.into_values().collect();
    latest.sort_by_key(|(position, _)| Reverse(*position));
    let (page, next_cursor) = paging.cut(latest, |(position, _)| Reverse(position.0))?;
    let items = page.into_iter().map(|(_, sample)| sample).collect();
    Ok(ReadReply(ListPage {
        list: Samples { items },
        next_cursor,
    }))
}

fn note(
    samples: &mut BTreeMap<String, (Position, SampleListItem)>,
    id: String,
    position: Position,
    at: Timestamp,
    event: &SampleEvent,
) {
    match event {
        SampleEvent::Drawn { drawn } => {
            let listed = SampleListItem {
                sample: id.clone(),
                drawn_at: at,
                facts: drawn.facts.clone(),
                population: drawn.population,
                calls: drawn.calls.len(),
                signed_off: None,
            };
            samples.insert(id, (position, listed));
        }
        SampleEvent::SignedOff { by, .. } => {
            if let Some((_, listed)) = samples.get_mut(&id) {
                listed.signed_off = Some(SignOff { by: by.clone(), at });
            }
        }
        SampleEvent::FindingRecorded { .. } => {}
    }
}

async fn post(ctx: Ctx, input: Input) -> Result<ChangeReply<SampleResponse>, Problem> {
    let order: SampleDraw = input.order().await?;
    let ask = SampleParameters {
        seed: order.seed,
        size: order.size,
        stratify: order.stratify,
        campaign: order.campaign,
        from: order.from,
        to: order.to,
    };
    let _turn = acquire_walk_permit()?;
    let drawn = draw(ctx.whole_log(), &ask, order.position).await?;
    let id = sample_id(&drawn.facts);
    let cause = draw_cause(&drawn.facts);
    let answer = ctx
        .installation
        .entities
        .samples
        .ask(&id, SampleCommand::Draw(Box::new(drawn)), cause)
        .await?;
    Ok(ChangeReply(WriteResult {
        body: document(id, &answer.state)?,
        version: Some(answer.version),
        position: Some(answer.position),
    }))
}

/// Returns the cause of a draw. It depends on the draw alone, so that the same draw is made once.
fn draw_cause(facts: &DrawFacts) -> Cause {
    Cause::outside(CommandId::derive_from_text(&format!(
        "sample.draw:{}",
        sample_id(facts)
    )))
}

async fn show(ctx: Ctx, input: Input) -> Result<ReadReply<SampleResponse>, Problem> {
    let id: SampleId = input.id(0, "this sample")?;
    let loaded = ctx.installation.entities.samples.state(&id).await?;
    document(id, &loaded.state).map(ReadReply)
}

async fn record_finding(ctx: Ctx, input: Input) -> Result<ChangeReply<SampleChangeResponse>, Problem> {
    let id: SampleId = input.id(0, "this sample")?;
    let cause = input.cause(&ctx.installation, "sample-findings")?;
    let SampleFinding { call, finding } = input.order().await?;
    let call = call.unwrap_or_else(|| CallId::new(uuid::Uuid::nil()));
    change(ctx, id, SampleCommand::RecordFinding { call, finding }, cause).await
}

async fn sign_off(ctx: Ctx, input: Input) -> Result<ChangeReply<SampleChangeResponse>, Problem> {
    let id: SampleId = input.id(0, "this sample")?;
    let cause = input.cause(&ctx.installation, "sample-sign-off")?;
    let SampleSignOff { by, remark } = input.order().await?;
    change(ctx, id, SampleCommand::SignOff { by, remark }, cause).await
}

async fn change(
    ctx: Ctx,
    id: SampleId,
    command: SampleCommand,
    cause: Cause,
) -> Result<ChangeReply<SampleChangeResponse>, Problem> {
    let answer = ctx.installation.entities.samples.ask(&id, command, cause).await?;
    Ok(ChangeReply(WriteResult {
        body: SampleChangeResponse {
            sample: id,
            lacking: answer.state.lacking().count(),
            signed_off: signed_off(&answer.state),
            position: answer.position.to_string(),
        },
        version: Some(answer.version),
        position: Some(answer.position),
    }))
}
