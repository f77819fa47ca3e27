//! Requests to a running server over real sockets: what a client of each subject meets.

mod abandoned_questions;
mod access;
mod alerts;
mod as_of;
mod asking;
mod call_then;
mod cases;
mod consents;
mod cut_off;
mod doors;
mod event_stream;
mod exports;
mod figures;
mod live;
mod lookups;
mod personal_reads;
mod persons;
mod remade_views;
mod report_schedule;
mod routes;
mod same_number;
mod secured;
mod stop;
mod tables;
mod token;
