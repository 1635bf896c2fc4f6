//! Schedules: strategies that follow each other in one run, each made when it begins.

use std::time::Duration;

use omega_core::backtest::{Backtest, BacktestResult, named};
use omega_core::replay::View;
use omega_core::store::{Market, TrackId};
use omega_core::strategies::{Border, Disturbance, Disturbed, Native, Scheduled};
use pyo3::prelude::*;

use super::actions::Vocabulary;
use super::callbacks::Callbacks;
use super::error::to_pyerr;
use super::foreign::{Foreign, ForeignStrategy};
use super::interrupts;
use super::native::{NativeStrategy, WithPyError};
use super::observer::{GilObserver, ProgressObserver};
use super::strategy::{PyStrategy, Raised};
use super::tracks::Tracks;
use super::warmup::Warmup;
use super::without_python::rates_of;

/// Names of what becomes of what is open where a stage begins.
const BORDERS: [(&str, Border); 3] = [
    ("keep", Border::Keep),
    ("cancel", Border::Cancel),
    ("flat", Border::Flat),
];

/// What a schedule is made of, as the Python face gives it.
#[derive(FromPyObject)]
pub(super) struct ScheduleFields<'py> {
    /// The first step of each stage, and its border.
    #[pyo3(item)]
    stages: Vec<(usize, String)>,
    /// Makes the strategy of a stage by its place: one of the core, of another language, or the
    /// callbacks of one in Python.
    #[pyo3(item)]
    make: Bound<'py, PyAny>,
    /// Which of the three: "core", "foreign" or "python".
    #[pyo3(item)]
    kind: String,
    /// Complete bars that the first decision needs of each track.
    #[pyo3(item)]
    needs: Vec<usize>,
    /// Whether entries and exits go out a step later; a seed, and the share of entries that are
    /// lost.
    #[pyo3(item)]
    disturbed: (bool, bool, u64, f64),
}

impl<'py> ScheduleFields<'py> {
    /// Declares what the first decision needs.
    pub(super) fn declare(&self, warmup: &Warmup) {
        for (track, bars) in self.needs.iter().enumerate() {
            warmup.declare(TrackId(track), *bars);
        }
    }

    /// Walks the bars; gives the time spent in Python besides. `start` makes a strategy of
    /// callbacks.
    pub(super) fn run(
        &self,
        py: Python<'py>,
        backtest: &Backtest<'_>,
        tracks: &Tracks,
        on_progress: Option<Bound<'py, PyAny>>,
        start: impl FnMut(Callbacks<'py>) -> PyResult<PyStrategy<'py, Vocabulary<'py>>>,
    ) -> PyResult<(BacktestResult, Duration)> {
        let plan = backtest.plan();
        if self.kind == "python" {
            let observer = ProgressObserver::new(py, on_progress, plan);
            return self.run_attached(py, backtest, tracks, observer, start);
        }
        let mut observer = GilObserver {
            on_progress: on_progress.map(Bound::unbind),
            total: plan.end - plan.start,
            reported: 0,
        };
        let result = self.run_detached(py, backtest, &tracks.market, &mut observer)?;
        Ok((result, Duration::ZERO))
    }

    fn disturbance(&self) -> Disturbance {
        let (late_entries, late_exits, seed, share) = self.disturbed;
        Disturbance {
            late_entries,
            late_exits,
            lost: (share > 0.0).then_some((seed, share)),
        }
    }

    fn stages(&self) -> PyResult<Vec<(usize, Border)>> {
        let stages = self.stages.iter().map(|(begin, border)| {
            let border = named("border", border, &BORDERS).map_err(to_pyerr)?;
            Ok((*begin, border))
        });
        stages.collect()
    }

    /// Walks the bars with strategies that never call Python; the interpreter is taken at borders
    /// alone.
    fn run_detached(
        &self,
        py: Python<'py>,
        backtest: &Backtest<'_>,
        market: &Market,
        observer: &mut GilObserver,
    ) -> PyResult<BacktestResult> {
        let (stages, make) = (self.stages()?, self.make.clone().unbind());
        let borders: Vec<Border> = stages.iter().map(|stage| stage.1).collect();
        let how = self.disturbance();
        let walked = if self.kind == "core" {
            interrupts::detached(py, || {
                let make = |place: usize, before: Option<WithPyError<Native>>, _: &View<'_>| {
                    // What it has besides is dropped: its columns, before the next ones are made.
                    let targets = before.filter(|_| borders[place] == Border::Keep);
                    let targets = targets.and_then(|own| own.0.into_targets());
                    let found = of_core(&make, place).map_err(Raised)?;
                    Ok(found.map(|mut own| {
                        own.0.go_on_from(targets);
                        own
                    }))
                };
                let scheduled = Scheduled::new(stages, make);
                backtest.run_observed(&mut Disturbed::new(scheduled, how), observer)
            })
        } else {
            interrupts::detached(py, || {
                let mut held = None;
                let scheduled = Scheduled::new(stages, |place, before, _: &View<'_>| {
                    drop(before);
                    let Some((found, kept)) = foreign(&make, place, backtest, market)? else {
                        return Ok(None);
                    };
                    held.replace(kept); // what its functions need to be there
                    Ok(Some(found))
                });
                backtest.run_observed(&mut Disturbed::new(scheduled, how), observer)
            })
        };
        walked?.map_err(|Raised(error)| error)
    }

    /// Walks the bars with strategies that do; gives the time spent in them besides.
    fn run_attached(
        &self,
        py: Python<'py>,
        backtest: &Backtest<'_>,
        tracks: &Tracks,
        mut observer: ProgressObserver<'py>,
        mut start: impl FnMut(Callbacks<'py>) -> PyResult<PyStrategy<'py, Vocabulary<'py>>>,
    ) -> PyResult<(BacktestResult, Duration)> {
        let mut over = Duration::ZERO;
        let make = |place: usize, before: Option<PyStrategy<'py, _>>, view: &View<'_>| {
            over += before.map_or(Duration::ZERO, |own| own.callback_time());
            tracks.show(view); // what it declares shows this bar
            let found = self.make.call1((place,)).and_then(|found| found.extract());
            let found = found.map_err(|error| Raised(tracks.noted(py, error, "strategy")))?;
            Ok(Some(start(found)?))
        };
        let scheduled = Scheduled::new(self.stages()?, make);
        let mut scheduled = Disturbed::new(scheduled, self.disturbance());
        let walked = interrupts::attached(py, || backtest.rows(&mut scheduled, &mut observer));
        let rows = walked?.map_err(|Raised(error)| error)?;
        let last = scheduled
            .strategy
            .own()
            .map_or(Duration::ZERO, PyStrategy::callback_time);
        drop(scheduled);
        let result = interrupts::detached(py, || rows.into())?;
        Ok((result, over + last))
    }
}

/// The strategy of the core of a stage.
fn of_core(make: &Py<PyAny>, place: usize) -> PyResult<Option<WithPyError<Native>>> {
    Python::attach(|py| {
        let found = make.call1(py, (place,))?;
        let found: Option<Bound<'_, NativeStrategy>> = found.extract(py)?;
        Ok(found.map(|native| WithPyError(native.get().fresh())))
    })
}

/// What a stage runs, and what keeps it.
type Kept = (WithPyError<Foreign>, Py<ForeignStrategy>);

/// The strategy of another language of a stage.
fn foreign(
    make: &Py<PyAny>,
    place: usize,
    backtest: &Backtest<'_>,
    market: &Market,
) -> Result<Option<Kept>, Raised> {
    let found: Option<Py<ForeignStrategy>> = Python::attach(|py| {
        let found = make.call1(py, (place,))?;
        found.extract(py).map_err(PyErr::from)
    })?;
    let Some(kept) = found else {
        return Ok(None);
    };
    let plan = kept.get().plan();
    let rates = rates_of(backtest.config());
    Ok(Some((WithPyError(plan.start(market, rates)), kept)))
}
