//! The `ledgerline` program: parses the command line and runs one command.

mod alerts;
mod app;
mod as_of;
mod auth;
mod bundle;
mod calendar;
mod campaign_body;
mod causes;
mod cli;
mod clock;
mod clock_evidence;
mod cloud_event;
mod compliance_report;
mod config;
mod data_dir;
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
mod kurrent;
mod live;
mod log_walk;
mod members;
mod openapi;
mod outbound;
mod pdca;
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
mod targets;
mod unstalled;

use std::process::ExitCode;

/// What one thread makes another often drops here: records, requests, answers (decision 0033).
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

fn main() -> ExitCode {
    cli::run()
}
