//! Which routes a request is given to, by its path, before any of them is asked: there are some two hundred,
//! and asking each in turn cost more than most answers.

use crate::answering::{Answering, reader_of};
use crate::path_index::PathIndex;
use std::sync::Arc;
use warp::filters::BoxedFilter;
use warp::http::Request;
use warp::reply::Response;

/// What stands at a path.
pub(crate) struct Stands {
    /// All endpoints that overlap it, in the order of the list.
    pub endpoints: Vec<Answering>,
    /// The same as one filter.
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

    /// Who answers a request straight away, where it is a plain read; and the parameters of its path.
    pub(crate) fn reader<B>(&self, request: &Request<B>) -> Option<(Answering, Vec<String>)> {
        let stands = self.routes.at(request.uri().path())?;
        reader_of(
            &stands.endpoints,
            request.method(),
            request.uri(),
            request.headers(),
        )
    }
}

/// One filter for every path.
impl From<BoxedFilter<(Response,)>> for Router {
    fn from(otherwise: BoxedFilter<(Response,)>) -> Self {
        Self::new(PathIndex::default(), otherwise)
    }
}
