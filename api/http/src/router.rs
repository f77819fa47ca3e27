//! Which routes a request is given to, by its path, before any of them is asked: there are some two hundred,
//! and asking each in turn cost more than most answers.

use crate::path_index::PathIndex;
use std::sync::Arc;
use warp::filters::BoxedFilter;
use warp::reply::Response;

/// Every route, each found by its path.
#[derive(Clone)]
pub struct Router {
    routes: Arc<PathIndex<BoxedFilter<(Response,)>>>,
    /// What answers where there is no route.
    otherwise: BoxedFilter<(Response,)>,
}

impl Router {
    pub(crate) fn new(
        routes: PathIndex<BoxedFilter<(Response,)>>,
        otherwise: BoxedFilter<(Response,)>,
    ) -> Self {
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
        self.routes.at(path).unwrap_or(&self.otherwise).clone()
    }
}

/// One filter for every path.
impl From<BoxedFilter<(Response,)>> for Router {
    fn from(otherwise: BoxedFilter<(Response,)>) -> Self {
        Self::new(PathIndex::default(), otherwise)
    }
}
