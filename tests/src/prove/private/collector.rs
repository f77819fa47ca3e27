//! Collectors of traces: one in Python that reads them with the messages of opentelemetry-proto, and a small
//! one that only stores their bytes.

use super::super::external_programs::{build_folder, python_with};
use crate::passing_time::HUNG_AFTER;
use crate::program::{Program, command, fail};
use serde_json::Value;
use std::fs::{File, OpenOptions};
use std::io::{BufRead, BufReader, Read, Write};
use std::net::{TcpListener, TcpStream};
use std::path::{Path, PathBuf};

/// The files of a collector in its folder: the bytes of all requests, and a line per span.
const BYTES_FILE: &str = "traces.bin";
const SPANS_FILE: &str = "spans.jsonl";

/// A running collector.
pub(super) struct Collector {
    pub(super) url: String,
    folder: PathBuf,
    _program: Option<Program>,
}

impl Collector {
    /// Starts the collector in Python. Returns why it cannot run here.
    pub(super) fn in_python(folder: &Path) -> Result<Self, String> {
        let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("clients/otlp/receiver.py");
        let pinned = script.with_file_name("requirements.txt");
        let python = python_with(&pinned, &build_folder("otlp", "python"))?;
        let mut receive = command(python);
        receive.arg(script).arg(folder);
        let mut program = Program::start(receive);
        let line = program.line(HUNG_AFTER, |line| line.starts_with("port "));
        let port = line.and_then(|line| line.strip_prefix("port ")?.parse::<u16>().ok());
        let port = port.ok_or("the collector does not start")?;
        Ok(Self {
            url: format!("http://127.0.0.1:{port}"),
            folder: folder.to_owned(),
            _program: Some(program),
        })
    }

    /// Starts a collector that stores bytes. It runs until the process ends.
    #[expect(clippy::disallowed_methods, reason = "the proof's own collector, on loopback")]
    pub(super) fn of_bytes(folder: &Path) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0");
        let listener = listener.unwrap_or_else(|error| fail(&format!("no collector: {error}")));
        let address = listener.local_addr().expect("who listens has an address");
        let file = folder.join(BYTES_FILE);
        File::create(&file).expect("a file can be made");
        std::thread::spawn(move || {
            // The exporter has one connection at a time.
            for stream in listener.incoming().flatten() {
                let mut kept = OpenOptions::new().append(true).open(&file).expect("it was made");
                while take(&stream, &mut kept).is_some() {}
            }
        });
        Self {
            url: format!("http://{address}"),
            folder: folder.to_owned(),
            _program: None,
        }
    }

    /// Returns the bytes of all requests.
    pub(super) fn bytes(&self) -> Vec<u8> {
        std::fs::read(self.folder.join(BYTES_FILE)).unwrap_or_default()
    }

    /// Returns the spans that were read; none if this collector stores only bytes.
    pub(super) fn spans(&self) -> Vec<Value> {
        let text = std::fs::read_to_string(self.folder.join(SPANS_FILE)).unwrap_or_default();
        text.lines()
            .filter_map(|line| serde_json::from_str(line).ok())
            .collect()
    }
}

/// Reads one request and stores its body before it answers. `None` at the end of the connection.
fn take(stream: &TcpStream, kept: &mut File) -> Option<()> {
    let mut reader = BufReader::new(stream.try_clone().ok()?);
    let (mut line, mut length) = (String::new(), 0_usize);
    if reader.read_line(&mut line).ok()? == 0 {
        return None;
    }
    while line != "\r\n" {
        line.clear();
        if reader.read_line(&mut line).ok()? == 0 {
            return None;
        }
        if let Some((name, value)) = line.split_once(':')
            && name.eq_ignore_ascii_case("content-length")
        {
            length = value.trim().parse().ok()?;
        }
    }
    let mut body = vec![0; length];
    reader.read_exact(&mut body).ok()?;
    kept.write_all(&body).ok()?;
    let mut answers = stream;
    answers
        .write_all(b"HTTP/1.1 200 OK\r\ncontent-length: 0\r\n\r\n")
        .ok()
}
