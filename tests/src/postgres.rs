//! A private PostgreSQL server: durable, on a Unix socket in a temporary folder, killed and started at will.
//!
//! PostgreSQL refuses to run as root; a root user's server runs as `postgres`.

use crate::passing_time::HUNG_AFTER;
use crate::program::{Program, command, fail, free_tcp_port};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::sync::{Mutex, MutexGuard, PoisonError};
use tempfile::TempDir;
use tls::IdentityFiles;

/// The line that the server prints when it accepts connections.
const SAYS_READY: &str = "database system is ready to accept connections";

/// The port in the name of its socket, if it listens on no TCP port.
const PORT: u16 = 5_432;

/// The scheme of its URLs.
const SCHEME: &str = "postgres";

/// The settings that decide whether an acknowledged commit survives a crash; they must be on.
pub const DURABLE_SETTINGS: [&str; 3] = ["fsync", "synchronous_commit", "full_page_writes"];

/// A PostgreSQL server. It is stopped and removed when dropped.
pub struct PostgresServer {
    folder: TempDir,
    programs: PathBuf,
    as_postgres: bool,
    /// The loopback port with TLS; without one the server listens on its socket only.
    port: Option<u16>,
    /// The server process, a child of ours: when it has ended, no process of it is left.
    running: Mutex<Option<Program>>,
}

/// Returns the folder of the server's programs, if they are installed; Debian keeps them outside the path.
pub fn programs() -> Option<PathBuf> {
    let versions = std::fs::read_dir("/usr/lib/postgresql")
        .into_iter()
        .flatten()
        .flatten();
    let debian = versions.map(|version| version.path().join("bin"));
    let path = std::env::var_os("PATH").unwrap_or_default();
    let others = std::env::split_paths(&path).collect::<Vec<_>>();
    debian.chain(others).find(|folder| folder.join("initdb").exists())
}

impl PostgresServer {
    /// Creates and starts a server; `None` if its programs are not installed.
    pub fn start() -> Option<Self> {
        let server = Self::make()?;
        server.restart();
        Some(server)
    }

    /// As [`Self::start`], and listens on loopback with TLS and this certificate.
    pub fn start_secured(files: &IdentityFiles) -> Option<Self> {
        let mut server = Self::make()?;
        server.port = Some(free_tcp_port());
        for (from, name) in [(&files.certificate, "server.crt"), (&files.key, "server.key")] {
            let to = server.data().join(name);
            let mut install = command("install");
            install.args(["-m", "600"]).arg(from).arg(&to);
            if server.as_postgres {
                install.args(["-o", "postgres"]);
            }
            assert!(succeeds(&mut install), "{name} can be given to it");
        }
        server.restart();
        Some(server)
    }

    /// Returns the number of connections of a role that present a certificate with its name.
    pub fn certified(&self, role: &str) -> i64 {
        self.count(&format!(
            "SELECT count(*) FROM pg_stat_ssl JOIN pg_stat_activity USING (pid) \
             WHERE usename = '{role}' AND client_dn LIKE '%{role}%'"
        ))
    }

    /// Configures the server to accept this role on loopback only with a certificate of its name from one of
    /// the authorities in the file.
    pub fn demand_certificate(&self, role: &str, authorities: &Path) {
        let to = self.data().join("root.crt");
        let mut install = command("install");
        assert!(
            succeeds(install.args(["-m", "644"]).arg(authorities).arg(to)),
            "it can be given one"
        );
        let rules = format!(
            "local all all trust\nhostssl all {role} 127.0.0.1/32 cert\nhostssl all all 127.0.0.1/32 trust\n"
        );
        std::fs::write(self.data().join("pg_hba.conf"), rules).expect("its rules can be written");
        for sql in [
            "ALTER SYSTEM SET ssl_ca_file = 'root.crt'",
            "SELECT pg_reload_conf()",
        ] {
            self.run_sql(sql);
        }
    }

    /// Configures the server to accept this role on loopback only with this password, with or without TLS.
    pub fn demand_password(&self, role: &str, password: &str) {
        let rules = format!(
            "local all all trust\nhost all {role} 127.0.0.1/32 scram-sha-256\nhostssl all all 127.0.0.1/32 trust\n"
        );
        std::fs::write(self.data().join("pg_hba.conf"), rules).expect("its rules can be written");
        self.run_sql(&format!("CREATE ROLE {role} LOGIN PASSWORD '{password}'"));
        self.run_sql("SELECT pg_reload_conf()");
    }

    fn make() -> Option<Self> {
        let programs = programs()?;
        let folder = tempfile::tempdir().expect("a temporary folder can be made");
        let root = command("id").arg("-u").output();
        let as_postgres = root.is_ok_and(|output| output.stdout.starts_with(b"0\n"));
        if as_postgres {
            let given = command("chown").arg("postgres").arg(folder.path()).status();
            assert!(
                given.is_ok_and(|status| status.success()),
                "the folder can be given away"
            );
        }
        let server = Self {
            folder,
            programs,
            as_postgres,
            port: None,
            running: Mutex::default(),
        };
        let mut init = server.program("initdb");
        init.arg("-D").arg(server.data());
        init.args([
            "-U",
            "ledgerline",
            "-A",
            "trust",
            "-E",
            "UTF8",
            "--locale=C",
            "--no-sync",
        ]);
        assert!(succeeds(&mut init), "initdb makes a database");
        Some(server)
    }

    /// Returns the URL of its database.
    pub fn url(&self) -> String {
        let host = self.folder.path().display().to_string().replace('/', "%2F");
        let port = self.port.unwrap_or(PORT);
        format!("{SCHEME}://ledgerline@{host}:{port}/postgres")
    }

    /// Returns the URL of a database on loopback under this host name; `None` without TLS.
    pub fn secured_url(&self, host: &str, database: &str) -> Option<String> {
        let port = self.port?;
        Some(format!("{SCHEME}://ledgerline@{host}:{port}/{database}"))
    }

    /// Starts the server. Waits first until the processes of a killed one, which hold its memory for a
    /// moment, have ended.
    pub fn restart(&self) {
        let mut running = self.running();
        if let Some(mut before) = running.take()
            && before.wait(HUNG_AFTER).is_none()
        {
            fail("the processes of the killed server do not end");
        }
        let (listen, port) = match self.port {
            Some(port) => ("127.0.0.1", port),
            None => ("", PORT),
        };
        let folder = self.folder.path().display().to_string();
        let mut start = command("sh");
        start.args(["-c", "exec \"$@\" 2>&1", "sh"]);
        if self.as_postgres {
            start.args(["setpriv", "--reuid=postgres", "--regid=postgres", "--init-groups"]);
        }
        start
            .arg(self.programs.join("postgres"))
            .arg("-D")
            .arg(self.data());
        for setting in [
            format!("listen_addresses={listen}"),
            format!("port={port}"),
            format!("unix_socket_directories={folder}"),
            format!("ssl={}", if self.port.is_some() { "on" } else { "off" }),
            // Refusals are reported to the client.
            "log_min_messages=log".to_owned(),
            "shared_buffers=64MB".to_owned(),
            "max_connections=200".to_owned(),
        ] {
            start.arg("-c").arg(setting);
        }
        for setting in DURABLE_SETTINGS {
            start.arg("-c").arg(format!("{setting}=on"));
        }
        start.current_dir("/");
        let mut server = Program::start(start);
        if server
            .line(HUNG_AFTER, |line| line.contains(SAYS_READY))
            .is_none()
        {
            fail(&format!("PostgreSQL does not start: {:?}", server.seen()));
        }
        *running = Some(server);
    }

    fn running(&self) -> MutexGuard<'_, Option<Program>> {
        self.running.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Sends SIGKILL to the server process, not to the processes that serve connections.
    pub fn kill(&self) {
        let id = self.id();
        let status = command("kill").args(["-KILL", &id]).status();
        assert!(
            status.is_ok_and(|status| status.success()),
            "kill -KILL {id} works"
        );
    }

    /// Sends a signal, such as `STOP`, to every process of the server. With `STOP` connections stay and get
    /// no response.
    pub fn signal_all(&self, name: &str) {
        let id = self.id();
        let mut all = children_of(&id);
        all.push(id);
        let status = command("kill").arg(format!("-{name}")).args(&all).status();
        assert!(
            status.is_ok_and(|status| status.success()),
            "kill -{name} {all:?} works"
        );
    }

    /// Returns the process id of the server.
    fn id(&self) -> String {
        let file = self.data().join("postmaster.pid");
        let text = std::fs::read_to_string(file).expect("a running server has a file with its id");
        text.lines().next().unwrap_or_default().to_owned()
    }

    /// Makes all sessions read-only by default, including the open ones (`on`), or ends that (`off`).
    pub fn set_read_only(&self, value: &str) {
        for sql in [
            format!("ALTER SYSTEM SET default_transaction_read_only = {value}"),
            "SELECT pg_reload_conf()".to_owned(),
        ] {
            self.run_sql(&sql);
        }
    }

    /// Returns the value that `SHOW` prints for a setting.
    pub fn show(&self, setting: &str) -> String {
        let mut client = postgres::Client::connect(&self.url(), postgres::NoTls).expect("it runs");
        let row = client
            .query_one(&format!("SHOW {setting}"), &[])
            .expect("the setting exists");
        row.get(0)
    }

    /// Returns the number that a query returns.
    pub fn count(&self, sql: &str) -> i64 {
        let mut client = postgres::Client::connect(&self.url(), postgres::NoTls).expect("it runs");
        client.query_one(sql, &[]).expect("the query makes sense").get(0)
    }

    /// Runs a statement in its database.
    pub fn run_sql(&self, sql: &str) {
        let mut client = postgres::Client::connect(&self.url(), postgres::NoTls).expect("it runs");
        client.batch_execute(sql).expect("the statement makes sense");
    }

    /// Deletes the last events of the log, as restoring an older copy of the database does.
    pub fn cut_tail(&self, events_count: u32) {
        self.run_sql(&format!(
            "DELETE FROM ledgerline.event WHERE pos > (SELECT max(pos) FROM ledgerline.event) - {events_count};
             UPDATE ledgerline.head SET pos = (SELECT max(pos) FROM ledgerline.event)"
        ));
    }

    /// Dumps its database as text. Returns false if that failed.
    pub fn dump(&self, to: &Path) -> bool {
        let Ok(file) = std::fs::File::create(to) else {
            return false;
        };
        let mut dump = self.program("pg_dump");
        succeeds(dump.arg("-d").arg(self.url()).stdout(file))
    }

    /// Returns the folder of its files, which include the write-ahead log.
    pub fn files(&self) -> PathBuf {
        self.data()
    }

    fn data(&self) -> PathBuf {
        self.folder.path().join("data")
    }

    fn program(&self, name: &str) -> Command {
        let path: &Path = &self.programs.join(name);
        let mut program = if self.as_postgres {
            let mut program = command("runuser");
            program.args(["-u", "postgres", "--"]).arg(path);
            program
        } else {
            command(path)
        };
        program
            .current_dir("/")
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(Stdio::null());
        program
    }
}

impl Drop for PostgresServer {
    fn drop(&mut self) {
        let mut stop = self.program("pg_ctl");
        stop.arg("-D")
            .arg(self.data())
            .args(["-m", "immediate", "-w", "-s", "stop"]);
        succeeds(&mut stop);
    }
}

/// Returns the ids of the child processes of a process.
fn children_of(id: &str) -> Vec<String> {
    let is_child = |process: &String| {
        let stat = std::fs::read_to_string(format!("/proc/{process}/stat")).unwrap_or_default();
        // After the name in parentheses: the state, then the parent.
        let (_, behind) = stat.rsplit_once(')').unwrap_or_default();
        behind.split_whitespace().nth(1) == Some(id)
    };
    let processes = std::fs::read_dir("/proc").into_iter().flatten().flatten();
    let names = processes.filter_map(|entry| entry.file_name().into_string().ok());
    names.filter(is_child).collect()
}

fn succeeds(command: &mut Command) -> bool {
    command.status().is_ok_and(|status| status.success())
}
