//! The configuration of a server: one table of settings, filled from flags, environment variables and a TOML
//! file.
//!
//! The arguments of `serve` define type and parser of each setting; `settings` gives each its key. `load`
//! merges the sources (flag > variable > file > default) and reports every fault with its place. The values
//! that come from no flag are then given to the parser of the command line within the process, so that what
//! a setting means is defined once and no secret is visible in the process list (decision 0224).

mod bounded_file;
mod clap_check;
pub mod effective;
pub mod environment;
pub mod example;
pub mod fault;
mod flags;
mod key_search;
pub mod load;
mod origin;
pub mod print;
pub mod reference;
pub mod schema;
mod secrets;
pub mod setting;
pub mod settings;
mod source_value;
mod toml_entries;
mod toml_text;
mod trunk_merge;
pub mod trunk_settings;
