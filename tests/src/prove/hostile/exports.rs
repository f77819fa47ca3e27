//! Attack: three hundred clients request an export and read nothing of it. Other requests must get responses
//! meanwhile.

use super::{AttackContext, Verdict, ask_each};
use crate::passing_time::{HUNG_AFTER, come_again};
use crate::program::instant;
use crate::prove::Form;
use crate::prove::crash::records;
use crate::server::request;
use serde_json::json;
use std::collections::BTreeMap;
use std::io::{Read, Write};
use std::net::TcpStream;
use std::time::Duration;

/// The number of concurrent clients.
const READERS: usize = 300;

/// The campaign that only makes the log long; none of its customers is called.
const LONG: &str = "LONG";

/// The bytes that a client reads to keep its slot, and every how many attempts of another client it does so.
const PIECE_BYTES: usize = 64 * 1024;
const PIECE_EACH: u32 = 5;

/// The longest wait of another client for such a slot.
const PLACE_WITHIN: Duration = Duration::from_secs(60);

/// The longest time until an export is written after the attack.
const AGAIN_WITHIN: Duration = Duration::from_secs(20);

pub(super) fn request_unread_exports(stage: &AttackContext<'_>) -> Verdict {
    let people = match stage.form {
        Form::Short => 1_000,
        Form::Long => 10_000,
    };
    let campaign = json!({"task_id": LONG, "script_template": "您好。", "basis": "contract"});
    stage.server.must_post("/api/v1/campaigns", &campaign);
    for page in records(people, 7).chunks(1_000) {
        let list = json!({"task_id": LONG, "records": page});
        stage.server.must_post("/api/v1/tasks/data", &list);
    }
    let mut broken = Vec::new();
    let mut readers: Vec<TcpStream> = (0..READERS).filter_map(|_| ask(stage)).collect();
    if readers.len() < READERS {
        broken.push(format!("only {} of {READERS} could ask", readers.len()));
    }
    let (not_passed, passed_ms) = stage.must_pass(40);
    broken.extend(not_passed);
    let others = [
        (
            "POST",
            "/api/v1/query".to_owned(),
            json!({"sql": "select count(*) from calls"}),
        ),
        ("GET", "/api/v1/campaigns".to_owned(), json!({})),
        ("GET", "/readyz".to_owned(), json!({})),
    ];
    let (not_answered, answered_ms) = ask_each(stage.form, &stage.server.url, &others);
    broken.extend(not_answered);
    let slowest = passed_ms.max(answered_ms);
    let mut answers: BTreeMap<String, usize> = BTreeMap::new();
    let mut holding = Vec::new();
    for mut reader in readers.drain(..) {
        let status = status(&mut reader);
        if status == "200" {
            holding.push(reader);
        }
        *answers.entry(status).or_default() += 1;
    }
    let of = |status: &str| answers.get(status).copied().unwrap_or(0);
    if of("200") == 0 || of("429") == 0 || of("200") + of("429") < READERS {
        broken.push(format!("the readers were answered {answers:?}"));
    }
    let waited_ms = match stage.form {
        Form::Short => None,
        Form::Long => Some(waited_for_a_place(stage, &mut holding, &mut broken)),
    };
    drop(holding);
    // Slots are free again, and an export is written to its end.
    if come_again(stage.form.waits(AGAIN_WITHIN), || {
        is_exported(stage).then_some(())
    })
    .is_none()
    {
        broken.push("no export was written afterwards".to_owned());
    }
    Verdict {
        broken,
        measured: json!({"readers": READERS, "answers": answers, "waited_for_a_place_ms": waited_ms,
            "slowest_ms": u64::try_from(slowest).unwrap_or(u64::MAX)}),
    }
}

/// Lets the clients that hold the slots read a little now and then: another client must get the slot of one
/// of them.
fn waited_for_a_place(stage: &AttackContext<'_>, holding: &mut [TcpStream], broken: &mut Vec<String>) -> u64 {
    let began = instant();
    let mut piece = vec![0; PIECE_BYTES];
    let mut times = 0;
    let is_written = come_again(PLACE_WITHIN, || {
        for reader in holding.iter_mut().filter(|_| times % PIECE_EACH == 0) {
            // A client that lost its slot reads the end of the stream, or an error.
            drop(reader.read(&mut piece));
        }
        times += 1;
        is_exported(stage).then_some(())
    });
    if is_written.is_none() {
        broken.push("clients that read little kept their slots".to_owned());
    }
    u64::try_from((instant() - began).as_millis()).unwrap_or(u64::MAX)
}

fn is_exported(stage: &AttackContext<'_>) -> bool {
    let path = format!("{}/api/v1/exports/calls?format=csv", stage.server.url);
    request("GET", &path, None).is_ok_and(|reply| reply.status == 200)
}

#[expect(clippy::disallowed_methods, reason = "plays a reader who takes nothing")]
fn ask(stage: &AttackContext<'_>) -> Option<TcpStream> {
    let address = stage.server.url.trim_start_matches("http://");
    let mut stream = TcpStream::connect(address).ok()?;
    stream.set_read_timeout(Some(HUNG_AFTER)).ok()?;
    let head = format!(
        "GET /api/v1/exports/events?format=jsonl HTTP/1.1\r\nhost: {address}\r\nauthorization: {}\r\n\
         connection: close\r\n\r\n",
        stage.server.bearer()
    );
    stream.write_all(head.as_bytes()).ok()?;
    Some(stream)
}

/// Returns the status of a client's response, or why there is none.
fn status(stream: &mut TcpStream) -> String {
    let mut start = [0; 12];
    match stream.read_exact(&mut start) {
        Ok(()) => String::from_utf8_lossy(&start)
            .get(9..12)
            .unwrap_or("?")
            .to_owned(),
        Err(error) => error.to_string(),
    }
}
