//! The chart of the README: deliveries per CPU-second over the number of members, beside what others reach.

use super::Result;
use super::report::Row;
use plotters::prelude::*;
use std::path::{Path, PathBuf};

/// Millions of deliveries per server CPU-second of other servers under the same load, with 20, 200 and 1000
/// members: medians of three runs of one load generator on one machine of two cores.
const OTHERS: [(&str, [f64; 3]); 7] = [
    ("InspIRCd 3.15", [6.264, 5.956, 3.867]),
    ("ENet 1.3.17", [5.102, 4.106, 1.454]),
    ("ngIRCd 26.1", [3.506, 3.885, 3.347]),
    ("NATS 2.9.10", [3.496, 3.633, 3.120]),
    ("Ergo 2.11.1", [1.078, 1.337, 1.072]),
    ("a datagram per delivery", [0.782, 0.742, 0.791]),
    ("mosquitto 2.0.11", [0.295, 0.281, 0.172]),
];
const MEMBERS: [f64; 3] = [20.0, 200.0, 1000.0];
/// What `send_to` alone allows with datagrams of 1200 bytes full of events of 68, on that machine, where the others' figures are from…
const FLOOR: f64 = 13.4;
/// …and what that is in datagrams of one event each, as the run that is drawn has sent them too.
const FLOOR_IN_SENDS: f64 = 15.7;

/// Draws the rows of a run; gives the file.
pub fn draw(rows: &[Row]) -> Result<PathBuf> {
    let file = Path::new(env!("CARGO_MANIFEST_DIR")).join("integration/bench/latest.svg");
    let figures = |name: &str, each: f64| -> Vec<(f64, f64)> {
        let rows = rows.iter().filter(|row| row.row == name);
        rows.filter_map(|row| Some((row.n as f64, each * row.deliveries_per_cpu_s? / 1e6)))
            .collect()
    };
    let ours = figures("flood-1200", 1.0);
    if ours.is_empty() {
        return Err("the last run has no row flood-1200 to draw".into());
    }
    let root = SVGBackend::new(&file, (920, 520)).into_drawing_area();
    root.fill(&WHITE)?;
    let mut chart = ChartBuilder::on(&root)
        .caption(
            "Million deliveries per server CPU-second, under flood",
            ("sans-serif", 20),
        )
        .margin(12)
        .margin_right(230)
        .x_label_area_size(44)
        .y_label_area_size(56)
        .build_cartesian_2d((15f64..6000f64).log_scale(), (0.1f64..40f64).log_scale())?;
    chart
        .configure_mesh()
        .light_line_style(BLACK.mix(0.04))
        .x_desc("members in the room")
        .x_label_formatter(&|x| format!("{x:.0}"))
        .y_label_formatter(&|y| format!("{y}"))
        .draw()?;
    let mut labels: Vec<(i32, i32)> = Vec::new();
    let mut line = |name: &str, points: Vec<(f64, f64)>, color: RGBAColor, width: u32| {
        let style = color.stroke_width(width);
        chart.draw_series(LineSeries::new(points.clone(), style))?;
        let dots = points
            .iter()
            .map(|at| Circle::new(*at, width + 1, color.filled()));
        chart.draw_series(dots)?;
        if let Some(last) = points.last() {
            let (x, mut y) = chart.plotting_area().map_coordinate(last);
            // Below those that stand there already.
            while labels.iter().any(|at| at.0 == x && at.1.abs_diff(y) < 14) {
                y += 1;
            }
            labels.push((x, y));
            let text = Text::new(
                name.to_owned(),
                (x + 10, y - 7),
                ("sans-serif", 14).into_font().color(&color),
            );
            root.draw(&text)?;
        }
        Ok::<(), DrawingAreaErrorKind<std::io::Error>>(())
    };
    let floor = vec![(20.0, FLOOR), (5000.0, FLOOR)];
    line("send_to, 1200 bytes", floor, BLACK.mix(0.5), 1)?;
    for (index, (name, reached)) in OTHERS.into_iter().enumerate() {
        let points = MEMBERS.into_iter().zip(reached).collect();
        line(name, points, Palette99::pick(index + 1).mix(0.8), 1)?;
    }
    let floor_now = figures("raw", FLOOR_IN_SENDS);
    line(
        "send_to, same run as chatroom",
        floor_now,
        BLACK.mix(0.8),
        1,
    )?;
    let larger = figures("flood", 1.0);
    line("chatroom, datagrams up to 15900", larger, RED.mix(0.6), 2)?;
    line("chatroom, datagrams of 1200", ours, RED.mix(1.0), 3)?;
    root.present()?;
    drop(chart);
    Ok(file.clone())
}
