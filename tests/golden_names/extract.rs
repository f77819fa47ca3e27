//! Reads the strings of the production code that are stored, hashed, sent or compared: the names that serde
//! and clap write for types, string literals that are names, names in SQL texts, and labels.

use super::name_attributes::{NameAttributes, cased};
use proc_macro2::{TokenStream, TokenTree};
use std::collections::BTreeSet;
use std::path::{Path, PathBuf};
use syn::visit::Visit;

/// Directories with code that the product does not ship, or that contains no names of its own.
const OTHER_CODE: [&str; 8] = [
    "target",
    "tests",
    "benches",
    "examples",
    "node_modules",
    "fixtures",
    "testing",
    ".git",
];

/// Crates with names that are not promised: measuring programs.
const OTHER_CRATES: [&str; 3] = ["bench", "api/bench", "simulation"];

/// The names in a source tree, by kind.
#[derive(Default)]
pub(crate) struct Names {
    /// `struct a b c`, `enum tag=kind a{x y} b`: the names that a type has on the wire.
    pub(crate) wire: BTreeSet<String>,
    /// String literals without blanks.
    pub(crate) literals: BTreeSet<String>,
    /// Words of SQL texts.
    pub(crate) sql: BTreeSet<String>,
    /// Texts of functions named `label_zh` and `label_en`, and of labels of dispositions.
    pub(crate) labels: BTreeSet<String>,
}

impl Names {
    /// Reads every `.rs` file below `root` that is neither a test nor a measuring program.
    pub(crate) fn of_tree(root: &Path) -> Self {
        let mut files = Vec::new();
        collect(root, root, &mut files);
        files.sort();
        let mut names = Self::default();
        for file in files {
            let text = std::fs::read_to_string(&file).expect("a source file can be read");
            match file.extension() {
                Some(ending) if ending == "sql" => names.sql.extend(words_of_sql(&text)),
                _ => names.read(&text),
            }
        }
        names
    }

    /// Returns the names in one source text.
    pub(crate) fn of_text(text: &str) -> Self {
        let mut names = Self::default();
        names.read(text);
        names
    }

    fn read(&mut self, text: &str) {
        let parsed = syn::parse_file(text).expect("a source file is Rust");
        let mut reader = Reader {
            names: self,
            in_label: false,
        };
        reader.visit_file(&parsed);
    }

    /// Returns the lines of each golden file.
    pub(crate) fn files(&self) -> [(&'static str, BTreeSet<String>); 4] {
        [
            ("wire.txt", self.wire.clone()),
            ("literals.txt", self.literals.clone()),
            ("sql.txt", self.sql.clone()),
            ("labels.txt", self.labels.clone()),
        ]
    }
}

fn collect(root: &Path, dir: &Path, files: &mut Vec<PathBuf>) {
    let entries = std::fs::read_dir(dir).expect("a source directory can be read");
    for entry in entries.flatten() {
        let path = entry.path();
        let name = entry.file_name().to_string_lossy().into_owned();
        let below = path.strip_prefix(root).unwrap_or(&path);
        if path.is_dir() {
            let is_other =
                OTHER_CODE.contains(&name.as_str()) || OTHER_CRATES.iter().any(|one| below == Path::new(one));
            if !is_other {
                collect(root, &path, files);
            }
        } else if (name.ends_with(".rs") || name.ends_with(".sql"))
            && name != "build.rs"
            && name != "tests.rs"
            && !name.ends_with("_tests.rs")
        {
            files.push(path);
        }
    }
}

struct Reader<'a> {
    names: &'a mut Names,
    in_label: bool,
}

impl Reader<'_> {
    fn literal(&mut self, text: &str) {
        if self.in_label {
            self.names.labels.insert(text.replace('\n', " "));
        }
        if is_sql(text) {
            self.names.sql.extend(words_of_sql(text));
        } else if is_name(text) {
            self.names.literals.insert(text.to_owned());
        }
    }

    fn tokens(&mut self, tokens: TokenStream) {
        for token in tokens {
            match token {
                TokenTree::Group(group) => self.tokens(group.stream()),
                TokenTree::Literal(literal) => self.token_literal(&literal),
                TokenTree::Ident(_) | TokenTree::Punct(_) => {}
            }
        }
    }

    fn token_literal(&mut self, literal: &proc_macro2::Literal) {
        match syn::parse_str::<syn::Lit>(&literal.to_string()) {
            Ok(syn::Lit::Str(text)) => self.literal(&text.value()),
            Ok(syn::Lit::ByteStr(bytes)) => self.literal(&String::from_utf8_lossy(&bytes.value())),
            _ => {}
        }
    }
}

/// Returns true for a text without blanks, in ASCII, with a letter: a name, a path, a label of a key, or a
/// pattern of one.
fn is_name(text: &str) -> bool {
    text.len() >= 2
        && text.chars().any(|one| one.is_ascii_alphabetic())
        && text.chars().all(|one| one.is_ascii_graphic())
}

fn is_sql(text: &str) -> bool {
    let verbs = [
        "SELECT ", "INSERT ", "CREATE ", "UPDATE ", "DELETE ", "ALTER ", "DROP ", "WITH ", "PRAGMA ",
        " FROM ", " WHERE ", "GRANT ",
    ];
    verbs.iter().any(|verb| text.contains(verb))
}

/// Returns the lower-case words of an SQL text: names of tables, views, columns and functions.
fn words_of_sql(text: &str) -> impl Iterator<Item = String> + '_ {
    text.split(|one: char| !(one.is_ascii_alphanumeric() || one == '_'))
        .filter(|word| word.len() >= 3)
        .filter(|word| {
            word.starts_with(|one: char| one.is_ascii_lowercase())
                && !word.chars().any(|one| one.is_ascii_uppercase())
        })
        .map(str::to_owned)
}

fn is_test(attributes: &[syn::Attribute]) -> bool {
    attributes.iter().any(|one| {
        let is_cfg = one.path().is_ident("cfg");
        let is_fn = one
            .path()
            .segments
            .last()
            .is_some_and(|last| last.ident == "test");
        let text = || match &one.meta {
            syn::Meta::List(list) => list.tokens.to_string(),
            syn::Meta::Path(_) | syn::Meta::NameValue(_) => String::new(),
        };
        is_fn
            || (is_cfg
                && (text().starts_with("test") || text().contains("(test") || text().contains("\"testing\"")))
    })
}

impl<'ast> Visit<'ast> for Reader<'_> {
    fn visit_attribute(&mut self, _: &'ast syn::Attribute) {
        // Attributes are documentation, reasons and texts of errors; names of serde and clap are read with
        // their type.
    }

    fn visit_item_mod(&mut self, item: &'ast syn::ItemMod) {
        if !is_test(&item.attrs) {
            syn::visit::visit_item_mod(self, item);
        }
    }

    fn visit_item_fn(&mut self, item: &'ast syn::ItemFn) {
        if !is_test(&item.attrs) {
            let before = self.in_label;
            self.in_label |= is_label(&item.sig.ident);
            syn::visit::visit_item_fn(self, item);
            self.in_label = before;
        }
    }

    fn visit_impl_item_fn(&mut self, item: &'ast syn::ImplItemFn) {
        if !is_test(&item.attrs) {
            let before = self.in_label;
            self.in_label |= is_label(&item.sig.ident);
            syn::visit::visit_impl_item_fn(self, item);
            self.in_label = before;
        }
    }

    fn visit_item_impl(&mut self, item: &'ast syn::ItemImpl) {
        if !is_test(&item.attrs) {
            syn::visit::visit_item_impl(self, item);
        }
    }

    fn visit_lit_str(&mut self, text: &'ast syn::LitStr) {
        self.literal(&text.value());
    }

    fn visit_lit_byte_str(&mut self, bytes: &'ast syn::LitByteStr) {
        self.literal(&String::from_utf8_lossy(&bytes.value()));
    }

    fn visit_macro(&mut self, item: &'ast syn::Macro) {
        self.tokens(item.tokens.clone());
    }

    fn visit_item_struct(&mut self, item: &'ast syn::ItemStruct) {
        if !is_test(&item.attrs) && is_on_the_wire(&item.attrs) {
            let written = NameAttributes::of(&item.attrs);
            let line = format!(
                "struct {}{}",
                written.shape(),
                fields(&item.fields, written.fields_case())
            );
            self.names.wire.insert(line.trim_end().to_owned());
        }
    }

    fn visit_item_enum(&mut self, item: &'ast syn::ItemEnum) {
        if !is_test(&item.attrs) {
            self.names.literals.extend(NameAttributes::commands(item));
        }
        if is_test(&item.attrs) || !is_on_the_wire(&item.attrs) {
            return;
        }
        let written = NameAttributes::of(&item.attrs);
        let variants = item.variants.iter().map(|variant| {
            let own = NameAttributes::of(&variant.attrs);
            let name = own
                .rename
                .clone()
                .unwrap_or_else(|| written.variant(&variant.ident.to_string()));
            let case = own
                .rename_all
                .clone()
                .or_else(|| written.rename_all_fields.clone());
            format!(
                "{name}{}{{{}}}",
                own.others(),
                fields(&variant.fields, case.as_deref())
            )
        });
        let line = format!(
            "enum {}{}",
            written.shape(),
            variants.collect::<Vec<_>>().join(" ")
        );
        self.names.wire.insert(line.replace("{}", ""));
    }
}

fn is_label(name: &syn::Ident) -> bool {
    name == "label_zh" || name == "label_en"
}

/// Returns true if the type derives a trait that writes or reads it by its Rust names.
fn is_on_the_wire(attributes: &[syn::Attribute]) -> bool {
    let derives = attributes.iter().filter(|one| one.path().is_ident("derive"));
    let wanted = [
        "Serialize",
        "Deserialize",
        "JsonSchema",
        "Args",
        "Parser",
        "Subcommand",
        "ValueEnum",
    ];
    derives
        .filter_map(|one| one.meta.require_list().ok())
        .any(|list| {
            list.tokens
                .clone()
                .into_iter()
                .any(|token| wanted.iter().any(|name| token.to_string() == *name))
        })
}

fn fields(fields: &syn::Fields, case: Option<&str>) -> String {
    let named = fields.iter().map(|field| {
        let own = NameAttributes::of(&field.attrs);
        let Some(ident) = &field.ident else {
            return own.others() + "_";
        };
        let ident = ident.to_string();
        let ident = ident.strip_prefix("r#").unwrap_or(&ident);
        let name = own.rename.clone().unwrap_or_else(|| cased(ident, case, false));
        name + &own.others()
    });
    named.collect::<Vec<_>>().join(" ")
}
