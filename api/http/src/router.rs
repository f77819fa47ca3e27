//! Which routes a request is given to, by its path, before any of them is asked: there are some two hundred,
//! and asking each in turn cost more than most answers.
//!
//! A plain read (a GET without a query, a body or another protocol) is given straight to who answers it,
//! which is decided as warp's filters do: the first of the list whose path fits. Whatever is in doubt goes by
//! those.

use crate::path_index::PathIndex;
use std::future::Future;
use std::pin::Pin;
use std::sync::Arc;
use warp::filters::BoxedFilter;
use warp::http::request::Parts;
use warp::http::{Method, Request, header};
use warp::reply::Response;

/// An answer on its way.
pub(crate) type Answered = Pin<Box<dyn Future<Output = Response> + Send>>;

/// Who answers plain reads of one route, from the parameters of its path and what else the request brought.
pub(crate) struct Reader {
    pub route: &'static str,
    pub read: Box<dyn Fn(Vec<String>, Parts) -> Answered + Send + Sync>,
}

/// What stands at a path.
pub(crate) struct Stands {
    /// All that answer plain reads of what overlaps it, in the order of the list.
    pub readers: Vec<Reader>,
    /// All endpoints that overlap it, as one filter.
    pub filter: BoxedFilter<(Response,)>,
}

/// Every route, each found by its path.
#[derive(Clone)]
pub struct Router {
    routes: Arc<PathIndex<Stands>>,
    /// What answers where there is no route.
    otherwise: BoxedFilter<(Response,)>,
}

impl Router {
    pub(crate) fn new(routes: PathIndex<Stands>, otherwise: BoxedFilter<(Response,)>) -> Self {
        Self {
            routes: Arc::new(routes),
            otherwise,
        }
    }

    /// The same, with something else where there is no route.
    pub(crate) fn otherwise(
        mut self,
        by: impl FnOnce(BoxedFilter<(Response,)>) -> BoxedFilter<(Response,)>,
    ) -> Self {
        self.otherwise = by(self.otherwise);
        self
    }

    /// What answers a request of this path.
    pub(crate) fn at(&self, path: &str) -> BoxedFilter<(Response,)> {
        let stands = self.routes.at(path).map(|stands| &stands.filter);
        stands.unwrap_or(&self.otherwise).clone()
    }

    /// The reader of a request that brings no body, where it is a plain read; and the parameters of its path.
    pub(crate) fn reader<B>(&self, request: &Request<B>) -> Option<(&Reader, Vec<String>)> {
        let (uri, headers) = (request.uri(), request.headers());
        if request.method() != Method::GET || uri.query().is_some() || headers.contains_key(header::UPGRADE) {
            return None;
        }
        let readers = self.routes.at(uri.path())?.readers.iter();
        let mut fitting = readers.filter_map(|reader| Some((reader, params_of(reader.route, uri.path())?)));
        fitting.next()
    }
}

/// One filter for every path.
impl From<BoxedFilter<(Response,)>> for Router {
    fn from(otherwise: BoxedFilter<(Response,)>) -> Self {
        Self::new(PathIndex::default(), otherwise)
    }
}

/// The values of a path's parameters, still percent-encoded, where it fits a route's.
fn params_of(route: &str, path: &str) -> Option<Vec<String>> {
    let mut given = path.strip_prefix('/')?.split('/');
    let mut params = Vec::new();
    for wanted in route.split('/').filter(|segment| !segment.is_empty()) {
        match given.next()? {
            // Whether that is a segment at all is for the filters to say.
            "" => return None,
            value if wanted.starts_with('{') => params.push(value.to_owned()),
            word if word == wanted => {}
            _ => return None,
        }
    }
    given.next().is_none().then_some(params)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_path_fits_a_route_word_by_word_and_what_is_in_doubt_does_not() {
        let route = "/api/v1/calls/{id}/proof";
        let fits = |path: &str| params_of(route, path);
        assert_eq!(fits("/api/v1/calls/a%2Fb/proof"), Some(vec!["a%2Fb".to_owned()]));
        for other in [
            "/api/v1/calls//proof",
            "/api/v1/calls/a/proof/",
            "//api/v1/calls/a/proof",
            "/api/v1/calls/a",
            "/api/v1/calls/a/proof/more",
            "/api/v1/CALLS/a/proof",
            "api/v1/calls/a/proof",
            "*",
        ] {
            assert_eq!(fits(other), None, "{other}");
        }
        assert_eq!(params_of("/livez", "/livez"), Some(Vec::new()));
    }
}
