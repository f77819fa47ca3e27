//! Writes the example file: every setting with its description and a value, commented out.
//!
//! A line that begins with `#` and a letter or bracket is a setting: without its `#` the file is valid. One
//! that begins with `# ` is a description, or a setting that another one excludes.

use crate::configuration::load::FILE_DEFAULT;
use crate::configuration::setting::Setting;
use crate::configuration::settings::SETTINGS;
use crate::configuration::source_value::own_texts;
use crate::configuration::toml_text;
use crate::configuration::trunk_settings::TRUNK_SETTINGS;
use application::format_localized;

/// Returns the lines of the example file, in the language of the output.
pub fn lines() -> Vec<String> {
    let mut lines: Vec<String> = head();
    let mut table = "";
    for setting in SETTINGS {
        let (own_table, name) = setting.table_and_name();
        lines.push(String::new());
        if own_table != table {
            lines.push(format!("#[{own_table}]"));
            table = own_table;
        }
        lines.extend(example(name, setting));
    }
    lines.push(String::new());
    lines.push("#[[trunk]]".to_owned());
    for setting in TRUNK_SETTINGS {
        lines.extend(example(setting.key, setting));
    }
    lines
}

fn head() -> Vec<String> {
    let text = format_localized!(
        "# ledgerline 配置文件，默认位置 {FILE_DEFAULT}\n\
         # 优先级：命令行参数 > 环境变量（LEDGERLINE__HTTP__LISTEN 即 http.listen）> 本文件 > 默认值\n\
         # 去掉行首的 # 即启用该项。密钥可写为 K_file 或 K_env；直接写密钥时，本文件不得允许其他用户读取。\n\
         # 检查：ledgerline config check {FILE_DEFAULT}",
        "# Configuration of ledgerline, by default {FILE_DEFAULT}\n\
         # Order: flags > environment (LEDGERLINE__HTTP__LISTEN is http.listen) > this file > defaults\n\
         # Remove the # before a setting to use it. A secret K may be given as K_file or K_env; if the file \
         contains a\n\
         # secret itself, other users must not be able to read it.\n\
         # Check it: ledgerline config check {FILE_DEFAULT}"
    );
    text.lines().map(str::to_owned).collect()
}

fn example(name: &str, setting: &Setting) -> Vec<String> {
    let mut lines = vec![format!("# {}", setting.about.current())];
    if setting.has_references() {
        lines.push(format_localized!(
            "# 也可使用 {name}_file = \"文件\" 或 {name}_env = \"环境变量\"",
            "# Or {name}_file = \"FILE\", or {name}_env = \"VARIABLE\""
        ));
    }
    let value = toml_text::value(setting.kind, &own_texts(setting.example));
    if setting.conflicts.is_empty() {
        lines.push(format!("#{name} = {value}"));
    } else {
        let others = setting.conflicts.join(", ");
        lines.push(format_localized!(
            "# 与 {others} 二选一：{name} = {value}",
            "# Instead of {others}: {name} = {value}"
        ));
    }
    lines
}
