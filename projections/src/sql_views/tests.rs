//! Tests of the documented views: they match the tables of this build, show nothing personal, and match the
//! reference.

use super::{Dialect, SQL_VIEWS, drop_sql_views, remake_sql_views, sql_reference};
use crate::database::{ReadDb, read_as, transact};
use crate::testing::{TestHistory, call, campaign, customer, ten, verdict};
use crate::views;
use crate::{InlineRunner, SqliteReadDb};
use domain::campaign::event::CampaignEvent;
use domain::compliance::{Decision, Verdict};
use domain::customer::event::CustomerEvent;
use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

#[tokio::test]
async fn every_documented_column_answers_and_none_holds_a_seal() {
    let mut story = TestHistory::new();
    story.created("T").enrolled("T", 2).whole_call("T", 2);
    let (db, _runner) = shown_by_all(&story).await;
    for view in SQL_VIEWS {
        let names: Vec<&str> = view.columns.iter().map(|column| column.name).collect();
        assert_eq!(
            names.iter().collect::<BTreeSet<_>>().len(),
            names.len(),
            "{}",
            view.name
        );
        let sql = format!("select {} from {}", names.join(", "), view.name);
        let rows = db.query(&sql, Vec::new()).await.unwrap();
        let text = format!("{rows:?}");
        assert!(
            !text.contains("sealed") && !text.contains("hash"),
            "{}: {text}",
            view.name
        );
    }
    let sql = "select call, permitted_at, permitted_time from calls";
    let mut row = db.query(sql, Vec::new()).await.unwrap().remove(0);
    assert_eq!(row.text().unwrap(), call("T", 2, 1).to_string());
    let at = row.at().unwrap();
    assert_eq!(row.text().unwrap(), at.to_string(), "the text is the instant");
}

#[tokio::test]
async fn views_that_stand_are_left_alone_and_come_back_when_they_were_put_aside() {
    let (db, _runner) = shown_by_all(&TestHistory::new()).await;
    let tables: Vec<&'static str> = tables_of_all();
    let again = tables.clone();
    transact(db.as_ref(), move |tx| {
        remake_sql_views(tx, Dialect::Sqlite, &again)
    })
    .await
    .unwrap();
    transact(db.as_ref(), |tx| drop_sql_views(tx, Dialect::Sqlite))
        .await
        .unwrap();
    assert!(
        read_as(db.as_ref(), |tx| tx.query("select * from calls", &[]))
            .await
            .is_err()
    );
    transact(db.as_ref(), move |tx| {
        remake_sql_views(tx, Dialect::Sqlite, &tables)
    })
    .await
    .unwrap();
    assert!(
        read_as(db.as_ref(), |tx| tx.query("select * from calls", &[]))
            .await
            .is_ok()
    );
}

async fn shown_by_all(story: &TestHistory) -> (Arc<dyn ReadDb>, InlineRunner) {
    let db: Arc<dyn ReadDb> = Arc::new(SqliteReadDb::open_inline().unwrap());
    let mut runner = InlineRunner::begin(Arc::clone(&db), views::all()).await.unwrap();
    runner.apply_page(&story.events).await.unwrap();
    (db, runner)
}

fn tables_of_all() -> Vec<&'static str> {
    let views = views::all();
    let tables = views
        .iter()
        .flat_map(|view| view.tables())
        .map(|table| table.name);
    tables.chain(["checkpoint"]).collect()
}

#[test]
fn every_table_under_a_documented_view_is_one_of_this_build() {
    let tables = tables_of_all();
    for view in SQL_VIEWS {
        assert!(
            view.table.is_none_or(|table| tables.contains(&table)),
            "{}",
            view.name
        );
        assert!(!tables.contains(&view.name), "{} is a table's name", view.name);
    }
}

#[test]
fn typed_views_have_every_column_of_the_documented_ones_and_stand_on_postgresql_alone() {
    let tables = tables_of_all();
    let wanted = super::wanted(Dialect::Postgres, &tables);
    assert_eq!(wanted.len(), 2 * SQL_VIEWS.len());
    let calls = &wanted["typed.calls"];
    assert!(
        calls.starts_with("create view ledgerline_typed.calls as select "),
        "{calls}"
    );
    for column in [
        "timestamptz 'epoch' + (permitted_at) * interval '1 microsecond' as permitted_at",
        "timestamptz 'epoch' + (permitted_at) * interval '1 microsecond' as permitted_time",
        "(late_answer) <> 0 as late_answer",
    ] {
        assert!(calls.contains(column), "{column}: {calls}");
    }
    for view in SQL_VIEWS {
        let typed = &wanted[&format!("typed.{}", view.name)];
        for column in view.columns {
            assert!(
                typed.contains(&format!(" as {}", column.name)),
                "{}: {typed}",
                column.name
            );
        }
    }
    assert_eq!(super::wanted(Dialect::Sqlite, &tables).len(), SQL_VIEWS.len());
}

#[test]
fn the_reference_is_what_is_made() {
    let path = concat!(env!("CARGO_MANIFEST_DIR"), "/../docs/reference/sql.md");
    let written = std::fs::read_to_string(path).unwrap();
    let made = sql_reference();
    assert!(written.contains(&made), "docs/reference/sql.md lacks:\n{made}");
}

#[tokio::test]
async fn a_question_returns_why_a_customer_was_not_called_and_when_next() {
    let next = ten().plus_ms(3_600_000);
    let mut story = TestHistory::new();
    story
        .created("T")
        .enrolled("T", 1)
        .enrolled("T", 2)
        .whole_call("T", 2);
    let refused = CustomerEvent::DialRefused {
        campaign: campaign("T"),
        call: call("T", 1, 1),
        verdict: Verdict {
            rule: "consent".to_owned(),
            facts: BTreeMap::from([("consent".to_owned(), "withdrawn".to_owned())]),
            ..verdict(Decision::DeferUntil(next))
        },
        not_before: None,
    };
    story.customer(1, refused);
    let (db, _runner) = shown_by_all(&story).await;
    let sql = format!(
        "select due_at, not_called_rule, not_called_facts, not_called_zh, not_called_en from enrolments \
         where customer = '{}'",
        customer(1)
    );
    let mut row = db.query(&sql, Vec::new()).await.unwrap().remove(0);
    assert_eq!(row.at().unwrap(), next);
    assert_eq!(row.text().unwrap(), "consent");
    assert_eq!(row.text().unwrap(), r#"{"consent":"withdrawn"}"#);
    let zh = row.text().unwrap();
    assert!(zh.starts_with("没有有效的同意：同意 已撤回；下次可呼 "), "{zh}");
    assert!(zh.ends_with(" +08:00"), "{zh}");
    let en = row.text().unwrap();
    assert!(
        en.starts_with("there is no consent that counts: consent withdrawn; next due "),
        "{en}"
    );
    // A call's row shows its customer's reason in its campaign; this customer is being called or was called.
    let sql = "select next_due_at, not_called_rule, not_called_zh from calls";
    let mut row = db.query(sql, Vec::new()).await.unwrap().remove(0);
    assert_eq!(row.maybe_at().unwrap(), None);
    assert_eq!(row.maybe_text().unwrap(), None);
    assert_eq!(row.maybe_text().unwrap(), None);

    let mut story = TestHistory::new();
    story.created("T").enrolled("T", 1).granted("T", 1, 1);
    story.customer(
        1,
        CustomerEvent::DialReleased {
            campaign: campaign("T"),
            call: call("T", 1, 1),
            reason: "drain".to_owned(),
            not_before: Some(next),
        },
    );
    let (db, _runner) = shown_by_all(&story).await;
    let sql = "select next_due_at, not_called_rule, not_called_en from calls";
    let mut row = db.query(sql, Vec::new()).await.unwrap().remove(0);
    assert_eq!(row.maybe_at().unwrap(), Some(next));
    assert_eq!(row.text().unwrap(), "drain");
    assert!(
        row.text()
            .unwrap()
            .starts_with("the server was stopping; next due ")
    );
}

#[tokio::test]
async fn who_was_never_asked_because_the_window_is_closed_hears_the_rule_and_when_it_opens() {
    let opens = ten().plus_ms(3_600_000);
    let deferral = verdict(Decision::DeferUntil(opens));
    let mut story = TestHistory::new();
    story.created("T").campaign("T", CampaignEvent::Started {});
    for person in 1..=4 {
        story.enrolled("T", person);
    }
    // Customers who wait for another reason until after the opening, are being called, are settled, or are
    // enrolled elsewhere.
    let later = CustomerEvent::DialRefused {
        campaign: campaign("T"),
        call: call("T", 2, 1),
        verdict: Verdict {
            rule: "frequency_cap".to_owned(),
            ..verdict(Decision::DeferUntil(opens))
        },
        not_before: Some(opens),
    };
    story.customer(2, later).granted("T", 3, 1).whole_call("T", 4);
    story.created("U").enrolled("U", 5);
    for until in [opens.minus_ms(1), opens] {
        let closed = CampaignEvent::WindowClosed {
            verdict: Verdict {
                facts: BTreeMap::from([("hours".to_owned(), "09:00-20:00".to_owned())]),
                ..deferral.clone()
            },
            until,
        };
        story.campaign("T", closed);
    }
    let (db, _runner) = shown_by_all(&story).await;
    let sql = "select not_called_rule, due_at, due_time, not_called_facts, not_called_zh, not_called_en \
               from enrolments where customer = ";
    let of = async |person: u32| {
        let rows = db
            .query(&format!("{sql}'{}'", customer(person)), Vec::new())
            .await;
        rows.unwrap().remove(0)
    };
    let mut row = of(1).await;
    assert_eq!(row.text().unwrap(), "calling_window");
    assert_eq!(row.at().unwrap(), opens);
    assert_eq!(row.text().unwrap(), opens.to_string());
    assert_eq!(row.text().unwrap(), r#"{"hours":"09:00-20:00"}"#);
    let (zh, en) = (row.text().unwrap(), row.text().unwrap());
    assert!(
        zh.starts_with("不在允许的外呼时段：") && zh.contains("；下次可呼 "),
        "{zh}"
    );
    assert!(
        en.starts_with("it is outside the calling hours: ") && en.contains("; next due "),
        "{en}"
    );
    let mut row = of(2).await;
    assert_eq!(row.text().unwrap(), "frequency_cap");
    assert_eq!(row.at().unwrap(), opens);
    for person in 3..=5 {
        assert_eq!(of(person).await.maybe_text().unwrap(), None, "{person}");
    }
}

#[tokio::test]
async fn two_customers_with_one_number_show_different_ids_in_every_view() {
    let mut story = TestHistory::new();
    story.created("T");
    for of in [1, 2] {
        let added = CustomerEvent::NumberAdded {
            number: crate::testing::number(9),
            phone: crate::testing::sealed("phone", true),
            country: None,
        };
        let enrolled = CustomerEvent::Enrolled {
            campaign: campaign("T"),
            list: domain::ids::ListId::derive(&campaign("T"), "00"),
            number: crate::testing::number(9),
            basis: domain::calling_plan::Basis::Contract,
            due_at: ten(),
            variables: BTreeMap::new(),
            placing: None,
        };
        story.customer(of, added).customer(of, enrolled);
    }
    story.number(
        9,
        domain::number::event::NumberEvent::Claimed {
            campaign: campaign("T"),
            customer: customer(1),
        },
    );
    let left_out = CustomerEvent::DialRefused {
        campaign: campaign("T"),
        call: call("T", 2, 1),
        verdict: Verdict {
            rule: "same_number".to_owned(),
            facts: BTreeMap::from([("same_as".to_owned(), customer(1).to_string())]),
            ..verdict(Decision::Forbid)
        },
        not_before: None,
    };
    story.customer(2, left_out);
    let (db, _runner) = shown_by_all(&story).await;
    for view in ["customer_numbers", "enrolments"] {
        let sql = format!("select number from {view} order by customer");
        let rows = db.query(&sql, Vec::new()).await.unwrap();
        let ids: Vec<String> = rows.into_iter().map(|mut row| row.text().unwrap()).collect();
        assert_eq!(ids.len(), 2, "{view}");
        assert_ne!(ids[0], ids[1], "{view}");
        let keyed = domain::number_ids::keyed_number(&crate::testing::number(9), &customer(1));
        assert_eq!(ids[0], keyed.to_string(), "{view}: as events show it");
    }
    let sql = "select not_called_facts, not_called_zh from enrolments where not_called_rule is not null";
    let mut row = db.query(sql, Vec::new()).await.unwrap().remove(0);
    assert_eq!(row.text().unwrap(), "{}");
    assert_eq!(row.text().unwrap(), "同号客户已在任务中");
    let sql = "select stream from audit where kind = 'number.claimed'";
    let mut row = db.query(sql, Vec::new()).await.unwrap().remove(0);
    assert_eq!(row.text().unwrap(), "number");
}
