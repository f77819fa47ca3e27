//! Routes of phone numbers: look up, opt out and suppress. Both prohibitions apply at once and to every
//! campaign.

mod number_bodies;
mod orders;
pub(super) mod reply_detail;

use crate::api_description::ReadReply;
use crate::comparisons::{Comparer, NumberBody};
use crate::endpoint::{Ctx, Endpoint, EndpointSubject, Input, Permission};
use application::as_of::{Moment, PastMomentInfo, entity_then};
use application::inquiries::{READ_THEN, ReadContent, Reader, customer_page, put_on_record};
use application::installation::Installation;
use domain::compliance::{BilingualSentence, SuppressionEnd, describe_refusal, zone_of};
use domain::ids::{CallId, NumberId};
use domain::inquiry::ComparedValue;
use domain::number::{Number, NumberState};
use domain::problem::Problem;
use domain::time::Timestamp;
use number_bodies::{NumberOptOutRequest, NumberSuppressionRequest};
use orders::{OptOut, Suppression, opt_out, opt_out_here, suppress, suppress_here};
use schemars::JsonSchema;
use serde::Serialize;
use std::collections::BTreeMap;

/// What the audit record of a look-up of a number names as shown. A caller who sends the number itself
/// learns it about a person.
const LOOKUP: ReadContent = customer_page::NUMBER.shown();

pub(super) fn endpoints() -> Vec<Endpoint> {
    let mut endpoints = vec![
        Endpoint::get("/api/v1/numbers/{number}", "Get a phone number", show)
            .describe(
                "By phone number (E.164) or internal id. Deprecated: `POST numbers/lookup` keeps the \
                 number out of the URL.",
            )
            .needs(Permission::NumbersRead, EndpointSubject::Everybody)
            .query(READ_THEN)
            .deprecated(),
        Endpoint::post("/api/v1/numbers/lookup", "Look up a phone number", show_of_body)
            .describe(
                "Returns opt-out, suppression, dials of the last 30 days, and why the number is not \
                 called. The number is sent in the body. Look-ups are rate limited and recorded.",
            )
            .needs(Permission::NumbersRead, EndpointSubject::Everybody)
            .takes::<NumberBody>()
            .query(READ_THEN),
        Endpoint::post(
            "/api/v1/numbers/show",
            "Look up a phone number (former name)",
            show_of_body,
        )
        .describe("The same as `POST numbers/lookup`.")
        .needs(Permission::NumbersRead, EndpointSubject::Everybody)
        .takes::<NumberBody>()
        .query(READ_THEN)
        .deprecated(),
    ];
    endpoints.extend(changes());
    endpoints
}

/// Opt-outs and suppressions.
fn changes() -> Vec<Endpoint> {
    vec![
        Endpoint::post(
            "/api/v1/numbers/opt-out",
            "Record an opt-out of a phone number",
            opt_out_here,
        )
        .describe(
            "The person with this number asked not to be called. It applies before the next dial, in every \
             campaign. Open calls are listed and given up.",
        )
        .needs(Permission::NumbersOptOut, EndpointSubject::Unscoped)
        .takes::<NumberOptOutRequest>()
        .kept(),
        Endpoint::post(
            "/api/v1/numbers/suppress",
            "Suppress a phone number",
            suppress_here,
        )
        .describe(
            "The number must not be dialed, permanently or until a time. It applies before the next dial, \
             in every campaign.",
        )
        .needs(Permission::NumbersSuppress, EndpointSubject::Unscoped)
        .takes::<NumberSuppressionRequest>()
        .kept(),
        Endpoint::post(
            "/api/v1/numbers/{number}/opt-out",
            "Record an opt-out (number in the URL)",
            opt_out,
        )
        .describe("Deprecated: `POST numbers/opt-out` keeps the number out of the URL.")
        .needs(Permission::NumbersOptOut, EndpointSubject::Unscoped)
        .takes::<OptOut>()
        .deprecated()
        .kept(),
        Endpoint::post(
            "/api/v1/numbers/{number}/suppress",
            "Suppress a phone number (number in the URL)",
            suppress,
        )
        .describe("Deprecated: `POST numbers/suppress` keeps the number out of the URL.")
        .needs(Permission::NumbersSuppress, EndpointSubject::Unscoped)
        .takes::<Suppression>()
        .deprecated()
        .kept(),
    ]
}

async fn show(ctx: Ctx, input: Input) -> Result<ReadReply<NumberResponse>, Problem> {
    let text = input.param(0)?;
    let moment = Moment::of(input.query())?;
    let (comparer, reader) = (input.comparer(), input.reader());
    shown(&ctx, &text, &comparer, moment, reader).await
}

async fn show_of_body(ctx: Ctx, input: Input) -> Result<ReadReply<NumberResponse>, Problem> {
    let moment = Moment::of(input.query())?;
    let (comparer, reader) = (input.comparer(), input.reader_by_post());
    let NumberBody { number } = input.order().await?;
    shown(&ctx, &number, &comparer, moment, reader).await
}

/// Looks up a number by phone number or internal id, as of `moment`, and records the read. A phone number
/// takes a comparison (rate limit); an internal id cannot be guessed.
async fn shown(
    ctx: &Ctx,
    text: &str,
    comparer: &Comparer,
    moment: Moment,
    reader: Reader,
) -> Result<ReadReply<NumberResponse>, Problem> {
    if let Ok(number) = text.parse::<NumberId>() {
        return shown_of(&ctx.installation, number, None, moment, reader).await;
    }
    let installation = &ctx.installation;
    let phone = installation.phone_written(text).await?;
    ctx.admit_comparison(comparer)?;
    let number = installation.vault().derive_number(phone.as_e164());
    let mut found = shown_of(installation, number, Some(phone.mask()), moment, reader).await;
    if let (Ok(ReadReply(shown)), false) = (&mut found, comparer.reveals_all()) {
        shown.id = None;
    }
    ctx.compared(comparer, ComparedValue::Number, found).await
}

async fn shown_of(
    installation: &Installation,
    number: NumberId,
    phone: Option<String>,
    moment: Moment,
    reader: Reader,
) -> Result<ReadReply<NumberResponse>, Problem> {
    let mut shown = if moment.is_now() {
        let loaded = installation.entities.numbers.state(&number).await?;
        if loaded.version.0 == 0 {
            return Err(Problem::missing("this number"));
        }
        describe(&number, &loaded.state, installation.now())
    } else {
        let then = moment.resolve(installation.store(), installation.now()).await?;
        let entity =
            entity_then::<Number>(installation.store(), &number, &then, installation.vault(), None).await?;
        if entity.events == 0 {
            return Err(Problem::missing("this number, at the time asked for,"));
        }
        let mut shown = describe(
            &number,
            &entity.state,
            then.at().unwrap_or_else(|| installation.now()),
        );
        shown.known = Some(entity.known(&then));
        shown
    };
    shown.phone = phone;
    let what = ReadContent {
        number: Some(number),
        ..LOOKUP
    };
    put_on_record(installation, reader, what).await?;
    Ok(ReadReply(shown))
}

/// A phone number, and what forbids calls to it.
#[derive(Debug, Serialize, JsonSchema)]
#[expect(clippy::struct_excessive_bools, reason = "a reply's members, not states")]
struct NumberResponse {
    /// Absent for a caller without the reveal permission: the id is the same for every customer with this
    /// number.
    #[serde(skip_serializing_if = "Option::is_none")]
    id: Option<NumberId>,
    /// Masked; only if the request contained the number itself.
    #[serde(rename = "number", skip_serializing_if = "Option::is_none")]
    #[schemars(example = &"138****8000")]
    phone: Option<String>,
    opted_out: bool,
    suppressed: bool,
    /// Null if the number is suppressed permanently, or not suppressed.
    suppressed_until: Option<Timestamp>,
    invalid: bool,
    open_calls: Vec<CallId>,
    dials_30_days: usize,
    not_called: Option<NumberBlockReason>,
    /// For a past moment: what the reply is based on.
    #[serde(skip_serializing_if = "Option::is_none")]
    known: Option<PastMomentInfo>,
}

/// Why a number is not dialed, in codes and in words.
#[derive(Debug, Serialize, JsonSchema)]
struct NumberBlockReason {
    #[schemars(example = &"suppression")]
    rule: &'static str,
    facts: BlockFacts,
    next_due_at: Option<Timestamp>,
    zh: String,
    en: String,
}

#[derive(Debug, Serialize, JsonSchema)]
struct BlockFacts {
    #[schemars(extend("enum" = ["opted_out", "invalid_number", "suppressed"]))]
    because: &'static str,
}

fn describe(number: &NumberId, state: &NumberState, at: Timestamp) -> NumberResponse {
    let until = |held: SuppressionEnd| match held {
        SuppressionEnd::ForGood => None,
        SuppressionEnd::Until(at) => Some(at),
    };
    NumberResponse {
        id: Some(number.clone()),
        phone: None,
        opted_out: state.opted_out(),
        suppressed: state.suppressed().is_some(),
        suppressed_until: state.suppressed().and_then(until),
        invalid: state.invalid(),
        open_calls: state.open_calls(),
        dials_30_days: state.history().dials().len(),
        not_called: not_called(state, at),
        known: None,
    }
}

/// Returns what forbids a dial of this number in every campaign; `None` if nothing does.
fn not_called(state: &NumberState, at: Timestamp) -> Option<NumberBlockReason> {
    let (because, next) = match state.suppressed() {
        _ if state.opted_out() => ("opted_out", None),
        _ if state.invalid() => ("invalid_number", None),
        Some(SuppressionEnd::ForGood) => ("suppressed", None),
        Some(SuppressionEnd::Until(until)) if at < until => ("suppressed", Some(until)),
        Some(SuppressionEnd::Until(_)) | None => return None,
    };
    let facts = BTreeMap::from([("because".to_owned(), because.to_owned())]);
    // A number's stream holds no digits, so its country is unknown: the time is given in Beijing time.
    let BilingualSentence { zh, en } =
        describe_refusal("suppression", &facts, next, zone_of(Some("Asia/Shanghai"), None));
    Some(NumberBlockReason {
        rule: "suppression",
        facts: BlockFacts { because },
        next_due_at: next,
        zh,
        en,
    })
}
