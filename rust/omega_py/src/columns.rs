//! Arrow objects of any library in, shared chunks out.

use std::collections::HashMap;
use std::fs::File;
use std::path::PathBuf;
use std::sync::Arc;

use arrow_array::cast::AsArray;
use arrow_array::types::{
    Int64Type, TimestampMicrosecondType, TimestampMillisecondType, TimestampNanosecondType,
    TimestampSecondType,
};
use arrow_array::{Array, ArrayRef, PrimitiveArray, make_array};
use arrow_schema::{ArrowError, DataType, Field, FieldRef};
use pyo3::exceptions::{PyIndexError, PyTypeError};
use pyo3::prelude::*;
use pyo3::types::PyCapsule;
use pyo3_arrow::buffer::{AnyBufferProtocol, PyArrowBuffer};
use pyo3_arrow::error::PyArrowResult;
use pyo3_arrow::ffi::{ArrayIterator, to_stream_pycapsule};
use pyo3_arrow::input::{AnyArray, AnyRecordBatch};

use super::interrupts;
use omega_core::columns;

/// A chunked Arrow column whose buffers belong to their maker.
#[pyclass(frozen, module = "omega._core")]
pub(crate) struct Column {
    field: FieldRef,
    chunks: Vec<ArrayRef>,
    /// Whether the caller had to copy the values to give them.
    copied: bool,
}

impl Column {
    pub(crate) fn new(field: FieldRef, chunks: Vec<ArrayRef>) -> Self {
        Self {
            field,
            chunks,
            copied: false,
        }
    }

    /// Bytes that the caller copied.
    pub(crate) fn copied_bytes(&self) -> usize {
        if self.copied {
            self.__len__() * size_of::<f64>()
        } else {
            0
        }
    }

    /// The chunks; an empty one where the column has none, so that its type is known.
    pub(crate) fn chunks(&self) -> Vec<ArrayRef> {
        if self.chunks.is_empty() {
            // The core takes the type of a column from its first chunk.
            vec![arrow_array::new_empty_array(self.field.data_type())]
        } else {
            self.chunks.clone()
        }
    }
}

#[pymethods]
impl Column {
    /// Takes an object with `__arrow_c_stream__` or `__arrow_c_array__`, chunk by chunk.
    #[staticmethod]
    fn from_arrow(data: AnyArray) -> PyArrowResult<Self> {
        // Chunk by chunk: joining them would be the one copy of the candles.
        let (chunks, field) = data.into_chunked_array()?.into_inner();
        Ok(Self::new(field, chunks))
    }

    /// Takes a one-dimensional contiguous buffer of numbers.
    #[staticmethod]
    #[pyo3(signature = (data, copied=false))]
    fn from_buffer(data: AnyBufferProtocol, copied: bool) -> PyArrowResult<Self> {
        // The array keeps the exporter's buffer, so that NumPy memory is shared as well.
        let array = data.into_arrow_array()?;
        let field = Arc::new(Field::new("", array.data_type().clone(), true));
        Ok(Self {
            field,
            chunks: vec![array],
            copied,
        })
    }

    /// Columns of one type one after the other; their chunks stay where they are.
    #[staticmethod]
    fn chained(parts: Vec<PyRef<'_, Self>>) -> PyResult<Self> {
        let Some(first) = parts.first() else {
            return Err(PyTypeError::new_err("needs at least one column"));
        };
        let data_type = first.field.data_type();
        if let Some(other) = parts.iter().find(|p| p.field.data_type() != data_type) {
            let other = other.field.data_type();
            return Err(PyTypeError::new_err(format!("{other} after {data_type}")));
        }
        let chunks = parts.iter().flat_map(|part| part.chunks.clone());
        Ok(Self {
            field: first.field.clone(),
            chunks: chunks.collect(),
            copied: parts.iter().any(|part| part.copied),
        })
    }

    /// The same integers as times of a unit (`s`, `ms`, `us`, `ns`) and time zone.
    #[pyo3(signature = (unit, timezone=None))]
    fn as_timestamp(&self, unit: &str, timezone: Option<&str>) -> PyResult<Self> {
        let chunks = self
            .chunks
            .iter()
            .map(|chunk| timestamps(chunk, unit, timezone))
            .collect::<Option<Vec<_>>>()
            // Relabelled, not converted: the same 64 bits under another type.
            .ok_or_else(|| PyTypeError::new_err("needs int64 and a unit of s, ms, us or ns"))?;
        let data_type = chunks
            .first()
            .map_or(self.field.data_type(), |c| c.data_type())
            .clone();
        Ok(Self {
            field: Arc::new(Field::new("", data_type, true)),
            chunks,
            copied: self.copied,
        })
    }

    /// A view of `length` rows from `offset` on.
    fn slice(&self, mut offset: usize, mut length: usize) -> PyResult<Self> {
        let mut chunks = Vec::new();
        for chunk in &self.chunks {
            if offset >= chunk.len() {
                offset -= chunk.len();
                continue;
            }
            let rows = length.min(chunk.len() - offset);
            if rows > 0 {
                chunks.push(chunk.slice(offset, rows));
            }
            length -= rows;
            offset = 0;
        }
        if length > 0 {
            return Err(PyIndexError::new_err("the slice reaches beyond the column"));
        }
        Ok(Self {
            field: self.field.clone(),
            chunks,
            copied: self.copied,
        })
    }

    /// The Arrow type, as text.
    #[getter]
    fn data_type(&self) -> String {
        self.field.data_type().to_string()
    }

    /// Number of chunks.
    #[getter]
    fn n_chunks(&self) -> usize {
        self.chunks.len()
    }

    fn __len__(&self) -> usize {
        self.chunks.iter().map(Array::len).sum()
    }

    fn __repr__(&self) -> String {
        format!(
            "Column({}, {} rows, {} chunks)",
            self.data_type(),
            self.__len__(),
            self.n_chunks()
        )
    }

    #[pyo3(signature = (requested_schema=None))]
    fn __arrow_c_stream__<'py>(
        &self,
        py: Python<'py>,
        requested_schema: Option<Bound<'py, PyCapsule>>,
    ) -> PyArrowResult<Bound<'py, PyCapsule>> {
        let chunks = self.chunks.clone().into_iter().map(Ok);
        let reader = ArrayIterator::new(chunks, self.field.clone());
        to_stream_pycapsule(py, Box::new(reader), requested_schema)
    }
}

fn timestamps(chunk: &ArrayRef, unit: &str, timezone: Option<&str>) -> Option<ArrayRef> {
    let array = chunk.as_primitive_opt::<Int64Type>()?;
    let (values, nulls) = (array.values().clone(), array.nulls().cloned());
    let zone: Option<Arc<str>> = timezone.map(Arc::from);
    Some(match unit {
        "s" => Arc::new(
            PrimitiveArray::<TimestampSecondType>::new(values, nulls).with_timezone_opt(zone),
        ),
        "ms" => Arc::new(
            PrimitiveArray::<TimestampMillisecondType>::new(values, nulls).with_timezone_opt(zone),
        ),
        "us" => Arc::new(
            PrimitiveArray::<TimestampMicrosecondType>::new(values, nulls).with_timezone_opt(zone),
        ),
        "ns" => Arc::new(
            PrimitiveArray::<TimestampNanosecondType>::new(values, nulls).with_timezone_opt(zone),
        ),
        _ => return None,
    })
}

/// The columns of a table-like Arrow object, by name and in order; a stream is read to its end.
#[pyfunction]
pub(crate) fn table_columns(data: AnyRecordBatch) -> PyArrowResult<Vec<(String, Column)>> {
    let reader = data.into_reader()?;
    let schema = reader.schema();
    let mut chunks: Vec<Vec<ArrayRef>> = vec![Vec::new(); schema.fields().len()];
    for batch in reader {
        for (column, array) in chunks.iter_mut().zip(batch?.columns()) {
            column.push(array.clone());
        }
    }
    let fields = schema.fields().iter().cloned();
    Ok(fields
        .zip(chunks)
        .map(|(f, c)| (f.name().clone(), Column::new(f, c)))
        .collect())
}

/// The column names of an Arrow IPC file in a buffer, such as a memory map; `None` for other files.
#[pyfunction]
pub(crate) fn ipc_names(file: PyArrowBuffer) -> Option<Vec<String>> {
    // Not an error: the caller then reads the file through Polars, which names what is wrong with
    // it.
    let schema = columns::ipc_schema(file.as_ref()).ok()?;
    Some(
        schema
            .fields()
            .iter()
            .map(|field| field.name().clone())
            .collect(),
    )
}

/// Columns of an Arrow IPC file in a buffer; `None` where they cannot be shared as they lie.
#[pyfunction]
pub(crate) fn ipc_columns(
    file: PyArrowBuffer,
    names: Vec<String>,
) -> Option<Vec<(String, Column)>> {
    // Compressed or unaligned files end here; they have to be read with a copy.
    let found = columns::ipc_columns(file.as_ref(), &names).ok()?;
    let columns = found.into_iter().map(|(field, chunks)| {
        in_utc(&field, &chunks).unwrap_or_else(|| Column::new(field, chunks))
    });
    Some(names.into_iter().zip(columns).collect())
}

/// Times of a fixed offset such as `+05:30` as the same instants in UTC, since Polars has zones by
/// name alone; `None` for other columns.
fn in_utc(field: &FieldRef, chunks: &[ArrayRef]) -> Option<Column> {
    let DataType::Timestamp(unit, Some(zone)) = field.data_type() else {
        return None;
    };
    if !zone.starts_with(['+', '-']) {
        return None;
    }
    let data_type = DataType::Timestamp(*unit, Some("UTC".into()));
    let relabelled = chunks
        .iter()
        .map(|chunk| {
            let data = chunk.to_data().into_builder().data_type(data_type.clone());
            data.build().ok().map(make_array)
        })
        .collect::<Option<Vec<_>>>()?;
    let field = Arc::new(field.as_ref().clone().with_data_type(data_type));
    Some(Column::new(field, relabelled))
}

/// The metadata in the schema of an Arrow IPC file in a buffer; none for other files.
#[pyfunction]
pub(crate) fn ipc_metadata(file: PyArrowBuffer) -> HashMap<String, String> {
    columns::ipc_schema(file.as_ref()).map_or_else(|_| HashMap::new(), |s| s.metadata().clone())
}

/// Writes a table-like Arrow object as an uncompressed Arrow IPC file with metadata in its schema.
#[pyfunction]
pub(crate) fn write_ipc(
    py: Python<'_>,
    data: AnyRecordBatch,
    path: PathBuf,
    metadata: HashMap<String, String>,
) -> PyArrowResult<()> {
    let batches = data.into_reader()?;
    // Millions of rows may be written, and no Python object is touched.
    interrupts::detached(py, || {
        columns::write_ipc(File::create(path)?, batches, metadata)
    })?
    .map_err(|error| match error {
        // An `OSError` in Python, as of any other file.
        ArrowError::IoError(_, error) => PyErr::from(error).into(),
        other => other.into(),
    })
}
