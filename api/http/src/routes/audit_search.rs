//! Routes that search the audit trail and export what is found in one file with its proof. Each search is
//! recorded in the log before the reply is sent.

use crate::api_description::{Bundle, ReadReply};
use crate::comparisons::{Comparer, is_customer_id, is_number_id, number_ids};
use crate::endpoint::{Ctx, Endpoint, EndpointSubject, Input, Permission};
use crate::event_exports::{EventExport, EventExportKind};
use crate::paging::{EXAMPLE, ListPage, Paging};
use application::inquiries::log_answer;
use application::installation::Installation;
use domain::ids::{CallId, CampaignId, CustomerId, InquiryId, KeyId, NumberId, UserId};
use domain::inquiry::{ExportFacts, InquiryCommand, REASON_BYTES_MAX, SearchFacts, USER_BYTES_MAX};
use domain::problem::Problem;
use domain::stored_event::{Cause, Position};
use domain::time::Timestamp;
use evidence::audit_search::{
    AuditSearchFilter, AuditSearchPage, AuditSearchSubject, FOUND_MAX, search, select,
};
use evidence::event_bundles::{EventProofs, LaterEventPolicy};
use intake::members::{ApiRequest, Members};
use schemars::JsonSchema;
use std::fmt::Display;
use store::proof::bundle::{Attachments, BundleSubject};

/// Events on a page of an audit search if the request sets no limit.
const PAGE_EVENTS: usize = 100;
/// Maximum length of an id, phone number or event kind in a search, in bytes.
const NAME_BYTES_MAX: usize = 128;

pub(super) fn endpoints() -> Vec<Endpoint> {
    vec![
        Endpoint::post("/api/v1/audit/search", "Search the audit trail", find)
            .describe(
                "Filters combine with AND. `total` is the exact count up to the head of the log when the \
                 first page was read. The search itself is recorded before the reply is sent.",
            )
            .needs(Permission::AuditRead, EndpointSubject::Everybody)
            .heavy()
            .skip_view_wait()
            .takes::<AuditSearchRequest>(),
        Endpoint::post(
            "/api/v1/audit/export",
            "Export what an audit search finds",
            take_away,
        )
        .describe(
            "Returns one file with at most 1,000 events and the proof that they are in the log. \
             `ledgerline audit check` verifies it. The export is recorded.",
        )
        .needs(Permission::AuditRead, EndpointSubject::Everybody)
        .skip_view_wait()
        .takes::<AuditSearchRequest>(),
    ]
}

/// The filters of an audit search. They combine with AND.
#[derive(ApiRequest, JsonSchema)]
#[request(check = check_limit)]
struct AuditSearchRequest {
    /// The user who acted.
    #[schemars(example = &"wang", length(max = USER_BYTES_MAX))]
    by: Option<String>,
    /// The event kind. A value that ends in a dot matches all kinds with this prefix: `user.`
    #[schemars(example = &"access.refused", length(max = NAME_BYTES_MAX))]
    kind: Option<String>,
    /// Only events at this instant or later.
    #[member(parse)]
    from: Option<Timestamp>,
    /// Only events before this instant.
    #[member(parse)]
    to: Option<Timestamp>,
    #[member(parse)]
    campaign: Option<CampaignId>,
    /// The customer: external id or internal id.
    #[schemars(example = &"C01", length(max = NAME_BYTES_MAX))]
    customer: Option<String>,
    #[member(parse)]
    call: Option<CallId>,
    #[schemars(with = "Option<UserId>")]
    #[member(parse)]
    user: Option<UserId>,
    #[member(parse)]
    key: Option<KeyId>,
    /// A phone number in any common notation, or its internal id.
    #[schemars(example = &"13800138000", length(max = NAME_BYTES_MAX))]
    number: Option<String>,
    /// Words separated by blanks. An event matches if it contains all of them, in any case.
    #[schemars(example = &"complaint 17", length(max = REASON_BYTES_MAX))]
    words: Option<String>,
    /// The `next_cursor` of the previous page. All other members must be the same as for that page.
    #[schemars(example = &EXAMPLE)]
    cursor: Option<String>,
    /// Only events after this log position.
    #[schemars(with = "Option<String>", example = &"42")]
    #[member(parse)]
    after: Option<u64>,
    #[schemars(range(min = 1, max = FOUND_MAX))]
    limit: Option<usize>,
}

fn check_limit(request: &AuditSearchRequest, body: &mut Members) {
    if request
        .limit
        .is_some_and(|limit| !(1..=FOUND_MAX).contains(&limit))
    {
        body.wrong("limit", format!("1 to {FOUND_MAX}"));
    }
}

/// A search in two forms: the facts that are recorded, and the filter for reading the log.
struct AuditSearchQuery {
    facts: SearchFacts,
    wanted: AuditSearchFilter,
    /// True if the search names a phone number or an external id. A search without a match then counts as a
    /// failed comparison of the caller.
    compares: bool,
}

async fn find(ctx: Ctx, input: Input) -> Result<ReadReply<ListPage<AuditSearchPage>>, Problem> {
    let (route, ids) = (input.route(), number_ids(&input.caller));
    let (comparer, by) = (input.comparer(), input.by());
    let cause = input.cause(&ctx.installation, "audit/search")?;
    let order: AuditSearchRequest = input.order().await?;
    let (cursor, after) = (order.cursor.clone(), order.after);
    let limit = order.limit.unwrap_or(PAGE_EVENTS);
    let asked = asked(&ctx, order, &comparer).await?;
    let installation = &ctx.installation;
    let filter = (&asked.facts, after);
    let paging = Paging::of_body(installation, route, &filter, cursor.as_deref(), limit)?;
    // All pages, and two identical searches, end at the head of the log as it was when the first page was
    // read.
    let (after, until) = match paging.place::<(u64, u64)>()? {
        Some((after, until)) => (Position(after), Position(until)),
        None => (Position(after.unwrap_or(0)), installation.store().head().await?),
    };
    let began = installation.now();
    let id = put_on_record(installation, asked.facts, by, cause).await?;
    let mut found = search(installation.store(), &asked.wanted, after, limit, until).await?;
    if asked.compares && found.total == 0 {
        ctx.comparisons.missed(&comparer.names, 1, installation.now());
    }
    log_answer(installation, id, found.total, 0, began).await?;
    let items = std::mem::take(&mut found.items).into_iter();
    found.items = items.map(|item| item.showing(ids)).collect();
    let next = found.next.as_deref().and_then(|next| next.parse::<u64>().ok());
    let next_cursor = next.map(|next| paging.cursor(&(next, until.0))).transpose()?;
    Ok(ReadReply(ListPage {
        list: found,
        next_cursor,
    }))
}

async fn take_away(ctx: Ctx, input: Input) -> Result<Bundle, Problem> {
    let (comparer, by) = (input.comparer(), input.by());
    let cause = input.cause(&ctx.installation, "audit/export")?;
    let order: AuditSearchRequest = input.order().await?;
    let asked = asked(&ctx, order, &comparer).await?;
    let installation = &ctx.installation;
    let until = installation.store().head().await?;
    let began = installation.now();
    let SearchFacts {
        campaign,
        customer,
        call,
        from,
        until: before,
        ..
    } = asked.facts.clone();
    let id = put_on_record(installation, asked.facts, by.clone(), cause).await?;
    let selection = select(installation.store(), &asked.wanted, until).await?;
    let Some(last) = selection.events.keys().next_back().copied() else {
        if asked.compares {
            ctx.comparisons.missed(&comparer.names, 1, installation.now());
        }
        log_answer(installation, id, 0, 0, began).await?;
        return Err(Problem::missing("a matching event"));
    };
    let signed = ctx.checkpoint_over(last).await?;
    let prover = ctx.prover()?;
    let EventProofs { events, .. } = prover.proved(selection, LaterEventPolicy::Refused, &signed)?;
    let count = u64::try_from(events.len()).unwrap_or(u64::MAX);
    let facts = ExportFacts {
        campaign,
        customer,
        call,
        from,
        until: before,
        ..EventExport::all(EventExportKind::Search).facts()
    };
    let export = Cause::outside(installation.new_command()).asked_by(cause.by);
    let taken = InquiryId::derive(export.command);
    let command = InquiryCommand::Export { facts, by };
    installation
        .entities
        .inquiries
        .ask(&taken, command, export)
        .await?;
    let of = BundleSubject {
        kind: "audit".to_owned(),
        id: id.to_string(),
    };
    let made = prover.bundle(of, events, Attachments::new(), &signed)?;
    let bytes = u64::try_from(made.bytes.len()).unwrap_or(u64::MAX);
    for inquiry in [id, taken] {
        log_answer(installation, inquiry, count, bytes, began).await?;
    }
    Ok(Bundle {
        name: format!("audit-{id}.proof"),
        bytes: made.bytes,
    })
}

/// Records the search in the log and returns its id. If the record cannot be stored, the search fails and
/// shows nothing.
async fn put_on_record(
    installation: &Installation,
    facts: SearchFacts,
    by: Option<String>,
    cause: Cause,
) -> Result<InquiryId, Problem> {
    // Each search is a separate inquiry, even with a repeated Idempotency-Key, because the log has moved on.
    let cause = Cause::outside(installation.new_command()).asked_by(cause.by);
    let id = InquiryId::derive(cause.command);
    let command = InquiryCommand::Search { facts, by };
    installation.entities.inquiries.ask(&id, command, cause).await?;
    Ok(id)
}

async fn asked(
    ctx: &Ctx,
    order: AuditSearchRequest,
    comparer: &Comparer,
) -> Result<AuditSearchQuery, Problem> {
    let own_id = order.customer.as_deref().filter(|text| !is_customer_id(text));
    let phone = order.number.as_deref().filter(|text| !is_number_id(text));
    let compares = own_id.is_some() || phone.is_some();
    let customer = match order.customer {
        Some(text) => Some(customer_of(ctx, &text, comparer).await?),
        None => None,
    };
    let number = match order.number {
        Some(text) => Some(number_of(ctx, &text, comparer).await?),
        None => None,
    };
    let things = [
        order.call.map(|call| thing("call", call, None)),
        order.user.as_ref().map(|user| thing("user", user, Some("user"))),
        order.key.map(|key| thing("api_key", key, Some("key"))),
        number.as_ref().map(|number| thing("number", number, None)),
    ];
    let words = order.words.as_deref().unwrap_or_default();
    Ok(AuditSearchQuery {
        compares,
        wanted: AuditSearchFilter {
            by: order.by.clone(),
            kind: order.kind.clone(),
            from: order.from,
            to: order.to,
            campaign: order.campaign.clone(),
            customer: customer.clone(),
            named: things.into_iter().flatten().collect(),
            words: words.split_whitespace().map(str::to_owned).collect(),
        },
        facts: SearchFacts {
            acted_by: order.by,
            event_kind: order.kind,
            from: order.from,
            until: order.to,
            campaign: order.campaign,
            customer,
            call: order.call,
            user: order.user,
            key: order.key,
            number,
            words: order.words,
        },
    })
}

/// Returns the streams and names by which the log is searched for a call, user, key or number: its own
/// stream, its id, and with `refused` the stream `access-{refused}.{id}` of refused attempts on it.
fn thing(aggregate: &str, id: impl Display, refused: Option<&str>) -> AuditSearchSubject {
    let mut streams = vec![format!("{aggregate}-{id}")];
    streams.extend(refused.map(|prefix| format!("access-{prefix}.{id}")));
    AuditSearchSubject {
        streams,
        names: vec![id.to_string()],
    }
}

/// Returns the customer for an id. Comparing an external id is rate limited; an internal id cannot be
/// guessed.
async fn customer_of(ctx: &Ctx, text: &str, comparer: &Comparer) -> Result<CustomerId, Problem> {
    if let Ok(customer) = text.parse() {
        return Ok(customer);
    }
    ctx.admit_comparison(comparer)?;
    ctx.installation.customer_of_external(text).await
}

/// Returns the number for a text. Comparing a phone number is rate limited; an internal id cannot be guessed.
async fn number_of(ctx: &Ctx, text: &str, comparer: &Comparer) -> Result<NumberId, Problem> {
    if let Ok(number) = text.parse() {
        return Ok(number);
    }
    let phone = ctx.installation.phone_written(text).await?;
    ctx.admit_comparison(comparer)?;
    Ok(ctx.installation.vault().derive_number(phone.as_e164()))
}
