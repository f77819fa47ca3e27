//! Imports the rows of a list: opens it, enrolls with limited concurrency, closes it with its own count.
//!
//! Every command id is derived from the list and the customer, so a repeat after a crash resumes:
//! enrolments that exist are answered and counted again. Customers who are in the campaign through another
//! list, or occur twice in this one, are duplicates.

pub use crate::lists::report::{ImportReport, NotCheckedMarker, OtherCampaignsCount, SharedRowsFilter};
use crate::lists::row_reader::{CheckedRow, ReaderItem, RowAssignment, WrittenId, spawn_row_reader};
use crate::lists::running_imports::ImportProgress;
use crate::lists::spelling::{Spelling, apply_known_spelling};
use crate::segments::visibility::rounded;
use async_trait::async_trait;
use domain::calling_plan::{DeduplicationScope, DuplicatePolicy};
use domain::customer::Assignee;
use domain::customer::command::Enrolment;
use domain::ids::{CommandId, CustomerId, NumberId};
use domain::ports::tasks::Tasks;
use domain::ports::vault::Vault;
use domain::problem::Problem;
use domain::stored_event::Position;
use futures_util::stream::{FuturesUnordered, StreamExt};
use intake::row::RowRules;
use intake::same_number::{CustomersSeen, NumbersSeen, SharedNumberRow};
use intake::source::RowSource;
use intake::{BadRow, ImportError, ROWS_MAX};
use std::collections::BTreeSet;
use std::sync::Arc;
use tokio::sync::mpsc;

/// The result of one row.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum EnrolmentOutcome {
    /// Enrolled by this list, now or in an earlier run of it.
    ByThisList(Position),
    /// The customer is in the campaign through another list.
    ByAnotherList,
    /// The customer or the number is in another campaign, and the list excludes those.
    ByAnotherCampaign,
    /// Enrolled by this list and settled at once: the campaign calls the number for this other customer.
    SameNumber(CustomerId),
    /// Refused by a rule. The reason is shown beside the row.
    Refused(String),
}

/// The target of enrolments. The program implements it with entities, tests with a map.
#[async_trait]
pub trait Enroller: Send + Sync {
    /// Opens or resumes the list. If it is closed already, returns the count it was closed with.
    async fn open(&self, source: &str) -> Result<Option<u64>, Problem>;
    /// Waits until another enrolment may be sent: the views must not lag too far behind what the import
    /// stored, because dialing reads them. Notes the wait in `course`.
    async fn make_way(&self, course: &ImportProgress) -> Result<(), Problem>;
    /// Returns how many enrolments may be in progress at once now; at least one.
    fn at_once(&self) -> usize;
    async fn enrol(&self, command: CommandId, enrolment: Enrolment) -> Result<EnrolmentOutcome, Problem>;
    /// Returns the result that the row would have, for a dry run. Stores nothing.
    async fn foresee(&self, enrolment: &Enrolment) -> Result<EnrolmentOutcome, Problem>;
    /// Returns which spelling of an id the log knows: the normalized one or the one written in the file.
    async fn spelling(&self, normalized: &CustomerId, written: &CustomerId) -> Result<Spelling, Problem>;
    /// Returns why this list may not assign customers to this user or team, or `None` if it may.
    async fn refuse_assignee(&self, to: &Assignee) -> Result<Option<String>, Problem>;
    /// Assigns the enrolled customer to a user or team.
    async fn assign(&self, customer: &CustomerId, to: Assignee) -> Result<(), Problem>;
    async fn close(&self, count: u64) -> Result<Position, Problem>;
    /// Returns true if the list was undone since the import began.
    fn is_undone(&self) -> bool;
    /// Completes the undo of a list: customers who were enrolled in the meantime are withdrawn and counted.
    async fn finish_undone(&self) -> Result<(), Problem>;
}

/// One list to import, with its rules and options.
pub struct ListImport {
    pub rules: RowRules,
    /// File name or `tasks/data`; it contains no personal data.
    pub source: String,
    pub format: String,
    pub dry_run: bool,
    pub shared: SharedRowsFilter,
    /// Receives the progress of the import.
    pub course: Arc<ImportProgress>,
}

/// Imports all rows of a list and closes it with its count. After an error the list stays open, and an import
/// of the same content resumes it. For a list that is closed already, only its report is returned.
pub async fn load(
    load: ListImport,
    rows: Box<dyn RowSource>,
    enroller: &dyn Enroller,
    vault: Arc<dyn Vault>,
    tasks: &dyn Tasks,
) -> Result<ImportReport, Problem> {
    let mut reading = spawn_row_reader(rows, load.rules.clone(), vault, tasks);
    let mut run = Run::of(&load);
    // The list is opened only when the file has proved to be readable.
    let next = reading.recv().await;
    if matches!(next, Some(ReaderItem::Row(_) | ReaderItem::Ended(_)))
        && !load.dry_run
        && let Some(count) = enroller.open(&load.source).await?
    {
        run.report.repeated = true;
        run.report.enrolled = count;
        return run.report_known_list(next, reading).await;
    }
    let begin = |place: RowContext, enrolment: Enrolment| ask(&load, enroller, place, enrolment);
    let mut asked = none_of(&begin);
    let enrolled = enrol_all(
        &load,
        enroller,
        &mut run,
        Rows { next, reading },
        &begin,
        &mut asked,
    )
    .await;
    if let Err(problem) = enrolled {
        if enroller.is_undone() {
            // Enrolments in progress must complete before they are counted.
            while asked.next().await.is_some() {}
            enroller.finish_undone().await?;
        }
        return Err(problem);
    }
    load.course.note_enrolled(run.report.enrolled);
    let mut report = run.report;
    report.bad.sort_by_key(|bad| bad.row);
    report.same_number.rows.sort_by_key(|shared| shared.row);
    if run.counts_elsewhere && !load.dry_run {
        report.duplicates_elsewhere = OtherCampaignsCount::About(rounded(run.elsewhere));
    }
    if !load.dry_run {
        report.position = Some(enroller.close(report.enrolled).await?.to_string());
    }
    Ok(report)
}

/// The rows that the reader task sends, with one taken ahead.
struct Rows {
    next: Option<ReaderItem>,
    reading: mpsc::Receiver<ReaderItem>,
}

/// Sends the enrolments of all rows, at most `at_once` concurrently, and counts their results in `run`.
async fn enrol_all<F: Future<Output = (RowContext, Result<EnrolmentOutcome, Problem>)>>(
    load: &ListImport,
    enroller: &dyn Enroller,
    run: &mut Run,
    mut rows: Rows,
    begin: &impl Fn(RowContext, Enrolment) -> F,
    asked: &mut FuturesUnordered<F>,
) -> Result<(), Problem> {
    loop {
        match rows.next {
            Some(ReaderItem::Row(row)) => {
                if let Some((place, enrolment)) = run.take(*row)? {
                    while run.awaits_the_first(&place)
                        && let Some((row, enrolled)) = asked.next().await
                    {
                        run.count(row, enrolled?);
                    }
                    run.note_asked(&place);
                    asked.push(begin(place, enrolment));
                }
            }
            Some(ReaderItem::Failed(error)) => return Err(error.into()),
            Some(ReaderItem::Ended(report)) => {
                run.report.note_read(*report);
                break;
            }
            None => return Err(Problem::fault("the reader of the file stopped")),
        }
        while asked.len() >= enroller.at_once()
            && let Some((row, enrolled)) = asked.next().await
        {
            run.count(row, enrolled?);
        }
        load.course.note_rows(run.report.rows);
        load.course.note_enrolled(run.report.enrolled);
        rows.next = rows.reading.recv().await;
    }
    while let Some((row, enrolled)) = asked.next().await {
        run.count(row, enrolled?);
    }
    Ok(())
}

/// Returns an empty set of futures of the type that `begin` makes.
fn none_of<F>(_begin: &impl Fn(RowContext, Enrolment) -> F) -> FuturesUnordered<F> {
    FuturesUnordered::new()
}

/// What the report needs to know about a row with an enrolment in progress, and its assignment.
struct RowContext {
    row: u64,
    column: String,
    sharing: SharedNumberRow,
    given: Option<RowAssignment>,
    written: Option<WrittenId>,
}

async fn ask(
    load: &ListImport,
    enroller: &dyn Enroller,
    mut place: RowContext,
    mut enrolment: Enrolment,
) -> (RowContext, Result<EnrolmentOutcome, Problem>) {
    match apply_known_spelling(enroller, place.written.take(), &mut enrolment).await {
        Ok(None) => place.sharing.customer = enrolment.customer.clone(),
        Ok(Some(refused)) => return (place, Ok(EnrolmentOutcome::Refused(refused))),
        Err(problem) => return (place, Err(problem)),
    }
    let given = place.given.take();
    if let Some(given) = &given {
        match enroller.refuse_assignee(&given.to).await {
            Ok(None) => {}
            Ok(Some(why)) => {
                place.column.clone_from(&given.column);
                return (place, Ok(EnrolmentOutcome::Refused(why)));
            }
            Err(problem) => return (place, Err(problem)),
        }
    }
    if load.dry_run {
        return (place, enroller.foresee(&enrolment).await);
    }
    // Waits before the entity is asked: a command that is sent but not polled would block others.
    if let Err(problem) = enroller.make_way(&load.course).await {
        return (place, Err(problem));
    }
    let command = CommandId::derive_from_text(&format!("enrol:{}/{}", load.rules.list, enrolment.customer));
    let customer = enrolment.customer.clone();
    let enrolled = enroller.enrol(command, enrolment).await;
    let is_new = matches!(
        enrolled,
        Ok(EnrolmentOutcome::ByThisList(_) | EnrolmentOutcome::SameNumber(_))
    );
    if let Some(given) = given.filter(|_| is_new)
        && let Err(problem) = enroller.assign(&customer, given.to).await
    {
        return (place, Err(problem));
    }
    (place, enrolled)
}

struct Run {
    seen: CustomersSeen,
    numbers: NumbersSeen,
    /// Numbers with a first row in progress.
    first_asked: BTreeSet<NumberId>,
    shared: SharedRowsFilter,
    is_by_number: bool,
    /// True if rows are compared with other campaigns' customers, or ones the user may not see named.
    counts_elsewhere: bool,
    elsewhere: u64,
    report: ImportReport,
}

impl Run {
    fn of(load: &ListImport) -> Self {
        let is_by_number = load.rules.duplicates == DuplicatePolicy::ByNumber;
        Self {
            seen: CustomersSeen::default(),
            numbers: NumbersSeen::default(),
            first_asked: BTreeSet::new(),
            shared: load.shared,
            is_by_number,
            counts_elsewhere: load.rules.dedupe == DeduplicationScope::Everywhere
                || (is_by_number && load.shared == SharedRowsFilter::OfFile),
            elsewhere: 0,
            report: ImportReport {
                campaign: load.rules.campaign.to_string(),
                list: load.rules.list.to_string(),
                format: load.format.clone(),
                dry_run: load.dry_run,
                duplicates_policy: load.rules.duplicates.code().to_owned(),
                ..ImportReport::default()
            },
        }
    }

    /// Returns the report of a list that was imported before, with its bad rows. No enrolment is sent.
    async fn report_known_list(
        mut self,
        mut next: Option<ReaderItem>,
        mut reading: mpsc::Receiver<ReaderItem>,
    ) -> Result<ImportReport, Problem> {
        loop {
            match next {
                Some(ReaderItem::Row(row)) => drop(self.take(*row)?),
                Some(ReaderItem::Failed(error)) => return Err(error.into()),
                Some(ReaderItem::Ended(report)) => {
                    self.report.note_read(*report);
                    return Ok(self.report);
                }
                None => return Err(Problem::fault("the reader of the file stopped")),
            }
            next = reading.recv().await;
        }
    }

    /// Counts a row and returns its enrolment; `None` if it is bad or repeats an earlier customer.
    fn take(&mut self, row: Result<CheckedRow, BadRow>) -> Result<Option<(RowContext, Enrolment)>, Problem> {
        self.report.rows += 1;
        if self.report.rows > ROWS_MAX {
            return Err(ImportError::TooLarge {
                what: "the number of rows",
                limit: ROWS_MAX,
            }
            .into());
        }
        let CheckedRow {
            row,
            column,
            enrolment,
            given,
            written,
        } = match row {
            Ok(checked) => checked,
            Err(bad) => {
                self.report.note_bad(bad);
                return Ok(None);
            }
        };
        if !self.seen.is_first(&enrolment.customer) {
            self.report.duplicates += 1;
            return Ok(None);
        }
        let sharing = SharedNumberRow {
            number: enrolment.number.clone(),
            customer: enrolment.customer.clone(),
            same_row: self.numbers.first_row(&enrolment.number, row),
        };
        let place = RowContext {
            row,
            column,
            sharing,
            given,
            written,
        };
        Ok(Some((place, enrolment)))
    }

    /// Returns true if the row must wait because the first row with its number is still being enrolled: the
    /// first one in the file is the customer who is called.
    fn awaits_the_first(&self, place: &RowContext) -> bool {
        place.sharing.same_row.is_some() && self.first_asked.contains(&place.sharing.number)
    }

    fn note_asked(&mut self, place: &RowContext) {
        if place.sharing.same_row.is_none() {
            self.first_asked.insert(place.sharing.number.clone());
        }
    }

    /// Adds a row to the report's `same_number` if it shares its number with an earlier row of the file or
    /// with `other`, a customer of the campaign; does nothing otherwise. With duplicates by number the row
    /// is marked as left out: enrolled, but not called. `other` is `None` if the user may not see that
    /// customer.
    fn note_shared(&mut self, place: &RowContext, other: Option<&CustomerId>) {
        if other.is_none() && place.sharing.same_row.is_none() {
            return;
        }
        let mut row = place.sharing.row(place.row, other);
        // At most the first of them in the file is called, which is known in a dry run too.
        row.left_out |= self.is_by_number;
        self.report.same_number.note(row);
    }

    fn count(&mut self, place: RowContext, enrolled: EnrolmentOutcome) {
        if place.sharing.same_row.is_none() {
            self.first_asked.remove(&place.sharing.number);
        }
        match enrolled {
            EnrolmentOutcome::ByThisList(_) => {
                self.report.enrolled += 1;
                self.note_shared(&place, None);
            }
            EnrolmentOutcome::SameNumber(other) => {
                self.report.enrolled += 1;
                let is_of_file = place.sharing.same_row.is_some();
                self.elsewhere += u64::from(!is_of_file);
                match self.shared {
                    SharedRowsFilter::All => self.note_shared(&place, Some(&other)),
                    SharedRowsFilter::OfFile => self.note_shared(&place, None),
                }
            }
            EnrolmentOutcome::ByAnotherList => self.report.duplicates += 1,
            EnrolmentOutcome::ByAnotherCampaign => self.elsewhere += 1,
            EnrolmentOutcome::Refused(reason) => self.report.note_bad(BadRow {
                row: place.row,
                column: place.column,
                reason,
            }),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use domain::calling_plan::{Basis, Preset};
    use domain::ids::ListId;
    use intake::encoding::EncodingChoice;
    use intake::mapping::Mapping;
    use intake::spool::Spool;
    use intake::testing::{PlainVault, TestTasks};
    use std::collections::BTreeMap;
    use std::sync::Mutex;
    use std::sync::atomic::{AtomicU64, Ordering};

    /// Stores which list enrolled which customer, as the customer entities do.
    #[derive(Default)]
    struct TestEnroller {
        given: Mutex<BTreeMap<CustomerId, Assignee>>,
        enrolled: Mutex<BTreeMap<CustomerId, ListId>>,
        /// The customer of each number who is called, as in the number entities.
        claims: Mutex<BTreeMap<NumberId, CustomerId>>,
        closed: Mutex<Option<u64>>,
        /// Number of enrolments after which the store fails. `None`: never.
        fails_after: Option<usize>,
        by_number: bool,
        /// Number of enrolments after which the list is undone; and those that were sent and stored, as
        /// counted then.
        undone_after: Option<u64>,
        begun: AtomicU64,
        counted: Mutex<Option<(u64, u64)>>,
        /// Enrolments, how many of them the rows show, and the greatest lag of the rows.
        stored: AtomicU64,
        shown: AtomicU64,
        behind_max: AtomicU64,
    }

    /// Greatest lag of the rows, in enrolments, before the test double waits.
    const BEHIND_MAX: u64 = 10;

    #[async_trait]
    impl Enroller for TestEnroller {
        async fn open(&self, _: &str) -> Result<Option<u64>, Problem> {
            Ok(*self.closed.lock().unwrap())
        }
        async fn make_way(&self, course: &ImportProgress) -> Result<(), Problem> {
            if self.is_undone() {
                return Err(Problem::refused("refused", "the list was undone"));
            }
            let stored = self.stored.load(Ordering::Relaxed);
            if stored.saturating_sub(self.shown.load(Ordering::Relaxed)) >= BEHIND_MAX {
                // The rows make progress while it waits.
                self.shown.store(stored, Ordering::Relaxed);
                course.begin_wait(domain::time::Timestamp::EPOCH);
                course.end_wait(domain::time::Timestamp::EPOCH.plus_ms(1));
            }
            Ok(())
        }
        fn at_once(&self) -> usize {
            8
        }
        async fn enrol(&self, _: CommandId, enrolment: Enrolment) -> Result<EnrolmentOutcome, Problem> {
            self.begun.fetch_add(1, Ordering::Relaxed);
            if self.undone_after.is_some() {
                // Several enrolments are in progress at once.
                tokio::task::yield_now().await;
            }
            let stored = self.stored.fetch_add(1, Ordering::Relaxed) + 1;
            let behind = stored.saturating_sub(self.shown.load(Ordering::Relaxed));
            self.behind_max.fetch_max(behind, Ordering::Relaxed);
            let mut enrolled = self.enrolled.lock().unwrap();
            if self.fails_after.is_some_and(|limit| enrolled.len() >= limit) {
                return Err(Problem::unavailable("the disk is full"));
            }
            let by = *enrolled
                .entry(enrolment.customer.clone())
                .or_insert(enrolment.list);
            let mut claims = self.claims.lock().unwrap();
            let claimed_by = claims
                .entry(enrolment.number)
                .or_insert_with(|| enrolment.customer.clone());
            Ok(if by != enrolment.list {
                EnrolmentOutcome::ByAnotherList
            } else if *claimed_by != enrolment.customer && self.by_number {
                EnrolmentOutcome::SameNumber(claimed_by.clone())
            } else {
                EnrolmentOutcome::ByThisList(Position(1))
            })
        }
        async fn foresee(&self, enrolment: &Enrolment) -> Result<EnrolmentOutcome, Problem> {
            let list = self.enrolled.lock().unwrap().get(&enrolment.customer).copied();
            Ok(if list.is_none_or(|list| list == enrolment.list) {
                EnrolmentOutcome::ByThisList(Position(0))
            } else {
                EnrolmentOutcome::ByAnotherList
            })
        }
        async fn spelling(&self, normalized: &CustomerId, written: &CustomerId) -> Result<Spelling, Problem> {
            let enrolled = self.enrolled.lock().unwrap();
            let knows = |customer: &CustomerId| enrolled.contains_key(customer);
            Ok(match (knows(normalized), knows(written)) {
                (true, true) => Spelling::Both,
                (false, true) => Spelling::Written,
                (_, false) => Spelling::Normalized,
            })
        }
        async fn refuse_assignee(&self, to: &Assignee) -> Result<Option<String>, Problem> {
            let unknown = Assignee::User("nobody".parse().unwrap());
            Ok((*to == unknown).then(|| "there is no user nobody".to_owned()))
        }

        async fn assign(&self, customer: &CustomerId, to: Assignee) -> Result<(), Problem> {
            self.given.lock().unwrap().insert(customer.clone(), to);
            Ok(())
        }

        async fn close(&self, count: u64) -> Result<Position, Problem> {
            *self.closed.lock().unwrap() = Some(count);
            Ok(Position(9))
        }

        fn is_undone(&self) -> bool {
            let stored = self.stored.load(Ordering::Relaxed);
            self.undone_after.is_some_and(|after| stored >= after)
        }

        async fn finish_undone(&self) -> Result<(), Problem> {
            let counted = [&self.begun, &self.stored].map(|count| count.load(Ordering::Relaxed));
            *self.counted.lock().unwrap() = Some((counted[0], counted[1]));
            Ok(())
        }
    }

    fn plan(dry_run: bool, list: &str) -> ListImport {
        let campaign = "T".parse().unwrap();
        ListImport {
            rules: RowRules {
                list: ListId::derive(&campaign, list),
                campaign,
                preset: Preset::CnService,
                basis: Basis::Contract,
                duplicates: DuplicatePolicy::ByCustomer,
                priority: None,
                best_times: None,
                dedupe: DeduplicationScope::Campaign,
                consents: intake::row::ConsentLocation::InTheRow,
                country: intake::list_country::ListCountry::of_presets([Preset::CnService]),
                number_check: None,
                flow: Arc::new(domain::flow::from_script("T".parse().unwrap(), "{{days}}").unwrap()),
            },
            source: "customers.csv".to_owned(),
            format: String::new(),
            dry_run,
            shared: SharedRowsFilter::All,
            course: Arc::default(),
        }
    }

    async fn run(book: &TestEnroller, load_plan: ListImport, text: &[u8]) -> Result<ImportReport, Problem> {
        let mut spool = Spool::new(&std::env::temp_dir()).unwrap();
        spool.write(text).unwrap();
        let spooled = spool.finish(EncodingChoice::Auto);
        let rows = spooled.into_rows(Mapping::default());
        load(load_plan, rows, book, Arc::new(PlainVault), &TestTasks).await
    }

    /// A thousand customers in GBK; rows 10, 500 and 1,001 are bad.
    fn thousand() -> Vec<u8> {
        let mut text = "客户ID,手机号,姓名,days\n".to_owned();
        for index in 0..1_000 {
            let line = match index {
                8 => format!("C{index},12345,张三,3\n"),
                498 => format!("C{index},13800138000,李四,\n"),
                999 => ",13800138000,王五,3\n".to_owned(),
                _ => format!("C{index},138{index:08},欧阳娜,3\n"),
            };
            text.push_str(&line);
        }
        encoding_rs::GBK.encode(&text).0.into_owned()
    }

    #[tokio::test(flavor = "multi_thread")]
    async fn three_bad_rows_of_a_thousand_are_named_and_stop_nothing() {
        let book = TestEnroller::default();
        let report = run(&book, plan(false, "a"), &thousand()).await.unwrap();
        assert_eq!((report.rows, report.enrolled, report.bad_count), (1_000, 997, 3));
        let places: Vec<_> = report
            .bad
            .iter()
            .map(|bad| (bad.row, bad.column.as_str()))
            .collect();
        assert_eq!(places, [(10, "手机号"), (500, "days"), (1_001, "客户ID")]);
        assert_eq!(*book.closed.lock().unwrap(), Some(997));
    }

    #[tokio::test(flavor = "multi_thread")]
    async fn an_id_with_invisible_characters_is_the_one_that_is_seen() {
        let book = TestEnroller::default();
        let text =
            "id,phone,days\nC1\u{200b},13800138001,3\n\u{feff}C1,13800138001,3\n\u{202a}C2,13800138002,3\n";
        let report = run(&book, plan(false, "a"), text.as_bytes()).await.unwrap();
        assert_eq!((report.enrolled, report.duplicates, report.bad_count), (2, 1, 0));
        let enrolled = book.enrolled.lock().unwrap();
        let known = ["C1", "C2"].map(|id| enrolled.contains_key(&PlainVault.derive_customer(id)));
        assert_eq!(known, [true, true]);
    }

    /// Customers stored by earlier versions keep their ids.
    #[tokio::test(flavor = "multi_thread")]
    async fn a_person_stored_by_the_written_id_is_found_by_it_and_two_of_one_id_are_to_be_merged() {
        let book = TestEnroller::default();
        let before = ListId::derive(&"T".parse().unwrap(), "before");
        let (plain, written) = (
            PlainVault.derive_customer("C1"),
            PlainVault.derive_customer("C1\u{200b}"),
        );
        book.enrolled.lock().unwrap().insert(written.clone(), before);
        let text = "id,phone,days\nC1\u{200b},13800138001,3\n".as_bytes();
        let report = run(&book, plan(false, "a"), text).await.unwrap();
        assert_eq!((report.duplicates, report.enrolled), (1, 0), "the stored person");
        assert!(!book.enrolled.lock().unwrap().contains_key(&plain));
        book.enrolled.lock().unwrap().insert(plain.clone(), before);
        let report = run(&book, plan(true, "b"), text).await.unwrap();
        let bad = &report.bad[0];
        assert_eq!((bad.row, bad.column.as_str()), (2, "id"));
        for part in [plain.as_str(), written.as_str(), "merge", "合并"] {
            assert!(bad.reason.contains(part), "{}", bad.reason);
        }
    }

    #[tokio::test(flavor = "multi_thread")]
    async fn a_report_names_the_sheet_and_counts_hidden_rows_in_a_dry_run_too() {
        use intake::testing::{Sheet, text_row, workbook};
        let rows = [
            text_row(1, "", &["customers of March"]),
            text_row(2, "", &["id", "phone", "days"]),
            text_row(3, "", &["C1", "13800138001", "3"]),
            text_row(4, "hidden=\"1\"", &["C2", "13800138002", "3"]),
        ];
        let sheet = Sheet {
            name: "March",
            state: "visible",
            rows: rows.concat(),
        };
        let bytes = workbook(&[sheet], &[]);
        for dry_run in [true, false] {
            let report = run(&TestEnroller::default(), plan(dry_run, "a"), &bytes)
                .await
                .unwrap();
            let workbook = report.workbook.unwrap();
            assert_eq!((report.rows, report.enrolled, report.header_row), (1, 1, Some(2)));
            assert_eq!((workbook.sheet.as_str(), workbook.hidden_rows), ("March", 1));
        }
    }

    #[tokio::test(flavor = "multi_thread")]
    async fn an_import_waits_for_the_rows_and_says_how_far_it_is() {
        let book = TestEnroller::default();
        let load_plan = plan(false, "a");
        let course = Arc::clone(&load_plan.course);
        run(&book, load_plan, &thousand()).await.unwrap();
        let behind_max = book.behind_max.load(Ordering::Relaxed);
        assert!(behind_max <= BEHIND_MAX, "{behind_max} behind");
        let list = Arc::new(crate::lists::running_imports::RunningImports::default());
        let began = domain::time::Timestamp::EPOCH;
        let _listed = list.list(
            ListId::derive(&"T".parse().unwrap(), "a"),
            "T",
            "customers.csv",
            began,
            course,
        );
        let shown = crate::reply_value::value(&list.shown(began.plus_ms(1_000)));
        assert_eq!(
            (&shown[0]["rows"], &shown[0]["enrolled"]),
            (&1_000.into(), &997.into())
        );
    }

    #[tokio::test(flavor = "multi_thread")]
    async fn a_dry_run_judges_the_same_and_enrols_no_customer() {
        let book = TestEnroller::default();
        let report = run(&book, plan(true, "a"), &thousand()).await.unwrap();
        assert_eq!((report.enrolled, report.bad_count), (997, 3));
        assert!(book.enrolled.lock().unwrap().is_empty());
        assert_eq!(*book.closed.lock().unwrap(), None);
    }

    #[tokio::test(flavor = "multi_thread")]
    async fn an_import_that_was_cut_off_resumes_with_the_right_count() {
        let mut book = TestEnroller {
            fails_after: Some(300),
            ..TestEnroller::default()
        };
        let problem = run(&book, plan(false, "a"), &thousand()).await.unwrap_err();
        assert_eq!(problem.code, "unavailable");
        assert_eq!(*book.closed.lock().unwrap(), None);
        book.fails_after = None;
        let report = run(&book, plan(false, "a"), &thousand()).await.unwrap();
        assert_eq!((report.enrolled, report.duplicates), (997, 0));
        let repeat = run(&book, plan(false, "a"), &thousand()).await.unwrap();
        assert!(repeat.repeated);
        assert_eq!((repeat.enrolled, repeat.rows), (997, 1_000));
        assert_eq!(repeat.bad, report.bad, "a repeat returns the report again");
    }

    #[tokio::test(flavor = "multi_thread")]
    async fn a_list_that_is_undone_meanwhile_is_counted_when_what_was_on_its_way_has_arrived() {
        let book = TestEnroller {
            undone_after: Some(100),
            ..TestEnroller::default()
        };
        let problem = run(&book, plan(false, "a"), &thousand()).await.unwrap_err();
        assert!(problem.detail.contains("undone"), "{}", problem.detail);
        let (begun, stored) = book.counted.lock().unwrap().unwrap();
        assert_eq!(begun, stored);
        assert!((100..150).contains(&stored), "{stored}");
        assert_eq!(*book.closed.lock().unwrap(), None);
    }

    #[tokio::test(flavor = "multi_thread")]
    async fn a_customer_in_the_campaign_or_twice_in_the_list_is_a_duplicate() {
        let book = TestEnroller::default();
        run(&book, plan(false, "a"), b"id,phone,days\n1,13800138000,3\n")
            .await
            .unwrap();
        *book.closed.lock().unwrap() = None;
        let text = b"id,phone,days\n1,13800138000,3\n2,13800138000,3\n2,13800138000,4\n";
        let report = run(&book, plan(false, "b"), text).await.unwrap();
        assert_eq!((report.enrolled, report.duplicates), (1, 2));
    }

    #[tokio::test(flavor = "multi_thread")]
    async fn both_rows_of_one_phone_under_two_ids_are_named_in_either_mode() {
        let text =
            b"id,phone,days\n1,13800138000,3\n2,13800138001,3\n3,13800138000,3\n4,+86 138 0013 8000,3\n";
        for (by_number, left_out) in [(true, 2), (false, 0)] {
            let book = TestEnroller {
                by_number,
                ..TestEnroller::default()
            };
            let report = run(&book, plan(false, "a"), text).await.unwrap();
            assert_eq!((report.enrolled, report.bad_count), (4, 0));
            let shared = &report.same_number;
            assert_eq!((shared.count, shared.left_out), (2, left_out), "{shared:?}");
            let rows: Vec<_> = shared.rows.iter().map(|row| (row.row, row.same_row)).collect();
            assert_eq!(rows, [(4, Some(2)), (5, Some(2))]);
            let first = PlainVault.derive_customer("1").to_string();
            let same_as = shared.rows[0].same_as.as_ref();
            assert_eq!(same_as, by_number.then_some(&first), "{shared:?}");
            assert_eq!(*book.closed.lock().unwrap(), Some(4));
        }
    }

    #[tokio::test(flavor = "multi_thread")]
    async fn a_file_without_a_phone_column_opens_no_list() {
        let book = TestEnroller::default();
        let problem = run(&book, plan(false, "a"), b"id,days\n1,3\n").await.unwrap_err();
        assert_eq!(problem.code, "column-missing");
    }
}
