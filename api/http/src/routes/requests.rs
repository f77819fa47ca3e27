//! Routes of person requests (个人信息主体请求): record one, list them, and answer one. The answer carries out what
//! was requested and is recorded.

use crate::api_description::{ChangeReply, CreationReply, ReadReply};
use crate::endpoint::{Ctx, Endpoint, EndpointSubject, Input, Permission};
use crate::fulfilment::{FulfilmentInput, FulfilmentResult, PersonCopy, build_erase_command, fulfil};
use crate::paging::{CURSOR, LIMIT, LONG, ListPage, Paging};
use crate::reply::WriteResult;
use actors::Answer;
use application::access::Caller;
use application::approvals::{ProposedAct, four_eyes_on};
use application::cases::corrections::CorrectedValues;
use application::cases::requests::{
    PersonRequestResponse, PersonRequestsResponse, describe, request, requests,
};
use application::installation::Installation;
use application::parameter::Parameter;
use domain::approval::{Act, ApprovalSubject};
use domain::case::CASE_TEXT_BYTES_MAX;
use domain::ids::{ApprovalId, PersonRequestId};
use domain::permission::DataScope;
use domain::person_request::{AnswerKind, PersonRequest, PersonRequestCommand, PersonRequestInput, Wish};
use domain::problem::{MemberError, Problem};
use domain::time::Timestamp;
use evidence::inspection::Inspection;
use intake::members::ApiRequest;
use schemars::JsonSchema;
use serde::Serialize;

pub(super) fn endpoints() -> Vec<Endpoint> {
    vec![
        Endpoint::post("/api/v1/requests", "Record a person's request", receive)
            .describe(
                "A person's request about their own data: a copy, a correction, an objection, an \
                 explanation, or erasure. The deadline follows from it.",
            )
            .needs(Permission::CasesOpen, EndpointSubject::Everybody)
            .takes::<NewPersonRequest>(),
        Endpoint::get("/api/v1/requests", "List person requests", list)
            .describe("Returns requests with their deadlines.")
            .needs(Permission::CasesRead, EndpointSubject::Everybody)
            .query(
                const {
                    &[
                        Parameter::flag("open", "true: only unanswered requests"),
                        CURSOR,
                        LIMIT,
                    ]
                },
            ),
        Endpoint::get("/api/v1/requests/{id}", "Get a person's request", show)
            .describe("Returns the request with its deadline and its answer.")
            .needs(Permission::CasesRead, EndpointSubject::Everybody),
        Endpoint::post(
            "/api/v1/requests/{id}/answer",
            "Answer a person's request",
            answer,
        )
        .describe(
            "Carries out the request and returns its result (a copy, or an explanation), or refuses it \
             with the reason. An erasure needs another user's approval.",
        )
        .needs(Permission::CasesWrite, EndpointSubject::Everybody)
        .takes::<RequestAnswer>(),
    ]
}

/// The body of a person's request.
#[derive(ApiRequest, JsonSchema)]
#[schemars(extend("examples" = [{ "customer": "C001", "wish": "copy", "channel": "hotline" }]))]
struct NewPersonRequest {
    /// External or internal id of the customer.
    customer: String,
    #[member(or = Wish::Copy)]
    #[member(parse)]
    wish: Wish,
    /// The channel by which it was received; must not name a person.
    #[schemars(length(max = CASE_TEXT_BYTES_MAX))]
    channel: Option<String>,
    /// Stored permanently; must not name a person.
    #[schemars(length(max = CASE_TEXT_BYTES_MAX))]
    note: Option<String>,
    /// When the request was received; default: now.
    #[member(parse)]
    received_at: Option<Timestamp>,
}

/// The body of an answer.
#[derive(ApiRequest, JsonSchema)]
#[schemars(extend("examples" = [{ "note": "sent by letter" }]))]
struct RequestAnswer {
    /// What the person was answered. Stored permanently; must not name a person.
    #[schemars(length(min = 1, max = CASE_TEXT_BYTES_MAX))]
    note: String,
    /// Refuses the request; the note says why.
    refuse: Option<bool>,
    /// The approval for an erasure, if one is needed.
    #[member(parse)]
    approval: Option<ApprovalId>,
    /// For a correction: the right values. `name` is the person's name; every other one is the variable of
    /// that name, in every campaign that has it.
    #[schemars(example = CorrectedValues::from([("name".to_owned(), "王小明".to_owned())]))]
    set: Option<CorrectedValues>,
}

/// A person's request after it was recorded.
#[derive(Debug, Serialize, JsonSchema)]
struct PersonRequestChangeResponse {
    #[serde(flatten)]
    request: PersonRequestResponse,
    position: String,
}

/// An answered request, with what the person receives.
#[derive(Debug, Serialize, JsonSchema)]
struct PersonRequestFulfilmentResponse {
    #[serde(flatten)]
    request: PersonRequestResponse,
    position: String,
    /// For a copy: the stored data of the person, in clear.
    copy: Option<PersonCopy>,
    /// For an explanation: calls and refusals with the rules that decided them.
    explanation: Option<Inspection>,
}

async fn receive(ctx: Ctx, input: Input) -> Result<CreationReply<PersonRequestChangeResponse>, Problem> {
    let installation = &ctx.installation;
    let cause = input.cause(installation, "requests")?;
    let comparer = input.comparer();
    let order: NewPersonRequest = input.order().await?;
    let (customer, _) = ctx.compare_customer(&comparer, &order.customer).await?;
    let id = PersonRequestId::derive(cause.command);
    let command = PersonRequestCommand::Receive(PersonRequestInput {
        wish: order.wish,
        customer,
        channel: order.channel,
        note: order.note,
        received_at: order.received_at.unwrap_or_else(|| installation.now()),
    });
    let answer = installation
        .entities
        .person_requests
        .ask(&id, command, cause)
        .await?;
    let written = WriteResult {
        body: PersonRequestChangeResponse {
            request: shown(installation, id, &answer)?,
            position: answer.position.to_string(),
        },
        version: Some(answer.version),
        position: Some(answer.position),
    };
    Ok(match answer.repeated {
        true => CreationReply::Changed(written),
        false => CreationReply::Made(written),
    })
}

fn shown(
    installation: &Installation,
    id: PersonRequestId,
    answer: &Answer<PersonRequest>,
) -> Result<PersonRequestResponse, Problem> {
    let shown = describe(id, &answer.state, installation.now());
    shown.ok_or_else(|| Problem::fault("a request without its first event"))
}

async fn list(ctx: Ctx, input: Input) -> Result<ReadReply<ListPage<PersonRequestsResponse>>, Problem> {
    let paging = Paging::of(&ctx.installation, &input, LONG)?;
    let open = input.flag("open")?;
    let all = requests(&ctx.installation, open).await?;
    let (page, next_cursor) = paging.cut(all, |(position, _)| position.0)?;
    let items = page.into_iter().map(|(_, shown)| shown).collect();
    Ok(ReadReply(ListPage {
        list: PersonRequestsResponse { items },
        next_cursor,
    }))
}

async fn show(ctx: Ctx, input: Input) -> Result<ReadReply<PersonRequestResponse>, Problem> {
    let id: PersonRequestId = input.id(0, "this request")?;
    request(&ctx.installation, id).await.map(ReadReply)
}

async fn answer(ctx: Ctx, input: Input) -> Result<ChangeReply<PersonRequestFulfilmentResponse>, Problem> {
    let installation = &ctx.installation;
    let id: PersonRequestId = input.id(0, "this request")?;
    let cause = input.cause(installation, "requests/answer")?;
    let (caller, reader) = (input.caller.clone(), input.reader_by_post());
    let RequestAnswer {
        note,
        refuse,
        approval,
        set,
    } = input.order().await?;
    let state = installation.entities.person_requests.state(&id).await?.state;
    let received = state.received().ok_or_else(|| Problem::missing("this request"))?;
    let is_open = state.answered().is_none();
    if set.is_some() && (received.wish != Wish::Correct || refuse == Some(true)) {
        return Err(Problem::members(vec![MemberError {
            pointer: "/set".to_owned(),
            detail: "only for a completed correction".to_owned(),
        }]));
    }
    let done = match refuse {
        Some(true) => FulfilmentResult::default(),
        // An answered request is refused below, so nothing is done twice.
        Some(false) | None if !is_open => FulfilmentResult::default(),
        Some(false) | None => {
            may(&caller, received.wish)?;
            let doing = ProposedAct {
                asked: ApprovalSubject::of_person(Act::AnswerDeletion, received.customer.clone())
                    .with("request", Some(id)),
                reason: note.clone(),
                approval,
            };
            let fulfilling = FulfilmentInput {
                reader: reader.because(format!("request {id}")),
                four_eyes: match received.wish {
                    Wish::Delete => {
                        let command = build_erase_command(note.clone(), None);
                        four_eyes_on(installation, &caller, doing, &command, cause).await?
                    }
                    Wish::Copy | Wish::Correct | Wish::Restrict | Wish::Explain => None,
                },
                right: set.unwrap_or_default(),
            };
            fulfil(installation, id, received, fulfilling, cause).await?
        }
    };
    let command = PersonRequestCommand::Answer {
        answer: match refuse {
            Some(true) => AnswerKind::Refused,
            Some(false) | None => AnswerKind::Done,
        },
        note,
        done_by: done.by,
    };
    let answer = installation
        .entities
        .person_requests
        .ask(&id, command, cause)
        .await?;
    Ok(ChangeReply(WriteResult {
        body: PersonRequestFulfilmentResponse {
            request: shown(installation, id, &answer)?,
            position: answer.position.to_string(),
            copy: done.copy,
            explanation: done.explanation,
        },
        version: Some(answer.version),
        position: Some(answer.position),
    }))
}

/// Returns the caller's data scope for the permission that this kind of person request needs. Fails without
/// the permission.
fn may(caller: &Caller, wish: Wish) -> Result<DataScope, Problem> {
    caller.scope_for(match wish {
        Wish::Copy => Permission::CustomersReveal,
        Wish::Restrict => Permission::CustomersHold,
        Wish::Delete => Permission::CustomersErase,
        Wish::Correct | Wish::Explain => Permission::CasesWrite,
    })
}
