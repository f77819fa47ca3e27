//! Consent over HTTP (同意): given, withdrawn and shown, of one customer or of whoever has a phone number,
//! which stands in the body and never in an address.
//!
//! A withdrawal holds before the next dial of its scope, and its reply lists the calls that were granted
//! before: they are withdrawn, or cancelled if not yet answered.

use super::number_holders::{NumberHolders, find_holders, one_phone, require_holders};
use crate::comparisons::NumberOnly;
use crate::described::{Changed, Read};
use crate::endpoint::{About, Ctx, Endpoint, Input, Permission};
use crate::guard::sees_person;
use crate::reply::Written;
use application::consents::{
    ByNumber, Consent, ConsentAfter, ConsentChanged, ConsentShown, ConsentWithdrawal, ConsentsByNumber,
    ConsentsChanged, ConsentsShown, OfConsent, Wanted,
};
use application::countries::NumberInCountry;
use application::inquiring::{BY, REASON, Shown, customer_page, put_on_record};
use application::installation::{Installation, follow};
use domain::compliance::consent_state;
use domain::customer::{CustomerCommand, CustomerState};
use domain::ids::CustomerId;
use domain::inquiry::ComparedValue;
use domain::permission::DataScope;
use domain::problem::{Kind, Problem};
use domain::stored_event::{Cause, Position};
use domain::time::Timestamp;
use std::sync::Arc;

/// What is shown of a person's consents.
const CONSENTS: Shown = customer_page::CONSENTS.shown();

pub(super) fn endpoints() -> Vec<Endpoint> {
    vec![
        Endpoint::get(
            "/api/v1/customers/{id}/consents",
            "A customer's consents by scope: given, until when, with evidence or not, withdrawn",
            show,
        )
.needs(Permission::CustomersRead, About::Customer)
        .query(const { &[BY, REASON] }),
        Endpoint::post(
            "/api/v1/customers/{id}/consents",
            "Records a consent; refused without what makes a consent count",
            change_one::<Consent>,
        )
.needs(Permission::ConsentsWrite, About::Customer)
        .takes::<Consent>(),
        Endpoint::post(
            "/api/v1/customers/{id}/consents/withdraw",
            "Withdraws a consent: nobody is dialed for its scope from here; open calls are listed and given up",
            change_one::<ConsentWithdrawal>,
        )
.needs(Permission::ConsentsWithdraw, About::Customer)
        .takes::<ConsentWithdrawal>()
        .kept(),
        Endpoint::post(
            "/api/v1/consents",
            "Records a consent of the one customer who has this number, for whoever may look everybody up",
            change_by_number::<Consent>,
        )
.needs(Permission::ConsentsWrite, About::Everybody)
        .takes::<ByNumber<Consent>>(),
        Endpoint::post(
            "/api/v1/consents/withdraw",
            "Withdraws a consent of everybody who has this number",
            change_by_number::<ConsentWithdrawal>,
        )
.needs(Permission::ConsentsWithdraw, About::Nobody)
        .takes::<ByNumber<ConsentWithdrawal>>()
        .kept(),
        Endpoint::post(
            "/api/v1/consents/show",
            "The consents of everybody who has this number",
            show_by_number,
        )
.needs(Permission::NumbersRead, About::Everybody)
        .takes::<NumberOnly>()
        .query(const { &[BY, REASON] }),
    ]
}

async fn change_one<T: OfConsent + 'static>(
    ctx: Ctx,
    input: Input,
) -> Result<Changed<ConsentChanged>, Problem> {
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

async fn change_by_number<T: OfConsent + 'static>(
    ctx: Ctx,
    input: Input,
) -> Result<Changed<ConsentsChanged>, Problem> {
    let cause = input.cause(&ctx.installation, "consents")?;
    let (comparer, mut sight) = (input.comparer(), Sight::of(&input));
    let ByNumber::<T> { number, order } = input.order().await?;
    // Before any look-up: whether somebody has it, and how many, is not theirs to learn.
    if T::IS_OF_ONE && !sight.is_whole() {
        let detail = "recording consent by number needs access to all customers: give the customer id";
        return Err(Problem::refused("refused", detail));
    }
    let wanted = order.wanted(ctx.installation.now());
    // A withdrawal is never refused for its rate: its reply says less then.
    match ctx.admit_comparison(&comparer) {
        Err(problem) if T::IS_OF_ONE => return Err(problem),
        Err(_) => sight.looked_up = None,
        Ok(()) => {}
    }
    // A withdrawal holds for the number in every country that it may be of.
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
        // How many there are would tell, too.
        holders.complete = reached.is_ok();
        holders
    };
    let count = holders.customers.len();
    if T::IS_OF_ONE && !(count == 1 && holders.complete) {
        let detail =
            format!("at least {count} customers have this number: give the id of the customer who consents");
        return Err(Problem::refused("number-shared", detail));
    }
    let AskedAll { items, last } = ask_all(&ctx, &holders, &sight, &wanted, cause).await?;
    // Where something was written, and when, tells whether there was somebody.
    let position = sight.is_whole().then_some(last);
    let body = ConsentsChanged {
        number: holders.phone()?.mask(),
        countries,
        customers: items,
        complete: holders.complete,
        position: position.map(|position| position.to_string()),
    };
    Ok(Changed(Written {
        body,
        version: None,
        position,
    }))
}

/// What came of an order for everybody who has a number.
struct AskedAll {
    /// Of those whom whoever orders sees.
    items: Vec<ConsentAfter>,
    last: Position,
}

/// It holds for everybody with the number, whoever says it, and tells of nobody outside the scope: who
/// refuses keeps it from none of the others, and is told of, once they all were asked, only to whoever sees
/// them.
async fn ask_all(
    ctx: &Ctx,
    holders: &NumberHolders,
    sight: &Sight,
    wanted: &Wanted,
    cause: Cause,
) -> Result<AskedAll, Problem> {
    let mut all = AskedAll {
        items: Vec::with_capacity(holders.customers.len()),
        last: Position(0),
    };
    let mut refused = None;
    for customer in &holders.customers {
        let one = Wanted {
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
            Err(problem) if problem.kind == Kind::Refused => {
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

/// Looking up by number needs both: numbers, and the persons who have them.
fn looked_up(input: &Input) -> Option<DataScope> {
    let numbers = input.caller.scope_for(Permission::NumbersRead).ok()?;
    let persons = input.caller.scope_for(Permission::CustomersRead).ok()?;
    numbers.is_all().then_some(persons)
}

/// Which persons whoever asks is told of: none, and not whether there are any, beyond whom they may look up.
struct Sight {
    ordered: DataScope,
    /// Of the permission to look persons up.
    looked_up: Option<DataScope>,
}

impl Sight {
    fn of(input: &Input) -> Self {
        Self {
            ordered: input.scope.clone(),
            looked_up: looked_up(input),
        }
    }

    /// The caller may ask who has a number.
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

fn done<T>(body: T, position: Position) -> Changed<T> {
    Changed(Written {
        body,
        version: None,
        position: Some(position),
    })
}

/// A person after an order.
struct Asked {
    after: ConsentAfter,
    state: Arc<CustomerState>,
    position: Position,
}

async fn ask(
    installation: &Installation,
    customer: &CustomerId,
    wanted: Wanted,
    cause: Cause,
) -> Result<Asked, Problem> {
    let withdraws = matches!(wanted.command, CustomerCommand::WithdrawConsent { .. });
    let asked = installation
        .entities
        .customers
        .ask(customer, wanted.command, cause);
    let answer = asked.await?;
    let after = ConsentAfter {
        id: customer.clone(),
        consent: described(&answer.state, &wanted.scope, installation.now()),
        open_calls: withdraws.then(|| answer.state.open_calls_for(&wanted.scope)),
    };
    Ok(Asked {
        after,
        state: answer.state,
        position: answer.position,
    })
}

async fn show(ctx: Ctx, input: Input) -> Result<Read<ConsentsShown>, Problem> {
    let text = input.param(0)?;
    let reader = input.reader();
    let (customer, state) = ctx.installation.customer_named(&text).await?;
    let what = Shown {
        customer: Some(customer.clone()),
        ..CONSENTS
    };
    let what = what.with_values(state.consents().len());
    put_on_record(&ctx.installation, reader, what).await?;
    Ok(Read(listed(&customer, &state, ctx.installation.now())))
}

async fn show_by_number(ctx: Ctx, input: Input) -> Result<Read<ConsentsByNumber>, Problem> {
    let (comparer, reader) = (input.comparer(), input.reader_by_post());
    let NumberOnly { number } = input.order().await?;
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
        let what = Shown {
            customer: Some(customer.clone()),
            number: Some(number.clone()),
            ..CONSENTS
        };
        let what = what.with_values(loaded.state.consents().len());
        put_on_record(&ctx.installation, reader.clone(), what).await?;
        items.push(listed(&customer, &loaded.state, ctx.installation.now()));
    }
    Ok(Read(ConsentsByNumber {
        number: masked,
        customers: items,
        complete: holders.complete,
    }))
}

fn listed(customer: &CustomerId, state: &CustomerState, now: Timestamp) -> ConsentsShown {
    let consents = state.consents().keys();
    ConsentsShown {
        id: customer.clone(),
        consents: consents.map(|scope| described(state, scope, now)).collect(),
    }
}

fn described(state: &CustomerState, scope: &str, now: Timestamp) -> ConsentShown {
    let held = state.consents().get(scope);
    ConsentShown {
        scope: scope.to_owned(),
        consent: consent_state(held, now),
        given_at: held.and_then(|held| held.given_at),
        until: held.and_then(|held| held.until),
        has_evidence: held.is_some_and(|held| held.has_evidence),
        withdrawn_at: held.and_then(|held| held.withdrawn_at),
    }
}
