//! Samples over HTTP: drawn, looked at, filled with findings, signed off.

use crate::endpoint::{Ctx, Endpoint, Input, Takes};
use crate::reply::{Done, Written};
use domain::ids::{CallId, CommandId, SampleId};
use domain::problem::Problem;
use domain::sample::{DrawFacts, Finding, Sample, SampleCommand, SampleEvent};
use domain::stored_event::{Cause, Position, read_event};
use domain::time::Timestamp;
use evidence::log_walk::{Log, Matching, turn, unreadable};
use evidence::sampling::{Ask, document, draw, sample_id};
use intake::members::Members;
use serde_json::{Value, json};
use std::collections::BTreeMap;

/// Most samples in one answer, the latest.
const LISTED_MAX: usize = 1_000;

pub fn endpoints() -> Vec<Endpoint> {
    vec![
        Endpoint::get(
            "/api/v1/samples",
            "Samples of calls, the latest first",
            |ctx, input| Box::pin(list(ctx, input)),
        ),
        Endpoint::post(
            "/api/v1/samples",
            "Draw calls for an audit: seeded, stratified, provable; the same draw again is itself",
            |ctx, input| Box::pin(post(ctx, input)),
        )
        .takes(Takes::Json("SampleDraw")),
        Endpoint::get(
            "/api/v1/samples/{id}",
            "One sample: the draw, how to redo it, the checklist, the findings",
            |ctx, input| Box::pin(show(ctx, input)),
        ),
        Endpoint::post(
            "/api/v1/samples/{id}/findings",
            "What was found in one drawn call; the last one counts",
            |ctx, input| Box::pin(record_finding(ctx, input)),
        )
        .takes(Takes::Json("SampleFinding")),
        Endpoint::post(
            "/api/v1/samples/{id}/sign-off",
            "Close the sample; refused while calls lack findings",
            |ctx, input| Box::pin(sign_off(ctx, input)),
        )
        .takes(Takes::Json("SampleSignOff")),
    ]
}

async fn list(ctx: Ctx, _: Input) -> Result<Done, Problem> {
    let mut samples: BTreeMap<String, (Position, Value)> = BTreeMap::new();
    let mut log = Matching::of_kinds(ctx.installation.store(), &["sample.drawn", "sample.signed_off"]);
    while let Some(page) = log.next().await? {
        for stored in &page {
            let envelope = stored.envelope().map_err(unreadable)?;
            let event = read_event::<Sample>(&envelope).map_err(|error| Problem::fault(error.to_string()))?;
            let id = envelope.stream.id().to_owned();
            note(&mut samples, id, (stored.position, envelope.at), &event);
        }
    }
    let mut latest: Vec<(Position, Value)> = samples.into_values().collect();
    latest.sort_by_key(|(position, _)| std::cmp::Reverse(*position));
    let items: Vec<Value> = latest
        .into_iter()
        .take(LISTED_MAX)
        .map(|(_, value)| value)
        .collect();
    Ok(Done::Read(json!({ "items": items })))
}

fn note(
    samples: &mut BTreeMap<String, (Position, Value)>,
    id: String,
    (position, at): (Position, Timestamp),
    event: &SampleEvent,
) {
    match event {
        SampleEvent::Drawn { drawn } => {
            let value = json!({ "sample": id, "drawn_at": at, "facts": drawn.facts, "population": drawn.population,
                "calls": drawn.calls.len(), "signed_off": null });
            samples.insert(id, (position, value));
        }
        SampleEvent::SignedOff { by, .. } => {
            let shown = samples.get_mut(&id).and_then(|(_, value)| value.as_object_mut());
            if let Some(members) = shown {
                members.insert("signed_off".to_owned(), json!({ "by": by, "at": at }));
            }
        }
        SampleEvent::FindingRecorded { .. } => {}
    }
}

async fn post(ctx: Ctx, input: Input) -> Result<Done, Problem> {
    let mut body = Members::new(input.object().await?);
    let ask = Ask {
        seed: body.needed_text("seed").unwrap_or_default(),
        size: body.count("size", 1, 1_000).unwrap_or_default(),
        stratify: body.value("stratify"),
        campaign: body.parsed("campaign"),
        from: body.parsed("from"),
        to: body.parsed("to"),
    };
    let upto = body.text("position").map(|text| text.parse().map(Position));
    if let Some(Err(_)) = upto {
        body.wrong("position", "is not a position of the log");
    }
    if ask.size == 0 {
        body.wrong("size", "is missing");
    }
    body.refuse_the_rest();
    body.finish()?;
    let _turn = turn()?;
    let clock = ctx.installation.environment.clock.as_ref();
    let drawn = draw(
        Log::limited(ctx.installation.store(), clock),
        &ask,
        upto.and_then(Result::ok),
    )
    .await?;
    let id = sample_id(&drawn.facts);
    let cause = draw_cause(&drawn.facts);
    let answer = ctx
        .installation
        .entities
        .samples
        .ask(&id, SampleCommand::Draw(Box::new(drawn)), cause)
        .await?;
    Ok(Done::Changed(Written {
        body: document(id, &answer.state)?,
        version: Some(answer.version),
        position: Some(answer.position),
    }))
}

/// The command that a draw is: the same draw asked twice is answered once.
pub fn draw_cause(facts: &DrawFacts) -> Cause {
    Cause::outside(CommandId::derive_from_text(&format!(
        "sample.draw:{}",
        sample_id(facts)
    )))
}

async fn show(ctx: Ctx, input: Input) -> Result<Done, Problem> {
    let id: SampleId = input.id(0, "this sample")?;
    let loaded = ctx.installation.entities.samples.state(&id).await?;
    Ok(Done::Read(document(id, &loaded.state)?))
}

async fn record_finding(ctx: Ctx, input: Input) -> Result<Done, Problem> {
    let id: SampleId = input.id(0, "this sample")?;
    let cause = input.cause(&ctx.installation, "sample-findings")?;
    let mut body = Members::new(input.object().await?);
    let call: Option<CallId> = body.parsed("call");
    let finding = Finding {
        answers: body.value("answers").unwrap_or_default(),
        remark: body.text("remark"),
        by: body.needed_text("by").unwrap_or_default(),
    };
    if call.is_none() {
        body.wrong("call", "is missing or no call's id");
    }
    body.refuse_the_rest();
    body.finish()?;
    let call = call.unwrap_or_else(|| CallId::new(uuid::Uuid::nil()));
    change(ctx, id, SampleCommand::RecordFinding { call, finding }, cause).await
}

async fn sign_off(ctx: Ctx, input: Input) -> Result<Done, Problem> {
    let id: SampleId = input.id(0, "this sample")?;
    let cause = input.cause(&ctx.installation, "sample-sign-off")?;
    let mut body = Members::new(input.object().await?);
    let by = body.needed_text("by").unwrap_or_default();
    let remark = body.text("remark");
    body.refuse_the_rest();
    body.finish()?;
    change(ctx, id, SampleCommand::SignOff { by, remark }, cause).await
}

async fn change(ctx: Ctx, id: SampleId, command: SampleCommand, cause: Cause) -> Result<Done, Problem> {
    let answer = ctx.installation.entities.samples.ask(&id, command, cause).await?;
    Ok(Done::Changed(Written {
        body: json!({
            "sample": id,
            "lacking": answer.state.lacking().count(),
            "signed_off": answer.state.signed_off().map(|(by, at)| json!({ "by": by, "at": at })),
            "position": answer.position.to_string(),
        }),
        version: Some(answer.version),
        position: Some(answer.position),
    }))
}
