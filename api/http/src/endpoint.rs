//! One endpoint: its method, path, description and handler; what a handler is given; how warp is told.
//!
//! Handlers know nothing of warp: they take a context and an input and answer a result. The published
//! description is made from the same list as the router, so the two cannot drift apart.

use crate::body::{Body, pieces};
pub(crate) use crate::context::Ctx;
use crate::context::RowsNeeded;
use crate::described::{IntoReply, Told, schema_of};
pub(crate) use crate::guard::About;
use crate::guard::Guard;
use crate::known_query::KnownQuery;
use crate::reply::problem_response;
use crate::server::Peer;
use application::access::Caller;
use application::inquiring::Reader;
use application::installation::Installation;
use application::parameter::Parameter;
use application::percent;
use application::query::Query;
use domain::actor::Actor;
use domain::ids::CommandId;
use domain::permission::DataScope;
pub(crate) use domain::permission::Permission;
use domain::problem::{MemberError, Problem};
use domain::stored_event::Cause;
use host::outbound::api_client::ACTING_HEADER;
use intake::members::Order;
use schemars::{JsonSchema, SchemaGenerator};
use serde_json::Value;
use std::future::Future;
use std::net::SocketAddr;
use std::pin::Pin;
use std::str::FromStr;
use std::sync::Arc;
use warp::Filter;
use warp::filters::BoxedFilter;
use warp::http::{HeaderMap, Method};
use warp::reply::Response;
use warp::ws::Ws;

/// Longest `Idempotency-Key`.
const IDEMPOTENCY_KEY_BYTES_MAX: usize = 256;

type Answering = Pin<Box<dyn Future<Output = Result<Response, Problem>> + Send>>;
type Handler = Arc<dyn Fn(Ctx, Input) -> Answering + Send + Sync>;

/// What kind of body an endpoint reads, for the description.
#[derive(Debug, Clone, Copy)]
pub enum Takes {
    Nothing,
    /// A JSON object of this schema.
    Json(fn(&mut SchemaGenerator) -> Value),
    File,
}

/// One method on one path.
#[derive(Clone)]
pub struct Endpoint {
    pub method: Method,
    /// From the root, such as `/api/v1/campaigns/{id}`.
    pub path: &'static str,
    pub summary: &'static str,
    pub takes: Takes,
    /// Query parameters and what they do.
    pub query: &'static [Parameter],
    /// Headers that it reads besides those of every request.
    pub headers: &'static [Parameter],
    /// Open to everybody: health and the status page hold nothing of anybody.
    pub open: bool,
    /// What somebody must be allowed to; nothing said is denied.
    pub needs: Option<Permission>,
    /// What it is about, as the caller's data scope is held against it.
    pub about: About,
    /// Members of its body that say who acts: only the directory's owner says that themselves.
    says_who: &'static [&'static str],
    /// A place is kept for it: health, and what ends calls or keeps people from being called.
    pub kept: bool,
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
            takes: Takes::Nothing,
            query: &[],
            headers: &[],
            open: false,
            needs: None,
            about: About::Everybody,
            says_who: &[],
            kept: false,
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
    /// Who may ask it, and about what it is.
    pub const fn needs(mut self, permission: Permission, about: About) -> Self {
        self.needs = Some(permission);
        self.about = about;
        self
    }
    /// It reads a JSON object of this type.
    pub fn takes<T: JsonSchema>(mut self) -> Self {
        self.takes = Takes::Json(schema_of::<T>);
        self.says_who = names_of_who_acts::<T>();
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
    pub const fn kept(mut self) -> Self {
        self.kept = true;
        self
    }

    /// The warp filter of this endpoint. Path and end come before the method, so that a known path with
    /// another method is told apart from an unknown path.
    fn filter(self, ctx: Ctx) -> BoxedFilter<(Response,)> {
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
        let guard = Guard {
            open: self.open,
            needs: self.needs.unwrap_or(Permission::DirectoryWrite),
            about: self.about,
            rows: self.rows,
            known: KnownQuery(self.query),
        };
        let handler = self.handler;
        let (route, asked) = (self.path, self.method.clone());
        let says_who = self.says_who;
        path.and(warp::path::end())
            .and(method(self.method))
            .and(warp::query::<Vec<(String, String)>>())
            .and(warp::header::headers_cloned())
            .and(warp::ext::optional::<Peer>())
            .and(upgrade())
            .and(warp::body::stream())
            .then(move |params: Params, query, headers, peer, upgrade, body| {
                let input = Input {
                    route,
                    params: params.0,
                    query: Query(query),
                    headers,
                    peer,
                    upgrade,
                    caller: Caller::Nobody,
                    scope: DataScope::default(),
                    says_who,
                    body: pieces(body),
                };
                answer(
                    Arc::clone(&ctx),
                    Arc::clone(&handler),
                    guard,
                    asked.clone(),
                    input,
                )
            })
            .boxed()
    }
}

/// The member of an order that says who acts, where it has one.
fn names_of_who_acts<T: JsonSchema>() -> &'static [&'static str] {
    let schema = schemars::schema_for!(T);
    let has = |member: &str| schema.pointer(&format!("/properties/{member}")).is_some();
    match (has("by"), has("requested_by")) {
        (true, _) => &["by"],
        (false, true) => &["requested_by"],
        (false, false) => &[],
    }
}

fn method(method: Method) -> BoxedFilter<()> {
    if method == Method::GET {
        warp::get().boxed()
    } else {
        warp::post().boxed()
    }
}

/// The request to become a WebSocket, where it is one.
fn upgrade() -> BoxedFilter<(Option<Ws>,)> {
    warp::ws().map(Some).or(warp::any().map(|| None)).unify().boxed()
}

async fn answer(ctx: Ctx, handler: Handler, guard: Guard, method: Method, mut input: Input) -> Response {
    let answered = match guard.admit(&ctx, &method, &mut input).await {
        Ok(behind) => match ctx.rows_for(guard.rows, behind).await {
            Ok(()) => handler(ctx, input).await,
            Err(late) => Err(late),
        },
        Err(problem) => Err(problem),
    };
    answered.unwrap_or_else(|problem| problem_response(&problem))
}

/// Joins endpoints into one boxed group.
pub(crate) fn join(endpoints: Vec<Endpoint>, ctx: &Ctx) -> BoxedFilter<(Response,)> {
    let nothing: BoxedFilter<(Response,)> = warp::any()
        .and_then(|| async { Err::<Response, _>(warp::reject::not_found()) })
        .boxed();
    endpoints.into_iter().fold(nothing, |group, endpoint| {
        group.or(endpoint.filter(Arc::clone(ctx))).unify().boxed()
    })
}

/// Values of the path's parameters, in order, still percent-encoded.
#[derive(Debug, Clone, Default)]
struct Params(Vec<String>);

/// What a handler is given.
pub(crate) struct Input {
    route: &'static str,
    params: Vec<String>,
    query: Query,
    headers: HeaderMap,
    /// Absent in tests that have no connection.
    peer: Option<Peer>,
    upgrade: Option<Ws>,
    /// Who asks, as the guard found out.
    pub caller: Caller,
    /// Whose data they may see by this route.
    pub scope: DataScope,
    says_who: &'static [&'static str],
    pub body: Body,
}

impl Input {
    /// The route, as the published description names it.
    pub(crate) const fn route(&self) -> &'static str {
        self.route
    }

    pub(crate) const fn headers(&self) -> &HeaderMap {
        &self.headers
    }

    pub(crate) const fn own_peer(&self) -> Option<Peer> {
        self.peer
    }

    /// Asks for more than the caller wrote.
    pub(crate) fn add_to_query(&mut self, pair: (String, String)) {
        self.query.0.push(pair);
    }

    /// Who acts, for the envelope of what follows.
    pub(crate) fn actor(&self) -> Option<Actor> {
        let acting = self.header(ACTING_HEADER).and_then(percent::decode);
        self.caller.actor(acting.as_deref())
    }

    /// Who acts, as events name them: the user, or whom the directory's owner names.
    pub(crate) fn by(&self) -> Option<String> {
        self.caller.name_for_record(self.text("by").map(str::to_owned))
    }

    /// What was asked behind the path.
    pub(crate) const fn query(&self) -> &Query {
        &self.query
    }

    /// The last value of a parameter.
    pub(crate) fn text(&self, name: &str) -> Option<&str> {
        self.query.text(name)
    }

    /// Every value of a parameter that may be given several times.
    pub(crate) fn texts(&self, name: &str) -> impl DoubleEndedIterator<Item = &str> {
        self.query.texts(name)
    }

    pub(crate) fn number<T: FromStr>(&self, name: &str) -> Result<Option<T>, Problem> {
        self.query.number(name)
    }

    pub(crate) fn flag(&self, name: &str) -> Result<bool, Problem> {
        self.query.flag(name)
    }

    /// Who reads, of a read whose question stands in its address.
    pub(crate) fn reader(&self) -> Reader {
        Reader::new(format!("GET {}", self.route), &self.caller, &self.query)
    }

    /// Of one whose question stands in the body, so that no address names whom it is about.
    pub(crate) fn reader_by_post(&self) -> Reader {
        Reader::new(format!("POST {}", self.route), &self.caller, &self.query)
    }

    /// Who asks, where there is a connection.
    pub(crate) fn peer(&self) -> Option<SocketAddr> {
        self.peer.map(|peer| peer.0)
    }

    /// The `index`-th parameter of the path, decoded.
    pub(crate) fn param(&self, index: usize) -> Result<String, Problem> {
        let raw = self.params.get(index).map_or("", String::as_str);
        percent::decode(raw)
            .ok_or_else(|| Problem::invalid("path-invalid", "the path is not valid percent-encoded UTF-8"))
    }

    /// A parameter of the path as an id; what is no id names nothing.
    pub(crate) fn id<T: FromStr>(&self, index: usize, what: &str) -> Result<T, Problem> {
        match self.param(index)?.parse() {
            Ok(id) => Ok(id),
            Err(_) => Err(Problem::missing(what)),
        }
    }

    /// The request to become a WebSocket; given once.
    pub(crate) fn take_upgrade(&mut self) -> Result<Ws, Problem> {
        self.upgrade.take().ok_or_else(|| {
            Problem::invalid(
                "not-a-websocket",
                "this route speaks WebSocket: ask for an upgrade (RFC 6455), or read /api/v1/events/stream",
            )
        })
    }

    pub(crate) fn header(&self, name: &str) -> Option<&str> {
        self.headers.get(name).and_then(|value| value.to_str().ok())
    }

    /// The cause of a command: the caller's `Idempotency-Key` names it, else it is new. The key counts per
    /// route and thing, so that one key used for two things is two commands.
    pub(crate) fn cause(&self, installation: &Installation, what: &str) -> Result<Cause, Problem> {
        let Some(key) = self.header("idempotency-key") else {
            return Ok(Cause::outside(installation.new_command()).asked_by(self.actor()));
        };
        if key.is_empty() || key.len() > IDEMPOTENCY_KEY_BYTES_MAX {
            return Err(Problem::invalid(
                "idempotency-key-invalid",
                format!("Idempotency-Key has 1 to {IDEMPOTENCY_KEY_BYTES_MAX} bytes"),
            ));
        }
        let text = format!("idempotency:{what}/{}/{key}", self.params.join("/"));
        Ok(Cause::outside(CommandId::derive_from_text(&text)).asked_by(self.actor()))
    }

    /// The body as an order.
    pub(crate) async fn order<T: Order>(self) -> Result<T, Problem> {
        T::of(self.object().await?)
    }

    /// The body as a JSON object.
    pub(crate) async fn object(self) -> Result<serde_json::Map<String, Value>, Problem> {
        let bytes = self.body.whole().await?;
        let mut members = match bytes.is_empty() {
            true => serde_json::Map::new(),
            false => parse_object(&bytes)?,
        };
        // Who signed in acts, whatever the body says.
        if let Some(known) = self.caller.user() {
            for member in self.says_who {
                members.insert((*member).to_owned(), Value::String(known.user.to_string()));
            }
            if members.contains_key("approved_by") {
                return Err(Problem::members(vec![MemberError {
                    pointer: "/approved_by".to_owned(),
                    detail: "is not for whoever asks to say: the other person approves it".to_owned(),
                }]));
            }
        }
        Ok(members)
    }
}

/// Reads bytes as a JSON object.
pub(crate) fn parse_object(bytes: &[u8]) -> Result<serde_json::Map<String, Value>, Problem> {
    match serde_json::from_slice(bytes) {
        Ok(Value::Object(members)) => Ok(members),
        Ok(_) => Err(Problem::invalid(
            "body-not-an-object",
            "the body must be a JSON object",
        )),
        Err(error) => Err(Problem::invalid(
            "body-not-json",
            format!(
                "the body is not JSON: line {}, column {}",
                error.line(),
                error.column()
            ),
        )),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_body_that_is_no_object_is_told_what_is_wrong() {
        assert_eq!(parse_object(b"[]").unwrap_err().code, "body-not-an-object");
        let broken = parse_object(b"{\"a\":").unwrap_err();
        assert!(broken.detail.contains("line 1"), "{}", broken.detail);
    }
}
