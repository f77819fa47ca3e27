//! What callers send to an entity: a command, or a request for its state. A request from another runtime goes
//! through the entrance of the entities' own; a command of a sampled trace has a span.

use crate::entity::{Answer, AskResult, Entity, EntityState};
use crate::error::AskError;
use crate::inline_execution::BoxedFuture;
use crate::mailbox::Request;
use crate::system::Entities;
use crate::traces::{SpanAttribute, SpanFacts, SpanKind};
use domain::decider::Decider;
use domain::stored_event::{Cause, Envelope, WritePriority};
use std::sync::Arc;

impl<D: Decider> Entities<D> {
    /// Sends a command to one entity and waits for its answer. A command id that was used before gets the
    /// first answer. If the entity dies while it answers, it is loaded again and asked once more.
    pub async fn ask(&self, id: &D::Id, command: D::Command, cause: Cause) -> AskResult<Answer<D>, D> {
        if let Some(right) = &self.right
            && !right.held().await
        {
            return Err(AskError::Unavailable);
        }
        let environment = &self.inner.environment;
        let Some(span) = environment.span_in(cause.trace()) else {
            return self.ask_anywhere(id, command, cause).await;
        };
        let kind = D::command_kind(&command);
        let traced = cause.in_trace(Some(span.context()));
        let answered = Box::pin(self.ask_anywhere(id, command, traced)).await;
        environment.end_span(Some(span), || {
            let attributes = vec![
                SpanAttribute::Aggregate(D::AGGREGATE),
                SpanAttribute::Command(cause.command),
            ];
            let correlation = cause.correlation.map(SpanAttribute::Correlation);
            let attributes = attributes.into_iter().chain(correlation).collect();
            SpanFacts::new(SpanKind::Command, kind, attributes).failed(answered.is_err())
        });
        answered
    }

    /// Sends the command that follows from an event, with a span of the driver in the event's trace. `what`:
    /// the text from which the command's id follows, and the name of the span.
    pub(crate) async fn ask_because(
        &self,
        id: &D::Id,
        command: D::Command,
        because: &Envelope,
        what: &'static str,
    ) -> AskResult<Answer<D>, D> {
        let environment = &self.inner.environment;
        let span = environment.span_in(because.traceparent);
        let cause = Cause::follow(because, what).in_trace(span.map(|span| span.context()));
        let answered = self.ask(id, command, cause).await;
        environment.end_span(span, || {
            SpanFacts::new(SpanKind::Driver, what, Vec::new()).failed(answered.is_err())
        });
        answered
    }

    async fn ask_anywhere(&self, id: &D::Id, command: D::Command, cause: Cause) -> AskResult<Answer<D>, D> {
        let Some(entrance) = self.inner.hosting.entrance() else {
            return self.ask_here(id, command, cause).await;
        };
        let (entities, id) = (self.clone(), id.clone());
        let work = async move { entities.ask_here(&id, command, cause).await };
        entrance
            .serve(&*self.inner.environment.tasks, cause.urgency, work)
            .await
    }

    async fn ask_here(&self, id: &D::Id, command: D::Command, cause: Cause) -> AskResult<Answer<D>, D> {
        let command = Arc::new(command);
        let serve = |mut entity: Box<Entity<D>>| -> BoxedFuture<_> {
            let command = Arc::clone(&command);
            Box::pin(async move {
                let answer = entity.ask(&command, cause).await;
                (entity, answer)
            })
        };
        let send = |reply| Request::Ask {
            command: Arc::clone(&command),
            cause: Box::new(cause),
            reply,
        };
        self.request(id, serve, send).await
    }

    /// Returns the entity's current state; the default state if its stream is empty.
    pub async fn state(&self, id: &D::Id) -> AskResult<EntityState<D>, D> {
        let Some(entrance) = self.inner.hosting.entrance() else {
            return self.state_here(id).await;
        };
        let (entities, id) = (self.clone(), id.clone());
        let work = async move { entities.state_here(&id).await };
        entrance
            .serve(&*self.inner.environment.tasks, WritePriority::First, work)
            .await
    }

    async fn state_here(&self, id: &D::Id) -> AskResult<EntityState<D>, D> {
        let serve = |mut entity: Box<Entity<D>>| -> BoxedFuture<_> {
            Box::pin(async move {
                let loaded = entity.read().await;
                (entity, loaded)
            })
        };
        self.request(id, serve, |reply| Request::Read { reply }).await
    }
}
