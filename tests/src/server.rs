//! A `ledgerline serve` in a process of its own, and requests to its HTTP routes as an integrator sends them.

use super::api_description::{ApiExchange, Description, description};
use super::program::{Program, command, fail, ledgerline, run, run_json};
use super::server_tokens;
use crate::passing_time::HUNG_AFTER;
use serde_json::Value;
use std::io::{BufRead, BufReader};
use std::net::TcpStream;
use std::path::{Path, PathBuf};
use std::process::{Command, ExitStatus, Output};
use std::time::Duration;

/// The instant at which rehearsals in tests start: a Monday morning in Beijing.
pub const REHEARSAL: &str = "2026-03-02T10:00:00+08:00";

/// The beginnings of the lines in which a server prints whether it is ready, and whether it dials.
const SAYS_READY: &str = "ready ";
const SAYS_OF_DIALING: &str = "dialing ";

pub struct Server {
    pub program: Program,
    pub url: String,
    data: PathBuf,
}

/// The response to one request.
#[derive(Debug, Clone)]
pub struct Reply {
    pub status: u16,
    pub position: Option<u64>,
    pub body: Value,
}

impl Server {
    /// Returns the command line of a server in a rehearsal on `data` with one trunk. The system chooses its
    /// port.
    pub fn command(data: &Path, trunk: &str) -> Command {
        Self::wrapped(command(ledgerline()), data, trunk)
    }

    /// As [`Self::command`], started by another program, such as strace.
    pub fn wrapped(program: Command, data: &Path, trunk: &str) -> Command {
        Self::rehearsing_at(program, data, trunk, REHEARSAL)
    }

    /// As [`Self::wrapped`], with the rehearsal starting at another instant.
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

    /// Starts a server. Its address is unknown until it has written `server.json`.
    pub fn of(command: Command, data: &Path) -> Self {
        // A killed server leaves its file behind.
        drop(std::fs::remove_file(data.join("server.json")));
        Self {
            program: Program::start(command),
            url: String::new(),
            data: data.to_owned(),
        }
    }

    /// Waits until the server is ready. Returns false if the program ended first, or was not ready in time.
    pub fn wait_ready(&mut self) -> bool {
        self.says_ready(HUNG_AFTER) && self.find().is_some_and(|ready| ready.status == 200)
    }

    /// Reads the server's URL from `server.json`. Returns its response of `/readyz`.
    fn find(&mut self) -> Option<Reply> {
        let text = std::fs::read_to_string(self.data.join("server.json")).ok()?;
        let said: Value = serde_json::from_str(&text).ok()?;
        said.get("url")?
            .as_str()?
            .trim_end_matches('/')
            .clone_into(&mut self.url);
        server_tokens::store_token(&self.url, &server_tokens::token(&self.data)?);
        self.get("/readyz").ok()
    }

    /// Waits until the server prints that it is ready. Returns false if it ends first, or after `within`.
    pub fn says_ready(&self, within: Duration) -> bool {
        self.program
            .says(SAYS_READY, within, |said| said == "yes")
            .is_some()
    }

    /// Waits until the server prints that it is not ready, and returns the reason.
    pub fn says_not_ready(&self, within: Duration) -> Option<String> {
        let said = self.program.says(SAYS_READY, within, |said| said != "yes")?;
        Some(said.trim_start_matches("no: ").to_owned())
    }

    /// Waits until the server prints this state of dialing, given as the word that `/readyz` returns for it.
    pub fn says_of_dialing(&self, word: &str, within: Duration) -> bool {
        let is_said = |said: &str| said.split_once(':').is_some_and(|(said, _)| said == word);
        self.program.says(SAYS_OF_DIALING, within, is_said).is_some()
    }

    /// Opens at most `count` connections that send nothing, including those that the server does not accept.
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

    /// Returns the value of `Authorization` that this server accepts.
    pub fn bearer(&self) -> String {
        server_tokens::bearer(&self.url).unwrap_or_else(|| fail("the server is not ready"))
    }

    /// Returns the arguments with which a command reaches this server from anywhere.
    pub fn named(&self) -> [String; 4] {
        let token = server_tokens::token_file(&self.data)
            .to_string_lossy()
            .into_owned();
        let named = ["--server", &self.url, "--token-file", &token];
        named.map(str::to_owned)
    }

    /// Runs a command against this server.
    pub fn run(&self, args: &[&str]) -> Output {
        let named = self.named();
        let named = named.each_ref().map(String::as_str);
        run(&[args, &named].concat())
    }

    /// As [`Self::run`], and parses the last line of output as JSON.
    pub fn run_json(&self, args: &[&str]) -> Result<(ExitStatus, Value), String> {
        let named = self.named();
        let named = named.each_ref().map(String::as_str);
        run_json(&[args, &named].concat())
    }

    /// Returns the server's OpenAPI description. Fails the test if there is none.
    pub fn description(&self) -> Description {
        match self.get("/api/v1/openapi.json") {
            Ok(reply) if reply.status == 200 => Description::new(reply.body),
            other => fail(&format!("there is no description: {other:?}")),
        }
    }

    /// Drains the server. Returns true if it was still running and ended with success.
    pub fn drains(&mut self) -> bool {
        let was_up = self.program.ended().is_none();
        self.program.drains(HUNG_AFTER) && was_up
    }

    pub fn get(&self, path: &str) -> Result<Reply, String> {
        request("GET", &format!("{}{path}", self.url), None)
    }

    pub fn post(&self, path: &str, body: &Value) -> Result<Reply, String> {
        request("POST", &format!("{}{path}", self.url), Some(body))
    }

    /// Sends a POST request and fails the test unless it succeeds.
    pub fn must_post(&self, path: &str, body: &Value) -> Reply {
        match self.post(path, body) {
            Ok(reply) if reply.status < 300 => reply,
            other => fail(&format!("POST {path}: {other:?}")),
        }
    }
}

/// Sends one request with a short timeout. An error is a failed connection, not a status. Fails the test if
/// the response differs from the server's description.
pub fn request(method: &str, url: &str, body: Option<&Value>) -> Result<Reply, String> {
    let (reply, media_type) = send_request(method, url, body)?;
    let (origin, path) = place(url);
    let known = description(|| {
        let (reply, _) = send_request("GET", &format!("{origin}/api/v1/openapi.json"), None).ok()?;
        (reply.status == 200 && reply.body.is_object()).then_some(reply.body)
    });
    let came = ApiExchange {
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

/// Splits a URL into the server's origin and the path.
fn place(url: &str) -> (&str, &str) {
    let host = url.find("://").map_or(0, |scheme| scheme + 3);
    let path = url.get(host..).and_then(|rest| rest.find('/'));
    url.split_at(path.map_or(url.len(), |path| host + path))
}

/// Sends one request with the server's token, if this process started it. Returns the response and its media
/// type.
pub(crate) fn send_request(method: &str, url: &str, body: Option<&Value>) -> Result<(Reply, String), String> {
    let (origin, _) = place(url);
    send_request_as(
        method,
        url,
        &server_tokens::bearer(origin).unwrap_or_default(),
        body,
    )
}

/// The size of the read and write buffers. The default is eight times as large, and a debug build spends a
/// quarter of a request's time on zeroing it byte by byte.
const ROOM: usize = 16 * 1024;

/// Makes an HTTP client that returns any status as a response and waits so long for the complete response.
pub(crate) fn agent(within: Duration) -> ureq::Agent {
    ureq::Agent::config_builder()
        .http_status_as_error(false)
        .timeout_global(Some(within))
        .input_buffer_size(ROOM)
        .output_buffer_size(ROOM)
        .build()
        .into()
}

/// Reads an event stream until it has caught up or ends, with this `Authorization`. Returns its text.
pub(crate) fn read_event_stream(url: &str, authorization: &str) -> Result<String, String> {
    let answer = agent(HUNG_AFTER)
        .get(url)
        .header("authorization", authorization)
        .call();
    let mut answer = answer.map_err(|error| error.to_string())?;
    let mut text = String::new();
    for line in BufReader::new(answer.body_mut().as_reader()).lines() {
        let Ok(line) = line else { break };
        let is_caught_up = line.contains("caught-up") || line.contains("event:figures");
        text.push_str(&line);
        text.push('\n');
        if is_caught_up {
            break;
        }
    }
    Ok(text)
}

/// Sends one request with this `Authorization`.
pub(crate) fn send_request_as(
    method: &str,
    url: &str,
    bearer: &str,
    body: Option<&Value>,
) -> Result<(Reply, String), String> {
    let agent = agent(HUNG_AFTER);
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
    // A stream has no end and is not read.
    let text = match media_type.starts_with("text/event-stream") {
        true => String::new(),
        // Audio is not text.
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
