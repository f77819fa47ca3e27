//! Opens, runs and stops an installation: its log, keys, rows, lines, clock, proofs and dialing.
//!
//! `app/` is the only place that chooses implementations of the ports. `process/` is one process that serves
//! an installation, and reports its readiness.

pub mod acme_challenge;
mod address_args;
pub mod advertised_args;
pub mod app;
pub mod carrier_settings;
pub mod clock;
pub mod clock_evidence;
pub mod clock_watch;
pub mod config;
pub mod configuration;
pub mod data_dir;
pub mod descriptors;
mod directory_rights;
pub mod driver_runner;
pub mod exit_code;
pub mod keys_spec;
pub mod large_pages;
mod line_limits;
pub mod log_level;
pub mod log_proofs;
pub mod log_writer;
pub mod messaging_args;
pub mod number_check_args;
pub mod open_settings;
pub mod outbound;
pub mod process;
pub mod process_resources;
mod process_time;
pub mod public_url;
pub mod read_db_spec;
pub mod rebuild_record;
pub mod recent_log;
pub mod rehearsal;
pub mod sandbox;
mod sandbox_drivers;
mod sandbox_stop;
pub mod secret_text;
pub mod self_signed;
pub mod serve_settings;
pub mod service_manager;
pub mod sign_in_args;
pub mod signals;
pub mod single_event;
pub mod speech_args;
pub mod stopwatch;
pub mod store_spec;
pub mod tls_args;
pub mod trace_args;
mod trunk_callers;
