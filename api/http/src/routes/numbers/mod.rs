//! Phone numbers over HTTP: opt out and suppress, at once and everywhere.

mod in_body;
mod orders;
pub(super) mod reply_detail;

use crate::comparisons::{Comparer, NumberOnly};
use crate::described::Read;
use crate::endpoint::{About, Ctx, Endpoint, Input, Permission};
use application::as_of::{Known, Moment, entity_then};
use application::inquiring::{READ_THEN, Reader, Shown, customer_page, put_on_record};
use application::installation::Installation;
use domain::compliance::{InWords, Suppressed, in_words, zone_of};
use domain::ids::{CallId, NumberId};
use domain::inquiry::ComparedValue;
use domain::number::{Number, NumberState};
use domain::problem::Problem;
use domain::time::Timestamp;
use in_body::{OptOutHere, SuppressionHere};
use orders::{OptOut, Suppression, opt_out, opt_out_here, suppress, suppress_here};
use schemars::JsonSchema;
use serde::Serialize;
use std::collections::BTreeMap;

/// What is shown of a number: whoever asks with the number itself learns it of a person.
const LOOKUP: Shown = customer_page::NUMBER.shown();

pub(super) fn endpoints() -> Vec<Endpoint> {
    vec![
        Endpoint::get(
            "/api/v1/numbers/{number}",
            "One phone number (E.164, or our id): opt-out, suppression, dials of the last 30 days",
            show,
        )
        .needs(Permission::NumbersRead, About::Everybody)
        .query(READ_THEN)
        .deprecated(),
        Endpoint::post(
            "/api/v1/numbers/lookup",
            "One phone number, which stands in the body: opt-out, suppression, dials of the last 30 days",
            show_of_body,
        )
        .needs(Permission::NumbersRead, About::Everybody)
        .takes::<NumberOnly>()
        .query(READ_THEN),
        Endpoint::post(
            "/api/v1/numbers/show",
            "As numbers/lookup, by its earlier name",
            show_of_body,
        )
        .needs(Permission::NumbersRead, About::Everybody)
        .takes::<NumberOnly>()
        .query(READ_THEN)
        .deprecated(),
        Endpoint::post(
            "/api/v1/numbers/opt-out",
            "The person of the number in the body asked not to be called: holds before the next dial, everywhere",
            opt_out_here,
        )
        .needs(Permission::NumbersOptOut, About::Nobody)
        .takes::<OptOutHere>()
        .kept(),
        Endpoint::post(
            "/api/v1/numbers/suppress",
            "The number in the body must not be dialed, for good or until a time",
            suppress_here,
        )
        .needs(Permission::NumbersSuppress, About::Nobody)
        .takes::<SuppressionHere>()
        .kept(),
        Endpoint::post(
            "/api/v1/numbers/{number}/opt-out",
            "The person asked not to be called: holds before the next dial, everywhere",
            opt_out,
        )
        .needs(Permission::NumbersOptOut, About::Nobody)
        .takes::<OptOut>()
        .deprecated()
        .kept(),
        Endpoint::post(
            "/api/v1/numbers/{number}/suppress",
            "The number must not be dialed, for good or until a time",
            suppress,
        )
        .needs(Permission::NumbersSuppress, About::Nobody)
        .takes::<Suppression>()
        .deprecated()
        .kept(),
    ]
}

async fn show(ctx: Ctx, input: Input) -> Result<Read<NumberShown>, Problem> {
    let text = input.param(0)?;
    let moment = Moment::of(input.query())?;
    let (comparer, reader) = (input.comparer(), input.reader());
    shown(&ctx, &text, &comparer, moment, reader).await
}

async fn show_of_body(ctx: Ctx, input: Input) -> Result<Read<NumberShown>, Problem> {
    let moment = Moment::of(input.query())?;
    let (comparer, reader) = (input.comparer(), input.reader_by_post());
    let NumberOnly { number } = input.order().await?;
    shown(&ctx, &number, &comparer, moment, reader).await
}

/// A phone number is compared at a limited rate; our id of a number cannot be guessed.
async fn shown(
    ctx: &Ctx,
    text: &str,
    comparer: &Comparer,
    moment: Moment,
    reader: Reader,
) -> Result<Read<NumberShown>, Problem> {
    if let Ok(number) = text.parse::<NumberId>() {
        return shown_of(&ctx.installation, number, None, moment, reader).await;
    }
    let installation = &ctx.installation;
    let phone = installation.phone_written(text).await?;
    ctx.admit_comparison(comparer)?;
    let number = installation.vault().derive_number(phone.as_e164());
    let mut found = shown_of(installation, number, Some(phone.mask()), moment, reader).await;
    if let (Ok(Read(shown)), false) = (&mut found, comparer.reveals_all()) {
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
) -> Result<Read<NumberShown>, Problem> {
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
    let what = Shown {
        number: Some(number),
        ..LOOKUP
    };
    put_on_record(installation, reader, what).await?;
    Ok(Read(shown))
}

/// One phone number.
#[derive(Debug, Serialize, JsonSchema)]
#[expect(clippy::struct_excessive_bools, reason = "a reply's members, not states")]
struct NumberShown {
    /// Absent for a caller without the reveal right: it is the same for every customer with this number.
    #[serde(skip_serializing_if = "Option::is_none")]
    id: Option<NumberId>,
    /// Masked; only to whoever asked with the number itself.
    #[serde(rename = "number", skip_serializing_if = "Option::is_none")]
    #[schemars(example = &"138****8000")]
    phone: Option<String>,
    opted_out: bool,
    suppressed: bool,
    /// Null: for good, or not at all.
    suppressed_until: Option<Timestamp>,
    invalid: bool,
    open_calls: Vec<CallId>,
    dials_30_days: usize,
    not_called: Option<NumberNotCalled>,
    /// Of the past: where the answer lies.
    #[serde(skip_serializing_if = "Option::is_none")]
    known: Option<Known>,
}

/// What stands against a dial of a number, in codes and in words.
#[derive(Debug, Serialize, JsonSchema)]
struct NumberNotCalled {
    #[schemars(example = &"suppression")]
    rule: &'static str,
    facts: Because,
    next_due_at: Option<Timestamp>,
    zh: String,
    en: String,
}

#[derive(Debug, Serialize, JsonSchema)]
struct Because {
    #[schemars(extend("enum" = ["opted_out", "invalid_number", "suppressed"]))]
    because: &'static str,
}

fn describe(number: &NumberId, state: &NumberState, at: Timestamp) -> NumberShown {
    let until = |held: Suppressed| match held {
        Suppressed::ForGood => None,
        Suppressed::Until(at) => Some(at),
    };
    NumberShown {
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

/// What stands against a dial of this number whatever the campaign; nothing where nothing does.
fn not_called(state: &NumberState, at: Timestamp) -> Option<NumberNotCalled> {
    let (because, next) = match state.suppressed() {
        _ if state.opted_out() => ("opted_out", None),
        _ if state.invalid() => ("invalid_number", None),
        Some(Suppressed::ForGood) => ("suppressed", None),
        Some(Suppressed::Until(until)) if at < until => ("suppressed", Some(until)),
        Some(Suppressed::Until(_)) | None => return None,
    };
    let facts = BTreeMap::from([("because".to_owned(), because.to_owned())]);
    // A number's stream holds no digits: the time is said in Beijing's.
    let InWords { zh, en } = in_words("suppression", &facts, next, zone_of(Some("Asia/Shanghai"), None));
    Some(NumberNotCalled {
        rule: "suppression",
        facts: Because { because },
        next_due_at: next,
        zh,
        en,
    })
}
