//! The gain of each pacer by answer rate, as a picture: one field for each size of floor (`docs/pacing.md`,
//! Score). The SVG is written directly: axes, lines and words.

use std::fmt::Write as _;

/// One point of a pacer's line.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Point {
    pub(crate) pacer: &'static str,
    pub(crate) agents: u32,
    pub(crate) rate: f64,
    pub(crate) gain: f64,
    /// The least gain that our pacer may have here; `None` for the other pacers and without a target.
    pub(crate) floor: Option<f64>,
    /// True if at most three of a hundred answered calls found no free agent.
    pub(crate) is_lawful: bool,
}

const FIELD_WIDTH: f64 = 420.0;
const FIELD_HEIGHT: f64 = 300.0;
const LEFT: f64 = 50.0;
const TOP: f64 = 40.0;
/// Room for the pacers' names below both rows of fields.
const LEGEND_HEIGHT: f64 = 200.0;

/// The largest answer rate that is drawn; the axis begins at 0.
const RATE_MAX: f64 = 0.7;

const COLORS: [&str; 8] = [
    "#d62728", "#1f77b4", "#2ca02c", "#9467bd", "#8c564b", "#e377c2", "#7f7f7f", "#bcbd22",
];

/// Returns the picture.
pub(crate) fn svg(points: &[Point]) -> String {
    let mut sizes: Vec<u32> = Vec::new();
    let mut pacers: Vec<&'static str> = Vec::new();
    for point in points {
        if !sizes.contains(&point.agents) {
            sizes.push(point.agents);
        }
        if !pacers.contains(&point.pacer) {
            pacers.push(point.pacer);
        }
    }
    let rows = sizes.len().div_ceil(2).max(1);
    let (width, height) = (2.0 * FIELD_WIDTH, at(rows) * FIELD_HEIGHT + LEGEND_HEIGHT);
    let mut text = format!(
        "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 {width} {height}\" font-family=\"sans-serif\" \
         font-size=\"12\">\n<rect width=\"{width}\" height=\"{height}\" fill=\"white\"/>\n"
    );
    for (place, agents) in sizes.iter().enumerate() {
        let origin = (
            at(place % 2) * FIELD_WIDTH + LEFT,
            at(place / 2) * FIELD_HEIGHT + TOP,
        );
        field(&mut text, origin, *agents);
        for (index, pacer) in pacers.iter().enumerate() {
            let of: Vec<&Point> = points
                .iter()
                .filter(|point| point.agents == *agents && point.pacer == *pacer)
                .collect();
            curve(&mut text, origin, &of, color(index));
        }
    }
    legend(&mut text, at(rows) * FIELD_HEIGHT + TOP, &pacers);
    text.push_str("</svg>\n");
    text
}

/// Converts a small count of fields or lines to a float.
fn at(count: usize) -> f64 {
    f64::from(u32::try_from(count).unwrap_or(u32::MAX))
}

fn color(index: usize) -> &'static str {
    COLORS.get(index % COLORS.len()).copied().unwrap_or("black")
}

/// Returns the point of a rate and a gain in the field that begins at `origin`; a loss is drawn at the
/// bottom.
fn place(origin: (f64, f64), rate: f64, gain: f64) -> (f64, f64) {
    let (inner_width, inner_height) = (FIELD_WIDTH - LEFT - 20.0, FIELD_HEIGHT - TOP - 40.0);
    let x = origin.0 + inner_width * (rate / RATE_MAX).clamp(0.0, 1.0);
    let y = origin.1 + inner_height * (1.0 - gain.clamp(0.0, 1.0));
    (x, y)
}

fn field(text: &mut String, origin: (f64, f64), agents: u32) {
    let (left, bottom) = place(origin, 0.0, 0.0);
    let (right, top) = place(origin, RATE_MAX, 1.0);
    let mut say = |line: String| {
        text.push_str(&line);
        text.push('\n');
    };
    say(format!(
        "<path d=\"M{left:.1} {top:.1}V{bottom:.1}H{right:.1}\" fill=\"none\" stroke=\"black\"/>"
    ));
    say(format!(
        "<text x=\"{left:.1}\" y=\"{:.1}\">{agents} agents: gain by answer rate p / {agents} 坐席：增益</text>",
        top - 12.0
    ));
    for tenth in [0.0, 0.25, 0.5, 0.75, 1.0] {
        let (x, y) = place(origin, 0.0, tenth);
        say(format!(
            "<path d=\"M{x:.1} {y:.1}H{right:.1}\" stroke=\"#dddddd\"/><text x=\"{:.1}\" y=\"{:.1}\" \
             text-anchor=\"end\">{tenth}</text>",
            x - 6.0,
            y + 4.0
        ));
    }
    for rate in [0.1, 0.2, 0.35, 0.6] {
        let (x, y) = place(origin, rate, 0.0);
        say(format!(
            "<text x=\"{x:.1}\" y=\"{:.1}\" text-anchor=\"middle\">{rate}</text>",
            y + 16.0
        ));
    }
}

/// Draws the line of one pacer through its points; a hollow point is above the legal limit, a bar is the
/// least gain that our pacer may have.
fn curve(text: &mut String, origin: (f64, f64), of: &[&Point], color: &str) {
    let mut path = String::new();
    for (index, point) in of.iter().enumerate() {
        let (x, y) = place(origin, point.rate, point.gain);
        let letter = if index == 0 { 'M' } else { 'L' };
        // Writing into a string does not fail.
        write!(path, "{letter}{x:.1} {y:.1}").expect("writing into a string does not fail");
        let fill = if point.is_lawful { color } else { "white" };
        text.push_str(&format!(
            "<circle cx=\"{x:.1}\" cy=\"{y:.1}\" r=\"3.5\" fill=\"{fill}\" stroke=\"{color}\"/>\n"
        ));
        if let Some(floor) = point.floor {
            let (x, y) = place(origin, point.rate, floor);
            text.push_str(&format!(
                "<path d=\"M{:.1} {y:.1}h16\" stroke=\"{color}\" stroke-width=\"2\"/>\n",
                x - 8.0
            ));
        }
    }
    text.push_str(&format!(
        "<path d=\"{path}\" fill=\"none\" stroke=\"{color}\"/>\n"
    ));
}

fn legend(text: &mut String, top: f64, pacers: &[&'static str]) {
    for (index, pacer) in pacers.iter().enumerate() {
        let (x, y) = (LEFT + at(index % 2) * FIELD_WIDTH, top + at(index / 2) * 20.0);
        text.push_str(&format!(
            "<circle cx=\"{x:.1}\" cy=\"{y:.1}\" r=\"4\" fill=\"{}\"/><text x=\"{:.1}\" y=\"{:.1}\">{pacer}</text>\n",
            color(index),
            x + 10.0,
            y + 4.0
        ));
    }
    let y = top + at(pacers.len().div_ceil(2)) * 20.0 + 10.0;
    text.push_str(&format!(
        "<text x=\"{LEFT:.1}\" y=\"{y:.1}\">hollow: more than 3 % abandoned; bar: the least of ours / \
         空心：放弃率超过 3 %；横线：本产品下限</text>\n"
    ));
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_pacer_has_a_line_in_each_field_and_what_breaks_the_law_is_hollow() {
        let point = |pacer, agents, rate, is_lawful| Point {
            pacer,
            agents,
            rate,
            gain: 0.5,
            floor: (pacer == "ledgerline").then_some(0.4),
            is_lawful,
        };
        let picture = svg(&[
            point("ledgerline", 5, 0.1, true),
            point("ledgerline", 5, 0.6, true),
            point("naive", 5, 0.1, false),
            point("ledgerline", 200, 0.1, true),
        ]);
        assert!(picture.starts_with("<svg") && picture.ends_with("</svg>\n"));
        assert_eq!(picture.matches("agents: gain").count(), 2);
        assert_eq!(picture.matches("r=\"3.5\"").count(), 4);
        assert_eq!(picture.matches("r=\"3.5\" fill=\"white\"").count(), 1);
        assert_eq!(picture.matches(">naive</text>").count(), 1);
        assert_eq!(picture.matches("h16").count(), 3);
    }
}
