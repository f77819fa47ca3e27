//! Inspections over HTTP: from a person, or a number and a time, to calls, basis, decisions, recordings,
//! operations and their proof; on record before anything is shown.

use crate::comparisons::is_number_id;
use crate::described::{Bundle, Read};
use crate::endpoint::{About, Ctx, Endpoint, Input, Permission};
use application::approvals::{Doing, four_eyes};
use application::inquiring::{Reader, Shown, answered, put_on_record};
use application::installation::Installation;
use domain::approval::{Act, Asked};
use domain::four_eyes::FourEyes;
use domain::ids::{ApprovalId, CustomerId, InquiryId, NumberId};
use domain::inquiry::{ComparedValue, ExportFacts, InquiryCommand, REASON_BYTES_MAX, ReadForm};
use domain::problem::Problem;
use domain::stored_event::Cause;
use domain::time::Timestamp;
use evidence::inspection::{Ask, Inspected, Inspection, Order, Values};
use host::data_dir::RECORDINGS_DIR;
use intake::members::{self, Members};
use projections::views::customer_timeline;
use schemars::JsonSchema;
use std::borrow::Cow;
use std::collections::BTreeSet;

/// Hours before and after the time asked for, unless said otherwise: a person remembers the day.
const WITHIN_HOURS: u32 = 24;

/// Most of them: a month; without a time everything is looked at.
const WITHIN_HOURS_MAX: u32 = 31 * 24;

/// Milliseconds of an hour.
const HOUR_MS: u64 = 3_600_000;

/// Longest wait until the rows that say who has a number have what the log has.
const ROWS_WAIT_MS: u64 = 5_000;

/// What is shown of persons as it is, whatever the form of their values.
const TOLD: &[&str] = &["calls", "decisions", "consents", "pressed", "operations"];
/// What is shown of them masked, unless it was asked for in clear.
const VALUES: &[&str] = &["external_id", "name", "phone"];
/// What a bundle has besides.
const RECORDING: &str = "recording";

pub(super) fn endpoints() -> Vec<Endpoint> {
    vec![
        Endpoint::post(
            "/api/v1/inspections",
            "Inspect a person, or a number and a time: calls, lawful basis, decisions, recordings, operations",
            inspect,
        )
        .needs(Permission::InspectionsMake, About::Everybody)
        .heavy()
        .takes::<InspectionOrder>(),
        Endpoint::post(
            "/api/v1/inspections/bundle",
            "The same as a file for somebody without the log: page, recordings, events and their proofs",
            bundle,
        )
        .needs(Permission::InspectionsMake, About::Everybody)
        .heavy()
        .takes::<InspectionOrder>(),
    ]
}

/// Whom or what to inspect: a person or a number, and around which time.
#[derive(JsonSchema)]
#[schemars(extend("examples" = [{
    "number": "13800138000", "at": "2026-11-20T10:00:00+08:00", "reason": "complaint 17"
}]))]
struct InspectionOrder {
    /// The institution's own id, or ours.
    customer: Option<String>,
    /// In any usual form, or our id of one.
    number: Option<String>,
    at: Option<Timestamp>,
    /// Before and after `at`; 24 unless said.
    #[schemars(range(min = 1, max = WITHIN_HOURS_MAX))]
    within_hours: Option<u32>,
    /// Names and numbers as they are, instead of masked.
    clear: Option<bool>,
    /// Stored for ever; nothing personal.
    #[schemars(length(min = 1, max = REASON_BYTES_MAX))]
    reason: String,
    /// The approval by which values are shown as they are, where one is needed.
    approval: Option<ApprovalId>,
}

impl members::Order for InspectionOrder {
    fn read(body: &mut Members) -> Self {
        if body.is_absent("customer") == body.is_absent("number") {
            body.wrong("customer", "or number says what is inspected: one of them");
        }
        if body.is_absent("at") && !body.is_absent("within_hours") {
            body.wrong("within_hours", "is around a time: at is missing");
        }
        let within_hours: Option<u32> = body.value("within_hours");
        if within_hours.is_some_and(|hours| hours == 0 || hours > WITHIN_HOURS_MAX) {
            body.wrong("within_hours", format!("is 1 to {WITHIN_HOURS_MAX}"));
        }
        Self {
            customer: body.text("customer"),
            number: body.text("number"),
            at: body.parsed("at"),
            within_hours,
            clear: body.value("clear"),
            reason: body.needed_short_text("reason", REASON_BYTES_MAX),
            approval: body.parsed("approval"),
        }
    }
}

async fn inspect(ctx: Ctx, input: Input) -> Result<Read<Inspection>, Problem> {
    let reader = input.reader_by_post();
    let cause = input.cause(&ctx.installation, "inspections")?;
    let (found, order) = found(&ctx, input, cause).await?;
    record(
        &ctx.installation,
        reader.because(order.reason).behind(order.four_eyes),
        &found,
        order.values,
        &[],
    )
    .await?;
    Ok(Read(found.answer))
}

async fn bundle(ctx: Ctx, input: Input) -> Result<Bundle, Problem> {
    let (reader, by) = (input.reader_by_post(), input.by());
    let cause = input.cause(&ctx.installation, "inspections")?;
    let (found, order) = found(&ctx, input, cause).await?;
    let signed = ctx.checkpoint_over(found.last()).await?;
    let reader = reader.because(order.reason).behind(order.four_eyes.clone());
    record(&ctx.installation, reader, &found, order.values, &[RECORDING]).await?;
    let began = ctx.installation.now();
    let id = taken(&ctx.installation, &found, order.four_eyes, by, cause).await?;
    let made = found.bundle(id, &ctx.prover()?, &signed)?;
    let bytes = u64::try_from(made.bytes.len()).unwrap_or(u64::MAX);
    answered(&ctx.installation, id, made.events, bytes, began).await?;
    Ok(Bundle {
        name: format!("inspection-{id}.tar"),
        bytes: made.bytes,
    })
}

/// What is left of an order when it was answered.
struct Ordered {
    reason: String,
    values: Values,
    four_eyes: Option<Box<FourEyes>>,
}

async fn found(ctx: &Ctx, input: Input, cause: Cause) -> Result<(Inspected, Ordered), Problem> {
    let (comparer, caller) = (input.comparer(), input.caller.clone());
    let order: InspectionOrder = input.order().await?;
    let installation = &ctx.installation;
    let values = match order.clear {
        Some(true) => Values::Clear,
        Some(false) | None => Values::Masked,
    };
    let hours = order.within_hours.unwrap_or(WITHIN_HOURS);
    let around_ms = HOUR_MS.saturating_mul(u64::from(hours));
    let mut ask = Order {
        ask: Ask {
            persons: BTreeSet::new(),
            number: None,
            from: order.at.map(|at| at.minus_ms(around_ms)),
            to: order.at.map(|at| at.plus_ms(around_ms)),
        },
        customer: None,
        phone: None,
        at: order.at,
        values,
    };
    if let Some(customer) = &order.customer {
        let (customer, _) = ctx.compare_customer(&comparer, customer).await?;
        ask.ask.persons.insert(customer.clone());
        ask.customer = Some(customer);
    } else if let Some(number) = &order.number {
        let looks_up = !is_number_id(number);
        if looks_up {
            ctx.admit_comparison(&comparer)?;
        }
        let named = name_number(installation, number, &mut ask).await;
        if looks_up {
            ctx.compared(&comparer, ComparedValue::Number, named).await?;
        } else {
            named?;
        }
    }
    let four_eyes = match values {
        Values::Masked => None,
        Values::Clear => {
            let doing = Doing {
                asked: asked(&ask, order.at.map(|_| hours)),
                reason: order.reason.clone(),
                approval: order.approval,
            };
            Some(four_eyes(installation, &caller, doing, cause).await?)
        }
    };
    let folder = installation.directory.join(RECORDINGS_DIR);
    let found = Inspected::find(installation, &folder, ask).await?;
    let ordered = Ordered {
        reason: order.reason,
        values,
        four_eyes,
    };
    Ok((found, ordered))
}

/// What somebody else approves before values are shown as they are.
fn asked(order: &Order, within_hours: Option<u32>) -> Asked {
    let asked = Asked {
        customer: order.customer.clone(),
        ..Asked::of(Act::InspectClear)
    };
    let asked = asked.with("number", order.ask.number.as_ref());
    asked.with("at", order.at).with("within_hours", within_hours)
}

/// The number, and who is known to have it. The rows only say whom to ask; each answers from their own
/// events.
async fn name_number(installation: &Installation, text: &str, ask: &mut Order) -> Result<(), Problem> {
    let number = if let Ok(number) = text.parse::<NumberId>() {
        number
    } else {
        let phone = installation.phone_written(text).await?;
        ask.phone = Some(match ask.values {
            Values::Masked => phone.mask(),
            Values::Clear => phone.as_e164().to_owned(),
        });
        installation.vault().derive_number(phone.as_e164())
    };
    let head = installation.store().head().await?;
    installation.rows_at(head, ROWS_WAIT_MS).await?;
    let having: Vec<CustomerId> = customer_timeline::having(installation.rows.db().as_ref(), &number).await?;
    let known = installation.entities.numbers.state(&number).await?;
    if having.is_empty() && known.version.0 == 0 {
        return Err(Problem::missing("this number"));
    }
    ask.ask.persons.extend(having);
    ask.ask.number = Some(number);
    Ok(())
}

/// Puts on record whose data is shown, a read for each person.
async fn record(
    installation: &Installation,
    reader: Reader,
    found: &Inspected,
    values: Values,
    more: &[&'static str],
) -> Result<(), Problem> {
    let told: Vec<&'static str> = TOLD.iter().chain(more).copied().collect();
    for tells in found.tells() {
        let is_erased = match &tells.customer {
            Some(customer) => {
                let person = installation.entities.customers.state(customer).await?.state;
                person.erasure().is_final()
            }
            None => false,
        };
        let reads = match (values, is_erased) {
            (Values::Clear, false) => vec![([told.as_slice(), VALUES].concat(), ReadForm::Clear)],
            (Values::Masked, false) => vec![
                (told.clone(), ReadForm::Clear),
                (VALUES.to_vec(), ReadForm::Masked),
            ],
            // Of an erased person calls and decisions are left, and no value.
            (Values::Clear | Values::Masked, true) => vec![
                (told.clone(), ReadForm::Clear),
                (VALUES.to_vec(), ReadForm::Nothing),
            ],
        };
        for (fields, form) in &reads {
            let shown = Shown {
                fields: Cow::Owned(fields.clone()),
                customer: tells.customer.clone(),
                number: tells.number.clone(),
                calls: tells.calls.clone(),
                ..Shown::of(&[], *form)
            };
            put_on_record(installation, reader.clone(), shown).await?;
        }
    }
    Ok(())
}

/// Puts on record that the bundle is taken away; it is named for that record.
async fn taken(
    installation: &Installation,
    found: &Inspected,
    four_eyes: Option<Box<FourEyes>>,
    by: Option<String>,
    cause: Cause,
) -> Result<InquiryId, Problem> {
    let id = InquiryId::derive(cause.command);
    let facts = ExportFacts {
        what: "inspection".to_owned(),
        format: "bundle".to_owned(),
        customer: found.answer.about.customer.clone(),
        four_eyes,
        ..ExportFacts::default()
    };
    let command = InquiryCommand::Export { facts, by };
    installation.entities.inquiries.ask(&id, command, cause).await?;
    Ok(id)
}
