//! Tests of the schedule of compliance reports over days of a rehearsal's clock, with restarts and a second
//! server. No test waits.

use crate::listeners::Listeners;
use crate::running_server::RunningServer;
use crate::testing::settings;
use domain::calendar::{PeriodLength, midnight};
use domain::event_filter::EventFilter;
use domain::ids::{CommandId, NumberId};
use domain::number::NumberCommand;
use domain::number::event::OptOutSource;
use domain::ports::event_store::PAGE_EVENTS_MAX;
use domain::problem::ProblemKind;
use domain::report::ReportCommand;
use domain::stored_event::{Cause, Position};
use domain::time::Timestamp;
use evidence::compliance_report::figures::Format;
use evidence::compliance_report::schedule::{Issuer, next_due};
use evidence::compliance_report::{
    IssuedReport, Occasion, ReportInputs, ReportIssueRequest, check_against, issue, report_id, sign_report,
};
use evidence::log_walk::{Log, acquire_walk_permit};
use std::path::Path;
use std::sync::Arc;
use store::proof::SigningKey;
use tokio::runtime::Runtime;

/// A server from its start at a time of the rehearsal to its stop.
struct ServerRun {
    running: RunningServer,
    runtime: Arc<Runtime>,
}

impl ServerRun {
    fn begin(directory: &Path, at: &str) -> Self {
        let runtime = Arc::new(Runtime::new().unwrap());
        let mut settings = settings(directory);
        settings.open.rehearse_at = Some(at.parse().unwrap());
        let running = runtime
            .block_on(RunningServer::start(
                settings,
                Listeners::none(),
                Arc::clone(&runtime),
            ))
            .unwrap();
        Self { running, runtime }
    }

    fn opt_out(&self, number: &str) {
        let number: NumberId = number.parse().unwrap();
        let command = NumberCommand::OptOut {
            reason: "asked".to_owned(),
            source: OptOutSource::Operator,
            call: None,
        };
        let cause = Cause::outside(CommandId::derive_from_text(&number.to_string()));
        let asked = self
            .running
            .installation
            .entities
            .numbers
            .ask(&number, command, cause);
        self.runtime.block_on(asked).unwrap();
    }

    /// Issues the missed report, if any, as of `now`. Returns the label of its period.
    fn issued_at(&self, now: Timestamp) -> Option<String> {
        let installation = &self.running.installation;
        let issuer = Issuer {
            store: installation.store(),
            system: &installation.entities,
            directory: &installation.directory,
            signing_key: installation.signing_key.clone(),
        };
        let issued = issuer.issue_missed(PeriodLength::Day, now);
        let kept = self.runtime.block_on(issued).unwrap()?;
        assert!(kept.page.exists() && kept.figures.exists() && kept.note.exists());
        let name = kept.page.file_stem().unwrap().to_string_lossy().into_owned();
        let label = name.strip_prefix("compliance-").unwrap();
        Some(label.rsplit_once("-p").unwrap().0.to_owned())
    }

    fn issued_now(&self) -> Option<String> {
        self.issued_at(self.running.installation.now())
    }

    /// Issues a report as another server on the same log would.
    fn issue(&self, day: &str) -> IssuedReport {
        let installation = &self.running.installation;
        let key = SigningKey::read(&installation.signing_key).unwrap();
        let order = ReportIssueRequest {
            period: PeriodLength::Day.of(day.parse().unwrap()),
            upto: None,
            occasion: Occasion::PeriodEnd,
        };
        let issued = issue(
            Log::quiet(installation.store()),
            &installation.entities,
            &key,
            order,
        );
        self.runtime.block_on(issued).unwrap()
    }

    fn issues(&self) -> usize {
        let filter = EventFilter {
            kinds: vec!["report.issued".to_owned()],
            ..EventFilter::default()
        };
        let store = self.running.installation.store();
        let page = store.read_matching(&filter, Position(0), PAGE_EVENTS_MAX);
        self.runtime.block_on(page).unwrap().events.len()
    }

    fn end(self) {
        let Self { running, runtime } = self;
        runtime.block_on(running.stop());
    }
}

#[test]
fn each_period_is_reported_once_over_restarts_and_servers() {
    let directory = tempfile::tempdir().unwrap();
    let first = ServerRun::begin(directory.path(), "2026-03-02T10:00:00+08:00");
    first.opt_out("00000000000000000000000000000001");
    assert_eq!(first.issued_now(), None, "the day before the log began");
    first.end();

    let second = ServerRun::begin(directory.path(), "2026-03-03T00:05:00+08:00");
    let settled = midnight("2026-03-03".parse().unwrap()).plus_ms(300_000);
    let just_before = Timestamp::from_micros(settled.micros() - 1);
    assert_eq!(second.issued_at(just_before), None);
    let taken = acquire_walk_permit().unwrap();
    let busy = second.runtime.block_on(async {
        let installation = &second.running.installation;
        let issuer = Issuer {
            store: installation.store(),
            system: &installation.entities,
            directory: &installation.directory,
            signing_key: installation.signing_key.clone(),
        };
        issuer.issue_missed(PeriodLength::Day, settled).await.unwrap_err()
    });
    assert_eq!(
        (busy.kind, busy.code),
        (ProblemKind::Unavailable, "log-being-read")
    );
    drop(taken);
    assert_eq!(second.issued_at(settled).as_deref(), Some("2026-03-02"));
    assert_eq!(second.issued_now(), None, "the log knows of it");
    assert_eq!(second.issues(), 1);
    let here = second.issue("2026-03-02");
    second.opt_out("00000000000000000000000000000002");
    let there = second.issue("2026-03-02");
    assert_eq!(here, there, "another server hands out what was issued first");
    assert_eq!(second.issues(), 1);
    second.end();

    let third = ServerRun::begin(directory.path(), "2026-03-03T09:00:00+08:00");
    assert_eq!(third.issued_now(), None, "a restart issues none twice");
    third.end();

    let fourth = ServerRun::begin(directory.path(), "2026-03-05T08:00:00+08:00");
    let missed = fourth.issued_now();
    assert_eq!(missed.as_deref(), Some("2026-03-04"), "the last one missed");
    assert_eq!((fourth.issued_now(), fourth.issues()), (None, 2));
    fourth.end();
}

#[test]
fn a_report_issued_by_the_version_of_before_holds_and_is_handed_out_again() {
    let directory = tempfile::tempdir().unwrap();
    let day = ServerRun::begin(directory.path(), "2026-03-02T10:00:00+08:00");
    day.opt_out("00000000000000000000000000000001");
    let installation = &day.running.installation;
    let key = SigningKey::read(&installation.signing_key).unwrap();
    let period = PeriodLength::Day.of("2026-03-02".parse().unwrap());
    let (first, again, checked) = day.runtime.block_on(async {
        let asked = ReportInputs {
            log: Log::quiet(installation.store()),
            period: period.clone(),
            upto: None,
        };
        let first = sign_report(&asked.gather(Format::Second).await.unwrap(), &key).unwrap();
        let id = report_id(first.issue.kind, &first.issue.period).unwrap();
        let command = ReportCommand::Issue(Box::new(first.issue.clone()));
        let cause = Cause::outside(CommandId::derive_from_text("as a build of before"));
        installation
            .entities
            .reports
            .ask(&id, command, cause)
            .await
            .unwrap();
        let checked = check_against(asked.log, &first.note, &key.verifier(), period.clone()).await;
        let order = ReportIssueRequest {
            period,
            upto: Some(first.issue.position),
            occasion: Occasion::Asked,
        };
        let again = issue(asked.log, &installation.entities, &key, order)
            .await
            .unwrap();
        (first, again, checked.unwrap())
    });
    assert!(first.figures.windows(10).any(|part| part == b"\"format\":2"));
    assert_eq!(checked, Ok(()));
    assert_eq!(again.issue, first.issue, "one position has one set of figures");
    day.end();
}

#[test]
fn the_next_report_is_due_when_the_running_period_has_settled() {
    let settled = |day: &str| midnight(day.parse().unwrap()).plus_ms(300_000);
    let just_before = Timestamp::from_micros(settled("2026-03-03").micros() - 1);
    assert_eq!(next_due(PeriodLength::Day, just_before), settled("2026-03-03"));
    assert_eq!(
        next_due(PeriodLength::Day, settled("2026-03-03")),
        settled("2026-03-04")
    );
    assert_eq!(
        next_due(PeriodLength::Month, settled("2026-03-03")),
        settled("2026-04-01")
    );
}
