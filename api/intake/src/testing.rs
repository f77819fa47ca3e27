//! Test doubles for the import: a vault without secrets, and tasks on the test's own runtime.

use async_trait::async_trait;
use domain::ids::{CustomerId, NumberId};
use domain::personal::{LookupHash, Sealed};
use domain::ports::tasks::{StopSignal, TaskFuture, Tasks};
use domain::ports::vault::{DestroyedKey, PersonKey, Vault, VaultError};
use domain::time::Timestamp;
use sha2::{Digest, Sha256};
use std::sync::Arc;

fn derive(text: &str) -> String {
    domain::hex::encode(&Sha256::digest(text.as_bytes())[..16])
}

pub struct PlainVault;

#[async_trait]
impl Vault for PlainVault {
    async fn key(&self, person: &CustomerId) -> Result<PersonKey, VaultError> {
        Ok(PersonKey::new(person.clone(), [0; 32]))
    }
    async fn existing_key(&self, person: &CustomerId) -> Result<Option<PersonKey>, VaultError> {
        self.key(person).await.map(Some)
    }
    async fn destroy(&self, person: &CustomerId, _: Timestamp) -> Result<DestroyedKey, VaultError> {
        Err(VaultError::Destroyed(person.clone()))
    }
    async fn destroyed(&self, _: &CustomerId) -> Result<Option<DestroyedKey>, VaultError> {
        Ok(None)
    }
    fn forget_cached(&self, _: &CustomerId) {}
    fn seal(&self, _: &PersonKey, _: [u8; 12], _: &[u8], _: &str) -> Result<Sealed, VaultError> {
        Err(VaultError::DoesNotOpen)
    }
    fn open(&self, _: &PersonKey, _: &[u8], _: &Sealed) -> Result<String, VaultError> {
        Err(VaultError::DoesNotOpen)
    }
    fn hash(&self, value: &str) -> LookupHash {
        LookupHash(derive(value))
    }
    fn derive_customer(&self, external_id: &str) -> CustomerId {
        derive(&format!("customer:{external_id}")).parse().unwrap()
    }
    fn derive_number(&self, e164: &str) -> NumberId {
        derive(&format!("number:{e164}")).parse().unwrap()
    }
    fn derive_leg(&self, _call: &domain::ids::CallId, leg: u8) -> domain::call::LegKey {
        domain::call::LegKey::new([leg; 32])
    }
    fn sign_link(&self, link: &str) -> String {
        format!("signed {link}")
    }
}

pub struct TestTasks;

struct Never;

#[async_trait]
impl StopSignal for Never {
    fn is_stopping(&self) -> bool {
        false
    }
    async fn stopping(&self) {
        std::future::pending::<()>().await;
    }
}

#[async_trait]
impl Tasks for TestTasks {
    #[expect(clippy::disallowed_methods, reason = "the test's own runtime runs its tasks")]
    fn spawn(&self, _: &'static str, future: TaskFuture) {
        drop(tokio::task::spawn(future));
    }
    #[expect(clippy::disallowed_methods, reason = "the test's own threads")]
    fn thread(&self, _: &'static str, work: Box<dyn FnOnce() + Send + 'static>) {
        drop(std::thread::spawn(work));
    }
    fn stop_signal(&self) -> Arc<dyn StopSignal> {
        Arc::new(Never)
    }
    fn alive_count(&self) -> usize {
        0
    }
    async fn stop(&self) {}
}

/// A sheet of a workbook for tests.
pub struct Sheet<'a> {
    pub name: &'a str,
    /// The sheet's state: `visible`, `hidden` or `veryHidden`.
    pub state: &'a str,
    /// The sheet's rows as XML elements `row`.
    pub rows: String,
}

/// Returns the XML of a cell with a text.
pub fn text_cell(at: &str, text: &str) -> String {
    format!("<c r=\"{at}\" t=\"inlineStr\"><is><t>{text}</t></is></c>")
}

/// Returns a cell with a number, displayed in the format with this index.
pub fn number_cell(at: &str, number: &str, format: usize) -> String {
    format!("<c r=\"{at}\" s=\"{format}\"><v>{number}</v></c>")
}

/// Returns a row of text cells. `attributes` are those of its element, for example `hidden="1"`.
pub fn text_row(row: u32, attributes: &str, texts: &[&str]) -> String {
    let cells: String = ('A'..='Z')
        .zip(texts)
        .map(|(column, text)| text_cell(&format!("{column}{row}"), text))
        .collect();
    format!("<row r=\"{row}\" {attributes}>{cells}</row>")
}

/// Returns a minimal workbook. Its first format is the general one, followed by `formats`.
pub fn workbook(sheets: &[Sheet<'_>], formats: &[&str]) -> Vec<u8> {
    use std::io::Write;
    // Names within the format, not addresses to connect to.
    let named = |what: &str| format!("http://{}.org/{what}", "schemas.openxmlformats");
    let main = named("spreadsheetml/2006/main");
    let office = named("officeDocument/2006/relationships");
    let package = named("package/2006/relationships");
    let relation = |id: &str, kind: &str, target: &str| {
        format!("<Relationship Id=\"{id}\" Type=\"{office}/{kind}\" Target=\"{target}\"/>")
    };
    let relations = |all: String| format!("<Relationships xmlns=\"{package}\">{all}</Relationships>");
    let (mut listed, mut related) = (String::new(), relation("styles", "styles", "styles.xml"));
    let mut parts = Vec::new();
    for (index, sheet) in sheets.iter().enumerate() {
        let id = format!("r{index}");
        listed.push_str(&format!(
            "<sheet name=\"{}\" sheetId=\"{}\" state=\"{}\" r:id=\"{id}\"/>",
            sheet.name,
            index + 1,
            sheet.state
        ));
        related.push_str(&relation(
            &id,
            "worksheet",
            &format!("worksheets/sheet{index}.xml"),
        ));
        parts.push((
            format!("xl/worksheets/sheet{index}.xml"),
            format!(
                "<worksheet xmlns=\"{main}\"><sheetData>{}</sheetData></worksheet>",
                sheet.rows
            ),
        ));
    }
    let (mut codes, mut styles) = (String::new(), "<xf numFmtId=\"0\"/>".to_owned());
    for (index, code) in formats.iter().enumerate() {
        let id = 164 + index;
        let code = code.replace('"', "&quot;");
        codes.push_str(&format!("<numFmt numFmtId=\"{id}\" formatCode=\"{code}\"/>"));
        styles.push_str(&format!("<xf numFmtId=\"{id}\"/>"));
    }
    parts.extend([
        (
            "_rels/.rels".to_owned(),
            relations(relation("r0", "officeDocument", "xl/workbook.xml")),
        ),
        (
            "xl/workbook.xml".to_owned(),
            format!("<workbook xmlns=\"{main}\" xmlns:r=\"{office}\"><sheets>{listed}</sheets></workbook>"),
        ),
        ("xl/_rels/workbook.xml.rels".to_owned(), relations(related)),
        (
            "xl/styles.xml".to_owned(),
            format!("<styleSheet xmlns=\"{main}\"><numFmts>{codes}</numFmts><cellXfs>{styles}</cellXfs></styleSheet>"),
        ),
    ]);
    let mut archive = zip::ZipWriter::new(std::io::Cursor::new(Vec::new()));
    for (name, text) in parts {
        let options = zip::write::SimpleFileOptions::default();
        archive.start_file(name, options).unwrap();
        archive.write_all(text.as_bytes()).unwrap();
    }
    archive.finish().unwrap().into_inner()
}
