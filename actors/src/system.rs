//! The live system: one `Entities` per aggregate over one environment, asked by id.
//!
//! The order of a shutdown: drivers drain, the server stops, then `Tasks::stop` ends the arbiters. An entity
//! holds only what its stream contains, so it needs no shutdown of its own.

use crate::decide_functions::{DecideFunction, DecideFunctions};
use crate::dial_right::DialRight;
use crate::entity::{AskResult, Entity};
use crate::environment::Environment;
use crate::error::AskError;
use crate::hosting::{EntityRuntime, Hosting};
use crate::inline_execution::{BoxedFuture, InlineRequest};
use crate::lifespan::Lifespan;
use crate::mailbox::{Mailbox, Request};
use crate::registry::{Generation, Registry, ReserveError, ServeLocation};
use domain::access::Access;
use domain::alert::Alert;
use domain::anonymous_transcript::AnonymousTranscript;
use domain::api_key::ApiKey;
use domain::approval::Approval;
use domain::call::{Call, TestCall};
use domain::campaign::Campaign;
use domain::chart_note::ChartNote;
use domain::complaint::Complaint;
use domain::conversation::Conversation;
use domain::customer::Customer;
use domain::decider::Decider;
use domain::draft::Draft;
use domain::flow::Flow;
use domain::holiday::Holiday;
use domain::inquiry::Inquiry;
use domain::installation::Installation;
use domain::knowledge::Knowledge;
use domain::label::Label;
use domain::message::Message;
use domain::model::Model;
use domain::number::Number;
use domain::person_request::PersonRequest;
use domain::preference::Preference;
use domain::registry::NumberRegistry;
use domain::report::Report;
use domain::retention::Retention;
use domain::routing::Routing;
use domain::routing_weights::RoutingWeights;
use domain::sample::Sample;
use domain::saved_report::SavedReport;
use domain::setting::Setting;
use domain::stop::Stop;
use domain::subscriber::Subscriber;
use domain::summary::Summary;
use domain::test_phones::TestPhones;
use domain::user::User;
use domain::view::View;
use domain::voiceprint::Voiceprint;
use domain::webhook::Webhook;
use domain::wording_draft::WordingDraft;
use std::sync::Arc;
use tokio::sync::oneshot;

/// The entities of all aggregates. A clone is the same system.
#[derive(Clone)]
pub struct ActorSystem {
    pub campaigns: Entities<Campaign>,
    pub customers: Entities<Customer>,
    pub numbers: Entities<Number>,
    pub calls: Entities<Call>,
    pub flows: Entities<Flow>,
    pub models: Entities<Model>,
    pub knowledge: Entities<Knowledge>,
    pub labels: Entities<Label>,
    pub inquiries: Entities<Inquiry>,
    /// One entity: the log as a whole.
    pub installation: Entities<Installation>,
    /// Refused attempts to sign in or to act.
    pub accesses: Entities<Access>,
    /// Anonymous transcripts of calls and conversations.
    pub anonymous_transcripts: Entities<AnonymousTranscript>,
    pub api_keys: Entities<ApiKey>,
    /// Requests of users that another user must approve.
    pub approvals: Entities<Approval>,
    pub reports: Entities<Report>,
    pub samples: Entities<Sample>,
    /// Saved selections of figures, with recipients and schedules.
    pub saved_reports: Entities<SavedReport>,
    /// Users' notes on charts.
    pub chart_notes: Entities<ChartNote>,
    /// Retention periods of the data classes, as users set them.
    pub retentions: Entities<Retention>,
    /// Decisions of who takes each call, with their scores.
    pub routings: Entities<Routing>,
    /// Versions of the weights of the routing score.
    pub routing_weights: Entities<RoutingWeights>,
    /// System settings.
    pub settings: Entities<Setting>,
    /// Unfinished forms of users, one entity per form.
    pub drafts: Entities<Draft>,
    /// Console settings (language, theme), one entity per user.
    pub preferences: Entities<Preference>,
    /// Imported public holidays, one entity per year and country.
    pub holidays: Entities<Holiday>,
    /// External do-not-call lists of numbers.
    pub registries: Entities<NumberRegistry>,
    pub alerts: Entities<Alert>,
    /// Complaints about calls.
    pub complaints: Entities<Complaint>,
    /// Conversations in text with customers.
    pub conversations: Entities<Conversation>,
    /// Messages sent to each customer besides calls.
    pub messages: Entities<Message>,
    /// Requests of persons about their own data.
    pub person_requests: Entities<PersonRequest>,
    /// Emergency stops, one entity per scope.
    pub stops: Entities<Stop>,
    /// Named subscribers of the event log.
    pub subscribers: Entities<Subscriber>,
    /// Summaries of ended calls and conversations.
    pub summaries: Entities<Summary>,
    /// Our own test phones.
    pub test_phones: Entities<TestPhones>,
    /// Test calls to them.
    pub test_calls: Entities<TestCall>,
    /// Users who may sign in.
    pub users: Entities<User>,
    /// Manual actions on the rows of each view.
    pub views: Entities<View>,
    /// Voiceprints of persons who consented.
    pub voiceprints: Entities<Voiceprint>,
    /// Webhooks, and how far each has received events.
    pub webhooks: Entities<Webhook>,
    /// Drafts of alternative texts for answers, written by a model and accepted or rejected by users.
    pub wording_drafts: Entities<WordingDraft>,
}

impl ActorSystem {
    /// Starts where the entities run. Entities are created when they are asked. Ends with `Tasks::stop`.
    pub fn start(environment: Environment, place: EntityRuntime) -> Self {
        let hosting = Hosting::start(place, &environment.tasks);
        Self::launch(&environment, &hosting, DecideFunctions::default())
    }

    /// Starts with these decide functions.
    pub(crate) fn launch(environment: &Environment, hosting: &Hosting, decide: DecideFunctions) -> Self {
        Self {
            campaigns: Entities::start_deciding(environment, hosting, decide.campaigns),
            customers: Entities::start_deciding(environment, hosting, decide.customers),
            numbers: Entities::start_deciding(environment, hosting, decide.numbers),
            calls: Entities::start_deciding(environment, hosting, decide.calls),
            flows: Entities::start(environment, hosting),
            models: Entities::start(environment, hosting),
            knowledge: Entities::start(environment, hosting),
            labels: Entities::start(environment, hosting),
            inquiries: Entities::start(environment, hosting),
            installation: Entities::start(environment, hosting),
            accesses: Entities::start(environment, hosting),
            anonymous_transcripts: Entities::start(environment, hosting),
            api_keys: Entities::start(environment, hosting),
            approvals: Entities::start(environment, hosting),
            reports: Entities::start(environment, hosting),
            samples: Entities::start(environment, hosting),
            saved_reports: Entities::start(environment, hosting),
            chart_notes: Entities::start(environment, hosting),
            retentions: Entities::start(environment, hosting),
            routings: Entities::start(environment, hosting),
            routing_weights: Entities::start(environment, hosting),
            settings: Entities::start(environment, hosting),
            drafts: Entities::start(environment, hosting),
            preferences: Entities::start(environment, hosting),
            holidays: Entities::start(environment, hosting),
            registries: Entities::start(environment, hosting),
            alerts: Entities::start(environment, hosting),
            complaints: Entities::start(environment, hosting),
            conversations: Entities::start(environment, hosting),
            messages: Entities::start(environment, hosting),
            person_requests: Entities::start(environment, hosting),
            stops: Entities::start(environment, hosting),
            subscribers: Entities::start(environment, hosting),
            summaries: Entities::start(environment, hosting),
            test_phones: Entities::start(environment, hosting),
            test_calls: Entities::start(environment, hosting),
            users: Entities::start(environment, hosting),
            views: Entities::start(environment, hosting),
            voiceprints: Entities::start(environment, hosting),
            webhooks: Entities::start(environment, hosting),
            wording_drafts: Entities::start(environment, hosting),
        }
    }
}

/// How often a request is tried if its entity dies while serving it.
const ASK_TRIES_MAX: usize = 2;

/// All entities of one aggregate.
pub struct Entities<D: Decider> {
    pub(crate) inner: Arc<Inner<D>>,
    /// The right to dial of drivers: commands are accepted only while it is held. `None` for other callers.
    pub(crate) right: Option<Arc<dyn DialRight>>,
}

/// State that all clones of one `Entities` share.
pub(crate) struct Inner<D: Decider> {
    pub(crate) environment: Arc<Environment>,
    pub(crate) hosting: Hosting,
    registry: Registry<D>,
    decide: DecideFunction<D>,
}

impl<D: Decider> Clone for Entities<D> {
    fn clone(&self) -> Self {
        Self {
            inner: Arc::clone(&self.inner),
            right: self.right.clone(),
        }
    }
}

impl<D: Decider> Entities<D> {
    pub(crate) fn start(environment: &Environment, hosting: &Hosting) -> Self {
        Self::start_deciding(environment, hosting, D::decide)
    }

    fn start_deciding(environment: &Environment, hosting: &Hosting, decide: DecideFunction<D>) -> Self {
        Self::start_with(environment, hosting, Lifespan::of::<D>(), decide)
    }

    pub(crate) fn start_with(
        environment: &Environment,
        hosting: &Hosting,
        lifespan: Lifespan,
        decide: DecideFunction<D>,
    ) -> Self {
        let entities = Self {
            inner: Arc::new(Inner {
                environment: Arc::new(environment.clone()),
                hosting: hosting.clone(),
                registry: Registry::new(lifespan),
                decide,
            }),
            right: None,
        };
        environment
            .tasks
            .spawn_vital("passivation", Box::pin(sweep(entities.clone())));
        entities
    }

    /// Returns how many entities of this aggregate are in memory.
    pub fn live_count(&self) -> usize {
        self.inner.registry.live_count()
    }

    /// Serves a request in the caller's task, or by the entity's host if another caller has the entity.
    pub(crate) async fn request<T: Send + 'static>(
        &self,
        id: &D::Id,
        serve: impl Fn(Box<Entity<D>>) -> BoxedFuture<(Box<Entity<D>>, AskResult<T, D>)>,
        send: impl Fn(oneshot::Sender<AskResult<T, D>>) -> Request<D>,
    ) -> AskResult<T, D> {
        let inner = &*self.inner;
        for _ in 0..ASK_TRIES_MAX {
            let now = inner.environment.clock.now();
            let begin = |resting: Option<Box<Entity<D>>>| {
                let new_entity = || Box::new(Entity::new(id.clone(), &inner.environment, inner.decide));
                Arc::new(InlineRequest::new(serve(resting.unwrap_or_else(new_entity))))
            };
            let reserved = inner.registry.reserve(id, now, begin, || inner.host());
            let (answered, generation) = match reserved {
                Ok(ServeLocation::Here(serving, generation)) => {
                    let lease = Lease {
                        inner,
                        id,
                        generation,
                        is_settled: false,
                    };
                    (lease.answered(&*serving).await, generation)
                }
                Ok(ServeLocation::There(place, generation)) => {
                    let (reply, answer) = oneshot::channel();
                    place.deliver(send(reply));
                    (answer.await.ok(), generation)
                }
                Err(ReserveError::Busy) => return Err(AskError::Busy),
                Err(ReserveError::GivenUp) => return Err(AskError::Fault),
            };
            match answered {
                Some(answer) => return answer,
                None if inner.environment.tasks.stop_signal().is_stopping() => {
                    return Err(AskError::Unavailable);
                }
                None => inner.registry.bury(id, generation, inner.environment.clock.now()),
            }
        }
        Err(AskError::Fault)
    }
}

impl<D: Decider> Inner<D> {
    fn host(&self) -> Mailbox<D> {
        Mailbox::new(self.hosting.host())
    }
}

/// An entity that its caller's task has. If the caller is dropped, a host finishes the request.
struct Lease<'a, D: Decider> {
    inner: &'a Inner<D>,
    id: &'a D::Id,
    generation: Generation,
    is_settled: bool,
}

impl<D: Decider> Lease<'_, D> {
    async fn answered<T: Send + 'static>(mut self, serving: &InlineRequest<D, T>) -> Option<AskResult<T, D>> {
        let answer = serving.answered().await;
        self.is_settled = true;
        if answer.is_some() {
            self.inner.registry.give_back(self.id, self.generation, serving);
        }
        answer
    }
}

impl<D: Decider> Drop for Lease<'_, D> {
    fn drop(&mut self) {
        if !self.is_settled {
            let host = || self.inner.host();
            self.inner.registry.leave(self.id, self.generation, host);
        }
    }
}

async fn sweep<D: Decider>(entities: Entities<D>) {
    let Inner {
        environment,
        registry,
        ..
    } = &*entities.inner;
    let stop = environment.tasks.stop_signal();
    tokio::select! {
        biased;
        () = stop.stopping() => {}
        () = registry.keep_swept(environment.clock.as_ref()) => {}
    }
}
