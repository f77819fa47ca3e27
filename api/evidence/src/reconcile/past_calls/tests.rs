//! Files of both systems: what is read, what is proved, and what is reported as refused.

use super::*;
use std::path::Path;

fn beijing() -> Option<FixedOffset> {
    FixedOffset::east_opt(8 * 3_600)
}

fn fixture(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("../../fixtures/cdr")
        .join(name)
}

fn vicidial(names: &[&str], offset: Option<FixedOffset>) -> PastFiles {
    let files: Vec<PathBuf> = names.iter().map(|name| fixture(name)).collect();
    read_past(HistorySource::Vicidial, &files, offset).unwrap()
}

/// File, line, whether it proves a dial, and whether it was answered.
fn list_rows(past: &PastFiles) -> Vec<(usize, u64, bool, Option<bool>)> {
    past.rows
        .iter()
        .map(|row| (row.file, row.theirs.line, row.proves_dial, row.answered))
        .collect()
}

fn bad(past: &PastFiles) -> Vec<(usize, u64)> {
    past.bad.iter().map(|bad| (bad.file, bad.line)).collect()
}

#[test]
fn a_master_csv_tells_what_was_dialed_and_answered() {
    let files = [fixture("asterisk_history.csv")];
    let past = read_past(HistorySource::Asterisk, &files, beijing()).unwrap();
    assert_eq!(
        list_rows(&past),
        [
            (0, 1, true, Some(true)),
            (0, 2, true, Some(false)),
            (0, 3, true, Some(false)),
            (0, 4, false, None),
        ]
    );
    assert_eq!(bad(&past), [(0, 5), (0, 6)]);
    assert_eq!(past.rows[0].theirs.callee, "13800138000");
    assert_eq!(
        past.rows[0].theirs.start.to_string(),
        "2026-03-02T02:00:00.000000Z"
    );
}

#[test]
fn a_time_without_a_zone_is_refused_and_seconds_of_utc_have_one() {
    let files = [fixture("asterisk_history.csv")];
    let past = read_past(HistorySource::Asterisk, &files, None).unwrap();
    assert_eq!(past.rows, []);
    assert!(past.bad[0].why.contains("--utc-offset"), "{}", past.bad[0].why);
    let past = vicidial(&["vicidial_log.csv"], None);
    assert!(!past.rows.is_empty(), "start_epoch needs no zone");
}

#[test]
fn the_log_the_switch_and_the_list_are_one_call() {
    let names = [
        "vicidial_log.csv",
        "vicidial_carrier_log.csv",
        "vicidial_list.csv",
    ];
    let past = vicidial(&names, beijing());
    assert_eq!(
        list_rows(&past),
        [
            (0, 2, true, Some(true)),
            (0, 3, true, Some(false)),
            (0, 4, false, None),
            (0, 5, false, None),
            (1, 5, true, Some(true)),
        ],
        "answered; not answered; never dialed; no channel; seen by the switch alone"
    );
    assert_eq!(bad(&past), [(0, 6), (1, 6)]);
    let differences = &past.differences;
    assert_eq!(
        (
            differences.only_in_carrier_log,
            differences.only_in_log,
            differences.called_count_differs
        ),
        (2, 2, 1)
    );
    assert_eq!(differences.named.len(), 5);
}

#[test]
fn without_a_header_a_table_is_known_by_its_name_and_read_in_its_schemas_order() {
    let folder = tempfile::tempdir().unwrap();
    let text = std::fs::read_to_string(fixture("vicidial_log.csv")).unwrap();
    let (_, rows) = text.split_once('\n').unwrap();
    let named = folder.path().join("vicidial_log_archive.csv");
    std::fs::write(&named, rows).unwrap();
    let bare = read_past(HistorySource::Vicidial, &[named], beijing()).unwrap();
    let whole = vicidial(&["vicidial_log.csv"], beijing());
    let keys = |past: &PastFiles| -> Vec<String> {
        past.rows
            .iter()
            .map(|row| format!("{} {}", row.theirs.key, row.theirs.start))
            .collect()
    };
    assert_eq!(keys(&bare), keys(&whole));
    let other = folder.path().join("something.csv");
    std::fs::write(&other, rows).unwrap();
    let refused = read_past(HistorySource::Vicidial, &[other], beijing()).unwrap_err();
    assert!(refused.to_string().contains("vicidial_carrier_log"), "{refused}");
}

fn written(folder: &tempfile::TempDir, name: &str, text: &str) -> PathBuf {
    let path = folder.path().join(name);
    std::fs::write(&path, text).unwrap();
    path
}

const LOG_TITLES: &str =
    "uniqueid,lead_id,call_date,start_epoch,length_in_sec,status,phone_code,phone_number";

#[test]
fn a_dial_that_the_switch_saw_is_one_whatever_the_logs_status() {
    let folder = tempfile::tempdir().unwrap();
    let log = format!("{LOG_TITLES}\n1.1,101,2026-03-03 10:00:00,1772503200,0,QUEUE,86,13800138000\n");
    let seen = "uniqueid,call_date,lead_id,dialstatus,answered_time\n1.1,2026-03-03 10:00:00,101,ANSWER,63\n";
    let log = written(&folder, "vicidial_log.csv", &log);
    let alone = read_past(HistorySource::Vicidial, std::slice::from_ref(&log), beijing()).unwrap();
    assert_eq!(list_rows(&alone), [(0, 2, false, None)]);
    let files = [log, written(&folder, "vicidial_carrier_log.csv", seen)];
    let both = read_past(HistorySource::Vicidial, &files, beijing()).unwrap();
    assert_eq!(list_rows(&both), [(0, 2, true, Some(true))]);
}

#[test]
fn a_record_of_asterisk_is_itself_by_whatever_offset_it_is_read() {
    let files = [fixture("asterisk_history.csv")];
    let keys = |hours: i32| -> Vec<String> {
        let offset = FixedOffset::east_opt(hours * 3_600);
        let past = read_past(HistorySource::Asterisk, &files, offset).unwrap();
        past.rows.into_iter().map(|row| row.theirs.key).collect()
    };
    assert_eq!(keys(8).len(), 4);
    assert_eq!(keys(8), keys(9));
}

/// An earlier version derived a record's key from its start in UTC.
#[test]
fn a_record_of_asterisk_says_how_an_earlier_version_named_it() {
    let past = read_past(
        HistorySource::Asterisk,
        &[fixture("asterisk_history.csv")],
        beijing(),
    )
    .unwrap();
    for row in &past.rows {
        let former = row.former_key.as_deref().unwrap();
        let unique = row.theirs.key.split('/').next().unwrap();
        assert_eq!(former, format!("{unique}/{}", row.theirs.start));
        assert_ne!(former, row.theirs.key);
    }
}

#[test]
fn an_epoch_of_no_usual_year_is_a_bad_row_beside_good_ones() {
    let folder = tempfile::tempdir().unwrap();
    let row = |id: &str, epoch: &str| format!("{id},101,,{epoch},0,SALE,86,13800138000\n");
    let rows = [
        row("1.1", "1772503200"),
        row("1.2", "1772503200000"),
        row("1.3", "1772503300"),
    ];
    let file = written(
        &folder,
        "vicidial_log.csv",
        &format!("{LOG_TITLES}\n{}", rows.concat()),
    );
    let past = read_past(HistorySource::Vicidial, &[file], None).unwrap();
    assert_eq!((past.rows.len(), bad(&past)), (2, vec![(0, 3)]), "{:?}", past.bad);
}

#[test]
fn a_stray_quote_costs_its_own_row() {
    let folder = tempfile::tempdir().unwrap();
    let row = |id: &str, note: &str| format!("{id},101,,1772503200,0,SALE,86,13800138000,{note}\n");
    let rows = [row("1.1", "a"), row("1.2", "\"b"), row("1.3", "\"c, d\"")];
    let text = format!("{LOG_TITLES},comments\n{}", rows.concat());
    let file = written(&folder, "vicidial_log.csv", &text);
    let past = read_past(HistorySource::Vicidial, &[file], None).unwrap();
    let keys: Vec<&str> = past.rows.iter().map(|row| row.theirs.key.as_str()).collect();
    assert_eq!((keys, bad(&past)), (vec!["1.1", "1.3"], vec![(0, 3)]));
}
