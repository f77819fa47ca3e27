//! The HTTP API: routes, replies and their description, streams, authentication, and limits of connections
//! and requests.
//!
//! A route reads a request, calls `application` and replies. Only the module `reply` names the status codes
//! of our replies.

mod api_description;
mod assigned_customers;
mod asyncapi;
pub mod auth;
mod background_jobs;
pub mod body;
mod certificate;
mod clear_values;
mod comparison_gate;
mod comparisons;
pub mod connection_limits;
pub mod console;
mod context;
mod conversation_socket;
mod details;
mod dialing_metric;
mod disclosures;
mod endpoint;
pub mod event_exports;
pub mod event_stream;
mod exposition;
mod form;
mod fulfilment;
mod guard;
mod idempotency;
pub mod in_process;
mod input;
pub mod kurrent;
mod line_use;
mod list_comparison;
pub mod list_import;
pub mod listeners;
pub mod live;
mod metric_catalogue;
pub mod metric_reference;
mod openapi;
mod operation_ids;
mod origin_check;
mod paging;
mod password_channel;
mod path_index;
mod problem_body;
pub mod proxies;
mod query_parameters;
mod rate_limits;
mod record_schema;
pub mod redirect;
mod reply;
mod request_durations;
mod request_pipeline;
mod request_span;
mod response_cache;
mod reveal_checks;
pub mod router;
pub mod routes;
pub mod running_server;
mod sandbox_routes;
mod served_listeners;
pub mod server;
mod shutdown;
mod sign_in_limits;
mod signing;
#[cfg(any(test, feature = "testing"))]
#[expect(clippy::unwrap_used, clippy::indexing_slicing, reason = "what tests stand on")]
pub mod testing;
#[cfg(test)]
mod tests;
mod uploads;
mod write_timeout;
