//! The one guard: what stands before every endpoint's handler. Who asks, whether they may, and whether it is
//! about what they may see.
//!
//! An endpoint says what it needs and what its answer is about; the table of roles says who has it, and the
//! caller's data scope whose. What an endpoint does not say is denied to everybody but the directory's owner.

use crate::auth;
use crate::context::{Context, RowsNeeded};
use crate::endpoint::{AnswerOf, Takes, Writing};
use crate::input::Input;
use crate::known_query::{AFTER_POSITION, KnownQuery};
use crate::rates::Weight;
use application::access::{Caller, Refused};
use domain::actor::Way;
use domain::customer::{Assignee, CustomerState};
use domain::ids::{CallId, CampaignId, CustomerId};
use domain::permission::{CampaignScope, DataScope, People, Permission};
use domain::problem::{Kind, Problem};
use domain::stored_event::Position;
use schemars::SchemaGenerator;
use serde_json::Value;
use std::sync::Arc;
use warp::http::{Method, header};

/// What an endpoint's answer is about: how it is held to a caller's data scope.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum About {
    /// Nobody: rules, definitions, the caller's own session, or an order that only ever protects somebody.
    Nobody,
    /// Everybody: only for a scope without limits.
    Everybody,
    /// The campaign that the path names.
    Campaign,
    /// The call that the path names.
    Call,
    /// The customer whom the path names.
    Customer,
    /// Figures of the campaign that the query names: of one in scope, or of all by a scope without limits.
    CampaignAsked,
    /// Rows of people, of the campaign that the query names: as `CampaignAsked`, by a scope that is held to
    /// no people.
    RowsAsked,
    /// Rows of people too: whoever is held to people gets those of theirs, which the handler sees to; others
    /// as by `RowsAsked`.
    OwnRowsAsked,
    /// The handler holds itself to the scope.
    Handler,
}

/// Query parameter that names a campaign.
const CAMPAIGN: &str = "campaign";

/// What stands before an endpoint's handler.
#[derive(Clone, Copy)]
pub(crate) struct Guard {
    pub open: bool,
    /// Nothing of whoever is known.
    pub needs: Option<Permission>,
    pub about: About,
    pub rows: RowsNeeded,
    /// It passes though too much was asked.
    pub kept: bool,
    pub weight: Weight,
    /// Whether its answer can be kept.
    pub answer: AnswerOf,
    pub writing: Writing,
    pub takes: Takes,
    /// The form that it reads too.
    pub form: Option<fn(&mut SchemaGenerator) -> Value>,
    pub known: KnownQuery,
}

impl Guard {
    /// Whether the request may reach the handler, and behind which position of the rows. Who asks, and how
    /// far they may see, stands in the input from here on.
    pub(crate) async fn admit(
        &self,
        ctx: &Context,
        method: &Method,
        input: &mut Input,
    ) -> Result<Option<Position>, Problem> {
        if self.open && method != Method::GET {
            ctx.door.admit_page(method, input.headers())?;
        }
        if !self.open {
            let admitted = self.authorize(ctx, method, input).await;
            admitted.inspect_err(|problem| note(ctx, method, input, problem))?;
        }
        self.known.refuse_others(&input.query().0)?;
        if self.writing == Writing::Replaces && !input.headers().contains_key(header::IF_MATCH) {
            return Err(Problem::new(
                Kind::Unconditional,
                "if-match-needed",
                "this replaces stored data: read it first and send its ETag as If-Match",
            ));
        }
        Ok(input.number::<u64>(AFTER_POSITION)?.map(Position))
    }

    async fn authorize(&self, ctx: &Context, method: &Method, input: &mut Input) -> Result<(), Problem> {
        let identified = ctx
            .door
            .identify(&ctx.installation, method, input.headers(), input.own_peer());
        input.caller = identified.await?;
        let allowed = ctx.rates.allowed(&ctx.installation).await;
        let now = ctx.installation.now();
        let weight = self.weight.with_body(input.headers());
        input.rate = ctx.rates.take(&input.caller, self.kept, weight, allowed, now)?;
        let Some(needs) = self.needs else { return Ok(()) };
        input.scope = input.caller.scope_for(needs)?;
        // What keeps people from being called is never refused for this.
        if let Some(comparer) = input.path_comparer().filter(|_| !self.kept) {
            ctx.admit_guess(&comparer)?;
        }
        if input.scope.is_all() {
            return Ok(());
        }
        hold(self.about, ctx, input).await
    }
}

/// Holds a request to a scope that has limits. What is outside does not exist.
async fn hold(about: About, ctx: &Context, input: &mut Input) -> Result<(), Problem> {
    let scope = input.scope.clone();
    match about {
        About::Nobody | About::Handler => Ok(()),
        About::Everybody => Err(limited("this is about all campaigns")),
        About::Campaign => {
            let campaign: CampaignId = input.id(0, "this campaign")?;
            in_scope(&scope, &campaign)
        }
        About::Call => {
            let call: CallId = input.id(0, "this call")?;
            let missing = || Problem::missing("this call");
            let state = ctx.installation.entities.calls.state(&call).await?.state;
            let (campaign, customer) = state.campaign().zip(state.customer()).ok_or_else(missing)?;
            sees_call(ctx, &scope, campaign, customer).await
        }
        About::Customer => {
            let (_, state) = ctx.installation.customer_named(&input.param(0)?).await?;
            let seen = sees_person(ctx, &scope, &state).await?;
            seen.then_some(())
                .ok_or_else(|| Problem::missing("this customer"))
        }
        About::CampaignAsked => asked(&scope, input),
        About::RowsAsked | About::OwnRowsAsked if scope.people == People::All => asked(&scope, input),
        About::OwnRowsAsked => Ok(()),
        About::RowsAsked => Err(limited(
            "lists are for whoever is held to campaigns, not to people",
        )),
    }
}

/// Refuses a call outside the scope: it does not exist.
pub(crate) async fn sees_call(
    ctx: &Context,
    scope: &DataScope,
    campaign: &CampaignId,
    customer: &CustomerId,
) -> Result<(), Problem> {
    let seen = match &scope.people {
        People::All => scope.admits_campaign(campaign),
        People::Team(_) | People::Own(_) | People::Nobody => {
            let customer = ctx.installation.entities.customers.state(customer).await?.state;
            sees_person(ctx, scope, &customer).await?
        }
    };
    seen.then_some(()).ok_or_else(|| Problem::missing("this call"))
}

/// Whether somebody of this scope sees a person: of a campaign in it, or assigned to them.
pub(crate) async fn sees_person(
    ctx: &Context,
    scope: &DataScope,
    person: &CustomerState,
) -> Result<bool, Problem> {
    let is_own = match &scope.people {
        People::All => {
            let mut enrolments = person.enrolments().iter();
            let any =
                scope.campaigns.is_all() || enrolments.any(|(campaign, _)| scope.admits_campaign(campaign));
            return Ok(any);
        }
        People::Own(user) => matches!(person.assignee(), Some(Assignee::User(of)) if of == user),
        People::Team(team) => match person.assignee() {
            Some(Assignee::Team(of)) => of == team,
            Some(Assignee::User(user)) => {
                let user = ctx.installation.entities.users.state(user).await?.state;
                user.account().and_then(|account| account.team.as_ref()) == Some(team)
            }
            None => false,
        },
        People::Nobody => false,
    };
    Ok(is_own)
}

/// Whoever is given the person sees all of their campaigns; others see those of their scope.
pub(crate) fn tells_of(scope: &DataScope, campaign: &CampaignId) -> bool {
    scope.people != People::All || scope.campaigns.admits(campaign)
}

/// Refuses a campaign outside the scope: it does not exist.
pub(crate) fn in_scope(scope: &DataScope, campaign: &CampaignId) -> Result<(), Problem> {
    let admitted = scope.admits_campaign(campaign);
    admitted
        .then_some(())
        .ok_or_else(|| Problem::missing("this campaign"))
}

/// The campaign that the query names is in scope; where there is only one, it need not be named.
fn asked(scope: &DataScope, input: &mut Input) -> Result<(), Problem> {
    let CampaignScope::Only(named) = &scope.campaigns else {
        return Ok(());
    };
    if let Some(asked) = input.text(CAMPAIGN) {
        return match asked.parse() {
            Ok(campaign) => in_scope(scope, &campaign),
            Err(_) => Err(Problem::missing("this campaign")),
        };
    }
    let mut names = named.iter();
    match (names.next(), names.next()) {
        (Some(only), None) => {
            let pair = (CAMPAIGN.to_owned(), only.to_string());
            input.add_to_query(pair);
            Ok(())
        }
        (None, _) => Err(limited("no campaign is named for you")),
        (Some(_), Some(_)) => Err(Problem::invalid(
            "campaign-needed",
            "select one of your campaigns with ?campaign=",
        )),
    }
}

/// Refuses what would reach beyond the scope.
pub(crate) fn limited(why: &str) -> Problem {
    let detail = format!("{why}: it is outside the data scope of this user or key");
    Problem::new(Kind::Forbidden, "scope-too-small", detail)
}

/// Puts a refused attempt on record; what is away or wrong in itself is none.
fn note(ctx: &Context, method: &Method, input: &Input, problem: &Problem) {
    let is_refused = matches!(problem.kind, Kind::Unauthenticated | Kind::Forbidden);
    // Who brings nothing tries nothing: a page that is opened before somebody signs in.
    let headers = input.headers();
    let tries = headers.contains_key(header::AUTHORIZATION) || auth::names_session(headers);
    if !is_refused || !tries {
        return;
    }
    let whose = match &input.caller {
        Caller::User(known) => match known.way {
            Way::Key(key) => Refused::Key(key),
            Way::Directory | Way::Session | Way::SetUp | Way::Other => Refused::User(known.user.clone()),
        },
        Caller::Directory { .. } | Caller::Nobody => Refused::Address(input.peer().map(|peer| peer.ip())),
    };
    let route = format!("{method} {}", input.route());
    tracing::warn!(route, code = problem.code, "a request was refused");
    let installation = Arc::clone(&ctx.installation);
    ctx.installation
        .access
        .refused
        .count(&installation, &whose, &route, problem.code);
}
