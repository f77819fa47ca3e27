//! A `ledgerline serve` in a process of its own, and its HTTP routes as an integrator uses them.

use super::described::{Came, Description, description};
use super::door;
use super::program::{Program, command, fail, ledgerline, run, run_json};
use serde_json::Value;
use std::io::{BufRead, BufReader};
use std::net::TcpStream;
use std::path::{Path, PathBuf};
use std::process::{Command, ExitStatus, Output};
use std::time::Duration;

/// The instant every rehearsal of the stories starts at: a Monday morning in Beijing.
pub const REHEARSAL: &str = "2026-03-02T10:00:00+08:00";

/// Longest wait for a server to become ready, recovery of a killed one included.
const READY: Duration = Duration::from_secs(60);

/// Longest wait for the whole of an answer.
const ANSWERED: Duration = Duration::from_secs(20);

/// How the lines begin by which it says whether it is ready, and whether it dials.
const SAYS_READY: &str = "ready ";
const SAYS_OF_DIALING: &str = "dialing ";

/// Longest wait for the end of a server that drains.
const DRAINED: Duration = Duration::from_secs(30);

pub struct Server {
    pub program: Program,
    pub url: String,
    data: PathBuf,
}

/// The reply of one request.
#[derive(Debug, Clone)]
pub struct Reply {
    pub status: u16,
    pub position: Option<u64>,
    pub body: Value,
}

impl Server {
    /// The command line of a rehearsing server on `data` with one trunk; the system chooses its port.
    pub fn command(data: &Path, trunk: &str) -> Command {
        Self::wrapped(command(ledgerline()), data, trunk)
    }

    /// The same arguments behind another program, such as strace.
    pub fn wrapped(program: Command, data: &Path, trunk: &str) -> Command {
        Self::rehearsing_at(program, data, trunk, REHEARSAL)
    }

    /// The same with another instant to begin at.
    pub fn rehearsing_at(mut program: Command, data: &Path, trunk: &str, at: &str) -> Command {
        program.arg("serve").arg("--data").arg(data);
        program.args(["--trunk", trunk, "--rehearse-at", at]);
        program.args(["--http", "127.0.0.1:0", "--drain", "5s"]);
        program
    }

    pub fn start(data: &Path, trunk: &str) -> Self {
        let mut server = Self::of(Self::command(data, trunk), data);
        if !server.wait_ready() {
            fail("the server does not become ready");
        }
        server
    }

    /// Starts a server whose address is not known before it says so in `server.json`.
    pub fn of(command: Command, data: &Path) -> Self {
        // A server that was killed has left its address behind.
        drop(std::fs::remove_file(data.join("server.json")));
        Self {
            program: Program::start(command),
            url: String::new(),
            data: data.to_owned(),
        }
    }

    /// False when the program ended first, or did not get ready in time.
    pub fn wait_ready(&mut self) -> bool {
        self.says_ready(READY) && self.find().is_some_and(|ready| ready.status == 200)
    }

    /// Finds where it is, as it says itself; answers what it says of its readiness there.
    fn find(&mut self) -> Option<Reply> {
        let text = std::fs::read_to_string(self.data.join("server.json")).ok()?;
        let said: Value = serde_json::from_str(&text).ok()?;
        said.get("url")?
            .as_str()?
            .trim_end_matches('/')
            .clone_into(&mut self.url);
        door::remember(&self.url, &door::token(&self.data)?);
        self.get("/readyz").ok()
    }

    /// True once it says that it is ready; false when it ends first, or does not say so `within`.
    pub fn says_ready(&self, within: Duration) -> bool {
        self.program
            .says(SAYS_READY, within, |said| said == "yes")
            .is_some()
    }

    /// Why it is not ready, once it says so.
    pub fn says_not_ready(&self, within: Duration) -> Option<String> {
        let said = self.program.says(SAYS_READY, within, |said| said != "yes")?;
        Some(said.trim_start_matches("no: ").to_owned())
    }

    /// True once it says this of dialing, in the word that `/readyz` has for it.
    pub fn says_of_dialing(&self, word: &str, within: Duration) -> bool {
        let is_said = |said: &str| said.split_once(':').is_some_and(|(said, _)| said == word);
        self.program.says(SAYS_OF_DIALING, within, is_said).is_some()
    }

    /// Connections that say nothing, at most so many; those that the server does not take count too.
    #[expect(
        clippy::disallowed_methods,
        reason = "plays strangers who connect and say nothing"
    )]
    pub fn connect_silently(&self, count: usize) -> Vec<TcpStream> {
        let address = self.url.trim_start_matches("http://");
        (0..count)
            .map_while(|_| TcpStream::connect(address).ok())
            .collect()
    }

    /// The value of `Authorization` that this server takes.
    pub fn bearer(&self) -> String {
        door::bearer(&self.url).unwrap_or_else(|| fail("the server is not ready"))
    }

    /// What a command is given to ask this server, wherever it runs.
    pub fn named(&self) -> [String; 4] {
        let token = door::token_file(&self.data).to_string_lossy().into_owned();
        let named = ["--server", &self.url, "--token-file", &token];
        named.map(str::to_owned)
    }

    /// Runs a command that asks this server.
    pub fn run(&self, args: &[&str]) -> Output {
        let named = self.named();
        let named = named.each_ref().map(String::as_str);
        run(&[args, &named].concat())
    }

    /// The same, with the last line that it says as JSON.
    pub fn run_json(&self, args: &[&str]) -> Result<(ExitStatus, Value), String> {
        let named = self.named();
        let named = named.each_ref().map(String::as_str);
        run_json(&[args, &named].concat())
    }

    /// What it describes itself to be; the story ends without it.
    pub fn description(&self) -> Description {
        match self.get("/api/v1/openapi.json") {
            Ok(reply) if reply.status == 200 => Description::new(reply.body),
            other => fail(&format!("there is no description: {other:?}")),
        }
    }

    /// Drains it; true when it had not ended before, and ends as asked.
    pub fn drains(&mut self) -> bool {
        let was_up = self.program.ended().is_none();
        self.program.drains(DRAINED) && was_up
    }

    pub fn get(&self, path: &str) -> Result<Reply, String> {
        request("GET", &format!("{}{path}", self.url), None)
    }

    pub fn post(&self, path: &str, body: &Value) -> Result<Reply, String> {
        request("POST", &format!("{}{path}", self.url), Some(body))
    }

    /// Posts and expects success.
    pub fn must_post(&self, path: &str, body: &Value) -> Reply {
        match self.post(path, body) {
            Ok(reply) if reply.status < 300 => reply,
            other => fail(&format!("POST {path}: {other:?}")),
        }
    }
}

/// One request with a short time-out; an error is a connection that failed, not a status. A reply that is not
/// as the server describes it ends the story.
pub fn request(method: &str, url: &str, body: Option<&Value>) -> Result<Reply, String> {
    let (reply, media_type) = asked(method, url, body)?;
    let (origin, path) = place(url);
    let known = description(|| {
        let (reply, _) = asked("GET", &format!("{origin}/api/v1/openapi.json"), None).ok()?;
        (reply.status == 200 && reply.body.is_object()).then_some(reply.body)
    });
    let came = Came {
        method,
        path,
        status: reply.status,
        media_type: &media_type,
        body: &reply.body,
    };
    let wrong = known.map_or_else(Vec::new, |known| known.check(&came));
    if !wrong.is_empty() {
        fail(&wrong.join("\n"));
    }
    Ok(reply)
}

/// Where a server is, and what is asked of it.
fn place(url: &str) -> (&str, &str) {
    let host = url.find("://").map_or(0, |scheme| scheme + 3);
    let path = url.get(host..).and_then(|rest| rest.find('/'));
    url.split_at(path.map_or(url.len(), |path| host + path))
}

/// One request with the token of the server, where it is one of ours; its reply and media type.
pub(crate) fn asked(method: &str, url: &str, body: Option<&Value>) -> Result<(Reply, String), String> {
    let (origin, _) = place(url);
    asked_with(method, url, &door::bearer(origin).unwrap_or_default(), body)
}

/// Room for what is read and for what is written at once. The default is eight times as large, and a debug
/// build spends a quarter of the time of a request on setting it to zero, byte by byte.
const ROOM: usize = 16 * 1024;

/// Who asks a server, for whom any status is an answer, and who waits so long for the whole of it.
pub(crate) fn agent(within: Duration) -> ureq::Agent {
    ureq::Agent::config_builder()
        .http_status_as_error(false)
        .timeout_global(Some(within))
        .input_buffer_size(ROOM)
        .output_buffer_size(ROOM)
        .build()
        .into()
}

/// What a stream says until it has caught up or ends, with an `Authorization` of its own.
pub(crate) fn followed(url: &str, authorization: &str) -> Result<String, String> {
    let answer = agent(ANSWERED)
        .get(url)
        .header("authorization", authorization)
        .call();
    let mut answer = answer.map_err(|error| error.to_string())?;
    let mut told = String::new();
    for line in BufReader::new(answer.body_mut().as_reader()).lines() {
        let Ok(line) = line else { break };
        let is_caught_up = line.contains("caught-up") || line.contains("event:figures");
        told.push_str(&line);
        told.push('\n');
        if is_caught_up {
            break;
        }
    }
    Ok(told)
}

/// One request with an `Authorization` of its own.
pub(crate) fn asked_with(
    method: &str,
    url: &str,
    bearer: &str,
    body: Option<&Value>,
) -> Result<(Reply, String), String> {
    let agent = agent(ANSWERED);
    let answer = match (method, body) {
        ("GET", _) => agent.get(url).header("authorization", bearer).call(),
        ("PUT", Some(body)) => agent.put(url).header("authorization", bearer).send_json(body),
        ("PUT", None) => agent.put(url).header("authorization", bearer).send_empty(),
        (_, Some(body)) => agent.post(url).header("authorization", bearer).send_json(body),
        (_, None) => agent.post(url).header("authorization", bearer).send_empty(),
    };
    let mut answer = answer.map_err(|error| error.to_string())?;
    let header = |name: &str| answer.headers().get(name).and_then(|value| value.to_str().ok());
    let position = header("x-event-position").and_then(|position| position.parse().ok());
    let media_type = header("content-type").unwrap_or_default().to_owned();
    // A stream has no end.
    let text = match media_type.starts_with("text/event-stream") {
        true => String::new(),
        // Sound is no text.
        false => {
            let bytes = answer
                .body_mut()
                .read_to_vec()
                .map_err(|error| error.to_string())?;
            String::from_utf8_lossy(&bytes).into_owned()
        }
    };
    let reply = Reply {
        status: answer.status().as_u16(),
        position,
        body: serde_json::from_str(&text).unwrap_or(Value::String(text)),
    };
    Ok((reply, media_type))
}
