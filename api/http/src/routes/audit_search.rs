//! The audit trail searched over HTTP, by whom and what and words, with an exact count; and what was found in
//! one file with its proof. Each search is on record before it is answered.

use crate::comparisons::{Comparer, is_customer_id, is_number_id, number_ids};
use crate::described::{Bundle, Read};
use crate::endpoint::{About, Ctx, Endpoint, Input, Permission};
use crate::paging::{EXAMPLE, Paged, Paging};
use crate::taken_away::{Taken, Taking};
use application::inquiring::answered;
use application::installation::Installation;
use domain::ids::{CallId, CampaignId, CustomerId, InquiryId, KeyId, NumberId, UserId};
use domain::inquiry::{ExportFacts, InquiryCommand, REASON_BYTES_MAX, SearchFacts, USER_BYTES_MAX};
use domain::problem::Problem;
use domain::stored_event::{Cause, Position};
use domain::time::Timestamp;
use evidence::audit_search::{FOUND_MAX, Found, Named, Wanted, search, select};
use evidence::proved::{Later, Proved};
use intake::members::{Members, Order};
use schemars::JsonSchema;
use std::fmt::Display;
use store::proof::bundle::{Attached, BundleSubject};

/// Events on a page unless asked otherwise.
const PAGE_EVENTS: usize = 100;
/// Longest id, phone number or kind.
const NAME_BYTES_MAX: usize = 128;

pub(super) fn endpoints() -> Vec<Endpoint> {
    vec![
        Endpoint::post(
            "/api/v1/audit/search",
            "Search the trail by who, when, kind, whom or what it is about, and words; with the exact count",
            find,
        )
        .needs(Permission::AuditRead, About::Everybody)
        .heavy()
        .of_rows_as_they_are()
        .takes::<SearchOrder>(),
        Endpoint::post(
            "/api/v1/audit/export",
            "What such a search finds, in one file with its proof: `ledgerline audit check` takes it",
            take_away,
        )
        .needs(Permission::AuditRead, About::Everybody)
        .of_rows_as_they_are()
        .takes::<SearchOrder>(),
    ]
}

/// What is looked for; everything given must hold.
#[derive(JsonSchema)]
struct SearchOrder {
    /// Who acted.
    #[schemars(example = &"wang", length(max = USER_BYTES_MAX))]
    by: Option<String>,
    /// This kind, or those that begin so where it ends in a dot: `user.`
    #[schemars(example = &"access.refused", length(max = NAME_BYTES_MAX))]
    kind: Option<String>,
    /// Only from this instant on.
    from: Option<Timestamp>,
    /// Only before this instant.
    to: Option<Timestamp>,
    campaign: Option<CampaignId>,
    /// The institution's own id of the person, or ours.
    #[schemars(example = &"C01", length(max = NAME_BYTES_MAX))]
    customer: Option<String>,
    call: Option<CallId>,
    #[schemars(with = "Option<UserId>")]
    user: Option<UserId>,
    key: Option<KeyId>,
    /// A phone number in any usual form, or our id of one.
    #[schemars(example = &"13800138000", length(max = NAME_BYTES_MAX))]
    number: Option<String>,
    /// Words with blanks between them, which all stand in what the event says, in any case.
    #[schemars(example = &"complaint 17", length(max = REASON_BYTES_MAX))]
    words: Option<String>,
    /// Go on: the `next_cursor` of the page before, with the same other members.
    #[schemars(example = &EXAMPLE)]
    cursor: Option<String>,
    /// Only behind this position.
    #[schemars(with = "Option<String>", example = &"42")]
    after: Option<u64>,
    #[schemars(range(min = 1, max = FOUND_MAX))]
    limit: Option<usize>,
}

impl Order for SearchOrder {
    fn read(body: &mut Members) -> Self {
        let limit: Option<usize> = body.value("limit");
        if limit.is_some_and(|limit| !(1..=FOUND_MAX).contains(&limit)) {
            body.wrong("limit", format!("1 to {FOUND_MAX}"));
        }
        Self {
            by: body.short_text("by", USER_BYTES_MAX),
            kind: body.short_text("kind", NAME_BYTES_MAX),
            from: body.parsed("from"),
            to: body.parsed("to"),
            campaign: body.parsed("campaign"),
            customer: body.short_text("customer", NAME_BYTES_MAX),
            call: body.parsed("call"),
            user: body.parsed("user"),
            key: body.parsed("key"),
            number: body.short_text("number", NAME_BYTES_MAX),
            words: body.short_text("words", REASON_BYTES_MAX),
            cursor: body.text("cursor"),
            after: body.parsed("after"),
            limit,
        }
    }
}

/// A search as it is on record, and as the log is asked.
struct Asked {
    facts: SearchFacts,
    wanted: Wanted,
    /// By a phone number or an own id: a search without a hit is a miss of a comparison.
    compares: bool,
}

async fn find(ctx: Ctx, input: Input) -> Result<Read<Paged<Found>>, Problem> {
    let (route, ids) = (input.route(), number_ids(&input.caller));
    let (comparer, by) = (input.comparer(), input.by());
    let cause = input.cause(&ctx.installation, "audit/search")?;
    let order: SearchOrder = input.order().await?;
    let (cursor, after) = (order.cursor.clone(), order.after);
    let limit = order.limit.unwrap_or(PAGE_EVENTS);
    let asked = asked(&ctx, order, &comparer).await?;
    let installation = &ctx.installation;
    let filter = (&asked.facts, after);
    let paging = Paging::of_body(installation, route, &filter, cursor.as_deref(), limit)?;
    // Up to what the log had before the search: its pages, and two of the same, find the same.
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
    answered(installation, id, found.total, 0, began).await?;
    let items = std::mem::take(&mut found.items).into_iter();
    found.items = items.map(|item| item.showing(ids)).collect();
    let next = found.next.as_deref().and_then(|next| next.parse::<u64>().ok());
    let next_cursor = next.map(|next| paging.cursor(&(next, until.0))).transpose()?;
    Ok(Read(Paged {
        list: found,
        next_cursor,
    }))
}

async fn take_away(ctx: Ctx, input: Input) -> Result<Bundle, Problem> {
    let (comparer, by) = (input.comparer(), input.by());
    let cause = input.cause(&ctx.installation, "audit/export")?;
    let order: SearchOrder = input.order().await?;
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
        answered(installation, id, 0, 0, began).await?;
        return Err(Problem::missing("a matching event"));
    };
    let signed = ctx.checkpoint_over(last).await?;
    let prover = ctx.prover()?;
    let Proved { events, .. } = prover.proved(selection, Later::Refused, &signed)?;
    let count = u64::try_from(events.len()).unwrap_or(u64::MAX);
    let facts = ExportFacts {
        campaign,
        customer,
        call,
        from,
        until: before,
        ..Taking::all(Taken::Search).facts()
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
    let made = prover.bundle(of, events, Attached::new(), &signed)?;
    let bytes = u64::try_from(made.bytes.len()).unwrap_or(u64::MAX);
    for inquiry in [id, taken] {
        answered(installation, inquiry, count, bytes, began).await?;
    }
    Ok(Bundle {
        name: format!("audit-{id}.proof"),
        bytes: made.bytes,
    })
}

/// Where it cannot be stored, nothing is shown.
async fn put_on_record(
    installation: &Installation,
    facts: SearchFacts,
    by: Option<String>,
    cause: Cause,
) -> Result<InquiryId, Problem> {
    // Each search is an inquiry of its own, also with a repeated Idempotency-Key: the log moves.
    let cause = Cause::outside(installation.new_command()).asked_by(cause.by);
    let id = InquiryId::derive(cause.command);
    let command = InquiryCommand::Search { facts, by };
    installation.entities.inquiries.ask(&id, command, cause).await?;
    Ok(id)
}

async fn asked(ctx: &Ctx, order: SearchOrder, comparer: &Comparer) -> Result<Asked, Problem> {
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
    Ok(Asked {
        compares,
        wanted: Wanted {
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

/// A thing, and how other events name it; refused attempts have a stream of their own for it.
fn thing(aggregate: &str, id: impl Display, refused: Option<&str>) -> Named {
    let mut streams = vec![format!("{aggregate}-{id}")];
    streams.extend(refused.map(|prefix| format!("access-{prefix}.{id}")));
    Named {
        streams,
        names: vec![id.to_string()],
    }
}

/// The institution's own id is compared at a limited rate; ours cannot be guessed.
async fn customer_of(ctx: &Ctx, text: &str, comparer: &Comparer) -> Result<CustomerId, Problem> {
    if let Ok(customer) = text.parse() {
        return Ok(customer);
    }
    ctx.admit_comparison(comparer)?;
    ctx.installation.customer_of_external(text).await
}

/// A phone number is compared at a limited rate; our id of a number cannot be guessed.
async fn number_of(ctx: &Ctx, text: &str, comparer: &Comparer) -> Result<NumberId, Problem> {
    if let Ok(number) = text.parse() {
        return Ok(number);
    }
    let phone = ctx.installation.phone_written(text).await?;
    ctx.admit_comparison(comparer)?;
    Ok(ctx.installation.vault().derive_number(phone.as_e164()))
}
