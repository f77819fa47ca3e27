//! The request pipeline of an endpoint, independent of the protocol that brought the request: guard, wait for
//! the views, response cache, then the handler.
//!
//! Most requests arrive through warp's filters. A read without a body, a query or a protocol upgrade needs
//! none of what the filters prepare (a copy of every header, a stream of pieces, an upgrade) and comes here
//! directly (`router`).

use crate::body::Body;
use crate::context::Ctx;
use crate::endpoint::BodyKind;
use crate::guard::Guard;
use crate::input::{Input, with_kept_texts_masked};
use crate::reply::{problem_response, tell_rate};
use crate::request_durations::{EndpointDurations, RequestTimer};
use crate::request_span::RequestSpan;
use crate::response_cache::CacheableRequest;
use crate::router::PlainReadHandler;
use crate::server::ClientAddress;
use application::access::Caller;
use application::body_work::BodyWork;
use application::inquiries::Comparison;
use application::query::Query;
use bytes::Bytes;
use domain::inquiry::ComparedValue;
use domain::permission::DataScope;
use domain::problem::{Problem, ProblemKind};
use domain::stored_event::{Position, RequestFacts, TraceParent};
use std::future::Future;
use std::pin::Pin;
use std::sync::Arc;
use warp::http::request::Parts;
use warp::http::{HeaderMap, Method, StatusCode, header};
use warp::reply::Response;
use warp::ws::Ws;

pub(crate) type HandlerFuture = Pin<Box<dyn Future<Output = Result<Response, Problem>> + Send>>;
pub(crate) type Handler = Arc<dyn Fn(Ctx, Input) -> HandlerFuture + Send + Sync>;

/// An endpoint with everything that it needs to handle requests.
#[derive(Clone)]
pub(crate) struct RequestPipeline {
    pub ctx: Ctx,
    pub handler: Handler,
    pub guard: Guard,
    pub method: Method,
    pub route: &'static str,
    pub durations: Arc<EndpointDurations>,
    /// Members of the body that name the acting user; a signed-in user's name replaces them.
    pub says_who: &'static [&'static str],
}

/// The parts of a request other than its method and path.
pub(crate) struct RequestParts {
    pub params: Vec<String>,
    pub query: Query,
    pub headers: HeaderMap,
    pub peer: Option<ClientAddress>,
    pub upgrade: Option<Ws>,
    pub body: Body,
}

impl RequestPipeline {
    pub(crate) async fn answer(self, brought: RequestParts) -> Response {
        let durations = Arc::clone(&self.durations);
        let clock = Arc::clone(&self.ctx.installation.environment.clock);
        let timer = RequestTimer::start(&durations, clock.as_ref());
        let span = RequestSpan::begin(&self, &brought.headers);
        let trace = span.as_ref().map(RequestSpan::context);
        let answered = self.answered(brought, trace).await;
        let response = answered.unwrap_or_else(|problem| problem_response(&problem));
        timer.stop(response.status());
        if let Some(span) = span {
            span.end(response.status());
        }
        response
    }

    /// Returns the fast path of an endpoint for plain reads; `None` if the endpoint is no GET.
    pub(crate) fn reader(self) -> Option<PlainReadHandler> {
        let route = self.route;
        let is_read = self.method == Method::GET;
        is_read.then(|| PlainReadHandler {
            route,
            read: Box::new(move |params, parts| Box::pin(self.clone().read(params, parts))),
        })
    }

    async fn read(self, params: Vec<String>, parts: Parts) -> Response {
        let brought = RequestParts {
            params,
            query: Query(Vec::new()),
            peer: parts.extensions.get::<ClientAddress>().copied(),
            headers: parts.headers,
            upgrade: None,
            body: Body::of(Bytes::new()),
        };
        self.answer(brought).await
    }

    async fn answered(self, brought: RequestParts, trace: Option<TraceParent>) -> Result<Response, Problem> {
        let mut input = Input {
            route: self.route,
            params: brought.params,
            query: with_kept_texts_masked(brought.query),
            headers: brought.headers,
            peer: brought.peer,
            upgrade: brought.upgrade,
            caller: Caller::Unauthenticated,
            scope: DataScope::default(),
            says_who: self.says_who,
            rate: None,
            request: RequestFacts {
                traceparent: trace,
                ..RequestFacts::NONE
            },
            body: brought.body,
            work: BodyWork::of(&self.ctx.installation.environment),
        };
        let ctx = self.guard.identify(&self.ctx, &self.method, &mut input).await?;
        let admitted = self.guard.admit(&self.ctx, &ctx, &self.method, &mut input).await;
        let (rate, comparer) = (input.rate, input.path_comparer());
        let response = match admitted {
            Ok(behind) => self.handled(Arc::clone(&ctx), input, behind).await,
            Err(problem) if problem.kind == ProblemKind::Missing => Err(problem),
            Err(problem) => return Err(problem),
        };
        let mut response = response.unwrap_or_else(|problem| problem_response(&problem));
        // Successful reads and commands are recorded by their handlers.
        if let Some(comparer) = comparer.filter(|_| !response.status().is_success()) {
            let is_found = response.status() != StatusCode::NOT_FOUND;
            let comparison = Comparison::of_one(ComparedValue::CustomerId, is_found);
            ctx.note_comparison(&comparer, comparison).await?;
        }
        if let Some(left) = rate {
            tell_rate(&mut response, left);
        }
        Ok(response)
    }

    async fn handled(
        self,
        ctx: Ctx,
        mut input: Input,
        behind: Option<Position>,
    ) -> Result<Response, Problem> {
        let guard = self.guard;
        ctx.rows_for(guard.rows, behind).await?;
        // Held until the reply is built, so that a second request with the same key waits.
        let _entered = match self.method == Method::GET {
            true => None,
            false => {
                refuse_coded(&input)?;
                let is_form = guard.form.is_some() && input.is_multipart();
                let reads_json = !matches!(guard.takes, BodyKind::File) && !is_form;
                let admitted = ctx.in_flight.admit(&ctx.installation, &mut input, reads_json);
                admitted.await?
            }
        };
        let Some(mut asked) = CacheableRequest::of(guard.answer, &input) else {
            return (self.handler)(ctx, input).await;
        };
        if let Some(kept) = asked.kept(&ctx).await {
            return Ok(kept);
        }
        let response = (self.handler)(Arc::clone(&ctx), input).await?;
        Ok(asked.keep(&ctx, response).await)
    }
}

/// Refuses a compressed body, and says what to send instead (RFC 9110, section 15.5.16).
fn refuse_coded(input: &Input) -> Result<(), Problem> {
    let coding = input.header(header::CONTENT_ENCODING.as_str());
    match coding.map(str::trim) {
        None | Some("" | "identity") => Ok(()),
        Some(coding) => Err(Problem::new(
            ProblemKind::WrongMediaType,
            "body-coded",
            format!("the body is encoded as {coding}: send it without Content-Encoding"),
        )),
    }
}
