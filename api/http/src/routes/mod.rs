//! The routes of the HTTP API: one file per resource with its list of endpoints. This file joins the lists to
//! the router and to the published description.

mod alert_channels;
mod alerts;
mod anonymization;
mod api_docs;
mod api_keys;
mod approvals;
pub mod audit;
mod audit_search;
mod best_times;
mod breaches;
mod bulk_reveal;
mod call_filters;
mod call_plans;
mod callbacks;
pub mod calls;
mod campaign_clones;
mod campaign_plans;
mod campaign_segments;
pub mod campaigns;
mod chart_notes;
mod charts;
pub mod complaints;
mod compliance_reports;
mod consents;
mod conversations;
mod costs;
mod customer_lookups;
mod customers;
mod cut_off;
mod deals;
mod description;
mod dialing;
mod drafts;
mod engines;
mod event_exports;
mod event_schemas;
mod events;
mod exports;
mod flow_files;
mod flows;
mod funnels;
mod health;
mod holds_and_erasures;
mod holidays;
mod inspections;
pub mod installation;
mod keywords;
mod knowledge;
mod labels;
mod list_trials;
pub mod lists;
mod live;
mod merges;
mod messages;
mod metrics;
mod models;
mod number_checks;
mod number_countries;
mod number_holders;
mod number_imports;
mod number_lists;
mod numbers;
pub(crate) mod oidc;
mod one_call;
mod own_access;
mod own_customers;
mod own_disclosures;
mod own_rules;
mod past_calls;
mod pdca;
mod persons;
mod preferences;
mod preflights;
mod previews;
mod problems;
mod profiles;
mod projections;
mod prometheus;
mod promotions;
mod proofs;
mod queries;
mod recordings;
mod refusals;
mod registries;
mod rehearsals;
mod replays;
mod reports;
mod requests;
mod retention;
mod routing_scores;
mod rules;
mod samples;
mod saved_reports;
mod second_factor;
mod segments;
mod session;
mod settings;
mod stop;
mod streams;
mod subscribers;
mod summaries;
mod tables;
mod targets;
mod test_calls;
mod trunks;
mod users;
mod voiceprints;
mod webhooks;
mod what_if_policies;
mod why_not;
mod withdrawals;
mod wording_drafts;

use crate::connection_limits::{Route, RouteList};
use crate::endpoint::{Ctx, Endpoint, join};
use crate::password_channel::BodySecrecy;
use crate::path_index::PathIndex;
use crate::reply::problem_response;
use crate::request_pipeline::RequestPipeline;
use crate::router::{PathHandlers, PlainReadHandler, Router};
use domain::problem::{Problem, ProblemKind};
use std::convert::Infallible;
use warp::Filter;
use warp::reject::{InvalidQuery, MethodNotAllowed, Rejection};
use warp::reply::Response;

/// Returns the endpoints of reports, calls, events, alerts, users and the installation, with those of
/// campaigns and persons: one list per resource.
fn groups() -> Vec<Vec<Endpoint>> {
    let mut groups = of_campaigns();
    groups.extend(of_persons());
    groups.extend([
        reports::endpoints(),
        pdca::endpoints(),
        queries::endpoints(),
        exports::endpoints(),
        event_exports::endpoints(),
        metrics::endpoints(),
        chart_notes::endpoints(),
        charts::endpoints(),
        calls::endpoints(),
        recordings::endpoints(),
        one_call::endpoints(),
        problems::endpoints(),
        prometheus::endpoints(),
        event_schemas::endpoints(),
        events::endpoints(),
        proofs::endpoints(),
        inspections::endpoints(),
        breaches::endpoints(),
        complaints::endpoints(),
        conversations::endpoints(),
        messages::endpoints(),
        requests::endpoints(),
        audit::endpoints(),
        audit_search::endpoints(),
        targets::endpoints(),
        test_calls::endpoints(),
        tables::endpoints(),
        costs::endpoints(),
        trunks::endpoints(),
        funnels::endpoints(),
        live::endpoints(),
        alert_channels::endpoints(),
        alerts::endpoints(),
        webhooks::endpoints(),
        installation::endpoints(),
        dialing::endpoints(),
        streams::endpoints(),
        subscribers::endpoints(),
        samples::endpoints(),
        saved_reports::endpoints(),
        compliance_reports::endpoints(),
        projections::endpoints(),
        session::endpoints(),
        oidc::endpoints(),
        own_access::endpoints(),
        own_disclosures::endpoints(),
        second_factor::endpoints(),
        routing_scores::endpoints(),
        settings::endpoints(),
        holds_and_erasures::endpoints(),
        stop::endpoints(),
        retention::endpoints(),
        users::endpoints(),
        api_keys::endpoints(),
        approvals::endpoints(),
        health::endpoints(),
        description::endpoints(),
        api_docs::endpoints(),
    ]);
    groups
}

/// Returns the endpoints about customers, their consents and voiceprints, and phone numbers.
fn of_persons() -> Vec<Vec<Endpoint>> {
    vec![
        customers::endpoints(),
        customer_lookups::endpoints(),
        persons::endpoints(),
        profiles::endpoints(),
        own_customers::endpoints(),
        bulk_reveal::endpoints(),
        consents::endpoints(),
        voiceprints::endpoints(),
        number_imports::endpoints(),
        number_checks::endpoints(),
        number_lists::endpoints(),
        numbers::endpoints(),
    ]
}

/// Returns the endpoints about campaigns: their plan, their lists of customers, and their results.
fn of_campaigns() -> Vec<Vec<Endpoint>> {
    vec![
        campaigns::endpoints(),
        best_times::endpoints(),
        campaign_clones::endpoints(),
        campaign_plans::endpoints(),
        drafts::endpoints(),
        cut_off::endpoints(),
        callbacks::endpoints(),
        previews::endpoints(),
        merges::endpoints(),
        own_rules::endpoints(),
        number_countries::endpoints(),
        deals::endpoints(),
        past_calls::endpoints(),
        anonymization::endpoints(),
        promotions::endpoints(),
        preferences::endpoints(),
        preflights::endpoints(),
        what_if_policies::endpoints(),
        lists::endpoints(),
        list_trials::endpoints(),
        withdrawals::endpoints(),
        segments::endpoints(),
        campaign_segments::endpoints(),
        holidays::endpoints(),
        registries::endpoints(),
        why_not::endpoints(),
        rules::endpoints(),
    ]
}

/// Returns the endpoints about flows, knowledge bases, intent models and speech engines.
fn spoken_groups() -> Vec<Vec<Endpoint>> {
    vec![
        flow_files::endpoints(),
        flows::endpoints(),
        rehearsals::endpoints(),
        refusals::endpoints(),
        replays::endpoints(),
        summaries::endpoints(),
        engines::endpoints(),
        models::endpoints(),
        knowledge::endpoints(),
        wording_drafts::endpoints(),
    ]
}

/// Returns the endpoints for the work on finished conversations: labels, keywords, call plans.
fn of_past_conversations() -> Vec<Vec<Endpoint>> {
    vec![
        labels::endpoints(),
        keywords::endpoints(),
        call_plans::endpoints(),
    ]
}

/// Returns every endpoint of this server. The router, the connection limits and the OpenAPI document are all
/// built from this list.
pub fn endpoints() -> Vec<Endpoint> {
    [groups(), spoken_groups(), of_past_conversations()]
        .concat()
        .concat()
}

/// Returns the routes by method and path. Each says whether the connection limits reserve slots for it.
pub fn list() -> RouteList {
    let routes = endpoints().into_iter().map(|endpoint| Route {
        method: endpoint.method,
        path: endpoint.path,
        kept: endpoint.kept,
        carries_password: endpoint.body_secrecy == BodySecrecy::Password,
    });
    RouteList::new(&routes.collect::<Vec<_>>())
}

/// Builds the router over all endpoints. A request that matches no endpoint gets a problem as its response.
pub fn build_router(installation: &Ctx) -> Router {
    let joined = |endpoints| {
        let joined = join(endpoints, installation);
        joined.recover(turned_away).unify().boxed()
    };
    let build_handlers = |endpoints: Vec<Endpoint>| PathHandlers {
        readers: readers(&endpoints, installation),
        filter: joined(endpoints),
    };
    let routes = PathIndex::new(&endpoints(), |endpoint| endpoint.path, build_handlers);
    Router::new(routes, joined(Vec::new()))
}

fn readers(endpoints: &[Endpoint], ctx: &Ctx) -> Vec<PlainReadHandler> {
    let reads = endpoints.iter().map(|endpoint| endpoint.answering(ctx));
    reads.filter_map(RequestPipeline::reader).collect()
}

async fn turned_away(rejection: Rejection) -> Result<Response, Infallible> {
    let problem = if rejection.is_not_found() {
        Problem::new(ProblemKind::Missing, "no-such-route", "there is no such route")
    } else if rejection.find::<MethodNotAllowed>().is_some() {
        Problem::new(
            ProblemKind::WrongMethod,
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
