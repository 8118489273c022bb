//! The figures: as a table for people, as JSON for programs.

use super::Result;
use serde::{Deserialize, Serialize};
use std::fs;
use std::path::{Path, PathBuf};

/// One row; what it does not measure is null.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
pub struct Row {
    pub row: String,
    pub n: usize,
    pub window: Option<usize>,
    pub deliveries_per_cpu_s: Option<f64>,
    pub deliveries_per_s: Option<f64>,
    pub lost: Option<u64>,
    pub p50_us: Option<u64>,
    pub p99_us: Option<u64>,
    pub max_us: Option<u64>,
    pub server_cpu_pct: Option<f64>,
    pub joins_per_s: Option<f64>,
    pub bytes_per_member: Option<f64>,
    pub peak_kib: Option<u64>,
}

const HEAD: &str = "\
| row | N | window | deliveries / CPU-s | deliveries / s | lost | p50 µs | p99 µs | max µs | CPU % | joins / s | bytes / member | peak KiB |
| --- | --: | --: | --: | --: | --: | --: | --: | --: | --: | --: | --: | --: |";

impl Row {
    pub fn new(row: &str, n: usize) -> Row {
        Row {
            row: row.to_owned(),
            n,
            ..Row::default()
        }
    }

    /// As a line of the table.
    pub fn line(&self) -> String {
        let whole = |value: Option<f64>| value.map_or("–".into(), |value| format!("{value:.0}"));
        let count = |value: Option<u64>| value.map_or("–".into(), |value| value.to_string());
        format!(
            "| {} | {} | {} | {} | {} | {} | {} | {} | {} | {} | {} | {} | {} |",
            self.row,
            self.n,
            count(self.window.map(|window| window as u64)),
            whole(self.deliveries_per_cpu_s),
            whole(self.deliveries_per_s),
            count(self.lost),
            count(self.p50_us),
            count(self.p99_us),
            count(self.max_us),
            self.server_cpu_pct
                .map_or("–".into(), |percent| format!("{percent:.2}")),
            whole(self.joins_per_s),
            whole(self.bytes_per_member),
            count(self.peak_kib),
        )
    }
}

/// The whole table.
pub fn table(rows: &[Row]) -> String {
    let lines = rows.iter().map(Row::line);
    [HEAD.to_owned()]
        .into_iter()
        .chain(lines)
        .collect::<Vec<_>>()
        .join("\n")
}

/// Of several runs, the one in the middle.
pub fn median(mut rows: Vec<Row>) -> Option<Row> {
    rows.sort_by(|a, b| {
        let key = |row: &Row| row.deliveries_per_cpu_s.or(row.joins_per_s).unwrap_or(0.0);
        key(a).total_cmp(&key(b))
    });
    let middle = rows.len() / 2;
    (!rows.is_empty()).then(|| rows.swap_remove(middle))
}

fn file() -> PathBuf {
    // Beside target/tmp, wherever that is.
    let temporary = Path::new(env!("CARGO_TARGET_TMPDIR"));
    temporary
        .parent()
        .unwrap_or(temporary)
        .join("bench/latest.json")
}

/// Keeps the rows for programs, and for the chart.
pub fn save(rows: &[Row]) -> Result<PathBuf> {
    let file = file();
    if let Some(directory) = file.parent() {
        fs::create_dir_all(directory)?;
    }
    fs::write(&file, serde_json::to_string_pretty(rows)? + "\n")?;
    Ok(file)
}

/// The rows that were kept last.
pub fn load() -> Result<Vec<Row>> {
    let file = file();
    let text = fs::read_to_string(&file).map_err(|error| format!("{}: {error}", file.display()))?;
    Ok(serde_json::from_str(&text)?)
}
