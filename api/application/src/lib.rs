//! What can be asked of an installation, whoever asks: commands, questions and what is watched.
//!
//! Nothing here knows of HTTP, of a command line, of a store or a line: the parts of an `Installation` are
//! handed in, finished, by the room that puts it together (`host`). The doors (`http`, `cli`) turn requests
//! into what is asked here, and answers into replies and pages.

pub mod access;
pub mod alerts;
pub mod approvals;
pub mod as_of;
pub mod call_now;
pub mod calls;
pub mod campaigns;
mod carried_out;
pub mod cases;
pub mod clock_doubt;
pub mod cloud_event;
pub mod consents;
pub mod conversations;
pub mod customers;
pub mod deals;
pub mod drafts;
pub mod engines;
pub mod event_schemas;
pub mod event_stream;
pub mod exporting;
pub mod figures;
pub mod flows;
pub mod holidays;
pub mod inquiring;
pub mod installation;
pub mod knowledge;
pub mod labels;
pub mod listening;
pub mod lists;
pub mod live;
pub mod local_time;
pub mod logged_recording;
pub mod masked;
pub mod messages;
pub mod models;
pub mod notice;
pub mod paced_places;
pub mod parameter;
pub mod past_calls;
pub mod percent;
pub mod private_file;
pub mod profiles;
pub mod query;
pub mod reaching;
pub mod readers;
mod recent;
pub mod recordings;
pub mod rehearsing;
pub mod reply_value;
pub mod retention;
pub mod segments;
pub mod settings;
pub mod stops;
pub mod subscribers;
pub mod summaries;
pub mod tables;
pub mod targets;
pub mod transcript_words;
pub mod transcripts;
pub mod webhooks;
mod whole_stream;
pub mod why_not;
