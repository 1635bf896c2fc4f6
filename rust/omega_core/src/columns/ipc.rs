//! Arrow IPC files: in memory as columns, whose uncompressed buffers are shared with the file's
//! bytes, and written with metadata in the schema.
//!
//! Takes the bytes of a file, usually a memory map, and returns the chunks of the requested
//! columns, one for each record batch of the file. Nothing is decompressed or realigned: such files
//! are refused here, so that the caller can decide to read them with a copy.

use std::io::Write;
use std::sync::Arc;

use arrow_array::{ArrayRef, RecordBatchReader};
use arrow_buffer::Buffer;
use arrow_ipc::convert::fb_to_schema;
use arrow_ipc::reader::{FileDecoder, read_footer_length};
use arrow_ipc::writer::FileWriter;
use arrow_ipc::{Block, Footer, root_as_footer};
use arrow_schema::{ArrowError, FieldRef, Schema, SchemaRef};

/// The footer's length and the magic word at the end of the file.
const TRAILER: usize = 10;

/// The schema of the file.
///
/// # Errors
/// [`ArrowError`] where the bytes are not an Arrow IPC file.
pub fn ipc_schema(file: &Buffer) -> Result<SchemaRef, ArrowError> {
    schema_of(&footer(file)?)
}

/// The named columns, each with its chunks.
///
/// # Errors
/// [`ArrowError`] where the bytes are not an uncompressed, aligned Arrow IPC file, or have no such
/// column.
pub fn ipc_columns(
    file: &Buffer,
    names: &[String],
) -> Result<Vec<(FieldRef, Vec<ArrayRef>)>, ArrowError> {
    let footer = footer(file)?;
    let schema = schema_of(&footer)?;
    let places = names
        .iter()
        .map(|name| schema.index_of(name))
        .collect::<Result<Vec<_>, _>>()?;
    let mut decoder = FileDecoder::new(Arc::clone(&schema), footer.version())
        .with_projection(places.clone())
        // Without it Arrow would realign by copying, and `copied_bytes` would not show it.
        .with_require_alignment(true);
    // Before the record batches, which refer to them.
    for block in footer.dictionaries().iter().flatten() {
        decoder.read_dictionary(block, &bytes_of(file, block)?)?;
    }
    let mut chunks = vec![Vec::new(); places.len()];
    for block in footer.recordBatches().iter().flatten() {
        let Some(batch) = decoder.read_record_batch(block, &bytes_of(file, block)?)? else {
            continue;
        };
        for (column, array) in chunks.iter_mut().zip(batch.columns()) {
            column.push(Arc::clone(array));
        }
    }
    let fields = places
        .iter()
        .map(|&place| Arc::clone(&schema.fields()[place]));
    Ok(fields.zip(chunks).collect())
}

/// Writes the batches as an uncompressed file with `metadata` in its schema.
///
/// # Errors
/// [`ArrowError`] where a batch cannot be read or the file cannot be written.
pub fn write_ipc(
    file: impl Write,
    batches: impl RecordBatchReader,
    metadata: impl IntoIterator<Item = (String, String)>,
) -> Result<(), ArrowError> {
    let metadata = metadata.into_iter().collect();
    let schema = Schema::new_with_metadata(batches.schema().fields().clone(), metadata);
    // Aligned to 64 bytes and uncompressed by default, so that `ipc_columns` shares the buffers.
    let mut writer = FileWriter::try_new_buffered(file, &schema)?;
    for batch in batches {
        writer.write(&batch?)?;
    }
    writer.finish()
}

fn footer(file: &Buffer) -> Result<Footer<'_>, ArrowError> {
    let bytes = file.as_slice();
    let (body, trailer) = bytes
        .split_last_chunk::<TRAILER>()
        .ok_or_else(|| broken("too short"))?;
    // The length is read from the file, so that it may be anything.
    let start = body.len().checked_sub(read_footer_length(*trailer)?);
    let footer = &body[start.ok_or_else(|| broken("its footer is longer than the file"))?..];
    root_as_footer(footer).map_err(|error| broken(&error.to_string()))
}

fn schema_of(footer: &Footer<'_>) -> Result<SchemaRef, ArrowError> {
    let schema = footer.schema().ok_or_else(|| broken("it has no schema"))?;
    Ok(Arc::new(fb_to_schema(schema)))
}

/// The bytes of one message, shared with the file.
fn bytes_of(file: &Buffer, block: &Block) -> Result<Buffer, ArrowError> {
    let whole = |number: i64| usize::try_from(number).map_err(|_| broken("a negative length"));
    let start = whole(block.offset())?;
    let head = whole(i64::from(block.metaDataLength()))?;
    let length = head.saturating_add(whole(block.bodyLength())?);
    // `slice_with_length` panics beyond the end, and the offsets of a damaged file may point
    // anywhere.
    if start.saturating_add(length) > file.len() {
        return Err(broken("a block reaches beyond its end"));
    }
    Ok(file.slice_with_length(start, length))
}

fn broken(reason: &str) -> ArrowError {
    ArrowError::IpcError(format!("not a whole Arrow IPC file: {reason}"))
}
