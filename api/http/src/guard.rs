//! The guard in front of every handler: authenticates the caller, checks the permission, and checks the data
//! scope.
//!
//! An endpoint declares the permission that it needs and what its response is about. The table of roles gives
//! the permission, the caller's data scope limits the customers and campaigns. An endpoint without a
//! declaration is only for the directory's owner.

use crate::auth;
use crate::context::{Context, Ctx, ViewFreshness};
use crate::endpoint::{BodyKind, ResponseDependency, VersionCheck};
use crate::input::Input;
use crate::query_parameters::{AFTER_POSITION, QueryParameters};
use crate::rate_limits::RequestWeight;
use crate::sandbox_routes::{self, SandboxAccess};
use application::access::{AttemptSource, Caller};
use domain::actor::SignInMethod;
use domain::customer::{Assignee, CustomerState};
use domain::ids::{CallId, CampaignId, CustomerId};
use domain::permission::{AssigneeScope, CampaignScope, DataScope, Permission};
use domain::problem::{Problem, ProblemKind};
use domain::stored_event::Position;
use schemars::SchemaGenerator;
use serde_json::Value;
use std::sync::Arc;
use warp::http::{Method, header};

/// What an endpoint is about; determines how the caller's data scope is checked.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum EndpointSubject {
    /// No customer or campaign: rules, definitions, the caller's own session, or a command that only prevents
    /// calls.
    Unscoped,
    /// All campaigns and customers: only for a scope without limits.
    Everybody,
    /// The campaign in the path.
    Campaign,
    /// The call in the path.
    Call,
    /// The customer in the path.
    Customer,
    /// Figures of the campaign in the query: one in the scope, or all for a scope without limits.
    CampaignAsked,
    /// Rows of customers of the campaign in the query. Like `CampaignAsked`, but refused for a scope that is
    /// limited to some customers.
    RowsAsked,
    /// Rows of customers. A caller who is limited to some customers gets only those, which the handler
    /// ensures; for others like `RowsAsked`.
    OwnRowsAsked,
    /// The handler checks the scope.
    Handler,
}

/// Query parameter with a campaign.
const CAMPAIGN: &str = "campaign";

/// The checks in front of an endpoint's handler.
#[derive(Clone, Copy)]
pub(crate) struct Guard {
    pub open: bool,
    /// The required permission; `None` for any authenticated caller.
    pub needs: Option<Permission>,
    pub about: EndpointSubject,
    pub rows: ViewFreshness,
    /// True if the request passes although the rate limit is exceeded.
    pub kept: bool,
    pub weight: RequestWeight,
    /// What the response depends on, and so whether it can be cached.
    pub answer: ResponseDependency,
    pub writing: VersionCheck,
    pub takes: BodyKind,
    /// The form that it accepts as well.
    pub form: Option<fn(&mut SchemaGenerator) -> Value>,
    pub known: QueryParameters,
    pub sandbox: SandboxAccess,
}

impl Guard {
    /// Identifies the caller and returns the context of the caller's realm. Sets the caller in the input.
    pub(crate) async fn identify(
        &self,
        ctx: &Ctx,
        method: &Method,
        input: &mut Input,
    ) -> Result<Ctx, Problem> {
        if self.open {
            return Ok(Arc::clone(ctx));
        }
        let identified = self.identify_caller(ctx, method, input).await;
        identified.inspect_err(|problem| note(ctx, method, input, problem))
    }

    async fn identify_caller(&self, ctx: &Ctx, method: &Method, input: &mut Input) -> Result<Ctx, Problem> {
        let identified = ctx
            .door
            .identify(&ctx.installation, method, input.headers(), input.own_peer());
        input.caller = identified.await?;
        if input.caller.realm().is_sandbox() && self.sandbox == SandboxAccess::Refused {
            return Err(sandbox_routes::refused());
        }
        ctx.for_caller(&input.caller).await
    }

    /// Checks whether the request of the identified caller may reach the handler, in the context of the
    /// caller's realm; `door` is the context that received it. Returns the position that the views must
    /// have. Sets the data scope in the input.
    pub(crate) async fn admit(
        &self,
        door: &Context,
        ctx: &Context,
        method: &Method,
        input: &mut Input,
    ) -> Result<Option<Position>, Problem> {
        if self.open && method != Method::GET {
            door.door.admit_page(method, input.headers())?;
        }
        if !self.open {
            let admitted = self.authorize(door, ctx, input).await;
            admitted.inspect_err(|problem| note(door, method, input, problem))?;
        }
        self.known.refuse_others(&input.query().0)?;
        if self.writing == VersionCheck::Replaces && !input.headers().contains_key(header::IF_MATCH) {
            return Err(Problem::new(
                ProblemKind::Unconditional,
                "if-match-needed",
                "this replaces stored data: read it first and send its ETag as If-Match",
            ));
        }
        Ok(input.number::<u64>(AFTER_POSITION)?.map(Position))
    }

    async fn authorize(&self, door: &Context, ctx: &Context, input: &mut Input) -> Result<(), Problem> {
        let allowed = door.rates.allowed(&door.installation).await;
        let now = door.installation.now();
        let weight = self.weight.with_body(input.headers());
        input.rate = door.rates.take(&input.caller, self.kept, weight, allowed, now)?;
        let Some(needs) = self.needs else { return Ok(()) };
        input.scope = input.caller.scope_for(needs)?;
        // A command that prevents calls is never refused for this.
        if let Some(comparer) = input.path_comparer().filter(|_| !self.kept) {
            ctx.admit_guess(&comparer)?;
        }
        if input.scope.is_all() {
            return Ok(());
        }
        hold(self.about, ctx, input).await
    }
}

/// Checks a request against a limited scope. A campaign, call or customer outside it fails with `missing`,
/// a request about all campaigns or customers with `scope-too-small`.
async fn hold(about: EndpointSubject, ctx: &Context, input: &mut Input) -> Result<(), Problem> {
    let scope = input.scope.clone();
    match about {
        EndpointSubject::Unscoped | EndpointSubject::Handler => Ok(()),
        EndpointSubject::Everybody => Err(build_scope_problem("this is about all campaigns")),
        EndpointSubject::Campaign => {
            let campaign: CampaignId = input.id(0, "this campaign")?;
            require_campaign_in_scope(&scope, &campaign)
        }
        EndpointSubject::Call => {
            let call: CallId = input.id(0, "this call")?;
            let missing = || Problem::missing("this call");
            let state = ctx.installation.entities.calls.state(&call).await?.state;
            let (campaign, customer) = state.campaign().zip(state.customer()).ok_or_else(missing)?;
            require_call_in_scope(ctx, &scope, campaign, customer).await
        }
        EndpointSubject::Customer => {
            let (_, state) = ctx.installation.customer_named(&input.param(0)?).await?;
            let seen = sees_person(ctx, &scope, &state).await?;
            seen.then_some(())
                .ok_or_else(|| Problem::missing("this customer"))
        }
        EndpointSubject::CampaignAsked => asked(&scope, input),
        EndpointSubject::RowsAsked | EndpointSubject::OwnRowsAsked if scope.people == AssigneeScope::All => {
            asked(&scope, input)
        }
        EndpointSubject::OwnRowsAsked => Ok(()),
        EndpointSubject::RowsAsked => Err(build_scope_problem(
            "this list needs a scope over all customers of its campaigns",
        )),
    }
}

/// Fails with `missing` if the call's campaign or customer is outside the scope.
pub(crate) async fn require_call_in_scope(
    ctx: &Context,
    scope: &DataScope,
    campaign: &CampaignId,
    customer: &CustomerId,
) -> Result<(), Problem> {
    let seen = match &scope.people {
        AssigneeScope::All => scope.admits_campaign(campaign),
        AssigneeScope::Team(_) | AssigneeScope::Own(_) | AssigneeScope::NoCustomers => {
            let customer = ctx.installation.entities.customers.state(customer).await?.state;
            sees_person(ctx, scope, &customer).await?
        }
    };
    seen.then_some(()).ok_or_else(|| Problem::missing("this call"))
}

/// True if the scope includes a customer: enrolled in one of its campaigns, or assigned to the caller or the
/// team.
pub(crate) async fn sees_person(
    ctx: &Context,
    scope: &DataScope,
    person: &CustomerState,
) -> Result<bool, Problem> {
    let is_own = match &scope.people {
        AssigneeScope::All => {
            let mut enrolments = person.enrolments().iter();
            let any =
                scope.campaigns.is_all() || enrolments.any(|(campaign, _)| scope.admits_campaign(campaign));
            return Ok(any);
        }
        AssigneeScope::Own(user) => matches!(person.assignee(), Some(Assignee::User(of)) if of == user),
        AssigneeScope::Team(team) => match person.assignee() {
            Some(Assignee::Team(of)) => of == team,
            Some(Assignee::User(user)) => {
                let user = ctx.installation.entities.users.state(user).await?.state;
                user.account().and_then(|account| account.team.as_ref()) == Some(team)
            }
            None => false,
        },
        AssigneeScope::NoCustomers => false,
    };
    Ok(is_own)
}

/// True if a campaign of a visible customer is shown. The user or team responsible for the customer sees all
/// of the customer's campaigns; others see those in their scope.
pub(crate) fn shows_campaign(scope: &DataScope, campaign: &CampaignId) -> bool {
    scope.people != AssigneeScope::All || scope.campaigns.admits(campaign)
}

/// Fails with `missing` if the campaign is outside the scope.
pub(crate) fn require_campaign_in_scope(scope: &DataScope, campaign: &CampaignId) -> Result<(), Problem> {
    let admitted = scope.admits_campaign(campaign);
    admitted
        .then_some(())
        .ok_or_else(|| Problem::missing("this campaign"))
}

/// Checks that the campaign in the query is in the scope. Without one in the query, the scope's only
/// campaign is added to it; a scope with none or several fails.
fn asked(scope: &DataScope, input: &mut Input) -> Result<(), Problem> {
    let CampaignScope::Only(named) = &scope.campaigns else {
        return Ok(());
    };
    if let Some(asked) = input.text(CAMPAIGN) {
        return match asked.parse() {
            Ok(campaign) => require_campaign_in_scope(scope, &campaign),
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
        (None, _) => Err(build_scope_problem("no campaign is named for you")),
        (Some(_), Some(_)) => Err(Problem::invalid(
            "campaign-needed",
            "select one of your campaigns with ?campaign=",
        )),
    }
}

/// Returns the problem `scope-too-small` (403) for a request beyond the caller's data scope; `why` begins
/// its detail.
pub(crate) fn build_scope_problem(why: &str) -> Problem {
    let detail = format!("{why}: it is outside the data scope of this user or key");
    Problem::new(ProblemKind::Forbidden, "scope-too-small", detail)
}

/// Records an attempt with credentials that was refused for authentication or permission. Other problems,
/// and requests without credentials, are not recorded.
fn note(ctx: &Context, method: &Method, input: &Input, problem: &Problem) {
    let is_refused = matches!(
        problem.kind,
        ProblemKind::Unauthenticated | ProblemKind::Forbidden
    );
    // A request without credentials is no attempt: a page that was opened before the sign-in.
    let headers = input.headers();
    let tries = headers.contains_key(header::AUTHORIZATION) || auth::names_session(headers);
    if !is_refused || !tries {
        return;
    }
    let source = match &input.caller {
        Caller::User(known) => match known.way {
            SignInMethod::Key(key) => AttemptSource::Key(key),
            SignInMethod::Directory | SignInMethod::Session | SignInMethod::SetUp | SignInMethod::Other => {
                AttemptSource::User(known.user.clone())
            }
        },
        Caller::Directory { .. } | Caller::Unauthenticated => {
            AttemptSource::Address(input.peer().map(|peer| peer.ip()))
        }
    };
    let route = format!("{method} {}", input.route());
    tracing::warn!(route, code = problem.code, "a request was refused");
    let installation = Arc::clone(&ctx.installation);
    ctx.installation
        .access
        .refused
        .count(&installation, &source, &route, problem.code);
}
