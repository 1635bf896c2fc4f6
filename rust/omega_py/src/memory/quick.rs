//! Builtins of two operands that mostly are a comparison of numbers, without what surrounds a call
//! from Python: words to be sorted, and errors to be caught.
//!
//! A crossing took 295 instructions as any other function, of which the comparison is a few.

use std::sync::OnceLock;

use pyo3::PyTypeInfo;
use pyo3::ffi;
use pyo3::prelude::*;
use pyo3::types::PyBool;

/// The function behind a builtin as it was made, which takes all that it may be given.
pub(crate) type Whole = ffi::PyCFunctionFastWithKeywords;

/// A builtin of two operands.
pub(crate) trait Quick: 'static {
    const NAME: &'static str;

    /// What it gives; none where the whole function has to look. It must not panic.
    fn of(first: &Bound<'_, PyAny>, second: &Bound<'_, PyAny>) -> Option<bool>;

    /// Where the whole function is kept.
    fn whole() -> &'static OnceLock<Whole>;
}

/// Puts a builtin in the place of that of a module, which is called where this one cannot answer;
/// its name, text and signature stay.
pub(crate) fn quicken<Q: Quick>(module: &Bound<'_, PyModule>) -> PyResult<()> {
    let py = module.py();
    let made = module.getattr(Q::NAME)?;
    let is_builtin = made.get_type_ptr() == &raw mut ffi::PyCFunction_Type;
    if !is_builtin {
        return Ok(());
    }
    // SAFETY: an object of this type has the layout that is read here, and a definition for as long
    // as it lives.
    let mut definition = unsafe { *(*made.as_ptr().cast::<ffi::PyCFunctionObject>()).m_ml };
    if definition.ml_flags != ffi::METH_FASTCALL | ffi::METH_KEYWORDS {
        return Ok(());
    }
    // SAFETY: the flags state which function it is.
    let whole = unsafe { definition.ml_meth.PyCFunctionFastWithKeywords };
    Q::whole().get_or_init(|| whole);
    definition.ml_meth.PyCFunctionFastWithKeywords = call::<Q>;
    // The interpreter keeps the address, for as long as the process runs.
    let definition: *mut ffi::PyMethodDef = Box::leak(Box::new(definition));
    let name = module.name()?;
    // SAFETY: the definition is never freed, and the module and its name are alive.
    let made = unsafe {
        let made = ffi::PyCFunction_NewEx(definition, module.as_ptr(), name.as_ptr());
        Bound::from_owned_ptr_or_err(py, made)?
    };
    module.setattr(Q::NAME, made)
}

// SAFETY of a call of it: it is the interpreter's, by the flags of the definition.
unsafe extern "C" fn call<Q: Quick>(
    module: *mut ffi::PyObject,
    given: *const *mut ffi::PyObject,
    count: ffi::Py_ssize_t,
    names: *mut ffi::PyObject,
) -> *mut ffi::PyObject {
    if count == 2 && names.is_null() {
        // SAFETY: the interpreter, which the thread is attached to, gives as many objects as it
        // counts, which live until the return.
        let (py, first, second) = unsafe {
            let (py, second) = (Python::assume_attached(), &*given.add(1));
            let first = Bound::ref_from_ptr(py, &*given);
            (py, first, Bound::ref_from_ptr(py, second))
        };
        if let Some(truth) = Q::of(first, second) {
            return PyBool::new(py, truth).to_owned().into_ptr();
        }
    }
    let Some(whole) = Q::whole().get() else {
        // It is set before a function of this type is made.
        // SAFETY: the thread is attached.
        unsafe { ffi::PyErr_BadInternalCall() };
        return std::ptr::null_mut();
    };
    // SAFETY: it gets what it would have got.
    unsafe { whole(module, given, count, names) }
}

/// Both as objects of a class, where they are of exactly this one, which is looked up once.
#[inline]
pub(crate) fn both<'a, 'py, T: PyTypeInfo>(
    first: &'a Bound<'py, PyAny>,
    second: &'a Bound<'py, PyAny>,
) -> Option<(&'a Bound<'py, T>, &'a Bound<'py, T>)> {
    let class = T::type_object_raw(first.py());
    if first.get_type_ptr() != class || second.get_type_ptr() != class {
        return None;
    }
    // SAFETY: both are of the class.
    Some(unsafe { (first.cast_unchecked(), second.cast_unchecked()) })
}
