//! Requests of persons over HTTP: note one, and answer it: the answer does what was asked for, on record.

use crate::described::{Changed, MadeOrChanged, Read};
use crate::endpoint::{About, Ctx, Endpoint, Input, Permission};
use crate::fulfilment::{Done, Fulfilling, PersonCopy, erasing, fulfil};
use crate::paging::{CURSOR, LIMIT, LONG, Paged, Paging};
use crate::reply::Written;
use actors::Answer;
use application::access::Caller;
use application::approvals::{Doing, four_eyes_on};
use application::cases::correcting::RightValues;
use application::cases::requests::{RequestShown, RequestsShown, describe, request, requests};
use application::installation::Installation;
use application::parameter::Parameter;
use domain::approval::{Act, Asked};
use domain::case::CASE_TEXT_BYTES_MAX;
use domain::ids::{ApprovalId, PersonRequestId};
use domain::permission::DataScope;
use domain::person_request::{AnswerKind, PersonRequest, PersonRequestCommand, Receiving, Wish};
use domain::problem::{MemberError, Problem};
use domain::time::Timestamp;
use evidence::inspection::Inspection;
use intake::members::{Members, Order};
use schemars::JsonSchema;
use serde::Serialize;

pub(super) fn endpoints() -> Vec<Endpoint> {
    vec![
        Endpoint::post(
            "/api/v1/requests",
            "A person asks about their own data: a copy, a correction, no use, an explanation, erasure",
            receive,
        )
        .needs(Permission::CasesOpen, About::Everybody)
        .takes::<RequestReceived>(),
        Endpoint::get(
            "/api/v1/requests",
            "Requests of persons with their deadlines",
            list,
        )
        .needs(Permission::CasesRead, About::Everybody)
        .query(
            const {
                &[
                    Parameter::flag("open", "Only those that are not answered"),
                    CURSOR,
                    LIMIT,
                ]
            },
        ),
        Endpoint::get("/api/v1/requests/{id}", "One request of a person", show)
            .needs(Permission::CasesRead, About::Everybody),
        Endpoint::post(
            "/api/v1/requests/{id}/answer",
            "Answer a person: what was asked for is done and handed back, or refused with the reason",
            answer,
        )
        .needs(Permission::CasesWrite, About::Everybody)
        .takes::<RequestAnswer>(),
    ]
}

/// Who asks for what.
#[derive(JsonSchema)]
#[schemars(extend("examples" = [{ "customer": "C001", "wish": "copy", "channel": "hotline" }]))]
struct RequestReceived {
    /// The institution's own id, or ours.
    customer: String,
    wish: Wish,
    /// By which way it came; name no person.
    #[schemars(length(max = CASE_TEXT_BYTES_MAX))]
    channel: Option<String>,
    /// Stored for ever; name no person.
    #[schemars(length(max = CASE_TEXT_BYTES_MAX))]
    note: Option<String>,
    /// When it came in; now unless said.
    received_at: Option<Timestamp>,
}

impl Order for RequestReceived {
    fn read(body: &mut Members) -> Self {
        if body.is_absent("wish") {
            body.wrong("wish", "is missing");
        }
        Self {
            customer: body.needed_text("customer").unwrap_or_default(),
            wish: body.parsed("wish").unwrap_or(Wish::Copy),
            channel: body.short_text("channel", CASE_TEXT_BYTES_MAX),
            note: body.short_text("note", CASE_TEXT_BYTES_MAX),
            received_at: body.parsed("received_at"),
        }
    }
}

/// What is answered.
#[derive(JsonSchema)]
#[schemars(extend("examples" = [{ "note": "sent by letter" }]))]
struct RequestAnswer {
    /// What the person was told; stored for ever, name no person.
    #[schemars(length(min = 1, max = CASE_TEXT_BYTES_MAX))]
    note: String,
    /// It is not done; the note says why.
    refuse: Option<bool>,
    /// The approval by which a person is erased, where one is needed.
    approval: Option<ApprovalId>,
    /// Of a correction: what is right. `name` is the person's, every other the variable of that name, in
    /// every campaign that has it.
    #[schemars(example = RightValues::from([("name".to_owned(), "王小明".to_owned())]))]
    set: Option<RightValues>,
}

impl Order for RequestAnswer {
    fn read(body: &mut Members) -> Self {
        Self {
            note: body.needed_short_text("note", CASE_TEXT_BYTES_MAX),
            refuse: body.value("refuse"),
            approval: body.parsed("approval"),
            set: body.value("set"),
        }
    }
}

/// A request after an order.
#[derive(Debug, Serialize, JsonSchema)]
struct RequestChanged {
    #[serde(flatten)]
    request: RequestShown,
    position: String,
}

/// A request that is answered, with what the person gets.
#[derive(Debug, Serialize, JsonSchema)]
struct RequestAnswered {
    #[serde(flatten)]
    request: RequestShown,
    position: String,
    /// Of a copy: what is kept of the person, in clear.
    copy: Option<PersonCopy>,
    /// Of an explanation: calls and refusals with the rules that decided them.
    explanation: Option<Inspection>,
}

async fn receive(ctx: Ctx, input: Input) -> Result<MadeOrChanged<RequestChanged>, Problem> {
    let installation = &ctx.installation;
    let cause = input.cause(installation, "requests")?;
    let comparer = input.comparer();
    let order: RequestReceived = input.order().await?;
    let (customer, _) = ctx.compare_customer(&comparer, &order.customer).await?;
    let id = PersonRequestId::derive(cause.command);
    let command = PersonRequestCommand::Receive(Receiving {
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
    let written = Written {
        body: RequestChanged {
            request: shown(installation, id, &answer)?,
            position: answer.position.to_string(),
        },
        version: Some(answer.version),
        position: Some(answer.position),
    };
    Ok(match answer.repeated {
        true => MadeOrChanged::Changed(written),
        false => MadeOrChanged::Made(written),
    })
}

fn shown(
    installation: &Installation,
    id: PersonRequestId,
    answer: &Answer<PersonRequest>,
) -> Result<RequestShown, Problem> {
    let shown = describe(id, &answer.state, installation.now());
    shown.ok_or_else(|| Problem::fault("a request without its first event"))
}

async fn list(ctx: Ctx, input: Input) -> Result<Read<Paged<RequestsShown>>, Problem> {
    let paging = Paging::of(&ctx.installation, &input, LONG)?;
    let open = input.flag("open")?;
    let all = requests(&ctx.installation, open).await?;
    let (page, next_cursor) = paging.cut(all, |(position, _)| position.0)?;
    let items = page.into_iter().map(|(_, shown)| shown).collect();
    Ok(Read(Paged {
        list: RequestsShown { items },
        next_cursor,
    }))
}

async fn show(ctx: Ctx, input: Input) -> Result<Read<RequestShown>, Problem> {
    let id: PersonRequestId = input.id(0, "this request")?;
    request(&ctx.installation, id).await.map(Read)
}

async fn answer(ctx: Ctx, input: Input) -> Result<Changed<RequestAnswered>, Problem> {
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
        Some(true) => Done::default(),
        // What is answered already is refused below, and nothing is done twice.
        Some(false) | None if !is_open => Done::default(),
        Some(false) | None => {
            may(&caller, received.wish)?;
            let doing = Doing {
                asked: Asked::of_person(Act::AnswerDeletion, received.customer.clone())
                    .with("request", Some(id)),
                reason: note.clone(),
                approval,
            };
            let fulfilling = Fulfilling {
                reader: reader.because(format!("request {id}")),
                four_eyes: match received.wish {
                    Wish::Delete => {
                        let command = erasing(note.clone(), None);
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
    Ok(Changed(Written {
        body: RequestAnswered {
            request: shown(installation, id, &answer)?,
            position: answer.position.to_string(),
            copy: done.copy,
            explanation: done.explanation,
        },
        version: Some(answer.version),
        position: Some(answer.position),
    }))
}

/// Whoever answers may themselves do what is asked for.
fn may(caller: &Caller, wish: Wish) -> Result<DataScope, Problem> {
    caller.scope_for(match wish {
        Wish::Copy => Permission::CustomersReveal,
        Wish::Restrict => Permission::CustomersHold,
        Wish::Delete => Permission::CustomersErase,
        Wish::Correct | Wish::Explain => Permission::CasesWrite,
    })
}
