//! Finds the running server for commands, and sends requests to it over HTTP with its token.

use crate::data_dir::TOKEN_FILE;
use crate::outbound::api_client::{ApiClient, ReplyBody, RequestBody, RequestHandler, SIGN_IN_PATH};
use application::private_file;
use async_trait::async_trait;
use domain::problem::{Problem, ProblemKind};
use http_body_util::BodyExt;
use http_client::{AllowedAddresses, ClientOptions, HttpClient};
use hyper::http::uri::Uri;
use hyper::{Request, Response, StatusCode, header};
use serde::{Deserialize, Serialize};
use std::fs;
use std::io;
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use tls::{Fingerprint, TlsError, Trust};

/// The file in which a running server writes its URL.
pub const SERVER_FILE: &str = "server.json";

/// The URL of the server if no other is named.
const SERVER_DEFAULT: &str = "http://127.0.0.1:8080";

/// The content of `DIR/server.json`.
#[derive(Debug, Serialize, Deserialize)]
pub struct ServerFile {
    pub url: String,
    pub pid: u32,
    /// The URL for browsers, if the operator named one (`--public-url`).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub public_url: Option<String>,
    /// The address of the KurrentDB endpoint, if there is one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub kurrent: Option<SocketAddr>,
    /// The SHA-256 of the server's certificate, if it uses TLS. Commands on the directory accept this
    /// certificate, whatever host it is for.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub certificate: Option<String>,
}

impl ServerFile {
    /// Writes `server.json` into the directory when the server listens. Atomic: a reader never sees half of
    /// it.
    pub fn write(&self, directory: &Path) -> io::Result<()> {
        let aside = directory.join(format!("{SERVER_FILE}.new"));
        private_file::write(&aside, &serde_json::to_vec(self)?)?;
        fs::rename(aside, directory.join(SERVER_FILE))
    }

    /// Reads `server.json` of the last server that ran in the directory. That server may have ended.
    fn read(directory: &Path) -> io::Result<Self> {
        Ok(serde_json::from_slice(&fs::read(directory.join(SERVER_FILE))?)?)
    }

    /// Replaces the certificate's fingerprint in the `server.json` of this process's server.
    pub fn renew_certificate(directory: &Path, certificate: Fingerprint) -> io::Result<()> {
        let mut file = Self::read(directory)?;
        file.certificate = Some(certificate.to_string());
        file.write(directory)
    }
}

/// The arguments that select the server of a command.
#[derive(Debug, Clone, clap::Args)]
pub struct ServerArgs {
    /// URL of the server; default: the one in DIR/server.json with --data, else http://127.0.0.1:8080
    #[arg(long, value_name = "URL")]
    pub server: Option<String>,
    /// File with the token that the server requires; default: DIR/token with --data
    #[arg(long, value_name = "F")]
    pub token_file: Option<PathBuf>,
    /// Data directory of the server
    #[arg(long, value_name = "DIR")]
    pub data: Option<PathBuf>,
    /// Certificate authorities (PEM) that are accepted for an https server; default: those of this system,
    /// and with --data the certificate of the server that runs there
    #[arg(long, value_name = "F")]
    pub ca_file: Option<PathBuf>,
}

impl ServerArgs {
    /// Returns the server's URL: `--server` if given, else the one in DIR/server.json (that server may have
    /// stopped), else http://127.0.0.1:8080.
    pub fn address(&self) -> String {
        let run = self
            .data
            .as_deref()
            .and_then(|directory| ServerFile::read(directory).ok());
        let known = self.server.clone().or(run.map(|file| file.url));
        known.unwrap_or_else(|| SERVER_DEFAULT.to_owned())
    }

    /// Returns the URL for browsers: the one that the operator named for the server in `data`, else
    /// `address`.
    pub fn url_for_browsers(&self) -> String {
        let run = self
            .data
            .as_deref()
            .filter(|_| self.server.is_none())
            .and_then(|directory| ServerFile::read(directory).ok());
        run.and_then(|file| file.public_url)
            .unwrap_or_else(|| self.address())
    }
}

/// A connection to a server: its URL, token and HTTP client.
pub struct ServerConnection {
    base: String,
    token: Option<String>,
    client: HttpClient,
}

impl ServerConnection {
    /// Returns a client of the server that the arguments select. Fails if no server has run in the directory,
    /// or if an argument cannot be used.
    pub fn find(args: &ServerArgs) -> Result<ApiClient, Problem> {
        Self::named(args).map(ApiClient::of)
    }

    fn named(args: &ServerArgs) -> Result<Self, Problem> {
        let run = args.data.as_deref().map(|directory| {
            ServerFile::read(directory).map_err(|error| {
                Problem::unavailable(format!("no server has run in {}: {error}", directory.display()))
            })
        });
        let (base, run) = match (&args.server, run) {
            (Some(url), run) => (url.clone(), run.and_then(Result::ok)),
            (None, Some(run)) => {
                let run = run?;
                (run.url.clone(), Some(run))
            }
            (None, None) => (SERVER_DEFAULT.to_owned(), None),
        };
        let client = HttpClient::new(ClientOptions::new(
            trust(args, &base, run.as_ref())?,
            AllowedAddresses::Anywhere,
        ))?;
        Ok(Self {
            base: base.trim_end_matches('/').to_owned(),
            token: read_token(args)?,
            client,
        })
    }

    /// Returns a client of the server on a directory that the process `holder` has locked. Fails if
    /// `server.json` is of another process: at an earlier server's address another program may answer now.
    pub fn of_holder(args: &ServerArgs, directory: &Path, holder: Option<u32>) -> Result<ApiClient, Problem> {
        let serving = ServerFile::read(directory).ok().map(|file| file.pid);
        match holder {
            Some(holder) if serving != Some(holder) => Err(Problem::unavailable(format!(
                "{} is in use by process {holder}, which does not serve requests yet: try again",
                directory.display()
            ))),
            Some(_) | None => Self::find(args),
        }
    }
}

impl ServerConnection {
    /// Returns the problem of a missing or wrong token, with where to find it.
    fn not_let_in(&self) -> Problem {
        let what = match self.token {
            None => "requires its token",
            Some(_) => "does not accept this token",
        };
        Problem::new(
            ProblemKind::Unauthenticated,
            "token-needed",
            format!(
                "the server at {} {what}: name it with --token-file F, or the server's directory with --data DIR \
                 (the token is in DIR/token, which only its owner can read)",
                self.base
            ),
        )
    }
}

impl ServerConnection {
    /// Returns the problem of a server with a certificate that is not accepted.
    fn not_believed(&self, why: &str) -> Problem {
        Problem::new(
            ProblemKind::Unavailable,
            "server-not-believed",
            format!(
                "the server at {} is not trusted: {why}; name its authority with --ca-file F, or the server's \
                 directory with --data DIR",
                self.base
            ),
        )
    }
}

/// Returns which certificates are accepted for the server's URL.
fn trust(args: &ServerArgs, base: &str, run: Option<&ServerFile>) -> Result<Trust, Problem> {
    if base.starts_with("http://") {
        return match args.ca_file {
            None => Ok(Trust::none()),
            Some(_) => Err(Problem::invalid(
                "server-unnamed",
                "--ca-file is for a server with an address that begins with https://",
            )),
        };
    }
    if !base.starts_with("https://") {
        return Err(Problem::invalid(
            "server-unnamed",
            "--server takes an address such as http://127.0.0.1:8080 or https://dialer.example.com:8443",
        ));
    }
    let own: Option<&str> = run.and_then(|run| run.certificate.as_deref());
    let own: Option<Fingerprint> = own.map(str::parse).transpose().map_err(Problem::from)?;
    if let Some(file) = &args.ca_file {
        return Trust::of_file(file).map_err(Problem::from);
    }
    match (own, &args.server) {
        (Some(own), None) => Ok(Trust::none().or_certificate(own)),
        // At another address the same server has the same certificate.
        (Some(own), Some(_)) => Ok(Trust::of_system()
            .unwrap_or_else(|_: TlsError| Trust::none())
            .or_certificate(own)),
        (None, _) => Ok(Trust::of_system()?),
    }
}

#[async_trait]
impl RequestHandler for ServerConnection {
    async fn answer(&self, request: Request<RequestBody>) -> Result<Response<ReplyBody>, Problem> {
        let unnamed = |error: &dyn std::fmt::Display| {
            Problem::invalid("server-unnamed", format!("{}: {error}", self.base))
        };
        let (mut head, body) = request.into_parts();
        let target: Result<Uri, _> = format!("{}{}", self.base, head.uri).parse();
        head.uri = target.map_err(|error| unnamed(&error))?;
        // Sign-in requests and requests in a session have their own credentials.
        let is_of_session = head.headers.contains_key(header::COOKIE) || head.uri.path() == SIGN_IN_PATH;
        if let Some(token) = self.token.as_ref().filter(|_| !is_of_session) {
            let value = format!("Bearer {token}").parse();
            head.headers.insert(
                header::AUTHORIZATION,
                value.map_err(|error: header::InvalidHeaderValue| unnamed(&error))?,
            );
        }
        let answered = self.client.send(Request::from_parts(head, body)).await;
        let response = answered.map_err(|error| {
            if let Some(why) = tls::find_tls_error_text(&error) {
                return self.not_believed(&why);
            }
            Problem::unavailable(format!(
                "no server answers at {} ({}); start one with `ledgerline serve`, or name it with --server",
                self.base,
                error.cause_text()
            ))
        })?;
        if response.status() == StatusCode::UNAUTHORIZED && !is_of_session {
            return Err(self.not_let_in());
        }
        Ok(response.map(|body| body.map_err(io::Error::other).boxed_unsync()))
    }

    /// Does nothing: the server continues to run.
    async fn close(&self) {}

    fn is_this_process(&self) -> bool {
        false
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

#[cfg(test)]
mod tests {
    use super::*;
    use http_client::full_body;

    #[tokio::test]
    async fn a_server_that_is_away_is_named_with_the_cause() {
        let args = ServerArgs {
            server: Some("http://127.0.0.1:9".to_owned()),
            token_file: None,
            data: None,
            ca_file: None,
        };
        let server = ServerConnection::named(&args).unwrap();
        let problem = server
            .answer(Request::get("/").body(full_body("")).unwrap())
            .await;
        let detail = problem.err().unwrap().detail;
        assert!(detail.contains("127.0.0.1:9 (Connection refused"), "{detail}");
    }

    #[test]
    fn the_server_of_a_directory_is_found_and_none_is_an_error() {
        let directory = tempfile::tempdir().unwrap();
        let args = ServerArgs {
            server: None,
            token_file: None,
            data: Some(directory.path().to_owned()),
            ca_file: None,
        };
        assert!(ServerConnection::named(&args).is_err());
        let file = ServerFile {
            url: "http://127.0.0.1:9/".to_owned(),
            pid: 1,
            public_url: Some("https://calls.example.com".to_owned()),
            kurrent: None,
            certificate: None,
        };
        file.write(directory.path()).unwrap();
        fs::write(directory.path().join(TOKEN_FILE), "t\n").unwrap();
        assert_eq!(args.address(), "http://127.0.0.1:9/");
        assert_eq!(args.url_for_browsers(), "https://calls.example.com");
        let server = ServerConnection::named(&args).unwrap();
        assert_eq!(
            (server.base.as_str(), server.token.as_deref()),
            ("http://127.0.0.1:9", Some("t"))
        );
    }
}
