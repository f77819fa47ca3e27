//! Reads: from a bare handler, made for the first time, repeated as a whole, and repeated by clients that
//! already have the response.

use super::connection::{Connection, Reply, ServerAccess};
use crate::append::actors::run_in_tasks;
use crate::figures::{Report, Target};
use crate::opt_out_command::opt_out;
use crate::stopwatch::{Stopwatch, float};
use application::installation::Installation;
use domain::problem::Problem;
use http::server::bind;
use std::net::{Ipv4Addr, SocketAddr};
use std::sync::Arc;
use warp::Filter;
use warp::http::header::{CACHE_CONTROL, CONTENT_TYPE, ETAG, X_CONTENT_TYPE_OPTIONS};
use warp::reply::Response;

/// Target: repeated reads per second over those of a bare handler with the same bytes (issue 13, figures to
/// reach).
const REPEATED_MIN: f64 = 0.7;

/// The readers in parallel.
const READERS: usize = 8;

/// The number of reads in one round, of all readers together.
const READS: usize = 16_000;

/// The number of reads for which no response is cached: each is another question.
const FIRST_READS: usize = 1_000;

/// The number of rounds; their median counts.
const ROUNDS: usize = 3;

/// The campaign that is read.
const CAMPAIGN: &str = "MEASURED";

pub(super) async fn measure(
    installation: &Arc<Installation>,
    door: &ServerAccess,
    report: &mut Report,
) -> Result<(), Problem> {
    prepare(installation, door).await?;
    let path = format!("/api/v1/campaigns/{CAMPAIGN}/report");
    let known = kept(installation, door, &path).await?;
    report.fact("bytes_of_the_read", known.body.len() as u64);
    let bare = bare(installation, &known).await?;
    let whole = door.get(&path, None);
    let unless = door.get(&path, known.tag.as_deref());
    let mut rates = Vec::new();
    for _ in 0..ROUNDS {
        let of_bare = rate(installation, &bare, vec![whole.clone()], READS, 200).await?;
        let again = rate(installation, door, vec![whole.clone()], READS, 200).await?;
        let there = rate(installation, door, vec![unless.clone()], READS, 304).await?;
        rates.push((of_bare, again, there));
    }
    let firsts =
        (1..=FIRST_READS).map(|position| door.get(&format!("{path}?after_position={position}"), None));
    let first = rate(installation, door, firsts.collect(), FIRST_READS, 200).await?;
    let median = |of: fn(&(f64, f64, f64)) -> f64| {
        let mut all: Vec<f64> = rates.iter().map(of).collect();
        all.sort_by(f64::total_cmp);
        all.get(ROUNDS / 2).copied().unwrap_or(f64::NAN)
    };
    report.value(
        "reads: a bare warp handler, a second",
        median(|rate| rate.0),
        None,
    );
    report.value(
        "reads: repeated, the whole reply, a second",
        median(|rate| rate.1),
        None,
    );
    report.value(
        "reads: repeated with If-None-Match, a second",
        median(|rate| rate.2),
        None,
    );
    report.value("reads: made for the first time, a second", first, None);
    report.rounds(
        "reads: repeated, the whole reply / bare",
        rates.iter().map(|rate| rate.1 / rate.0),
        Some(Target::AtLeast(REPEATED_MIN)),
    );
    report.rounds(
        "reads: repeated with If-None-Match / bare",
        rates.iter().map(|rate| rate.2 / rate.0),
        Some(Target::AtLeast(REPEATED_MIN)),
    );
    Ok(())
}

/// Creates a campaign, and appends as many events as there are first reads, so that each reads another
/// position.
async fn prepare(installation: &Arc<Installation>, door: &ServerAccess) -> Result<(), Problem> {
    let body = format!(
        "{{\"task_id\":\"{CAMPAIGN}\",\"script_template\":\"您好。\",\
         \"schedule\":{{\"start_time\":\"09:00\",\"end_time\":\"18:00\"}}}}"
    );
    let mut connection = Connection::open(door.address).await?;
    let made = connection.ask(&door.post("/api/v1/campaigns", &body)).await?;
    if made.status != 201 {
        return Err(Problem::fault(format!("the campaign gets {}", made.status)));
    }
    for number in 0..FIRST_READS {
        opt_out(installation, &format!("+86139{number:08}")).await?;
    }
    Ok(())
}

/// Waits until the rows contain the whole log and returns the response to a read, which the server then has
/// cached.
async fn kept(installation: &Installation, door: &ServerAccess, path: &str) -> Result<Reply, Problem> {
    let mut connection = Connection::open(door.address).await?;
    let head = installation.store().head().await?;
    let request = door.get(&format!("{path}?after_position={head}"), None);
    connection.ask(&request).await?;
    let reply = connection.ask(&door.get(path, None)).await?;
    match (reply.status, &reply.tag) {
        (200, Some(_)) => Ok(reply),
        (status, _) => Err(Problem::fault(format!("the read gets {status}, without a tag"))),
    }
}

/// Starts a server of the library alone, with one handler that responds with these bytes and the same
/// headers.
async fn bare(installation: &Installation, known: &Reply) -> Result<ServerAccess, Problem> {
    let listener = bind(SocketAddr::from((Ipv4Addr::LOCALHOST, 0))).await?;
    let address = listener.local_addr()?;
    let (body, tag) = (known.body.clone(), known.tag.clone().unwrap_or_default());
    let handler = warp::any().map(move || {
        let mut response = Response::new(body.clone().into());
        for (name, value) in [
            (CONTENT_TYPE, "application/json"),
            (X_CONTENT_TYPE_OPTIONS, "nosniff"),
            (CACHE_CONTROL, "private, no-cache"),
            (ETAG, tag.as_str()),
        ] {
            if let Ok(value) = value.parse() {
                response.headers_mut().insert(name, value);
            }
        }
        response
    });
    let stop = installation.tasks().stop_signal();
    installation.tasks().spawn(
        "bare server",
        Box::pin(async move {
            tokio::select! {
                () = stop.stopping() => {}
                () = warp::serve(handler).incoming(listener).run() => {}
            }
        }),
    );
    Ok(ServerAccess {
        address,
        bearer: String::new(),
    })
}

/// Returns the reads per second of several readers in parallel; each response must have `status`.
async fn rate(
    installation: &Arc<Installation>,
    door: &ServerAccess,
    requests: Vec<Vec<u8>>,
    count: usize,
    status: u16,
) -> Result<f64, Problem> {
    let (requests, address) = (Arc::new(requests), door.address);
    let watch = Stopwatch::start();
    let parts = run_in_tasks(installation.tasks(), READERS, |readers| {
        let requests = Arc::clone(&requests);
        async move {
            let each = readers.map(|reader| read(&requests, address, reader, count / READERS, status));
            futures_util::future::try_join_all(each).await
        }
    });
    let done: usize = parts.await?.into_iter().flatten().sum();
    Ok(float(done as u64) * 1e9 / float(watch.nanos()))
}

async fn read(
    requests: &[Vec<u8>],
    address: SocketAddr,
    reader: usize,
    count: usize,
    status: u16,
) -> Result<usize, Problem> {
    let mut connection = Connection::open(address).await?;
    let mine = requests.iter().cycle().skip(reader * count).take(count);
    for request in mine {
        let reply = connection.ask(request).await?;
        if reply.status != status {
            return Err(Problem::fault(format!(
                "a read gets {}, not {status}",
                reply.status
            )));
        }
    }
    Ok(count)
}
