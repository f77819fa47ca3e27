//! An endpoint: its method, path, description, permission and handler, and its warp filter.
//!
//! Handlers know nothing of warp: they get a context and an input and return a result. The published
//! description is generated from the same list as the router, so the two cannot differ.

use crate::api_description::{DocumentedResponse, IntoReply, names_of_who_acts, schema_of};
use crate::body::pieces;
pub(crate) use crate::context::Ctx;
use crate::context::ViewFreshness;
pub(crate) use crate::guard::EndpointSubject;
use crate::guard::Guard;
pub(crate) use crate::input::{Input, parse_object};
use crate::password_channel::BodySecrecy;
use crate::query_parameters::QueryParameters;
use crate::rate_limits::RequestWeight;
use crate::request_pipeline::{Handler, RequestParts, RequestPipeline};
use crate::sandbox_routes;
use crate::server::ClientAddress;
use application::parameter::Parameter;
use application::query::Query;
pub(crate) use domain::permission::Permission;
use domain::problem::Problem;
use schemars::{JsonSchema, SchemaGenerator};
use serde_json::Value;
use std::future::Future;
use std::sync::Arc;
use warp::Filter;
use warp::filters::BoxedFilter;
use warp::http::Method;
use warp::reply::Response;
use warp::ws::Ws;

/// The kind of body that an endpoint reads, for the description.
#[derive(Debug, Clone, Copy)]
pub enum BodyKind {
    Nothing,
    /// A JSON object with this schema.
    Json(fn(&mut SchemaGenerator) -> Value),
    File,
}

/// The permission that an endpoint requires, unless it is open.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum AccessRequirement {
    /// Not declared: only the directory's owner is allowed.
    Unsaid,
    /// Any authenticated caller.
    ToBeKnown,
    Permission(Permission),
}

/// Whether new clients should use an endpoint.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum EndpointStatus {
    Current,
    /// Replaced by a better endpoint; kept for existing clients.
    Deprecated,
}

/// What a response depends on, and so whether it can be cached.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ResponseDependency {
    /// Also on the clock or on this process, or the request is recorded: never cached.
    TheMoment,
    /// On views and log alone: the same request at the same log position has the same response.
    TheLog,
}

/// Where an endpoint begins to read the log.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum LogBeginning {
    /// Where it must, if it reads the log at all.
    OwnChoice,
    /// After a position that the client names. A position beyond the head is refused with `Conflict`.
    ClientPosition,
}

/// How a command checks the version of what it changes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum VersionCheck {
    /// `If-Match` is optional; without it the current state decides.
    AsItStands,
    /// The command replaces a stored value: `If-Match` with its version is required.
    Replaces,
}

/// An endpoint: one method on one path.
#[derive(Clone)]
pub struct Endpoint {
    pub method: Method,
    /// The full path, for example `/api/v1/campaigns/{id}`.
    pub path: &'static str,
    pub summary: &'static str,
    /// What the endpoint does, in sentences for the published description.
    pub description: &'static str,
    pub takes: BodyKind,
    /// Schema of the form (`multipart/form-data`) that the endpoint accepts instead of its other body;
    /// `None` if it accepts none.
    pub form: Option<fn(&mut SchemaGenerator) -> Value>,
    /// Query parameters with their descriptions.
    pub query: &'static [Parameter],
    /// Headers that the endpoint reads in addition to those of every request; for the published
    /// description.
    pub headers: &'static [Parameter],
    /// True if the endpoint needs no authentication: health and the status page contain no personal data.
    pub open: bool,
    /// The permission that it requires.
    pub needs: AccessRequirement,
    /// What the request is about; determines how the caller's data scope is checked.
    pub about: EndpointSubject,
    /// Members of the body that name the acting user. Only the directory's owner may set them.
    says_who: &'static [&'static str],
    /// True if the connection limits reserve slots for it: health checks, and commands that end or prevent
    /// calls.
    pub kept: bool,
    /// Whether the request also counts against the limit of heavy requests.
    pub weight: RequestWeight,
    pub writing: VersionCheck,
    pub standing: EndpointStatus,
    pub answer: ResponseDependency,
    pub beginning: LogBeginning,
    pub body_secrecy: BodySecrecy,
    rows: ViewFreshness,
    /// The responses of a successful request, derived from the handler's return type.
    pub(crate) responses: fn(&mut SchemaGenerator) -> Vec<DocumentedResponse>,
    handler: Handler,
}

impl Endpoint {
    pub(crate) fn get<R, F>(
        path: &'static str,
        summary: &'static str,
        handler: impl Fn(Ctx, Input) -> F + Send + Sync + 'static,
    ) -> Self
    where
        R: IntoReply,
        F: Future<Output = Result<R, Problem>> + Send + 'static,
    {
        Self::new(Method::GET, path, summary, handler)
    }
    pub(crate) fn post<R, F>(
        path: &'static str,
        summary: &'static str,
        handler: impl Fn(Ctx, Input) -> F + Send + Sync + 'static,
    ) -> Self
    where
        R: IntoReply,
        F: Future<Output = Result<R, Problem>> + Send + 'static,
    {
        Self::new(Method::POST, path, summary, handler)
    }
    pub(crate) fn put<R, F>(
        path: &'static str,
        summary: &'static str,
        handler: impl Fn(Ctx, Input) -> F + Send + Sync + 'static,
    ) -> Self
    where
        R: IntoReply,
        F: Future<Output = Result<R, Problem>> + Send + 'static,
    {
        Self::new(Method::PUT, path, summary, handler).replaces()
    }
    fn new<R, F>(
        method: Method,
        path: &'static str,
        summary: &'static str,
        handler: impl Fn(Ctx, Input) -> F + Send + Sync + 'static,
    ) -> Self
    where
        R: IntoReply,
        F: Future<Output = Result<R, Problem>> + Send + 'static,
    {
        Self {
            method,
            path,
            summary,
            description: "",
            takes: BodyKind::Nothing,
            form: None,
            query: &[],
            headers: &[],
            open: false,
            needs: AccessRequirement::Unsaid,
            about: EndpointSubject::Everybody,
            says_who: &[],
            kept: false,
            weight: RequestWeight::Usual,
            writing: VersionCheck::AsItStands,
            standing: EndpointStatus::Current,
            answer: ResponseDependency::TheMoment,
            beginning: LogBeginning::OwnChoice,
            body_secrecy: BodySecrecy::Usual,
            rows: if R::IS_READ {
                ViewFreshness::OfTheLog
            } else {
                ViewFreshness::AsTheyAre
            },
            responses: R::document_responses,
            handler: Arc::new(move |ctx, input| {
                let answered = handler(ctx, input);
                Box::pin(async move { answered.await.map(R::response) })
            }),
        }
    }
    /// Sets the description that the published API shows below the summary.
    pub const fn describe(mut self, description: &'static str) -> Self {
        self.description = description;
        self
    }
    /// Sets the permission that the endpoint requires, and what its request is about.
    pub const fn needs(mut self, permission: Permission, about: EndpointSubject) -> Self {
        self.needs = AccessRequirement::Permission(permission);
        self.about = about;
        self
    }
    /// Allows any authenticated caller; the endpoint is about the caller.
    pub const fn for_any_caller(mut self) -> Self {
        self.needs = AccessRequirement::ToBeKnown;
        self.about = EndpointSubject::Unscoped;
        self
    }
    /// Declares a JSON body of this type.
    pub fn takes<T: JsonSchema>(mut self) -> Self {
        self.takes = BodyKind::Json(schema_of::<T>);
        self.says_who = names_of_who_acts::<T>();
        self
    }
    /// Declares a JSON body of this type with the password of a user who signs in.
    pub fn takes_password<T: JsonSchema>(mut self) -> Self {
        self.body_secrecy = BodySecrecy::Password;
        self.takes::<T>()
    }
    /// Sets that the endpoint also accepts a form with a file (`multipart/form-data`) with this schema.
    pub fn takes_form<T: JsonSchema>(mut self) -> Self {
        self.form = Some(schema_of::<T>);
        self
    }
    /// Declares a file as the body.
    pub const fn takes_file(mut self) -> Self {
        self.takes = BodyKind::File;
        self
    }
    /// Sets the query parameters that the endpoint accepts; any other is refused.
    pub const fn query(mut self, query: &'static [Parameter]) -> Self {
        self.query = query;
        self
    }
    /// Sets the request headers that the endpoint reads, for the published description.
    pub const fn headers(mut self, headers: &'static [Parameter]) -> Self {
        self.headers = headers;
        self
    }
    /// Sets that the response shows how far the views are, so it does not wait for them.
    pub const fn skip_view_wait(mut self) -> Self {
        self.rows = ViewFreshness::AsTheyAre;
        self
    }
    /// Sets that the endpoint needs no authentication.
    pub const fn open(mut self) -> Self {
        self.open = true;
        self
    }
    /// Marks the endpoint as deprecated in the published description.
    pub const fn deprecated(mut self) -> Self {
        self.standing = EndpointStatus::Deprecated;
        self
    }
    /// Sets that the response can be cached: it depends on views and log alone, and the request is not
    /// recorded.
    pub const fn allow_caching(mut self) -> Self {
        self.answer = ResponseDependency::TheLog;
        self
    }
    /// Sets that the endpoint reads the log after a position that the client names, which may be beyond the
    /// head (409).
    pub const fn follow_position(mut self) -> Self {
        self.beginning = LogBeginning::ClientPosition;
        self
    }
    /// Sets that the command replaces a stored value: a request without `If-Match` is refused (428).
    pub const fn replaces(mut self) -> Self {
        self.writing = VersionCheck::Replaces;
        self
    }
    /// Sets that the request reads much of the views or the log: it counts against the limit of heavy
    /// requests.
    pub const fn heavy(mut self) -> Self {
        self.weight = RequestWeight::Heavy;
        self
    }
    /// Sets that the connection limits reserve slots for the endpoint.
    pub const fn kept(mut self) -> Self {
        self.kept = true;
        self
    }

    /// Returns the request pipeline of this endpoint.
    pub(crate) fn answering(&self, ctx: &Ctx) -> RequestPipeline {
        let guard = Guard {
            open: self.open,
            needs: match self.needs {
                AccessRequirement::Unsaid => Some(Permission::DirectoryWrite),
                AccessRequirement::ToBeKnown => None,
                AccessRequirement::Permission(permission) => Some(permission),
            },
            about: self.about,
            rows: self.rows,
            kept: self.kept,
            weight: self.weight,
            answer: self.answer,
            writing: self.writing,
            takes: self.takes,
            form: self.form,
            known: QueryParameters(self.query),
            sandbox: sandbox_routes::access_to(&self.method, self.path),
        };
        RequestPipeline {
            ctx: Arc::clone(ctx),
            handler: Arc::clone(&self.handler),
            guard,
            method: self.method.clone(),
            route: self.path,
            durations: ctx.request_durations.of(&self.method, self.path),
            says_who: self.says_who,
        }
    }

    /// Returns the warp filter of this endpoint. Path and end are matched before the method, so that another
    /// method on a known path gives 405 instead of 404.
    fn filter(self, ctx: &Ctx) -> BoxedFilter<(Response,)> {
        let mut path: BoxedFilter<(Params,)> = warp::any().map(Params::default).boxed();
        for segment in self.path.split('/').filter(|segment| !segment.is_empty()) {
            path = if segment.starts_with('{') {
                path.and(warp::path::param::<String>())
                    .map(|mut params: Params, value: String| {
                        params.0.push(value);
                        params
                    })
                    .boxed()
            } else {
                path.and(warp::path(segment)).boxed()
            };
        }
        let answering = self.answering(ctx);
        path.and(warp::path::end())
            .and(method(self.method))
            .and(warp::query::<Vec<(String, String)>>())
            .and(warp::header::headers_cloned())
            .and(warp::ext::optional::<ClientAddress>())
            .and(upgrade())
            .and(warp::body::stream())
            .then(move |params: Params, query, headers, peer, upgrade, body| {
                let brought = RequestParts {
                    params: params.0,
                    query: Query(query),
                    headers,
                    peer,
                    upgrade,
                    body: pieces(body),
                };
                answering.clone().answer(brought)
            })
            .boxed()
    }
}

fn method(method: Method) -> BoxedFilter<()> {
    if method == Method::GET {
        warp::get().boxed()
    } else if method == Method::PUT {
        warp::put().boxed()
    } else {
        warp::post().boxed()
    }
}

/// Extracts the WebSocket upgrade, if the request asks for one.
fn upgrade() -> BoxedFilter<(Option<Ws>,)> {
    warp::ws().map(Some).or(warp::any().map(|| None)).unify().boxed()
}

/// Joins endpoints into one boxed filter.
pub(crate) fn join(endpoints: Vec<Endpoint>, ctx: &Ctx) -> BoxedFilter<(Response,)> {
    let nothing: BoxedFilter<(Response,)> = warp::any()
        .and_then(|| async { Err::<Response, _>(warp::reject::not_found()) })
        .boxed();
    endpoints.into_iter().fold(nothing, |group, endpoint| {
        group.or(endpoint.filter(ctx)).unify().boxed()
    })
}

/// Values of the path parameters in order, still percent-encoded.
#[derive(Debug, Clone, Default)]
struct Params(Vec<String>);
