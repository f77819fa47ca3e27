//! The routes of the server: one file per resource, each group boxed, joined here.

pub(crate) mod calls;
pub(crate) mod campaigns;
mod customers;
mod description;
mod events;
mod health;
pub(crate) mod lists;
mod numbers;
mod reports;
#[cfg(test)]
mod tests;

use crate::endpoint::{Ctx, Endpoint, join};
use crate::reply::{Kind, Problem, problem_response};
use std::convert::Infallible;
use warp::Filter;
use warp::filters::BoxedFilter;
use warp::reject::{InvalidQuery, MethodNotAllowed, Rejection};
use warp::reply::Response;

/// Every endpoint of this server; the published description is made from it.
pub(crate) fn endpoints() -> Vec<Endpoint> {
    [
        campaigns::endpoints(),
        lists::endpoints(),
        reports::endpoints(),
        customers::endpoints(),
        numbers::endpoints(),
        calls::endpoints(),
        events::endpoints(),
        health::endpoints(),
        description::endpoints(),
    ]
    .concat()
}

/// All routes, a boxed group per resource; what matches none becomes a problem.
pub(crate) fn all(app: &Ctx) -> BoxedFilter<(Response,)> {
    let groups = [
        campaigns::endpoints(),
        lists::endpoints(),
        reports::endpoints(),
        customers::endpoints(),
        numbers::endpoints(),
        calls::endpoints(),
        events::endpoints(),
        health::endpoints(),
    ]
    .map(|endpoints| join(endpoints, app));
    let first = join(description::endpoints(), app);
    groups
        .into_iter()
        .fold(first, |all, group| all.or(group).unify().boxed())
        .recover(turned_away)
        .unify()
        .boxed()
}

async fn turned_away(rejection: Rejection) -> Result<Response, Infallible> {
    let problem = if rejection.is_not_found() {
        Problem::new(Kind::Missing, "no-such-route", "there is no such route")
    } else if rejection.find::<MethodNotAllowed>().is_some() {
        Problem::new(
            Kind::WrongMethod,
            "method-not-allowed",
            "this route has no such method",
        )
    } else if rejection.find::<InvalidQuery>().is_some() {
        Problem::invalid("query-invalid", "the query cannot be read")
    } else {
        Problem::invalid("request-invalid", "the request cannot be read")
    };
    Ok(problem_response(&problem))
}
