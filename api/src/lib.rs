//! The outside of ledgerline: command line, HTTP, and the one place that chooses implementations.
//!
//! `run` is all that the program calls. Commands and routes ask `serving::App`; the app is put together in
//! `app/` and runs in `running`; the rest are the subjects that commands and routes share.

mod alerts;
mod app;
mod as_of;
mod auth;
mod body;
mod bounded_file;
mod bundle;
mod calendar;
mod campaign_body;
mod causes;
mod cli;
mod clock;
mod clock_evidence;
mod clock_watch;
mod cloud_event;
mod compliance_report;
mod config;
mod data_dir;
mod descriptors;
mod driving;
mod endpoint;
mod enroller;
mod event_stream;
mod exporting;
mod figures;
mod html;
mod import;
mod inquiring;
mod keys_spec;
mod known_query;
mod kurrent;
mod live;
mod log_walk;
mod log_writer;
mod lookups;
mod members;
mod openapi;
mod outbound;
mod own_page;
mod paced_places;
mod pdca;
mod places;
mod private_file;
mod process_time;
mod proving;
mod read_db_spec;
mod rebuild_record;
mod reconcile;
mod rehearsal;
mod reply;
mod routes;
mod running;
mod sampling;
mod server;
mod serving;
mod signals;
mod store_spec;
mod tables;
mod taking;
mod targets;
mod trunk_manners;
mod unstalled;

pub use cli::run;
