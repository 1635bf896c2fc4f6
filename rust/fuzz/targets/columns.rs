//! Coverage-guided: bytes to columns.

#![no_main]

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| omega_fuzz::columns(bytes));
