//! Reads a scenario: a few bars, what was asked for when, and what must come of it. The format is
//! that of `tests/scenarios/README.md`.

use super::mirror;
use super::value::Value;

/// First columns of the tables that state what must come out.
pub const EXPECTED: [&str; 7] = [
    "order",
    "fill",
    "trade",
    "equity_at_bar",
    "equity_at",
    "ledger",
    "position",
];

/// A Markdown table: names of its columns, and rows of text.
#[derive(Debug, Clone, Default)]
pub struct Table {
    /// Names in lower case, words joined by `_`.
    pub columns: Vec<String>,
    /// Cells as they are written; `_` means "not checked".
    pub rows: Vec<Vec<String>>,
}

/// A row by the names of its columns.
#[derive(Debug, Clone, Copy)]
pub struct Row<'a> {
    columns: &'a [String],
    cells: &'a [String],
}

impl<'a> Row<'a> {
    /// The cell under a name.
    pub fn get(self, column: &str) -> Option<&'a str> {
        let place = self.columns.iter().position(|name| name == column)?;
        Some(&self.cells[place])
    }

    /// Names and cells.
    pub fn iter(self) -> impl Iterator<Item = (&'a str, &'a str)> {
        let names = self.columns.iter().map(String::as_str);
        names.zip(self.cells.iter().map(String::as_str))
    }
}

impl Table {
    /// Each row.
    pub fn records(&self) -> impl Iterator<Item = Row<'_>> {
        let columns = &self.columns;
        self.rows.iter().map(move |cells| Row { columns, cells })
    }
}

/// One section of a scenario file.
#[derive(Debug, Clone)]
pub struct Scenario {
    /// File and title, as the Python tests show them.
    pub name: String,
    /// Settings by name.
    pub settings: Vec<(String, Value)>,
    /// Tables, each under the name of its first column.
    pub tables: Vec<Table>,
    /// Where prices are reflected to play it once more.
    pub mirror: Option<f64>,
}

impl Scenario {
    /// The table whose first column has a name.
    pub fn table(&self, first: &str) -> Option<&Table> {
        self.tables.iter().find(|table| table.columns[0] == first)
    }
}

/// The scenarios of all files, each followed by its mirror image where it has one.
pub fn all() -> Vec<Scenario> {
    let folder = concat!(env!("CARGO_MANIFEST_DIR"), "/../../tests/scenarios");
    let entries = std::fs::read_dir(folder).unwrap();
    let mut paths: Vec<_> = entries.map(|entry| entry.unwrap().path()).collect();
    paths.sort();
    let mut found = Vec::new();
    for path in paths {
        let stem = path.file_stem().unwrap().to_string_lossy().into_owned();
        if path.extension().is_some_and(|kind| kind == "md") && stem != "README" {
            for scenario in read(&stem, &std::fs::read_to_string(&path).unwrap()) {
                let image = scenario.mirror.map(|at| mirror::image(&scenario, at));
                found.push(scenario);
                found.extend(image);
            }
        }
    }
    found
}

/// The scenarios of a file: one for each second-level heading.
pub fn read(file: &str, content: &str) -> Vec<Scenario> {
    let content = format!("\n{content}");
    content
        .split("\n## ")
        .skip(1)
        .map(|section| one(file, section))
        .collect()
}

fn one(file: &str, section: &str) -> Scenario {
    let (title, body) = section.split_once('\n').unwrap();
    let name = format!("{file}: {}", title.trim());
    let tables = tables(body);
    for table in &tables {
        let first = table.columns[0].as_str();
        let known = ["bar", "finer_bar", "after_bar", "at"].contains(&first);
        assert!(
            known || EXPECTED.contains(&first),
            "{name}: unknown table '{first}'"
        );
    }
    let lower = body.replace("Mirrored at ", "mirrored at ");
    let mirror = lower.split_once("mirrored at ").and_then(|(_, rest)| {
        let digits = |c: char| c.is_ascii_digit() || c == '.';
        let end = rest.find(|c| !digits(c)).unwrap_or(rest.len());
        rest[..end].trim_end_matches('.').parse().ok()
    });
    Scenario {
        name,
        settings: settings(body),
        tables,
        mirror,
    }
}

fn tables(body: &str) -> Vec<Table> {
    let mut found = Vec::new();
    let lines: Vec<&str> = body.lines().collect();
    for block in lines.chunk_by(|a, b| a.starts_with('|') == b.starts_with('|')) {
        if !block[0].starts_with('|') {
            continue;
        }
        let mut rows = block.iter().map(|line| {
            let cells = line.trim().trim_matches('|').split('|');
            cells.map(|cell| cell.trim().to_owned()).collect::<Vec<_>>()
        });
        let columns = rows
            .next()
            .unwrap()
            .iter()
            .map(|name| snake(name))
            .collect();
        found.push(Table {
            columns,
            rows: rows.skip(1).collect(),
        });
    }
    found
}

fn snake(name: &str) -> String {
    let words = name.split_whitespace().map(str::to_lowercase);
    words.collect::<Vec<_>>().join("_")
}

/// What stands between backticks in paragraphs that begin with "Settings:".
fn settings(body: &str) -> Vec<(String, Value)> {
    let mut found = Vec::new();
    for paragraph in body.split("\n\n") {
        let Some(given) = paragraph.trim_start().strip_prefix("Settings: ") else {
            continue;
        };
        for assignment in given.split('`').skip(1).step_by(2) {
            let (name, expression) = assignment.split_once('=').unwrap();
            found.push((name.trim().to_owned(), Value::read(expression)));
        }
    }
    found
}
