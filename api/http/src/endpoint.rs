//! One endpoint: its method, path, description and handler; how warp is told.
//!
//! Handlers know nothing of warp: they take a context and an input and answer a result. The published
//! description is made from the same list as the router, so the two cannot drift apart.

use crate::answering::{Answering, Brought, Handler};
use crate::body::pieces;
pub(crate) use crate::context::Ctx;
use crate::context::RowsNeeded;
use crate::described::{IntoReply, Told, names_of_who_acts, schema_of};
pub(crate) use crate::guard::About;
use crate::guard::Guard;
pub(crate) use crate::input::{Input, parse_object};
use crate::known_query::KnownQuery;
use crate::rates::Weight;
use crate::server::Peer;
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

/// What kind of body an endpoint reads, for the description.
#[derive(Debug, Clone, Copy)]
pub enum Takes {
    Nothing,
    /// A JSON object of this schema.
    Json(fn(&mut SchemaGenerator) -> Value),
    File,
}

/// Whom an endpoint is for, unless it is open.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Needs {
    /// Nothing was said: denied to everybody but the directory's owner.
    Unsaid,
    /// Whoever is known, whatever they may.
    ToBeKnown,
    Permission(Permission),
}

/// Whether somebody who begins now should use an endpoint.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Standing {
    Current,
    /// Another one does the same better; this one stays for those who use it.
    Deprecated,
}

/// What an answer follows from.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum AnswerOf {
    /// Also from the clock, from this process, or it is put on record: made anew each time.
    TheMoment,
    /// From rows and log alone: the same question at the same place is the same answer.
    TheLog,
}

/// Against what a command is held.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Writing {
    /// What is there decides; `If-Match` is honoured where it is sent.
    AsItStands,
    /// It replaces a stored value: `If-Match` says which version it means, and is demanded.
    Replaces,
}

/// One method on one path.
#[derive(Clone)]
pub struct Endpoint {
    pub method: Method,
    /// From the root, such as `/api/v1/campaigns/{id}`.
    pub path: &'static str,
    pub summary: &'static str,
    /// What it does, for the published description; empty if the summary says it all.
    pub description: &'static str,
    pub takes: Takes,
    /// The form that it reads too, instead of that.
    pub form: Option<fn(&mut SchemaGenerator) -> Value>,
    /// Query parameters and what they do.
    pub query: &'static [Parameter],
    /// Headers that it reads besides those of every request.
    pub headers: &'static [Parameter],
    /// Open to everybody: health and the status page hold nothing of anybody.
    pub open: bool,
    /// Whom it is for.
    pub needs: Needs,
    /// What it is about, as the caller's data scope is held against it.
    pub about: About,
    /// Members of its body that say who acts: only the directory's owner says that themselves.
    says_who: &'static [&'static str],
    /// A place is kept for it: health, and what ends calls or keeps people from being called.
    pub kept: bool,
    /// Whether it counts as a heavy question too.
    pub weight: Weight,
    pub writing: Writing,
    pub standing: Standing,
    pub answer: AnswerOf,
    rows: RowsNeeded,
    /// How it is answered when it was done, from the type its handler answers.
    pub(crate) told: fn(&mut SchemaGenerator) -> Vec<Told>,
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
            takes: Takes::Nothing,
            form: None,
            query: &[],
            headers: &[],
            open: false,
            needs: Needs::Unsaid,
            about: About::Everybody,
            says_who: &[],
            kept: false,
            weight: Weight::Usual,
            writing: Writing::AsItStands,
            standing: Standing::Current,
            answer: AnswerOf::TheMoment,
            rows: if R::IS_READ {
                RowsNeeded::OfTheLog
            } else {
                RowsNeeded::AsTheyAre
            },
            told: R::told,
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
    /// Who may ask it, and about what it is.
    pub const fn needs(mut self, permission: Permission, about: About) -> Self {
        self.needs = Needs::Permission(permission);
        self.about = about;
        self
    }
    /// It tells whoever is known about themselves.
    pub const fn for_whoever_is_known(mut self) -> Self {
        self.needs = Needs::ToBeKnown;
        self.about = About::Nobody;
        self
    }
    /// It reads a JSON object of this type.
    pub fn takes<T: JsonSchema>(mut self) -> Self {
        self.takes = Takes::Json(schema_of::<T>);
        self.says_who = names_of_who_acts::<T>();
        self
    }
    /// It reads a form with a file in it too (`multipart/form-data`).
    pub fn takes_form<T: JsonSchema>(mut self) -> Self {
        self.form = Some(schema_of::<T>);
        self
    }
    /// It reads a file.
    pub const fn takes_file(mut self) -> Self {
        self.takes = Takes::File;
        self
    }
    pub const fn query(mut self, query: &'static [Parameter]) -> Self {
        self.query = query;
        self
    }
    pub const fn headers(mut self, headers: &'static [Parameter]) -> Self {
        self.headers = headers;
        self
    }
    /// It shows how far the rows are, and waits for none.
    pub const fn of_rows_as_they_are(mut self) -> Self {
        self.rows = RowsNeeded::AsTheyAre;
        self
    }
    pub const fn open(mut self) -> Self {
        self.open = true;
        self
    }
    pub const fn deprecated(mut self) -> Self {
        self.standing = Standing::Deprecated;
        self
    }
    /// Neither clock nor process has a part in its answer, and nothing is put on record by it.
    pub const fn steady(mut self) -> Self {
        self.answer = AnswerOf::TheLog;
        self
    }
    /// It replaces a stored value: a request without `If-Match` is refused (428).
    pub const fn replaces(mut self) -> Self {
        self.writing = Writing::Replaces;
        self
    }
    /// It reads much of the rows or of the log: a user or key asks it less often.
    pub const fn heavy(mut self) -> Self {
        self.weight = Weight::Heavy;
        self
    }
    pub const fn kept(mut self) -> Self {
        self.kept = true;
        self
    }

    /// With all that it needs to answer.
    pub(crate) fn answering(&self, ctx: &Ctx) -> Answering {
        let guard = Guard {
            open: self.open,
            needs: match self.needs {
                Needs::Unsaid => Some(Permission::DirectoryWrite),
                Needs::ToBeKnown => None,
                Needs::Permission(permission) => Some(permission),
            },
            about: self.about,
            rows: self.rows,
            kept: self.kept,
            weight: self.weight,
            answer: self.answer,
            writing: self.writing,
            takes: self.takes,
            form: self.form,
            known: KnownQuery(self.query),
        };
        Answering {
            ctx: Arc::clone(ctx),
            handler: Arc::clone(&self.handler),
            guard,
            method: self.method.clone(),
            route: self.path,
            says_who: self.says_who,
        }
    }

    /// The warp filter of this endpoint. Path and end come before the method, so that a known path with
    /// another method is told apart from an unknown path.
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
            .and(warp::ext::optional::<Peer>())
            .and(upgrade())
            .and(warp::body::stream())
            .then(move |params: Params, query, headers, peer, upgrade, body| {
                let brought = Brought {
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

/// The request to become a WebSocket, where it is one.
fn upgrade() -> BoxedFilter<(Option<Ws>,)> {
    warp::ws().map(Some).or(warp::any().map(|| None)).unify().boxed()
}

/// Joins endpoints into one boxed group.
pub(crate) fn join(endpoints: Vec<Endpoint>, ctx: &Ctx) -> BoxedFilter<(Response,)> {
    let nothing: BoxedFilter<(Response,)> = warp::any()
        .and_then(|| async { Err::<Response, _>(warp::reject::not_found()) })
        .boxed();
    endpoints.into_iter().fold(nothing, |group, endpoint| {
        group.or(endpoint.filter(ctx)).unify().boxed()
    })
}

/// Values of the path's parameters, in order, still percent-encoded.
#[derive(Debug, Clone, Default)]
struct Params(Vec<String>);
