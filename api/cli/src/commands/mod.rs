//! The list of all commands, and the function that runs one.

mod alert_channel;
pub(crate) mod alerts;
pub(crate) mod approval;
pub(crate) mod audit;
pub(crate) mod backup;
pub(crate) mod call;
mod callback;
pub(crate) mod campaign;
pub(crate) mod carrier;
pub(crate) mod clock;
pub(crate) mod complaint;
pub(crate) mod configuration;
pub(crate) mod consent;
pub(crate) mod customer;
pub(crate) mod cut_off;
pub(crate) mod deal;
pub(crate) mod doctor;
mod doctor_audio;
pub(crate) mod doctor_check;
mod doctor_clock;
pub(crate) mod doctor_dialing;
mod doctor_engines;
pub(crate) mod doctor_history;
mod doctor_keys;
pub(crate) mod doctor_log;
pub(crate) mod doctor_machine;
mod doctor_numbers;
mod doctor_report;
pub(crate) mod doctor_roles;
pub(crate) mod doctor_rows;
pub(crate) mod doctor_trunks;
pub(crate) mod events;
pub(crate) mod examples;
pub(crate) mod export;
pub(crate) mod flow;
pub(crate) mod grades;
#[cfg(test)]
mod headline_tests;
mod holidays;
pub(crate) mod import;
pub(crate) mod import_history;
mod import_query;
pub(crate) mod inspect;
pub(crate) mod keys;
pub(crate) mod knowledge;
pub(crate) mod label;
pub(crate) mod list;
pub(crate) mod live;
pub(crate) mod merge;
mod metrics;
pub(crate) mod mine;
pub(crate) mod nlu;
pub(crate) mod number;
mod number_check;
mod number_country;
mod number_import;
mod own_rules;
pub(crate) mod person_request;
mod preflight;
pub(crate) mod preview;
mod profile;
mod profile_import;
pub(crate) mod projections;
pub(crate) mod promote;
pub(crate) mod query;
mod ready;
pub(crate) mod reconcile;
pub(crate) mod report;
pub(crate) mod retention;
mod reveal;
pub(crate) mod rules;
pub(crate) mod sample;
pub(crate) mod score;
pub(crate) mod segment;
pub(crate) mod serve;
pub(crate) mod serve_configuration;
mod serve_reload;
mod server_requirement;
pub(crate) mod settings;
pub(crate) mod shell;
pub(crate) mod simulate;
pub(crate) mod speech;
pub(crate) mod stop;
pub(crate) mod subscriber;
mod support_bundle;
mod support_bundle_parts;
pub(crate) mod targets;
pub(crate) mod test_call;
mod trunk;
mod trunk_quality;
pub(crate) mod user;
mod user_file;
mod user_key;
mod user_role;
mod user_roles;
mod user_scope;
mod user_seen;
mod user_sign_in;
pub(crate) mod voiceprint;
pub(crate) mod webhook;
pub(crate) mod what_if;
mod what_if_policies;
pub(crate) mod why_not;

use crate::demo;
use crate::kit::failure::Failure;
use std::sync::Arc;
use tokio::runtime::Runtime;

/// A command with its arguments.
#[derive(Debug, clap::Subcommand)]
pub(crate) enum Command {
    Demo(demo::Args),
    Serve(Box<serve::Args>),
    Config(configuration::Args),
    Carrier(carrier::Args),
    Import(import::Args),
    List(list::Args),
    Campaign(campaign::Args),
    Call(call::Args),
    Clock(clock::Args),
    Flow(flow::Args),
    Customer(customer::Args),
    Keys(keys::Args),
    Number(number::Args),
    Events(events::Args),
    Audit(audit::Args),
    Alerts(alerts::Args),
    Live(live::Args),
    Backup(backup::Args),
    Projections(projections::Args),
    Metrics(metrics::Args),
    Nlu(nlu::Args),
    Knowledge(knowledge::Args),
    Speech(speech::Args),
    Query(query::Args),
    Ready(ready::Args),
    Export(export::Args),
    Reconcile(reconcile::Args),
    ImportHistory(import_history::Args),
    Report(report::Args),
    Retention(retention::Args),
    Sample(sample::Args),
    Segment(segment::Args),
    Deal(deal::Args),
    Score(score::Args),
    Inspect(inspect::Args),
    Complaint(complaint::Args),
    PersonRequest(person_request::Args),
    Doctor(doctor::Args),
    SupportBundle(support_bundle::Args),
    Trunk(trunk::Args),
    Simulate(simulate::Args),
    Stop(stop::Args),
    Subscriber(subscriber::Args),
    Webhook(webhook::Args),
    WhatIf(what_if::Args),
    Mine(mine::Args),
    Label(label::Args),
    User(user::Args),
    Approval(approval::Args),
    Voiceprint(voiceprint::Args),
    Settings(settings::Args),
    Rules(rules::Args),
    Holidays(holidays::Args),
    WhyNot(why_not::Args),
    Completions(shell::CompletionsArgs),
    Man(shell::ManArgs),
}

impl Command {
    /// Returns true if the command only shows data and can end when the reader of its output does (`| head`).
    /// Other commands continue without output: they serve or write, or their exit code reports a result.
    pub(crate) const fn only_shows(&self) -> bool {
        match self {
            Self::Live(_)
            | Self::Query(_)
            | Self::Completions(_)
            | Self::Rules(_)
            | Self::WhyNot(_)
            | Self::Config(_)
            | Self::Segment(_) => true,
            Self::Metrics(args) => args.only_shows(),
            Self::Events(args) => args.only_shows(),
            Self::Audit(args) => args.only_shows(),
            Self::Call(args) => args.only_shows(),
            Self::Customer(args) => args.only_shows(),
            Self::Number(args) => args.only_shows(),
            Self::Demo(_)
            | Self::Nlu(_)
            | Self::Knowledge(_)
            | Self::Speech(_)
            | Self::Flow(_)
            | Self::Serve(_)
            | Self::Carrier(_)
            | Self::Import(_)
            | Self::List(_)
            | Self::Campaign(_)
            | Self::Clock(_)
            | Self::Keys(_)
            | Self::Alerts(_)
            | Self::Backup(_)
            | Self::Projections(_)
            | Self::Export(_)
            | Self::Ready(_)
            | Self::Reconcile(_)
            | Self::Report(_)
            | Self::Retention(_)
            | Self::Sample(_)
            | Self::Deal(_)
            | Self::ImportHistory(_)
            | Self::Score(_)
            | Self::Inspect(_)
            | Self::Complaint(_)
            | Self::PersonRequest(_)
            | Self::Doctor(_)
            | Self::SupportBundle(_)
            | Self::Trunk(_)
            | Self::Simulate(_)
            | Self::Stop(_)
            | Self::Subscriber(_)
            | Self::Webhook(_)
            | Self::WhatIf(_)
            | Self::Mine(_)
            | Self::Label(_)
            | Self::User(_)
            | Self::Approval(_)
            | Self::Voiceprint(_)
            | Self::Settings(_)
            | Self::Holidays(_)
            | Self::Man(_) => false,
        }
    }
}

/// Runs one command.
pub(crate) async fn dispatch(command: Command, runtime: Arc<Runtime>) -> Result<(), Failure> {
    match command {
        Command::Demo(args) => Box::pin(demo::run(args, runtime)).await,
        Command::Serve(args) => Box::pin(serve::run(*args, runtime)).await,
        Command::Config(args) => configuration::run(args),
        Command::Carrier(args) => carrier::run(args).await,
        Command::Import(args) => import::run(args, runtime).await,
        Command::List(args) => list::run(args, runtime).await,
        Command::Campaign(args) => campaign::run(args, runtime).await,
        Command::Call(args) => call::run(args, runtime).await,
        Command::Clock(args) => clock::run(args, runtime).await,
        Command::Customer(args) => customer::run(args, runtime).await,
        Command::Keys(args) => keys::run(args).await,
        Command::Number(args) => number::run(args, runtime).await,
        Command::Events(args) => events::run(args).await,
        Command::Alerts(args) => alerts::run(args, runtime).await,
        Command::Live(args) => live::run(args).await,
        Command::Audit(args) => audit::run(args, runtime).await,
        Command::Backup(args) => Box::pin(backup::run(args, runtime)).await,
        Command::Metrics(args) => Box::pin(metrics::run(args)).await,
        Command::Projections(args) => projections::run(args, runtime).await,
        Command::Reconcile(args) => reconcile::run(args).await,
        Command::Retention(args) => retention::run(args, runtime).await,
        Command::Report(args) => Box::pin(report::run(args, runtime)).await,
        Command::Sample(args) => Box::pin(sample::run(args, runtime)).await,
        Command::Segment(args) => Box::pin(segment::run(args, runtime)).await,
        Command::ImportHistory(args) => Box::pin(import_history::run(args, runtime)).await,
        Command::Deal(args) => Box::pin(deal::run(args, runtime)).await,
        Command::Score(args) => Box::pin(score::run(args, runtime)).await,
        Command::Export(args) => Box::pin(export::run(args, runtime)).await,
        Command::Query(args) => Box::pin(query::run(args, runtime)).await,
        Command::Ready(args) => ready::run(args).await,
        Command::Complaint(args) => Box::pin(complaint::run(args, runtime)).await,
        Command::PersonRequest(args) => Box::pin(person_request::run(args, runtime)).await,
        Command::Inspect(args) => Box::pin(inspect::run(args, runtime)).await,
        Command::Doctor(args) => doctor::run(args).await,
        Command::SupportBundle(args) => Box::pin(support_bundle::run(args)).await,
        Command::Trunk(args) => Box::pin(trunk::run(args, runtime)).await,
        Command::Voiceprint(args) => Box::pin(voiceprint::run(args, runtime)).await,
        Command::Approval(args) => Box::pin(approval::run(args, runtime)).await,
        Command::Rules(args) => rules::run(args, runtime).await,
        Command::Holidays(args) => holidays::run(args, runtime).await,
        Command::WhyNot(args) => why_not::run(args, runtime).await,
        Command::Settings(args) => Box::pin(settings::run(args, runtime)).await,
        Command::User(args) => Box::pin(user::run(args, runtime)).await,
        Command::Knowledge(args) => Box::pin(knowledge::run(args, runtime)).await,
        Command::Nlu(args) => Box::pin(nlu::run(args, runtime)).await,
        Command::Speech(args) => Box::pin(speech::run(args)).await,
        Command::Flow(args) => Box::pin(flow::run(args, runtime)).await,
        Command::Simulate(args) => simulate::run(&args),
        Command::Stop(args) => Box::pin(stop::run(args, runtime)).await,
        Command::Subscriber(args) => Box::pin(subscriber::run(args, runtime)).await,
        Command::WhatIf(args) => Box::pin(what_if::run(args, runtime)).await,
        Command::Mine(args) => Box::pin(mine::run(args, runtime)).await,
        Command::Label(args) => Box::pin(label::run(args, runtime)).await,
        Command::Webhook(args) => Box::pin(webhook::run(args, runtime)).await,
        Command::Completions(args) => shell::completions(&args),
        Command::Man(args) => shell::man(&args),
    }
}
