//! Routes of inspections: for a customer, or a number and a time, they return the calls, lawful basis,
//! decisions, recordings, operations and the proof. Each is recorded before anything is shown.

use crate::api_description::{Bundle, ReadReply};
use crate::comparisons::is_number_id;
use crate::endpoint::{Ctx, Endpoint, EndpointSubject, Input, Permission};
use application::approvals::{ProposedAct, four_eyes};
use application::inquiries::{ReadContent, Reader, log_answer, put_on_record};
use application::installation::Installation;
use domain::approval::{Act, ApprovalSubject};
use domain::four_eyes::FourEyes;
use domain::ids::{ApprovalId, CustomerId, InquiryId, NumberId};
use domain::inquiry::{ComparedValue, ExportFacts, InquiryCommand, REASON_BYTES_MAX, ReadForm};
use domain::problem::Problem;
use domain::stored_event::Cause;
use domain::time::Timestamp;
use evidence::inspection::{Inspected, Inspection, InspectionInputs, InspectionScope, PersonalValueForm};
use host::data_dir::RECORDINGS_DIR;
use intake::members::{self, Members};
use projections::views::customer_timeline;
use schemars::JsonSchema;
use std::borrow::Cow;
use std::collections::BTreeSet;

/// Default of `within_hours`, the hours around the given time that are inspected: people remember the day,
/// not the hour.
const WITHIN_HOURS: u32 = 24;

/// Maximum of `within_hours`, the hours around the given time that are inspected: 31 days. Without a time
/// the whole log is inspected.
const WITHIN_HOURS_MAX: u32 = 31 * 24;

/// Milliseconds in an hour.
const HOUR_MS: u64 = 3_600_000;

/// Maximum wait, in milliseconds, until the view of number holders has caught up with the log.
const ROWS_WAIT_MS: u64 = 5_000;

/// Fields of a person that are always shown in clear, as the reads record them.
const DISCLOSED: &[&str] = &["calls", "decisions", "consents", "pressed", "operations"];
/// Fields of a person that are masked unless `clear` is set.
const VALUES: &[&str] = &["external_id", "name", "phone"];
/// The field that only a bundle contains.
const RECORDING: &str = "recording";

pub(super) fn endpoints() -> Vec<Endpoint> {
    vec![
        Endpoint::post(
            "/api/v1/inspections",
            "Inspect a customer, or a number and a time",
            inspect,
        )
        .describe(
            "Returns calls, lawful basis, decisions, recordings and operations. A read of each person is \
             recorded first. `clear` shows names and numbers unmasked and needs another user's approval.",
        )
        .needs(Permission::InspectionsMake, EndpointSubject::Everybody)
        .heavy()
        .takes::<InspectionRequest>(),
        Endpoint::post(
            "/api/v1/inspections/bundle",
            "Export an inspection as a bundle",
            bundle,
        )
        .describe(
            "Returns one file for a recipient without access to the log: a page, recordings, events and \
             their proofs. A read of each person and the export are recorded first.",
        )
        .needs(Permission::InspectionsMake, EndpointSubject::Everybody)
        .heavy()
        .takes::<InspectionRequest>(),
    ]
}

/// The body of an inspection: a customer or a number, and optionally a time.
#[derive(JsonSchema)]
#[schemars(extend("examples" = [{
    "number": "13800138000", "at": "2026-11-20T10:00:00+08:00", "reason": "complaint 17"
}]))]
struct InspectionRequest {
    /// External or internal id of the customer.
    customer: Option<String>,
    /// The phone number in any common notation, or its internal id.
    number: Option<String>,
    at: Option<Timestamp>,
    /// Hours before and after `at`; default 24.
    #[schemars(range(min = 1, max = WITHIN_HOURS_MAX))]
    within_hours: Option<u32>,
    /// Shows names and numbers in clear instead of masked.
    clear: Option<bool>,
    /// Stored permanently; must not contain personal data.
    #[schemars(length(min = 1, max = REASON_BYTES_MAX))]
    reason: String,
    /// The approval for showing values in clear, if one is needed.
    approval: Option<ApprovalId>,
}

impl members::ApiRequest for InspectionRequest {
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

async fn inspect(ctx: Ctx, input: Input) -> Result<ReadReply<Inspection>, Problem> {
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
    Ok(ReadReply(found.answer))
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
    log_answer(&ctx.installation, id, made.events, bytes, began).await?;
    Ok(Bundle {
        name: format!("inspection-{id}.tar"),
        bytes: made.bytes,
    })
}

/// The parts of the request that are needed after the evidence was found.
struct InspectionParameters {
    reason: String,
    values: PersonalValueForm,
    four_eyes: Option<Box<FourEyes>>,
}

async fn found(ctx: &Ctx, input: Input, cause: Cause) -> Result<(Inspected, InspectionParameters), Problem> {
    let (comparer, caller) = (input.comparer(), input.caller.clone());
    let order: InspectionRequest = input.order().await?;
    let installation = &ctx.installation;
    let values = match order.clear {
        Some(true) => PersonalValueForm::Clear,
        Some(false) | None => PersonalValueForm::Masked,
    };
    let hours = order.within_hours.unwrap_or(WITHIN_HOURS);
    let around_ms = HOUR_MS.saturating_mul(u64::from(hours));
    let mut ask = InspectionInputs {
        ask: InspectionScope {
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
        PersonalValueForm::Masked => None,
        PersonalValueForm::Clear => {
            let doing = ProposedAct {
                asked: asked(&ask, order.at.map(|_| hours)),
                reason: order.reason.clone(),
                approval: order.approval,
            };
            Some(four_eyes(installation, &caller, doing, cause).await?)
        }
    };
    let folder = installation.directory.join(RECORDINGS_DIR);
    let found = Inspected::find(installation, &folder, ask).await?;
    let ordered = InspectionParameters {
        reason: order.reason,
        values,
        four_eyes,
    };
    Ok((found, ordered))
}

/// Builds the request for approval of showing values in clear.
fn asked(order: &InspectionInputs, within_hours: Option<u32>) -> ApprovalSubject {
    let asked = ApprovalSubject {
        customer: order.customer.clone(),
        ..ApprovalSubject::of(Act::InspectClear)
    };
    let asked = asked.with("number", order.ask.number.as_ref());
    asked.with("at", order.at).with("within_hours", within_hours)
}

/// Adds the number and its holders to the inspection. The view only names the holders; each holder's data
/// comes from the customer's own events.
async fn name_number(
    installation: &Installation,
    text: &str,
    ask: &mut InspectionInputs,
) -> Result<(), Problem> {
    let number = if let Ok(number) = text.parse::<NumberId>() {
        number
    } else {
        let phone = installation.phone_written(text).await?;
        ask.phone = Some(match ask.values {
            PersonalValueForm::Masked => phone.mask(),
            PersonalValueForm::Clear => phone.as_e164().to_owned(),
        });
        installation.vault().derive_number(phone.as_e164())
    };
    let head = installation.store().head().await?;
    installation.rows_at(head, ROWS_WAIT_MS).await?;
    let having: Vec<CustomerId> =
        customer_timeline::find_by_number(installation.rows.db().as_ref(), &number).await?;
    let known = installation.entities.numbers.state(&number).await?;
    if having.is_empty() && known.version.0 == 0 {
        return Err(Problem::missing("this number"));
    }
    ask.ask.persons.extend(having);
    ask.ask.number = Some(number);
    Ok(())
}

/// Records the reads of each person in the reply: one for values in clear, otherwise one for the facts and
/// one for the masked or erased values. `more` are further fields that are shown.
async fn record(
    installation: &Installation,
    reader: Reader,
    found: &Inspected,
    values: PersonalValueForm,
    more: &[&'static str],
) -> Result<(), Problem> {
    let plain: Vec<&'static str> = DISCLOSED.iter().chain(more).copied().collect();
    for tells in found.tells() {
        let is_erased = match &tells.customer {
            Some(customer) => {
                let person = installation.entities.customers.state(customer).await?.state;
                person.erasure().is_final()
            }
            None => false,
        };
        let reads = match (values, is_erased) {
            (PersonalValueForm::Clear, false) => vec![([plain.as_slice(), VALUES].concat(), ReadForm::Clear)],
            (PersonalValueForm::Masked, false) => vec![
                (plain.clone(), ReadForm::Clear),
                (VALUES.to_vec(), ReadForm::Masked),
            ],
            // Calls and decisions of an erased person still exist; values do not.
            (PersonalValueForm::Clear | PersonalValueForm::Masked, true) => vec![
                (plain.clone(), ReadForm::Clear),
                (VALUES.to_vec(), ReadForm::Nothing),
            ],
        };
        for (fields, form) in &reads {
            let shown = ReadContent {
                fields: Cow::Owned(fields.clone()),
                customer: tells.customer.clone(),
                number: tells.number.clone(),
                calls: tells.calls.clone(),
                ..ReadContent::of(&[], *form)
            };
            put_on_record(installation, reader.clone(), shown).await?;
        }
    }
    Ok(())
}

/// Records in the log that an inspection is exported as a bundle. Returns the id of the record, after which
/// the bundle is named.
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
