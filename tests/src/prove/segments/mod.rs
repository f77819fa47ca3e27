//! Proof of segments by comparison with known answers: the required one, letter for letter, and generated
//! ones, on SQLite, on PostgreSQL and for one customer in memory. What is not a segment is refused.
//!
//! The oracle knows the customers by plain fields and each segment by a closure; it shares no code with what
//! reads, stores or evaluates segments.

mod conditions;
mod people;

use crate::direct_log::open_rows;
use crate::postgres::PostgresServer;
use crate::prove::{Form, Proof};
use conditions::SegmentCondition;
use domain::customer::{Profile, profile_changes};
use domain::ids::CustomerId;
use domain::ports::tasks::Tasks;
use domain::segment::Segment;
use domain::time::Timestamp;
use people::{CustomerRandom, NOW_SECONDS, Person};
use projections::SegmentRows;
use serde_json::{Value, json};
use tokio::runtime::Runtime;

/// The most differences listed in the result.
const DIFFERENCES_MAX: usize = 5;

/// Texts that are not segments, each of them SQL or nearly so.
const FORBIDDEN: [&str; 20] = [
    "",
    "SELECT * FROM customers; DELETE FROM segment_people",
    "DELETE FROM customers",
    "UPDATE customers SET age = 1",
    "SELECT age FROM customers",
    "SELECT * FROM segment_people",
    "SELECT * FROM customers, segment_tags",
    "SELECT * FROM customers c JOIN segment_tags t ON TRUE",
    "SELECT * FROM customers WHERE age IN (SELECT 1)",
    "SELECT * FROM customers WHERE EXISTS (SELECT 1 FROM segment_tags)",
    "SELECT * FROM customers UNION SELECT * FROM customers",
    "SELECT * FROM customers WHERE phone = '13800138000'",
    "SELECT * FROM customers WHERE name LIKE '张%'",
    "SELECT * FROM customers WHERE age = 'thirty'",
    "SELECT * FROM customers WHERE region = 5",
    "SELECT * FROM customers WHERE age = NULL",
    "SELECT * FROM customers WHERE 1 = 1",
    "SELECT * FROM customers WHERE sleep(10) = 1",
    "SELECT * FROM customers WHERE age = 1 OR region > 'a'",
    "SELECT * FROM customers WHERE pg_sleep(1) IS NULL",
];

pub(super) fn prove(form: Form) -> Proof {
    let (people_count, questions_count) = match form {
        Form::Short => (120, 60),
        Form::Long => (600, 400),
    };
    let mut drawn = CustomerRandom(0x5eed_0001);
    let people: Vec<Person> = (0..people_count)
        .map(|_| people::draw_person(&mut drawn))
        .collect();
    let mut asked = vec![conditions::build_required_condition()];
    asked.extend((0..questions_count).map(|turn| conditions::draw_condition(&mut drawn, turn % 5)));
    let mut differences = Vec::new();
    let runtime = Runtime::new().expect("a runtime can be made");
    let folder = tempfile::tempdir().expect("a temporary folder can be made");
    let sqlite = format!("sqlite:{}", folder.path().display());
    let mut disagreements = in_memory(&people, &asked, &mut differences);
    disagreements += runtime.block_on(in_rows(&sqlite, &people, &asked, &mut differences));
    let postgres = PostgresServer::start().map(|server| {
        let url = server.url();
        runtime.block_on(in_rows(&url, &people, &asked, &mut differences))
    });
    disagreements += postgres.unwrap_or(0);
    let let_through: Vec<&str> = FORBIDDEN
        .into_iter()
        .filter(|sql| Segment::read(sql).is_ok())
        .collect();
    let meant = people
        .iter()
        .filter(|person| is_meant(&conditions::build_required_condition(), person))
        .count();
    let line = json!({
        "proof": "segments", "people": people.len(), "segments": asked.len(), "required_count": meant,
        "databases": if postgres.is_some() { 2 } else { 1 }, "forbidden": FORBIDDEN.len(),
        "let_through": let_through, "disagreements": disagreements, "told": differences,
        "postgres": postgres.map_or_else(|| json!({ "skipped": "no PostgreSQL here" }), |_| Value::Null),
    });
    Proof {
        line,
        // If no customer matched any segment, little would be proved.
        holds: disagreements == 0 && let_through.is_empty() && meant > 0,
    }
}

fn now() -> Timestamp {
    Timestamp::from_micros(NOW_SECONDS * 1_000_000)
}

fn id(number: usize) -> CustomerId {
    format!("{number:032x}").parse().expect("an id of a customer")
}

fn segment(question: &SegmentCondition) -> Segment {
    let sql = format!("SELECT * FROM customers WHERE {}", question.sql);
    Segment::read(&sql).unwrap_or_else(|fault| crate::program::fail(&format!("{sql}: {fault}")))
}

fn is_meant(question: &SegmentCondition, person: &Person) -> bool {
    !person.is_erased && (question.answer)(person) == Some(true)
}

fn note(differences: &mut Vec<Value>, place: &str, question: &SegmentCondition) {
    if differences.len() < DIFFERENCES_MAX {
        differences.push(json!({ "in": place, "sql": question.sql }));
    }
}

/// Compares the segments in memory, for each customer by the fold of its own events.
fn in_memory(people: &[Person], asked: &[SegmentCondition], differences: &mut Vec<Value>) -> u64 {
    let profiles: Vec<Profile> = people
        .iter()
        .map(|person| {
            let mut profile = Profile::default();
            people::events(person)
                .iter()
                .for_each(|event| profile.evolve(event));
            profile
        })
        .collect();
    let mut disagreements = 0;
    for question in asked {
        let segment = segment(question);
        let mut both = people.iter().zip(&profiles);
        if both.any(|(person, profile)| segment.holds(profile, now()) != is_meant(question, person)) {
            disagreements += 1;
            note(differences, "memory", question);
        }
    }
    disagreements
}

/// Compares the segments in a database, by the ids and by the count.
async fn in_rows(
    spec: &str,
    people: &[Person],
    asked: &[SegmentCondition],
    differences: &mut Vec<Value>,
) -> u64 {
    let (db, tasks) = open_rows(spec).await;
    let rows = SegmentRows::begin(db).await.expect("rows can be made");
    for (number, person) in people.iter().enumerate() {
        let changes = people::events(person).iter().flat_map(profile_changes).collect();
        rows.take(vec![(id(number), changes)])
            .await
            .expect("rows can be written");
    }
    let mut disagreements = 0;
    for question in asked {
        let segment = segment(question);
        let meant = people
            .iter()
            .enumerate()
            .filter(|(_, person)| is_meant(question, person));
        let meant: Vec<CustomerId> = meant.map(|(number, _)| id(number)).collect();
        let found = rows.members(&segment, now(), people.len() as u64).await;
        let count = rows.count(&segment, now()).await;
        if found.as_ref() != Ok(&meant) || count != Ok(meant.len() as u64) {
            disagreements += 1;
            note(differences, spec.split(':').next().unwrap_or_default(), question);
        }
    }
    drop(rows);
    tasks.stop().await;
    disagreements
}

/// Returns the segment of customers with a higher income, which is a sealed attribute.
pub(super) fn of_income_above(income: u32) -> String {
    format!("SELECT * FROM customers WHERE monthly_income > {income}")
}
