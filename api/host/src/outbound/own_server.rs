//! The command line as a client of the running server: which one, with which token, and what it answered.

use crate::data_dir::TOKEN_FILE;
use application::private_file;
use bytes::Bytes;
use domain::problem::{Kind, Problem};
use futures_util::stream;
use http_body_util::combinators::BoxBody;
use http_body_util::{BodyExt, Full, StreamBody};
use hyper::body::{Frame, Incoming};
use hyper::{Method, Request, Response, StatusCode, header};
use hyper_util::client::legacy::Client;
use hyper_util::client::legacy::connect::HttpConnector;
use hyper_util::rt::TokioExecutor;
use serde::{Deserialize, Serialize};
use serde_json::Value;
use std::fs;
use std::io;
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use tokio::io::AsyncReadExt;

/// Where a running server says how to reach it.
pub const SERVER_FILE: &str = "server.json";

/// The server asked when nothing else is named.
const SERVER_DEFAULT: &str = "http://127.0.0.1:8080";

/// Largest reply read whole: the longest pages of the API are far below.
const REPLY_BYTES_MAX: usize = 16 * 1024 * 1024;

/// Bytes of a file sent at a time.
const CHUNK_BYTES: usize = 64 * 1024;

/// Longest line of an event stream: a record has 64 KiB, its CloudEvents form a little more.
const LINE_BYTES_MAX: usize = 256 * 1024;

/// Content of `DIR/server.json`.
#[derive(Debug, Serialize, Deserialize)]
pub struct ServerFile {
    pub url: String,
    pub pid: u32,
    /// Address of the KurrentDB endpoint, while there is one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub kurrent: Option<SocketAddr>,
}

impl ServerFile {
    /// Written when the server listens; a reader never sees half of it.
    pub fn write(&self, directory: &Path) -> io::Result<()> {
        let aside = directory.join(format!("{SERVER_FILE}.new"));
        private_file::write(&aside, &serde_json::to_vec(self)?)?;
        fs::rename(aside, directory.join(SERVER_FILE))
    }

    /// What the last server that ran in the directory has said; it may have ended.
    fn read(directory: &Path) -> io::Result<Self> {
        Ok(serde_json::from_slice(&fs::read(directory.join(SERVER_FILE))?)?)
    }

    /// Says of this process's server where its KurrentDB endpoint is.
    pub fn add_kurrent(directory: &Path, address: SocketAddr) -> io::Result<()> {
        let mut file = Self::read(directory)?;
        file.kurrent = Some(address);
        file.write(directory)
    }
}

/// Which server a command talks to.
#[derive(Debug, Clone, clap::Args)]
pub struct ServerArgs {
    /// The server's address; default: the one named in DIR/server.json with --data, else
    /// http://127.0.0.1:8080
    #[arg(long, value_name = "URL")]
    pub server: Option<String>,
    /// File with the server's token; default: DIR/token with --data. A loopback server asks for none
    #[arg(long, value_name = "F")]
    pub token_file: Option<PathBuf>,
    /// Data directory of the server
    #[arg(long, value_name = "DIR")]
    pub data: Option<PathBuf>,
}

type Body = BoxBody<Bytes, io::Error>;

/// A client of one server.
pub struct OwnServer {
    base: String,
    token: Option<String>,
    client: Client<HttpConnector, Body>,
}

impl OwnServer {
    pub fn find(args: &ServerArgs) -> Result<Self, Problem> {
        let base = match (&args.server, &args.data) {
            (Some(url), _) => url.clone(),
            (None, Some(directory)) => {
                let file = ServerFile::read(directory).map_err(|error| {
                    Problem::unavailable(format!("no server has run in {}: {error}", directory.display()))
                })?;
                file.url
            }
            (None, None) => SERVER_DEFAULT.to_owned(),
        };
        if !base.starts_with("http://") {
            return Err(Problem::invalid(
                "server-unnamed",
                "--server takes an address such as http://127.0.0.1:8080",
            ));
        }
        Ok(Self {
            base: base.trim_end_matches('/').to_owned(),
            token: read_token(args)?,
            client: Client::builder(TokioExecutor::new()).build_http(),
        })
    }

    /// The server of a directory that the process `holder` has locked. What an earlier server has left there
    /// may name an address at which another answers now.
    pub fn of_holder(args: &ServerArgs, directory: &Path, holder: Option<u32>) -> Result<Self, Problem> {
        let serving = ServerFile::read(directory).ok().map(|file| file.pid);
        match holder {
            Some(holder) if serving != Some(holder) => Err(Problem::unavailable(format!(
                "{} is in use by process {holder}, and no server of it answers yet: try again",
                directory.display()
            ))),
            Some(_) | None => Self::find(args),
        }
    }

    /// The reply's JSON, or the problem as a failure.
    pub async fn ask(&self, method: Method, path: &str, body: Option<&Value>) -> Result<Value, Problem> {
        let bytes = body.map_or_else(Bytes::new, |body| Bytes::from(body.to_string()));
        let body = Full::new(bytes).map_err(|never| match never {}).boxed();
        let response = self.send(method, path, "application/json", body).await?;
        read_json(response).await
    }

    /// Sends a file as it is, in pieces.
    pub async fn upload(&self, path: &str, file: tokio::fs::File) -> Result<Value, Problem> {
        let pieces = stream::try_unfold(file, |mut file| async move {
            let mut piece = vec![0_u8; CHUNK_BYTES];
            let count = file.read(&mut piece).await?;
            piece.truncate(count);
            Ok::<_, io::Error>((count > 0).then(|| (Frame::data(Bytes::from(piece)), file)))
        });
        let body = BodyExt::boxed(StreamBody::new(Box::pin(pieces)));
        let response = self
            .send(Method::POST, path, "application/octet-stream", body)
            .await?;
        read_json(response).await
    }

    /// Hands the reply's bytes to `take` as they come; a reply that breaks off is an error.
    pub async fn download<E: From<Problem>>(
        &self,
        path: &str,
        mut take: impl FnMut(&[u8]) -> Result<(), E>,
    ) -> Result<(), E> {
        let mut body = self.open(path).await?;
        while let Some(frame) = body.frame().await {
            let broke = |error| Problem::unavailable(format!("the file broke off: {error}"));
            let frame = frame.map_err(broke)?;
            take(frame.data_ref().map_or(&[], |data| data.as_ref()))?;
        }
        Ok(())
    }

    /// Follows an event stream: every `data` with its `event` name, until the server or `take` ends it.
    pub async fn follow<E: From<Problem>>(
        &self,
        path: &str,
        mut take: impl FnMut(&str, &str) -> Result<(), E>,
    ) -> Result<(), E> {
        let mut body = self.open(path).await?;
        let mut pending = Vec::new();
        let mut name = String::new();
        while let Some(frame) = body.frame().await {
            let frame =
                frame.map_err(|error| Problem::unavailable(format!("the stream broke off: {error}")))?;
            pending.extend_from_slice(frame.data_ref().map_or(&[], |data| data.as_ref()));
            while let Some(end) = pending.iter().position(|&byte| byte == b'\n') {
                let line: Vec<u8> = pending.drain(..=end).collect();
                let line = String::from_utf8_lossy(&line);
                let line = line.trim_end();
                if let Some(event) = line.strip_prefix("event:") {
                    event.trim().clone_into(&mut name);
                } else if let Some(data) = line.strip_prefix("data:") {
                    take(&name, data.trim_start())?;
                } else if line.is_empty() {
                    name.clear();
                }
            }
            if pending.len() > LINE_BYTES_MAX {
                return Err(Problem::fault("a line of the stream is too long").into());
            }
        }
        Ok(())
    }

    /// A reply that is read as it comes.
    async fn open(&self, path: &str) -> Result<Incoming, Problem> {
        let body = Full::new(Bytes::new()).map_err(|never| match never {}).boxed();
        let response = self.send(Method::GET, path, "application/json", body).await?;
        if response.status().is_success() {
            return Ok(response.into_body());
        }
        Err(problem_of(response.status(), &body_of(response).await?))
    }

    async fn send(
        &self,
        method: Method,
        path: &str,
        content_type: &str,
        body: Body,
    ) -> Result<Response<Incoming>, Problem> {
        let mut request = Request::builder()
            .method(method)
            .uri(format!("{}{path}", self.base))
            .header(header::CONTENT_TYPE, content_type);
        if let Some(token) = &self.token {
            request = request.header(header::AUTHORIZATION, format!("Bearer {token}"));
        }
        let request = request
            .body(body)
            .map_err(|error| Problem::invalid("server-unnamed", format!("{}: {error}", self.base)))?;
        self.client.request(request).await.map_err(|error| {
            Problem::unavailable(format!(
                "no server answers at {} ({error}); start one with `ledgerline serve`, or name it with --server",
                self.base
            ))
        })
    }
}

fn read_token(args: &ServerArgs) -> Result<Option<String>, Problem> {
    let (path, given) = match (&args.token_file, &args.data) {
        (Some(path), _) => (path.clone(), true),
        (None, Some(directory)) => (directory.join(TOKEN_FILE), false),
        (None, None) => return Ok(None),
    };
    match fs::read_to_string(&path) {
        Ok(text) => Ok(Some(text.trim().to_owned())),
        Err(_) if !given => Ok(None),
        Err(error) => Err(Problem::invalid(
            "server-unnamed",
            format!("{}: {error}", path.display()),
        )),
    }
}

async fn read_json(response: Response<Incoming>) -> Result<Value, Problem> {
    let status = response.status();
    let body = body_of(response).await?;
    if status.is_success() {
        return Ok(body);
    }
    Err(problem_of(status, &body))
}

async fn body_of(response: Response<Incoming>) -> Result<Value, Problem> {
    let limited = http_body_util::Limited::new(response.into_body(), REPLY_BYTES_MAX);
    let bytes = limited
        .collect()
        .await
        .map_err(|error| Problem::unavailable(format!("the reply broke off: {error}")))?
        .to_bytes();
    serde_json::from_slice(&bytes)
        .map_err(|error| Problem::fault(format!("the server's reply is not JSON: {error}")))
}

/// What the server said, as if it had been said here: its status back to the kind that it was made from.
fn problem_of(status: StatusCode, body: &Value) -> Problem {
    let text = |name: &str| body.get(name).and_then(Value::as_str).unwrap_or_default();
    let kind = match status {
        StatusCode::BAD_REQUEST => Kind::Invalid,
        StatusCode::NOT_FOUND => Kind::Missing,
        StatusCode::CONFLICT => Kind::Conflict,
        StatusCode::TOO_MANY_REQUESTS => Kind::Busy,
        StatusCode::INTERNAL_SERVER_ERROR => Kind::Fault,
        _ if status.is_server_error() => Kind::Unavailable,
        _ => Kind::Refused,
    };
    Problem::new(
        kind,
        "server-said",
        format!("{}: {}", text("title"), text("detail")),
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_server_of_a_directory_is_found_and_none_is_an_error() {
        let directory = tempfile::tempdir().unwrap();
        let args = ServerArgs {
            server: None,
            token_file: None,
            data: Some(directory.path().to_owned()),
        };
        assert!(OwnServer::find(&args).is_err());
        let file = ServerFile {
            url: "http://127.0.0.1:9/".to_owned(),
            pid: 1,
            kurrent: None,
        };
        file.write(directory.path()).unwrap();
        fs::write(directory.path().join(TOKEN_FILE), "t\n").unwrap();
        let server = OwnServer::find(&args).unwrap();
        assert_eq!(
            (server.base.as_str(), server.token.as_deref()),
            ("http://127.0.0.1:9", Some("t"))
        );
    }
}
