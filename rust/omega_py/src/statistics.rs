//! Statistics of many trials: numbers and arrays of `NumPy` in, the same out.

use numpy::{PyArray1, PyReadonlyArray1, PyReadonlyArray2, PyUntypedArrayMethods};
use pyo3::exceptions::PyValueError;
use pyo3::prelude::*;

use super::interrupts;
use omega_core::statistics as of;
use omega_core::statistics::{
    BlockMoments, Estimator, Matrix, Method, Moments, Sample, Statistic, Variance,
};

/// Sharpe ratio, periods, skewness and kurtosis.
type SampleFields = (f64, f64, f64, f64);
/// Whether the variance is that at the tested ratio, and the autocorrelation.
type Way = (bool, f64);
type Numbers<'py> = Bound<'py, PyArray1<f64>>;

fn sample((sr, n, skewness, kurtosis): SampleFields, (tested, autocorrelation): Way) -> Sample {
    Sample {
        sr,
        n,
        skewness,
        kurtosis,
        autocorrelation,
        variance: if tested {
            Variance::Tested
        } else {
            Variance::Observed
        },
    }
}

fn values<'a, T: numpy::Element>(array: &'a PyReadonlyArray1<'_, T>) -> PyResult<&'a [T]> {
    Ok(array.as_slice()?)
}

fn matrix<'a>(array: &'a PyReadonlyArray2<'_, f64>) -> PyResult<Matrix<'a>> {
    Ok(Matrix {
        values: array.as_slice()?,
        trials: array.shape()[1],
    })
}

fn statistic(name: &str) -> PyResult<Statistic> {
    match name {
        "mean" => Ok(Statistic::Mean),
        "sharpe" => Ok(Statistic::Sharpe),
        "max_drawdown" => Ok(Statistic::MaxDrawdown),
        other => Err(PyValueError::new_err(other.to_owned())),
    }
}

/// The functions of `omega.statistics` over checked arguments.
#[pyclass(frozen, module = "omega._core")]
pub struct Statistics;

#[pymethods]
impl Statistics {
    #[staticmethod]
    fn cdf(z: f64) -> f64 {
        of::cdf(z)
    }

    #[staticmethod]
    fn ppf(p: f64) -> f64 {
        of::ppf(p)
    }

    /// Mean and variance of the largest of so many normal numbers.
    #[staticmethod]
    fn normal_maximum(trials: f64) -> (f64, f64) {
        of::maximum(trials)
    }

    #[staticmethod]
    fn sharpe_error(fields: SampleFields, benchmark: f64, way: Way) -> Option<f64> {
        sample(fields, way).error(benchmark)
    }

    #[staticmethod]
    fn probabilistic(fields: SampleFields, benchmark: f64, way: Way) -> Option<f64> {
        of::probabilistic(&sample(fields, way), benchmark)
    }

    #[staticmethod]
    fn minimum_track_record(
        fields: SampleFields,
        benchmark: f64,
        confidence: f64,
        way: Way,
    ) -> Option<f64> {
        of::minimum_track_record(&sample(fields, way), benchmark, confidence)
    }

    #[staticmethod]
    fn annual_factor(periods: f64, autocorrelation: f64) -> Option<f64> {
        of::annual_factor(periods, autocorrelation)
    }

    #[staticmethod]
    fn expected_maximum(trials: f64) -> f64 {
        of::expected_maximum(trials)
    }

    #[staticmethod]
    fn minimum_backtest_years(trials: f64, sr: f64) -> Option<f64> {
        of::minimum_backtest_years(trials, sr)
    }

    #[staticmethod]
    fn deflated(fields: SampleFields, trials: f64, variance: f64, way: Way) -> Option<f64> {
        of::deflated(&sample(fields, way), trials, variance)
    }

    #[staticmethod]
    fn trials_to_doubt(fields: SampleFields, variance: f64, confidence: f64) -> Option<f64> {
        of::trials_to_doubt(&sample(fields, (false, 0.0)), variance, confidence)
    }

    /// Mean, deviation, skewness and kurtosis.
    #[staticmethod]
    fn moments(
        returns: PyReadonlyArray1<'_, f64>,
    ) -> PyResult<(f64, f64, Option<f64>, Option<f64>)> {
        let found = Moments::of(values(&returns)?);
        Ok((found.mean, found.deviation, found.skewness, found.kurtosis))
    }

    /// What a sweep keeps of a run.
    #[staticmethod]
    fn trial_moments<'py>(
        py: Python<'py>,
        returns: PyReadonlyArray1<'py, f64>,
        blocks: usize,
    ) -> PyResult<Numbers<'py>> {
        let found = of::trial_moments(values(&returns)?, blocks);
        Ok(PyArray1::from_vec(py, found))
    }

    #[staticmethod]
    fn effective_trials(
        py: Python<'_>,
        returns: PyReadonlyArray2<'_, f64>,
        estimator: &str,
    ) -> PyResult<Option<f64>> {
        let estimator = match estimator {
            "participation" => Estimator::Participation,
            "average" => Estimator::Average,
            _ => Estimator::Entropy,
        };
        let returns = matrix(&returns)?;
        interrupts::detached(py, || of::effective_trials(returns, estimator))
    }

    /// Lengths of the blocks, first returns, sums and sums of squares.
    #[staticmethod]
    fn block_moments<'py>(
        py: Python<'py>,
        returns: PyReadonlyArray2<'py, f64>,
        blocks: usize,
    ) -> PyResult<(Vec<usize>, Numbers<'py>, Numbers<'py>, Numbers<'py>)> {
        let found = BlockMoments::of(matrix(&returns)?, blocks);
        Ok((
            found.lengths,
            PyArray1::from_vec(py, found.offsets),
            PyArray1::from_vec(py, found.sums),
            PyArray1::from_vec(py, found.squares),
        ))
    }

    /// Probability, logits, ratios inside and outside, slope, intercept and probability of a loss.
    #[staticmethod]
    #[expect(
        clippy::type_complexity,
        reason = "the fields of the outcome, in order"
    )]
    fn overfitting<'py>(
        py: Python<'py>,
        lengths: Vec<usize>,
        offsets: PyReadonlyArray1<'py, f64>,
        sums: PyReadonlyArray1<'py, f64>,
        squares: PyReadonlyArray1<'py, f64>,
    ) -> PyResult<(
        f64,
        Numbers<'py>,
        Numbers<'py>,
        Numbers<'py>,
        Option<f64>,
        Option<f64>,
        f64,
    )> {
        let moments = BlockMoments {
            lengths,
            offsets: values(&offsets)?.to_vec(),
            sums: values(&sums)?.to_vec(),
            squares: values(&squares)?.to_vec(),
        };
        let found = interrupts::detached(py, || of::overfitting(&moments))?;
        Ok((
            found.probability,
            PyArray1::from_vec(py, found.logits),
            PyArray1::from_vec(py, found.inside),
            PyArray1::from_vec(py, found.outside),
            found.slope,
            found.intercept,
            found.loss,
        ))
    }

    /// Of the stationary and of the circular bootstrap.
    #[staticmethod]
    fn block_lengths(returns: PyReadonlyArray1<'_, f64>) -> PyResult<(f64, f64)> {
        let found = of::block_lengths(values(&returns)?);
        Ok((found.stationary, found.circular))
    }

    /// Row numbers of all replicates, one after the other.
    #[staticmethod]
    fn draws(
        py: Python<'_>,
        n: usize,
        block: f64,
        replicates: u32,
        seed: u64,
    ) -> PyResult<Bound<'_, PyArray1<u32>>> {
        let each = |replicate| of::draws(n, block, replicate, seed);
        let all = interrupts::detached(py, || (0..replicates).flat_map(each).collect())?;
        Ok(PyArray1::from_vec(py, all))
    }

    #[staticmethod]
    fn every_draw(py: Python<'_>, n: usize) -> Bound<'_, PyArray1<u32>> {
        PyArray1::from_vec(py, of::every_draw(n))
    }

    /// The deviation of the root of `n` times the mean of each column.
    #[staticmethod]
    fn deviations<'py>(
        py: Python<'py>,
        returns: PyReadonlyArray2<'py, f64>,
        block: f64,
    ) -> PyResult<Numbers<'py>> {
        let returns = matrix(&returns)?;
        let found = interrupts::detached(py, || of::stationary_deviations(returns, block))?;
        Ok(PyArray1::from_vec(py, found))
    }

    /// The statistics of the reality check, of Hansen's test and of each trial, and their counts.
    #[staticmethod]
    #[expect(
        clippy::type_complexity,
        reason = "the fields of the outcome, in order"
    )]
    fn superior<'py>(
        py: Python<'py>,
        returns: PyReadonlyArray2<'py, f64>,
        resamples: PyReadonlyArray1<'py, u32>,
        deviations: PyReadonlyArray1<'py, f64>,
    ) -> PyResult<(
        f64,
        f64,
        Numbers<'py>,
        u64,
        [u64; 3],
        Bound<'py, PyArray1<u64>>,
    )> {
        let (returns, draws) = (matrix(&returns)?, values(&resamples)?);
        let deviations = values(&deviations)?;
        let found = interrupts::detached(py, || of::superior(returns, draws, deviations))?;
        Ok((
            found.reality_check,
            found.spa,
            PyArray1::from_vec(py, found.statistics),
            found.counts.reality_check,
            found.counts.spa,
            PyArray1::from_vec(py, found.counts.trials),
        ))
    }

    /// The statistic over each resample.
    #[staticmethod]
    fn resampled<'py>(
        py: Python<'py>,
        returns: PyReadonlyArray1<'py, f64>,
        draws: PyReadonlyArray1<'py, u32>,
        name: &str,
    ) -> PyResult<Numbers<'py>> {
        let (returns, draws, wanted) = (values(&returns)?, values(&draws)?, statistic(name)?);
        let found = interrupts::detached(py, || of::resampled(returns, draws, wanted))?;
        Ok(PyArray1::from_vec(py, found))
    }

    /// The statistic of the returns themselves.
    #[staticmethod]
    fn measured(returns: PyReadonlyArray1<'_, f64>, name: &str) -> PyResult<f64> {
        Ok(statistic(name)?.of(values(&returns)?))
    }

    #[staticmethod]
    fn interval(
        returns: PyReadonlyArray1<'_, f64>,
        estimates: PyReadonlyArray1<'_, f64>,
        name: &str,
        method: &str,
        confidence: f64,
    ) -> PyResult<Option<(f64, f64)>> {
        let method = match method {
            "percentile" => Method::Percentile,
            "basic" => Method::Basic,
            _ => Method::Bca,
        };
        let (returns, estimates) = (values(&returns)?, values(&estimates)?);
        let found = of::interval(returns, estimates, statistic(name)?, method, confidence);
        Ok(found.map(|found| (found.lower, found.upper)))
    }

    /// Of ascending values.
    #[staticmethod]
    fn quantile(ascending: PyReadonlyArray1<'_, f64>, part: f64) -> PyResult<f64> {
        Ok(of::quantile(values(&ascending)?, part))
    }

    /// Random orders, one after the other.
    #[staticmethod]
    fn orders(
        py: Python<'_>,
        n: usize,
        replicates: u32,
        seed: u64,
    ) -> PyResult<Bound<'_, PyArray1<u32>>> {
        let each = |replicate| of::orders(n, replicate, seed);
        let all = interrupts::detached(py, || (0..replicates).flat_map(each).collect())?;
        Ok(PyArray1::from_vec(py, all))
    }

    #[staticmethod]
    fn every_order(py: Python<'_>, n: usize) -> Bound<'_, PyArray1<u32>> {
        PyArray1::from_vec(py, of::every_order(n))
    }

    /// The ends of all paths, and their deepest falls as parts and in money.
    #[staticmethod]
    fn paths<'py>(
        py: Python<'py>,
        trades: PyReadonlyArray1<'py, f64>,
        orders: PyReadonlyArray1<'py, u32>,
        initial: Option<f64>,
    ) -> PyResult<[Numbers<'py>; 3]> {
        let (trades, orders) = (values(&trades)?, values(&orders)?);
        let found = interrupts::detached(py, || of::paths(trades, orders, initial))?;
        let each = |of: fn(&omega_core::statistics::Path) -> f64| {
            PyArray1::from_vec(py, found.iter().map(of).collect())
        };
        Ok([
            each(|path| path.last),
            each(|path| path.drawdown),
            each(|path| path.money),
        ])
    }

    /// The point, its neighbours, their mean and the worst over it, and the median of all.
    #[staticmethod]
    #[expect(
        clippy::type_complexity,
        reason = "the fields of the outcome, in order"
    )]
    fn plateau(
        grid: PyReadonlyArray1<'_, f64>,
        shape: Vec<usize>,
        point: Option<usize>,
        steps: usize,
        diagonal: bool,
    ) -> PyResult<Option<(usize, usize, Option<f64>, Option<f64>, Option<f64>)>> {
        let found = of::plateau(values(&grid)?, &shape, point, steps, diagonal);
        Ok(found.map(|one| (one.point, one.neighbours, one.ratio, one.worst, one.median)))
    }
}
