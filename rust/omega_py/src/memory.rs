//! The one module with `unsafe`: `NumPy` windows on column memory, who else holds an object, calls
//! of other languages, and the builtins that are called most.
//!
//! A window is a read-only array whose memory is the column's own. It keeps alive the object that
//! it was read from, which keeps the column alive.

#![allow(
    unsafe_code,
    reason = "NumPy arrays over foreign memory, calls of C and calls by it need it"
)]

pub(crate) mod calls;
pub(crate) mod quick;

use arrow_buffer::ScalarBuffer;
use numpy::ndarray::ArrayView1;
use numpy::npyffi::NPY_ARRAY_WRITEABLE;
use numpy::{PyArray1, PyUntypedArrayMethods};
use pyo3::prelude::*;

/// The values from `first` to `past` of a column, as a read-only array that shares its memory.
///
/// `owner` must hold the column (by reference count) for as long as it lives; every view class of
/// this crate does.
pub(super) fn share<'py>(
    column: &ScalarBuffer<f64>,
    first: usize,
    past: usize,
    owner: Bound<'py, PyAny>,
) -> Bound<'py, PyArray1<f64>> {
    // Sliced first, so that a wrong range panics here and never becomes an array beyond the buffer.
    let window = ArrayView1::from(&column[first..past]);
    // SAFETY: the memory belongs to an Arrow buffer, which is never written to and never moves.
    // `owner` becomes the array's base object and holds the buffer's reference count, so that the
    // memory outlives the array. The array is made read-only before other code gets it.
    let array = unsafe { PyArray1::borrow_from_array(&window, owner) };
    read_only(&array);
    array
}

/// Makes an array that was just made read-only, which asking for the right to write first would
/// make several times as dear.
pub(super) fn read_only(array: &Bound<'_, PyArray1<f64>>) {
    // SAFETY: nobody but the caller has the array yet, and a flag is taken away.
    unsafe { (*array.as_array_ptr()).fields.flags &= !NPY_ARRAY_WRITEABLE };
}

/// Whether anything but the caller holds a reference to an object: a callback kept it.
#[inline]
pub(super) fn is_held_elsewhere<T>(object: &Bound<'_, T>) -> bool {
    // SAFETY: a bound object is alive and the interpreter is attached, which is all that reading
    // its reference count requires.
    unsafe { pyo3::ffi::Py_REFCNT(object.as_ptr()) > 1 }
}
