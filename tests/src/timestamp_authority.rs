//! A timestamping authority (RFC 3161) on loopback: `openssl ts -reply` behind a minimal HTTP server.

use crate::program::{command, fail};
use std::fs;
use std::io::{BufRead, BufReader, Read, Write};
use std::net::{TcpListener, TcpStream};
use std::path::{Path, PathBuf};

/// The largest request that it accepts.
const QUESTION_BYTES_MAX: usize = 4_096;

const CONFIG: &str = "
[req]
distinguished_name = dn
[dn]
[ca]
basicConstraints = critical,CA:TRUE
keyUsage = critical,keyCertSign
[tsa_certificate]
basicConstraints = critical,CA:FALSE
keyUsage = critical,digitalSignature
extendedKeyUsage = critical,timeStamping
[tsa]
default_tsa = one
[one]
serial = serial
signer_cert = tsa.pem
certs = ca.pem
signer_key = tsa.key
signer_digest = sha256
default_policy = 1.2.3.4.1
digests = sha256
accuracy = secs:1
clock_precision_digits = 3
ess_cert_id_alg = sha256
";

/// A running timestamping authority; its files are in a folder of its own.
pub struct TimestampAuthority {
    pub url: String,
    /// The certificate for `openssl ts -verify -CAfile`.
    pub ca: PathBuf,
}

impl TimestampAuthority {
    /// Creates keys and certificates in `folder`, then responds until the test ends.
    #[expect(
        clippy::disallowed_methods,
        reason = "a server of the tests' own, on loopback"
    )]
    pub fn start(folder: &Path) -> Self {
        fs::create_dir_all(folder).expect("a folder can be made");
        fs::write(folder.join("tsa.cnf"), CONFIG).expect("a file can be written");
        fs::write(folder.join("serial"), "01\n").expect("a file can be written");
        for line in [
            "req -new -x509 -newkey ed25519 -nodes -keyout ca.key -out ca.pem -days 2 -subj /CN=ca -config tsa.cnf -extensions ca",
            "req -new -newkey rsa:2048 -nodes -keyout tsa.key -out tsa.csr -subj /CN=tsa -config tsa.cnf",
            "x509 -req -in tsa.csr -CA ca.pem -CAkey ca.key -set_serial 2 -days 2 -out tsa.pem -extfile tsa.cnf -extensions tsa_certificate",
        ] {
            openssl(folder, line);
        }
        let listener = TcpListener::bind("127.0.0.1:0").expect("loopback has a free port");
        let address = listener.local_addr().expect("it is bound");
        let own = folder.to_owned();
        std::thread::spawn(move || {
            for stream in listener.incoming().flatten() {
                answer(stream, &own);
            }
        });
        Self {
            url: format!("http://{address}/tsr"),
            ca: folder.join("ca.pem"),
        }
    }

    /// Returns true if `openssl ts -verify` accepts a stamp over a file.
    pub fn verifies(&self, data: &Path, stamp: &Path) -> bool {
        let status = command("openssl")
            .args(["ts", "-verify", "-data"])
            .arg(data)
            .arg("-in")
            .arg(stamp)
            .arg("-CAfile")
            .arg(&self.ca)
            .output();
        status.is_ok_and(|output| output.status.success())
    }
}

fn openssl(folder: &Path, line: &str) {
    let done = command("openssl")
        .args(line.split(' '))
        .current_dir(folder)
        .output();
    match done {
        Ok(output) if output.status.success() => {}
        other => fail(&format!("openssl {line}: {other:?}")),
    }
}

/// Handles one HTTP/1.1 request: with a stamp of the authority, or 400.
fn answer(mut stream: TcpStream, folder: &Path) {
    let Some(question) = read_question(&stream) else {
        drop(stream.write_all(b"HTTP/1.1 400 Bad Request\r\nContent-Length: 0\r\nConnection: close\r\n\r\n"));
        return;
    };
    fs::write(folder.join("query.tsq"), question).expect("a file can be written");
    openssl(
        folder,
        "ts -reply -queryfile query.tsq -out reply.tsr -config tsa.cnf",
    );
    let reply = fs::read(folder.join("reply.tsr")).expect("openssl wrote it");
    let head = format!(
        "HTTP/1.1 200 OK\r\nContent-Type: application/timestamp-reply\r\nContent-Length: {}\r\nConnection: close\r\n\r\n",
        reply.len()
    );
    // The client may have closed the connection.
    drop(
        stream
            .write_all(head.as_bytes())
            .and_then(|()| stream.write_all(&reply)),
    );
}

fn read_question(stream: &TcpStream) -> Option<Vec<u8>> {
    let mut reader = BufReader::new(stream);
    let (mut length, mut is_query) = (0, false);
    loop {
        let mut line = String::new();
        reader.read_line(&mut line).ok()?;
        let line = line.trim_end().to_ascii_lowercase();
        if line.is_empty() {
            break;
        }
        match line.split_once(':') {
            Some(("content-length", value)) => length = value.trim().parse().ok()?,
            Some(("content-type", value)) => is_query = value.trim() == "application/timestamp-query",
            _ => {}
        }
    }
    if !is_query || length > QUESTION_BYTES_MAX {
        return None;
    }
    let mut question = vec![0; length];
    reader.read_exact(&mut question).ok()?;
    Some(question)
}
