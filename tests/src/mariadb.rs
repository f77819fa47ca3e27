//! A private MariaDB server on loopback, in a temporary folder, which is removed with it.

use crate::passing_time::HUNG_AFTER;
use crate::program::{Program, command, fail, free_tcp_port, is_installed};
use std::path::Path;
use std::process::Command;
use tempfile::TempDir;

/// The line that the server prints when it accepts connections.
const SAYS_READY: &str = "ready for connections";

/// The user with read permission, the password, and the password encoded for a URL.
pub const USER: &str = "reader";
pub const PASSWORD: &str = "p@ss&word";
pub const PASSWORD_IN_URL: &str = "p%40ss%26word";

/// The database that the user may read.
pub const DATABASE: &str = "call_center";

/// A running MariaDB server. It is stopped and removed when dropped.
pub struct MariaDb {
    folder: TempDir,
    port: u16,
    server: Option<Program>,
}

impl MariaDb {
    /// Installs and starts a server with an empty database. Returns `None` if its programs are not installed.
    pub fn start() -> Option<Self> {
        if !Path::new("/usr/sbin/mariadbd").exists() || !is_installed("mariadb-install-db") {
            return None;
        }
        let mut made = Self {
            folder: tempfile::tempdir().expect("a temporary folder can be made"),
            port: free_tcp_port(),
            server: None,
        };
        let mut install = made.of_its_own(command("mariadb-install-db"));
        install.args([
            "--no-defaults",
            "--skip-test-db",
            "--auth-root-authentication-method=normal",
        ]);
        install.args(["--user=root"]).arg(made.data());
        let installed = install.output().expect("mariadb-install-db runs");
        if !installed.status.success() {
            let said = String::from_utf8_lossy(&installed.stdout).into_owned();
            let errors = String::from_utf8_lossy(&installed.stderr);
            fail(&format!("mariadb-install-db: {said}{errors}"));
        }
        made.restart();
        made.run(
            "",
            &format!(
                "create database {DATABASE} character set utf8mb4;
             create user {USER}@'127.0.0.1' identified by '{PASSWORD}';
             grant select on {DATABASE}.* to {USER}@'127.0.0.1';"
            ),
        );
        Some(made)
    }

    /// Sets a folder of its own for temporary tables: a starting server deletes all that it finds in the
    /// folder, including those of other running servers.
    fn of_its_own(&self, mut program: Command) -> Command {
        program.env("TMPDIR", self.folder.path());
        program
    }

    fn data(&self) -> String {
        format!("--datadir={}", self.folder.path().join("d").display())
    }

    fn socket(&self) -> String {
        format!("--socket={}", self.folder.path().join("s").display())
    }

    fn restart(&mut self) {
        let mut start = self.of_its_own(command("sh"));
        start.args([
            "-c",
            "exec \"$@\" 2>&1",
            "sh",
            "/usr/sbin/mariadbd",
            "--no-defaults",
            "--user=root",
        ]);
        start.arg(self.data()).arg(self.socket());
        start.args(["--bind-address=127.0.0.1", "--skip-name-resolve"]);
        start.arg(format!("--port={}", self.port));
        let mut server = Program::start(start);
        if server
            .line(HUNG_AFTER, |line| line.contains(SAYS_READY))
            .is_none()
        {
            fail(&format!("MariaDB does not start: {:?}", server.seen()));
        }
        self.server = Some(server);
    }

    /// Runs statements in the database, as its owner.
    pub fn run_sql(&self, text: &str) {
        self.run(DATABASE, text);
    }

    fn run(&self, database: &str, text: &str) {
        let mut client = command("mariadb");
        client.args(["--no-defaults", "-u", "root"]).arg(self.socket());
        let ran = client
            .args(["-e", text, database])
            .output()
            .expect("the client runs");
        if !ran.status.success() {
            fail(&format!("MariaDB: {}", String::from_utf8_lossy(&ran.stderr)));
        }
    }

    /// Returns the loopback port of the server.
    pub fn port(&self) -> u16 {
        self.port
    }
}
