//! Consent over HTTP (同意): given, withdrawn and shown, of one customer or of whoever has a phone number,
//! which stands in the body and never in an address.
//!
//! A withdrawal holds before the next dial of its scope, and its reply lists the calls that were granted
//! before: they are withdrawn, or cancelled if not yet answered.

use crate::endpoint::{Ctx, Endpoint, Input, Takes};
use crate::reply::{Done, Written};
use application::inquiring::{BY, REASON, Shown, put_on_record};
use application::installation::{Installation, follow};
use domain::compliance::consent_state;
use domain::customer::{CustomerCommand, CustomerState, Erasure};
use domain::ids::{CallId, CustomerId};
use domain::inquiry::ReadForm;
use domain::phone_number::PhoneNumber;
use domain::problem::Problem;
use domain::stored_event::{Cause, Position};
use domain::time::Timestamp;
use intake::members::Members;
use projections::views::customer_timeline::{self, HAVING_MAX};
use serde_json::{Value, json};

/// Longest scope and source: names, stored for ever, that must hold nothing personal.
const NAME_BYTES_MAX: usize = 128;
/// Longest evidence, as a cell of an import: it is kept sealed.
const EVIDENCE_BYTES_MAX: usize = 4_096;
/// How long a question by number waits until the view of customers has what the log has.
const VIEW_WAIT_MS: u64 = 5_000;

/// What is shown of a person's consents.
const CONSENTS: Shown = Shown::of(&["consents"], ReadForm::Clear);

pub(super) fn endpoints() -> Vec<Endpoint> {
    vec![
        Endpoint::get(
            "/api/v1/customers/{id}/consents",
            "A customer's consents by scope: given, until when, with evidence or not, withdrawn",
            |ctx, input| Box::pin(show(ctx, input)),
        )
        .query(&[BY, REASON]),
        Endpoint::post(
            "/api/v1/customers/{id}/consents",
            "Records a consent; refused without what makes a consent count",
            |ctx, input| Box::pin(change_one(ctx, input, Change::Give)),
        )
        .takes(Takes::Json("Consent")),
        Endpoint::post(
            "/api/v1/customers/{id}/consents/withdraw",
            "Withdraws a consent: nobody is dialed for its scope from here; open calls are listed and given up",
            |ctx, input| Box::pin(change_one(ctx, input, Change::Withdraw)),
        )
        .takes(Takes::Json("ConsentWithdrawal"))
        .kept(),
        Endpoint::post(
            "/api/v1/consents",
            "Records a consent of the one customer who has this number",
            |ctx, input| Box::pin(change_by_number(ctx, input, Change::Give)),
        )
        .takes(Takes::Json("ConsentByNumber")),
        Endpoint::post(
            "/api/v1/consents/withdraw",
            "Withdraws a consent of everybody who has this number",
            |ctx, input| Box::pin(change_by_number(ctx, input, Change::Withdraw)),
        )
        .takes(Takes::Json("ConsentWithdrawalByNumber"))
        .kept(),
        Endpoint::post(
            "/api/v1/consents/show",
            "The consents of everybody who has this number",
            |ctx, input| Box::pin(show_by_number(ctx, input)),
        )
        .takes(Takes::Json("NumberOnly"))
        .query(&[BY, REASON]),
    ]
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Change {
    Give,
    Withdraw,
}

/// What is asked of each customer, and for which scope.
struct Wanted {
    scope: String,
    command: CustomerCommand,
}

impl Change {
    fn read(self, body: &mut Members, now: Timestamp) -> Wanted {
        let scope = body.needed_short_text("scope", NAME_BYTES_MAX);
        let source = body.needed_short_text("source", NAME_BYTES_MAX);
        let command = match self {
            Self::Give => CustomerCommand::RecordConsent {
                scope: scope.clone(),
                source,
                given_at: body.parsed("given_at").unwrap_or(now),
                until: body.parsed("until"),
                evidence: body.short_text("evidence", EVIDENCE_BYTES_MAX),
            },
            Self::Withdraw => CustomerCommand::WithdrawConsent {
                scope: scope.clone(),
                source,
            },
        };
        Wanted { scope, command }
    }
}

async fn change_one(ctx: Ctx, input: Input, change: Change) -> Result<Done, Problem> {
    let (customer, _) = ctx.installation.customer_named(&input.param(0)?).await?;
    let cause = input.cause(&ctx.installation, "customers")?;
    let mut body = Members::new(input.object().await?);
    let wanted = change.read(&mut body, ctx.installation.now());
    body.refuse_the_rest();
    body.finish()?;
    let (shown, position) = ask(&ctx.installation, &customer, wanted, cause).await?;
    Ok(done(shown, position))
}

/// A consent is one person's own; a withdrawal is taken of all who have the number.
async fn change_by_number(ctx: Ctx, input: Input, change: Change) -> Result<Done, Problem> {
    let cause = input.cause(&ctx.installation, "consents")?;
    let peer = input.peer();
    let mut body = Members::new(input.object().await?);
    let number = body.needed_text("number");
    let wanted = change.read(&mut body, ctx.installation.now());
    body.refuse_the_rest();
    body.finish()?;
    // Whoever withdraws is never told to come again.
    if change == Change::Give {
        ctx.lookups.take(peer, ctx.installation.now())?;
    }
    let found = having(&ctx.installation, &number.unwrap_or_default()).await;
    let having = ctx.lookups.count_miss((peer, ctx.installation.now()), found)?;
    let count = having.customers.len();
    if change == Change::Give && !(count == 1 && having.complete) {
        let detail = format!("{count} customers or more have this number: name the one who consents by id");
        return Err(Problem::refused("number-shared", detail));
    }
    let mut last = Position(0);
    let mut items = Vec::with_capacity(count);
    for customer in &having.customers {
        let one = Wanted {
            scope: wanted.scope.clone(),
            command: wanted.command.clone(),
        };
        let (shown, position) =
            ask(&ctx.installation, customer, one, follow(cause, customer.as_str())).await?;
        last = last.max(position);
        items.push(shown);
    }
    let shown = json!({ "number": having.phone.mask(), "customers": items, "complete": having.complete });
    Ok(done(shown, last))
}

fn done(mut body: Value, position: Position) -> Done {
    if let Some(members) = body.as_object_mut() {
        members.insert("position".to_owned(), json!(position.to_string()));
    }
    Done::Changed(Written {
        body,
        version: None,
        position: Some(position),
    })
}

async fn ask(
    installation: &Installation,
    customer: &CustomerId,
    wanted: Wanted,
    cause: Cause,
) -> Result<(Value, Position), Problem> {
    let withdraws = matches!(wanted.command, CustomerCommand::WithdrawConsent { .. });
    let asked = installation
        .entities
        .customers
        .ask(customer, wanted.command, cause);
    let answer = asked.await?;
    let mut shown = json!({
        "id": customer,
        "consent": described(&answer.state, &wanted.scope, installation.now()),
    });
    if withdraws && let Some(members) = shown.as_object_mut() {
        // Granted before: withdrawn, or cancelled if not yet answered.
        let open: Vec<CallId> = answer.state.open_calls_for(&wanted.scope);
        members.insert("open_calls".to_owned(), json!(open));
    }
    Ok((shown, answer.position))
}

async fn show(ctx: Ctx, input: Input) -> Result<Done, Problem> {
    let text = input.param(0)?;
    let reader = input.reader(&ctx.door);
    let (customer, state) = ctx.installation.customer_named(&text).await?;
    let what = Shown {
        customer: Some(customer.clone()),
        ..CONSENTS
    };
    put_on_record(&ctx.installation, reader, what).await?;
    Ok(Done::Read(listed(&customer, &state, ctx.installation.now())))
}

async fn show_by_number(ctx: Ctx, input: Input) -> Result<Done, Problem> {
    let (peer, reader) = (input.peer(), input.reader_by_post(&ctx.door));
    let mut body = Members::new(input.object().await?);
    let number = body.needed_text("number");
    body.refuse_the_rest();
    body.finish()?;
    ctx.lookups.take(peer, ctx.installation.now())?;
    let found = having(&ctx.installation, &number.unwrap_or_default()).await;
    let having = ctx.lookups.count_miss((peer, ctx.installation.now()), found)?;
    let number = ctx.installation.vault().derive_number(having.phone.as_e164());
    let mut items = Vec::with_capacity(having.customers.len());
    for customer in having.customers {
        let loaded = ctx.installation.entities.customers.state(&customer).await?;
        let what = Shown {
            customer: Some(customer.clone()),
            number: Some(number.clone()),
            ..CONSENTS
        };
        put_on_record(&ctx.installation, reader.clone(), what).await?;
        items.push(listed(&customer, &loaded.state, ctx.installation.now()));
    }
    Ok(Done::Read(json!({
        "number": having.phone.mask(),
        "customers": items,
        "complete": having.complete,
    })))
}

/// Who has a number.
struct Having {
    phone: PhoneNumber,
    customers: Vec<CustomerId>,
    /// False while the view has not what the log has, or there are more than are looked for.
    complete: bool,
}

/// The view only says whom to ask; each answers from their own events. While it is behind (an import runs),
/// those it knows are asked at once, and the reply says that there may be more.
async fn having(installation: &Installation, text: &str) -> Result<Having, Problem> {
    let phone =
        PhoneNumber::parse(text).map_err(|error| Problem::refused("number-invalid", error.to_string()))?;
    let number = installation.vault().derive_number(phone.as_e164());
    let reached = installation
        .rows_at(installation.store().head().await?, VIEW_WAIT_MS)
        .await;
    let known = customer_timeline::having(installation.rows.db().as_ref(), &number).await?;
    let complete = reached.is_ok() && known.len() < HAVING_MAX;
    let mut customers = Vec::with_capacity(known.len());
    for customer in known {
        let loaded = installation.entities.customers.state(&customer).await?;
        // Nobody calls who was erased or is being erased, and nothing new is kept of them.
        if loaded.state.erasure() == Erasure::None {
            customers.push(customer);
        }
    }
    if customers.is_empty() {
        reached?;
        return Err(Problem::missing("a customer with this number"));
    }
    Ok(Having {
        phone,
        customers,
        complete,
    })
}

fn listed(customer: &CustomerId, state: &CustomerState, now: Timestamp) -> Value {
    let consents = state.consents().keys();
    json!({
        "id": customer,
        "consents": consents.map(|scope| described(state, scope, now)).collect::<Vec<_>>(),
    })
}

fn described(state: &CustomerState, scope: &str, now: Timestamp) -> Value {
    let held = state.consents().get(scope);
    json!({
        "scope": scope,
        // The word of the consent rule: given, withdrawn, expired, without_evidence, given_later, absent.
        "consent": consent_state(held, now),
        "given_at": held.and_then(|held| held.given_at),
        "until": held.and_then(|held| held.until),
        "has_evidence": held.is_some_and(|held| held.has_evidence),
        "withdrawn_at": held.and_then(|held| held.withdrawn_at),
    })
}
