//! The HTTP API: routes, replies and their description, streams, authentication, and limits of connections
//! and requests.
//!
//! A route reads a request, calls `application` and replies. Only the module `reply` names the status codes
//! of our replies.

mod answering;
mod apart;
mod asyncapi;
pub mod auth;
pub mod body;
mod certificate;
mod clear_values;
mod coming_again;
mod comparison_gate;
mod comparisons;
pub mod console;
mod context;
mod conversation_socket;
mod described;
mod details;
mod disclosures;
mod endpoint;
pub mod event_stream;
mod exposition;
mod form;
mod fulfilment;
mod guard;
pub mod importing;
pub mod in_process;
mod input;
mod kept_replies;
mod known_query;
pub mod kurrent;
mod leaving;
mod line_use;
mod list_comparison;
pub mod listeners;
pub mod live;
mod openapi;
mod own_page;
mod own_people;
mod paging;
mod path_index;
pub mod places;
mod problem_body;
pub mod proxies;
mod rates;
mod record_schema;
mod reply;
mod revealing;
pub mod router;
pub mod routes;
pub mod running;
pub mod server;
mod sign_in_rates;
mod signing;
pub mod taken_away;
#[cfg(any(test, feature = "testing"))]
#[expect(clippy::unwrap_used, clippy::indexing_slicing, reason = "what tests stand on")]
pub mod testing;
#[cfg(test)]
mod tests;
mod unstalled;
mod uploads;
