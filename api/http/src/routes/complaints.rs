//! Routes of complaints about a number, a customer or a call: open, assign, resolve, show and list them.

use crate::api_description::{ChangeReply, CreationReply, ReadReply};
use crate::comparisons::Comparer;
use crate::endpoint::{Ctx, Endpoint, EndpointSubject, Input, Permission};
use crate::paging::{CURSOR, LIMIT, LONG, ListPage, Paging};
use crate::reply::WriteResult;
use actors::Answer;
use application::cases::complaints::{
    ComplaintFilter, ComplaintResponse, ComplaintsResponse, complaint, complaints, describe,
};
use application::installation::{Installation, follow};
use application::parameter::Parameter;
use domain::case::{CASE_TEXT_BYTES_MAX, CaseAbout};
use domain::complaint::{Complaint, ComplaintCommand, ComplaintOutcome, ComplaintSource, NewComplaint};
use domain::ids::{CallId, ComplaintId, EventId, NumberId};
use domain::number::NumberCommand;
use domain::problem::{MemberError, Problem};
use domain::stored_event::Cause;
use domain::time::Timestamp;
use evidence::inspection::call_at;
use intake::members::{ApiRequest, Members};
use schemars::JsonSchema;
use serde::Serialize;

pub(super) fn endpoints() -> Vec<Endpoint> {
    vec![
        Endpoint::post("/api/v1/complaints", "Open a complaint", open)
            .describe(
                "About a number, a customer or a call. The deadline follows from the source unless \
                 `due_at` is given. `suppress` also adds the number to the blocklist, which needs \
                 `numbers:suppress`.",
            )
            .needs(Permission::CasesOpen, EndpointSubject::Everybody)
            .takes::<ComplaintOpening>(),
        Endpoint::get("/api/v1/complaints", "List complaints", list)
            .describe("Returns complaints with their deadlines, and totals over all that match.")
            .needs(Permission::CasesRead, EndpointSubject::Everybody)
            .query(
                const {
                    &[
                        Parameter::instant(
                            "from",
                            "Only complaints received at this instant or later (RFC 3339)",
                        ),
                        Parameter::instant("to", "Only complaints received before this instant (RFC 3339)"),
                        Parameter::one_of(
                            "source",
                            "Only complaints from this source",
                            &["12321", "12378", "regulator", "own"],
                        ),
                        Parameter::flag("open", "true: only unresolved complaints"),
                        CURSOR,
                        LIMIT,
                    ]
                },
            ),
        Endpoint::get("/api/v1/complaints/{id}", "Get a complaint", show)
            .describe("Returns the complaint with its deadline, owner and outcome.")
            .needs(Permission::CasesRead, EndpointSubject::Everybody),
        Endpoint::post("/api/v1/complaints/{id}/assign", "Assign a complaint", assign)
            .describe("Sets the user who handles the complaint.")
            .needs(Permission::CasesWrite, EndpointSubject::Everybody)
            .takes::<ComplaintAssignment>(),
        Endpoint::post("/api/v1/complaints/{id}/resolve", "Resolve a complaint", resolve)
            .describe(
                "Stores the outcome and a note. `suppress` also adds the number to the blocklist, which \
                 needs `numbers:suppress`.",
            )
            .needs(Permission::CasesWrite, EndpointSubject::Everybody)
            .takes::<ComplaintResolution>(),
    ]
}

/// The body that opens a complaint: its source, its subject and its text. At least one of `number`,
/// `customer` and `call` is given.
#[derive(ApiRequest, JsonSchema)]
#[request(before = require_the_subject)]
#[schemars(extend("examples" = [{
    "source": "12378", "number": "13800138000", "at": "2026-11-20T10:00:00+08:00", "what": "called at night"
}]))]
struct ComplaintOpening {
    #[member(parse, or = ComplaintSource::Own)]
    source: ComplaintSource,
    /// The phone number in any common notation, or its internal id.
    number: Option<String>,
    /// The customer: external id or internal id.
    customer: Option<String>,
    #[member(parse)]
    call: Option<CallId>,
    /// The approximate time of the call. The complaint then names the call to this number that was nearest,
    /// within a day.
    #[member(parse)]
    at: Option<Timestamp>,
    /// The reference under which the source files the complaint.
    #[schemars(length(max = CASE_TEXT_BYTES_MAX))]
    reference: Option<String>,
    /// Stored permanently; must not name a person.
    #[schemars(length(min = 1, max = CASE_TEXT_BYTES_MAX))]
    what: String,
    /// When the complaint was received; default: now.
    #[member(parse)]
    received_at: Option<Timestamp>,
    /// The deadline that the source set; default: computed from the source.
    #[member(parse)]
    due_at: Option<Timestamp>,
    /// The user who handles the complaint.
    #[schemars(length(max = CASE_TEXT_BYTES_MAX))]
    owner: Option<String>,
    /// Also suppresses the number, permanently.
    suppress: Option<bool>,
}

fn require_the_subject(body: &mut Members) {
    if ["number", "customer", "call"]
        .iter()
        .all(|name| body.is_absent(name))
    {
        body.wrong(
            "number",
            "customer or call says what it is about: one of them at least",
        );
    }
    if !body.is_absent("at") && body.is_absent("number") {
        body.wrong("at", "is of a call to a number: number is missing");
    }
}

/// The body that assigns a complaint: the user who handles it.
#[derive(ApiRequest, JsonSchema)]
#[schemars(extend("examples" = [{ "to": "wang" }]))]
struct ComplaintAssignment {
    #[schemars(length(min = 1, max = CASE_TEXT_BYTES_MAX))]
    to: String,
}

/// The body that resolves a complaint: its outcome and a note.
#[derive(ApiRequest, JsonSchema)]
#[schemars(extend("examples" = [{ "outcome": "upheld", "note": "it was late; they are not called again" }]))]
struct ComplaintResolution {
    #[member(or = ComplaintOutcome::Upheld)]
    #[member(parse)]
    outcome: ComplaintOutcome,
    /// Stored permanently; must not name a person.
    #[schemars(length(min = 1, max = CASE_TEXT_BYTES_MAX))]
    note: String,
    /// Also suppresses the number, permanently.
    suppress: Option<bool>,
}

/// A complaint after it was opened, assigned or resolved.
#[derive(Debug, Serialize, JsonSchema)]
struct ComplaintChangeResponse {
    #[serde(flatten)]
    complaint: ComplaintResponse,
    /// True if the number was suppressed with this request.
    suppressed: bool,
    position: String,
}

async fn open(ctx: Ctx, input: Input) -> Result<CreationReply<ComplaintChangeResponse>, Problem> {
    let installation = &ctx.installation;
    let cause = input.cause(installation, "complaints")?;
    let may_suppress = input.caller.scope_for(Permission::NumbersSuppress);
    let comparer = input.comparer();
    let order: ComplaintOpening = input.order().await?;
    let suppress = order.suppress == Some(true);
    if suppress {
        may_suppress?;
    }
    if order.number.is_some() {
        ctx.admit_comparison(&comparer)?;
    }
    let numbers = numbers_of(installation, &order).await?;
    let about = about(&ctx, &comparer, &order, numbers.first().cloned()).await?;
    let number = wanted_number(suppress, &about)?;
    let others = numbers.into_iter().skip(1);
    let opening = NewComplaint {
        source: order.source,
        about,
        reference: order.reference,
        what: order.what,
        received_at: order.received_at.unwrap_or_else(|| installation.now()),
        due_at: order.due_at,
        owner: order.owner,
    };
    let id = ComplaintId::derive(cause.command);
    let command = ComplaintCommand::Open(opening);
    let answer = installation.entities.complaints.ask(&id, command, cause).await?;
    let is_new = !answer.repeated;
    for number in number.into_iter().chain(others) {
        suppress_for(installation, id, &number, cause).await?;
    }
    let written = changed(installation, id, &answer, suppress)?;
    Ok(match is_new {
        true => CreationReply::Made(written),
        false => CreationReply::Changed(written),
    })
}

async fn about(
    ctx: &Ctx,
    comparer: &Comparer,
    order: &ComplaintOpening,
    number: Option<NumberId>,
) -> Result<CaseAbout, Problem> {
    let installation = &ctx.installation;
    let customer = match &order.customer {
        Some(text) => Some(ctx.compare_customer(comparer, text).await?.0),
        None => None,
    };
    let call = match (order.call, &number, order.at) {
        (None, Some(number), Some(at)) => call_at(installation.store(), number, at).await?,
        (given, ..) => given,
    };
    installation.case_about(customer, number, call).await
}

/// Returns the numbers that the text can mean, numbers with events first. Several are returned only if they
/// are to be suppressed and the country of the number is unknown.
async fn numbers_of(installation: &Installation, order: &ComplaintOpening) -> Result<Vec<NumberId>, Problem> {
    let Some(text) = &order.number else {
        return Ok(Vec::new());
    };
    if let Ok(number) = text.parse() {
        return Ok(vec![number]);
    }
    let phones = match order.suppress {
        Some(true) => installation.phones_forbidden(text).await?,
        Some(false) | None => vec![installation.phone_written(text).await?],
    };
    let (mut known, mut unknown) = (Vec::new(), Vec::new());
    for phone in phones {
        let number = installation.vault().derive_number(phone.as_e164());
        match installation.entities.numbers.state(&number).await?.version.0 {
            0 => unknown.push(number),
            _ => known.push(number),
        }
    }
    known.append(&mut unknown);
    Ok(known)
}

/// Returns the number to suppress if `suppress` is set. Fails if the complaint names no number or call.
fn wanted_number(suppress: bool, about: &CaseAbout) -> Result<Option<NumberId>, Problem> {
    if !suppress {
        return Ok(None);
    }
    let number = about.number.clone().ok_or_else(|| {
        Problem::members(vec![MemberError {
            pointer: "/suppress".to_owned(),
            detail: "needs a number, or a call to one".to_owned(),
        }])
    });
    number.map(Some)
}

/// Suppresses a number because of a complaint. The event that the complaint's command stored is the cause.
async fn suppress_for(
    installation: &Installation,
    complaint: ComplaintId,
    number: &NumberId,
    cause: Cause,
) -> Result<(), Problem> {
    let cause = Cause {
        causation: Some(EventId::derive(cause.command, 0)),
        ..follow(cause, &format!("suppress/{number}"))
    };
    let command = NumberCommand::Suppress {
        reason: format!("complaint {complaint}"),
        until: None,
    };
    installation.entities.numbers.ask(number, command, cause).await?;
    Ok(())
}

async fn list(ctx: Ctx, input: Input) -> Result<ReadReply<ListPage<ComplaintsResponse>>, Problem> {
    let paging = Paging::of(&ctx.installation, &input, LONG)?;
    let wanted = wanted(&input)?;
    let (all, report) = complaints(&ctx.installation, &wanted).await?;
    let (page, next_cursor) = paging.cut(all, |(position, _)| position.0)?;
    let items = page.into_iter().map(|(_, shown)| shown).collect();
    Ok(ReadReply(ListPage {
        list: ComplaintsResponse { items, report },
        next_cursor,
    }))
}

fn wanted(input: &Input) -> Result<ComplaintFilter, Problem> {
    let instant = |name: &str| {
        let given = input.text(name).map(str::parse::<Timestamp>).transpose();
        given.map_err(|error| Problem::invalid("query-invalid", format!("{name}: {error}")))
    };
    let source = input
        .text("source")
        .map(str::parse::<ComplaintSource>)
        .transpose();
    Ok(ComplaintFilter {
        from: instant("from")?,
        to: instant("to")?,
        source: source.map_err(|why| Problem::invalid("query-invalid", format!("source {why}")))?,
        open: input.flag("open")?,
    })
}

async fn show(ctx: Ctx, input: Input) -> Result<ReadReply<ComplaintResponse>, Problem> {
    let id: ComplaintId = input.id(0, "this complaint")?;
    complaint(&ctx.installation, id).await.map(ReadReply)
}

async fn assign(ctx: Ctx, input: Input) -> Result<ChangeReply<ComplaintChangeResponse>, Problem> {
    let id: ComplaintId = input.id(0, "this complaint")?;
    let cause = input.cause(&ctx.installation, "complaints/assign")?;
    let ComplaintAssignment { to } = input.order().await?;
    let command = ComplaintCommand::Assign { to };
    let answer = ctx
        .installation
        .entities
        .complaints
        .ask(&id, command, cause)
        .await?;
    changed(&ctx.installation, id, &answer, false).map(ChangeReply)
}

async fn resolve(ctx: Ctx, input: Input) -> Result<ChangeReply<ComplaintChangeResponse>, Problem> {
    let id: ComplaintId = input.id(0, "this complaint")?;
    let cause = input.cause(&ctx.installation, "complaints/resolve")?;
    let may_suppress = input.caller.scope_for(Permission::NumbersSuppress);
    let order: ComplaintResolution = input.order().await?;
    let suppress = order.suppress == Some(true);
    if suppress {
        may_suppress?;
    }
    let installation = &ctx.installation;
    let state = installation.entities.complaints.state(&id).await?.state;
    let opened = state.opened().ok_or_else(|| Problem::missing("this complaint"))?;
    let number = wanted_number(suppress, &opened.about)?;
    let command = ComplaintCommand::Resolve {
        outcome: order.outcome,
        note: order.note,
    };
    let answer = installation.entities.complaints.ask(&id, command, cause).await?;
    if let Some(number) = &number {
        suppress_for(installation, id, number, cause).await?;
    }
    changed(installation, id, &answer, suppress).map(ChangeReply)
}

fn changed(
    installation: &Installation,
    id: ComplaintId,
    answer: &Answer<Complaint>,
    suppressed: bool,
) -> Result<WriteResult<ComplaintChangeResponse>, Problem> {
    let shown = describe(id, &answer.state, installation.now());
    let complaint = shown.ok_or_else(|| Problem::fault("a complaint without its first event"))?;
    Ok(WriteResult {
        body: ComplaintChangeResponse {
            complaint,
            suppressed,
            position: answer.position.to_string(),
        },
        version: Some(answer.version),
        position: Some(answer.position),
    })
}
