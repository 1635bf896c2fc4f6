//! The native candle store as Python sees it: built once, then only read.

use std::sync::Arc;

use arrow_array::{Array, ArrayRef, Float64Array, StringArray, StructArray, UInt64Array};
use arrow_schema::{ArrowError, Field, FieldRef};
use numpy::PyArray1;
use pyo3::exceptions::{PyKeyError, PyValueError};
use pyo3::prelude::*;
use pyo3::types::PyCapsule;
use pyo3_arrow::error::PyArrowResult;
use pyo3_arrow::ffi::{ArrayIterator, to_stream_pycapsule};

use super::columns::Column;
use super::error::to_pyerr;
use super::interrupts;
use super::memory;
use omega_core::columns::{
    AskColumns, Findings, InputColumn, Level, Role, Rule, Rules, Slot, SymbolInput, read,
    refuse_nulls, report, validate,
};
use omega_core::error::OmegaError;
use omega_core::store::{self, SymbolCandles};

/// One symbol as Python hands it over: name, columns as `(role, user's name, column)`, spread.
type PySymbol<'py> = (String, Vec<(String, String, Bound<'py, Column>)>, f64);

/// How often a rule was broken: symbol, rule, first column, count, first row, first value.
type PyWarning = (String, &'static str, String, usize, usize, Option<f64>);

/// The columns of all symbols, checked; every buffer is shared with the input.
#[pyclass(frozen, module = "omega._core")]
pub(crate) struct CandleStore {
    store: Arc<store::CandleStore>,
    checks: Vec<Arc<Check>>,
}

/// The outcome of validating one symbol's rows; by default none.
#[derive(Default)]
struct Check {
    rules: Rules,
    findings: Findings,
}

/// How rows are validated.
#[derive(Clone, Copy)]
enum Mode {
    Check,
    Report,
    Off,
}

impl CandleStore {
    /// A store over candles that are checked already, or made of such.
    pub(super) fn over(symbols: Vec<Arc<SymbolCandles>>) -> Self {
        Self {
            checks: vec![Arc::default(); symbols.len()],
            store: Arc::new(store::CandleStore::new(symbols)),
        }
    }

    /// The store that a run walks.
    pub(crate) fn inner(&self) -> &Arc<store::CandleStore> {
        &self.store
    }

    fn candles(&self, symbol: &str) -> PyResult<(usize, &Arc<SymbolCandles>)> {
        let symbols = self.store.symbols().iter().enumerate();
        symbols
            .into_iter()
            .find(|(_, candles)| candles.name() == symbol)
            .ok_or_else(|| PyKeyError::new_err(symbol.to_owned()))
    }
}

#[pymethods]
impl CandleStore {
    /// Builds a store; `mode` is `check`, `report` or `off`, `levels` sets single rules.
    #[new]
    fn new(
        py: Python<'_>,
        symbols: Vec<PySymbol<'_>>,
        mode: &str,
        levels: Vec<(String, String)>,
        allow_negative: Vec<String>,
        cast: bool,
    ) -> PyResult<Self> {
        let mode = parse_mode(mode)?;
        let rules = parse_levels(&levels).map_err(to_pyerr)?;
        let inputs = symbols
            .into_iter()
            .map(symbol_input)
            .collect::<PyResult<Vec<_>>>()?;
        // Casting and validating are the slow part and touch no Python object, so that other
        // threads run meanwhile.
        let built = interrupts::detached(py, || {
            inputs
                .into_iter()
                .map(|input| {
                    let negative = allow_negative.contains(&input.symbol);
                    let rules = if negative {
                        rules.allowing_negative()
                    } else {
                        rules
                    };
                    build(input, mode, rules, cast)
                })
                .collect::<Result<Vec<_>, _>>()
        });
        let (candles, checks) = built?.map_err(to_pyerr)?.into_iter().unzip();
        Ok(Self {
            store: Arc::new(store::CandleStore::new(candles)),
            checks,
        })
    }

    /// The symbols, in the order in which they were given.
    #[getter]
    fn symbols(&self) -> Vec<&str> {
        self.inner()
            .symbols()
            .iter()
            .map(|candles| candles.name())
            .collect()
    }

    /// A store of one symbol that shares this one's columns.
    fn symbol(&self, name: &str) -> PyResult<Self> {
        let (k, candles) = self.candles(name)?;
        let store = Arc::new(store::CandleStore::new(vec![candles.clone()]));
        Ok(Self {
            store,
            checks: vec![self.checks[k].clone()],
        })
    }

    /// A store of each symbol, in order, that shares this one's columns.
    fn each(&self) -> Vec<Self> {
        let symbols = self.store.symbols().iter().zip(&self.checks);
        symbols
            .map(|(candles, checks)| Self {
                store: Arc::new(store::CandleStore::new(vec![candles.clone()])),
                checks: vec![checks.clone()],
            })
            .collect()
    }

    /// The columns of a symbol as `(role, user's name)`.
    fn columns(&self, symbol: &str) -> PyResult<Vec<(String, String)>> {
        let (_, candles) = self.candles(symbol)?;
        let names = candles.names().iter();
        Ok(names
            .map(|(role, name)| (role.name().to_owned(), name.to_owned()))
            .collect())
    }

    /// The distance from bid to ask where no column gives the ask side; 0 where one does.
    fn spread(&self, symbol: &str) -> PyResult<f64> {
        let (_, candles) = self.candles(symbol)?;
        let first = candles.segments().first();
        Ok(match first.map(|segment| &segment.ask) {
            Some(AskColumns::Constant(spread)) => *spread,
            _ => 0.0,
        })
    }

    /// The bid where it lies: open, high, low and close; none where a symbol has several segments.
    // A frame of the same columns takes some thirty microseconds, and a run of 5,000 shares with
    // events reads two of each.
    fn bid<'py>(
        slf: &Bound<'py, Self>,
        symbol: &str,
    ) -> PyResult<Option<[Bound<'py, PyArray1<f64>>; 4]>> {
        let (_, candles) = slf.get().candles(symbol)?;
        let [segment] = candles.segments() else {
            return Ok(None);
        };
        let array = |column| memory::share(column, 0, segment.len(), slf.clone().into_any());
        Ok(Some(segment.bid.each_ref().map(array)))
    }

    /// Number of bars of all symbols.
    fn __len__(&self) -> usize {
        self.store
            .symbols()
            .iter()
            .map(|candles| candles.len())
            .sum()
    }

    /// Number of segments of all symbols.
    #[getter]
    fn n_chunks(&self) -> usize {
        self.store
            .symbols()
            .iter()
            .map(|candles| candles.segments().len())
            .sum()
    }

    /// Bytes of all columns, shared ones counted once a symbol.
    #[getter]
    fn nbytes(&self) -> usize {
        self.store
            .symbols()
            .iter()
            .map(|candles| candles.nbytes())
            .sum()
    }

    /// Bytes that a cast made on the way in.
    #[getter]
    fn copied_bytes(&self) -> usize {
        self.store
            .symbols()
            .iter()
            .map(|candles| candles.copied_bytes())
            .sum()
    }

    /// For each symbol the rows in which the ask is below the bid; `None` without validation.
    #[getter]
    fn crossed_rows(&self) -> Vec<Option<usize>> {
        self.checks
            .iter()
            .map(|check| check.findings.crossed_rows)
            .collect()
    }

    /// `(address, bytes)` of each segment's buffer for a role.
    fn buffers(&self, symbol: &str, role: &str) -> PyResult<Vec<(usize, usize)>> {
        let (_, candles) = self.candles(symbol)?;
        let role = parse_role(role)?;
        let columns = (0..candles.segments().len()).map(|k| candles.column(k, role));
        let arrays = columns.collect::<Option<Vec<_>>>();
        let arrays = arrays.ok_or_else(|| PyKeyError::new_err(role.name()))?;
        Ok(arrays.iter().map(span).collect())
    }

    /// First and last open time, unit and time zone of a symbol.
    fn time_range(&self, symbol: &str) -> PyResult<(i64, i64, &'static str, Option<String>)> {
        let (_, candles) = self.candles(symbol)?;
        let unit = candles.unit().abbreviation();
        let zone = candles.timezone().map(ToOwned::to_owned);
        let last = candles.len().saturating_sub(1);
        Ok((candles.time(0), candles.time(last), unit, zone))
    }

    /// Counts of the rules that only warn: `(symbol, rule, column, count, row, value)`.
    fn warnings(&self) -> Vec<PyWarning> {
        let each = self.store.symbols().iter().zip(&self.checks);
        each.flat_map(|(candles, check)| {
            check.findings.warnings.iter().map(move |tally| {
                let first = tally.first;
                let column = candles.names().of(first.slot).to_owned();
                let name = candles.name().to_owned();
                (
                    name,
                    first.rule.name(),
                    column,
                    tally.count,
                    first.row,
                    first.value,
                )
            })
        })
        .collect()
    }

    /// Every finding of a symbol as the columns rule, column, row, time and value.
    fn findings(&self, py: Python<'_>, symbol: &str) -> PyResult<Vec<(String, Column)>> {
        let (k, candles) = self.candles(symbol)?;
        let check = &self.checks[k];
        let known = &check.findings;
        interrupts::detached(py, || {
            let fresh;
            // Validation keeps counts and not rows, for bad data may break a rule in each of its
            // millions. They are found again on request.
            let findings = if known.rows.is_empty() {
                fresh = report(&candles.to_columns(), check.rules.reporting());
                &fresh
            } else {
                known
            };
            finding_columns(candles, findings)
        })
    }

    /// Raises the first finding that refuses the data; only a store built to report can have one.
    fn require_valid(&self) -> PyResult<()> {
        for (candles, check) in self.store.symbols().iter().zip(&self.checks) {
            let refused = check
                .findings
                .rows
                .iter()
                // A report lists warnings, too. Rows are in order, so that this is the finding that
                // `validate` would have refused.
                .find(|f| check.rules.level(f.rule) == Level::Error);
            if let Some(finding) = refused {
                let error = finding.into_error(candles.name(), candles.names(), candles.unit());
                return Err(to_pyerr(error));
            }
        }
        Ok(())
    }

    #[pyo3(signature = (requested_schema=None))]
    fn __arrow_c_stream__<'py>(
        &self,
        py: Python<'py>,
        requested_schema: Option<Bound<'py, PyCapsule>>,
    ) -> PyArrowResult<Bound<'py, PyCapsule>> {
        let [candles] = self.store.symbols() else {
            return Err(PyValueError::new_err(
                "a store of several symbols is no single table: export store.symbol(name)",
            )
            .into());
        };
        let (field, chunks) = table(candles)?;
        let reader = ArrayIterator::new(chunks.into_iter().map(Ok), field);
        to_stream_pycapsule(py, Box::new(reader), requested_schema)
    }
}

fn parse_mode(mode: &str) -> PyResult<Mode> {
    match mode {
        "check" => Ok(Mode::Check),
        "report" => Ok(Mode::Report),
        "off" => Ok(Mode::Off),
        // Bare, because the package chooses the word: no user ever sees this.
        _ => Err(PyValueError::new_err(mode.to_owned())),
    }
}

fn parse_role(role: &str) -> PyResult<Role> {
    Role::parse(role).ok_or_else(|| PyKeyError::new_err(role.to_owned()))
}

fn parse_levels(levels: &[(String, String)]) -> Result<Rules, OmegaError> {
    levels
        .iter()
        .try_fold(Rules::ALL_ERRORS, |rules, (rule, level)| {
            let known = match level.as_str() {
                "error" => Some(Level::Error),
                "warn" => Some(Level::Warn),
                "allow" => Some(Level::Allow),
                _ => None,
            };
            match (Rule::parse(rule), known) {
                (Some(rule), Some(level)) => rules.with(rule, level),
                (None, _) => Err(OmegaError::Config {
                    parameter: "validate".to_owned(),
                    given: format!("the rule '{rule}'"),
                    expected: format!("one of {}", Rule::ALL.map(Rule::name).join(", ")),
                    hint: "Name the rules as the findings of validate='report' do".to_owned(),
                }),
                (_, None) => Err(OmegaError::Config {
                    parameter: format!("validate['{rule}']"),
                    given: format!("'{level}'"),
                    expected: "'error', 'warn' or 'allow'".to_owned(),
                    hint: "See the rule T3".to_owned(),
                }),
            }
        })
}

fn symbol_input((symbol, columns, spread): PySymbol<'_>) -> PyResult<SymbolInput> {
    let columns = columns
        .into_iter()
        .map(|(role, name, column)| {
            let column = column.get();
            let (chunks, copied_bytes) = (column.chunks(), column.copied_bytes());
            Ok(InputColumn {
                role: parse_role(&role)?,
                name,
                chunks,
                copied_bytes,
            })
        })
        .collect::<PyResult<Vec<_>>>()?;
    Ok(SymbolInput {
        symbol,
        columns,
        spread,
    })
}

fn build(
    input: SymbolInput,
    mode: Mode,
    rules: Rules,
    cast: bool,
) -> Result<(Arc<SymbolCandles>, Arc<Check>), OmegaError> {
    let columns = read(input, cast)?;
    let findings = match mode {
        Mode::Check => validate(&columns, rules)?,
        Mode::Report => report(&columns, rules),
        Mode::Off => {
            refuse_nulls(&columns)?;
            Findings::default()
        }
    };
    let candles = Arc::new(SymbolCandles::from_columns(columns));
    Ok((candles, Arc::new(Check { rules, findings })))
}

/// Address and length of the values of a primitive array.
fn span(array: &ArrayRef) -> (usize, usize) {
    let data = array.to_data();
    let bytes = array.len() * size_of::<f64>();
    let first = data
        .buffers()
        .first()
        .map_or(0, |buffer| buffer.as_ptr() as usize);
    // With the offset, since a chunk may be a slice: tests compare this address with the input's.
    (first + data.offset() * size_of::<f64>(), bytes)
}

/// The segments as struct arrays, which is what a stream of record batches is.
fn table(candles: &SymbolCandles) -> Result<(FieldRef, Vec<ArrayRef>), ArrowError> {
    let mut chunks: Vec<ArrayRef> = Vec::with_capacity(candles.segments().len());
    let roles: Vec<Role> = candles.roles().collect();
    for k in 0..candles.segments().len() {
        let columns = roles.iter().filter_map(|&role| {
            let array = candles.column(k, role)?;
            Some((
                Arc::new(Field::new(
                    // Named by side, so that the exported table is a valid input again, whatever
                    // its columns were called.
                    role.on_a_side().name(),
                    array.data_type().clone(),
                    true,
                )),
                array,
            ))
        });
        chunks.push(Arc::new(StructArray::from(columns.collect::<Vec<_>>())));
    }
    let Some(first) = chunks.first() else {
        return Err(ArrowError::InvalidArgumentError(
            "the store has no rows".to_owned(),
        ));
    };
    Ok((
        Arc::new(Field::new("", first.data_type().clone(), false)),
        chunks,
    ))
}

fn finding_columns(candles: &SymbolCandles, findings: &Findings) -> Vec<(String, Column)> {
    let rows = &findings.rows;
    let column_name = |slot: Slot| candles.names().of(slot);
    let times = rows
        .iter()
        .map(|finding| finding.time.unwrap_or(0))
        .collect();
    let has_time = rows.iter().map(|finding| finding.time.is_some()).collect();
    let columns: [(&str, ArrayRef); 5] = [
        (
            "rule",
            Arc::new(StringArray::from_iter_values(
                rows.iter().map(|f| f.rule.name()),
            )),
        ),
        (
            "column",
            Arc::new(StringArray::from_iter_values(
                rows.iter().map(|f| column_name(f.slot)),
            )),
        ),
        (
            "row",
            Arc::new(UInt64Array::from_iter_values(
                rows.iter().map(|f| f.row as u64),
            )),
        ),
        ("time", candles.time_array(times, Some(has_time))),
        (
            "value",
            Arc::new(
                rows.iter()
                    .map(|finding| finding.value)
                    .collect::<Float64Array>(),
            ),
        ),
    ];
    let column = |(name, array): (&str, ArrayRef)| {
        let field = Arc::new(Field::new(name, array.data_type().clone(), true));
        (name.to_owned(), Column::new(field, vec![array]))
    };
    columns.into_iter().map(column).collect()
}
