//! Builds HTML pages for printing, without external resources: one style sheet, escaped text, tables of
//! figures.

use domain::html::{escape, escape_json};
use std::fmt::Display;
use std::fmt::Write as _;

/// Style sheet of every page. It is inline, so that a report is one file and a browser loads nothing else.
const STYLE: &str = "\
@page{size:A4;margin:14mm 12mm}*{box-sizing:border-box}\
body{font:14px/1.5 'Noto Sans CJK SC','Microsoft YaHei','PingFang SC',sans-serif;color:#1a1a1a;\
max-width:60rem;margin:2rem auto;padding:0 1rem}\
h1{font-size:1.6rem;margin:0 0 .2rem}\
h2{font-size:1.15rem;margin:1.6rem 0 .4rem;border-bottom:2px solid #1a1a1a}\
small,.en{color:#595959}table{border-collapse:collapse;width:100%}\
.t{margin:.4rem 0 1rem;overflow-x:auto}\
.t.half{display:inline-block;width:48.5%;margin-right:1%;vertical-align:top}\
th,td{border:1px solid #bbb;padding:.25rem .5rem;text-align:left;vertical-align:top;overflow-wrap:anywhere}\
th{background:#f2f2f2;word-break:keep-all;overflow-wrap:break-word}thead{display:table-header-group}\
td.n{text-align:right;font-variant-numeric:tabular-nums;white-space:nowrap}\
code{font-size:.85em;word-break:break-all}.bad{color:#a40000;font-weight:600}.good{color:#14661c}\
tr{break-inside:avoid}h2{break-after:avoid}\
@media(max-width:40rem){.t.half{display:block;width:auto;margin-right:0}}\
@media print{body{font-size:10px;line-height:1.35;margin:0;padding:0;max-width:none}h1{font-size:1.4rem}\
h2{margin:.8rem 0 .3rem}.t{overflow:visible;margin:.3rem 0 .6rem}.t.half{break-inside:avoid}p{margin:.3rem 0}\
th,td{padding:.12rem .4rem}a{color:inherit;text-decoration:none}}";

/// Most rows of a narrow table that is placed beside another one. A longer table takes the full width and
/// may break over pages.
const HALF_ROWS_MAX: usize = 24;

/// Most characters of the longest cell of a table that is placed beside another one; a longer cell would
/// wrap.
const HALF_CHARS_MAX: usize = 44;

/// An HTML page under construction. All text is escaped.
pub(crate) struct Page {
    html: String,
}

impl Page {
    /// Starts a page with a title in Chinese and English.
    pub(crate) fn new(title_zh: &str, title_en: &str) -> Self {
        let (zh, en) = (escape(title_zh), escape(title_en));
        Self {
            html: format!(
                "<!doctype html>\n<html lang=\"zh-CN\">\n<head>\n<meta charset=\"utf-8\">\n\
                 <meta name=\"viewport\" content=\"width=device-width,initial-scale=1\">\n\
                 <title>{zh} · {en}</title>\n<style>{STYLE}</style>\n</head>\n<body>\n\
                 <h1>{zh}</h1>\n<p class=\"en\">{en}</p>\n"
            ),
        }
    }

    /// Adds a heading in Chinese and English.
    pub(crate) fn section(&mut self, zh: &str, en: &str) {
        self.push(format_args!(
            "<h2>{} <small>{}</small></h2>\n",
            escape(zh),
            escape(en)
        ));
    }

    pub(crate) fn paragraph(&mut self, text: &str) {
        self.push(format_args!("<p>{}</p>\n", escape(text)));
    }

    /// Adds a paragraph styled as a good or a bad result.
    pub(crate) fn verdict(&mut self, text: &str, good: ResultMark) {
        let class = if good == ResultMark::Yes { "good" } else { "bad" };
        self.push(format_args!("<p class=\"{class}\">{}</p>\n", escape(text)));
    }

    /// Adds a table, or the words 无 / none if it has no rows. Cells of the columns from index
    /// `numbers_from` on are right-aligned.
    pub(crate) fn table(&mut self, heads: &[&str], numbers_from: usize, rows: &[Vec<String>]) {
        if rows.is_empty() {
            self.html.push_str("<p class=\"en\">无 / none</p>\n");
            return;
        }
        // Codes with their counts do not need the full width of a page.
        let is_short = |row: &Vec<String>| row.iter().all(|cell| cell.chars().count() <= HALF_CHARS_MAX);
        let is_small = rows.len() <= HALF_ROWS_MAX && rows.iter().all(is_short);
        let is_narrow = heads.len() == 2 && numbers_from == 1 && is_small;
        let class = if is_narrow { "t half" } else { "t" };
        self.push(format_args!("<div class=\"{class}\"><table>\n<thead><tr>"));
        for head in heads {
            self.push(format_args!("<th>{}</th>", escape(head)));
        }
        self.html.push_str("</tr></thead>\n<tbody>\n");
        for row in rows {
            self.html.push_str("<tr>");
            for (index, cell) in row.iter().enumerate() {
                let class = if index >= numbers_from { " class=\"n\"" } else { "" };
                self.push(format_args!("<td{class}>{}</td>", escape(cell)));
            }
            self.html.push_str("</tr>\n");
        }
        self.html.push_str("</tbody></table></div>\n");
    }

    /// Adds a link to a file in the page's folder. A printed page shows the file's name.
    pub(crate) fn link(&mut self, text: &str, file: &str) {
        self.push(format_args!(
            "<p>{}: <a href=\"./{}\">{}</a></p>\n",
            escape(text),
            application::percent::encode(file),
            escape(file)
        ));
    }

    /// Adds an audio player for a recording in the page's folder; a printed page shows its path.
    pub(crate) fn sound(&mut self, text: &str, path: &str) {
        let path = escape(path);
        self.push(format_args!(
            "<p>{}: <audio controls preload=\"none\" src=\"./{path}\"></audio> <a href=\"./{path}\">{path}</a></p>\n",
            escape(text),
        ));
    }

    /// Embeds JSON in the page for programs; `<` is escaped, so that a browser sees no tag in it.
    pub(crate) fn data(&mut self, id: &str, json: &str) {
        self.push(format_args!(
            "<script type=\"application/json\" id=\"{}\">{}</script>\n",
            escape(id),
            escape_json(json)
        ));
    }

    pub(crate) fn finish(mut self) -> String {
        self.html.push_str("</body>\n</html>\n");
        self.html
    }

    fn push(&mut self, text: std::fmt::Arguments<'_>) {
        self.html
            .write_fmt(text)
            .expect("writing to a String cannot fail");
    }
}

/// Whether a result is shown as good or bad.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum ResultMark {
    Yes,
    No,
}

/// Returns a table row with a label and a figure.
pub(crate) fn row(label: &str, figure: impl Display) -> Vec<String> {
    vec![label.to_owned(), figure.to_string()]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nothing_given_as_text_becomes_a_tag() {
        let mut page = Page::new("<b>", "\"&'");
        page.table(&["<i>"], 1, &[vec!["</td><script>".to_owned()]]);
        page.data("figures", r#"{"a":"</script>"}"#);
        let html = page.finish();
        assert!(!html.contains("<b>") && !html.contains("<i>") && !html.contains("</td><script>"));
        assert!(html.contains("&lt;/td&gt;&lt;script&gt;"));
        assert_eq!(html.matches("</script>").count(), 1);
    }

    #[test]
    fn a_short_table_of_counts_takes_half_a_line_and_a_long_one_may_break_over_pages_under_its_heads() {
        let table = |heads: &[&str], rows: usize| {
            let mut page = Page::new("a", "b");
            page.table(heads, 1, &vec![vec!["x".to_owned(); heads.len()]; rows]);
            page.finish()
        };
        let half = "<div class=\"t half\">";
        assert!(table(&["a", "b"], HALF_ROWS_MAX).contains(half));
        assert!(!table(&["a", "b"], HALF_ROWS_MAX + 1).contains(half));
        assert!(!table(&["a", "b", "c"], 1).contains(half));
        assert!(
            table(&["a", "b"], 99).contains("<thead><tr><th>a</th>"),
            "heads repeat"
        );
    }

    #[test]
    fn a_link_opens_a_file_beside_the_page_whatever_its_name_is() {
        let mut page = Page::new("a", "b");
        page.link("x", "a b?\"<.json");
        let html = page.finish();
        assert!(
            html.contains("href=\"./a%20b%3F%22%3C.json\">a b?&quot;&lt;.json</a>"),
            "{html}"
        );
    }
}
