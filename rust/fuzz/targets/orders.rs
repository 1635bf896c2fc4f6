//! Coverage-guided: bytes to bars, rules and orders.

#![no_main]

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| omega_fuzz::orders(bytes));
