//! The path of each sheet in a workbook's archive.

use super::unreadable;
use crate::ImportError;
use crate::shared_file::SharedFile;
use quick_xml::Reader;
use quick_xml::events::{BytesStart, Event};
use std::io::BufReader;
use zip::ZipArchive;
use zip::read::ZipFile;

pub(crate) type SheetArchive = ZipArchive<BufReader<SharedFile>>;

type PartReader<'a> = Reader<BufReader<ZipFile<'a, BufReader<SharedFile>>>>;

/// The part in which the package names its workbook (ECMA-376 part 2, 9.3).
const PACKAGE_RELATIONS: &str = "_rels/.rels";

/// A reference from one part to another.
struct Relation {
    id: String,
    kind: String,
    target: String,
}

/// Returns the path in the archive of the sheet with this name. Fails if the workbook does not have it.
pub(crate) fn path_of_sheet(archive: &mut SheetArchive, name: &str) -> Result<String, ImportError> {
    let package = relations(archive, PACKAGE_RELATIONS, "")?;
    let workbook = package
        .into_iter()
        .find(|relation| relation.kind == "officeDocument")
        .ok_or_else(|| missing("its workbook"))?
        .target;
    let (folder, file) = workbook.rsplit_once('/').unwrap_or(("", &workbook));
    let relations = relations(archive, &joined(folder, &format!("_rels/{file}.rels")), folder)?;
    let mut id = None;
    each_element(archive, &workbook, |element| {
        let is_it =
            element.local_name().as_ref() == "sheet" && attribute(element, "name").as_deref() == Some(name);
        if is_it && id.is_none() {
            id = attribute(element, "id");
        }
    })?;
    let found = relations
        .into_iter()
        .find(|relation| Some(&relation.id) == id.as_ref());
    found
        .map(|relation| relation.target)
        .ok_or_else(|| missing("a sheet"))
}

fn missing(what: &str) -> ImportError {
    ImportError::Unreadable(format!("the XLSX file does not give the path of {what}"))
}

/// Returns the parts that `path` refers to. Their targets are paths in the archive.
fn relations(archive: &mut SheetArchive, path: &str, folder: &str) -> Result<Vec<Relation>, ImportError> {
    let mut found = Vec::new();
    each_element(archive, path, |element| {
        if element.local_name().as_ref() != "Relationship" {
            return;
        }
        let text = |name| attribute(element, name).unwrap_or_default();
        let target = text("Target");
        found.push(Relation {
            id: text("Id"),
            kind: text("Type").rsplit('/').next().unwrap_or_default().to_owned(),
            target: match target.strip_prefix('/') {
                Some(absolute) => absolute.to_owned(),
                None => joined(folder, &target),
            },
        });
    })?;
    Ok(found)
}

fn joined(folder: &str, path: &str) -> String {
    match folder.is_empty() {
        true => path.to_owned(),
        false => format!("{folder}/{path}"),
    }
}

fn each_element(
    archive: &mut SheetArchive,
    path: &str,
    mut take: impl FnMut(&BytesStart<'_>),
) -> Result<(), ImportError> {
    let mut xml = xml_of(archive, path)?;
    let mut buffer = Vec::new();
    loop {
        buffer.clear();
        match xml.read_event_into(&mut buffer).map_err(unreadable)? {
            Event::Start(element) => take(&element),
            Event::Eof => return Ok(()),
            Event::End(_)
            | Event::Text(_)
            | Event::Empty(_)
            | Event::CData(_)
            | Event::GeneralRef(_)
            | Event::Comment(_)
            | Event::Decl(_)
            | Event::PI(_)
            | Event::DocType(_) => {}
        }
    }
}

/// Returns a part as XML. An empty element is a start and an end. Letter case and the kind of slash in the
/// path are ignored, as in the library that reads the cells.
pub(super) fn xml_of<'a>(archive: &'a mut SheetArchive, path: &str) -> Result<PartReader<'a>, ImportError> {
    let plain = |name: &str| name.replace('\\', "/").to_ascii_lowercase();
    let wanted = plain(path);
    let index = archive
        .file_names()
        .position(|name| name.is_ok_and(|name| plain(&name) == wanted));
    let index = index.ok_or_else(|| ImportError::Unreadable(format!("the XLSX file has no part {path}")))?;
    let part = archive
        .by_index(index)
        .map_err(|error| ImportError::Unreadable(error.to_string()))?;
    let mut reader = Reader::from_reader(BufReader::new(part));
    let config = reader.config_mut();
    config.check_end_names = false;
    config.expand_empty_elements = true;
    Ok(reader)
}

/// Returns the value of the attribute with this local name.
pub(super) fn attribute(element: &BytesStart<'_>, name: &str) -> Option<String> {
    let found = element
        .attributes()
        .with_checks(false)
        .flatten()
        .find(|attribute| attribute.key.local_name().as_ref() == name)?;
    let text = quick_xml::escape::unescape(&found.value).ok()?;
    Some(text.into_owned())
}

/// Returns true if the text is a true boolean of XML Schema (`1` or `true`).
pub(super) fn is_true(text: Option<&str>) -> bool {
    matches!(text.map(str::trim), Some("1" | "true"))
}
