//! Router: selects the routes for a request by its path before any filter runs. There are some two hundred
//! routes, and trying each in turn cost more than most replies.
//!
//! A plain read (a GET without a query, a body or a protocol upgrade) goes directly to its endpoint, chosen
//! as warp's filters would: the first route of the list that matches. Everything else goes through the
//! filters.

use crate::path_index::{PathIndex, find_params};
use std::future::Future;
use std::pin::Pin;
use std::sync::Arc;
use warp::filters::BoxedFilter;
use warp::http::request::Parts;
use warp::http::{Method, Request, header};
use warp::reply::Response;

/// The future of a response.
pub(crate) type ResponseFuture = Pin<Box<dyn Future<Output = Response> + Send>>;

/// The fast path of one route for plain reads: takes the path parameters and the rest of the request.
pub(crate) struct PlainReadHandler {
    pub route: &'static str,
    pub read: Box<dyn Fn(Vec<String>, Parts) -> ResponseFuture + Send + Sync>,
}

/// What handles requests of a path.
pub(crate) struct PathHandlers {
    /// The fast paths for plain reads of all routes that overlap this path, in the order of the list.
    pub readers: Vec<PlainReadHandler>,
    /// All endpoints that overlap this path, as one filter.
    pub filter: BoxedFilter<(Response,)>,
}

/// All routes by path.
#[derive(Clone)]
pub struct Router {
    routes: Arc<PathIndex<PathHandlers>>,
    /// The filter for paths without a route.
    otherwise: BoxedFilter<(Response,)>,
}

impl Router {
    pub(crate) fn new(routes: PathIndex<PathHandlers>, otherwise: BoxedFilter<(Response,)>) -> Self {
        Self {
            routes: Arc::new(routes),
            otherwise,
        }
    }

    /// Replaces the filter that handles paths without a route by the result of `by` for it.
    pub(crate) fn otherwise(
        mut self,
        by: impl FnOnce(BoxedFilter<(Response,)>) -> BoxedFilter<(Response,)>,
    ) -> Self {
        self.otherwise = by(self.otherwise);
        self
    }

    /// Returns the filter for requests of this path: its endpoints, or the one for paths without a route.
    pub(crate) fn at(&self, path: &str) -> BoxedFilter<(Response,)> {
        let handlers = self.routes.at(path).map(|handlers| &handlers.filter);
        handlers.unwrap_or(&self.otherwise).clone()
    }

    /// Returns the fast path for a request without a body, if it is a plain read, with the path parameters.
    pub(crate) fn reader<B>(&self, request: &Request<B>) -> Option<(&PlainReadHandler, Vec<String>)> {
        let (uri, headers) = (request.uri(), request.headers());
        if request.method() != Method::GET || uri.query().is_some() || headers.contains_key(header::UPGRADE) {
            return None;
        }
        let readers = self.routes.at(uri.path())?.readers.iter();
        let mut fitting = readers.filter_map(|reader| Some((reader, find_params(reader.route, uri.path())?)));
        fitting.next()
    }
}

/// Makes a router with one filter for every path.
impl From<BoxedFilter<(Response,)>> for Router {
    fn from(otherwise: BoxedFilter<(Response,)>) -> Self {
        Self::new(PathIndex::default(), otherwise)
    }
}
