//! Routes of consents (同意): record, withdraw and show them, for one customer by id or for all customers with
//! a phone number. The number is sent in the body, never in the URL.
//!
//! A withdrawal applies before the next dial of its scope. The reply lists the open calls that were permitted
//! before; they are withdrawn, or canceled if they are not answered yet.

use super::number_holders::{NumberHolders, find_holders, one_phone, require_holders};
use crate::api_description::{ChangeReply, ReadReply};
use crate::comparisons::NumberBody;
use crate::endpoint::{Ctx, Endpoint, EndpointSubject, Input, Permission};
use crate::guard::sees_person;
use crate::reply::WriteResult;
use application::consents::{
    ByNumberRequest, Consent, ConsentAction, ConsentChanged, ConsentRequest, ConsentResponse,
    ConsentWithdrawal, ConsentsByNumber, ConsentsChanged, ConsentsResponse, UpdatedConsent,
};
use application::countries::NumberInCountry;
use application::inquiries::{BY, REASON, ReadContent, customer_page, put_on_record};
use application::installation::{Installation, follow};
use domain::compliance::consent_state;
use domain::customer::{CustomerCommand, CustomerState};
use domain::ids::CustomerId;
use domain::inquiry::ComparedValue;
use domain::permission::DataScope;
use domain::problem::{Problem, ProblemKind};
use domain::stored_event::{Cause, Position};
use domain::time::Timestamp;
use std::sync::Arc;

/// What the audit record of a read of a customer's consents names as shown.
const CONSENTS: ReadContent = customer_page::CONSENTS.shown();

pub(super) fn endpoints() -> Vec<Endpoint> {
    vec![
        Endpoint::get(
            "/api/v1/customers/{id}/consents",
            "List a customer's consents",
            show,
        )
        .describe(
            "For each scope: when consent was given, until when it is valid, whether evidence is stored, \
             and when it was withdrawn. The read is recorded.",
        )
        .needs(Permission::CustomersRead, EndpointSubject::Customer)
        .query(const { &[BY, REASON] }),
        Endpoint::post(
            "/api/v1/customers/{id}/consents",
            "Record a customer's consent",
            change_one::<Consent>,
        )
        .describe(
            "Refused if it lacks what makes a consent count under the campaign's rules, for example \
             evidence.",
        )
        .needs(Permission::ConsentsWrite, EndpointSubject::Customer)
        .takes::<Consent>(),
        Endpoint::post(
            "/api/v1/customers/{id}/consents/withdraw",
            "Withdraw a customer's consent",
            change_one::<ConsentWithdrawal>,
        )
        .describe(
            "The customer is not dialed for this scope from the next dial on. Open calls are listed and \
             given up.",
        )
        .needs(Permission::ConsentsWithdraw, EndpointSubject::Customer)
        .takes::<ConsentWithdrawal>()
        .kept(),
        Endpoint::post(
            "/api/v1/consents",
            "Record a consent by phone number",
            change_by_number::<Consent>,
        )
        .describe(
            "For the one customer with this number; refused if several have it. Needs access to all \
             customers.",
        )
        .needs(Permission::ConsentsWrite, EndpointSubject::Everybody)
        .takes::<ByNumberRequest<Consent>>(),
        Endpoint::post(
            "/api/v1/consents/withdraw",
            "Withdraw consents by phone number",
            change_by_number::<ConsentWithdrawal>,
        )
        .describe(
            "Withdraws the consent of every customer with this number. The reply lists only customers in \
             the caller's data scope.",
        )
        .needs(Permission::ConsentsWithdraw, EndpointSubject::Unscoped)
        .takes::<ByNumberRequest<ConsentWithdrawal>>()
        .kept(),
        Endpoint::post(
            "/api/v1/consents/show",
            "List consents by phone number",
            show_by_number,
        )
        .describe("Returns the consents of every customer with this number. Each read is recorded.")
        .needs(Permission::NumbersRead, EndpointSubject::Everybody)
        .takes::<NumberBody>()
        .query(const { &[BY, REASON] }),
    ]
}

async fn change_one<T: ConsentRequest + 'static>(
    ctx: Ctx,
    input: Input,
) -> Result<ChangeReply<ConsentChanged>, Problem> {
    let (customer, _) = ctx.installation.customer_named(&input.param(0)?).await?;
    let cause = input.cause(&ctx.installation, "customers")?;
    let order: T = input.order().await?;
    let wanted = order.wanted(ctx.installation.now());
    let asked = ask(&ctx.installation, &customer, wanted, cause).await?;
    let body = ConsentChanged {
        after: asked.after,
        position: asked.position.to_string(),
    };
    Ok(done(body, asked.position))
}

async fn change_by_number<T: ConsentRequest + 'static>(
    ctx: Ctx,
    input: Input,
) -> Result<ChangeReply<ConsentsChanged>, Problem> {
    let cause = input.cause(&ctx.installation, "consents")?;
    let (comparer, mut sight) = (input.comparer(), ReplyScope::of(&input));
    let ByNumberRequest::<T> { number, order } = input.order().await?;
    // Checked before any look-up: this caller may not learn whether, or how many, customers have the number.
    if T::IS_OF_ONE && !sight.is_whole() {
        let detail = "recording consent by number needs access to all customers: give the customer id";
        return Err(Problem::refused("refused", detail));
    }
    let wanted = order.wanted(ctx.installation.now());
    // A withdrawal is never refused by the rate limit. Beyond the limit its reply lists no customers.
    match ctx.admit_comparison(&comparer) {
        Err(problem) if T::IS_OF_ONE => return Err(problem),
        Err(_) => sight.looked_up = None,
        Ok(()) => {}
    }
    // A withdrawal applies to the number in every country that it can belong to.
    let phones = match T::IS_OF_ONE {
        true => one_phone(&ctx.installation, &number).await?,
        false => ctx.installation.phones_forbidden(&number).await?,
    };
    let countries = NumberInCountry::each_of(&phones);
    let holders = if sight.is_whole() {
        let found = require_holders(&ctx.installation, phones).await;
        ctx.compared(&comparer, ComparedValue::Number, found).await?
    } else {
        let (mut holders, reached) = find_holders(&ctx.installation, phones).await?;
        // The true value would disclose how many customers have the number.
        holders.complete = reached.is_ok();
        holders
    };
    let count = holders.customers.len();
    if T::IS_OF_ONE && !(count == 1 && holders.complete) {
        let detail =
            format!("at least {count} customers have this number: give the id of the customer who consents");
        return Err(Problem::refused("number-shared", detail));
    }
    let ConsentResults { items, last } = ask_all(&ctx, &holders, &sight, &wanted, cause).await?;
    // Whether something was stored, and when, would disclose whether a customer has the number.
    let position = sight.is_whole().then_some(last);
    let body = ConsentsChanged {
        number: holders.phone()?.mask(),
        countries,
        customers: items,
        complete: holders.complete,
        position: position.map(|position| position.to_string()),
    };
    Ok(ChangeReply(WriteResult {
        body,
        version: None,
        position,
    }))
}

/// The results of a command for every customer who has a number.
struct ConsentResults {
    /// Only customers in the caller's data scope.
    items: Vec<UpdatedConsent>,
    last: Position,
}

/// Sends the command to every customer with the number. A refusal by one customer does not stop the others;
/// any other failure does. The refusal is returned after all were asked, and only to a caller who may see
/// that customer.
async fn ask_all(
    ctx: &Ctx,
    holders: &NumberHolders,
    sight: &ReplyScope,
    wanted: &ConsentAction,
    cause: Cause,
) -> Result<ConsentResults, Problem> {
    let mut all = ConsentResults {
        items: Vec::with_capacity(holders.customers.len()),
        last: Position(0),
    };
    let mut refused = None;
    for customer in &holders.customers {
        let one = ConsentAction {
            scope: wanted.scope.clone(),
            command: wanted.command.clone(),
        };
        match ask(&ctx.installation, customer, one, follow(cause, customer.as_str())).await {
            Ok(asked) => {
                all.last = all.last.max(asked.position);
                if sight.sees(ctx, &asked.state).await? {
                    all.items.push(asked.after);
                }
            }
            Err(problem) if problem.kind == ProblemKind::Refused => {
                tracing::warn!(%customer, %problem, "an order by number was refused by one who has it");
                let person = ctx.installation.entities.customers.state(customer).await?.state;
                if sight.sees(ctx, &person).await? {
                    refused = refused.or(Some(problem));
                }
            }
            Err(problem) => return Err(problem),
        }
    }
    refused.map_or(Ok(all), Err)
}

/// Returns the data scope in which the caller may look customers up by number. `None` without `numbers:read`
/// for all numbers and `customers:read`.
fn looked_up(input: &Input) -> Option<DataScope> {
    let numbers = input.caller.scope_for(Permission::NumbersRead).ok()?;
    let persons = input.caller.scope_for(Permission::CustomersRead).ok()?;
    numbers.is_all().then_some(persons)
}

/// The customers that a reply may show: those in both scopes. For other customers the reply does not even
/// disclose whether there are any.
struct ReplyScope {
    ordered: DataScope,
    /// The scope for looking customers up; `None` if the caller may not.
    looked_up: Option<DataScope>,
}

impl ReplyScope {
    fn of(input: &Input) -> Self {
        Self {
            ordered: input.scope.clone(),
            looked_up: looked_up(input),
        }
    }

    /// True if the caller may see every customer with any number.
    fn is_whole(&self) -> bool {
        self.ordered.is_all() && self.looked_up.as_ref().is_some_and(DataScope::is_all)
    }

    async fn sees(&self, ctx: &Ctx, person: &CustomerState) -> Result<bool, Problem> {
        let Some(looked_up) = &self.looked_up else {
            return Ok(false);
        };
        Ok(sees_person(ctx, &self.ordered, person).await? && sees_person(ctx, looked_up, person).await?)
    }
}

fn done<T>(body: T, position: Position) -> ChangeReply<T> {
    ChangeReply(WriteResult {
        body,
        version: None,
        position: Some(position),
    })
}

/// A customer after a command about a consent.
struct ConsentResult {
    after: UpdatedConsent,
    state: Arc<CustomerState>,
    position: Position,
}

async fn ask(
    installation: &Installation,
    customer: &CustomerId,
    wanted: ConsentAction,
    cause: Cause,
) -> Result<ConsentResult, Problem> {
    let withdraws = matches!(wanted.command, CustomerCommand::WithdrawConsent { .. });
    let asked = installation
        .entities
        .customers
        .ask(customer, wanted.command, cause);
    let answer = asked.await?;
    let after = UpdatedConsent {
        id: customer.clone(),
        consent: described(&answer.state, &wanted.scope, installation.now()),
        open_calls: withdraws.then(|| answer.state.open_calls_for(&wanted.scope)),
    };
    Ok(ConsentResult {
        after,
        state: answer.state,
        position: answer.position,
    })
}

async fn show(ctx: Ctx, input: Input) -> Result<ReadReply<ConsentsResponse>, Problem> {
    let text = input.param(0)?;
    let reader = input.reader();
    let (customer, state) = ctx.installation.customer_named(&text).await?;
    let what = ReadContent {
        customer: Some(customer.clone()),
        ..CONSENTS
    };
    let what = what.with_values(state.consents().len());
    put_on_record(&ctx.installation, reader, what).await?;
    Ok(ReadReply(listed(&customer, &state, ctx.installation.now())))
}

async fn show_by_number(ctx: Ctx, input: Input) -> Result<ReadReply<ConsentsByNumber>, Problem> {
    let (comparer, reader) = (input.comparer(), input.reader_by_post());
    let NumberBody { number } = input.order().await?;
    ctx.admit_comparison(&comparer)?;
    let phones = one_phone(&ctx.installation, &number).await?;
    let found = require_holders(&ctx.installation, phones).await;
    let holders = ctx.compared(&comparer, ComparedValue::Number, found).await?;
    let phone = holders.phone()?;
    let (number, masked) = (
        ctx.installation.vault().derive_number(phone.as_e164()),
        phone.mask(),
    );
    let mut items = Vec::with_capacity(holders.customers.len());
    for customer in holders.customers {
        let loaded = ctx.installation.entities.customers.state(&customer).await?;
        let what = ReadContent {
            customer: Some(customer.clone()),
            number: Some(number.clone()),
            ..CONSENTS
        };
        let what = what.with_values(loaded.state.consents().len());
        put_on_record(&ctx.installation, reader.clone(), what).await?;
        items.push(listed(&customer, &loaded.state, ctx.installation.now()));
    }
    Ok(ReadReply(ConsentsByNumber {
        number: masked,
        customers: items,
        complete: holders.complete,
    }))
}

fn listed(customer: &CustomerId, state: &CustomerState, now: Timestamp) -> ConsentsResponse {
    let consents = state.consents().keys();
    ConsentsResponse {
        id: customer.clone(),
        consents: consents.map(|scope| described(state, scope, now)).collect(),
    }
}

fn described(state: &CustomerState, scope: &str, now: Timestamp) -> ConsentResponse {
    let held = state.consents().get(scope);
    ConsentResponse {
        scope: scope.to_owned(),
        consent: consent_state(held, now),
        given_at: held.and_then(|held| held.given_at),
        until: held.and_then(|held| held.until),
        has_evidence: held.is_some_and(|held| held.has_evidence),
        withdrawn_at: held.and_then(|held| held.withdrawn_at),
    }
}
