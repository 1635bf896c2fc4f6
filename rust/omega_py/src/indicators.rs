//! Indicators as a strategy declares and sees them: the values up to the newest visible bar.

use std::sync::Arc;

use arrow_array::types::Float64Type;
use arrow_array::{Array, cast::AsArray};
use arrow_buffer::ScalarBuffer;
use numpy::PyArray1;
use pyo3::basic::CompareOp;
use pyo3::exceptions::PyIndexError;
use pyo3::prelude::*;
use pyo3_arrow::PyChunkedArray;

use super::active;
use super::clock::{Clock, Unit};
use super::error::to_pyerr;
use super::interrupts;
use super::memory;
use super::tracks::Tracks;
use omega_core::error::OmegaError;
use omega_core::indicators::{Cache, Column, From, Given, Source, Spec, Track};
use omega_core::store::TrackId;
use omega_core::types::Side;

/// What a strategy names as the source of an indicator: a column or a side by name, another
/// indicator, or several of these.
#[derive(FromPyObject)]
pub(super) enum Sources<'py> {
    Name(String),
    View(Bound<'py, IndicatorView>),
    Several(Vec<Named<'py>>),
}

/// One of several sources.
#[derive(FromPyObject)]
pub(super) enum Named<'py> {
    Name(String),
    View(Bound<'py, IndicatorView>),
}

impl Named<'_> {
    fn view(&self) -> Option<&IndicatorView> {
        match self {
            Self::View(view) => Some(view.get()),
            Self::Name(_) => None,
        }
    }

    fn declared(&self) -> usize {
        self.view().map_or(0, |view| view.declared)
    }

    fn given(&self, clock: &Arc<Clock>) -> Result<Given, OmegaError> {
        Ok(match self {
            Self::Name(name) => Given::Candles(Source::named(name)?),
            Self::View(view) => {
                only_of_track(view, clock)?;
                view.get().given()
            }
        })
    }
}

impl Sources<'_> {
    /// The first indicator among them.
    pub(super) fn view(&self) -> Option<&IndicatorView> {
        match self {
            Self::View(view) => Some(view.get()),
            Self::Several(all) => all.iter().find_map(Named::view),
            Self::Name(_) => None,
        }
    }

    /// The longest warm-up of those among them.
    fn declared(&self) -> usize {
        match self {
            Self::Several(all) => all.iter().map(Named::declared).max().unwrap_or(0),
            _ => self.view().map_or(0, |view| view.declared),
        }
    }

    fn from(&self, clock: &Arc<Clock>) -> Result<From, OmegaError> {
        Ok(match self {
            // Before the columns: `bid` alone means all prices of the side, for indicators that
            // read several.
            Self::Name(name) if name == "bid" => From::Side(Side::Bid),
            Self::Name(name) if name == "ask" => From::Side(Side::Ask),
            Self::Name(name) => From::Columns(vec![Given::Candles(Source::named(name)?)]),
            Self::View(view) => {
                only_of_track(view, clock)?;
                From::Columns(vec![view.get().given()])
            }
            Self::Several(all) => {
                let given: Result<_, OmegaError> = all.iter().map(|one| one.given(clock)).collect();
                From::Columns(given?)
            }
        })
    }
}

/// What was declared.
pub(super) struct Declared {
    pub(super) views: Vec<IndicatorView>,
    /// The complete bars that it needs, by its length.
    pub(super) bars: usize,
    /// The complete bars until its last output has a first value.
    pub(super) first_value: usize,
}

/// Where the indicators of a track live: the cache of the market, and the clock that they follow.
pub(super) struct Scope<'a> {
    pub(super) cache: &'a Cache,
    pub(super) clock: &'a Arc<Clock>,
}

/// An indicator over a track; one view for each label.
pub(super) fn declare(
    py: Python<'_>,
    scope: &Scope<'_>,
    track: &Track<'_>,
    spec: &Spec,
    sources: &Sources<'_>,
    labels: Vec<String>,
) -> PyResult<Declared> {
    let Scope { cache, clock } = *scope;
    let from = sources.from(clock).map_err(to_pyerr)?;
    // A kernel over millions of bars calls no Python; threads of a sweep compute theirs meanwhile.
    let (key, outputs) =
        interrupts::detached(py, || cache.indicator(track, spec, &from))?.map_err(to_pyerr)?;
    // Of nested ones the sum (L2); of arithmetic, which needs no bars itself, the longest of its
    // operands.
    let declared = spec.warmup() + sources.declared();
    let mut first = declared;
    let mut views = Vec::with_capacity(labels.len());
    for (place, (values, name)) in outputs.into_iter().zip(labels).enumerate() {
        first = first.max(first_value(&values));
        let column = Column::Output(Arc::clone(&key), place);
        let clock = Arc::clone(clock);
        views.push(IndicatorView {
            name,
            column,
            values,
            clock,
            declared,
            unit: Unit::None,
        });
    }
    Ok(Declared {
        views,
        bars: declared,
        first_value: first,
    })
}

/// A column that was computed elsewhere, one float64 a bar; nulls become NaN.
pub(super) fn take(
    scope: &Scope<'_>,
    name: String,
    column: &PyChunkedArray,
    bars: usize,
    (declared, unit): (usize, Unit),
) -> PyResult<(IndicatorView, usize)> {
    let Scope { cache, clock } = *scope;
    let values = joined(column, bars).map_err(to_pyerr)?;
    let warmup = first_value(&values);
    let (column, clock) = (cache.give(), Arc::clone(clock));
    let view = IndicatorView {
        name,
        column,
        values,
        clock,
        declared,
        unit,
    };
    Ok((view, warmup))
}

/// Refuses a source of another symbol or timeframe, whose values belong to other times.
fn only_of_track(view: &Bound<'_, IndicatorView>, clock: &Arc<Clock>) -> Result<(), OmegaError> {
    // A track has one clock, so that its address identifies the track, and differs between runs.
    if Arc::ptr_eq(&view.get().clock, clock) {
        return Ok(());
    }
    if view.get().clock.run() != clock.run() {
        return Err(active::of_another_run("indicator", &view.get().name));
    }
    Err(OmegaError::Config {
        parameter: "source".into(),
        given: format!("{} of another symbol or timeframe", view.get().name),
        expected: "an indicator of the symbol and timeframe asked for".into(),
        hint: "Give both the same symbol= and timeframe=".into(),
    })
}

/// The error of an indicator that names its place twice.
pub(super) fn placed_twice() -> OmegaError {
    OmegaError::Config {
        parameter: "indicator".into(),
        given: "another indicator as its source, and a symbol or timeframe".into(),
        expected: "one of them".into(),
        hint: "It lives where its source does".into(),
    }
}

/// What an operator gives.
type Combined<'py> = PyResult<Bound<'py, PyAny>>;

/// What a function of the Python face makes of whole columns, which both backends share.
fn of_columns<'py>(
    view: &Bound<'py, IndicatorView>,
    function: &str,
    arguments: impl pyo3::call::PyCallArgs<'py>,
) -> Combined<'py> {
    let module = view.py().import("omega.strategy.arithmetic")?;
    module.getattr(function)?.call1(arguments)
}

/// How many bars it takes until a column has its first value.
fn first_value(values: &[f64]) -> usize {
    values
        .iter()
        .position(|value| !value.is_nan())
        .map_or(values.len(), |index| index + 1)
}

/// The chunks of a column as one buffer; nulls become NaN.
fn joined(column: &PyChunkedArray, bars: usize) -> Result<ScalarBuffer<f64>, OmegaError> {
    let wrong = |given: String, expected: String| OmegaError::Config {
        parameter: "column".into(),
        given,
        expected,
        hint: "An expression must give one number for each bar. An aggregate, such as \
               pl.col(\"close\").mean(), has one for all bars, the later ones among them; a \
               constant is pl.repeat(1.0, pl.len())"
            .into(),
    };
    let chunks: Option<Vec<_>> = column
        .chunks()
        .iter()
        .map(|chunk| chunk.as_primitive_opt::<Float64Type>())
        .collect();
    let chunks =
        chunks.ok_or_else(|| wrong(column.data_type().to_string(), "a float64 column".into()))?;
    let length: usize = chunks.iter().map(Array::len).sum();
    if length != bars {
        return Err(wrong(
            format!("{length} values"),
            format!("{bars}, one for each bar"),
        ));
    }
    // Shared where it can be: a null has to become NaN, which takes a copy.
    if let [only] = chunks.as_slice()
        && only.null_count() == 0
    {
        return Ok(only.values().clone());
    }
    let values = chunks.iter().flat_map(|chunk| chunk.iter());
    Ok(values.map(|value| value.unwrap_or(f64::NAN)).collect())
}

/// One value a bar; `ind[-1]` is now.
#[pyclass(frozen, module = "omega._core", name = "Indicator")]
pub struct IndicatorView {
    name: String,
    column: Column,
    values: ScalarBuffer<f64>,
    clock: Arc<Clock>,
    /// The bars that its indicators declare, its sources' included (L2).
    declared: usize,
    /// What its values are in, each in that of its own bar (A3).
    unit: Unit,
}

impl IndicatorView {
    /// The value of a bar as it reads at another one.
    #[inline]
    fn as_of(&self, bar: usize, now: usize) -> f64 {
        let value = self.values[bar];
        match self.clock.growth() {
            None => value,
            Some(growth) => growth.as_of(value, self.unit, bar, now),
        }
    }

    /// The track that it lives on.
    ///
    /// # Errors
    /// `ConfigError` where it is of another run.
    pub(super) fn track_in(&self, tracks: &Tracks) -> PyResult<TrackId> {
        let found = tracks.of_clock(&self.clock);
        found.ok_or_else(|| to_pyerr(active::of_another_run("indicator", &self.name)))
    }

    pub(super) fn values(&self) -> &ScalarBuffer<f64> {
        &self.values
    }

    /// How many values are known.
    #[inline]
    fn visible(&self) -> PyResult<usize> {
        self.clock.shown("indicator", &self.name)
    }

    /// The value of the bar before and that of now; none where there are no two bars, and for those
    /// outside of its run, where a crossing is about all bars.
    pub(super) fn last_two(&self) -> Option<(f64, f64)> {
        if !active::is_inside(self.clock.run()) {
            return None;
        }
        self.newest_two()
    }

    /// The same of two, which mostly are of one run: where the thread is is looked up once.
    #[inline]
    pub(super) fn last_two_of(first: &Self, second: &Self) -> Option<[(f64, f64); 2]> {
        let run = first.clock.run();
        if second.clock.run() != run || !active::is_inside(run) {
            return None;
        }
        Some([first.newest_two()?, second.newest_two()?])
    }

    #[inline]
    fn newest_two(&self) -> Option<(f64, f64)> {
        let visible = self.clock.visible();
        let before = visible.checked_sub(2)?;
        match self.values.get(before..visible)? {
            [before, now] => Some((*before, *now)),
            _ => None,
        }
    }

    /// The whole column as the source of another indicator.
    fn given(&self) -> Given {
        Given::Values(self.column.clone(), self.values.clone())
    }
}

#[pymethods]
impl IndicatorView {
    /// Its name, such as "sma(20)".
    #[getter]
    pub(super) fn name(&self) -> &str {
        &self.name
    }

    /// Return the number of values known so far.
    fn __len__(&self) -> PyResult<usize> {
        self.visible()
    }

    /// Return the value now as `[-1]`, a bar ago as `[-2]`; NaN in warm-up.
    fn __getitem__(&self, key: isize) -> PyResult<f64> {
        let visible = self.visible()?;
        match visible.checked_add_signed(key) {
            // From the end only: an absolute index would be a label, and could be one of a later
            // bar (TF1).
            Some(index) if key < 0 => Ok(self.as_of(index, visible - 1)),
            _ => Err(PyIndexError::new_err(format!(
                "{}[{key}] with {visible} values known: expected -1 (now) to -{visible}",
                self.name
            ))),
        }
    }

    /// Return the value that many bars before the newest one; 0 is now.
    fn ago(&self, bars: isize) -> PyResult<f64> {
        let visible = self.visible()?;
        let past = usize::try_from(bars)
            .ok()
            .and_then(|bars| visible.checked_sub(bars));
        match past.and_then(|past| past.checked_sub(1)) {
            Some(index) => Ok(self.as_of(index, visible - 1)),
            None => Err(PyIndexError::new_err(format!(
                "{}.ago({bars}) with {visible} values known: expected 0 (now) to less than \
                 {visible}",
                self.name
            ))),
        }
    }

    /// `self.z < -2` is a condition over all bars.
    fn __richcmp__<'py>(
        slf: &Bound<'py, Self>,
        other: &Bound<'py, PyAny>,
        how: CompareOp,
    ) -> PyResult<Bound<'py, PyAny>> {
        let word = match how {
            CompareOp::Gt => ">",
            CompareOp::Ge => ">=",
            CompareOp::Lt => "<",
            CompareOp::Le => "<=",
            CompareOp::Eq => "==",
            CompareOp::Ne => "!=",
        };
        of_columns(slf, "compared", (word, slf, other))
    }

    /// Declare its sum with another, a column or a number.
    fn __add__<'py>(slf: &Bound<'py, Self>, other: &Bound<'py, PyAny>) -> Combined<'py> {
        of_columns(slf, "combined", ("+", slf, other))
    }

    /// Declare the same with the operands the other way round.
    fn __radd__<'py>(slf: &Bound<'py, Self>, other: &Bound<'py, PyAny>) -> Combined<'py> {
        of_columns(slf, "combined", ("+", other, slf))
    }

    /// Declare its difference from another, a column or a number.
    fn __sub__<'py>(slf: &Bound<'py, Self>, other: &Bound<'py, PyAny>) -> Combined<'py> {
        of_columns(slf, "combined", ("-", slf, other))
    }

    /// Declare the same with the operands the other way round.
    fn __rsub__<'py>(slf: &Bound<'py, Self>, other: &Bound<'py, PyAny>) -> Combined<'py> {
        of_columns(slf, "combined", ("-", other, slf))
    }

    /// Declare its product with another, a column or a number.
    fn __mul__<'py>(slf: &Bound<'py, Self>, other: &Bound<'py, PyAny>) -> Combined<'py> {
        of_columns(slf, "combined", ("*", slf, other))
    }

    /// Declare the same with the operands the other way round.
    fn __rmul__<'py>(slf: &Bound<'py, Self>, other: &Bound<'py, PyAny>) -> Combined<'py> {
        of_columns(slf, "combined", ("*", other, slf))
    }

    /// Declare its quotient by another, a column or a number.
    fn __truediv__<'py>(slf: &Bound<'py, Self>, other: &Bound<'py, PyAny>) -> Combined<'py> {
        of_columns(slf, "combined", ("/", slf, other))
    }

    /// Declare the same with the operands the other way round.
    fn __rtruediv__<'py>(slf: &Bound<'py, Self>, other: &Bound<'py, PyAny>) -> Combined<'py> {
        of_columns(slf, "combined", ("/", other, slf))
    }

    /// Declare its negative.
    fn __neg__<'py>(slf: &Bound<'py, Self>) -> Combined<'py> {
        of_columns(slf, "combined", ("*", -1.0, slf))
    }

    /// Declare its absolute value.
    fn __abs__<'py>(slf: &Bound<'py, Self>) -> Combined<'py> {
        of_columns(slf, "absolute", (slf,))
    }

    /// `NumPy` leaves `numpy.float64(2) * indicator` to the indicator, instead of reading what is
    /// visible as an array.
    #[classattr]
    fn __array_ufunc__() -> Option<bool> {
        None
    }

    /// Hash by identity.
    fn __hash__(slf: &Bound<'_, Self>) -> usize {
        // Spelled out, because a class that defines comparisons inherits no hash.
        slf.as_ptr() as usize
    }

    /// Return the last `length` values as a read-only array.
    fn window(slf: Bound<'_, Self>, length: isize) -> PyResult<Bound<'_, PyArray1<f64>>> {
        let this = slf.clone();
        let this = this.get();
        let visible = this.visible()?;
        let asked = usize::try_from(length).ok();
        let Some(length) = asked.filter(|length| (1..=visible).contains(length)) else {
            return Err(PyIndexError::new_err(format!(
                "{}.window({length}) with {visible} values known: expected 1 to {visible}",
                this.name
            )));
        };
        if this.unit != Unit::None && this.clock.growth().is_some() {
            let bars = visible - length..visible;
            let values = bars.map(|bar| this.as_of(bar, visible - 1)).collect();
            let array = PyArray1::from_vec(slf.py(), values);
            memory::read_only(&array);
            return Ok(array);
        }
        Ok(memory::share(
            &this.values,
            visible - length,
            visible,
            slf.into_any(),
        ))
    }

    fn __repr__(&self) -> String {
        match self.clock.visible().checked_sub(1) {
            Some(newest) => format!("<{}: {}>", self.name, self.values[newest]),
            None => format!("<{}: no value yet>", self.name),
        }
    }
}
